"""How many tokens the passes of a run have: by its memory, alike in all processes, the same when resumed."""

import json
from types import SimpleNamespace

import pytest
import torch
from support.speech_lm_runs import log_of, tiny_recipe

from enunciate.errors import DeviceError
from enunciate.speech_lm.answer_loss import answer_loss
from enunciate.speech_lm.training import gradients, joining
from enunciate.speech_lm.training.pass_memory import fitting_tokens
from enunciate.speech_lm.training.train import train

WEIGHTS = "adapter_model.safetensors"
FIXED = 1_000.0


def example(length, answer, instruction=()):
    return SimpleNamespace(length=length, answer_ids=[0] * answer, instruction=instruction)


LONG, DENSE = [example(100, 4)] * 8, [example(40, 8)] * 8


def peak(examples):
    """A fixed part, 10 bytes for each token, padding included, and 50 for each of an answer."""
    tokens = len(examples) * max(e.length for e in examples)
    return FIXED + 10 * tokens + 50 * sum(len(e.answer_ids) for e in examples)


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_a_pass_of_the_tokens_that_fit_fills_nine_tenths_of_the_memory(batch_size):
    tokens = fitting_tokens([*LONG, *DENSE], batch_size, 10**9, 100_000.0, peak)

    assert tokens % 64 == 0
    for kind in (LONG, DENSE):
        assert peak(kind[:1] * (tokens // kind[0].length)) <= 90_000
    largest = DENSE[:1] * (tokens // 40 + 2)
    assert peak(largest) > 0.98 * 90_000, "answers take more for a token, so they decide"


def test_an_instruction_that_is_computed_once_is_counted_and_measured_once():
    kinds = [example(400, 4, (1,) * 300)] * 8, [example(400, 8, (2,) * 350)] * 8

    def peak(examples):
        (instruction,) = {e.instruction for e in examples}
        computed = len(instruction) + len(examples) * (400 - len(instruction))
        return FIXED + 10 * computed + 50 * sum(len(e.answer_ids) for e in examples)

    tokens = fitting_tokens([*kinds[0], *kinds[1]], 4, 10**9, 100_000.0, peak)
    rows = (tokens - 350) // 50
    assert 0.97 * 90_000 < peak(kinds[1][:1] * rows) <= 90_000
    assert peak(kinds[0][:1] * ((tokens - 300) // 100)) <= 90_000


def test_no_more_is_joined_than_a_step_has():
    assert fitting_tokens([*LONG, *DENSE], 8, 3_200, 1e9, peak) == 3_200


def test_nothing_is_joined_where_two_micro_batches_do_not_fit():
    assert fitting_tokens([*LONG, *DENSE], 8, 3_200, 9_000.0, peak) == 0


# ------------------------------------------------------------------------------------------- whole runs


class FakeMemory:
    """Knows the tokens of the passes that are run while it measures."""

    def __init__(self, available):
        self.available, self.passes = available, []

    def peak(self, call):
        before = len(self.passes)
        call()
        return FIXED + 10 * sum(self.passes[before:])

    def counted(self, model, batch, *rest):
        self.passes.append(batch["input_ids"].numel())
        return answer_loss(model, batch, *rest)


def use_memory(monkeypatch, available):
    memory = FakeMemory(available)
    monkeypatch.setattr(joining, "MOMENT_BYTES", 0)
    monkeypatch.setattr(joining, "memory_meter", lambda _: memory)
    monkeypatch.setattr(gradients, "answer_loss", memory.counted)
    return memory


def recipe_of(material, out, **values):
    adapter = {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0.3}
    given = {"adapter": adapter, "accumulation": 4, "max_steps": 4, "dev_speakers": 0, "save_every": 2}
    return tiny_recipe(material, out, **(given | values))


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_measured_run_is_the_run_with_its_number_bit_for_bit_also_when_resumed(
    material, tmp_path, monkeypatch
):
    memory = use_memory(monkeypatch, 9_000.0)
    recipe = recipe_of(material, tmp_path / "auto", join_to="auto")
    train(recipe)
    (chosen,) = log_of(recipe.out, "join_to")
    passes = memory.passes[5:]  # those before measured

    given = recipe_of(material, tmp_path / "given", join_to=chosen["join_to"])
    train(given)
    assert 0 < max(passes) <= chosen["join_to"] < 900
    assert len(passes) < 4 * 4, "some are joined"
    weights = (recipe.out / WEIGHTS).read_bytes()
    assert (given.out / WEIGHTS).read_bytes() == weights

    use_memory(monkeypatch, 1e9)  # another memory, in which other numbers would be chosen
    checkpoint = recipe.out / "checkpoints" / "checkpoint-4"
    for file in sorted(checkpoint.iterdir()):
        file.unlink()
    checkpoint.rmdir()
    (recipe.out / WEIGHTS).unlink()
    train(recipe, resume=True)
    assert (recipe.out / WEIGHTS).read_bytes() == weights
    assert len(log_of(recipe.out, "join_to")) == 1


@pytest.mark.slow
def test_on_a_cpu_nothing_is_joined(material, tmp_path):
    recipe = recipe_of(material, tmp_path, join_to="auto", max_steps=1)
    train(recipe)

    assert [line["join_to"] for line in log_of(recipe.out, "join_to")] == [0]


def short_of_memory(monkeypatch, most):
    """More than so many tokens in a pass, and the memory does not suffice."""

    def passing(model, batch, *rest):
        loss = answer_loss(model, batch, *rest)
        if batch["input_ids"].numel() > most:
            loss.backward()
            raise torch.OutOfMemoryError("CUDA out of memory")
        return loss

    monkeypatch.setattr(gradients, "answer_loss", passing)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_step_that_runs_out_of_memory_is_made_in_smaller_passes(material, tmp_path, monkeypatch):
    adapter = {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}
    runs = {name: recipe_of(material, tmp_path / name, adapter=adapter) for name in ("apart", "joined")}
    train(runs["apart"])
    short_of_memory(monkeypatch, 400)
    runs["joined"] = runs["joined"].model_copy(update={"join_to": 2_000})
    train(runs["joined"])

    (*_, last) = lowered = [line["join_to"] for line in log_of(runs["joined"].out, "join_to")]
    assert lowered and last <= 500
    for one, other in zip(*(log_of(recipe.out, "grad_norm") for recipe in runs.values()), strict=True):
        for name in ("loss", "grad_norm"):
            assert one[name] == pytest.approx(other[name], rel=1e-3)


@pytest.mark.slow
def test_where_nothing_is_joined_the_error_says_what_to_do(material, tmp_path, monkeypatch):
    short_of_memory(monkeypatch, 10)
    with pytest.raises(DeviceError, match=r"smaller batch_size.*gradient_checkpointing=true"):
        train(recipe_of(material, tmp_path))


def test_the_recipe_takes_the_word_from_the_command_line(material, tmp_path):
    recipe = recipe_of(material, tmp_path, join_to="auto")
    assert json.loads(recipe.model_dump_json())["join_to"] == "auto"
