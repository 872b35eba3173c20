"""The whole summary: a perfect system, a failing one, and metrics computed by hand."""

import json
import math
import random
from collections.abc import Iterator

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.evaluation_cases import make_assessment, make_corpus, make_utterance, perfect

from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.results import Results, summarise
from enunciate.schema import ASPECTS, HumanScores

REQUIRED = {
    "": {"n_utterances", "n_failed", "apa", "phone", "mdd", "recognition"},
    "apa": set(ASPECTS),
    **{f"apa.{aspect}": {"pcc", "p_value", "ci95", "mse"} for aspect in ASPECTS},
    "phone": {"pcc", "mse"},
    "mdd": {"precision", "recall", "f1", "far", "frr", "der", "per_with_text"},
    "recognition": {"per_without_text"},
}


def numbers(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield value


def imperfect(seed: int, n_failed: int = 0) -> list[Evaluated]:
    rng = random.Random(seed)
    corpus = make_corpus()
    pairs = [
        Evaluated(
            utterance,
            make_assessment(
                utterance,
                value=rng.uniform(0, 10),
                phone_values=[rng.uniform(0, 2) for _ in range(4)],
                heard={i: rng.choice(["D", "AH", None]) for i in range(4) if rng.random() < 0.3},
            ),
            tuple(rng.choices(["K", "AE", "T", "S", "D"], k=4)),
        )
        for utterance in corpus
    ]
    return [Evaluated(p.utterance, None, None) for p in pairs[:n_failed]] + pairs[n_failed:]


def test_a_perfect_system_has_perfect_metrics() -> None:
    results = summarise([perfect(utterance) for utterance in make_corpus()])
    for aspect in ASPECTS:
        agreement = getattr(results.apa, aspect)
        assert agreement.pcc == pytest.approx(1)
        assert agreement.mse == 0
        assert agreement.ci95 == pytest.approx((1, 1))
    assert results.phone.pcc == pytest.approx(1)
    assert (results.mdd.precision, results.mdd.recall, results.mdd.f1, results.mdd.f1_ci95) == (
        1,
        1,
        1,
        (1, 1),
    )
    assert (results.mdd.far, results.mdd.frr, results.mdd.der, results.mdd.per_with_text) == (0, 0, 0, 0)
    assert (results.recognition.per_without_text, results.recognition.phone_match.f1) == (0, 1)
    assert results.calibration.total.coverage == results.calibration.phone.coverage == 1
    assert (results.n_utterances, results.n_failed, results.n_speakers) == (24, 0, 6)


def test_json_has_the_agreed_keys_and_comes_back() -> None:
    results = summarise(imperfect(0))
    text = results.model_dump_json()
    for place, keys in REQUIRED.items():
        part = json.loads(text)
        for step in filter(None, place.split(".")):
            part = part[step]
        assert keys <= part.keys(), place
    assert Results.model_validate_json(text) == results


def test_figures_agree_with_other_libraries() -> None:
    pairs = imperfect(7)
    results = summarise(pairs)
    human = [pair.utterance.scores.total for pair in pairs if pair.utterance.scores]
    predicted = [pair.assessment.total.value for pair in pairs if pair.assessment and pair.assessment.total]
    assert results.apa.total.pcc == pytest.approx(stats.pearsonr(human, predicted).statistic)
    assert results.apa.total.p_value == pytest.approx(stats.pearsonr(human, predicted).pvalue)
    assert results.apa.total.ci95 is not None
    assert results.apa.total.pcc is not None
    assert results.apa.total.ci95[0] < results.apa.total.pcc < results.apa.total.ci95[1]
    references = [" ".join(perfect(pair.utterance).recognised_phones or ()) for pair in pairs]
    free = [" ".join(pair.recognised_phones or ()) for pair in pairs]
    assert results.recognition.per_without_text == pytest.approx(jiwer.wer(references, free))
    assert results.recognition.ci95 is not None
    assert results.recognition.ci95[0] < jiwer.wer(references, free) < results.recognition.ci95[1]


def test_phone_figures_pool_all_phones() -> None:
    pairs = imperfect(3)
    human = [s for p in pairs for w in p.utterance.words or () for s in w.phone_scores or ()]
    predicted = [x.score.value for p in pairs if p.assessment for x in p.assessment.phones if x.score]
    results = summarise(pairs).phone
    assert results.n == len(human) == 96
    assert results.pcc == pytest.approx(stats.pearsonr(human, predicted).statistic)
    assert results.mse == pytest.approx(sum((a - b) ** 2 for a, b in zip(human, predicted, strict=True)) / 96)


@settings(max_examples=6)
@given(st.integers(0, 1000), st.integers(0, 24), st.randoms(use_true_random=False))
def test_the_order_of_utterances_changes_nothing(seed: int, n_failed: int, order: random.Random) -> None:
    pairs = imperfect(seed, n_failed)
    before = summarise(pairs).model_dump()
    order.shuffle(pairs)
    after = summarise(pairs).model_dump()
    assert list(numbers(after)) == pytest.approx(list(numbers(before)))
    assert all(math.isfinite(number) for number in numbers(after))


@settings(max_examples=6)
@given(st.integers(0, 1000), st.integers(1, 23))
def test_failing_never_helps(seed: int, n_failed: int) -> None:
    pairs = imperfect(seed, n_failed)
    results, without = summarise(pairs), summarise(pairs[n_failed:])
    assert results.n_failed == n_failed
    assert results.n_utterances == 24
    assert results.apa.total.n == 24
    assert results.apa.total.n_unanswered == n_failed
    assert abs(results.apa.total.pcc or 0) <= abs(without.apa.total.pcc or 0) + 1e-9
    assert (results.mdd.f1 or 0) <= (without.mdd.f1 or 0)
    assert (results.mdd.recall or 0) <= (without.mdd.recall or 0)
    assert results.mdd.precision == without.mdd.precision
    assert results.mdd.frr == without.mdd.frr
    assert results.recognition.n_reference_phones > without.recognition.n_reference_phones
    assert results.calibration == without.calibration


def test_a_failure_costs_the_largest_error_of_each_scale() -> None:
    results = summarise([Evaluated(make_utterance(phone_scores=(2, 1.5, 0), human=3), None, None)])
    assert results.apa.total.mse == 49
    assert results.phone.mse == pytest.approx((4 + 2.25 + 4) / 3)


def test_a_system_that_fails_everywhere_gets_no_credit() -> None:
    results = summarise(imperfect(0, n_failed=24))
    assert (results.n_failed, results.models) == (24, ())
    assert (results.apa.total.pcc, results.apa.total.ci95) == (None, None)
    assert (results.mdd.f1, results.mdd.recall, results.mdd.per_with_text) == (0, 0, 1)
    assert results.recognition.per_without_text is None


def test_an_empty_corpus_has_no_metrics() -> None:
    results = summarise([])
    assert (results.n_utterances, results.apa.total.pcc, results.phone.mse) == (0, None, None)
    assert (results.mdd.f1, results.mdd.f1_ci95, results.recognition.per_without_text) == (None, None, None)


def test_an_utterance_without_one_label_counts_for_the_others() -> None:
    pairs = imperfect(0)
    first = pairs[0].utterance.model_copy(update={"scores": HumanScores(accuracy=5, total=4)})
    without_scores = pairs[1].utterance.model_copy(update={"scores": None})
    pairs[0] = Evaluated(first, pairs[0].assessment, None)
    pairs[1] = Evaluated(without_scores, pairs[1].assessment, None)
    results = summarise(pairs)
    assert (results.apa.accuracy.n, results.apa.fluency.n, results.apa.total.n) == (23, 22, 23)
    assert results.phone.n == 96


def test_a_refused_text_is_unanswered_though_not_failed() -> None:
    pairs = imperfect(0)
    assert pairs[0].assessment
    refused = pairs[0].assessment.model_copy(update={"words": (), "total": None})
    pairs[0] = Evaluated(pairs[0].utterance, refused, pairs[0].recognised_phones)
    results = summarise(pairs)
    assert (results.n_failed, results.apa.total.n_unanswered, results.apa.fluency.n_unanswered) == (0, 1, 0)
    assert (results.phone.n_unanswered, results.mdd.n_unanswered) == (4, 4)


def test_failed_recognition_is_all_deletions_but_an_engine_without_it_has_no_rate() -> None:
    utterances = [make_utterance(id="a", speaker="a"), make_utterance(id="b", speaker="b")]
    one = [Evaluated(u, make_assessment(u), None if u.id == "a" else ("K", "AE", "T")) for u in utterances]
    assert summarise(one).recognition.per_without_text == pytest.approx(0.5)
    none = [Evaluated(u, make_assessment(u), None) for u in utterances]
    assert summarise(none).recognition.per_without_text is None


def test_recognition_without_reference_phones_is_left_out() -> None:
    bare = make_utterance(id="bare").model_copy(update={"words": None})
    pairs = [Evaluated(bare, None, ("K",)), Evaluated(make_utterance(), None, ("K", "AE", "T"))]
    assert summarise(pairs).recognition.per_without_text == 0


def test_the_intervals_of_detection_contain_its_rates():
    rng = random.Random(1)
    pairs = []
    for i in range(40):
        scores = [rng.choice((0.0, 2.0)) for _ in range(3)]
        utterance = make_utterance(id=str(i), phone_scores=scores, said={}, speaker=f"s{i % 8}")
        heard = {k: "D" for k in range(3) if rng.random() < 0.5}
        pairs.append(Evaluated(utterance, make_assessment(utterance, heard=heard), ("K", "D", "T")))
    mdd = summarise(pairs).mdd

    for name in ("precision", "recall", "far", "frr", "per_with_text"):
        low, high = getattr(mdd.ci95, name)
        assert low < getattr(mdd, name) < high, name
    assert mdd.ci95.der is None and mdd.der is None


def test_utterances_of_unknown_speakers_are_speakers_of_their_own() -> None:
    pairs = [perfect(u.model_copy(update={"speaker": None})) for u in make_corpus()]
    assert summarise(pairs).n_speakers == 24


def test_the_correlation_beyond_the_stopwatch_needs_its_predictors() -> None:
    pairs = imperfect(1)
    predictors = np.random.default_rng(0).normal(size=(len(pairs), 7))

    without, given = summarise(pairs), summarise(pairs, predictors)

    for aspect in ASPECTS:
        assert getattr(without.apa, aspect).beyond_stopwatch is None
        one = getattr(given.apa, aspect)
        assert one.beyond_stopwatch_ci95[0] <= one.beyond_stopwatch <= one.beyond_stopwatch_ci95[1]
        assert one.beyond_stopwatch != one.pcc
    assert given.model_copy(update={"apa": None}) == without.model_copy(update={"apa": None})
