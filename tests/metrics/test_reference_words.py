"""The words of a reference text that a transcript is compared with."""

import pytest

from enunciate.metrics.reference_words import closest_words


@pytest.mark.parametrize(
    ("text", "transcript"),
    [
        ("It costs $3.50.", "it costs three dollars and fifty cents"),
        ("It costs $3.50.", "it costs three fifty"),
        ("We met at 10:30 on 5/12/2024.", "we met at half past ten on may twelfth twenty twenty four"),
        ("The FBI is in Room 101.", "the f b i is in room one oh one"),
        ("The FBI is here.", "the fbi is here"),
        ("Tom’s café", "tom's cafe"),
    ],
)
def test_a_number_is_read_as_the_transcript_has_it(text, transcript):
    assert " ".join(closest_words(text, transcript.split())) == transcript


def test_what_was_said_wrongly_stays_an_error():
    assert closest_words("I ate 2 of 3 cakes", "i ate two or three cakes".split()) == (
        "i", "ate", "two", "of", "three", "cakes",
    )  # fmt: skip


def test_a_text_that_cannot_be_read_has_its_plain_words():
    assert closest_words("!!!", ["hello"]) == ()
