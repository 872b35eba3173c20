"""The acoustic model: an encoder shaped like Whisper's (Radford et al., 2022), with heads for phones.

Whisper base's encoder is the start, fine-tuned without padding to 30 s. CTC recognises best, but its peaks
say little about when a phone begins and ends; the frame head classifies every 20 ms and aligns well. Two
narrow streams, learnt means of all layers, carry to the scorers how sounds were made and how speech flows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from enunciate.pocket.log_mel import N_MELS
from enunciate.pocket.symbols import N_CLASSES
from enunciate.pocket.training.encoder_config import EncoderConfig

SCORED_PARTS = ("sound", "melody")
"""Modules of the encoder that only the scores teach."""
NEW_PARTS = ("ctc", "frame", *SCORED_PARTS)
"""Modules of the encoder that Whisper does not have: they start from random weights."""


class Encoded(NamedTuple):
    """Outputs for B clips of F frames of 20 ms: S channels of the sound stream, M of the melody stream."""

    ctc: Tensor
    """(B, F, 40) logits or log-probabilities; class 0 is CTC's blank."""
    frame: Tensor
    """(B, F, 40) logits or log-probabilities; class 0 is silence."""
    sound: Tensor
    """(B, F, S) the stream from which sounds are scored."""
    melody: Tensor
    """(B, F, M) the stream from which fluency and prosody are scored."""

    def log_probabilities(self) -> Encoded:
        """Return the same in single precision, with logits turned into log-probabilities."""
        ctc, frame = self.ctc.float().log_softmax(2), self.frame.float().log_softmax(2)
        return Encoded(ctc, frame, self.sound.float(), self.melody.float())


def convolve(x: Tensor, conv: nn.Conv1d, stride: int = 1) -> Tensor:
    """Apply a convolution of odd width as one matrix product, (B, T, C) -> (B, T', C').

    Convolution libraries plan anew for every shape, which costs more than the work itself where shapes vary.
    """
    width, length = conv.kernel_size[0], x.shape[1]
    padded = functional.pad(x, (0, 0, width // 2, width // 2))
    taps = torch.cat([padded[:, k : k + length : stride] for k in range(width)], dim=2)
    return functional.linear(taps, conv.weight.permute(0, 2, 1).flatten(1), conv.bias)


def attend(
    qkv: Tensor, heads: int, mask: Tensor | None, rotate: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """Attend over F frames.

    Args:
        qkv: (B, F, 3 D) queries, keys and values of all heads.
        heads: Heads, each with D / heads channels.
        mask: (B, 1, 1, F), True at real frames; None where all are.
        rotate: What turns queries and keys, (B, heads, F, D / heads), by their places, if anything does.

    Returns:
        (B, F, D).
    """
    batch, frames, width = qkv.shape
    split = qkv.view(batch, frames, 3, heads, width // 3 // heads)
    q, k, v = split.permute(2, 0, 3, 1, 4)
    if rotate is not None:
        q, k = rotate(q), rotate(k)
    attended = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return attended.transpose(1, 2).reshape(batch, frames, width // 3)


class Block(nn.Module):
    """Attention and feed-forward layer, each behind a norm, as in Whisper."""

    def __init__(self, config: EncoderConfig, dropout: float) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_hidden = nn.LayerNorm(width)
        self.up = nn.Linear(width, config.hidden)
        self.down = nn.Linear(config.hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map (B, F, D) to the same shape; `mask` (B, 1, 1, F) is True at real frames."""
        attended = attend(self.qkv(self.norm_attention(x)), self.heads, mask)
        x = x + self.dropout(self.out(attended))
        return x + self.dropout(self.down(functional.gelu(self.up(self.norm_hidden(x)))))


class LayerMean(nn.Module):
    """A learnt weighted mean of the outputs of all layers, projected to a stream."""

    def __init__(self, layers: int, width: int, stream_width: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(layers))
        self.project = nn.Linear(width, stream_width)

    def forward(self, layers: list[Tensor]) -> Tensor:
        """Map tensors (B, F, D), one per layer, to (B, F, stream_width)."""
        shares = self.weights.softmax(0)
        mean = shares[0] * layers[0]
        for index, layer in enumerate(layers[1:], 1):
            mean = mean + shares[index] * layer
        return self.project(mean)


class PhoneEncoder(nn.Module, ABC):
    """Log-mel energies in; posteriors of phones and streams for the scorers out.

    What kind of blocks it has, and what tells them where a frame is, a subclass says.

    Args:
        config: Dimensions.
        dropout: Probability of dropping a value, in training.
        layer_drop: Probability of skipping a block, in training.
    """

    def __init__(self, config: EncoderConfig, dropout: float = 0.1, layer_drop: float = 0.0) -> None:
        super().__init__()
        width = config.width
        self.config = config
        self.conv1 = nn.Conv1d(N_MELS, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(self.make_block(dropout) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.ctc = nn.Linear(width, N_CLASSES)
        self.frame = nn.Linear(width, N_CLASSES)
        self.sound = LayerMean(config.layers + 1, width, config.sound_width)
        self.melody = LayerMean(config.layers + 1, width, config.melody_width)
        self.dropout = nn.Dropout(dropout)
        self.layer_drop = layer_drop

    @abstractmethod
    def make_block(self, dropout: float) -> nn.Module:
        """Return a block with random weights, which maps (B, F, D) and a mask (B, 1, 1, F) to (B, F, D)."""

    def located(self, x: Tensor) -> Tensor:
        """Return (B, F, D) with what the first block is told of the places of frames; here nothing."""
        return x

    def forward(self, mel: Tensor, frames: Tensor | None = None) -> Encoded:
        """Encode log-mel energies.

        Args:
            mel: (B, 80, T), 10 ms per step, padded with zeros.
            frames: (B,) real steps of each clip; None where nothing is padded.

        Returns:
            Logits and streams of F = ceil(T / 2) frames; what stands at padded frames means nothing.
        """
        x = functional.gelu(convolve(mel.transpose(1, 2), self.conv1))
        if frames is not None:
            x = x.masked_fill(~_real(x, frames)[..., None], 0.0)
        x = functional.gelu(convolve(x, self.conv2, stride=2))
        mask = None if frames is None else _real(x, (frames + 1) // 2)[:, None, None]
        x = self.dropout(self.located(x))
        layers = [x]
        for block in self.blocks:
            if not (self.training and self.layer_drop and float(torch.rand(())) < self.layer_drop):
                x = block(x, mask)
            layers.append(x)
        last = self.dropout(self.norm(x))
        normed = [functional.layer_norm(layer, (self.config.width,)) for layer in layers]
        return Encoded(self.ctc(last), self.frame(last), self.sound(normed), self.melody(normed))


class WhisperEncoder(PhoneEncoder):
    """The encoder of Whisper; `load_whisper` gives it its weights, and the encodings of positions."""

    def __init__(self, config: EncoderConfig, dropout: float = 0.1, layer_drop: float = 0.0) -> None:
        super().__init__(config, dropout, layer_drop)
        self.positions: Tensor
        self.register_buffer("positions", torch.zeros(config.positions, config.width))

    def make_block(self, dropout: float) -> nn.Module:
        """Return a block of Whisper."""
        return Block(self.config, dropout)

    def located(self, x: Tensor) -> Tensor:
        """Add the encodings of positions."""
        return x + self.positions[: x.shape[1]]


def _real(x: Tensor, frames: Tensor) -> Tensor:
    """(B, T) whether each step of (B, T, D) is before the end of its clip."""
    return torch.arange(x.shape[1], device=x.device)[None] < frames[:, None]
