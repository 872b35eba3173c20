"""Two systems on the same clips: the difference of every main metric, with its paired interval.

The bootstrap draws the same speakers for both systems, so that what is hard for both cancels out. An interval
that excludes 0 says that the systems differ in that metric; without any difference, one metric in twenty
still shows one by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from enunciate.metrics.agreement import human_score, mse_rows, phone_quality, predicted_score
from enunciate.metrics.bootstrap import (
    Interval,
    SumStatistic,
    pcc_of_sums,
    pcc_rows,
    ratio_of_sums,
    sums_difference_interval,
)
from enunciate.metrics.correlation import (
    PHONE_TOP,
    UTTERANCE_TOP,
    Answers,
    FloatArray,
    pair_answers,
)
from enunciate.metrics.mdd import SHARES, detect, edits_with_text, edits_without_text
from enunciate.metrics.pairs import Evaluated, JudgedPhone, judged_phones
from enunciate.metrics.results import Results, summarise
from enunciate.metrics.transcription import UtteranceEdits, phone_edits, word_edits
from enunciate.metrics.words import word_scores
from enunciate.phones.alignment import EditCounts
from enunciate.schema import ASPECTS, FrozenModel

Better = Literal["A", "B"]


class Difference(FrozenModel):
    """One metric of both systems; None where it is undefined."""

    a: float | None
    b: float | None
    difference: float | None
    """`a - b`."""
    ci95: Interval | None
    better: Better | None
    """The better system where the interval excludes 0; None where no difference is shown."""


class Comparison(FrozenModel):
    """A minus B on the clips of both; the keys of `differences` are paths into `results.json`."""

    models_a: tuple[str, ...]
    models_b: tuple[str, ...]
    n_utterances: int
    n_speakers: int
    n_failed_a: int
    n_failed_b: int
    n_only_a: int
    """Clips on which the other system was not evaluated, left out here."""
    n_only_b: int
    differences: dict[str, Difference]


@dataclass(frozen=True)
class _Summands:
    """The summands of each item for a metric, shape `(N, K)`, and the speaker of each item."""

    values: FloatArray
    speakers: Sequence[str]


def compare(
    a: Sequence[Evaluated], b: Sequence[Evaluated], results: tuple[Results, Results] | None = None
) -> Comparison:
    """Compare two systems on the clips on which both were evaluated.

    Args:
        a: The clips of one system; their ids differ.
        b: The clips of the other system, matched by id.
        results: The metrics of both, where they are known and both have the same clips.

    Raises:
        PhoneMismatchError: An assessment has other phones than its utterance.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    matching = {pair.utterance.id: pair for pair in b}
    both = [(pair, matching[pair.utterance.id]) for pair in a if pair.utterance.id in matching]
    first, second = [x for x, _ in both], [y for _, y in both]
    results = results or (summarise(first), summarise(second))
    summands = _summands(first), _summands(second)
    return Comparison(
        models_a=results[0].models,
        models_b=results[1].models,
        n_utterances=len(both),
        n_speakers=results[0].n_speakers,
        n_failed_a=results[0].n_failed,
        n_failed_b=results[1].n_failed,
        n_only_a=len(a) - len(both),
        n_only_b=len(b) - len(both),
        differences={
            path: _difference(path, results, (summands[0].get(path), summands[1].get(path)))
            for path in summands[0]
        },
    )


def metric_at(results: Results, path: str) -> float | None:
    """Return the metric at a path such as `apa.accuracy.pcc`."""
    value: object = results
    for name in path.split("."):
        value = getattr(value, name)
    assert value is None or isinstance(value, int | float), f"{path} is not a metric"
    return None if value is None else float(value)


def _difference(
    path: str, results: tuple[Results, Results], summands: tuple[_Summands | None, _Summands | None]
) -> Difference:
    a, b = (metric_at(one, path) for one in results)
    first, second = summands
    if a is None or b is None or first is None or second is None:
        return Difference(a=a, b=b, difference=None, ci95=None, better=None)
    interval = sums_difference_interval(_statistic(path), first.values, second.values, first.speakers)
    return Difference(a=a, b=b, difference=a - b, ci95=interval, better=_better(path, interval))


def _statistic(path: str) -> SumStatistic:
    return pcc_of_sums if path.endswith(".pcc") else ratio_of_sums


def _better(path: str, interval: Interval | None) -> Better | None:
    if interval is None or interval[0] <= 0 <= interval[1]:
        return None
    return "A" if (interval[0] > 0) == higher_is_better(path) else "B"


def higher_is_better(path: str) -> bool:
    """Whether a metric is better high, as are correlations, precision, recall and F1, or low, as errors."""
    return path.rsplit(".", maxsplit=1)[-1] in ("pcc", "precision", "recall", "f1")


# ------------------------------------------------------------------------------- summands of each metric


def _summands(pairs: Sequence[Evaluated]) -> dict[str, _Summands | None]:
    """The summands of each metric, by its path; None where the engine has no such metric."""
    judged = [judged_phones(pair) for pair in pairs]
    speakers = [pair.speaker for pair in pairs]
    summands: dict[str, _Summands | None] = {}
    for aspect in ASPECTS:
        scores = [predicted_score(pair, aspect) for pair in pairs]
        values = [None if score is None else score.value for score in scores]
        answers = pair_answers([human_score(pair, aspect) for pair in pairs], values, UTTERANCE_TOP)
        summands |= _agreement_summands(f"apa.{aspect}", answers, speakers)
    summands |= _phone_summands(judged, speakers)
    human, words, owners = word_scores(pairs, "accuracy")
    values = [None if score is None else score.value for score in words]
    summands |= _agreement_summands("word.accuracy", pair_answers(human, values, UTTERANCE_TOP), owners)
    summands |= _detection_summands(judged, speakers)
    return summands | _error_rate_summands(pairs, judged, speakers)


def _agreement_summands(path: str, answers: Answers, speakers: Sequence[str]) -> dict[str, _Summands | None]:
    own = [speakers[int(i)] for i in answers.index]
    return {
        f"{path}.pcc": _Summands(pcc_rows(answers.human, answers.predicted), own),
        f"{path}.mse": _Summands(mse_rows(answers), own),
    }


def _phone_summands(
    judged: Sequence[Sequence[JudgedPhone]], speakers: Sequence[str]
) -> dict[str, _Summands | None]:
    phones = [phone for utterance in judged for phone in utterance]
    owners = [speaker for speaker, utterance in zip(speakers, judged, strict=True) for _ in utterance]
    scores = [phone_quality(phone) for phone in phones]
    values = [None if score is None else score.value for score in scores]
    answers = pair_answers([phone.human_score for phone in phones], values, PHONE_TOP)
    return _agreement_summands("phone", answers, owners)


def _detection_summands(
    judged: Sequence[Sequence[JudgedPhone]], speakers: Sequence[str]
) -> dict[str, _Summands | None]:
    each = [detect(utterance) for utterance in judged]
    if not any(phone.predicted for utterance in judged for phone in utterance):
        return {f"mdd.{name}": None for name in SHARES}  # an engine that judges no phones
    return {
        f"mdd.{name}": _Summands(_ratio_rows([share(one) for one in each]), speakers)
        for name, share in SHARES.items()
    }


def _error_rate_summands(
    pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]], speakers: Sequence[str]
) -> dict[str, _Summands | None]:
    with_reference = [(pair, utterance) for pair, utterance in zip(pairs, judged, strict=True) if utterance]
    recognised = [edits_without_text(utterance, pair.recognised_phones) for pair, utterance in with_reference]
    return {
        "mdd.per_with_text": _edit_summands([edits_with_text(utterance) for utterance in judged], speakers),
        "recognition.per_without_text": _edit_summands(
            recognised, [pair.speaker for pair, _ in with_reference]
        ),
        "per": _transcript_summands(phone_edits(pairs)),
        "wer": _transcript_summands(word_edits(pairs)),
    }


def _transcript_summands(utterances: Sequence[UtteranceEdits]) -> _Summands | None:
    if not utterances:
        return None
    return _edit_summands([one.edits for one in utterances], [one.pair.speaker for one in utterances])


def _edit_summands(edits: Sequence[EditCounts], speakers: Sequence[str]) -> _Summands:
    return _Summands(_ratio_rows([(one.errors, one.n_reference) for one in edits]), speakers)


def _ratio_rows(rows: Sequence[tuple[int, int]]) -> FloatArray:
    return np.array(rows, dtype=np.float64).reshape(-1, 2)
