"""Many clips: a manifest lists them, and JSON lines receive their results as they come.

A manifest has one clip per line; `text` and `id` are optional; `audio` is relative to the manifest's folder:
    {"audio": "clips/ada.wav", "text": "I think the weather is nice today.", "id": "ada-1"}
The rows come in the order of the clips: an `Assessment`, or a `Failure` if the clip could not be assessed:
    {"id": "ada-1", "model": "pocket 1", "duration_s": 2.9, ...}
    {"id": "bob-1", "audio": "clips/bob.wav", "error": {"code": "audio_silent", "message": "..."}}
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TextIO

from pydantic import Field, TypeAdapter, ValidationError

from enunciate.engines import Assessor, assess_each
from enunciate.errors import ManifestError, OutputError
from enunciate.progress import Progress
from enunciate.schema import Assessment, Failure, FrozenModel, Utterance
from enunciate.storage import append_rows, resume_rows, writing_to

logger = logging.getLogger(__name__)


class ManifestEntry(FrozenModel):
    """One line of a manifest."""

    audio: Annotated[str, Field(min_length=1)]
    text: str | None = None
    id: Annotated[str, Field(min_length=1)] | None = None
    """Unique in the manifest; `audio`, as it is written in the line, if it is not given."""


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


# ----------------------------------------------------------------------------------- reading a manifest


def utterances_from(paths: Sequence[Path], text: str | None) -> list[Utterance]:
    """Make one utterance per path, all with the same reference text; repeated paths are dropped."""
    return [Utterance(id=str(path), audio=path, text=text) for path in dict.fromkeys(paths)]


def read_manifest(path: Path) -> list[Utterance]:
    """Read and check a whole manifest; empty lines are skipped.

    Raises:
        ManifestError: It cannot be read, has no clips, or has a line that is wrong, whose number the message
            tells.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"manifest {path} cannot be read ({error}): give a UTF-8 text file") from None
    first_line: dict[str, int] = {}
    utterances: list[Utterance] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        utterance = _utterance(path, number, line)
        if utterance.id in first_line:
            raise ManifestError(
                f"{path}, lines {first_line[utterance.id]} and {number} have the same id "
                f"'{utterance.id}': give each line an \"id\" of its own"
            )
        first_line[utterance.id] = number
        utterances.append(utterance)
    if not utterances:
        raise ManifestError(f'manifest {path} has no clips: write lines such as {{"audio": "a.wav"}}')
    return utterances


def _utterance(path: Path, number: int, line: str) -> Utterance:
    try:
        entry = ManifestEntry.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ManifestError(
            f"{path}, line {number}: {key + ': ' if key else ''}{first['msg']}. Write the line like this: "
            '{"audio": "a.wav", "text": "what was read", "id": "a"}'
        ) from None
    return Utterance(id=entry.id or entry.audio, audio=path.parent / entry.audio, text=entry.text)


# ------------------------------------------------------------------------------------------ assessing


def assess_to_stream(
    assessor: Assessor,
    utterances: Sequence[Utterance],
    lines: TextIO,
    *,
    convert: Callable[[Assessment], Assessment] | None = None,
    progress: Progress | None = None,
) -> RunCounts:
    """Assess clips and write their rows as they come.

    Args:
        assessor: The engine.
        utterances: Clips with unique ids.
        lines: Receives the rows.
        convert: Applied to each assessment before it is written, for instance to write its phones in IPA.
        progress: Told how far the run is.
    """
    return _write(assessor, utterances, [], lines, convert, progress)


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
            return _write(assessor, utterances, earlier, lines, convert, progress)


def _write(
    assessor: Assessor,
    utterances: Sequence[Utterance],
    earlier: Sequence[_EarlierRow],
    lines: TextIO,
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
        append_rows(lines, [convert(row) if convert and isinstance(row, Assessment) else row])
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
