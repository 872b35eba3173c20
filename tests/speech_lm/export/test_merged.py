"""A merged folder is a checkpoint of transformers, and the same engine as the adapter that it was made of."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.speech_lm_cases import randomize, spoken_clip
from support.tiny_bases import save_tiny_base
from transformers import Phi4MultimodalForCausalLM
from typer.testing import CliRunner

from enunciate.cli.app import app
from enunciate.engines import load_assessor
from enunciate.errors import ModelNotFoundError, OutputError
from enunciate.schema import ASPECTS, Clip, Utterance
from enunciate.speech_lm.adapter import add_adapter, save_adapter
from enunciate.speech_lm.adapter_folder import read_description
from enunciate.speech_lm.export.merged import export_merged, merged_model
from enunciate.speech_lm.families.names import USUAL_BASES
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import AdapterConfig, PromptConfig
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[(f, s) for f in USUAL_BASES for s in ("lora", "unfreeze")], ids=str)
def adapter(request, checkpoint, tmp_path_factory) -> Path:
    """The folder of an adapter of each family, with control tokens of their own."""
    name, strategy = request.param
    folder = tmp_path_factory.mktemp(name)
    base = save_tiny_base(name, folder / "base")
    recipe = AdapterRecipe(
        kind=name,
        model=str(base),
        corpus=Path("corpus"),
        out=folder / "adapter",
        precision="fp32",
        prompt=PromptConfig(control="special", rubric=False),
        adapter=AdapterConfig(strategy=strategy, start="fresh", rank=4, alpha=8),
    )
    family = family_named(name)
    model, processor = family.load(base, dtype=torch.float32), family.processor(str(base), None, "special")
    family.fit_vocabulary(model, processor)
    torch.manual_seed(0)
    wrapped = add_adapter(model, recipe.adapter, family.control_ids(processor, recipe.tasks))
    randomize(wrapped)
    save_adapter(wrapped, recipe.out)
    processor.save(recipe.out)
    (recipe.out / "recipe.json").write_text(recipe.model_dump_json())
    return recipe.out


@pytest.fixture(scope="module")
def exported(adapter: Path, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "merged"
    export_merged(adapter, out)
    return out


def test_the_folder_has_the_merged_weights_and_nothing_of_the_adapter(adapter: Path, exported: Path):
    trained = read_description(adapter)
    expected, _ = merged_model(adapter, trained, torch.float32, "cpu")

    found = family_named(trained.kind).load(exported, dtype=torch.float32)

    assert found.state_dict().keys() == expected.state_dict().keys()
    assert all(torch.equal(value, found.state_dict()[name]) for name, value in expected.state_dict().items())
    assert not list(exported.glob("adapter*")) and list(exported.glob("*.safetensors"))


def test_the_engine_is_the_same(adapter: Path, exported: Path):
    utterance = Utterance(
        id="a", audio=Clip(samples=spoken_clip(0.6), sample_rate_hz=16_000), text="good day"
    )

    (one,), (two,) = (load_assessor(folder).assess([utterance]) for folder in (adapter, exported))

    for aspect in ASPECTS:
        np.testing.assert_allclose(
            getattr(one, aspect).distribution, getattr(two, aspect).distribution, atol=1e-5
        )
    assert one.transcript == two.transcript and one.words == two.words
    assert two.model.split()[:2] == [read_description(adapter).kind, "merged"]


def test_the_card_has_the_command_that_starts_it(exported: Path):
    card = (exported / "README.md").read_text()

    assert f"enunciate serve --model {exported}" in card and "```sh" in card


def test_transformers_loads_the_folder(make_adapter, tmp_path: Path):
    export_merged(make_adapter(tmp_path / "adapter", precision="fp32"), tmp_path / "merged")

    model, report = Phi4MultimodalForCausalLM.from_pretrained(tmp_path / "merged", output_loading_info=True)

    assert not report["missing_keys"] - {"lm_head.weight"} and not report["unexpected_keys"]
    assert type(model) is Phi4MultimodalForCausalLM


def test_a_folder_with_files_is_not_written_to_and_a_failed_export_leaves_none(tiny_adapter, tmp_path: Path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    with pytest.raises(OutputError, match="there already"):
        export_merged(tiny_adapter, tmp_path / "full")
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "recipe.json").write_text('{"kind": "phi4", "model": "nowhere"}')
    with pytest.raises(ModelNotFoundError):
        export_merged(tmp_path / "adapter", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter", "full"]


def test_the_command_writes_it(tiny_adapter, tmp_path: Path):
    done = CliRunner().invoke(app, ["export", str(tiny_adapter), str(tmp_path / "out")])

    assert done.exit_code == 0, done.output
    assert "README.md has the command" in done.stdout
    again = CliRunner().invoke(app, ["export", str(tiny_adapter), str(tmp_path / "out")])
    assert again.exit_code == 2 and "give a new folder" in again.stderr
