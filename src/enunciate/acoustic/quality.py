"""The phone-quality head: what the recogniser says of one aligned phone, learnt from human phone scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from enunciate.acoustic.symbols import N_CLASSES


def pool(stream: Tensor, frame_phone: Tensor, n_phones: int) -> Tensor:
    """Average (B, F, Q) over the frames of each phone -> (B, U, Q); phones without frames give zeros."""
    member = frame_phone[:, None, :] == torch.arange(n_phones, device=stream.device)[None, :, None]
    member = member.to(stream.dtype)
    return (member @ stream) / member.sum(dim=2, keepdim=True).clamp_min(1)


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
