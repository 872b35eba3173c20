"""A dry run says what would happen, and loads no weights."""

import json

import pytest
from support.paths import RECIPES
from support.speech_lm_cases import save_checkpoint
from support.speech_lm_runs import log_of, tiny_recipe, write_recipe
from support.tone_corpus import make_corpus
from typer.testing import CliRunner

from enunciate.cli.app import app
from enunciate.errors import CorpusError, ModelNotFoundError
from enunciate.speech_lm.families.phi4 import family
from enunciate.speech_lm.families.phi4.config import full_config
from enunciate.speech_lm.training.dry_run import dry_run
from enunciate.speech_lm.training.train import train
from enunciate.trainers import load_recipe

BASE = 4_302_438_016
LORA, FRESH_64, ENCODER, PROJECTOR = 461_373_440, 92_274_688, 441_238_144, 12_589_056


def far_from_the_hub(recipe):
    """A dry run where the hub cannot be reached, with nothing in the cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(family, "description_folder", lambda *_: None)
        return dry_run(recipe)


@pytest.fixture(scope="module")
def unfreeze(material):
    recipe = load_recipe(RECIPES / "phi4-unfreeze.yaml", [f"corpus={material / 'corpus'}"])
    return far_from_the_hub(recipe)


def number(fact):
    return int(fact.split(" ")[0].replace(",", ""))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "trained"), [([], LORA), (["adapter.start=fresh", "adapter.rank=64"], FRESH_64)]
)
def test_the_first_strategy_trains_its_adapter_alone(material, overrides, trained):
    recipe = load_recipe(RECIPES / "phi4-lora.yaml", [f"corpus={material / 'corpus'}", *overrides])
    facts = far_from_the_hub(recipe)

    assert number(facts["trained"]) == trained
    assert number(facts["parameters"]) == BASE + trained
    assert "known configuration" in facts["model"] and "estimated" in facts["tokens are"]
    assert "8 x 8 examples" in facts["steps"]


@pytest.mark.slow
def test_the_second_strategy_trains_encoder_and_projector_too(unfreeze):
    parts = {name.strip(): fact for name, fact in unfreeze.items() if name.startswith("  model.")}
    sizes = {name: int(fact.rpartition(" ")[2].replace(",", "")) for name, fact in parts.items()}

    assert number(unfreeze["trained"]) == LORA + ENCODER + PROJECTOR == sum(sizes.values())
    assert number(unfreeze["parameters"]) == BASE + LORA
    assert sizes["model.embed_tokens_extend.audio_embed.encoder"] == ENCODER
    assert "model.layers.*.self_attn.qkv_proj.lora_A" in parts


@pytest.mark.slow
def test_a_dry_run_counts_what_the_run_then_does(material, tmp_path):
    recipe = tiny_recipe(material, tmp_path / "out", epochs=1)
    facts = dry_run(recipe)
    assert not recipe.out.exists()
    metrics = train(recipe)
    (data,) = log_of(recipe.out, "examples")

    assert facts["tokens are"] == "counted"
    assert data["examples"] == {task: number(facts[f"examples, {task}"]) for task in ("apa", "mdd")}
    assert number(facts["steps"].replace(":", " ")) == metrics["steps"]


@pytest.mark.slow
def test_memory_is_estimated_with_what_lowers_it(unfreeze):
    facts = unfreeze
    about = float(facts["memory, about"].split()[0])
    less = {name: float(fact.split()[0]) for name, fact in facts.items() if name.startswith("  with ")}

    assert 15 < about < 80
    assert less and all(value < about for value in less.values())


def test_missing_labels_are_counted(tmp_path):
    corpus = make_corpus(tmp_path / "corpus", {"train": 2, "test": 2}, clips_each=2)
    scores = corpus / "resource" / "scores.json"
    labels = json.loads(scores.read_text())
    for aspect in ("accuracy", "fluency", "prosodic", "total", "completeness"):
        del labels["train0-0"][aspect]
    scores.write_text(json.dumps(labels))
    save_checkpoint(tmp_path / "base")
    facts = dry_run(tiny_recipe(tmp_path, tmp_path / "out", dev_speakers=0))

    assert facts["examples, apa"] == "3 (1 lack its labels)"
    assert facts["examples, mdd"] == "4"


def test_what_is_wrong_is_told_in_a_dry_run_too(material, tmp_path):
    with pytest.raises(CorpusError, match="is not a folder"):
        dry_run(tiny_recipe(material, tmp_path / "out", corpus=tmp_path / "none"))


def test_an_unknown_model_has_no_known_configuration(material, tmp_path):
    with pytest.raises(ModelNotFoundError, match="go online"):
        far_from_the_hub(tiny_recipe(material, tmp_path / "out", model="nobody/nothing"))


def test_the_command_line_prints_the_facts_and_writes_nothing(material, tmp_path):
    recipe = tiny_recipe(material, tmp_path / "out")
    path = write_recipe(recipe, tmp_path / "recipe.yaml")
    done = CliRunner().invoke(app, ["train", str(path), "--dry-run"])

    assert done.exit_code == 0, done.output
    assert "trained" in done.stdout and "memory, about" in done.stdout
    assert not recipe.out.exists()


def test_the_full_configuration_is_the_checkpoints():
    config = full_config()

    assert (config.num_attention_heads, config.num_key_value_heads, config.vocab_size) == (24, 8, 200_064)
