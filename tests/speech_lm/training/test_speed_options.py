"""What makes a training step faster changes neither its loss nor its gradients."""

import pytest
import torch
from safetensors.torch import load_file
from support.same_gradients import adapted, assert_same, gradients
from support.speech_lm_cases import batch_of, features, tiny_base
from support.speech_lm_runs import log_of, tiny_recipe

from enunciate.errors import RecipeError
from enunciate.speech_lm.answer_loss import answer_loss
from enunciate.speech_lm.families.decoder_layers import can_run_layers, compile_layers
from enunciate.speech_lm.options import AdapterConfig
from enunciate.speech_lm.training import gradients as gradients_module
from enunciate.speech_lm.training.checks import check_speed_options
from enunciate.speech_lm.training.train import train
from enunciate.speech_lm.training.working_copies import WorkingCopies

pytestmark = pytest.mark.slow

WEIGHTS = "adapter_model.safetensors"
FRAMES, ANSWERS = [90, 333, 64], [4, 12, 9]


# ------------------------------------------------------------------------------------------- the layers


def test_layers_run_one_by_one_are_those_of_transformers(monkeypatch):
    model, batch = adapted(), batch_of(FRAMES, ANSWERS)
    one_by_one = gradients(model, batch)
    monkeypatch.setattr("enunciate.speech_lm.families.decoder_only.can_run_layers", lambda *_: False)

    assert_same(one_by_one, gradients(model, batch))


def test_what_shapes_do_not_tell_is_left_to_transformers():
    decoder = tiny_base().language_model
    assert can_run_layers(decoder, 4096)
    assert not can_run_layers(decoder, 4097), "longrope takes other frequencies"
    decoder.config._attn_implementation = "eager"
    assert not can_run_layers(decoder, 10), "it is not causal without a mask"


@pytest.mark.usefixtures("fresh_compiler")
def test_compiled_layers_give_the_same_and_are_one_code_for_all_lengths():
    model = adapted()
    batches = [batch_of([frames], [answer], seed=frames) for frames, answer in ((90, 4), (333, 12), (64, 9))]
    plain = gradients(model, *batches)
    compiled = []

    def backend(graph, _):
        compiled.append(graph)
        return graph.forward

    compile_layers(model.get_base_model().language_model, backend)
    assert_same(plain, gradients(model, *batches))
    assert 0 < len(compiled) <= 2
    gradients(model, batch_of(FRAMES, ANSWERS))
    gradients(model, batch_of([200, 41, 77], [6, 6, 6]))
    assert len(compiled) <= 4, "one more for batches of several"


@pytest.mark.usefixtures("fresh_compiler", "one_thread")
def test_a_whole_run_with_compiled_layers_is_measured_and_saved_as_any_other(material, tmp_path, monkeypatch):
    compiled = []

    def uncompiled_backend(decoder):
        compiled.append(decoder)
        compile_layers(decoder, "eager")

    monkeypatch.setattr("enunciate.speech_lm.training.train.compile_layers", uncompiled_backend)
    adapter = {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}
    given = {"adapter": adapter, "max_steps": 3, "best_metric": "loss"}
    recipes = [
        tiny_recipe(material, tmp_path / str(compiles), compile_layers=compiles, **given)
        for compiles in (True, False)
    ]
    one, other = (train(recipe) for recipe in recipes)

    assert len(compiled) == 1
    assert one["dev_loss"] == pytest.approx(other["dev_loss"], rel=1e-4)
    saved, plain = (load_file(recipe.out / WEIGHTS) for recipe in recipes)
    assert saved.keys() == plain.keys()
    for name, value in plain.items():
        torch.testing.assert_close(saved[name], value, atol=1e-4, rtol=1e-3)


@pytest.fixture
def fresh_compiler():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


# -------------------------------------------------------------------------------------------- batches


@pytest.mark.parametrize("strategy", ["lora", "unfreeze"])
def test_padding_to_a_round_number_of_tokens_changes_nothing(strategy):
    model = adapted(strategy)
    plain, padded = (batch_of(FRAMES, ANSWERS, longer_by=extra) for extra in (0, 37))

    assert_same(gradients(model, plain), gradients(model, padded))


@pytest.mark.parametrize("strategy", ["lora", "unfreeze"])
def test_two_tasks_over_one_encoding_are_the_two_of_them_apart(strategy):
    model, (one, other) = adapted(strategy), (batch_of([90], [answer]) for answer in (4, 12))
    length = other["input_ids"].shape[1]
    both = {name: one[name] for name in one if name.startswith("audio")}
    for name, empty in (("input_ids", 0), ("attention_mask", 0), ("labels", -100)):
        row = torch.nn.functional.pad(one[name], (0, length - one[name].shape[1]), value=empty)
        both[name] = torch.cat([row, other[name]])
    both["clip_of_row"] = torch.tensor([0, 0])
    assert both["audio_input_features"].shape == features(90)[None].shape

    assert_same(gradients(model, both), gradients(model, one, other))


def test_encodings_that_are_kept_give_the_same_gradients():
    model, batch = adapted(), batch_of(FRAMES, ANSWERS)
    with torch.no_grad():
        heard = model.get_base_model().encode(batch)
    kept = {name: value for name, value in batch.items() if not name.startswith("audio")}
    kept |= {"heard_states": heard.states, "heard_tokens": heard.n_tokens}

    assert_same(gradients(model, batch), gradients(model, kept))


# ------------------------------------------------------------------------------------- working copies


def masters_after_a_step(copies, model, rate, *batches):
    optimizer = torch.optim.AdamW(copies.masters.values(), lr=rate)
    for batch in batches:
        answer_loss(model, batch, 10).backward()
        copies.collect()
    optimizer.step()
    copies.publish()
    return {name: master.detach().clone() for name, master in copies.masters.items()}


def test_copies_in_the_same_precision_make_the_step_of_the_weights_themselves():
    batches = batch_of(FRAMES, ANSWERS), batch_of([90], [4], seed=5)
    plain, copied = adapted(), adapted()
    optimizer = torch.optim.AdamW([p for p in plain.parameters() if p.requires_grad], lr=1e-2)
    for batch in batches:
        answer_loss(plain, batch, 10).backward()
    optimizer.step()
    masters = masters_after_a_step(WorkingCopies(copied, torch.float32), copied, 1e-2, *batches)

    for name, parameter in plain.named_parameters():
        if parameter.requires_grad:
            torch.testing.assert_close(masters[name], parameter.detach(), rtol=1e-5, atol=1e-6)


def test_an_update_too_small_for_bfloat16_is_kept_in_the_masters():
    model = adapted().to(torch.bfloat16)
    for parameter in model.parameters():
        parameter.data = parameter.data.float() if parameter.requires_grad else parameter.data
    copies = WorkingCopies(model)
    name, before = next((n, m.detach().clone()) for n, m in copies.masters.items())
    held = dict(model.named_parameters())[name].detach().clone()
    after = masters_after_a_step(copies, model, 1e-7, batch_of(FRAMES, ANSWERS))[name]

    assert held.dtype == torch.bfloat16 and after.dtype == torch.float32
    assert torch.equal(dict(model.named_parameters())[name], held), "too small for bfloat16"
    assert not torch.equal(after, before)
    with copies.exactly():
        assert torch.equal(dict(model.named_parameters())[name], after)


def test_joined_micro_batches_make_the_same_step_in_fewer_passes(material, tmp_path, monkeypatch):
    passes = []
    counted = lambda *given: passes.append(1) or answer_loss(*given)  # noqa: E731
    monkeypatch.setattr(gradients_module, "answer_loss", counted)
    logs = []
    for join_to in (0, 10_000):
        adapter = AdapterConfig(start="fresh", rank=4, alpha=8, dropout=0)
        given = {"join_to": join_to, "adapter": adapter, "accumulation": 4, "max_steps": 3, "dev_speakers": 0}
        recipe = tiny_recipe(material, tmp_path / str(join_to), **given)
        train(recipe)
        logs.append(log_of(recipe.out, "grad_norm"))
    for one, other in zip(*logs, strict=True):
        for name in ("loss", "grad_norm"):
            assert one[name] == pytest.approx(other[name], rel=1e-3)
    assert len(passes) == 3 * (4 + 1)


def test_options_that_do_not_fit_a_shared_model_are_told(material, tmp_path, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(RecipeError, match="join_to"):
        check_speed_options(tiny_recipe(material, tmp_path, join_to=100), 2)
    with pytest.raises(RecipeError, match=r"bf16_lora.*torchrun"):
        check_speed_options(tiny_recipe(material, tmp_path, bf16_lora=True, precision="bf16"), 2)


@pytest.mark.usefixtures("one_thread")
def test_a_run_with_working_copies_saves_float32_and_resumes_to_the_same(material, tmp_path):
    given = {"precision": "bf16", "bf16_lora": True, "save_every": 2, "pad_to": 16, "max_steps": 4}
    recipe = tiny_recipe(material, tmp_path / "whole", **given)
    metrics = train(recipe)
    saved = load_file(recipe.out / WEIGHTS)
    plain = tiny_recipe(material, tmp_path / "plain", **(given | {"bf16_lora": False}))
    train(plain)

    again = recipe.model_copy(update={"out": tmp_path / "again"})
    (tmp_path / "again").mkdir()
    (again.out / "recipe.json").write_text(again.model_dump_json())
    checkpoint = recipe.out / "checkpoints" / "checkpoint-2"
    (again.out / "checkpoints").mkdir()
    checkpoint.rename(again.out / "checkpoints" / checkpoint.name)
    (again.out / "log.jsonl").write_text((recipe.out / "log.jsonl").read_text())

    assert train(again, resume=True)["steps"] == metrics["steps"] == 4
    assert all(torch.equal(value, saved[name]) for name, value in load_file(again.out / WEIGHTS).items())
    assert {value.dtype for value in saved.values()} == {torch.float32}
    assert any((value != value.bfloat16().float()).any() for value in saved.values())
    for one, other in zip(log_of(recipe.out, "loss"), log_of(plain.out, "loss"), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=0.02)


@pytest.mark.parametrize(
    ("values", "processes", "message"),
    [
        ({"bf16_lora": True}, 1, "precision=bf16"),
        ({"compile_layers": True, "kind": "whisper", "prompt": {}}, 1, "compile_layers"),
    ],
)
def test_options_that_do_not_fit_are_told(material, tmp_path, values, processes, message):
    with pytest.raises(RecipeError, match=message):
        check_speed_options(tiny_recipe(material, tmp_path, **values), processes)
