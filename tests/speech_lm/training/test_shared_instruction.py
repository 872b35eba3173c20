"""An instruction before the audio is computed once for a micro-batch, with the same loss and gradients."""

from types import SimpleNamespace

import pytest
import torch
from support.same_gradients import adapted, assert_same, gradients
from support.speech_lm_cases import batch_of
from support.speech_lm_runs import log_of, tiny_recipe

from enunciate.speech_lm.adapter import enable_checkpointing
from enunciate.speech_lm.answer_loss import answer_loss
from enunciate.speech_lm.families.decoder_layers import compile_layers
from enunciate.speech_lm.families.decoder_only import DecoderOnly
from enunciate.speech_lm.training import gradients as gradients_module
from enunciate.speech_lm.training.shared_instruction import by_instruction, pass_tokens, shared_tokens
from enunciate.speech_lm.training.train import train

FRAMES, ANSWERS = [90, 333, 64], [4, 12, 9]
SHARED = 41
"""40 tokens of the instruction, and the one before it."""
BEFORE = {"rubric": False, "control": "none", "instruction": "before"}
"""A prompt whose short instruction stands before the audio."""


def example(instruction, length):
    return SimpleNamespace(instruction=instruction, length=length)


def test_only_examples_of_one_instruction_share_it():
    one, longer, other = example((1, 2, 3), 10), example((1, 2, 3), 14), example((1, 2, 4), 10)

    assert shared_tokens([one, longer]) == 3
    assert shared_tokens([one]) == shared_tokens([one, other]) == 0
    assert shared_tokens([example((), 10), example((), 10)]) == 0
    assert pass_tokens([one, longer]) == 3 + 2 * 11
    assert pass_tokens([one, longer, other]) == 3 * 14
    assert by_instruction([one, other, longer]) == [[one, longer], [other]]


# ------------------------------------------------------------------------------------------ gradients


def packing(strategy="lora"):
    model = adapted(strategy)
    model.get_base_model().pack_rows()
    return model


def with_places(batch):
    wanted = batch["labels"][:, 1:].flatten() >= 0
    return batch | {"answer_places": wanted.nonzero()[:, 0]}


def encoded(model, batch):
    with torch.no_grad():
        heard = model.get_base_model().encode(batch)
    kept = {name: value for name, value in batch.items() if not name.startswith("audio")}
    return kept | {"heard_states": heard.states, "heard_tokens": heard.n_tokens}


@pytest.fixture
def batch():
    return batch_of(FRAMES, ANSWERS, instruction=SHARED - 1)


@pytest.mark.parametrize("strategy", ["lora", "unfreeze"])
@pytest.mark.parametrize("given", [with_places, dict], ids=["places given", "places looked for"])
def test_sharing_changes_neither_loss_nor_gradients(strategy, given, batch):
    model = packing(strategy)
    whole = gradients(model, given(batch))

    assert_same(whole, gradients(model, given(batch) | {"shared_tokens": SHARED}))
    assert_same(whole, gradients(adapted(strategy), batch | {"shared_tokens": SHARED}))


def test_nor_with_encodings_that_are_kept(batch):
    model = packing()

    assert_same(gradients(model, batch), gradients(model, encoded(model, batch) | {"shared_tokens": SHARED}))


def test_nor_with_two_examples_of_one_clip(batch):
    model = packing()
    twice = {name: value for name, value in batch.items() if not name.startswith("audio")}
    audio = {name: value[[0, 0, 2]] for name, value in batch.items() if name.startswith("audio")}
    apart = {name: value[[0, 0, 2]] for name, value in twice.items()}
    apart["labels"][1, -3:] = 7
    together = apart | {name: value[[0, 2]] for name, value in audio.items()}
    together["clip_of_row"] = torch.tensor([0, 0, 1])

    assert_same(gradients(model, apart | audio), gradients(model, together | {"shared_tokens": SHARED}))


def test_nor_with_activations_computed_again(batch):
    model = packing()
    whole = gradients(model, batch)
    enable_checkpointing(model)

    assert_same(whole, gradients(model, batch | {"shared_tokens": SHARED}))


@pytest.mark.slow
def test_nor_with_compiled_layers_which_are_one_code_for_all_lengths():
    torch._dynamo.reset()
    model = packing()
    batches = [batch_of([frames, 70], [answer, 3], instruction=n) for frames, answer, n in CASES]
    plain = [gradients(model, batch) for batch in batches]
    compiled = []

    def backend(graph, _):
        compiled.append(graph)
        return graph.forward

    compile_layers(model.get_base_model().language_model, backend)
    for (_, _, n), batch, whole in zip(CASES, batches, plain, strict=True):
        assert_same(whole, gradients(model, batch | {"shared_tokens": n + 1}))
    more = batch_of(FRAMES, ANSWERS, instruction=50) | {"shared_tokens": 51}
    gradients(model, more)
    torch._dynamo.reset()

    assert len(compiled) == 1


CASES = [(90, 4, 40), (333, 12, 33), (64, 9, 64)]


def test_the_instruction_goes_through_the_layers_once(batch):
    model, seen = packing(), []
    layers = model.get_base_model().language_model.layers
    layers[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[:2].numel()))
    gradients(model, batch)
    gradients(model, batch | {"shared_tokens": SHARED})
    length = batch["input_ids"].shape[1]

    assert seen == [3 * length, SHARED + 3 * (length - SHARED)]


# ----------------------------------------------------------------------------------------- whole runs


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("by_clip", [False, True])
def test_a_run_that_shares_is_the_run_that_does_not(material, tmp_path, monkeypatch, by_clip):
    shared = []

    def counted(model, batch, *rest):
        shared.append(batch.get("shared_tokens", 0))
        return answer_loss(model, batch, *rest)

    monkeypatch.setattr(gradients_module, "answer_loss", counted)
    adapter = {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}
    given = {"adapter": adapter, "prompt": BEFORE, "max_steps": 3, "accumulation": 4}
    given |= {"best_metric": "loss", "by_clip": by_clip}
    logs, dev_losses = [], []
    for name, join_to in (("shares", 0), ("joins", 10_000), ("apart", 0)):
        if name == "apart":
            monkeypatch.setattr(DecoderOnly, "pack_rows", lambda _: None)
        recipe = tiny_recipe(material, tmp_path / name, **given, join_to=join_to)
        dev_losses.append(train(recipe)["dev_loss"])
        logs.append(log_of(recipe.out, "grad_norm"))

    assert any(shared) != by_clip, "both tasks of a clip have different instructions"
    assert by_clip or sum(map(bool, shared)) >= 0.8 * len(shared)
    assert dev_losses == pytest.approx(dev_losses[:1] * 3, rel=1e-4)
    for lines in zip(*logs, strict=True):
        for key in ("loss", "grad_norm"):
            assert [line[key] for line in lines] == pytest.approx([lines[-1][key]] * 3, rel=1e-3)
