"""A worker of the service whose engine does what the reference text says; run as a program, by its path.

It is the real worker except for the engine: "hang" and "crash" do so, "bug" raises what no engine may raise,
and "hold" waits at the gate. Without such a word it answers as `fake_assessor` does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fake_assessor import FakeAssessor  # these two are beside this file
from serve_gate import Gate

from enunciate.errors import ModelNotFoundError
from enunciate.schema import Assessment, Utterance
from enunciate.serve.workers.worker import run


class ObedientAssessor(FakeAssessor):
    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        texts = " ".join(utterance.text or "" for utterance in utterances)
        if "hang" in texts:
            self._gate.hold(forever=True)
        if "crash" in texts:
            os.abort()
        if "bug" in texts:
            raise ZeroDivisionError(f"secret {texts}")
        if "hold" in texts:
            self._gate.hold()
        return super().assess(utterances)


class BatchingAssessor(ObedientAssessor):
    """Says in its answers how many clips it was given at once."""

    batch_size = 4

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        answers = super().assess(utterances)
        return [one.model_copy(update={"model": f"batch of {len(utterances)}"}) for one in answers]


def load() -> FakeAssessor:
    model, gate = sys.argv[1], Gate(Path(sys.argv[3]))
    if model == "none":
        raise ModelNotFoundError("there is no such model")
    return BatchingAssessor(gate) if model == "batching" else ObedientAssessor(gate)


if __name__ == "__main__":
    run(load, float(sys.argv[2]))
