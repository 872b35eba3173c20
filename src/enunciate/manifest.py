"""Many clips: a manifest that says which, and rows of JSON lines that are written as they come.

A manifest has a line for each clip; `text` and `id` are optional, and `audio` is relative to its folder:
    {"audio": "clips/ada.wav", "text": "I think the weather is nice today.", "id": "ada-1"}
The rows come in the order of the clips: the `Assessment` of a clip, or the `Failure` of one that has none:
    {"id": "ada-1", "model": "pocket 1", "duration_s": 2.9, ...}
    {"id": "bob-1", "audio": "clips/bob.wav", "error": {"code": "audio_silent", "message": "..."}}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TextIO

from pydantic import Field, TypeAdapter, ValidationError

from enunciate.engines import Assessor, BatchAssessor, answer_each
from enunciate.errors import EnunciateError, ManifestError, OutputError
from enunciate.schema import Assessment, FrozenModel, Utterance
from enunciate.storage import append_rows, resume_rows, writing_to

Progress = Callable[[int, int], None]
"""Called with (clips done, clips in all) at the start and after every clip."""


class ManifestEntry(FrozenModel):
    """One line of a manifest."""

    audio: Annotated[str, Field(min_length=1)]
    text: str | None = None
    id: Annotated[str, Field(min_length=1)] | None = None
    """Must differ from all others; `audio`, as it is written here, where it is not given."""


class Problem(FrozenModel):
    """Why a clip could not be assessed."""

    code: str
    message: str


class Failure(FrozenModel):
    """The row of a clip that could not be assessed."""

    id: str
    audio: str
    error: Problem


Row = Assessment | Failure
_ROW = TypeAdapter[Row](Row)


@dataclass(frozen=True)
class _Kept:
    """What a run must know of a row that is there already; a failed clip has no model and no text."""

    id: str
    model: str | None
    text: str | None


@dataclass(frozen=True)
class Counts:
    """What a run came to; `n_kept` of the `n_clips` were there already, from an earlier run."""

    n_clips: int
    n_kept: int
    n_failed: int


# --------------------------------------------------------------------------------------- which clips


def utterances_of(paths: Sequence[Path], text: str | None) -> list[Utterance]:
    """One utterance a path, each read from the same text; a path given twice is assessed once."""
    return [Utterance(id=str(path), audio=path, text=text) for path in dict.fromkeys(paths)]


def read_manifest(path: Path) -> list[Utterance]:
    """Read a manifest whole before anything is assessed; empty lines are skipped.

    Raises:
        ManifestError: it cannot be read, has no clips, or a line is broken; the message names the line.
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
        raise ManifestError(f'manifest {path} has no clips: give lines like {{"audio": "a.wav"}}')
    return utterances


def _utterance(path: Path, number: int, line: str) -> Utterance:
    try:
        entry = ManifestEntry.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ManifestError(
            f"{path}, line {number}: {key + ': ' if key else ''}{first['msg']}. A line looks like "
            '{"audio": "a.wav", "text": "what was read", "id": "a"}'
        ) from None
    return Utterance(id=entry.id or entry.audio, audio=path.parent / entry.audio, text=entry.text)


# ------------------------------------------------------------------------------------------ assessing


def assess_each(assessor: Assessor, utterances: Sequence[Utterance]) -> Iterator[Row]:
    """Assess clips so that a bad one costs no other, and a stop as little as the engine allows.

    That is one at a time, but for engines that gain from more.
    """
    size = assessor.together if isinstance(assessor, BatchAssessor) else 1
    for begin in range(0, len(utterances), size):
        batch = utterances[begin : begin + size]
        for utterance, answer in zip(batch, answer_each(assessor.assess, batch), strict=True):
            if isinstance(answer, EnunciateError):
                problem = Problem(code=answer.code, message=str(answer))
                yield Failure(id=utterance.id, audio=str(utterance.audio), error=problem)
            else:
                yield answer


def assess_to_stream(
    assessor: Assessor,
    utterances: Sequence[Utterance],
    lines: TextIO,
    *,
    form: Callable[[Assessment], Assessment] | None = None,
    progress: Progress | None = None,
) -> Counts:
    """Assess clips and write their rows as they come.

    Args:
        assessor: the engine.
        utterances: with ids that differ.
        lines: where the rows go.
        form: what to make of each assessment before it is written, such as `formats.in_ipa`.
        progress: told how far the run is.
    """
    return _write(assessor, utterances, [], lines, form, progress)


def assess_to_file(
    assessor: Assessor,
    utterances: Sequence[Utterance],
    out: Path,
    *,
    form: Callable[[Assessment], Assessment] | None = None,
    progress: Progress | None = None,
) -> Counts:
    """Assess the clips that have no row in `out` yet, and add their rows there as they come.

    Rows of an earlier run are kept, failures too; a last line that was not finished is done again.

    Args:
        assessor: the engine.
        utterances: with ids that differ.
        out: the file of rows; made, with its folder, if it is not there.
        form: what to make of each assessment before it is written, such as `formats.in_ipa`.
        progress: told how far the run is.

    Raises:
        OutputError: the file cannot be written, or belongs to a different run.
    """
    with writing_to(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        kept = resume_rows(out, _parse_kept, "a row of results")
        _check_same_run(out, kept, utterances, assessor.name)
        with out.open("a", encoding="utf-8") as lines:
            return _write(assessor, utterances, kept, lines, form, progress)


def _write(
    assessor: Assessor,
    utterances: Sequence[Utterance],
    kept: Sequence[_Kept],
    lines: TextIO,
    form: Callable[[Assessment], Assessment] | None,
    progress: Progress | None,
) -> Counts:
    done = {row.id for row in kept}
    n_failed = sum(row.model is None for row in kept)
    todo = [utterance for utterance in utterances if utterance.id not in done]
    if progress:
        progress(len(done), len(utterances))
    for n_done, row in enumerate(assess_each(assessor, todo), start=len(done) + 1):
        n_failed += isinstance(row, Failure)
        append_rows(lines, [form(row) if form and isinstance(row, Assessment) else row])
        if progress:
            progress(n_done, len(utterances))
    return Counts(n_clips=len(utterances), n_kept=len(done), n_failed=n_failed)


def _parse_kept(line: bytes) -> _Kept:
    row = _ROW.validate_json(line)
    return _Kept(row.id, None, None) if isinstance(row, Failure) else _Kept(row.id, row.model, row.text)


def _check_same_run(out: Path, kept: Sequence[_Kept], utterances: Sequence[Utterance], model: str) -> None:
    """Guards against rows of other clips, another text or another model among those of this run."""
    texts = {utterance.id: utterance.text for utterance in utterances}
    for row in kept:
        if row.id not in texts:
            why = f"its clip {row.id} is not among those given"
        elif row.model and row.model != model:
            why = f"it was made by {row.model}, and this is {model}"
        elif row.model and row.text != texts[row.id]:
            why = f"the text of {row.id} was another"
        else:
            continue
        raise OutputError(f"{out} belongs to a different run: {why}. Give another --out, or delete the file")
