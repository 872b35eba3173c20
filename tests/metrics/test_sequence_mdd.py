"""Detection on three sequences of phones, by hand."""

import pytest
from support.evaluation_cases import make_assessment, make_corpus, make_utterance, perfect

from enunciate.metrics.mdd import Detection
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.results import summarise
from enunciate.metrics.sequence_mdd import detect_in_sequences

CANONICAL = "DH AH K AE T".split()


def counts(human: str, recognised: str) -> tuple[int, int, int, int, int]:
    """True positives, of these misdiagnosed ones, false positives, false negatives, true accepts."""
    found = detect_in_sequences(CANONICAL, human.split(), recognised.split())
    return (
        found.true_positives,
        found.n_misdiagnosed,
        found.false_positives,
        found.false_negatives,
        found.true_accepts,
    )


@pytest.mark.parametrize(
    ("human", "recognised", "expected"),
    [
        ("DH AH K AE T", "DH AH K AE T", (0, 0, 0, 0, 5)),
        ("DH AH K AE T", "D AH K AE", (0, 0, 2, 0, 3)),
        ("D AH K AE T", "D AH K AE T", (1, 0, 0, 0, 4)),
        ("D AH K AE T", "DH AH K AE T", (0, 0, 0, 1, 4)),
        ("D AH K AE T", "Z AH K AE T", (1, 1, 0, 0, 4)),
        ("D AH K AE T", "AH K AE T", (1, 1, 0, 0, 4)),
        ("DH AH K AE", "DH AH K AE", (1, 0, 0, 0, 4)),
        ("DH AH K AE", "DH AH K AE T", (0, 0, 0, 1, 4)),
        ("DH AH K AE", "DH AH K AE D", (1, 1, 0, 0, 4)),
        ("DH AH K AE T AH", "DH AH K AE T AH", (1, 0, 0, 0, 5)),
        ("DH AH K AE T AH", "DH AH K AE T", (0, 0, 0, 1, 5)),
        ("DH AH K AE T AH", "DH AH K AE T S", (1, 1, 0, 0, 5)),
        ("DH AH K AE T", "DH AH K AE T AH", (0, 0, 0, 0, 5)),  # what only the system added counts nowhere
    ],
)
def test_each_kind_of_error_is_found_missed_or_misdiagnosed(human, recognised, expected) -> None:
    assert counts(human, recognised) == expected


def test_a_system_that_failed_misses_every_error_and_accepts_nothing() -> None:
    failed = detect_in_sequences(CANONICAL, ["D", "AH", "K", "AE"], None)
    assert failed == Detection(false_negatives=2, n_unanswered=5)


def test_results_have_it_for_what_was_recognised_and_for_what_was_heard_given_the_text() -> None:
    results = summarise([perfect(utterance) for utterance in make_corpus()])
    for mdd in (results.mdd_of_sequences, results.mdd_of_sequences_with_text):
        assert mdd is not None
        assert (mdd.f1, mdd.der, mdd.per_with_text, mdd.frr) == (1, 0, None, 0)
        assert mdd.true_positives > 0 and mdd.true_accepts > 0


def test_an_added_phone_is_an_error_here_alone() -> None:
    utterance = make_utterance(phones="K AE1 T", phone_scores=(2, 2, 2), said={2: "T AH"})
    pair = Evaluated(utterance, make_assessment(utterance), ("K", "AE", "T"))
    results = summarise([pair])
    assert results.mdd_of_sequences is not None
    assert (results.mdd_of_sequences.false_negatives, results.mdd.false_negatives) == (1, 0)


def test_without_annotated_or_recognised_phones_there_is_none() -> None:
    bare = make_utterance(phone_scores=(2, 2, 0), said=None)
    assert summarise([Evaluated(bare, make_assessment(bare), ("K",))]).mdd_of_sequences is None
    annotated = make_utterance(said={0: "G"})
    results = summarise([Evaluated(annotated, make_assessment(annotated), None)])
    assert results.mdd_of_sequences is None
    assert results.mdd_of_sequences_with_text is not None
