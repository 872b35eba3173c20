"""The graphs as files: those of Whisper base ship in the package, others are built.

    python -m enunciate.speech_lm.whisper_onnx.graph_files

writes those that ship. They hold no weights.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from enunciate.errors import needing
from enunciate.speech_lm.whisper_onnx.dimensions import WHISPER_BASE, Dimensions

_FOLDER = Path(str(resources.files("enunciate.speech_lm.whisper_onnx"))) / "base_graphs"


def graph(name: str, dims: Dimensions) -> bytes:
    """Return a graph of `graphs.GRAPHS` for a Whisper of these dimensions.

    Raises:
        MissingExtraError: The Whisper is no base, and the package onnx, which builds graphs, is missing.
    """
    if dims == WHISPER_BASE:
        return _file(name).read_bytes()
    with needing("train"):
        from enunciate.speech_lm.whisper_onnx.graphs import GRAPHS
    return GRAPHS[name](dims)


def write_base_graphs() -> None:
    """Write the graphs that ship."""
    from enunciate.speech_lm.whisper_onnx.graphs import GRAPHS

    _FOLDER.mkdir(exist_ok=True)
    for name, build in GRAPHS.items():
        _file(name).write_bytes(build(WHISPER_BASE))


def _file(name: str) -> Path:
    return _FOLDER / f"{name}.onnx"


if __name__ == "__main__":
    write_base_graphs()
