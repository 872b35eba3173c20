"""The table of rules: the example of each, and sentences with the readings of what is not plain in them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from enunciate.phones import Lexicon
from enunciate.reading.rules import RULES
from enunciate.reading.text import SpokenWords, read_tokens, words_of
from enunciate.reading.tokens import PLAIN_WORD

SPOKEN = SpokenWords(Lexicon.default())
FOLDER = Path(__file__).parent / "sentences"


def sentences_of(path: Path) -> list[tuple[str, str]]:
    """Return each sentence with each expected reading of its tokens that are no plain words."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[:2] != "# "]
    split = [[part.strip() for part in f"{line} ".split(" | ")] for line in lines]
    return [(text, expected) for text, *readings in split for expected in readings or [""]]


SENTENCES = {path.stem: sentences_of(path) for path in sorted(FOLDER.glob("*.txt"))}


def is_path(words: Sequence[str], readings: Iterable[Sequence[str]]) -> bool:
    """Whether words are one reading of each token, one after the other."""
    reached = {0}
    for of_token in readings:
        spoken = [reading.split() for reading in of_token]
        reached = {
            at + len(one) for at in reached for one in spoken if list(words[at : at + len(one)]) == one
        }
    return len(words) in reached


def pronounced_readings(text: str) -> list[tuple[str, list[str]]]:
    """For each token its kind and the readings that are left among its variants."""
    found = read_tokens(text, SPOKEN)
    readings = []
    for token, word in zip(found, words_of(found, SPOKEN), strict=True):
        written = token.readings[0].lower() if token.kind == PLAIN_WORD else token.text.lower()
        readings.append((token.kind, [item.read_as or written for item in word.pronunciations]))
    return readings


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_example_of_a_rule_is_read_by_it_as_it_says(rule):
    readings = pronounced_readings(rule.example)

    assert rule.name in [kind for kind, _ in readings]
    lower = [[reading.lower() for reading in of_token] for _, of_token in readings]
    assert is_path(rule.reading.lower().split(), lower), readings


def test_names_of_rules_are_distinct():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)


def special_readings(text: str) -> list[list[str]]:
    """The readings of each token that is no plain word."""
    return [of_token for kind, of_token in pronounced_readings(text) if kind != PLAIN_WORD]


@pytest.mark.parametrize("file", SENTENCES)
def test_the_expected_readings_of_sentences_are_among_their_readings(file):
    given = [(text, expected, special_readings(text)) for text, expected in SENTENCES[file]]

    assert [one for one in given if not is_path(one[1].split(), one[2])] == []


def test_there_are_a_thousand_sentences_and_two_hundred_with_names():
    assert len({text for sentences in SENTENCES.values() for text, _ in sentences}) >= 1000
    assert len({text for text, _ in SENTENCES["names"]}) >= 200
