"""Decoding of a decoder-only model in passes of fixed shapes, which a GPU repeats as CUDA graphs.

The encoder, the prompt and each token are passes whose lengths are rounded up, so that few shapes occur; keys
and values stay where they are (`static_rows`). Both tasks about one or two clips begin as one batch over one
encoding: the pass over a prompt takes no longer for two rows than for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import pad

from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.decoding.graphed_calls import GraphedCalls
from enunciate.speech_lm.decoding.slots import Floats
from enunciate.speech_lm.decoding.static_continuation import StaticContinuation
from enunciate.speech_lm.decoding.static_rows import StaticStores
from enunciate.speech_lm.families.decoder_layers import can_run_layers
from enunciate.speech_lm.families.grouped_attention import GROUPED, use_grouped_attention
from enunciate.speech_lm.families.packed_rows import PACKED
from enunciate.speech_lm.families.registry import family_of
from enunciate.speech_lm.families.speech_model import Heard, SpeechModel

TOGETHER = 2
"""The most clips for which both tasks begin in one batch; with more, padding the shorter prompt costs more
than a second pass."""
_FRAMES = 64
"""Clips are padded to a multiple of this many frames."""
_FEATURES, _SIZES, _MASK = "audio_input_features", "audio_embed_sizes", "audio_attention_mask"


def can_be_static(model: Any) -> bool:
    """Whether a model can be decoded in passes of fixed shapes."""
    if not family_of(model).runs_layer_by_layer:
        return False
    decoder = model.language_model
    return decoder.config._attn_implementation in ("sdpa", GROUPED, PACKED) and can_run_layers(decoder, 1)


def pays_on(device: torch.device) -> bool:
    """Whether fixed shapes are faster on a device: a CPU has no kernel launches that graphs could save."""
    return device.type == "cuda"


class StaticDecoding:
    """The passes of one model."""

    def __init__(self, model: SpeechModel, pad_token_id: int, geometry: AudioGeometry) -> None:
        """Prepare for a model that `can_be_static`; on a CUDA device passes are captured as they come."""
        use_grouped_attention(cast("Any", model).language_model)
        graphs = model.device.type == "cuda"
        self._model, self._pad_token_id, self._geometry = model, pad_token_id, geometry
        self._stores = StaticStores(cast("Any", model).language_model, graphs=graphs)
        self._encoder = GraphedCalls(partial(_states, model), graphs=graphs)

    def encode(self, audio: Mapping[str, Tensor]) -> Heard:
        """Encode a batch of clips; see `SpeechModel.encode`. The next call may overwrite what it returns."""
        frames = audio[_FEATURES].shape[1]
        most = max(frames, round(100 * self._geometry.max_s))
        more = min(-(-frames // _FRAMES) * _FRAMES, most) - frames
        device = self._model.device
        features = pad(audio[_FEATURES], (0, 0, 0, more)).to(device)
        sizes = audio[_SIZES].to(device)
        states = self._encoder(features, sizes, pad(audio[_MASK], (0, more)).to(device))
        return Heard(states, sizes)

    def has_room(self, rows: int, tokens: int) -> bool:
        """Whether the memory allows so many sequences of so many tokens; see `StaticStores.have_room`."""
        return self._stores.have_room(rows, tokens, self._model.weight_dtype, self._model.device)

    def begin(self, heard: Heard, purpose: str) -> StaticContinuation:
        """Start sequences, which are still empty, one for each clip."""
        return StaticContinuation(self._model, self._pad_token_id, heard, self._stores, purpose)


def _states(model: SpeechModel, features: Tensor, sizes: Tensor, mask: Tensor) -> Tensor:
    return model.encode({_FEATURES: features, _SIZES: sizes, _MASK: mask}).states


class AlreadyFed:
    """Sequences whose first tokens have been fed, for `scores.decode_scores`, which would feed them."""

    def __init__(self, sequences: StaticContinuation) -> None:
        self._sequences, self._fed = sequences, False

    def feed(self, rows: Sequence[Sequence[int]]) -> None:
        """Append tokens, except those of the first call, which have been fed already."""
        if self._fed:
            self._sequences.feed(rows)
        self._fed = True

    def select(self, rows: Sequence[int]) -> None:
        """See `GrowingSequences`."""
        self._sequences.select(rows)

    def truncate(self, n_tokens: int) -> None:
        """See `GrowingSequences`."""
        self._sequences.truncate(n_tokens)

    def logit_values(self, tokens: Sequence[int], before_last: int = 0) -> Floats:
        """See `GrowingSequences`."""
        return self._sequences.logit_values(tokens, before_last)
