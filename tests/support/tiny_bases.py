"""A folder with a tiny base of each family."""

from pathlib import Path

from support.speech_lm_cases import save_checkpoint
from support.tiny_granite_speech import save_granite_speech
from support.tiny_qwen2_audio import save_qwen2_audio
from support.tiny_voxtral import save_voxtral
from support.whisper_folders import save_base

_SAVE = {
    "phi4": save_checkpoint,
    "whisper": save_base,
    "qwen2_audio": save_qwen2_audio,
    "voxtral": save_voxtral,
    "granite_speech": save_granite_speech,
}


def save_tiny_base(family: str, folder: Path) -> Path:
    """Write it."""
    return _SAVE[family](folder)
