"""Error rates of words and phones, by hand and against jiwer and SciPy."""

import json
from collections.abc import Sequence

import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from support.evaluation_cases import make_assessment, make_corpus, make_utterance, perfect

from enunciate.corpus.labels import heard_phones
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.records import Results
from enunciate.metrics.results import summarise
from enunciate.metrics.transcription import count_word_edits, transcription
from enunciate.phones.alignment import EditCounts
from enunciate.schema import Score, UnparsableAnswer, Utterance

UNPARSABLE = {task: UnparsableAnswer(task=task, raw="I hear", reason="not JSON") for task in ("apa", "mdd")}


def heard(
    utterance: Utterance,
    phones: str | None = "K AE T",
    words: str | None = "word",
    value: float = 5,
    unparsable: Sequence[str] = (),
) -> Evaluated:
    assessment = make_assessment(utterance, value=value).model_copy(
        update={"transcript": words, "unparsable": tuple(UNPARSABLE[task] for task in unparsable)}
    )
    return Evaluated(utterance, assessment, None if phones is None else tuple(phones.split()))


def test_words_are_compared_without_case_and_punctuation_and_pooled() -> None:
    texts = {"It's TEN o'clock, Tom.": "it's 10 o'clock tim", "GO HOME": "go"}
    pairs = []
    for text, words in texts.items():
        pair = heard(make_utterance(id=text), words=words)
        utterance = pair.utterance.model_copy(update={"words": None, "text": text})
        pairs.append(Evaluated(utterance, pair.assessment, None))
    # One substitution in four words, one deletion in two.
    assert transcription(pairs).wer == pytest.approx(2 / 6)
    assert transcription(pairs).per is None


@given(
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=6),
)
def test_word_edits_are_jiwers(reference: list[str], hypothesis: list[str]) -> None:
    edits = count_word_edits(reference, hypothesis)
    assert edits.error_rate == pytest.approx(jiwer.wer(" ".join(reference), " ".join(hypothesis)))


def test_the_reference_of_the_phone_error_rate_is_the_heard_phones() -> None:
    utterance = make_utterance(
        phones="K AE1 T S IH0 Z", phone_scores=(2, 0.2, 0.3, 0, 2, 0.4), said={2: "T*", 3: "<DEL>", 5: "S"}
    )
    reference = heard_phones(utterance)
    assert reference == ("K", "<unk>", "T*", "IH", "S")
    exact = transcription([heard(utterance, "K <unk> T* IH S")])
    assert (exact.per, exact.phone_match.f1) == (0, 1)
    # `<unk>` and `T*` are symbols like any other: naming a phone there is wrong.
    named = transcription([heard(utterance, "K AE T IH S")])
    assert named.per == pytest.approx(2 / 5)
    assert named.phone_match.precision == pytest.approx(3 / 5)


def test_the_phone_match_is_that_worked_out_by_hand() -> None:
    metrics = transcription([heard(make_utterance(), "K AH T S S")])
    # K and T match, AH is a substitution, S S are insertions.
    assert metrics.per == pytest.approx(3 / 3)
    match = metrics.phone_match
    assert (match.precision, match.recall, match.f1) == (pytest.approx(2 / 5), pytest.approx(2 / 3), 0.5)


def test_starred_phones_count_as_plain_where_recognition_is_compared() -> None:
    metrics = summarise([heard(make_utterance(), "K* AE0 T")])
    assert metrics.recognition.per_without_text == 0
    assert metrics.per == pytest.approx(1 / 3)


def test_an_engine_without_words_has_no_word_error_rate() -> None:
    metrics = transcription([perfect(utterance) for utterance in make_corpus()])
    assert (metrics.wer, metrics.wer_ci95, metrics.n_unparsable) == (None, None, 0)
    assert metrics.per is not None


def test_unparsable_answers_are_counted_and_are_all_deletions() -> None:
    utterances = [make_utterance(id=name, speaker=name) for name in "abc"]
    pairs = [
        heard(utterances[0]),
        heard(utterances[1], "", None, unparsable=("mdd",)),
        heard(utterances[2], unparsable=("apa",)),
    ]
    metrics = transcription(pairs)
    assert (metrics.n_unparsable, metrics.n_unparsable_apa, metrics.n_unparsable_mdd) == (2, 1, 1)
    assert metrics.wer == pytest.approx(1 / 3)
    assert metrics.per == pytest.approx(3 / 9)


def test_an_engine_with_only_unparsable_answers_has_the_worst_rates_and_not_none() -> None:
    metrics = transcription([heard(make_utterance(), "", None, unparsable=("apa", "mdd"))])
    assert (metrics.wer, metrics.per, metrics.phone_match.recall) == (1, 1, 0)
    assert metrics.per_and_accuracy.human.pcc is None


def spread(n: int = 12) -> list[Evaluated]:
    """More and more phones wrong, with human and predicted accuracies that follow, roughly."""
    rng = np.random.default_rng(0)
    pairs = []
    for index in range(n):
        utterance = make_utterance(id=str(index), human=int(rng.integers(0, 11)), speaker=f"s{index % 5}")
        phones = ["K AE T", "K AE", "K AE T S", "T", "K"][int(rng.integers(0, 5))]
        pairs.append(heard(utterance, phones, value=float(rng.uniform(0, 10))))
    return pairs


def error_rates(pairs: Sequence[Evaluated]) -> list[float]:
    return [jiwer.wer("K AE T", " ".join(pair.recognised_phones or ())) for pair in pairs]


def test_error_rates_of_utterances_correlate_with_accuracy_as_scipy_says() -> None:
    pairs = spread()
    metrics = transcription(pairs).per_and_accuracy
    for correlation, accuracy in (
        (metrics.human, [p.utterance.scores.accuracy for p in pairs]),
        (metrics.predicted, [p.assessment.accuracy.value for p in pairs]),
    ):
        expected = stats.pearsonr(accuracy, error_rates(pairs))
        assert correlation.pcc == pytest.approx(expected.statistic)
        assert correlation.p_value == pytest.approx(expected.pvalue)
        assert correlation.ci95 is not None and correlation.ci95[0] < correlation.pcc < correlation.ci95[1]
        assert (correlation.n, correlation.n_unanswered) == (12, 0)


def test_failures_never_strengthen_the_correlation() -> None:
    pairs = spread()
    for failed in (
        Evaluated(pairs[0].utterance, None, None),
        heard(pairs[0].utterance, "", None, unparsable=("mdd",)),
    ):
        without, metrics = transcription(pairs[1:]), transcription([failed, *pairs[1:]])
        assert metrics.per_and_accuracy.human.n == without.per_and_accuracy.human.n + 1
        assert metrics.per_and_accuracy.human.n_unanswered == 1
        assert abs(metrics.per_and_accuracy.human.pcc) <= abs(without.per_and_accuracy.human.pcc) + 1e-9
        assert metrics.per > without.per


def test_the_metrics_are_at_the_top_level_of_the_results() -> None:
    metrics = json.loads(summarise([heard(u) for u in make_corpus()]).model_dump_json())
    assert {"wer", "per", "phone_match", "per_and_accuracy", "n_unparsable"} <= metrics.keys()
    assert Results.model_validate(metrics).wer == 0


def test_the_most_likely_integer_has_a_correlation_of_its_own() -> None:
    pairs = spread()
    assert summarise(pairs).apa.total.pcc_most_likely is None
    whole = [2, 3, 4, 9, 1, 0, 10, 5, 6, 7, 8, 8]
    rounded = []
    for pair, integer in zip(pairs, whole, strict=True):
        score = Score(value=pair.assessment.total.value, low=0, high=10, most_likely=integer)
        rounded.append(
            Evaluated(
                pair.utterance, pair.assessment.model_copy(update={"total": score}), pair.recognised_phones
            )
        )
    metrics = summarise(rounded).apa.total
    human = [pair.utterance.scores.total for pair in pairs]
    assert metrics.pcc_most_likely == pytest.approx(stats.pearsonr(human, whole).statistic)
    assert metrics.pcc == summarise(pairs).apa.total.pcc


def test_word_edits_are_those_worked_out_by_hand() -> None:
    assert count_word_edits(["a", "b", "c"], ["a", "x", "c", "d"]) == EditCounts(2, 1, 0, 1)
