"""Respellings: plain letters for people who read no phonetic signs."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enunciate.phones import PHONES, Lexicon
from enunciate.phones import respelling as module
from enunciate.phones.respelling import respelling
from enunciate.phones.syllables import syllables


def respelt(phones: str) -> str:
    return respelling(syllables(phones.split()))


def test_docstring_examples():
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("phones", "expected"),
    [
        ("SH Y AW0 M IH1 NG", "shyow-MING"),
        ("F OW1 T AH0 G R AE2 F", "FOH-tuh-graf"),
        ("M EH1 ZH ER0", "MEH-zhur"),
        ("F IH1 NG G ER0", "FING-gur"),
        ("DH IH1 S", "dhiss"),
        ("TH IH1 NG K S", "thingks"),
    ],
)
def test_hyphens_stand_between_syllables_and_capitals_mark_the_stress(phones, expected):
    assert respelt(phones) == expected


@pytest.mark.parametrize(
    ("phones", "expected"),
    [
        ("AY1", "eye"),
        ("AY1 S", "eyess"),
        ("T AY1 M", "tighm"),
        ("S T AA1 R", "star"),
        ("K EH1 R", "kair"),
        ("N IH1 R", "neer"),
        ("N AO1 R TH", "north"),
        ("Y EH1", "yeh"),
    ],
)
def test_letters_depend_on_their_neighbours(phones, expected):
    assert respelt(phones) == expected


def test_a_word_of_one_syllable_or_without_marks_of_stress_has_no_capitals():
    assert respelt("SH") == "sh"
    assert respelt("N AY1 S") == "nighss"
    assert respelt("T AH M EY T OW") == "tuh-may-toh"


@given(st.lists(st.sampled_from(PHONES), min_size=1, max_size=12))
def test_any_phones_become_letters_and_hyphens_alone(phones):
    letters = respelling(syllables(phones))

    assert letters.replace("-", "").isalpha() and letters.isascii()
    assert letters.count("-") == len(syllables(phones)) - 1


def test_words_that_differ_in_a_vowel_or_in_voice_look_different():
    pairs = ["ship sheep", "full fool", "cut cot", "bad bed", "thin then", "ice eyes", "price prize"]
    for pair in pairs:
        one, other = (respelling(syllables(Lexicon.default().lookup(word)[0])) for word in pair.split())
        assert one != other
