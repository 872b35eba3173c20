"""Two systems compared: intervals from sums are those of the definition, and the better one is named."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from support.evaluation_cases import make_assessment, make_corpus, perfect
from support.plain_bootstrap import difference_interval

from enunciate.evaluation.compare import Comparison, compare, higher_is_better, metric_at
from enunciate.metrics.correlation import pearson, ranks
from enunciate.metrics.mdd import detect, edits_without_text
from enunciate.metrics.pairs import Evaluated, judged_phones
from enunciate.metrics.results import summarise
from enunciate.phones.alignment import pooled

pytest.importorskip("scipy")
pytest.importorskip("kaldialign")
pytest.importorskip("jiwer")

CORPUS = make_corpus(n_speakers=12)
PERFECT = [perfect(utterance) for utterance in CORPUS]


def noisy(seed: int, spread: float, model: str = "noisy 1") -> list[Evaluated]:
    """Scores off by a normal error, and a third of the phones flagged at random."""
    rng = np.random.default_rng(seed)
    pairs = []
    for utterance in CORPUS:
        assert utterance.scores and utterance.scores.total is not None
        value = float(np.clip(utterance.scores.total + rng.normal(0, spread), 0, 10))
        heard = {i: "S" for i in range(4) if rng.random() < 1 / 3}
        assessment = make_assessment(utterance, value=value, heard=heard, model=model)
        pairs.append(Evaluated(utterance, assessment, ("K", "AE", "S")))
    return pairs


def totals(pairs: list[Evaluated]) -> np.ndarray:
    return np.array([pair.assessment.total.value for pair in pairs])


A, B = noisy(0, 1.0), noisy(1, 3.0, "noisy 2")
B[5] = Evaluated(B[5].utterance, None, None)
SPEAKERS = [pair.speaker for pair in A]
TOTALS = np.array([pair.utterance.scores.total for pair in A])
STOPWATCH = np.column_stack((TOTALS, np.ones(len(A)))) + np.random.default_rng(2).normal(0, 2, (len(A), 2))
"""What a stopwatch might know: one predictor that tells of the human scores, and one that does not."""


@cache
def a_and_b() -> Comparison:
    return compare(A, B)


@cache
def without_a_failure() -> Comparison:
    return compare(A, noisy(1, 3.0), stopwatch=STOPWATCH)


def plain_interval(metric, a=A, b=B):
    """The interval of a metric that is computed afresh from the drawn clips, `metric(pairs)`."""

    def of(pairs: list[Evaluated]):
        return lambda index: metric([pairs[int(i)] for i in index])

    return difference_interval(of(a), of(b), SPEAKERS)


def test_the_interval_of_detection_is_that_of_the_definition():
    judged = {id(pair): judged_phones(pair) for pair in A + B}

    def detection(pairs: list[Evaluated]):
        return detect([phone for pair in pairs for phone in judged[id(pair)]])

    differences = a_and_b().differences
    assert differences["mdd.f1"].ci95 == pytest.approx(plain_interval(lambda pairs: detection(pairs).f1))
    assert differences["mdd.frr"].ci95 == pytest.approx(plain_interval(lambda pairs: detection(pairs).frr))


def test_the_interval_of_error_rates_is_that_of_the_definition():
    edits = {id(pair): edits_without_text(judged_phones(pair), pair.recognised_phones) for pair in A + B}
    expected = plain_interval(lambda pairs: pooled(edits[id(pair)] for pair in pairs).error_rate)
    assert a_and_b().differences["recognition.per_without_text"].ci95 == pytest.approx(expected)


def test_a_failure_costs_the_most_in_squared_error():
    def error(pair: Evaluated) -> float:
        human = pair.utterance.scores.fluency
        if pair.assessment is None:
            return max(human, 10 - human) ** 2
        return (pair.assessment.fluency.value - human) ** 2

    expected = plain_interval(lambda pairs: float(np.mean([error(pair) for pair in pairs])))
    assert a_and_b().differences["apa.fluency.mse"].ci95 == pytest.approx(expected)


def test_the_compared_metrics_are_those_of_the_results():
    results, differences = summarise(A, STOPWATCH), compare(A, B, stopwatch=STOPWATCH).differences
    assert {"apa.total.beyond_stopwatch", "phone.spearman", "word.accuracy.spearman"} <= differences.keys()
    for path, one in differences.items():
        assert one.a == metric_at(results, path)
        if one.a is not None and one.b is not None:
            assert one.difference == pytest.approx(one.a - one.b)


def test_the_interval_of_a_correlation_is_that_of_the_definition():
    a, b = totals(A), totals(noisy(1, 3.0))

    def of(values):
        return lambda index: pearson(TOTALS[index], values[index])

    expected = difference_interval(of(a), of(b), SPEAKERS)
    assert without_a_failure().differences["apa.total.pcc"].ci95 == pytest.approx(expected)


def test_the_interval_of_spearmans_correlation_keeps_the_ranks_of_the_whole_sample():
    human, a, b = ranks(TOTALS), ranks(totals(A)), ranks(totals(noisy(1, 3.0)))

    def of(values):
        return lambda index: pearson(human[index], values[index])

    expected = difference_interval(of(a), of(b), SPEAKERS)
    assert without_a_failure().differences["apa.total.spearman"].ci95 == pytest.approx(expected)


def test_beyond_the_stopwatch_regressions_are_fitted_anew_in_each_resample():
    a, b = totals(A), totals(noisy(1, 3.0))

    def of(values):
        def partial(index):
            inputs = np.column_stack((np.ones(len(index)), STOPWATCH[index]))
            left = [y - inputs @ np.linalg.lstsq(inputs, y)[0] for y in (TOTALS[index], values[index])]
            return pearson(*left)

        return partial

    found = without_a_failure().differences["apa.total.beyond_stopwatch"]
    every = np.arange(len(A))
    assert found.difference == pytest.approx(of(a)(every) - of(b)(every))
    assert found.ci95 == pytest.approx(difference_interval(of(a), of(b), SPEAKERS), abs=1e-6)
    assert found.better == "A"


def test_the_stopwatch_is_that_of_the_clips_that_are_compared():
    beyond = compare(A[20:], B, stopwatch=STOPWATCH[20:]).differences["apa.total.beyond_stopwatch"]
    assert beyond.a == pytest.approx(summarise(A[20:], STOPWATCH[20:]).apa.total.beyond_stopwatch)
    turned = compare(B, A[20:], stopwatch=STOPWATCH).differences["apa.total.beyond_stopwatch"]
    assert turned.difference == pytest.approx(-beyond.difference)


def test_the_better_system_is_named_whether_high_or_low_is_better():
    differences = compare(PERFECT, B).differences
    assert differences["apa.accuracy.pcc"].better == "A"
    assert differences["apa.accuracy.mse"].better == "A"
    assert differences["mdd.f1"].better == "A"
    assert compare(B, PERFECT).differences["apa.accuracy.mse"].better == "B"


def test_swapping_the_systems_turns_every_sign():
    one, other = a_and_b(), compare(B, A)
    assert (one.n_failed_a, one.n_failed_b) == (0, 1) == (other.n_failed_b, other.n_failed_a)
    for path, difference in one.differences.items():
        turned = other.differences[path]
        if difference.ci95 is None:
            assert turned.ci95 is None
        else:
            assert turned.difference == pytest.approx(-difference.difference)
            assert turned.ci95 == pytest.approx((-difference.ci95[1], -difference.ci95[0]))


def test_a_system_against_itself_shows_no_difference():
    for one in compare(A, A).differences.values():
        assert one.difference in (0, None) and one.better is None
        assert one.ci95 in ((0, 0), None)


def test_only_clips_of_both_systems_are_compared():
    comparison = compare(A[:20], B[4:])
    assert (comparison.n_utterances, comparison.n_only_a, comparison.n_only_b) == (16, 4, 28)
    assert comparison.models_a == ("noisy 1",) and comparison.models_b == ("noisy 2",)


def test_a_metric_that_one_system_lacks_has_no_difference():
    silent = [Evaluated(pair.utterance, pair.assessment, None) for pair in A]
    difference = compare(silent, B).differences["recognition.per_without_text"]
    assert difference.a is None and difference.b is not None
    assert difference.difference is None and difference.better is None


def test_without_common_clips_there_is_no_difference():
    comparison = compare(A[:3], B[3:])
    assert comparison.n_utterances == 0
    assert all(one.difference is None for one in comparison.differences.values())


def test_errors_are_better_low_and_agreement_is_better_high():
    agreement = ("apa.total.pcc", "phone.spearman", "apa.total.beyond_stopwatch", "mdd.recall")
    assert all(map(higher_is_better, agreement))
    assert not any(map(higher_is_better, ("apa.total.mse", "mdd.far", "per", "wer", "mdd.der")))
