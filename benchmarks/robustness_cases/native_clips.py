"""Readings by native speakers, from a folder of clips.

The folder's README.md, or any other file of Markdown in it, has a table with a row for each clip:

    | file | text |
    |---|---|
    | first.opus | In eighteen thirteen |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from enunciate.audio import load
from enunciate.errors import CorpusError
from robustness_cases.bench import Bench, Reading, Row, flagged_share, mean_scores, not_scored
from robustness_cases.long_readings import NARRATION_S

_ROW = re.compile(r"^\|\s*([\w.-]+\.(?:wav|flac|opus|ogg|mp3))\s*\|\s*(.+?)\s*\|\s*$", re.MULTILINE)


def read_native(folder: Path) -> list[Reading]:
    """The clips of a folder that its tables name.

    Raises:
        CorpusError: there are none.
    """
    pages = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))]
    rows = [match for page in pages for match in _ROW.findall(page) if (folder / match[0]).is_file()]
    if not rows:
        raise CorpusError(f"{folder}: no file of Markdown has a table with lines '| clip.wav | its text |'")
    return [Reading(name, load(folder / name).samples, text) for name, text in rows]


def native_speakers(bench: Bench) -> Iterator[Row]:
    """What people who speak English natively get."""
    short = [reading for reading in bench.native if reading.duration_s < NARRATION_S]
    results = [bench.assess(reading.name, reading.samples, reading.text) for reading in short]
    yield Row(
        "native speakers",
        len(results),
        mean_scores(results) | flagged_share(results) | not_scored(results),
        "about 9.5; under 1% flagged",
    )
    for reading, result in zip(short, results, strict=True):
        yield Row(f"native speaker, {reading.name}", 1, mean_scores([result]) | flagged_share([result]))
