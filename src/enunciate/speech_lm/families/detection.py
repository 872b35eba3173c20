"""Which family a folder's checkpoint is of, without loading anything; it needs no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from enunciate.speech_lm.families.names import FamilyName

MODEL_TYPES: dict[str, FamilyName] = {
    "phi4_multimodal": "phi4",
    "whisper": "whisper",
    "qwen2_audio": "qwen2_audio",
    "voxtral": "voxtral",
    "granite_speech": "granite_speech",
}
"""Families by the `model_type` of transformers' configuration."""


def family_of_folder(folder: Path) -> FamilyName | None:
    """Return the family of a folder with a checkpoint, by its configuration; None if it is of no family."""
    try:
        config: Any = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    kind = cast("dict[str, Any]", config).get("model_type") if isinstance(config, dict) else None
    if kind is None and is_ctranslate2(folder):
        return "whisper"  # CTranslate2's layout has no type
    return MODEL_TYPES.get(str(kind))


def is_ctranslate2(folder: Path) -> bool:
    """Whether a folder holds a Whisper as faster-whisper keeps it."""
    return (folder / "model.bin").is_file() and (folder / "tokenizer.json").is_file()
