"""Whether a reading whose pitch hardly moves is one whose melody people find poor.

    python benchmarks/monotone.py CORPUS

Takes the clips of the train split of Speechocean762 whose prosodic score is known, and prints the correlation
of that score with the standard deviation of the pitch in semitones: if there is none, no limit to that
deviation tells a monotone reading.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from enunciate import audio
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import AudioError
from enunciate.pocket.pitch import track

FEWEST_FRAMES = 20


def deviation(path: Path) -> float | None:
    """Return the standard deviation of the pitch of a clip; None if too little of it is voiced."""
    try:
        prosody = track(audio.load(path).samples)
    except AudioError:
        return None
    voiced = prosody.tone[prosody.voiced > 0]
    return float(voiced.std()) if len(voiced) >= FEWEST_FRAMES else None


def main() -> None:
    """Measure all clips, and print JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    pairs: list[tuple[float, float]] = []
    for clip in load_corpus(parser.parse_args().corpus, "train"):
        if clip.scores is None or clip.scores.prosodic is None:
            continue
        semitones = deviation(Path(str(clip.audio)))
        if semitones is not None:
            pairs.append((clip.scores.prosodic, semitones))
    scores, semitones = np.array(pairs).T
    lowest = scores[semitones <= np.quantile(semitones, 0.1)]
    result = {
        "clips": len(pairs),
        "correlation": round(float(np.corrcoef(scores, semitones)[0, 1]), 3),
        "mean_score": round(float(scores.mean()), 2),
        "mean_score_of_the_flattest_tenth": round(float(lowest.mean()), 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
