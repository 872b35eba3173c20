"""Two systems beside each other: the sums give what the slow way gives, and who is better is said rightly."""

from __future__ import annotations

import numpy as np
import pytest
from support.evaluation_cases import make_assessment, make_corpus, perfect
from support.plain_bootstrap import difference_interval

from enunciate.evaluation.compare import compare, higher_is_better, metric_at
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
    found = []
    for utterance in CORPUS:
        assert utterance.scores and utterance.scores.total is not None
        value = float(np.clip(utterance.scores.total + rng.normal(0, spread), 0, 10))
        heard = {i: "S" for i in range(4) if rng.random() < 1 / 3}
        assessment = make_assessment(utterance, value=value, heard=heard, model=model)
        found.append(Evaluated(utterance, assessment, ("K", "AE", "S")))
    return found


A, B = noisy(0, 1.0), noisy(1, 3.0, "noisy 2")
B[5] = Evaluated(B[5].utterance, None, None)
SPEAKERS = [pair.speaker for pair in A]


def slow(figure, a=A, b=B):
    """The interval of a figure that is computed afresh from the drawn clips, `figure(pairs)`."""

    def of(pairs: list[Evaluated]):
        return lambda index: figure([pairs[int(i)] for i in index])

    return difference_interval(of(a), of(b), SPEAKERS)


def test_detection_has_the_interval_of_the_slow_way_exactly():
    judged = {id(pair): judged_phones(pair) for pair in A + B}

    def found(pairs: list[Evaluated]):
        return detect([phone for pair in pairs for phone in judged[id(pair)]])

    differences = compare(A, B).differences
    assert differences["mdd.f1"].ci95 == pytest.approx(slow(lambda pairs: found(pairs).f1))
    assert differences["mdd.frr"].ci95 == pytest.approx(slow(lambda pairs: found(pairs).frr))


def test_error_rates_have_the_interval_of_the_slow_way_exactly():
    edits = {id(pair): edits_without_text(judged_phones(pair), pair.recognised_phones) for pair in A + B}
    expected = slow(lambda pairs: pooled(edits[id(pair)] for pair in pairs).error_rate)
    assert compare(A, B).differences["recognition.per_without_text"].ci95 == pytest.approx(expected)


def test_a_failure_costs_the_most_in_squared_error():
    def error(pair: Evaluated) -> float:
        human = pair.utterance.scores.fluency
        if pair.assessment is None:
            return max(human, 10 - human) ** 2
        return (pair.assessment.fluency.value - human) ** 2

    expected = slow(lambda pairs: float(np.mean([error(pair) for pair in pairs])))
    assert compare(A, B).differences["apa.fluency.mse"].ci95 == pytest.approx(expected)


def test_the_figures_are_those_of_the_results():
    results, found = summarise(A), compare(A, B).differences
    for path, one in found.items():
        assert one.a == metric_at(results, path)
        if one.a is not None and one.b is not None:
            assert one.difference == pytest.approx(one.a - one.b)


def test_a_correlation_has_the_interval_of_the_slow_way_exactly():
    human = np.array([pair.utterance.scores.total for pair in A])
    a, b = (np.array([p.assessment.total.value for p in pairs]) for pairs in (A, noisy(1, 3.0)))

    def of(values):
        return lambda index: float(np.corrcoef(human[index], values[index])[0, 1])

    expected = difference_interval(of(a), of(b), SPEAKERS)
    assert compare(A, noisy(1, 3.0)).differences["apa.total.pcc"].ci95 == pytest.approx(expected)


def test_the_better_system_is_named_whichever_way_the_figure_points():
    found = compare(PERFECT, B).differences
    assert found["apa.accuracy.pcc"].better == "A"
    assert found["apa.accuracy.mse"].better == "A"
    assert found["mdd.f1"].better == "A"
    assert compare(B, PERFECT).differences["apa.accuracy.mse"].better == "B"


def test_swapping_the_systems_turns_every_sign():
    one, other = compare(A, B), compare(B, A)
    assert (one.n_failed_a, one.n_failed_b) == (0, 1) == (other.n_failed_b, other.n_failed_a)
    for name, found in one.differences.items():
        turned = other.differences[name]
        if found.ci95 is None:
            assert turned.ci95 is None
        else:
            assert turned.difference == pytest.approx(-found.difference)
            assert turned.ci95 == pytest.approx((-found.ci95[1], -found.ci95[0]))


def test_a_system_against_itself_shows_no_difference():
    for found in compare(A, A).differences.values():
        assert found.difference in (0, None) and found.better is None
        assert found.ci95 in ((0, 0), None)


def test_only_clips_that_both_were_asked_for_are_compared():
    found = compare(A[:20], B[4:])
    assert (found.n_utterances, found.n_only_a, found.n_only_b) == (16, 4, 28)
    assert found.models_a == ("noisy 1",) and found.models_b == ("noisy 2",)


def test_a_figure_that_one_system_lacks_has_no_difference():
    silent = [Evaluated(pair.utterance, pair.assessment, None) for pair in A]
    found = compare(silent, B).differences["recognition.per_without_text"]
    assert found.a is None and found.b is not None and found.difference is None and found.better is None


def test_no_common_clip_gives_no_figure():
    found = compare(A[:3], B[3:])
    assert found.n_utterances == 0
    assert all(one.difference is None for one in found.differences.values())


def test_errors_are_better_low():
    assert higher_is_better("apa.total.pcc") and higher_is_better("mdd.recall")
    assert not any(map(higher_is_better, ("apa.total.mse", "mdd.far", "per", "wer", "mdd.der")))
