"""Assesses a corpus with one engine, writing each clip to disk as it is done, and computes the metrics.

OUT/predictions.jsonl has one line per utterance, in the order in which they were assessed:
    {"id": "000030012", "speaker": "0003", "assessment": {...} | null, "free_phones": ["M", "AA", ...] | null,
     "error": null | "audio_silent: ..."}
It is written batch by batch and records what is done, so that a run that was stopped can resume.
OUT/results.json is written at the end, whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from enunciate.batching import batches_of_similar_length
from enunciate.engines import Assessor, OnePassAssessor, answer_each
from enunciate.errors import CorpusError, EnunciateError, MissingExtraError, OutputError
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.results import Results, summarise
from enunciate.metrics.stopwatch import utterance_predictors
from enunciate.progress import Progress
from enunciate.schema import Assessment, FrozenModel, Utterance
from enunciate.storage import append_rows, resume_rows, write_whole, writing_to

PREDICTIONS = "predictions.jsonl"
RESULTS = "results.json"


class Prediction(FrozenModel):
    """One line of `predictions.jsonl`."""

    id: str
    speaker: str | None
    assessment: Assessment | None
    free_phones: tuple[str, ...] | None
    error: str | None
    """The code and the message of the error, in assessment or recognition."""


def evaluate(
    assessor: Assessor,
    utterances: Sequence[Utterance],
    out_dir: Path,
    *,
    with_text: bool = True,
    progress: Progress | None = None,
) -> Results:
    """Assess the utterances that are not assessed yet, then write and return the metrics of all.

    A clip that the engine refuses becomes a row with its error and counts as failed; it is not tried again
    when the run resumes.

    Args:
        assessor: The engine.
        utterances: The corpus with its labels; ids must differ.
        out_dir: The folder for `predictions.jsonl` and `results.json`; it is created if it does not exist.
        with_text: Whether the engine is told the reference text and its phones.
        progress: Called as the run proceeds.

    Raises:
        CorpusError: Two utterances have the same id.
        OutputError: The folder cannot be written, or holds the predictions of another run.
        PhoneMismatchError: An assessment has other phones than its utterance.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    _check_extras()
    _check_ids(utterances)
    path = out_dir / PREDICTIONS
    with writing_to(out_dir):
        out_dir.mkdir(parents=True, exist_ok=True)
        rows = resume_rows(path, Prediction.model_validate_json, "a prediction")
        done = {row.id: row for row in rows}
        _check_same_run(path, done, utterances)
        if not with_text:
            _check_without_text(path, done)
        with path.open("a", encoding="utf-8") as lines:
            for batch in _batches(utterances, done, assessor.batch_size, progress):
                rows = _predict(assessor, batch if with_text else [_without_text(one) for one in batch])
                _check_same_model(path, done, rows)
                append_rows(lines, rows)
                done |= {row.id: _as_written(row) for row in rows}
        return _write_results(out_dir, utterances, done)


def evaluate_predictions(
    predictions: Sequence[Prediction], utterances: Sequence[Utterance], out_dir: Path
) -> Results:
    """Write predictions that another system made, and the metrics of them, as `evaluate` does.

    Args:
        predictions: One for each utterance.
        utterances: The corpus with its labels; ids must differ.
        out_dir: The folder for `predictions.jsonl` and `results.json`.

    Raises:
        CorpusError: Two utterances have the same id.
        OutputError: The folder cannot be written.
        PhoneMismatchError: An assessment has other phones than its utterance.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    _check_extras()
    _check_ids(utterances)
    done = {row.id: _as_written(row) for row in predictions}
    with writing_to(out_dir):
        out_dir.mkdir(parents=True, exist_ok=True)
        write_whole(out_dir / PREDICTIONS, "".join(f"{row.model_dump_json()}\n" for row in predictions))
        return _write_results(out_dir, utterances, done)


def _without_text(utterance: Utterance) -> Utterance:
    return utterance.model_copy(update={"text": None, "words": None})


def _write_results(out_dir: Path, utterances: Sequence[Utterance], done: dict[str, Prediction]) -> Results:
    pairs = [_evaluated(utterance, done[utterance.id]) for utterance in utterances]
    results = summarise(pairs, utterance_predictors(utterances))
    write_whole(out_dir / RESULTS, results.model_dump_json(indent=2) + "\n")
    return results


def _as_written(row: Prediction) -> Prediction:
    """Return a row as it is read from the file, so that a resumed run has exactly the same results."""
    return Prediction.model_validate_json(row.model_dump_json())


def read_predictions(out_dir: Path, utterances: Sequence[Utterance]) -> list[Evaluated]:
    """Return the predictions that `evaluate` wrote to a folder, paired with these utterances.

    Raises:
        OutputError: A row is broken, or an utterance has none.
    """
    path = out_dir / PREDICTIONS
    done = {row.id: row for row in resume_rows(path, Prediction.model_validate_json, "a prediction")}
    missing = [utterance.id for utterance in utterances if utterance.id not in done]
    if missing:
        raise OutputError(
            f"{path} has no row for {missing[0]} and {len(missing) - 1} more: rerun the evaluation"
        )
    return [_evaluated(utterance, done[utterance.id]) for utterance in utterances]


def _batches(
    utterances: Sequence[Utterance], done: dict[str, Prediction], size: int, progress: Progress | None
) -> Iterator[list[Utterance]]:
    todo = [utterance for utterance in utterances if utterance.id not in done]
    n_done = len(utterances) - len(todo)
    for batch in batches_of_similar_length(todo, size):
        if progress:
            progress(n_done, len(utterances))
        n_done += len(batch)
        yield [todo[index] for index in batch]
    if progress:
        progress(len(utterances), len(utterances))


# ------------------------------------------------------------------------------------------ predicting


def _predict(assessor: Assessor, batch: Sequence[Utterance]) -> list[Prediction]:
    if isinstance(assessor, OnePassAssessor):
        return _predict_at_once(assessor, batch)
    assessed = answer_each(assessor.assess, batch)
    recognised = answer_each(assessor.recognise, batch)
    return [
        _prediction(utterance, assessment, phones)
        for utterance, assessment, phones in zip(batch, assessed, recognised, strict=True)
    ]


def _predict_at_once(assessor: OnePassAssessor, batch: Sequence[Utterance]) -> list[Prediction]:
    """Assess and recognise in one pass; where that fails, try each on its own, since one of them may work."""
    predictions: list[Prediction] = []
    for utterance, both in zip(batch, answer_each(assessor.assess_and_recognise, batch), strict=True):
        if isinstance(both, EnunciateError):
            (assessed,) = answer_each(assessor.assess, [utterance])
            (recognised,) = answer_each(assessor.recognise, [utterance])
        else:
            assessed, recognised = both
        predictions.append(_prediction(utterance, assessed, recognised))
    return predictions


def _prediction(
    utterance: Utterance,
    assessment: Assessment | EnunciateError,
    phones: tuple[str, ...] | EnunciateError | None,
) -> Prediction:
    failures = [answer for answer in (assessment, phones) if isinstance(answer, EnunciateError)]
    return Prediction(
        id=utterance.id,
        speaker=utterance.speaker,
        assessment=None if isinstance(assessment, EnunciateError) else assessment,
        free_phones=None if isinstance(phones, EnunciateError) else phones,
        error=f"{failures[0].code}: {failures[0]}" if failures else None,
    )


def _evaluated(utterance: Utterance, row: Prediction) -> Evaluated:
    return Evaluated(utterance, row.assessment, row.free_phones)


# ---------------------------------------------------------------------------------------------- checks


def _check_extras() -> None:
    """Check before the first clip: without them the metrics would fail only after the last."""
    for package in ("scipy", "kaldialign", "jiwer"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "eval")


def _check_ids(utterances: Sequence[Utterance]) -> None:
    seen: set[str] = set()
    for utterance in utterances:
        if utterance.id in seen:
            raise CorpusError(f"two utterances have the id {utterance.id}: ids must differ")
        seen.add(utterance.id)


def _check_same_run(path: Path, done: dict[str, Prediction], utterances: Sequence[Utterance]) -> None:
    unknown = sorted(done.keys() - {utterance.id for utterance in utterances})
    if unknown:
        raise OutputError(
            f"{path} belongs to a different run: {len(unknown)} of its ids, such as {unknown[0]}, are not"
            " in this corpus. Give another output folder"
        )


def _check_same_model(path: Path, done: dict[str, Prediction], rows: Sequence[Prediction]) -> None:
    """Refuse to resume with another engine than the run began with."""
    before = {row.assessment.model for row in done.values() if row.assessment}
    now = {row.assessment.model for row in rows if row.assessment}
    if before and now - before:
        raise OutputError(
            f"{path} belongs to a different run: it was made by {', '.join(sorted(before))}, and this is "
            f"{', '.join(sorted(now - before))}. Give another output folder"
        )


def _check_without_text(path: Path, done: dict[str, Prediction]) -> None:
    """Refuse to add assessments without the reference text to those that used it."""
    if any(row.assessment.used_reference for row in done.values() if row.assessment):
        raise OutputError(
            f"{path} belongs to a different run: its assessments used the reference text. Give another folder"
        )
