"""Qwen2-Audio as a `SpeechModel`; its encoder takes clips of any length, with padding masked."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn
from torch.nn.functional import avg_pool1d
from transformers import Qwen2AudioForConditionalGeneration
from transformers.models.qwen2_audio.modeling_qwen2_audio import Qwen2AudioEncoder

from enunciate.speech_lm.families.audio_tower import WithAudioTower
from enunciate.speech_lm.families.whisper.encoder import encoder_states


class MaskedQwen2AudioEncoder(Qwen2AudioEncoder):
    """Whisper's encoder with states averaged in pairs."""

    def forward(self, input_features: Tensor, visible: Tensor, **_: Any) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Encode (B, T, M) features, `visible` (B, T) on frames of the clips, to (B, ceil(T / 2) // 2, D)."""
        states = encoder_states(self, input_features, visible)
        return cast("Tensor", self.layer_norm(avg_pool1d(states.transpose(1, 2), 2).transpose(1, 2)))


class SpeechQwen2Audio(WithAudioTower, Qwen2AudioForConditionalGeneration):
    """The model, with the methods of `SpeechModel`."""

    @property
    def audio_token_id(self) -> int:
        """Id of the audio placeholder."""
        return cast("int", self.config.audio_token_index)


def prepare(model: nn.Module) -> SpeechQwen2Audio:
    """Give a model of transformers' class these methods, in place; a second call changes nothing."""
    assert isinstance(model, Qwen2AudioForConditionalGeneration)
    model.__class__ = SpeechQwen2Audio
    cast("Any", model).model.audio_tower.__class__ = MaskedQwen2AudioEncoder
    return cast("SpeechQwen2Audio", model)
