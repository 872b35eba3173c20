"""How much of the audio in batches is padding: in the order of the list, and in batches of similar length.

    python benchmarks/padded_batches.py --corpus FOLDER

A batch is as long as its longest clip. The script counts the seconds of all batches for each second of speech
on the test split: in the order of the corpus and in a shuffled one, each as it is, as `assess_each` puts
batches together (of the next `BATCHES_AHEAD`), and as `evaluate` does (of all). Nothing is assessed or timed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile as sf

from enunciate.batching import batches_of_similar_length
from enunciate.corpus.load import load_any_corpus
from enunciate.engines import BATCHES_AHEAD
from enunciate.schema import Utterance

SIZES = (8, 16, 64)


def padded(clips: Sequence[Utterance], durations_s: dict[str, float], size: int, n_ahead: int) -> float:
    """Return the seconds of all batches for each second of speech, batched from so many clips at a time."""
    total_s = 0.0
    for begin in range(0, len(clips), n_ahead):
        ahead = clips[begin : begin + n_ahead]
        for batch in batches_of_similar_length(ahead, size):
            total_s += len(batch) * max(durations_s[ahead[index].id] for index in batch)
    return total_s / sum(durations_s[clip.id] for clip in clips)


def main() -> None:
    """Print a line for each order of the clips and size of a batch."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    clips = [
        clip
        for clip in load_any_corpus(parser.parse_args().corpus, "test")
        if isinstance(clip.audio, Path) and clip.audio.is_file()
    ]
    durations_s = {clip.id: sf.info(str(clip.audio)).duration for clip in clips}
    shuffled = [clips[index] for index in np.random.default_rng(0).permutation(len(clips))]
    for name, order in {"corpus": clips, "shuffled": shuffled}.items():
        for size in SIZES:
            ways = {"as it is": size, "assess_each": size * BATCHES_AHEAD, "evaluate": len(clips)}
            found = [f"{way} {padded(order, durations_s, size, n):.2f}" for way, n in ways.items()]
            sys.stdout.write(f"{name}, batches of {size}: {', '.join(found)}\n")


if __name__ == "__main__":
    main()
