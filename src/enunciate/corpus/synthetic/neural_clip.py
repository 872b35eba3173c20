"""Clips of neural voices, and the files that hold them.

A neural voice does not tell when it says which phone, so its clips have no times. The two files of a set:

neural-joe.npz      samples: int16 at 16 kHz, all clips end to end; offsets: (clips + 1,)
neural-joe.jsonl    {"id": "neural-joe-0", "engine": "joe", "voice": "joe", "kind": "wrong",
"text": "i think", "speed": 1.1, "held_out": false,
"words": [["i", ["AY1"]], ["think", ["TH", "IH1", "NG", "K"]]],
"said": [["AY"], ["S"], ["IH"], ["NG"], ["K"]]}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from enunciate.corpus.synthetic.shard_files import read_rows
from enunciate.errors import CorpusError

PREFIX = "neural-"
Kind = Literal["good", "wrong", "hesitant"]
"""A good reading, one with mispronunciations, or a slow one with pauses."""
Word = tuple[str, tuple[str, ...]]
"""A word and its canonical phones, with stress."""


@dataclass(frozen=True)
class NeuralClip:
    """One sentence read by a neural voice, with the phones of a correct reading and those that were said."""

    id: str
    engine: str
    voice: str
    kind: Kind
    text: str
    speed: float
    """The rate relative to the voice's own."""
    held_out: bool
    """Whether its sentence is kept for tests."""
    words: tuple[Word, ...]
    said: tuple[tuple[str, ...], ...]
    """For each canonical phone of all words, the phones that were said in its place: none, one or two."""
    samples: npt.NDArray[np.int16]
    """`(n,)` at 16 kHz."""


def write_neural(clips: Sequence[NeuralClip], folder: Path, name: str) -> None:
    """Write a set of clips; the samples come first, so that a `.jsonl` file means a complete set."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = np.concatenate([clip.samples for clip in clips])
    np.savez(
        folder / f"{PREFIX}{name}.npz",
        samples=samples,
        offsets=np.cumsum([0, *(len(clip.samples) for clip in clips)]),
    )
    fields = ("id", "engine", "voice", "kind", "text", "speed", "held_out", "words", "said")
    lines = (json.dumps({name: getattr(clip, name) for name in fields}) for clip in clips)
    partial = folder / f".{PREFIX}{name}.partial"
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    partial.replace(folder / f"{PREFIX}{name}.jsonl")


def read_neural(folder: Path) -> Iterator[NeuralClip]:
    """Yield the clips of all sets of a folder, in order.

    Raises:
        CorpusError: The folder has no set, or the two files of a set do not match.
    """
    labels = sorted(folder.glob(f"{PREFIX}*.jsonl"))
    if not labels:
        raise CorpusError(
            f"no clips of neural voices in {folder}: run python -m enunciate.corpus.synthetic.neural first"
        )
    for path in labels:
        yield from _read_set(path)


def read_learnable(folder: Path, limit: int | None = None) -> Iterator[NeuralClip]:
    """Yield the clips that are not kept for tests, the first `limit` of them.

    Raises:
        CorpusError: As `read_neural`.
    """
    return islice((clip for clip in read_neural(folder) if not clip.held_out), limit)


def _read_set(path: Path) -> Iterator[NeuralClip]:
    for row, samples in read_rows(path):
        row["words"] = tuple((text, tuple(phones)) for text, phones in row["words"])
        row["said"] = tuple(tuple(sounds) for sounds in row["said"])
        yield NeuralClip(**row, samples=samples)
