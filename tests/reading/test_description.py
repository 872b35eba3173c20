"""What is told about a text before anybody reads it."""

import pytest

from enunciate.errors import TextUnknownWordsError
from enunciate.phones import Lexicon
from enunciate.reading import parse_text
from enunciate.reading.description import describe_text

LEXICON = Lexicon.default()
TEXT = "Ann, pay $3.50 😀 & go!"


def test_tokens_are_the_words_of_an_assessment_with_their_places():
    described = describe_text(TEXT, LEXICON)

    assert [token.text for token in described.tokens] == [word.text for word in parse_text(TEXT, LEXICON)]
    assert all(TEXT[token.start : token.end] == token.text for token in described.tokens)
    assert [token.kind for token in described.tokens] == ["word", "word", "money", "sign", "word"]


def test_readings_have_pronunciations_with_syllables_inside_words():
    (token,) = describe_text("1 1/2", LEXICON).tokens[1:]
    first = token.pronunciations[0]

    assert token.readings[0] == first.reading == "and a half"
    assert first.phones == "AH0 N D AH0 HH AE1 F"
    assert first.ipa == "ənd ə hæf"
    assert [one.phones for one in first.syllables] == ["AH N D", "AH", "HH AE F"]
    assert [one.stress for one in first.syllables] == [0, 0, 1]


def test_words_of_several_syllables_show_their_stress():
    (token,) = describe_text("tomato", LEXICON).tokens

    assert token.pronunciations[0].ipa == "təˈmeɪˌtoʊ"
    assert token.pronunciations[0].respelling == "tuh-MAY-toh"


def test_readings_of_several_words_are_respelt_word_by_word():
    (token,) = describe_text("21st", LEXICON).tokens

    assert token.pronunciations[0].respelling == "TWEN-tee furst"


def test_what_is_ignored_is_told_but_for_punctuation():
    ignored = describe_text("(Hi) 😀 there * tomato{T AH M EY T OW} …", LEXICON).ignored

    assert [(item.text, item.start, item.end) for item in ignored] == [("😀", 5, 6), ("*", 13, 14)]


def test_a_text_that_cannot_be_read_is_refused_as_by_an_assessment():
    with pytest.raises(TextUnknownWordsError):
        describe_text("hello 你", LEXICON)
