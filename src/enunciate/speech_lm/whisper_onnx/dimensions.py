"""The dimensions of a Whisper, read off its weights."""

from __future__ import annotations

from dataclasses import dataclass

from enunciate.errors import ModelNotFoundError
from enunciate.whisper_weights.ctranslate2 import Arrays

HEAD_WIDTH = 64
"""Channels of an attention head, in every Whisper of OpenAI."""


@dataclass(frozen=True)
class Dimensions:
    """What the graphs depend on; the lengths of clip, answer and batch are open."""

    width: int
    heads: int
    hidden: int
    """Width of the feed-forward layers."""
    encoder_layers: int
    decoder_layers: int
    mels: int
    audio_positions: int
    """Frames of 20 ms that the encoder has positions for."""
    text_positions: int
    """Tokens that the decoder has positions for."""
    vocabulary: int

    @property
    def head_width(self) -> int:
        """Channels of an attention head."""
        return self.width // self.heads


WHISPER_BASE = Dimensions(512, 8, 2048, 6, 6, 80, 1500, 448, 51865)
"""The multilingual Whisper base."""


def dimensions_of(weights: Arrays, heads: int | None = None) -> Dimensions:
    """Return the dimensions of weights under the names of transformers.

    Args:
        weights: The weights.
        heads: Attention heads, where they are not `HEAD_WIDTH` wide.

    Raises:
        ModelNotFoundError: A weight is missing.
    """
    try:
        vocabulary, width = weights["model.decoder.embed_tokens.weight"].shape
        return Dimensions(
            width=width,
            heads=heads or width // HEAD_WIDTH,
            hidden=weights["model.encoder.layers.0.fc1.weight"].shape[0],
            encoder_layers=_count_layers(weights, "encoder"),
            decoder_layers=_count_layers(weights, "decoder"),
            mels=weights["model.encoder.conv1.weight"].shape[1],
            audio_positions=len(weights["model.encoder.embed_positions.weight"]),
            text_positions=len(weights["model.decoder.embed_positions.weight"]),
            vocabulary=vocabulary,
        )
    except KeyError as error:
        raise ModelNotFoundError(
            f"these weights are not a whole Whisper ({error.args[0]} is missing): give encoder and decoder"
        ) from error


def _count_layers(weights: Arrays, side: str) -> int:
    start = f"model.{side}.layers."
    return 1 + max(int(name[len(start) :].split(".", 1)[0]) for name in weights if name.startswith(start))
