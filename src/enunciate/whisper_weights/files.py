"""One file of Whisper's weights, of any kind, as arrays under the names of transformers."""

from __future__ import annotations

import struct
from pathlib import Path

from enunciate.errors import ModelNotFoundError, needing
from enunciate.whisper_weights.ctranslate2 import Arrays, read_ctranslate2, transformers_names


def read_weights(path: Path) -> Arrays:
    """Read a `.safetensors` file of transformers or a `.bin` file of CTranslate2.

    Returns:
        Arrays of the file's type, under names such as `model.decoder.layers.0.fc1.weight`.

    Raises:
        ModelNotFoundError: the file cannot be read, or has another format.
        MissingExtraError: safetensors is not installed.
    """
    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        return transformers_names(read_ctranslate2(path))
    except (ValueError, struct.error, OSError) as error:
        raise ModelNotFoundError(f"{path}: no weights of Whisper that could be read ({error})") from error


def _read_safetensors(path: Path) -> Arrays:
    with needing("whisper"):
        from safetensors import SafetensorError
        from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType]
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
