"""A typed wrapper of ONNX Runtime, which ships no types."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

_ort: Any = onnxruntime
EXACT_PRODUCTS = "session.x64quantprecision"
"""The setting without which sums of two products of 8 bits are cut off at 16 bits on x86 processors that lack
VNNI, such as AMD's before Zen 4; scores were then up to 0.6 off. It changes nothing on others.
Source: onnxruntime.ai/docs/performance/model-optimizations/quantization.html."""


class Session:
    """An ONNX model on the CPU."""

    def __init__(
        self, model: Path | bytes, threads: int, weights: Mapping[str, npt.NDArray[Any]] | None = None
    ) -> None:
        """Load a model.

        Args:
            model: Its file, or the contents of it.
            threads: Processor threads.
            weights: The values of weights that the file does not hold, by name.
        """
        options = _ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry(EXACT_PRODUCTS, "1")
        if weights:
            values = [_ort.OrtValue.ortvalue_from_numpy(value) for value in weights.values()]
            options.add_external_initializers(list(weights), values)
        source = model if isinstance(model, bytes) else str(model)
        self._session = _ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self._outputs: list[str] = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[np.float32]]:
        """Run the model and return all outputs, in the order of their export."""
        return [np.asarray(output) for output in self._session.run(None, inputs)]

    def run_named(self, inputs: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[np.float32]]:
        """Run the model and return all outputs by name."""
        return dict(zip(self._outputs, self.run(inputs), strict=True))
