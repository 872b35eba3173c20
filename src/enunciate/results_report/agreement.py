"""Agreement of columns of scores with those of people, for any number of clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from enunciate.metrics.bootstrap import Interval, pcc_interval
from enunciate.metrics.correlation import FloatArray, correlate, pair_score_arrays, pearson, rank_answers
from enunciate.metrics.partial_correlation import PartialCorrelation, partial_correlation
from enunciate.results_report.clip_table import ClipTable, Codes
from enunciate.schema import Aspect

MOST_SPEAKERS = 5_000
"""The maximum number of groups that the bootstrap draws. More speakers are merged into this many at
random: the intervals are nearly the same, and resampling is fast."""


@dataclass(frozen=True)
class ScoreAgreement:
    """Agreement in one aspect; a metric that is undefined is None."""

    n: int
    pcc: float | None
    pcc_ci95: Interval | None
    spearman: float | None
    spearman_ci95: Interval | None
    beyond: PartialCorrelation
    """The partial correlation given `controls`."""
    mse: float | None
    bias: float | None
    coverage: float | None
    """The share of human scores inside the predicted intervals."""


def score_agreement(table: ClipTable, aspect: Aspect) -> ScoreAgreement | None:
    """Compare an aspect with the human scores; None where there are none."""
    columns = table.columns
    if f"human_{aspect}" not in columns:
        return None
    answers = pair_score_arrays(columns[f"human_{aspect}"], columns[aspect])
    ranked = rank_answers(answers)
    speakers = speaker_codes(table)[answers.index]
    correlation = correlate(answers)
    made = answers.answered
    low, high = (columns[f"{aspect}{end}"][answers.index][made] for end in ("_low", "_high"))
    human, predicted = answers.human[made], answers.predicted[made]
    return ScoreAgreement(
        n=correlation.n,
        pcc=correlation.pcc,
        pcc_ci95=pcc_interval(answers.human, answers.predicted, speakers),
        spearman=pearson(ranked.human, ranked.predicted),
        spearman_ci95=pcc_interval(ranked.human, ranked.predicted, speakers),
        beyond=partial_correlation(answers, controls(table)[answers.index], speakers),
        mse=correlation.mse,
        bias=float((predicted - human).mean()) if len(human) else None,
        coverage=float(((low <= human) & (human <= high)).mean()) if len(human) else None,
    )


def controls(table: ClipTable) -> FloatArray:
    """Return the predictors of the stopwatch for each clip, shape (N, 7), as in `stopwatch.predictors`.

    The span of speech is the one over which the engine counted the phones per second.
    """
    columns = table.columns
    duration, phones, rate = (columns[name] for name in ("duration_s", "n_phones", "phones_per_s"))
    with np.errstate(divide="ignore", invalid="ignore"):
        span = phones / rate
        stacked = np.stack(
            [duration, span, np.log(duration), np.log(span), phones, np.log(phones), rate], axis=1
        )
    stacked[~np.isfinite(stacked).all(axis=1)] = np.nan
    return stacked


def speaker_codes(table: ClipTable) -> Codes:
    """Return the index of the speaker of each clip; each clip without a speaker has one of its own."""
    divided = table.divided("speaker")
    n_clips = len(table.columns["failed"])
    if divided is None:
        codes = np.arange(n_clips)
    else:
        unknown = divided.codes == (len(divided.names) - 1 if None in divided.names else -1)
        codes = np.where(unknown, len(divided.names) + np.arange(n_clips), divided.codes)
    if int(codes.max(initial=0)) < MOST_SPEAKERS:
        return codes
    groups = np.random.default_rng(0).integers(0, MOST_SPEAKERS, int(codes.max()) + 1)
    return groups[codes]
