"""CTC (Graves et al., 2006) with a wildcard: a phone of which is known only that one was said, and badly.

People marked the phone as wrong, but nobody wrote down which sound it was. A wildcard in the labels stands
for any phone, so that the recogniser learns neither the canonical phone there nor silence.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from enunciate.pocket.symbols import N_CLASSES

WILDCARD = N_CLASSES
"""Label of a sound that is any phone: one more than the last class."""


class _ScoresCtc(torch.autograd.Function):
    """CTC over any scores: the gradient that torch gives holds only for log-probabilities of one softmax.

    For those, torch's gradient of the logits is softmax minus occupancy (the posterior that a frame emits a
    label). The occupancy, taken out of it, is the negative gradient of the loss with respect to each score.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, labels: Tensor, frames: Tensor, counts: Tensor) -> Tensor:
        with torch.enable_grad():
            inner = scores.detach().requires_grad_()
            loss = functional.ctc_loss(
                inner.transpose(0, 1), labels, frames, counts, reduction="none", zero_infinity=True
            )
            (grad,) = torch.autograd.grad(loss.sum(), inner)
        real = torch.arange(scores.shape[1], device=scores.device)[None] < frames.to(scores.device)[:, None]
        possible = (loss > 0) & loss.isfinite()
        occupancy = torch.where((real & possible[:, None])[..., None], scores.exp() - grad, 0.0)
        ctx.save_for_backward(occupancy)
        return loss.detach()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None, None]:
        (occupancy,) = cast(tuple[Tensor, ...], ctx.saved_tensors)
        return -occupancy * grad_outputs[0][:, None, None], None, None, None


def wildcard_ctc(log_probs: Tensor, labels: Tensor, frames: Tensor, counts: Tensor) -> Tensor:
    """Return the CTC loss of each clip, (B,), divided by its number of labels.

    Args:
        log_probs: (B, F, 40) log-probabilities; class 0 is the blank.
        labels: (B, L) classes, and `WILDCARD` where any phone will do.
        frames: (B,) real frames, on the host.
        counts: (B,) real labels, on the host.

    Returns:
        Losses; 0 where the labels do not fit into the frames.
    """
    any_phone = torch.log1p(-log_probs[..., :1].exp().clamp(max=1 - 1e-6))
    scores = torch.cat((log_probs, any_phone), dim=2)
    apply = cast(Any, _ScoresCtc.apply)
    losses = cast(Tensor, apply(scores, labels, frames, counts))
    return losses / counts.to(log_probs.device).clamp_min(1)
