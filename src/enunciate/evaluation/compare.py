"""Two systems on the same clips: the difference of every main metric, with its paired interval.

The bootstrap draws the same speakers for both systems, so that what is hard for both cancels out. An interval
that excludes 0 says that the systems differ in that metric; without any difference, one metric in twenty
still shows one by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from enunciate.evaluation.summands import Summands, summands_of
from enunciate.metrics.bootstrap import Interval, sums_difference_interval
from enunciate.metrics.correlation import FloatArray
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.results import Results, summarise
from enunciate.schema import FrozenModel

Better = Literal["A", "B"]

BETTER_HIGH = {"pcc", "spearman", "beyond_stopwatch", "precision", "recall", "f1"}


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


def compare(
    a: Sequence[Evaluated],
    b: Sequence[Evaluated],
    results: tuple[Results, Results] | None = None,
    stopwatch: FloatArray | None = None,
) -> Comparison:
    """Compare two systems on the clips on which both were evaluated.

    Args:
        a: The clips of one system; their ids differ.
        b: The clips of the other system, matched by id.
        results: The metrics of both, where they are known and both have the same clips.
        stopwatch: The `stopwatch.utterance_predictors` of the clips of `a`, shape (N, 7). Without them, the
            correlations beyond the stopwatch are not compared.

    Raises:
        PhoneMismatchError: An assessment has other phones than its utterance.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    matching = {pair.utterance.id: pair for pair in b}
    shared = [i for i, pair in enumerate(a) if pair.utterance.id in matching]
    first = [a[i] for i in shared]
    second = [matching[pair.utterance.id] for pair in first]
    controls = None if stopwatch is None else stopwatch[shared]
    results = results or (summarise(first, controls), summarise(second, controls))
    summands = summands_of(first, controls), summands_of(second, controls)
    return Comparison(
        models_a=results[0].models,
        models_b=results[1].models,
        n_utterances=len(shared),
        n_speakers=results[0].n_speakers,
        n_failed_a=results[0].n_failed,
        n_failed_b=results[1].n_failed,
        n_only_a=len(a) - len(shared),
        n_only_b=len(b) - len(shared),
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
    path: str, results: tuple[Results, Results], summands: tuple[Summands | None, Summands | None]
) -> Difference:
    a, b = (metric_at(one, path) for one in results)
    first, second = summands
    if a is None or b is None or first is None or second is None:
        return Difference(a=a, b=b, difference=None, ci95=None, better=None)
    interval = sums_difference_interval(first.statistic, first.rows, second.rows, first.speakers)
    return Difference(a=a, b=b, difference=a - b, ci95=interval, better=_better(path, interval))


def _better(path: str, interval: Interval | None) -> Better | None:
    if interval is None or interval[0] <= 0 <= interval[1]:
        return None
    return "A" if (interval[0] > 0) == higher_is_better(path) else "B"


def higher_is_better(path: str) -> bool:
    """Whether a metric is better high, as are correlations, precision, recall and F1, or low, as errors."""
    return path.rsplit(".", maxsplit=1)[-1] in BETTER_HIGH
