"""The two files of a shard of synthetic clips.

shard-0000.npz    samples: int16 at 16 kHz, all clips end to end; offsets: (clips + 1,)
shard-0000.jsonl  {"id": "flite-0000-0000", "engine": "flite", "voice": "flite-slt",
"text": "we call it bear", "canonical": ["W", "IY", ...], "spoken": ["V", "IY", ...],
"segments": [["SIL", 0.0, 0.31], ["V", 0.31, 0.36], ...]}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from enunciate.corpus.synthetic.clip import SyntheticClip
from enunciate.errors import CorpusError


def write_shard(clips: Sequence[SyntheticClip], folder: Path, stem: str) -> None:
    """Write a shard; the samples come first, so that a `.jsonl` file means that the shard is complete."""
    samples = np.concatenate([clip.samples for clip in clips])
    offsets = np.cumsum([0, *(len(clip.samples) for clip in clips)])
    unfinished = folder / f".{stem}.{os.getpid()}"
    with unfinished.open("wb") as stream:
        np.savez(stream, samples=samples, offsets=offsets)
    unfinished.replace(folder / f"{stem}.npz")
    fields = ("id", "engine", "voice", "text", "canonical", "spoken", "segments")
    lines = (json.dumps({name: getattr(clip, name) for name in fields}) for clip in clips)
    unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
    unfinished.replace(folder / f"{stem}.jsonl")


def read_shards(folder: Path) -> Iterator[SyntheticClip]:
    """Yield the clips of all complete shards of a folder, in order.

    Raises:
        CorpusError: The folder has no complete shard, or the two files of a shard do not match.
    """
    labels = sorted(folder.glob("shard-*.jsonl"))
    if not labels:
        raise CorpusError(f"no finished shard in {folder}: run python -m enunciate.corpus.synthetic first")
    for path in labels:
        yield from _read_shard(path)


def read_rows(path: Path) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.int16]]]:
    """Yield the labels and the samples of each clip of a file of JSON lines with its `.npz` file beside it.

    Raises:
        CorpusError: The two files do not match.
    """
    with np.load(path.with_suffix(".npz")) as arrays:
        samples, offsets = arrays["samples"], arrays["offsets"]
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if len(rows) != len(offsets) - 1:
        raise CorpusError(f"{path} has {len(rows)} lines for {len(offsets) - 1} clips: make it again")
    for row, start, end in zip(rows, offsets[:-1], offsets[1:], strict=True):
        yield row, samples[start:end]


def _read_shard(path: Path) -> Iterator[SyntheticClip]:
    for row, samples in read_rows(path):
        row["segments"] = tuple((phone, start_s, end_s) for phone, start_s, end_s in row["segments"])
        row["canonical"], row["spoken"] = tuple(row["canonical"]), tuple(row["spoken"])
        yield SyntheticClip(**row, samples=samples)
