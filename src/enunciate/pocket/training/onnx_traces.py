"""Removal of what the exporter notes in an ONNX file about the source code, with the paths of its machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx


def drop_traces(path: Path) -> None:
    """Rewrite a file without notes and stack traces; what it computes stays the same."""
    model: Any = onnx.load(path)
    clear_notes(model)
    path.write_bytes(model.SerializeToString())


def clear_notes(model: Any) -> None:
    """Remove the notes of a loaded model, its graph, its values and its nodes."""
    graph = model.graph
    parts = (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer)
    for part in parts:
        del part.metadata_props[:]
        part.doc_string = ""
