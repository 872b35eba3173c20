"""Many clips: JSON lines receive their results as they come.

The rows come in the order of the clips: an `Assessment`, or a `Failure` if the clip could not be assessed:
    {"id": "ada-1", "model": "pocket 1", "duration_s": 2.9, ...}
    {"id": "bob-1", "audio": "clips/bob.wav", "error": {"code": "audio_silent", "message": "..."}}
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from pydantic import TypeAdapter, ValidationError

from enunciate.engines import Assessor, assess_each
from enunciate.errors import OutputError
from enunciate.progress import Progress
from enunciate.schema import Assessment, Failure, Utterance
from enunciate.storage import append_rows, resume_rows, writing_to

logger = logging.getLogger(__name__)


Row = Assessment | Failure
_ROW = TypeAdapter[Row](Row)


@dataclass(frozen=True)
class _EarlierRow:
    """What a resumed run must know of a row that it finds; a failed clip has no model and no text."""

    id: str
    model: str | None
    text: str | None


@dataclass(frozen=True)
class RunCounts:
    """The clips of a run; of these, those that an earlier run did, and those that could not be assessed."""

    n_clips: int
    n_kept: int
    n_failed: int


# ------------------------------------------------------------------------------------------ assessing


def assess_to_stream(
    assessor: Assessor,
    utterances: Sequence[Utterance],
    write: Callable[[Row], None],
    *,
    convert: Callable[[Assessment], Assessment] | None = None,
    progress: Progress | None = None,
) -> RunCounts:
    """Assess clips and hand on their rows as they come.

    Args:
        assessor: The engine.
        utterances: Clips with unique ids.
        write: Receives each row.
        convert: Applied to each assessment before it is written, for instance to write its phones in IPA.
        progress: Told how far the run is.
    """
    return _run(assessor, utterances, [], write, convert, progress)


def write_json_line(lines: TextIO, row: Row) -> None:
    """Write a row as a line of JSON, and flush it."""
    append_rows(lines, [row])


def read_json_rows(path: Path) -> Iterator[Row]:
    """Yield the rows that `assess_to_file` wrote, one at a time.

    Raises:
        OutputError: A line is not a row.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield _ROW.validate_json(line)
            except ValidationError as error:
                raise OutputError(
                    f"{path}, line {number} is not a row of results ({error.errors()[0]['msg']}): "
                    "assess the clips again, into another file"
                ) from None


def assess_to_file(
    assessor: Assessor,
    utterances: Sequence[Utterance],
    out: Path,
    *,
    convert: Callable[[Assessment], Assessment] | None = None,
    progress: Progress | None = None,
) -> RunCounts:
    """Assess the clips that have no row in `out` yet, and append their rows as they come.

    The rows of an earlier run are kept, those of failures too; a row that was cut off is written again.

    Args:
        assessor: The engine.
        utterances: Clips with unique ids.
        out: The file of rows; created, with its folder, if it does not exist.
        convert: Applied to each assessment before it is written, for instance to write its phones in IPA.
        progress: Told how far the run is.

    Raises:
        OutputError: The file cannot be written, or belongs to a different run.
    """
    with writing_to(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        earlier = resume_rows(out, _parse_earlier_row, "a row of results")
        _check_same_run(out, earlier, utterances, assessor.name)
        logger.info("%d of %d clips are in %s already", len(earlier), len(utterances), out)
        with out.open("a", encoding="utf-8") as lines:
            return _run(assessor, utterances, earlier, partial(write_json_line, lines), convert, progress)


def _run(
    assessor: Assessor,
    utterances: Sequence[Utterance],
    earlier: Sequence[_EarlierRow],
    write: Callable[[Row], None],
    convert: Callable[[Assessment], Assessment] | None,
    progress: Progress | None,
) -> RunCounts:
    done = {row.id for row in earlier}
    n_failed = sum(row.model is None for row in earlier)
    todo = [utterance for utterance in utterances if utterance.id not in done]
    if progress:
        progress(len(done), len(utterances))
    for n_done, row in enumerate(assess_each(assessor, todo), start=len(done) + 1):
        n_failed += isinstance(row, Failure)
        write(convert(row) if convert and isinstance(row, Assessment) else row)
        if progress:
            progress(n_done, len(utterances))
    return RunCounts(n_clips=len(utterances), n_kept=len(done), n_failed=n_failed)


def _parse_earlier_row(line: bytes) -> _EarlierRow:
    row = _ROW.validate_json(line)
    if isinstance(row, Failure):
        return _EarlierRow(row.id, None, None)
    return _EarlierRow(row.id, row.model, row.text)


def _check_same_run(
    out: Path, earlier: Sequence[_EarlierRow], utterances: Sequence[Utterance], model: str
) -> None:
    """Refuse a file with rows of other clips, other texts or another model."""
    texts = {utterance.id: utterance.text for utterance in utterances}
    for row in earlier:
        if row.id not in texts:
            why = f"its clip {row.id} is not one of those given"
        elif row.model and row.model != model:
            why = f"it was made by {row.model}, and this is {model}"
        elif row.model and row.text != texts[row.id]:
            why = f"{row.id} had another text"
        else:
            continue
        raise OutputError(f"{out} belongs to a different run: {why}. Give another file, or delete this one")
