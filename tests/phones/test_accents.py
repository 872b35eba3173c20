"""What British readers say for an American phone."""

import pytest

from enunciate.phones.accents import is_of_another_accent, may_lack_r


@pytest.mark.parametrize(
    ("word", "phones", "index", "heard"),
    [
        ("park", "P AA1 R K", 2, ()),
        ("car", "K AA1 R", 2, ()),
        ("here", "HH IH1 R", 2, ("AH",)),
        ("over", "OW1 V ER0", 2, ("AH",)),
        ("half", "HH AE1 F", 1, ("AA",)),
        ("afternoon", "AE2 F T ER0 N UW1 N", 0, ("AA",)),
        ("Classes", "K L AE1 S IH0 Z", 2, ("AA",)),
    ],
)
def test_a_lost_r_and_the_vowel_of_bath_are_an_accent(word, phones, index, heard):
    assert is_of_another_accent(word, phones.split(), index, heard)


@pytest.mark.parametrize(
    ("word", "phones", "index", "heard"),
    [
        ("red", "R EH1 D", 0, ()),
        ("very", "V EH1 R IY0", 2, ()),
        ("tree", "T R IY1", 1, ()),
        ("car", "K AA1 R", 2, ("L",)),
        ("car", "K AA1 R", 2, ("W",)),
        ("over", "OW1 V ER0", 2, ("IH",)),
        ("bird", "B ER1 D", 1, ("AH",)),
        ("over", "OW1 V ER0", 2, ()),
        ("cat", "K AE1 T", 1, ("AA",)),
        ("half", "HH AE1 F", 1, ("EH",)),
        ("half", "HH AE1 F", 2, ()),
    ],
)
def test_what_no_accent_has_is_none(word, phones, index, heard):
    assert not is_of_another_accent(word, phones.split(), index, heard)


def test_an_r_before_the_vowel_of_the_next_word_is_said():
    assert not may_lack_r(["F", "AO1", "R", "AO1", "L"], 2)
    assert may_lack_r(["F", "AO1", "R", "M", "IY1"], 2)
