"""Figures over decoded answers agree with those of the evaluation, and count what does not parse."""

import numpy as np
import pytest

from enunciate.metrics.correlation import correlation
from enunciate.schema import Clip, HumanScores, ReferenceWord, Utterance
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.options import TargetConfig
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, Unparsable
from enunciate.speech_lm.training.answer_metrics import TaskAnswer, answer_metrics

pytest.importorskip("scipy")
CLIP = Clip(samples=np.zeros(16_000, dtype=np.float32), sample_rate_hz=16_000)
HUMAN = (3, 9, 6, 8, 2)
PREDICTED = (4, 8, 7, 5, 3)


def scored(index, human, predicted, distribution=None):
    scores = HumanScores(accuracy=human, fluency=human, prosodic=10 - human, total=human)
    utterance = Utterance(id=str(index), audio=CLIP, scores=scores)
    if predicted is None:
        return TaskAnswer(utterance, "apa", DecodedAnswer(Unparsable("?", "not JSON"), "?"))
    answer = ApaAnswer(accuracy=predicted, fluency=predicted, prosodic=predicted, total=5)
    distributions = None
    if distribution is not None:
        distributions = dict.fromkeys(("accuracy", "fluency", "prosodic", "total"), distribution)
    return TaskAnswer(utterance, "apa", DecodedAnswer(answer, "", distributions))


def all_scored(predicted=PREDICTED):
    pairs = zip(HUMAN, predicted, strict=True)
    return answer_metrics([scored(i, human, p) for i, (human, p) in enumerate(pairs)], TargetConfig())


def test_correlations_are_those_of_the_evaluation():
    found, expected = all_scored(), correlation(HUMAN, PREDICTED)

    assert found["accuracy_pcc"] == pytest.approx(expected.pcc)
    assert found["accuracy_p"] == pytest.approx(expected.p_value)
    assert found["prosodic_pcc"] == pytest.approx(-expected.pcc)


def test_rank_correlations_do_not_change_with_the_scale_of_the_scores():
    found, stretched = all_scored(), all_scored([0 if p < 5 else p + 2 for p in PREDICTED])
    expected = correlation([2, 5, 3, 4, 1], [2, 5, 4, 3, 1]).pcc

    assert found["accuracy_spearman"] == pytest.approx(expected)
    assert found["prosodic_spearman"] == pytest.approx(-expected)
    assert stretched["accuracy_pcc"] != pytest.approx(found["accuracy_pcc"])
    assert found["total_spearman"] is found["spearman"] is None, "one of the four is constant"


def test_what_is_always_the_same_has_no_correlation():
    found = all_scored()

    assert found["total_pcc"] is found["total_p"] is None
    assert found["pcc"] is None, "a mean over fewer scores would not compare"


def test_what_does_not_parse_is_counted_and_helps_nobody():
    predicted = (4, 8, None, 5, 3)
    found, expected = all_scored(predicted), correlation(HUMAN, predicted)

    assert found["unparsable_apa"] == 1 and found["n_apa"] == 5
    assert found["accuracy_pcc"] == pytest.approx(expected.pcc)


def test_expectations_are_compared_where_there_are_distributions():
    rows = [
        scored(i, human, 5, np.eye(11)[p]) for i, (human, p) in enumerate(zip(HUMAN, PREDICTED, strict=True))
    ]
    found = answer_metrics(rows, TargetConfig())

    assert found["accuracy_pcc"] is None
    assert found["accuracy_pcc_expected"] == pytest.approx(correlation(HUMAN, PREDICTED).pcc)
    assert found["spearman_expected"] == pytest.approx(0.5 * found["accuracy_spearman_expected"])


def read(words, phones, unparsable=False):
    reference = ReferenceWord(text="CAT", phones=("K", "AE1", "T"), phone_scores=(2, 2, 0.2))
    utterance = Utterance(id="1", audio=CLIP, words=(reference, ReferenceWord(
        text="SAT", phones=("S", "AE1", "T"), phone_scores=(2, 2, 2))))  # fmt: skip
    if unparsable:
        return TaskAnswer(utterance, "mdd", DecodedAnswer(Unparsable("?", "not JSON"), "?"))
    answer = MddAnswer(word_transcript=words, phoneme_transcript=phones)
    return TaskAnswer(utterance, "mdd", DecodedAnswer(answer, ""))


def test_a_perfect_transcript_has_no_errors():
    found = answer_metrics([read("cat sat", "K AE <unk> S AE T")], TargetConfig())

    assert (found["wer"], found["per"], found["precision"], found["recall"], found["f1"]) == (0, 0, 1, 1, 1)


def test_phones_and_words_are_counted_over_all_utterances():
    """One substitution of 2 words; of 12 phones one is substituted, one inserted, and six are not there."""
    found = answer_metrics(
        [read("cat set", "K AE T S AE T Z"), read("", "", unparsable=True)], TargetConfig()
    )

    assert found["wer"] == pytest.approx((1 + 2) / 4)
    assert found["per"] == pytest.approx((1 + 1 + 6) / 12)
    assert found["precision"] == pytest.approx(5 / 7)
    assert found["recall"] == pytest.approx(5 / 12)
    assert found["f1"] == pytest.approx(2 * 5 / (7 + 12))
    assert found["unparsable_mdd"] == 1
