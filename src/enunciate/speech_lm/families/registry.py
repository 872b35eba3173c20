"""The families by name, and the family of a model that was loaded."""

from __future__ import annotations

from typing import Any

from enunciate.speech_lm.families.detection import MODEL_TYPES
from enunciate.speech_lm.families.family import Family
from enunciate.speech_lm.families.names import FamilyName


def family_named(name: FamilyName) -> Family:
    """Return a family; its classes of transformers are imported only now."""
    if name == "whisper":
        from enunciate.speech_lm.families.whisper.family import WhisperFamily

        return WhisperFamily()
    if name == "qwen2_audio":
        from enunciate.speech_lm.families.qwen2_audio.family import Qwen2AudioFamily

        return Qwen2AudioFamily()
    if name == "voxtral":
        from enunciate.speech_lm.families.voxtral.family import VoxtralFamily

        return VoxtralFamily()
    if name == "granite_speech":
        from enunciate.speech_lm.families.granite_speech.family import GraniteSpeechFamily

        return GraniteSpeechFamily()
    from enunciate.speech_lm.families.phi4.family import Phi4Family

    return Phi4Family()


def family_of(model: Any) -> Family:
    """Return the family of a loaded model."""
    return family_named(MODEL_TYPES[model.config.model_type])
