"""Granite-speech as a `SpeechModel`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn
from transformers import GraniteSpeechForConditionalGeneration

from enunciate.speech_lm.families.decoder_only import DecoderOnly
from enunciate.speech_lm.families.granite_speech.conformer import MaskedConformer
from enunciate.speech_lm.families.speech_model import Heard


class SpeechGranite(DecoderOnly, GraniteSpeechForConditionalGeneration):
    """The model, with the methods of `SpeechModel`.

    Granite divides its logits by a constant, as its decoder was trained. The class of transformers leaves
    that out, which changes no most likely token, but every distribution.
    """

    supports_gradient_checkpointing = True

    @property
    def language_model(self) -> Any:
        """The decoder without its output layer."""
        return cast("Any", self).model.language_model

    @property
    def ties_embeddings(self) -> bool:
        """See `DecoderOnly`."""
        return cast("bool", self.config.tie_word_embeddings)

    def encode(self, audio: Mapping[str, Tensor]) -> Heard:
        """Encode clips to the embeddings of their audio tokens."""
        inner = cast("Any", self).model
        device = self.device
        visible = audio["audio_attention_mask"].to(device)
        states = inner.encoder(audio["audio_input_features"].to(device), visible)
        return Heard(inner.projector(states), audio["audio_embed_sizes"].to(device))

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits of hidden states."""
        return super().logits(hidden) / self._scaling

    def logits_of(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits of some tokens only, in float32; see `SpeechModel.logits_of`."""
        return super().logits_of(hidden, tokens) / self._scaling

    @property
    def _scaling(self) -> float:
        return cast("float", self.config.get_text_config().logits_scaling)


def prepare(model: nn.Module) -> SpeechGranite:
    """Give a model of transformers' class these methods, in place; a second call changes nothing."""
    assert isinstance(model, GraniteSpeechForConditionalGeneration)
    model.__class__ = SpeechGranite
    cast("Any", model).model.encoder.__class__ = MaskedConformer
    return cast("SpeechGranite", model)
