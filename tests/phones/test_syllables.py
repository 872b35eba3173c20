"""Syllables by maximal onset."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enunciate.phones import PHONES, is_vowel
from enunciate.phones import syllables as module
from enunciate.phones.syllables import syllables


def test_docstring_examples():
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("T AH0 M EY1 T OW2", "T AH0|M EY1|T OW2"),
        ("S IH1 NG IH0 NG", "S IH1 NG|IH0 NG"),
        ("M AH1 N D EY0", "M AH1 N|D EY0"),
        ("IH0 N S T R AH1 K T", "IH0 N|S T R AH1 K T"),
        ("AE1 TH L IY2 T", "AE1 TH|L IY2 T"),
        ("K R IY0 EY1 T", "K R IY0|EY1 T"),
        ("SH", "SH"),
    ],
)
def test_consonants_go_to_the_later_syllable_where_english_lets_them(word, expected):
    assert "|".join(" ".join(one.phones) for one in syllables(word.split())) == expected


def test_stress_is_that_of_the_vowel():
    assert [one.stress for one in syllables("T AH0 M EY1 T OW2".split())] == [0, 1, 2]
    assert [one.stress for one in syllables("T AH M".split())] == [None]


@given(st.lists(st.sampled_from(PHONES), max_size=12))
def test_syllables_keep_all_phones_and_have_one_vowel_each(phones):
    found = syllables(phones)

    assert [phone for one in found for phone in one.phones] == phones
    if any(map(is_vowel, phones)):
        assert all(sum(map(is_vowel, one.phones)) == 1 for one in found)
