"""The phone-quality head: what the recogniser says of one aligned phone, learnt from human phone scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from enunciate.pocket.symbols import N_CLASSES
from enunciate.schema import MISPRONOUNCED_BELOW


def pool(stream: Tensor, frame_phone: Tensor, n_phones: int) -> Tensor:
    """Average (B, F, Q) over the frames of each phone -> (B, U, Q); phones without frames give zeros."""
    member = frame_phone[:, None, :] == torch.arange(n_phones, device=stream.device)[None, :, None]
    member = member.to(stream.dtype)
    return (member @ stream) / member.sum(dim=2, keepdim=True).clamp_min(1)


def phone_loss(score: Tensor, wrong: Tensor, human: Tensor, known: Tensor) -> Tensor:
    """Mean over the known phones of the squared error of scores and the cross-entropy of mispronunciations.

    Args:
        score: predicted score over 2, any shape.
        wrong: logit of a mispronunciation.
        human: human score, 0 to 2.
        known: which of them to count.
    """
    regression = (score - human.clamp_min(0) / 2).square()
    label = (human < MISPRONOUNCED_BELOW).float()
    detection = functional.binary_cross_entropy_with_logits(wrong, label, reduction="none")
    return ((4 * regression + detection) * known).sum() / known.sum().clamp_min(1)


class QualityHead(nn.Module):
    """Score a phone from its pooled stream and its canonical class."""

    def __init__(self, quality_width: int, hidden: int = 96, dropout: float = 0.2) -> None:
        super().__init__()
        self.canonical = nn.Embedding(N_CLASSES, hidden)
        self.stream = nn.Linear(quality_width, hidden)
        self.body = nn.Sequential(
            nn.SiLU(), nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.SiLU(), nn.Dropout(dropout)
        )
        self.out = nn.Linear(hidden, 2)

    def forward(self, pooled: Tensor, classes: Tensor) -> Tensor:
        """(B, U, Q) and (B, U) -> (B, U, 2): the score over 2, and the logit of a mispronunciation."""
        pooled = pooled.to(self.out.weight.dtype)
        return self.out(
            self.body(self.stream(pooled) * (1 + self.canonical(classes)) + self.canonical(classes))
        )
