"""Voxtral as a `SpeechModel`; its encoder takes clips of any length, with padding masked."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn
from torch.nn.functional import pad
from transformers import VoxtralForConditionalGeneration
from transformers.models.voxtral.modeling_voxtral import VoxtralEncoder

from enunciate.speech_lm.families.audio_tower import WithAudioTower
from enunciate.speech_lm.families.whisper.encoder import encoder_states

STATES_PER_TOKEN = 4
"""States of the encoder, 20 ms each, that one audio token is made of."""


class MaskedVoxtralEncoder(VoxtralEncoder):
    """Whisper's encoder with the states of a token joined; a clip's last token is filled up with zeros."""

    def forward(self, input_features: Tensor, visible: Tensor, **_: Any) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Encode (B, T, M) features, `visible` (B, T) on frames of the clips, to (B, ceil(T / 8), 4 D)."""
        states = self.layer_norm(encoder_states(self, input_features, visible))
        states = states * visible[:, ::2, None].to(states.dtype)
        states = pad(states, (0, 0, 0, -states.shape[1] % STATES_PER_TOKEN))
        return states.reshape(len(states), -1, STATES_PER_TOKEN * states.shape[2])


class SpeechVoxtral(WithAudioTower, VoxtralForConditionalGeneration):
    """The model, with the methods of `SpeechModel`."""


def prepare(model: nn.Module) -> SpeechVoxtral:
    """Give a model of transformers' class these methods, in place; a second call changes nothing."""
    assert isinstance(model, VoxtralForConditionalGeneration)
    model.__class__ = SpeechVoxtral
    cast("Any", model).model.audio_tower.__class__ = MaskedVoxtralEncoder
    return cast("SpeechVoxtral", model)
