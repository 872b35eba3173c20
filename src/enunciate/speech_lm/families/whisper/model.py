"""Whisper as a `SpeechModel`: clips of any length, padding that does not show, a cache, and a loss.

The modules and weights are those of transformers. Its own `forward` pads every clip to 30 s and masks
nothing; here positions are cut to the clip's length, and padding is masked in convolutions and attention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu
from transformers import WhisperForConditionalGeneration
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from enunciate.speech_lm.answer_loss import answer_output
from enunciate.speech_lm.families.speech_model import Heard, float32_logits, heard_in
from enunciate.speech_lm.families.whisper.attention import KeysValues, Rows, attend, keys_values, run_layer
from enunciate.speech_lm.families.whisper.encoder import encoder_states


@dataclass
class WhisperState:
    """Keys and values of B sequences: of their own tokens, and of the audio that they are about."""

    own: list[KeysValues | None]
    audio: list[KeysValues]
    """One row for each of C clips, which may be fewer than the sequences."""
    visible: Tensor
    """(C, 1, 1, S), true on the audio tokens of each clip."""
    rows: Rows | None = None
    """The clips of the sequences; None if each has its own."""

    def crop(self, n_tokens: int) -> None:
        """Forget the last `n_tokens` positions."""
        self.own = [layer and (layer[0][:, :, :-n_tokens], layer[1][:, :, :-n_tokens]) for layer in self.own]

    def select(self, rows: Tensor) -> None:
        """Keep these rows, in this order."""
        self.own = [layer and (layer[0][rows], layer[1][rows]) for layer in self.own]
        self.rows = Rows.of(rows if self.rows is None else self.rows.clip[rows])


class MaskedWhisperEncoder(WhisperEncoder):
    """The encoder for clips of any length in one batch."""

    def forward(self, input_features: Tensor, visible: Tensor, **_: Any) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Encode (B, T, M) features, `visible` (B, T) on frames of the clips, to (B, ceil(T / 2), D)."""
        return cast("Tensor", self.layer_norm(encoder_states(self, input_features, visible)))


class SpeechWhisper(WhisperForConditionalGeneration):
    """The model, with the methods of `SpeechModel`."""

    checkpoint: Path | None = None
    """Folder from which the weights were loaded; None for random weights."""
    audio_token_id = None
    """The decoder hears by attention; no token stands for audio."""

    @property
    def weight_dtype(self) -> torch.dtype:
        """Precision of the frozen weights."""
        return self.model.decoder.layer_norm.weight.dtype

    @property
    def n_vocabulary(self) -> int:
        """Number of logits."""
        return int(self.config.vocab_size)

    def encode(self, audio: Mapping[str, Tensor]) -> Heard:
        """Encode clips; see `SpeechModel.encode`."""
        visible = audio["audio_attention_mask"].to(self.device)
        states = self.model.encoder(audio["audio_input_features"].to(self.device), visible)
        return Heard(states, audio["audio_embed_sizes"].to(self.device))

    def begin(self, heard: Heard) -> WhisperState:
        """Start sequences, which are still empty."""
        layers = self.model.decoder.layers
        audio = [keys_values(layer.encoder_attn, heard.states) for layer in layers]
        return WhisperState([None] * len(layers), audio, heard.visible[:, None, None])

    def advance(self, ids: Tensor, mask: Tensor, positions: Tensor, state: WhisperState) -> Tensor:
        """Append tokens to sequences; see `SpeechModel.advance`."""
        new, whole = ids.shape[1], mask.shape[1]
        causal = torch.ones(new, whole, dtype=torch.bool, device=ids.device).tril(whole - new)
        # Padding sees itself, because attention to nothing is not a number.
        seen = (causal & mask[:, None].bool()) | causal.logical_and(causal.triu(whole - new))
        x = self._embedded(ids, positions)
        for index, layer in enumerate(self.model.decoder.layers):
            before, audio = state.own[index], state.audio[index]
            x, state.own[index] = _decoder_layer(
                layer, x, before, audio, seen[:, None], state.visible, state.rows
            )
        return cast("Tensor", self.model.decoder.layer_norm(x))

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits of hidden states."""
        return cast("Tensor", self.proj_out(hidden))

    def logits_of(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits of some tokens only, in float32."""
        return float32_logits(hidden, cast("Tensor", self.model.decoder.embed_tokens(tokens)))

    def forward(self, input_ids: Tensor | None = None, *args: Any, **kwargs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Compute as transformers does; with labels, as `SpeechModel.forward` says."""
        labels = kwargs.pop("labels", None)
        if labels is None:
            return cast("Any", super()).forward(input_ids, *args, **kwargs)
        assert input_ids is not None
        heard, rows = heard_in(self, kwargs), kwargs.get("clip_of_row")
        visible = heard.of(rows).visible[:, None, None]
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
        x = self._embedded(input_ids, positions)
        decoder = self.model.decoder
        for layer in decoder.layers:
            x = run_layer(decoder, _answering_layer, layer, x, heard.states, rows, visible)
        hidden = decoder.layer_norm(x)
        items, places = kwargs.get("num_items_in_batch"), kwargs.get("answer_places")
        return answer_output(hidden, labels, self.logits, items, places)

    def _embedded(self, ids: Tensor, positions: Tensor) -> Tensor:
        decoder = self.model.decoder
        table = decoder.embed_positions.weight
        # An answer beyond the last position goes on at it, rather than fail.
        return decoder.embed_tokens(ids) + table[positions.clamp(max=len(table) - 1)]


def _answering_layer(layer: Any, x: Tensor, states: Tensor, rows: Tensor | None, visible: Tensor) -> Tensor:
    """A layer of the decoder over whole sequences; keys and values of a clip serve all of its rows."""
    keys, values = keys_values(layer.encoder_attn, states)
    audio = (keys, values) if rows is None else (keys[rows], values[rows])
    return _decoder_layer(layer, x, None, audio, None, visible, None)[0]


def _decoder_layer(
    layer: Any,
    x: Tensor,
    before: KeysValues | None,
    audio: KeysValues,
    seen: Tensor | None,
    visible: Tensor,
    rows: Rows | None,
) -> tuple[Tensor, KeysValues]:
    """Return (B, L, D) and the keys and values of the sequences so far.

    Args:
        layer: The layer.
        x: (B, L, D) the new tokens.
        before: Keys and values of earlier tokens, if there are any.
        audio: Keys and values of the clips.
        seen: (B, 1, L, tokens) what the new tokens see; None for sequences that are whole.
        visible: (C, 1, 1, S) true on the audio tokens of each clip.
        rows: The clips of the sequences; None if each has its own.
    """
    normal = layer.self_attn_layer_norm(x)
    own = keys_values(layer.self_attn, normal)
    if before is not None:
        own = _joined(before, own)
    x = x + attend(layer.self_attn, normal, own, seen)
    x = x + attend(layer.encoder_attn, layer.encoder_attn_layer_norm(x), audio, visible, rows)
    return x + layer.fc2(gelu(layer.fc1(layer.final_layer_norm(x)))), own


def _joined(before: KeysValues, fresh: KeysValues) -> KeysValues:
    keys, values = (torch.cat(pair, dim=2) for pair in zip(before, fresh, strict=True))
    return keys, values


def prepare(model: nn.Module) -> SpeechWhisper:
    """Give a model of transformers' class these methods, in place; a second call changes nothing."""
    assert isinstance(model, WhisperForConditionalGeneration)
    model.__class__ = SpeechWhisper
    model.model.encoder.__class__ = MaskedWhisperEncoder
    return cast("SpeechWhisper", model)
