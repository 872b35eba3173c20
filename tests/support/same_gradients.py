"""Loss and gradients of a tiny model with an adapter, computed in one way and in another."""

from __future__ import annotations

import torch
from peft import PeftModel
from support.speech_lm_cases import randomize, tiny_base

from enunciate.speech_lm.adapter import add_adapter
from enunciate.speech_lm.answer_loss import answer_loss
from enunciate.speech_lm.options import AdapterConfig

LossAndGradients = tuple[torch.Tensor, dict[str, torch.Tensor]]


def adapted(strategy: str = "lora") -> PeftModel:
    """A tiny model with a fresh adapter whose matrices are not zero, in training mode and without dropout."""
    config = AdapterConfig(strategy=strategy, start="fresh", rank=4, alpha=8, dropout=0)
    model = add_adapter(tiny_base(), config).train()
    randomize(model)
    return model


def gradients(model: PeftModel, *batches: dict) -> LossAndGradients:
    """The summed loss of batches as those of one step, and its gradients."""
    model.zero_grad()
    loss = sum(answer_loss(model, batch, 10) for batch in batches)
    loss.backward()
    return loss.detach(), {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def assert_same(one: LossAndGradients, other: LossAndGradients) -> None:
    torch.testing.assert_close(one[0], other[0], rtol=1e-5, atol=1e-5)
    assert one[1].keys() == other[1].keys() and one[1]
    for name, value in one[1].items():
        assert (other[1][name] - value).norm() <= 1e-5 * value.norm() + 1e-7, name
