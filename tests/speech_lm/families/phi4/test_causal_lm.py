"""The loss: that of all logits, at the answer's positions alone, however a step is split."""

import pytest
import torch
from support.speech_lm_cases import batch_of, randomize, reserved_ids, tiny_base, token_id
from torch.nn.functional import cross_entropy

from enunciate.speech_lm.adapter import add_adapter
from enunciate.speech_lm.answer_loss import answer_loss, count_items
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX
from enunciate.speech_lm.options import AdapterConfig

FRAMES, ANSWERS = [90, 333, 9, 64, 120, 200, 31, 77], [4, 12, 7, 3, 9, 5, 8, 6]


def gradients(model):
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def assert_same(one, other):
    """But for rounding, which is measured against the size of a parameter's whole gradient."""
    assert one.keys() == other.keys() and one
    for name, value in one.items():
        assert value.any(), name
        assert (other[name] - value).norm() <= 1e-4 * value.norm() + 1e-7, name


@pytest.fixture(params=["plain", "lora", "unfreeze with control tokens"])
def model(request):
    base = tiny_base()
    if request.param == "plain":
        return base
    strategy = request.param.split()[0]
    control = reserved_ids()[:2] if "control" in request.param else []
    config = AdapterConfig(strategy=strategy, start="fresh", rank=4, alpha=8, dropout=0)
    model = add_adapter(base, config, control).train()
    randomize(model)
    return model


def test_loss_and_gradients_are_those_of_the_full_logits(model):
    batch = batch_of(FRAMES[:3], ANSWERS[:3])
    loss = answer_loss(model, batch, count_items(batch["labels"]))
    loss.backward()
    ours = gradients(model)

    model.zero_grad()
    labels = batch.pop("labels")
    logits = model(**batch).logits
    full = cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORE_INDEX)
    full.backward()

    torch.testing.assert_close(loss, full)
    assert_same(ours, gradients(model))


def test_one_micro_batch_of_eight_and_eight_of_one_give_the_same_step(model):
    whole = batch_of(FRAMES, ANSWERS)
    items = count_items(whole["labels"])
    answer_loss(model, whole, items).backward()
    together = gradients(model)

    model.zero_grad()
    for index in range(8):
        answer_loss(model, batch_of([FRAMES[index]], [ANSWERS[index]], seed=index), items).backward()

    assert items == sum(ANSWERS)
    assert_same(together, gradients(model))


def test_without_a_count_it_is_the_mean():
    model, batch = tiny_base(), batch_of([90, 30], [4, 9])
    torch.testing.assert_close(model(**batch).loss, answer_loss(model, batch, 13))


def test_logits_are_those_that_predict_the_answer():
    model, batch = tiny_base(), batch_of([90, 333], [4, 12])
    logits = model(**batch).logits

    chosen = batch["labels"] != IGNORE_INDEX
    full = model(**{name: value for name, value in batch.items() if name != "labels"}).logits
    torch.testing.assert_close(logits, full[:, :-1][chosen[:, 1:]], atol=1e-5, rtol=1e-5)


def test_the_vocabulary_is_applied_at_the_answers_positions_only_and_nothing_is_cached():
    model, batch = tiny_base(), batch_of([90, 333], [4, 12])
    shapes = []
    model.lm_head.register_forward_hook(lambda _, inputs, __: shapes.append(tuple(inputs[0].shape)))

    found = model(**batch)

    assert shapes == [(16, model.config.hidden_size)]
    assert set(found) == {"loss", "logits", "losses"}


def test_hooks_of_wrappers_run(model):
    seen = []
    model.register_forward_hook(lambda *_: seen.append(True))
    answer_loss(model, batch_of([40], [3]), 3)
    assert seen == [True]


def test_a_batch_without_an_answer_has_no_loss_and_no_gradient():
    model, batch = tiny_base(), batch_of([40], [3])
    batch["labels"] = torch.full_like(batch["labels"], IGNORE_INDEX)

    loss = model(**batch).loss
    loss.backward()

    assert loss == 0
    assert all(not p.grad.any() for p in model.parameters() if p.grad is not None)


def test_a_padding_token_that_is_part_of_the_answer_counts():
    model, batch = tiny_base(), batch_of([40], [3])
    batch["input_ids"][0, -1] = batch["labels"][0, -1] = token_id("<|endoftext|>")
    assert len(model(**batch).logits) == count_items(batch["labels"]) == 3
