"""A typed wrapper of ONNX Runtime, which ships no types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

_ort: Any = onnxruntime


class Session:
    """An ONNX model on the CPU."""

    def __init__(self, path: Path, threads: int) -> None:
        options = _ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = _ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(self, inputs: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[np.float32]]:
        """Run the model and return all outputs, in the order of their export."""
        return [np.asarray(output) for output in self._session.run(None, inputs)]
