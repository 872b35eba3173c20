"""Names from many languages: the pronunciations that good readers use are among those offered."""

from itertools import product
from pathlib import Path

import pytest

from enunciate.phones import Lexicon, is_vowel
from enunciate.reading import parse_text

LEXICON = Lexicon.default()
FILE = Path(__file__).parent / "name_pronunciations.txt"


def names():
    """Return each name of the file with its acceptable pronunciations."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return [
        (name, {tuple(phones.split()) for phones in accepted})
        for name, *accepted in (line.split(" | ") for line in lines)
    ]


def offered(name):
    """Return the pronunciations of a name inside a sentence, without stress."""
    words = parse_text(f"We met {name} today.", LEXICON)[2:-1]
    choices = product(*[[one.bare for one in word.pronunciations] for word in words])
    return {tuple(phone for part in parts for phone in part) for parts in choices}


def differ_in_one_vowel(first, second):
    differing = [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
    return len(first) == len(second) and len(differing) == 1 and all(map(is_vowel, differing[0]))


@pytest.mark.slow
def test_names_of_many_languages_are_offered_as_good_readers_say_them():
    """One vowel may differ: English has several for that of another language ("Agra" with AE or AA)."""
    exact = [name for name, accepted in names() if accepted & offered(name)]
    close = [
        name
        for name, accepted in names()
        if name not in exact
        and any(differ_in_one_vowel(one, other) for one in accepted for other in offered(name))
    ]
    others = [name for name, _ in names() if name not in {*exact, *close}]

    assert len(names()) >= 370
    assert len(exact) >= 0.88 * len(names()), close
    assert len(others) <= 0.02 * len(names()), others


@pytest.mark.parametrize(
    ("name", "phones"),
    [
        ("Qing", "CH IH NG"),  # pinyin
        ("Zhou", "JH OW"),
        ("Nẵng", "N AA NG"),  # Vietnamese by its marks, and by its letters
        ("Huynh", "HH W IH N"),
        ("Lucía", "L UW S IY AH"),  # Spanish
        ("Begoña", "B EH G OW N Y AH"),
        ("Ayşe", "AY SH EY"),  # Turkish
        ("Bologna", "B AH L OW N Y AH"),
    ],
)
def test_a_name_is_also_offered_as_its_letters_ask_for(name, phones):
    assert tuple(phones.split()) in offered(name)


@pytest.mark.parametrize("word", ["taxi", "Julian", "than", "guy", "chat", "pizza"])
def test_words_of_english_get_no_pronunciation_of_another_language(word):
    assert offered(word) == {one.bare for one in LEXICON.known(word)}
