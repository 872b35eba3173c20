"""A text in plain characters: raised figures are powers, or the numbers of notes."""

import pytest

from enunciate.reading.written import make_plain


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("3²", "3^2 "),
        ("2¹⁰", "2^10 "),
        ("5²²²", "5^222 "),
        ("10⁻¹²", "10^-12 "),
        ("x¹", "x^1 "),
        ("(a+b)³", "(a+b)^3 "),
        ("5 inch²", "5 inch^2 "),
        ("sin²", "sin^2 "),
    ],
)
def test_a_run_of_raised_figures_is_one_power(typed, plain):
    assert make_plain(typed).plain == plain


@pytest.mark.parametrize("typed", ["A note¹", "the end.²", "he said “so.”¹²", "Darwin³⁴"])
def test_raised_figures_after_a_word_or_its_sentence_are_numbers_of_notes(typed):
    assert not set(make_plain(typed).plain) & {*"^1234"}


def test_each_plain_character_of_a_power_is_where_it_was_typed():
    written = make_plain("2¹⁰ is")
    start = written.plain.index("^")
    assert written.span(start, start + 3) == (1, 3)
