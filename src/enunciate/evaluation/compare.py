"""Two systems on the same clips: the difference of every main figure, with its paired interval.

Both systems are measured on the speakers that were drawn, the same for both, so that what is hard for both
cancels out. An interval that leaves out 0 says that the systems differ in that figure; of so many figures,
one in twenty will do so by chance where there is no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from enunciate.metrics.agreement import human_score, phone_quality, predicted_score
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
from enunciate.metrics.transcription import Heard, phone_edits, word_edits
from enunciate.metrics.words import word_scores
from enunciate.phones.alignment import EditCounts
from enunciate.schema import ASPECTS, FrozenModel

Better = Literal["A", "B"]


class Difference(FrozenModel):
    """One figure of both systems; None where it cannot be computed."""

    a: float | None
    b: float | None
    difference: float | None
    """`a - b`."""
    ci95: Interval | None
    better: Better | None
    """The better system where the interval leaves out 0; None where no difference is shown."""


class Comparison(FrozenModel):
    """A less B on the clips that both have; the keys of `differences` are paths into `results.json`."""

    models_a: tuple[str, ...]
    models_b: tuple[str, ...]
    n_utterances: int
    n_speakers: int
    n_failed_a: int
    n_failed_b: int
    n_only_a: int
    """Clips that the other system was not asked for, left out here."""
    n_only_b: int
    differences: dict[str, Difference]


@dataclass(frozen=True)
class _Rows:
    """What each item adds to a figure, and who spoke it."""

    values: FloatArray
    speakers: Sequence[str]


def compare(
    a: Sequence[Evaluated], b: Sequence[Evaluated], figures: tuple[Results, Results] | None = None
) -> Comparison:
    """Compares two systems on the clips that both were asked for.

    Args:
        a: Of one system; ids differ.
        b: Of the other. The clips are matched by id.
        figures: Of both, where they are known and all clips are of both.

    Raises:
        PhoneMismatchError: an assessment has other phones than its utterance.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    matching = {pair.utterance.id: pair for pair in b}
    both = [(pair, matching[pair.utterance.id]) for pair in a if pair.utterance.id in matching]
    first, second = [x for x, _ in both], [y for _, y in both]
    figures = figures or (summarise(first), summarise(second))
    rows = _rows(first), _rows(second)
    return Comparison(
        models_a=figures[0].models,
        models_b=figures[1].models,
        n_utterances=len(both),
        n_speakers=figures[0].n_speakers,
        n_failed_a=figures[0].n_failed,
        n_failed_b=figures[1].n_failed,
        n_only_a=len(a) - len(both),
        n_only_b=len(b) - len(both),
        differences={
            name: _difference(name, figures, (rows[0].get(name), rows[1].get(name))) for name in rows[0]
        },
    )


def figure_at(results: Results, path: str) -> float | None:
    """The figure at a path such as `apa.accuracy.pcc`."""
    found: object = results
    for name in path.split("."):
        found = getattr(found, name)
    assert found is None or isinstance(found, int | float), f"{path} is no figure"
    return None if found is None else float(found)


def _difference(
    name: str, figures: tuple[Results, Results], rows: tuple[_Rows | None, _Rows | None]
) -> Difference:
    a, b = (figure_at(results, name) for results in figures)
    if a is None or b is None or rows[0] is None or rows[1] is None:
        return Difference(a=a, b=b, difference=None, ci95=None, better=None)
    statistic = _statistic(name)
    interval = sums_difference_interval(statistic, rows[0].values, rows[1].values, rows[0].speakers)
    return Difference(a=a, b=b, difference=a - b, ci95=interval, better=_better(name, interval))


def _statistic(name: str) -> SumStatistic:
    return pcc_of_sums if name.endswith(".pcc") else ratio_of_sums


def _better(name: str, interval: Interval | None) -> Better | None:
    if interval is None or interval[0] <= 0 <= interval[1]:
        return None
    return "A" if (interval[0] > 0) == higher_is_better(name) else "B"


def higher_is_better(name: str) -> bool:
    """Of correlations, precision, recall and F1; errors and rates of error are better low."""
    return name.rsplit(".", maxsplit=1)[-1] in ("pcc", "precision", "recall", "f1")


# ---------------------------------------------------------------------------------- what the figures sum


def _rows(pairs: Sequence[Evaluated]) -> dict[str, _Rows | None]:
    """By the path of each figure; None where the engine has no such figure."""
    judged = [judged_phones(pair) for pair in pairs]
    speakers = [pair.speaker for pair in pairs]
    found: dict[str, _Rows | None] = {}
    for aspect in ASPECTS:
        scores = [predicted_score(pair, aspect) for pair in pairs]
        values = [None if score is None else score.value for score in scores]
        answers = pair_answers([human_score(pair, aspect) for pair in pairs], values, UTTERANCE_TOP)
        found |= _agreement_rows(f"apa.{aspect}", answers, speakers)
    found |= _phone_rows(judged, speakers)
    human, words, owners = word_scores(pairs, "accuracy")
    values = [None if score is None else score.value for score in words]
    found |= _agreement_rows("word.accuracy", pair_answers(human, values, UTTERANCE_TOP), owners)
    found |= _detection_rows(judged, speakers)
    return found | _error_rate_rows(pairs, judged, speakers)


def _agreement_rows(path: str, answers: Answers, speakers: Sequence[str]) -> dict[str, _Rows | None]:
    own = [speakers[int(i)] for i in answers.index]
    squared = np.stack([answers.squared_error, np.ones_like(answers.squared_error)], axis=1)
    return {
        f"{path}.pcc": _Rows(pcc_rows(answers.human, answers.predicted), own),
        f"{path}.mse": _Rows(squared, own),
    }


def _phone_rows(judged: Sequence[Sequence[JudgedPhone]], speakers: Sequence[str]) -> dict[str, _Rows | None]:
    phones = [phone for utterance in judged for phone in utterance]
    owners = [speaker for speaker, utterance in zip(speakers, judged, strict=True) for _ in utterance]
    scores = [phone_quality(phone) for phone in phones]
    values = [None if score is None else score.value for score in scores]
    answers = pair_answers([phone.human_score for phone in phones], values, PHONE_TOP)
    return _agreement_rows("phone", answers, owners)


def _detection_rows(
    judged: Sequence[Sequence[JudgedPhone]], speakers: Sequence[str]
) -> dict[str, _Rows | None]:
    each = [detect(utterance) for utterance in judged]
    if not any(phone.predicted for utterance in judged for phone in utterance):
        return {f"mdd.{name}": None for name in SHARES}  # an engine that judges no phones
    return {
        f"mdd.{name}": _Rows(_pairs([share(one) for one in each]), speakers) for name, share in SHARES.items()
    }


def _error_rate_rows(
    pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]], speakers: Sequence[str]
) -> dict[str, _Rows | None]:
    known = [(pair, utterance) for pair, utterance in zip(pairs, judged, strict=True) if utterance]
    free = [edits_without_text(utterance, pair.free_phones) for pair, utterance in known]
    return {
        "mdd.per_with_text": _edit_rows([edits_with_text(utterance) for utterance in judged], speakers),
        "recognition.per_without_text": _edit_rows(free, [pair.speaker for pair, _ in known]),
        "per": _heard_rows(phone_edits(pairs)),
        "wer": _heard_rows(word_edits(pairs)),
    }


def _heard_rows(heard: Sequence[Heard]) -> _Rows | None:
    return _edit_rows([one.edits for one in heard], [one.pair.speaker for one in heard]) if heard else None


def _edit_rows(edits: Sequence[EditCounts], speakers: Sequence[str]) -> _Rows:
    return _Rows(_pairs([(one.errors, one.n_reference) for one in edits]), speakers)


def _pairs(rows: Sequence[tuple[int, int]]) -> FloatArray:
    return np.array(rows, dtype=np.float64).reshape(-1, 2)
