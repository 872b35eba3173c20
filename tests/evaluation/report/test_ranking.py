"""Several systems compared with the first and the best."""

import pytest
from support.evaluation_cases import make_assessment, make_corpus, perfect

from enunciate.evaluation.compare import compare
from enunciate.evaluation.report.differences import differences_section
from enunciate.evaluation.report.evaluated_systems import System
from enunciate.evaluation.report.page import report_html
from enunciate.evaluation.report.ranking import best_of, paired_comparisons
from enunciate.metrics.pairs import Evaluated

CORPUS = make_corpus()


def system(name, move):
    """An engine that says what people did, moved now and then."""
    pairs = []
    for place, utterance in enumerate(CORPUS):
        value = min(10, max(0, utterance.scores.accuracy + (move if place % 3 else -move)))
        assessment = make_assessment(utterance, value=value)
        pairs.append(Evaluated(utterance, assessment, perfect(utterance).recognised_phones))
    return System(name, pairs, {})


ROUGH, FINE, MIDDLE = system("rough", 4), system("fine", 0.1), system("middle", 2)


def test_each_system_is_compared_with_the_first_and_the_best():
    comparisons = paired_comparisons([ROUGH, FINE, MIDDLE])

    assert [(one.name, one.reference, one.role) for one in comparisons] == [
        ("fine", "rough", "first"),
        ("middle", "rough", "first"),
        ("rough", "fine", "best"),
        ("middle", "fine", "best"),
    ]
    assert best_of([ROUGH, FINE, MIDDLE]) is FINE


def test_the_best_is_not_shown_twice_where_it_is_the_first():
    assert {one.role for one in paired_comparisons([FINE, ROUGH])} == {"first"}
    assert paired_comparisons([FINE]) == []


def test_differences_are_those_of_compare():
    (paired,) = paired_comparisons([ROUGH, MIDDLE])[:1]

    assert paired.comparison == compare(MIDDLE.pairs, ROUGH.pairs, stopwatch=MIDDLE.stopwatch)
    one = paired.comparison.differences["apa.total.pcc"]
    assert one.difference == pytest.approx(one.a - one.b) and one.better == "A"


def test_the_page_marks_what_is_better_and_worse():
    page = str(differences_section(paired_comparisons([MIDDLE, FINE, ROUGH])))

    assert "Against middle, the first system" in page and "Against fine, the best mean PCC" in page
    assert "▲" in page and "▼" in page
    assert ">word<" not in page, "nobody scored words here"


def test_a_report_of_one_system_has_no_differences():
    assert differences_section([]) is None
    assert 'id="differences"' not in report_html([FINE])
    assert 'href="#differences"' in report_html([FINE, ROUGH], note="five folds")
    assert "five folds" in report_html([FINE, ROUGH], note="five folds")


def test_an_engine_without_phones_has_no_detection():
    pairs = [
        Evaluated(pair.utterance, pair.assessment.model_copy(update={"words": (), "phones": ()}), None)
        for pair in FINE.pairs
    ]
    comparison = compare(pairs, ROUGH.pairs)

    assert comparison.differences["mdd.f1"].difference is None
