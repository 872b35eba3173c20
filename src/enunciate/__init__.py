"""Judges English pronunciation: scores for a sentence, its words and its sounds.

>>> from enunciate import Utterance, load_assessor
>>> assessor = load_assessor("pocket")  # doctest: +SKIP
>>> assessor.assess([Utterance(id="1", audio=b"...", text="She had your dark suit.")])  # doctest: +SKIP
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enunciate.engines import load_assessor
    from enunciate.schema import Assessment, Clip, Utterance

# ONNX Runtime 1.32 reports to its makers unless this is set before it is imported; nothing is to leave the
# machine where a learner's speech is judged. Whoever wants it can set 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = ["Assessment", "Clip", "Utterance", "__version__", "load_assessor"]

# Imported when first asked for: `import enunciate` alone should cost nothing.
_HOMES = {
    "Assessment": "enunciate.schema",
    "Clip": "enunciate.schema",
    "Utterance": "enunciate.schema",
    "load_assessor": "enunciate.engines",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'enunciate' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
