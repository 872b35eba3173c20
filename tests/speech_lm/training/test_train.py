"""From a recipe to a saved adapter, at the tiny size on a CPU."""

import json
from dataclasses import replace
from functools import partial
from itertools import chain

import pytest
import torch
from safetensors.torch import load_file
from support.speech_lm_runs import log_of, tiny_recipe
from support.tone_corpus import make_corpus, make_neural

from enunciate.corpus.synthetic.neural_clip import read_neural, write_neural
from enunciate.errors import CorpusError, DeviceError, EnunciateError, MissingExtraError, ModelNotFoundError
from enunciate.speech_lm.adapter import load_adapter
from enunciate.speech_lm.decoding.static_decoding import StaticDecoding
from enunciate.speech_lm.families.decoder_layers import compile_layers
from enunciate.speech_lm.families.phi4.config import full_config
from enunciate.speech_lm.families.phi4.model import load_base
from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor
from enunciate.speech_lm.training import checks, evaluator
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.batch_plan import BatchPlan
from enunciate.speech_lm.training.checks import cheaper_options, check_memory, check_set_up
from enunciate.speech_lm.training.collator import Collator
from enunciate.speech_lm.training.evaluator import AdapterEvaluator
from enunciate.speech_lm.training.memory import GIB, LargestBatch, estimate_memory
from enunciate.speech_lm.training.split import load_split
from enunciate.speech_lm.training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def run(material, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "adapter"
    recipe = tiny_recipe(
        material,
        out,
        report=True,
        best_metric="loss",
        adapter={"strategy": "unfreeze"},
        prompt={"rubric": False, "control": "special"},
    )
    return recipe, train(recipe)


# ------------------------------------------------------------------------------------------- a whole run


def test_a_finished_run_is_a_peft_folder_that_says_what_it_is(run):
    recipe, metrics = run
    names = {path.name for path in recipe.out.iterdir()}

    assert {"adapter_model.safetensors", "adapter_config.json", "README.md", "tokenizer.json"} <= names
    assert json.loads((recipe.out / "metrics.json").read_text()) == metrics
    assert AdapterRecipe.model_validate_json((recipe.out / "recipe.json").read_text()) == recipe


def test_the_saved_adapter_is_the_best_one(run):
    recipe, metrics = run
    best = recipe.out / f"best-{metrics['best_step']}"
    evaluations = {line["step"]: line["eval_loss"] for line in log_of(recipe.out, "eval_loss")}

    assert sorted(evaluations) == [3, 6], "one after each epoch"
    assert metrics["best_step"] == min(evaluations, key=evaluations.get)
    assert metrics["dev_loss"] == pytest.approx(min(evaluations.values()))
    assert (best / "adapter_model.safetensors").read_bytes() == (
        recipe.out / "adapter_model.safetensors"
    ).read_bytes()


def test_the_loss_goes_down(run):
    losses = [line["loss"] for line in log_of(run[0].out, "loss")]

    assert len(losses) == 6 and losses[-1] < losses[0]


def test_every_figure_of_the_paper_is_measured_on_both_sets(run):
    names = {"loss", "wer", "per", "precision", "recall", "f1", "unparsable_apa", "unparsable_mdd", "pcc"}
    names |= {
        f"{aspect}_{kind}" for aspect in ("accuracy", "fluency", "prosodic", "total") for kind in ("pcc", "p")
    }

    assert {f"report_{name}" for name in names} <= run[1].keys()
    assert {"dev_loss", "dev_per", "dev_wer", "dev_f1"} <= run[1].keys()
    assert run[1]["report_unparsable_apa"] == run[1]["report_unparsable_mdd"] == 0
    assert run[1]["report_n_apa"] == run[1]["report_n_mdd"] == 12


def test_an_adapter_that_learns_both_ways_is_measured_both_ways(material, tmp_path):
    recipe = tiny_recipe(
        material,
        tmp_path / "adapter",
        report=True,
        max_steps=1,
        prompt={"rubric": False, "reference_text": True},
        also_without_text=True,
    )
    metrics = train(recipe)

    assert metrics["report_n_mdd"] == metrics["report_without_text_n_mdd"] == 12
    assert {"report_accuracy_pcc", "report_without_text_accuracy_pcc"} <= metrics.keys()
    names = {path.name for path in recipe.out.iterdir()}
    assert {"answers.jsonl", "without_text_answers.jsonl"} <= names


def test_the_adapter_loads_onto_its_base(run):
    recipe, _ = run
    processor = Processor.load(str(recipe.out), None, "special")
    model = load_adapter(load_base(recipe.model, dtype=torch.float32), recipe.out, trainable=False)

    assert set(processor.control_token_ids) == {"apa", "mdd"}
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_the_card_is_written_from_recipe_and_figures(run):
    recipe, metrics = run
    card = (recipe.out / "README.md").read_text()

    assert card.startswith(f"---\nbase_model: {recipe.model}\n")
    assert f"{metrics['report_per']:.3g}" in card and "phone error rate" in card
    assert "audio encoder" in card and "as a trained token" in card and "no rubric" in card


def test_checkpoints_hold_what_is_trained_and_nothing_of_the_base(run):
    recipe, _ = run
    checkpoints = sorted(path.name for path in (recipe.out / "checkpoints").iterdir())
    saved = load_file(recipe.out / "checkpoints" / checkpoints[-1] / "trained.safetensors")

    assert checkpoints == ["checkpoint-3", "checkpoint-6"]
    assert not any(name.endswith("base_layer.weight") for name in saved)
    assert any("audio_embed.encoder" in name for name in saved) and any("lora_A" in name for name in saved)


# -------------------------------------------------------------------------------------------- invariants


def weights_after_a_step(material, out, **values):
    recipe = tiny_recipe(
        material, out, dev_speakers=0, limit=4, max_steps=1,
        adapter={"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}, **values,
    )  # fmt: skip
    train(recipe)
    (line,) = log_of(out, "grad_norm")
    return line, load_file(out / "adapter_model.safetensors")


def test_one_batch_of_eight_and_eight_of_one_give_the_same_step(material, tmp_path):
    one, whole = weights_after_a_step(material, tmp_path / "whole", batch_size=8, accumulation=1)
    many, parts = weights_after_a_step(material, tmp_path / "parts", batch_size=1, accumulation=8)

    assert many["loss"] == pytest.approx(one["loss"], rel=1e-5)
    assert many["grad_norm"] == pytest.approx(one["grad_norm"], rel=1e-4)
    for name, tensor in whole.items():
        torch.testing.assert_close(parts[name], tensor, atol=2e-5, rtol=1e-3)


def test_bf16_and_checkpointing_train_too(material, tmp_path):
    plain, _ = weights_after_a_step(material, tmp_path / "plain")
    saved, _ = weights_after_a_step(material, tmp_path / "saved", gradient_checkpointing=True)
    half, weights = weights_after_a_step(material, tmp_path / "half", precision="bf16")

    assert saved["loss"] == pytest.approx(plain["loss"], rel=1e-6)
    assert saved["grad_norm"] == pytest.approx(plain["grad_norm"], rel=1e-5)
    assert half["loss"] == pytest.approx(plain["loss"], rel=0.03)
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}


def test_every_epoch_has_an_order_of_its_own(material, tmp_path, monkeypatch):
    seen = []
    collate = Collator.__call__
    monkeypatch.setattr(Collator, "__call__", lambda self, batch: seen.append(batch) or collate(self, batch))
    train(tiny_recipe(material, tmp_path, dev_speakers=0, epochs=3))
    names = [[(example.id, example.task) for example in batch] for batch in seen]
    epochs = [[*chain(*names[start : start + 12])] for start in (0, 12, 24)]

    assert len(names) == 36
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert len({tuple(sorted(epoch)) for epoch in epochs}) == 1, "all examples are in each of them"


def test_without_dev_speakers_the_last_step_is_kept(material, tmp_path):
    metrics = train(tiny_recipe(material, tmp_path, dev_speakers=0, max_steps=2, tasks=["mdd"]))

    assert metrics == {"steps": 2, "best_step": None}
    assert (tmp_path / "adapter_model.safetensors").is_file()


def test_the_papers_protocol_measures_the_test_split_before_the_first_step_and_after_every_epoch(
    material, tmp_path
):
    changes = {"protocol": "official", "evaluate_first": True, "max_steps": None}
    recipe = tiny_recipe(material, tmp_path / "official", **changes)
    metrics = train(recipe)
    lines = log_of(recipe.out, "eval_per")
    (first,) = log_of(recipe.out, "examples")
    card = (recipe.out / "README.md").read_text()

    assert first["examples"] == {"apa": 12, "mdd": 12}, "all of the train split, and nothing of the other"
    assert [line["eval_epoch"] for line in lines] == [0, 1, 2]
    assert all(line["eval_n_mdd"] == line["eval_n_apa"] == 12 for line in lines)
    assert metrics["best_step"] is None and not list(recipe.out.glob("best-*"))
    assert metrics["report_per"] == pytest.approx(lines[-1]["eval_per"])
    assert "which chose nothing" in card and "\n| 0 |" in card and "\n| 2 |" in card


def test_measuring_before_the_first_step_changes_no_weight(material, tmp_path):
    saved = []
    for first in (True, False):
        recipe = tiny_recipe(material, tmp_path / str(first), evaluate_first=first, max_steps=2)
        train(recipe)
        saved.append((recipe.out / "adapter_model.safetensors").read_bytes())

    assert saved[0] == saved[1]


def test_runs_with_one_start_begin_alike_and_see_their_data_in_another_order(material, tmp_path):
    def adapter(name, **values):
        fresh = {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}
        recipe = tiny_recipe(material, tmp_path / name, adapter=fresh, max_steps=1, **values)
        train(recipe)
        return load_file(recipe.out / "adapter_model.safetensors"), log_of(recipe.out, "loss")[0]["loss"]

    (one, loss), (two, other_loss) = (
        adapter("one", seed=1, start_seed=5),
        adapter("two", seed=2, start_seed=5),
    )
    other, _ = adapter("other", seed=2)
    began = [name for name in one if ".lora_A." in name]  # whose first gradient is 0, as B is 0

    assert all(torch.equal(one[name], two[name]) for name in began)
    assert not any(torch.equal(one[name], other[name]) for name in began)
    assert loss != other_loss


def test_neural_voices_teach_what_was_said_and_no_scores(material, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        BatchPlan,
        "__init__",
        lambda plan, examples, *given, begin=BatchPlan.__init__: (
            seen.extend(examples) or begin(plan, examples, *given)
        ),
    )
    clips = [
        replace(clip, held_out=clip.id == "voice-3") for clip in read_neural(make_neural(tmp_path, 2, 2))
    ]
    write_neural(clips, tmp_path / "neural", "x")
    train(tiny_recipe(material, tmp_path / "out", neural=tmp_path / "neural", max_steps=1))

    made = {example.id: example.task for example in seen if example.id.startswith("voice-")}
    assert made == {"voice-0": "mdd", "voice-1": "mdd", "voice-2": "mdd"}
    assert {example.task for example in seen if example.id not in made} == {"apa", "mdd"}


def test_evaluations_decode_a_copy_in_static_passes_where_that_pays(material, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        StaticDecoding, "begin", lambda *given, begin=StaticDecoding.begin: made.append(1) or begin(*given)
    )
    plain = train(tiny_recipe(material, tmp_path / "plain", max_steps=2))
    assert not made, "not on a CPU"
    monkeypatch.setattr(evaluator, "pays_on", lambda device: True)
    static = train(tiny_recipe(material, tmp_path / "static", max_steps=2))
    assert made
    assert static == pytest.approx(plain)

    made.clear()
    monkeypatch.setattr(evaluator, "_has_room_for_copy", lambda model: False)
    train(tiny_recipe(material, tmp_path / "no copy", max_steps=2))
    assert not made


def test_a_run_with_compiled_layers_compiles_the_copies_of_its_evaluations_once(
    material, tmp_path, monkeypatch
):
    graphs = {"train": [], "evaluator": []}

    def counting(name):
        def backend(graph, _):
            graphs[name].append(graph)
            return graph.forward

        return partial(compile_layers, backend=backend)

    changes = {"max_steps": 2, "evaluate_every": 1}
    expected = train(tiny_recipe(material, tmp_path / "plain", **changes))
    torch._dynamo.reset()
    monkeypatch.setattr(evaluator, "pays_on", lambda device: True)
    after_each, merged_copy = [], evaluator._merged_copy
    monkeypatch.setattr(
        evaluator,
        "_merged_copy",
        lambda model: after_each.append(len(graphs["evaluator"])) or merged_copy(model),
    )
    for name in graphs:
        monkeypatch.setattr(f"enunciate.speech_lm.training.{name}.compile_layers", counting(name))
    found = train(tiny_recipe(material, tmp_path / "compiled", compile_layers=True, **changes))
    torch._dynamo.reset()

    assert found == pytest.approx(expected)
    assert after_each[0] == 0
    assert after_each[1] > 0
    assert len(graphs["evaluator"]) == after_each[1], "the second copy has compiled nothing"


def test_what_is_due_at_the_end_of_an_epoch_comes_there(material, tmp_path):
    train(tiny_recipe(material, tmp_path, max_steps=7, epochs=9, evaluate_every="epoch", save_every=5))

    assert [line["step"] for line in log_of(tmp_path, "eval_loss")] == [3, 6, 7]
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == ["checkpoint-5", "checkpoint-7"]


def test_a_run_stops_at_its_time_limit_as_at_its_last_step(material, tmp_path):
    metrics = train(tiny_recipe(material, tmp_path, time_limit_s=1e-6, best_metric="loss"))

    assert metrics["steps"] == metrics["best_step"] == 1
    assert (tmp_path / "checkpoints" / "checkpoint-1" / "complete.json").is_file()


def test_an_adapter_that_can_be_loaded_is_there_before_its_last_evaluation(material, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(AdapterEvaluator, "__call__", fail)
    recipe = tiny_recipe(material, tmp_path, max_steps=1)
    with pytest.raises(RuntimeError, match="out of memory"):
        train(recipe)
    load_adapter(load_base(recipe.model, dtype=torch.float32), recipe.out, trainable=False)
    assert (recipe.out / "tokenizer.json").is_file()


def test_a_run_that_diverges_is_stopped_and_told(material, tmp_path):
    with pytest.raises(EnunciateError, match=r"the loss is nan at step \d.*lower learning_rate"):
        train(tiny_recipe(material, tmp_path, learning_rate=1e30, dev_speakers=0, epochs=3))


# ------------------------------------------------------------------------------------------- speakers


def test_sets_share_no_speaker(material, tmp_path):
    splits = [
        load_split(tiny_recipe(material, tmp_path, split="all", folds=2, hold_out=fold, report=True))
        for fold in (0, 1)
    ]
    for split in splits:
        speakers = [{u.speaker for u in part} for part in (split.train, split.dev, split.report)]
        assert sum(map(len, speakers)) == len(set.union(*speakers)) == 8
    assert len({u.id for split in splits for u in split.report}) == 12, "the folds cover the test split"
    assert all(u.speaker.startswith("test") for split in splits for u in split.report)


def test_folds_do_not_depend_on_the_seed(material, tmp_path):
    values = {"split": "all", "folds": 2, "report": True}
    first, second = (load_split(tiny_recipe(material, tmp_path, seed=seed, **values)) for seed in (1, 2))

    assert first == second


def test_nothing_of_the_test_split_is_learnt_from_by_default(material, tmp_path):
    split = load_split(tiny_recipe(material, tmp_path, report=True))

    assert all(u.speaker.startswith("train") for u in split.train + split.dev)
    assert len(split.report) == 12


# ---------------------------------------------------------------------------- what is told before training


def test_a_corpus_without_the_labels_of_a_task_is_told(tmp_path, material):
    corpus = make_corpus(tmp_path / "corpus", {"train": 2, "test": 2}, clips_each=1)
    scores = corpus / "resource" / "scores.json"
    labels = json.loads(scores.read_text())
    kept = {key: {name: value[name] for name in ("text", "words")} for key, value in labels.items()}
    scores.write_text(json.dumps(kept))

    with pytest.raises(
        CorpusError, match=r"train split.*utterance scores in resource/scores.json.*tasks without apa"
    ):
        train(tiny_recipe(material, tmp_path / "out", corpus=corpus, dev_speakers=0))
    assert not (tmp_path / "out").exists()


def test_a_broken_corpus_is_told_with_file_and_line_before_anything_is_loaded(tmp_path, material):
    corpus = make_corpus(tmp_path / "corpus", {"train": 2, "test": 2}, clips_each=2)
    (corpus / "WAVE" / "train1" / "train1-0.WAV").unlink()

    with pytest.raises(CorpusError, match=r"train/wav.scp:3: there is no file WAVE/train1/train1-0.WAV"):
        train(tiny_recipe(material, tmp_path / "out", corpus=corpus))


def test_a_missing_gpu_is_told_before_anything_is_loaded(material, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(DeviceError, match="device is cuda"):
        check_set_up(tiny_recipe(material, tmp_path, device="cuda"))


def test_a_model_of_billions_is_not_trained_on_a_processor_by_mistake(material, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "parameter_counts", lambda *_: (5_000_000_000, 1))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(DeviceError, match=r"5.0 billion.*device=cpu"):
        check_set_up(tiny_recipe(material, tmp_path, device="auto"))


def test_a_missing_package_is_told_with_its_extra(material, tmp_path, monkeypatch):
    found = checks.find_spec
    monkeypatch.setattr(checks, "find_spec", lambda name: None if name == "llguidance" else found(name))

    with pytest.raises(MissingExtraError, match=r"llguidance.*enunciate\[llm\]"):
        check_set_up(tiny_recipe(material, tmp_path))


def test_no_checkpoint_and_no_network(material, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelNotFoundError):
        check_set_up(tiny_recipe(material, tmp_path, model="nobody/nothing"))
    with pytest.raises(ModelNotFoundError, match=r"config\.json"):
        check_set_up(tiny_recipe(material, tmp_path, model=str(tmp_path)))


def test_too_little_memory_is_told_with_what_lowers_the_need(material, tmp_path, monkeypatch):
    recipe = tiny_recipe(material, tmp_path, batch_size=8, accumulation=8)
    load = LargestBatch(tokens=8 * 550, answer_tokens=8 * 120, audio_tokens=8 * 60)
    monkeypatch.setattr(checks, "available_bytes", lambda _: 24 * GIB)

    with pytest.raises(DeviceError) as caught:
        check_memory(
            recipe.model_copy(update={"precision": "bf16"}), torch.device("cpu"), load, full_config()
        )
    for told in ("24", "gradient_checkpointing=true", "batch_size=1 accumulation=64", "all of these"):
        assert told in str(caught.value)


def test_the_estimate_is_near_what_was_measured(material, tmp_path):
    """42 GiB on an H200 for 8 examples of 539 tokens, with logits at each of them."""
    recipe = tiny_recipe(material, tmp_path, precision="bf16", batch_size=8)
    measured = LargestBatch(tokens=8 * 539, answer_tokens=8 * 539, audio_tokens=8 * 50)

    assert estimate_memory(full_config(), recipe, measured).total / GIB == pytest.approx(42, rel=0.25)


def test_each_cheaper_option_is_cheaper_options(material, tmp_path):
    recipe = tiny_recipe(material, tmp_path, precision="bf16", batch_size=8)
    load, config = LargestBatch(8 * 300, 8 * 60, 8 * 50), full_config()
    options = cheaper_options(recipe, load, config)

    assert len(options) == 4 and max(options.values()) < estimate_memory(config, recipe, load).total
    assert options["all of these"] == min(options.values())
