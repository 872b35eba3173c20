"""A conformer (Gulati et al., 2020) with random initial weights, in place of Whisper's encoder.

Positions are rotary embeddings (Su et al., 2021). All norms are layer norms, so that the output for a clip
does not depend on the others of its batch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from enunciate.pocket.training.encoder import PhoneEncoder, attend
from enunciate.pocket.training.encoder_config import EncoderConfig

_SLOWEST = 10_000.0
"""Frames in which the slowest pair of channels turns by one radian."""


def rotated(x: Tensor) -> Tensor:
    """Turn pairs of channels of (B, H, F, D), D even, by angles that grow with the frame."""
    half = x.shape[3] // 2
    speeds = _SLOWEST ** (-torch.arange(half, device=x.device) / half)
    angles = torch.arange(x.shape[2], device=x.device)[:, None] * speeds
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x.chunk(2, dim=3)
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=3)


class Convolution(nn.Module):
    """The convolution module: a gated depthwise convolution over frames."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.into = nn.Linear(width, 2 * width)
        self.near = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm_near = nn.LayerNorm(width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map (B, F, D) to the same shape; `mask` (B, 1, 1, F) is True at real frames."""
        x = functional.glu(self.into(self.norm(x)), dim=2)
        if mask is not None:
            x = x.masked_fill(~mask[:, 0, 0, :, None], 0.0)
        near = self.near(x.transpose(1, 2)).transpose(1, 2)
        return self.out(functional.silu(self.norm_near(near)))


class ConformerBlock(nn.Module):
    """A half-step feed-forward layer, attention, convolution, and another half-step feed-forward layer."""

    def __init__(self, config: EncoderConfig, dropout: float) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.before = _feed_forward(width, config.hidden, dropout)
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.convolution = Convolution(width, config.kernel)
        self.after = _feed_forward(width, config.hidden, dropout)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map (B, F, D) to the same shape; `mask` (B, 1, 1, F) is True at real frames."""
        x = x + 0.5 * self.dropout(self.before(x))
        attended = attend(self.qkv(self.norm_attention(x)), self.heads, mask, rotated)
        x = x + self.dropout(self.out(attended))
        x = x + self.dropout(self.convolution(x, mask))
        return self.norm(x + 0.5 * self.dropout(self.after(x)))


class Conformer(PhoneEncoder):
    """An encoder of conformer blocks."""

    def make_block(self, dropout: float) -> nn.Module:
        """Return a conformer's block."""
        return ConformerBlock(self.config, dropout)


def _feed_forward(width: int, hidden: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, hidden),
        nn.SiLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, width),
    )
