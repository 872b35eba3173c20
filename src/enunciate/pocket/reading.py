"""From an alignment and the scorer's numbers to an `Assessment`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.pocket.calibration import Calibration, Interval, word_score
from enunciate.pocket.features import Outputs, mean_fit, mean_log_posteriors
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.phone_timing import pauses, rates
from enunciate.pocket.pitch import FRAME_S
from enunciate.pocket.symbols import SILENCE, phone_of
from enunciate.schema import (
    ASPECTS,
    Assessment,
    Notice,
    PhoneQuality,
    PhoneResult,
    Rates,
    Score,
    Utterance,
    WordResult,
)

Array = npt.NDArray[np.float64]
OMITTED_BELOW = -5.0
"""Mean log-probability of a word's phones under which the word was not said, if its time is short too."""
OMITTED_FRAMES = 2.0
"""Mean frames a phone up to which a word's time is short."""


@dataclass(frozen=True)
class Scores:
    """What the scorer said of U phones."""

    phone: Array
    """(U,) 0 to 2."""
    wrong: Array
    """(U,) probability of a mispronunciation."""
    utterance: Array
    """(4,) 0 to 10."""


def reference_result(
    utterance: Utterance,
    model: str,
    duration_s: float,
    words: Sequence[str],
    out: Outputs,
    found: Alignment,
    scores: Scores,
    calibration: Calibration,
    notices: Sequence[Notice],
    *,
    mismatch: bool,
) -> Assessment:
    """Everything about a clip whose text is known; with `mismatch`, something else was said."""
    phones = _phones(out, found, scores, calibration)
    said = [_word_said(out, found, index) for index in range(len(words))]
    results = tuple(
        _word(text, [phones[k] for k in np.flatnonzero(found.word == index)], said[index], calibration.word)
        for index, text in enumerate(words)
    )
    complete = 10.0 * float(np.mean(said))
    return Assessment(
        id=utterance.id,
        model=model,
        duration_s=duration_s,
        text=utterance.text,
        used_reference=True,
        **(_levels(calibration) if mismatch else _aspects(scores, calibration.utterance)),
        completeness=Score(value=complete, low=complete, high=complete),
        words=results,
        phones=tuple(phones),
        pauses=pauses(found),
        rates=rates(found, n_words=len(words)),
        warnings=tuple(notices),
        transcript=None,
        unparsable=(),
    )


def free_result(
    utterance: Utterance,
    model: str,
    duration_s: float,
    out: Outputs,
    found: Alignment | None,
    scores: Scores | None,
    calibration: Calibration,
    notices: Sequence[Notice],
) -> Assessment:
    """What can be said of a clip without its text: the phones heard, rates, pauses, and scores of the whole.

    `found` and `scores` are None where no phone was heard.
    """
    phones: list[PhoneResult] = []
    if found is not None:
        for posterior, label, start, end in zip(_posteriors(out, found), *_columns(found), strict=True):
            phones.append(
                PhoneResult(
                    phone=phone_of(label),
                    start_s=start * FRAME_S,
                    end_s=end * FRAME_S,
                    heard=phone_of(label),
                    heard_probability=float(posterior[label]),
                    score=None,
                    mispronounced=False,
                )
            )
    nothing = Rates(phones_per_s=0.0, words_per_s=None, articulation_phones_per_s=0.0)
    return Assessment(
        id=utterance.id,
        model=model,
        duration_s=duration_s,
        text=utterance.text,
        used_reference=False,
        **_aspects(scores, calibration.free),
        completeness=None,
        words=(),
        phones=tuple(phones),
        pauses=pauses(found) if found else (),
        rates=rates(found, n_words=None) if found else nothing,
        warnings=tuple(notices),
        transcript=None,
        unparsable=(),
    )


def _phones(out: Outputs, found: Alignment, scores: Scores, calibration: Calibration) -> list[PhoneResult]:
    results: list[PhoneResult] = []
    for index, (posterior, label, start, end) in enumerate(
        zip(_posteriors(out, found), *_columns(found), strict=True)
    ):
        wrong = bool(scores.wrong[index] >= calibration.threshold)
        heard = label
        if wrong:  # what was said instead: the best rival, where silence means that nothing was said
            rivals = posterior.copy()
            rivals[label] = -1.0
            heard = int(rivals.argmax())
        value = float(scores.phone[index])
        low, high = calibration.phone.at(value)
        results.append(
            PhoneResult(
                phone=phone_of(label),
                start_s=start * FRAME_S,
                end_s=end * FRAME_S,
                heard=None if heard == SILENCE else phone_of(heard),
                heard_probability=min(float(posterior[heard]), 1.0),
                score=PhoneQuality(value=value, low=low, high=high),
                mispronounced=wrong,
            )
        )
    return results


def _columns(found: Alignment) -> tuple[list[int], list[int], list[int]]:
    return found.classes.tolist(), found.start.tolist(), found.end.tolist()


def _posteriors(out: Outputs, found: Alignment) -> Array:
    """(U, 40): the classes' probabilities over each phone's time, a geometric mean of its frames'."""
    powers = np.exp(mean_log_posteriors(out, found).astype(np.float64))
    return powers / powers.sum(axis=1, keepdims=True)


def _word_said(out: Outputs, found: Alignment, word: int) -> bool:
    inside = np.flatnonzero(found.word == word)
    fit = mean_fit(out, found, inside)
    frames = float((found.end[inside] - found.start[inside]).mean())
    return not (fit < OMITTED_BELOW and frames <= OMITTED_FRAMES)


def _word(text: str, phones: list[PhoneResult], said: bool, interval: Interval) -> WordResult:
    value = (
        word_score(np.array([phone.score.value for phone in phones if phone.score is not None]))
        if said
        else 0.0
    )
    error = (
        "omission" if not said else ("mispronunciation" if any(p.mispronounced for p in phones) else "none")
    )
    return WordResult(
        text=text,
        start_s=phones[0].start_s,
        end_s=phones[-1].end_s,
        score=_score(value, interval),
        error=error,
        phones=tuple(phones),
    )


def _aspects(scores: Scores | None, tables: dict[str, Interval]) -> dict[str, Score | None]:
    if scores is None:
        return dict.fromkeys(ASPECTS)
    values = zip(ASPECTS, scores.utterance.tolist(), strict=True)
    return {aspect: _score(value, tables[aspect]) for aspect, value in values}


def _levels(calibration: Calibration) -> dict[str, Score | None]:
    levels = calibration.mismatch.items()
    return {aspect: Score(value=level.value, low=level.low, high=level.high) for aspect, level in levels}


def _score(value: float, interval: Interval) -> Score:
    low, high = interval.at(value)
    return Score(value=value, low=low, high=high)
