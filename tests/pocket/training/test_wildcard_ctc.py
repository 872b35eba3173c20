from itertools import product

import pytest
import torch
from torch.nn import functional

from enunciate.pocket.training.wildcard_ctc import WILDCARD, wildcard_ctc


def log_probs(frames, batch=1, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, frames, 40, generator=generator, dtype=dtype).log_softmax(2)


def collapsed(path):
    return [label for t, label in enumerate(path) if label and (t == 0 or label != path[t - 1])]


def brute_force(scores, labels):
    """The loss as the sum over all paths of symbols: blank, the labels' classes, and "any phone"."""
    any_phone = torch.log1p(-scores[:, :1].exp())
    extended = torch.cat((scores, any_phone), dim=1)
    symbols = sorted({0, *labels})
    total = sum(
        float(sum(extended[t, label] for t, label in enumerate(path)).exp())
        for path in product(symbols, repeat=len(scores))
        if collapsed(path) == labels
    )
    return -torch.tensor(total, dtype=torch.float64).log() / len(labels)


@pytest.mark.parametrize(
    "labels", [[3], [WILDCARD], [3, WILDCARD], [WILDCARD, WILDCARD], [5, WILDCARD, 5], [7, 7]]
)
def test_loss_is_the_sum_over_all_paths(labels):
    scores = log_probs(5)

    loss = wildcard_ctc(scores, torch.tensor([labels]), torch.tensor([5]), torch.tensor([len(labels)]))

    assert float(loss) == pytest.approx(float(brute_force(scores[0], labels)), rel=1e-6)


def test_loss_and_gradient_without_wildcards_are_those_of_torch():
    logits = torch.randn(2, 12, 40, dtype=torch.float64, requires_grad=True)
    labels, frames, counts = torch.tensor([[3, 9, 5], [7, 7, 0]]), torch.tensor([12, 9]), torch.tensor([3, 2])

    ours = wildcard_ctc(logits.log_softmax(2), labels, frames, counts)
    (our_gradient,) = torch.autograd.grad(ours.sum(), logits)
    scores = logits.log_softmax(2).transpose(0, 1)
    theirs = functional.ctc_loss(scores, labels, frames, counts, reduction="none") / counts
    (their_gradient,) = torch.autograd.grad(theirs.sum(), logits)

    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(our_gradient, their_gradient)


def test_gradient_with_wildcards_is_the_finite_difference():
    logits = torch.randn(1, 4, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels, frames, counts = torch.tensor([[3, WILDCARD]]), torch.tensor([4]), torch.tensor([2])

    assert torch.autograd.gradcheck(
        lambda z: wildcard_ctc(z.log_softmax(2), labels, frames, counts), logits.requires_grad_()
    )


def test_a_wildcard_costs_no_more_than_any_phone_in_its_place():
    scores = log_probs(8)
    frames, counts = torch.tensor([8]), torch.tensor([2])

    wildcard = wildcard_ctc(scores, torch.tensor([[4, WILDCARD]]), frames, counts)

    for phone in (1, 9, 39):
        assert wildcard < wildcard_ctc(scores, torch.tensor([[4, phone]]), frames, counts)


def test_labels_that_do_not_fit_cost_nothing_and_teach_nothing():
    logits = torch.randn(1, 2, 40, requires_grad=True)

    loss = wildcard_ctc(
        logits.log_softmax(2), torch.tensor([[1, 2, 3]]), torch.tensor([2]), torch.tensor([3])
    )
    loss.sum().backward()

    assert float(loss.detach()) == 0
    assert float(logits.grad.abs().max()) == 0
