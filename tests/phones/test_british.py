"""British pronunciations, and words that are said otherwise as names."""

import pytest

from enunciate.phones import Lexicon
from enunciate.reading.reference import read_reference
from enunciate.schema import Accent, Utterance

LEXICON = Lexicon.default()


def ways(text: str, word: int, accent: Accent | None = None, lexicon: Lexicon = LEXICON) -> dict[str, str]:
    """The pronunciations of one word of a text, with their kinds."""
    reference = read_reference(Utterance(id="a", audio=b"", text=text, accent=accent), lexicon)
    assert reference is not None
    return {" ".join(one.bare): one.kind for one in reference.pronunciations[word]}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("car", "K AA"),
        ("here", "HH IY AH"),
        ("better", "B EH T AH"),
        ("part", "P AA T"),
        ("class", "K L AA S"),
        ("answer", "AA N S AH"),
        ("hot", "HH AO T"),
        ("schedule", "SH EH D Y UW L"),
        ("secretary", "S EH K R AH T AH R IY"),
        ("fragile", "F R AE JH AY L"),
        ("sure", "SH AO"),
    ],
)
def test_british_forms(word, expected):
    british = ways(word, 0, "gb")
    assert next(iter(british)) == expected
    assert british[expected] == "british"
    assert ways(word, 0, "any")[expected] == "british"
    assert expected not in {way for way, kind in ways(word, 0, "us").items() if kind == "british"}


def test_an_r_between_vowels_stays():
    assert all("R" in way.split() for way in ways("very", 0, "gb"))
    assert "K AA R" in ways("car is", 0, "gb")


@pytest.mark.parametrize(("word", "american"), [("class", "K L AE S"), ("schedule", "S K EH JH UH L")])
def test_both_accents_have_both_forms_and_the_american_is_the_usual_one(word, american):
    assert american not in ways(word, 0, "gb")
    assert next(iter(ways(word, 0, "any"))) == american
    assert set(ways(word, 0, "us").values()).isdisjoint({"british"})


def test_the_accent_of_an_utterance_goes_before_that_of_the_lexicon():
    british = Lexicon.default(accent="gb")
    assert "K L AE S" not in ways("class", 0, None, british)
    assert "K L AE S" in ways("class", 0, "us", british)


def test_given_phones_have_no_accent():
    assert ways("class{K L AE S}", 0, "gb") == {"K L AE S": "given"}


@pytest.mark.parametrize(
    ("text", "word", "name", "there"),
    [
        ("we went to Nice by train", 3, "N IY S", True),
        ("a nice day", 1, "N IY S", False),
        ("Nice to meet you", 0, "N IY S", False),
        ("I see. Nice work", 2, "N IY S", False),
        ("A NICE DAY", 1, "N IY S", False),
        ("a good job", 2, "JH OW B", False),
        ("the patience of Job", 3, "JH OW B", True),
        ("polish the shoes", 0, "P OW L IH SH", False),
        ("she speaks Polish well", 2, "P OW L IH SH", True),
    ],
)
def test_a_name_has_a_capital_inside_a_sentence(text, word, name, there):
    assert (name in ways(text, word)) == there
