"""Ranges of scores and the formula of the total, on made-up folders."""

import json

import pytest
from support.small_corpus import edit_labels

from enunciate.corpus.label_completion import (
    RANGES,
    ScoreRange,
    TotalFormula,
    complete_labels,
    fit_total_formula,
    read_ranges,
)
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError
from enunciate.schema import HumanScores, Utterance


def utterance(number=0, **scores):
    return Utterance(id=str(number), audio=b"", scores=HumanScores(**scores))


def write_ranges(corpus, **rows):
    (corpus / RANGES).write_text(json.dumps(rows))


def problems_of(corpus, utterances):
    with pytest.raises(CorpusError) as caught:
        read_ranges(corpus, utterances)
    return str(caught.value)


EXACT = [(9, 8, 8), (4, 5, 6), (7, 9, 5), (2, 3, 9), (10, 10, 10)]


def exact_utterances():
    """Totals follow 0.5 accuracy + 0.3 fluency + 0.1 prosodic + 1."""
    return [
        utterance(i, accuracy=a, fluency=f, prosodic=p, total=0.5 * a + 0.3 * f + 0.1 * p + 1)
        for i, (a, f, p) in enumerate(EXACT)
    ]


def test_without_a_file_of_ranges_exact_scores_are_all_that_is_known(corpus):
    first, last = read_ranges(corpus, load_corpus(corpus, "all"))[::2]

    assert first.scores == {} and first.words == (None,)
    assert last.scores["fluency"] == ScoreRange(9, 9) and last.words == (ScoreRange(7, 7),)


def test_ranges_are_read_for_aspects_and_words(corpus):
    write_ranges(corpus, a2={"fluency": [7, 8], "prosodic": [0, 2], "words": [[9, 10], None]})
    first, second = read_ranges(corpus, load_corpus(corpus, "train"))

    assert first.scores == {}
    assert second.scores == {"fluency": (7, 8), "prosodic": (0, 2)}
    assert second.words == ((9, 10), None)
    assert second.scores["fluency"].midpoint == 7.5


def test_an_exact_score_takes_the_place_of_its_range(corpus):
    write_ranges(corpus, b1={"fluency": [9, 10], "words": [[7, 8]]})
    (only,) = read_ranges(corpus, load_corpus(corpus, "test"))

    assert only.scores["fluency"] == (9, 9) and only.words == ((7, 7),)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"fluency": [9]}, "'fluency': [9] is not a range"),
        ({"fluency": [10, 9]}, "[10, 9] is not a range"),
        ({"prosodic": [9, 11]}, "[9, 11] is not a range"),
        ({"prosodic": "9-10"}, "'9-10' is not a range"),
        ({"fluency": [3, 4]}, "the score 9 is outside its range [3, 4]"),
        ({"words": [[9, 10]]}, "word 0: the score 7 is outside its range [9, 10]"),
        ({"words": [[7, 8], [7, 8]]}, "must be a list of 1 ranges"),
        ([], "must be an object of ranges"),
    ],
)
def test_a_broken_or_contradicting_range_is_named(corpus, row, expected):
    write_ranges(corpus, b1=row)
    message = problems_of(corpus, load_corpus(corpus, "test"))

    assert f"{RANGES}: b1" in message and expected in message


def test_all_broken_ranges_are_reported_at_once(corpus):
    write_ranges(corpus, a1={"fluency": 7}, b1={"words": []})

    assert "2 problems" in problems_of(corpus, load_corpus(corpus, "all"))


def test_a_file_of_ranges_that_is_not_json_is_named(corpus):
    (corpus / RANGES).write_text("{")

    assert f"{RANGES}:1: is not JSON" in problems_of(corpus, load_corpus(corpus, "test"))


def test_the_formula_of_the_total_is_learnt_from_exact_utterances_alone():
    formula = fit_total_formula([*exact_utterances(), utterance(9, accuracy=0, total=10)])

    assert formula.weights == pytest.approx((0.5, 0.3, 0.1)) and formula.constant == pytest.approx(1)
    assert formula.rmse == pytest.approx(0, abs=1e-9) and formula.n_utterances == len(EXACT)
    assert formula(6, 4, 2) == pytest.approx(5.4)


def test_estimated_totals_stay_on_the_scale():
    formula = TotalFormula((1.0, 1.0, 0.0), -3.0, 0.0, 4)

    assert formula(10, 10, 0) == 10 and formula(1, 1, 0) == 0


def test_too_few_exact_utterances_are_an_error():
    with pytest.raises(CorpusError, match=r"3 utterances have exact scores.* at least 4"):
        fit_total_formula(exact_utterances()[:3])


def test_labels_are_completed_by_midpoints_and_the_formula(tmp_path):
    (tmp_path / "resource").mkdir()
    write_ranges(tmp_path, partial={"fluency": [7, 8], "prosodic": [5, 6]})
    partial = utterance("partial", accuracy=6)
    completed = complete_labels(tmp_path, [*exact_utterances(), partial])

    assert list(completed.utterances[:-1]) == exact_utterances(), "exact labels stay as they are"
    scores = completed.utterances[-1].scores
    assert (scores.accuracy, scores.fluency, scores.prosodic) == (6, 7.5, 5.5)
    assert scores.total == pytest.approx(3 + 0.3 * 7.5 + 0.1 * 5.5 + 1)
    total = completed.ranges[-1].scores["total"]
    assert total == pytest.approx((3 + 2.1 + 0.5 + 1, 3 + 2.4 + 0.6 + 1))
    assert completed.n_estimated == 1 and completed.formula.n_utterances == len(EXACT)


def test_words_are_completed_by_midpoints(corpus):
    write_ranges(corpus, a2={"words": [[9, 10], None]})
    _, second = complete_labels(corpus, load_corpus(corpus, "train")).utterances

    assert [word.accuracy for word in second.words] == [9.5, None]


def test_a_negative_weight_keeps_the_ends_of_the_total_in_order(tmp_path):
    (tmp_path / "resource").mkdir()
    write_ranges(tmp_path, partial={"fluency": [7, 8], "prosodic": [5, 8]})
    exact = [
        utterance(i, accuracy=a, fluency=f, prosodic=p, total=0.5 * a + 0.5 * f - 0.1 * p)
        for i, (a, f, p) in enumerate(EXACT)
    ]
    completed = complete_labels(tmp_path, [*exact, utterance("partial", accuracy=6)])

    total = completed.ranges[-1].scores["total"]
    assert total == pytest.approx((3 + 3.5 - 0.8, 3 + 4 - 0.5))


def test_exact_labels_need_no_formula(corpus):
    utterances = load_corpus(corpus, "test")
    completed = complete_labels(corpus, utterances)

    assert list(completed.utterances) == utterances
    assert completed.formula is None and completed.n_estimated == 0


def test_labels_of_which_nothing_is_known_stay_unknown(corpus):
    edit_labels(corpus, lambda labels: labels["a1"].update(accuracy=8))
    completed = complete_labels(corpus, load_corpus(corpus, "train"))

    assert completed.utterances[0].scores == HumanScores(accuracy=8)
    assert completed.utterances[1].scores is None and completed.formula is None


@pytest.mark.corpus
def test_the_train_split_of_the_corpus_is_completed(corpus_folder, real_train):
    completed = complete_labels(corpus_folder, real_train)
    aspects = ("accuracy", "fluency", "prosodic", "total")

    assert all(getattr(u.scores, aspect) is not None for u in completed.utterances for aspect in aspects)
    if completed.formula is not None:
        assert completed.formula.weights == pytest.approx((0.712, 0.137, 0.189), abs=0.01)
        assert completed.formula.rmse < 0.45
