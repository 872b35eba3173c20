"""The dimensions of an encoder, and those that a recipe asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from enunciate.pocket.training.options import EncoderKind, EncoderOptions


@dataclass(frozen=True)
class EncoderConfig:
    """Dimensions of the encoder; the defaults are those of Whisper base."""

    width: int = 512
    layers: int = 6
    heads: int = 8
    hidden: int = 2048
    """Width of the feed-forward layers."""
    positions: int = 1500
    """Frames of 20 ms of the longest input; Whisper has a positional encoding for each."""
    sound_width: int = 192
    melody_width: int = 64
    kind: EncoderKind = "whisper"
    kernel: int = 31
    """Frames that a conformer's convolution spans; an odd number."""


WHISPER_BASE = EncoderConfig()
CONFORMER = EncoderConfig(kind="conformer", width=256, layers=8, heads=4, hidden=1024)
"""A conformer of 12.5 million parameters."""


def config_of(options: EncoderOptions) -> EncoderConfig:
    """Return the dimensions that a recipe asks for."""
    config = CONFORMER if options.kind == "conformer" else WHISPER_BASE
    return config if options.layers is None else replace(config, layers=options.layers)
