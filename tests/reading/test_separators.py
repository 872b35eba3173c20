"""Numbers with the separators of other languages."""

import pytest

from enunciate.phones import Lexicon
from enunciate.reading import parse_text
from enunciate.reading.separators import as_in_english


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1 000 people", "1,000 people"),
        ("149 600 000 km", "149,600,000 km"),
        ("12 500 km", "12,500 km"),
        ("€ 1.000,50", "€ 1,000.50"),
        ("1.250.000 people", "1,250,000 people"),
        ("12,50 €", "12.50 €"),
        ("€7,95", "€7.95"),
        ("3,5 % of 25 000,00", "3.5 % of 25,000.00"),
    ],
)
def test_what_is_a_separator_for_sure_becomes_that_of_english(typed, expected):
    assert as_in_english(typed) == expected
    assert len(typed) == len(expected)


@pytest.mark.parametrize(
    "typed",
    [
        "1,000.50",
        "bus 42 100 times",
        "10 100 101",
        "1.000",
        "192.168.100.100",
        "31.12.1999",
        "3.5.1",
        "1, 2, 3",
        "1,2,3",
        "pages 3,5 and 7",
        "+1 212 555 0147",
        "(0131) 496 0000",
        "+27 11 555 000",
        "1 0000",
    ],
)
def test_what_may_be_something_else_stays(typed):
    assert as_in_english(typed) == typed


def test_the_place_of_the_number_is_that_in_the_typed_text():
    (_, number, _) = parse_text("Write 1 000 now", Lexicon.default())

    assert (number.text, number.span) == ("1 000", (6, 11))


def test_commas_as_in_india_are_read():
    (word,) = parse_text("₹1,50,000", Lexicon.default())

    assert word.pronunciations[0].read_as == "one hundred fifty thousand rupees"
