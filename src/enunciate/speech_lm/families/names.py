"""The names of the families of base models, and the usual base of each; it needs no torch."""

from __future__ import annotations

from typing import Literal

from enunciate.speech_lm.families.phi4.hub import HUB_NAME as PHI4

FamilyName = Literal["phi4", "whisper", "qwen2_audio", "voxtral", "granite_speech"]
"""The families; a recipe's kind is one of them."""
USUAL_BASES: dict[FamilyName, str] = {
    "phi4": PHI4,
    "whisper": "openai/whisper-base",
    "qwen2_audio": "Qwen/Qwen2-Audio-7B-Instruct",
    "voxtral": "mistralai/Voxtral-Mini-3B-2507",
    "granite_speech": "ibm-granite/granite-speech-3.3-2b",
}
"""The base on the Hugging Face hub that a recipe trains if it names none."""
