"""Whisper under ONNX Runtime: what it hears in a clip, and token sequences about it that grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from enunciate.onnx_session import Session
from enunciate.speech_lm.whisper_onnx.dimensions import Dimensions
from enunciate.speech_lm.whisper_onnx.graph_files import graph
from enunciate.speech_lm.whisper_onnx.initialisers import (
    EMBEDDINGS,
    Weights,
    cross_attention_initialisers,
    decoder_initialisers,
    encoder_initialisers,
    output_initialisers,
)
from enunciate.speech_lm.whisper_onnx.value_names import past_names, present_names

Floats = npt.NDArray[np.float32]
HIDDEN_FROM = np.float32(-1e9)
"""Added to the logit of what a token must not attend to."""


class OnnxEncoder:
    """Whisper's encoder, int8."""

    def __init__(self, weights: Weights, dims: Dimensions, threads: int) -> None:
        self._session = Session(graph("encoder", dims), threads, encoder_initialisers(weights, dims))

    def __call__(self, mel: Floats) -> Floats:
        """Map log-mel energies (mels, T) to states (1, S, D), S = ceil(T / 2)."""
        (states,) = self._session.run({"mel": mel[None]})
        return states


class OutputLayer:
    """The embeddings of tokens as input and, in int8 or exactly, as output layer."""

    def __init__(self, weights: Weights, dims: Dimensions, threads: int) -> None:
        self._embeddings = weights[EMBEDDINGS]
        self._session = Session(graph("output", dims), threads, output_initialisers(weights))

    def rows(self, tokens: Any) -> Floats:
        """Return the embeddings (..., D) of tokens (...)."""
        return self._embeddings[tokens].astype(np.float32)

    def logits(self, hidden: Floats) -> Floats:
        """Return the logits (B, V) of hidden states (B, D); the weights are int8."""
        (logits,) = self._session.run({"hidden": hidden})
        return logits


class OnnxDecoder:
    """Whisper's decoder, int8."""

    def __init__(self, weights: Weights, dims: Dimensions, output: OutputLayer, threads: int) -> None:
        """Load the decoder; the output layer may be shared with another one."""
        self.dims, self.output = dims, output
        self.positions: Floats = weights["model.decoder.embed_positions.weight"].astype(np.float32)
        cross = cross_attention_initialisers(weights, dims)
        self._cross_attention = Session(graph("cross_attention", dims), threads, cross)
        self.session = Session(graph("decoder", dims), threads, decoder_initialisers(weights, dims))

    def hear(self, states: Floats) -> dict[str, Floats]:
        """Return the keys and values of the encoder's states (1, S, D), which all sequences share."""
        return self._cross_attention.run_named({"states": states})


class TokenSequences:
    """Sequences about one clip, which tokens are appended to.

    What is fed together is padded on the left. Padding is masked and takes no position, so that a sequence
    goes on in the same way alone and beside others.
    """

    def __init__(self, decoder: OnnxDecoder, heard: Mapping[str, Floats], n_rows: int = 1) -> None:
        """Start with empty sequences.

        Args:
            decoder: The decoder.
            heard: What `OnnxDecoder.hear` returned for the clip.
            n_rows: The number of sequences.
        """
        self._decoder, self._heard = decoder, heard
        dims = decoder.dims
        shape = (n_rows, dims.heads, 0, dims.head_width)
        names = [name for layer in range(dims.decoder_layers) for name in past_names(layer)]
        self._past: dict[str, Floats] = {name: np.zeros(shape, np.float32) for name in names}
        self._there = np.zeros((n_rows, 0), np.bool_)
        self._hidden = np.zeros((n_rows, 0, dims.width), np.float32)

    @property
    def room(self) -> int:
        """How many more tokens the longest sequence has positions for."""
        return len(self._decoder.positions) - int(self._there.sum(axis=1).max(initial=0))

    def feed(self, rows: Sequence[Sequence[int]]) -> None:
        """Append tokens, possibly none, to each sequence."""
        length = max(map(len, rows))
        tokens = np.array([[*[0] * (length - len(row)), *row] for row in rows], dtype=np.int64)
        new = np.arange(length) >= length - np.array([[len(row)] for row in rows])
        positions = self._there.sum(axis=1, keepdims=True) + new.cumsum(axis=1) - 1
        self._there = np.concatenate((self._there, new), axis=1)
        embedded = self._decoder.output.rows(tokens) + self._decoder.positions[positions.clip(min=0)]
        inputs = {"tokens": embedded, "mask": self._mask(length), **self._heard, **self._past}
        outputs = self._decoder.session.run_named(inputs)
        self._hidden = outputs["hidden"]
        self._past = {
            past: outputs[present]
            for layer in range(self._decoder.dims.decoder_layers)
            for past, present in zip(past_names(layer), present_names(layer), strict=True)
        }

    def select(self, rows: Sequence[int]) -> None:
        """Keep these sequences, in this order; one may be taken more than once."""
        self._past = {name: values[rows] for name, values in self._past.items()}
        self._there, self._hidden = self._there[rows], self._hidden[rows]

    def truncate(self, n_tokens: int) -> None:
        """Remove the last `n_tokens` positions; there are no logits until something is fed again."""
        self._past = {name: values[:, :, :-n_tokens] for name, values in self._past.items()}
        self._there, self._hidden = self._there[:, :-n_tokens], self._hidden[:, :0]

    def logits(self) -> Floats:
        """Return the logits of the next token, (B, V), by int8 weights."""
        return self._decoder.output.logits(self._hidden[:, -1])

    def logit_values(self, tokens: Sequence[int], before_last: int = 0) -> npt.NDArray[np.float64]:
        """Return the logits of some tokens, (B, tokens), by exact weights.

        Args:
            tokens: The tokens.
            before_last: How many tokens before the end of what was fed last; 0 is the next token.
        """
        hidden = self._hidden[:, -1 - before_last]
        return (hidden @ self._decoder.output.rows(list(tokens)).T).astype(np.float64)

    def _mask(self, length: int) -> Floats:
        """What is added to the logits of self-attention for the last `length` tokens, (B, 1, T, P + T)."""
        total = self._there.shape[1]
        earlier = np.arange(total) <= np.arange(total - length, total)[:, None]
        seen = earlier[None] & self._there[:, None]
        return np.where(seen, np.float32(0), HIDDEN_FROM)[:, None]
