"""Run as a program, a worker of the service whose engine does what the text says, and says it at once.

It is the real worker but for the engine: "hang" and "crash" do so, "bug" raises what no engine may raise, and
each "wait" takes a quarter of a second. Without such a word it answers as `fake_assessor` does.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from fake_assessor import FakeAssessor  # beside this file, which is run by its path

from enunciate.errors import ModelNotFoundError
from enunciate.schema import Assessment, Utterance
from enunciate.serve.workers.worker import run

WAIT_S = 0.25


class Moody(FakeAssessor):
    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        texts = " ".join(utterance.text or "" for utterance in utterances)
        if "hang" in texts:
            time.sleep(600)
        if "crash" in texts:
            os.abort()
        if "bug" in texts:
            raise ZeroDivisionError(f"secret {texts}")
        time.sleep(WAIT_S * texts.count("wait"))
        return super().assess(utterances)


class Together(Moody):
    """Says in its answers how many clips it was given at once."""

    batch_size = 4

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        found = super().assess(utterances)
        return [one.model_copy(update={"model": f"together {len(utterances)}"}) for one in found]


def load() -> FakeAssessor:
    model = sys.argv[1]
    if model == "none":
        raise ModelNotFoundError("there is no such model")
    return Together() if model == "together" else Moody()


if __name__ == "__main__":
    run(load, float(sys.argv[2]))
