"""The acoustic model: a small conformer with a CTC head, a frame head and a stream for pronunciation quality.

Why these outputs: CTC recognises best, but its peaks say little about when a phone begins and ends; the frame
head is a classical per-frame classifier (silence and 39 phones) whose posteriors align well and give goodness
of pronunciation; the quality stream is what the recogniser learnt from human phone scores. Conformer: Gulati
et al. 2020; intermediate CTC with self-conditioning: Nozaki and Komatsu 2021; rotary positions: Su et al.
2021.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from enunciate.conformer.fbank import N_MELS, SUBSAMPLING
from enunciate.conformer.training.options import EncoderConfig
from enunciate.pocket.symbols import N_CLASSES


class Encoded(NamedTuple):
    """What the encoder gives for (B, T, 80) features; frames F = ceil(T / 3)."""

    ctc: Tensor
    """(B, F, 40) log-probabilities: blank, then the phones."""
    frame: Tensor
    """(B, F, 40) log-probabilities: silence, then the phones."""
    quality: Tensor
    """(B, F, quality_width)."""
    middle_ctc: Tensor
    """(B, F, 40) log-probabilities of the intermediate CTC head (training only)."""


class Rotary(nn.Module):
    """Rotary position embedding for (B, H, T, D)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", 10_000.0 ** (-torch.arange(0, dim, 2) / dim), persistent=False)
        self.frequencies: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Rotate pairs of channels by an angle that grows with the frame index."""
        angles = torch.arange(x.shape[2], device=x.device, dtype=torch.float32)[:, None] * self.frequencies
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        first, second = x.chunk(2, dim=-1)
        return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


class Attention(nn.Module):
    """Multi-head self-attention with rotary positions."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm = nn.LayerNorm(config.width)
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.rotary = Rotary(config.width // config.heads)
        self.dropout = config.dropout

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Attend over (B, T, D); `mask` (B, 1, 1, T) is True at real frames."""
        batch, frames, width = x.shape
        qkv = self.qkv(self.norm(x)).view(batch, frames, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        p = self.dropout if self.training else 0.0
        y = functional.scaled_dot_product_attention(self.rotary(q), self.rotary(k), v, mask, p)
        return self.out(y.transpose(1, 2).reshape(batch, frames, width))


class Convolution(nn.Module):
    """The conformer's convolution module; layer norm, so that a clip never depends on its batch."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.expand = nn.Linear(config.width, 2 * config.width)
        self.depthwise = nn.Conv1d(
            config.width, config.width, config.kernel, padding=config.kernel // 2, groups=config.width
        )
        self.middle_norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, keep: Tensor | None) -> Tensor:
        """Convolve (B, T, D) over time; `keep` (B, T, 1) zeroes padding."""
        y = functional.glu(self.expand(self.norm(x)), dim=-1)
        if keep is not None:
            y = y * keep
        y = self.depthwise(y.transpose(1, 2)).transpose(1, 2)
        return self.out(functional.silu(self.middle_norm(y)))


def _feed_forward(config: EncoderConfig) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(config.width),
        nn.Linear(config.width, config.ff_width),
        nn.SiLU(),
        nn.Dropout(config.dropout),
        nn.Linear(config.ff_width, config.width),
    )


class Block(nn.Module):
    """One conformer block with stochastic depth."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.before = _feed_forward(config)
        self.attention = Attention(config)
        self.convolution = Convolution(config)
        self.after = _feed_forward(config)
        self.norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.layer_drop = config.layer_drop

    def forward(self, x: Tensor, mask: Tensor | None, keep: Tensor | None) -> Tensor:
        """Map (B, T, D) to (B, T, D)."""
        gate: Tensor | float = 1.0
        if self.training and self.layer_drop > 0:
            kept = torch.rand(x.shape[0], 1, 1, device=x.device) >= self.layer_drop
            gate = kept.to(x.dtype) / (1.0 - self.layer_drop)
        y = x + 0.5 * gate * self.dropout(self.before(x))
        y = y + gate * self.dropout(self.attention(y, mask))
        y = y + gate * self.dropout(self.convolution(y, keep))
        y = y + 0.5 * gate * self.dropout(self.after(y))
        return self.norm(y)


class Subsample(nn.Module):
    """Convolutional front end: 80 mels every 10 ms -> `width` channels every 30 ms."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 32, (5, 3), stride=(SUBSAMPLING, 2), padding=(2, 1))
        self.second = nn.Conv2d(32, 64, 3, stride=(1, 2), padding=1)
        self.out = nn.Linear(64 * (N_MELS // 4), width)

    def forward(self, features: Tensor, keep: Tensor | None) -> Tensor:
        """Map (B, T, 80) to (B, F = ceil(T / 3), width); `keep` (B, F, 1) zeroes padding."""
        y = functional.silu(self.first(features.unsqueeze(1)))
        if keep is not None:
            y = y * keep.unsqueeze(1)
        y = functional.silu(self.second(y))
        return self.out(y.transpose(1, 2).flatten(2))


class Encoder(nn.Module):
    """Features in, phone posteriors and quality out."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.subsample = Subsample(config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.ctc_head = nn.Linear(config.width, N_CLASSES)
        self.middle_head = nn.Linear(config.width, N_CLASSES)
        self.condition = nn.Linear(N_CLASSES, config.width)
        self.frame_head = nn.Linear(config.width, N_CLASSES)
        self.quality_head = nn.Linear(config.width, config.quality_width)
        self.input_dropout = nn.Dropout(config.dropout)

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Encoded:
        """Encode normalised features.

        Args:
            features: (B, T, 80), padded with zeros.
            lengths: (B,) real feature frames; None when nothing is padded.
        """
        features = features.to(self.condition.weight.dtype)
        mask, keep = None, None
        if lengths is not None:
            frames = (features.shape[1] + SUBSAMPLING - 1) // SUBSAMPLING
            real = torch.arange(frames, device=features.device)[None] < encoded_length(lengths)[:, None]
            mask, keep = real[:, None, None, :], real[:, :, None].to(features.dtype)
        x = self.input_dropout(self.subsample(features, keep))
        middle = self.middle_head(x)
        for index, block in enumerate(self.blocks):
            x = block(x, mask, keep)
            if index == len(self.blocks) // 2 - 1:
                middle = self.middle_head(x)
                x = x + self.condition(middle.softmax(dim=-1))
        return Encoded(
            self.ctc_head(x).float().log_softmax(dim=-1),
            self.frame_head(x).float().log_softmax(dim=-1),
            self.quality_head(x),
            middle.float().log_softmax(dim=-1),
        )


def encoded_length(frames: Tensor) -> Tensor:
    """Encoder frames for a number of feature frames."""
    return (frames + SUBSAMPLING - 1) // SUBSAMPLING
