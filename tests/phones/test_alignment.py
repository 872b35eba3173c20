"""Edit counts, by hand and against jiwer."""

import sys

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enunciate.errors import MissingExtraError
from enunciate.phones.alignment import (
    EditCounts,
    align,
    align_from_the_end,
    count_edits,
    edit_distance,
    pooled,
)

PHONES = st.lists(st.sampled_from(["K", "AE", "T", "S", "<unk>"]), max_size=12)


def test_align_shows_each_kind_of_edit() -> None:
    assert align(["K", "AE", "T"], ["K", "AH", "T", "S"]) == [
        ("K", "K"),
        ("AE", "AH"),
        ("T", "T"),
        (None, "S"),
    ]
    assert align(["K", "T"], ["T"]) == [("K", None), ("T", "T")]
    assert align([], []) == []


def test_counts_by_hand() -> None:
    assert count_edits(["DH", "AH", "K", "AE", "T"], ["DH", "K", "AH", "T", "S"]) == EditCounts(3, 1, 1, 1)


def test_error_rate_can_pass_one_and_needs_a_reference() -> None:
    assert count_edits(["K"], ["T", "S", "T"]).error_rate == 3.0
    assert count_edits([], ["K"]).error_rate is None


def test_pooling_weighs_phones_and_not_utterances() -> None:
    long, short = EditCounts(hits=9, deletions=1), EditCounts(substitutions=2)
    assert pooled([long, short]).error_rate == pytest.approx(3 / 12)
    assert pooled([]) == EditCounts()


@given(PHONES.filter(bool), PHONES)
def test_error_rate_agrees_with_jiwer(reference: list[str], hypothesis: list[str]) -> None:
    expected = jiwer.wer(" ".join(reference), " ".join(hypothesis))
    assert count_edits(reference, hypothesis).error_rate == pytest.approx(expected)


@given(PHONES, PHONES)
def test_an_alignment_gives_both_sequences_back(reference: list[str], hypothesis: list[str]) -> None:
    pairs = align(reference, hypothesis)
    assert [a for a, _ in pairs if a is not None] == reference
    assert [b for _, b in pairs if b is not None] == hypothesis
    counts = count_edits(reference, hypothesis)
    assert (counts.n_reference, counts.n_hypothesis) == (len(reference), len(hypothesis))


@given(PHONES, PHONES)
def test_an_alignment_from_the_end_has_the_fewest_edits_too(
    reference: list[str], hypothesis: list[str]
) -> None:
    pairs = align_from_the_end(reference, hypothesis)
    assert [a for a, _ in pairs if a is not None] == reference
    assert [b for _, b in pairs if b is not None] == hypothesis
    assert sum(a != b for a, b in pairs) == edit_distance(reference, hypothesis)


def test_among_equally_good_alignments_the_last_phones_are_paired_first() -> None:
    assert align_from_the_end(["K", "AE"], ["T"]) == [("K", None), ("AE", "T")]
    assert align_from_the_end(["K"], ["T", "S"]) == [(None, "T"), ("K", "S")]
    # A pair that is wrong goes before a deletion and an insertion around a pair that is right.
    assert align_from_the_end(["K", "T"], ["T", "S"]) == [("K", "T"), ("T", "S")]


@pytest.mark.parametrize(
    ("reference", "hypothesis", "distance"),
    [("kitten", "sitting", 3), ("saturday", "sunday", 3), ("intention", "execution", 5), ("", "abc", 3)],
)
def test_edit_distances_known_from_textbooks(reference: str, hypothesis: str, distance: int) -> None:
    assert edit_distance(list(reference), list(hypothesis)) == distance


@given(PHONES, PHONES)
def test_the_distance_without_kaldialign_is_that_of_the_alignment(
    reference: list[str], hypothesis: list[str]
) -> None:
    assert edit_distance(reference, hypothesis) == count_edits(reference, hypothesis).errors


def test_missing_kaldialign_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kaldialign", None)
    with pytest.raises(MissingExtraError, match=r"enunciate\[eval\]"):
        align(["K"], ["K"])
