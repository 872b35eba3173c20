"""What compression changes: the same clips as WebM and M4A, against the clips as they are.

    python benchmarks/compressed_recordings.py CORPUS [--clips 200]

Takes clips of the train split of Speechocean762 at random, and prints, for each codec and bit rate, by how
much the scores of the utterance move (the mean of the absolute differences, and of the differences) and the
share of words whose verdict (`error`) is another one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
from pathlib import Path

import numpy as np
from recorded_media import recorded

from enunciate import Assessment, audio, load_assessor
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import EnunciateError
from enunciate.schema import ASPECTS

FORMS = (("webm", 128_000), ("webm", 64_000), ("webm", 32_000), ("mp4", 96_000))


def scores(assessment: Assessment) -> list[float]:
    """Return the four scores of the utterance."""
    return [getattr(assessment, aspect).value for aspect in ASPECTS]


def main() -> None:
    """Assess all clips in all forms, and print JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--clips", type=int, default=200)
    arguments = parser.parse_args()
    clips = random.Random(0).sample(load_corpus(arguments.corpus, "train"), arguments.clips)
    engine = load_assessor("pocket", threads=1)
    moved: dict[str, list[list[float]]] = {}
    verdicts: dict[str, list[bool]] = {}
    for clip in clips:
        with contextlib.suppress(EnunciateError):
            (plain,) = engine.assess([clip])
            samples = audio.load(clip.audio).samples
            for container, bit_rate in FORMS:
                data = recorded(samples, audio.SAMPLE_RATE_HZ, container, bit_rate=bit_rate)
                (other,) = engine.assess([clip.model_copy(update={"audio": data})])
                name = f"{container} {bit_rate // 1000} kbit/s"
                differences = np.subtract(scores(other), scores(plain)).tolist()
                moved.setdefault(name, []).append(differences)
                verdicts.setdefault(name, []).extend(
                    one.error != another.error for one, another in zip(plain.words, other.words, strict=True)
                )
    for name, differences in moved.items():
        result = {
            "form": name,
            "clips": len(differences),
            "aspects": ASPECTS,
            "mean_absolute": np.abs(differences).mean(axis=0).round(3).tolist(),
            "mean": np.mean(differences, axis=0).round(3).tolist(),
            "other_verdict": round(float(np.mean(verdicts[name])), 4),
        }
        print(json.dumps(result))


if __name__ == "__main__":
    main()
