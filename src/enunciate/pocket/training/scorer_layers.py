"""Layers of the scorers: attention over phones, and pooling of a phrase's phones to one score."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PhoneLayer(nn.Module):
    """A small transformer layer over the phones of a phrase, with a convolution over neighbours before it.

    Attention is written out in plain products, which export for any number of phones.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.rest = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )
        self.near = nn.Parameter(torch.randn(3, width) * 0.2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """Map (P, U, width) to the same shape; `real` (P, U) is 1 for phones and 0 for padding."""
        phrases, phones, width = x.shape
        x = x * real[..., None]
        around = nn.functional.pad(x, (0, 0, 1, 1))
        near = around[:, :-2] * self.near[0] + x * self.near[1] + around[:, 2:] * self.near[2]
        x = x + self.dropout(near) * real[..., None]
        qkv = self.qkv(self.norm(x)).view(phrases, phones, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(2, 3)) / (width // self.heads) ** 0.5 + (real[:, None, None] - 1) * 1e4
        mixed = (weights.softmax(3) @ v).transpose(1, 2).reshape(phrases, phones, width)
        x = x + self.dropout(self.out(mixed))
        return x + self.dropout(self.rest(x))


class PhrasePool(nn.Module):
    """A weighted mean over phones, joined with the inputs of the whole phrase, to one score."""

    def __init__(self, width: int, n_summary: int, dropout: float) -> None:
        super().__init__()
        self.weight = nn.Linear(width, 1)
        self.whole = nn.Sequential(nn.BatchNorm1d(n_summary), nn.Linear(n_summary, 32))
        self.out = nn.Sequential(
            nn.LayerNorm(width + 32),
            nn.Dropout(dropout),
            nn.Linear(width + 32, 64),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(64, 1),
        )

    def forward(self, x: Tensor, real: Tensor, summary: Tensor) -> Tensor:
        """Map (P, U, width), (P, U) and (P, n_summary) to (P,), about 0.75 at the start of training."""
        weights = (self.weight(x)[..., 0] + (real - 1) * 1e4).softmax(1)
        pooled = (weights[:, None] @ x)[:, 0]
        return self.out(torch.cat((pooled, self.whole(summary)), dim=1))[:, 0] * 0.3 + 0.75
