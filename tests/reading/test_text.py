"""Words of a text, their positions and pronunciations, and the errors."""

import random
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from enunciate.corpus.synthetic.sentences import everyday_sentence
from enunciate.errors import (
    PronunciationError,
    TextEmptyError,
    TextNotEnglishError,
    TextUnknownWordsError,
)
from enunciate.phones import PHONES, Lexicon, strip_stress
from enunciate.reading import parse_text
from enunciate.reading.text import MOST_VARIANTS

LEXICON = Lexicon.default()


def words(text):
    return [word.text for word in parse_text(text, LEXICON)]


def phones(text):
    """The first pronunciation of each word, as one string a word."""
    return [" ".join(word.variants[0]) for word in parse_text(text, LEXICON)]


def spoken(text):
    """The words of the usual reading."""
    return " ".join(word.pronunciations[0].read_as or word.text.lower() for word in parse_text(text, LEXICON))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She had your dark suit.", "She|had|your|dark|suit"),
        ("  WE,CALL -- it: 'bear'!? ", "WE|CALL|it|bear"),
        ("It’s “John’s”…", "It’s|John’s"),
        ("and/or this_that", "and|or|this|that"),
        ("a half-known x-ray — twenty-one", "a|half|known|x-ray|twenty-one"),
        ("Mr. Smith lives in the U.S. now", "Mr.|Smith|lives|in|the|U.S.|now"),
        ("F.B.I. etc.", "F.B.I.|etc."),
        ("rock 'n' roll, 'cause I'm goin'", "rock|n|roll|cause|I'm|goin"),
        ("café naïve cafe\u0301", "café|naïve|cafe\u0301"),
        ("ＡＢＣ", "ＡＢＣ"),
        ("You & I = 100%", "You|&|I|=|100%"),
        ("A B C TV", "A|B|C|TV"),
        ("one 😀 two 👍🏽 1️⃣", "one|two"),
        ("sig\u00adnificant", "sig\u00adnificant"),
        ("Give $3.50 (or €4) by 7:05 pm!", "Give|$3.50|or|€4|by|7:05|pm"),
        ("(212) 555-0199", "212|555|0199"),
        ("2½ cups", "2|½|cups"),
        ("Hi :-) I'm back :D and <3", "Hi|I'm|back|and"),
        ("I love it <3!", "I|love|it"),
        ("5 km/C or 3p/C cat", "5|km/C|or|3p|C|cat"),
        ("a 10-km run", "a|10|km|run"),
        ("12 500 people", "12 500|people"),
    ],
)
def test_words_are_those_typed(text, expected):
    assert words(text) == expected.split("|")


@given(st.text(alphabet=st.sampled_from("aI 5$.,:’é½ﬁ😀-\u0301\u00ad²¹⁰⁻"), max_size=30))
@example("5²²²")
@example("5⁰⁰")
@example("d⁻7x")
def test_the_span_of_a_word_is_its_place_in_the_typed_text(text):
    try:
        found = parse_text(text, LEXICON)
    except (TextEmptyError, TextNotEnglishError, TextUnknownWordsError):
        return
    places = [place for word in found for place in word.span or ()]
    assert [text[start:end] for start, end in zip(places[::2], places[1::2], strict=True)] == [
        word.text for word in found
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25", "twenty five"),
        ("0 10 100 101", "zero ten one hundred one hundred one"),
        ("1,234,567", "one million two hundred thirty four thousand five hundred sixty seven"),
        (
            "1995 1900 1905 2005 2015",
            "nineteen ninety five nineteen hundred nineteen oh five two thousand five twenty fifteen",
        ),
        ("1,995", "one thousand nine hundred ninety five"),
        ("3.5 and .5", "three point five and point five"),
        ("In 1,000, 7. Then 8!", "in one thousand seven then eight"),
        ("-7", "minus seven"),
        ("007", "zero zero seven"),
        ("1st 2nd 3rd 4th 20th 21st 100th", "first second third fourth twentieth twenty first one hundredth"),
        ("1990s 20's", "nineteen nineties twenties"),
        ("$5 $1 £2.50", "five dollars a dollar two pounds and fifty pence"),
        ("1234567890123", "one two three four five six seven eight nine zero one two three"),
    ],
)
def test_the_usual_reading_of_numbers(text, expected):
    assert spoken(text) == expected


def test_a_token_is_one_word_whose_variants_tell_the_reading():
    (word,) = parse_text("$3.50", LEXICON)

    assert len(set(word.variants)) == len(word.variants) <= MOST_VARIANTS
    phones = {item.read_as: item.phones for item in reversed(word.pronunciations)}
    assert phones["three fifty"] == tuple("TH R IY1 F IH1 F T IY0".split())
    assert "three dollars and fifty cents" in phones


@pytest.mark.parametrize(
    ("name", "in_english"),
    [("Łódź", "Lodz"), ("Søren", "Soren"), ("Đà", "Da"), ("Strauß", "Strauss"), ("Cæsar", "Caesar")],
)
def test_a_letter_that_english_lacks_sounds_like_the_one_it_resembles(name, in_english):
    assert phones(name + " is here") == phones(in_english + " is here")


def test_the_variants_of_a_long_text_with_many_numbers_are_limited():
    found = parse_text("12/05/2024 " * 500, LEXICON)

    assert sum(len(word.variants) for word in found) <= 500 * 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("meadow's", "M EH1 D OW2 Z"),  # after a voiced sound
        ("parrot's", "P EH1 R AH0 T S"),  # after a voiceless one
        ("quiche's", "K IY1 SH IH0 Z"),  # after a sibilant
        ("the Dogs'", "D AO1 G Z"),
        ("say /θ/", "TH"),
        ("say /tʃɪp/", "CH IH P"),
    ],
)
def test_pronunciations_by_rule(text, expected):
    assert phones(text)[-1] == expected


def test_plain_words_have_the_variants_of_the_lexicon_in_any_case():
    sentence = "I read about the live record and a tomato that you use"
    for text in (sentence, sentence.upper(), sentence.capitalize() + "."):
        for word in parse_text(text, LEXICON):
            assert word.variants == LEXICON.lookup(word.text)


def test_sentences_in_capitals_without_punctuation_have_the_words_of_the_lexicon():
    """The form of the corpus: no word in capitals is taken for an initialism, a unit or a Roman numeral."""
    rng = random.Random(5)
    for _ in range(300):
        sentence = re.sub(r"[^\w' ]", " ", everyday_sentence(rng)).upper()
        found = parse_text(sentence, LEXICON)
        assert [word.text for word in found] == sentence.split()
        assert [word.pronunciations for word in found] == [
            LEXICON.pronunciations(word) for word in sentence.split()
        ]


def test_inline_pronunciation_is_the_only_one():
    tomato, comma, xyzzy, last = parse_text('tomato{T AH M EY T OW}, red ("Xyzzy{z IH0 z iy}") ok', LEXICON)

    assert (tomato.text, tomato.variants) == ("tomato", (("T", "AH", "M", "EY", "T", "OW"),))
    assert (xyzzy.text, xyzzy.variants) == ("Xyzzy", (("Z", "IH0", "Z", "IY"),))
    assert (comma.text, last.text) == ("red", "ok")


@pytest.mark.parametrize("text", ["a{}", "a{ }", "{T}", "a {T}", "a{T", "a}b", "a{T{D}}", "a{T Q5}", "a{T0}"])
def test_bad_inline_pronunciations(text):
    with pytest.raises(PronunciationError):
        parse_text(text, LEXICON)


@pytest.mark.parametrize("text", ["", "  \n\t", "\u3000"])
def test_empty_text(text):
    with pytest.raises(TextEmptyError):
        parse_text(text, LEXICON)


@pytest.mark.parametrize("text", ["你好", "Привет, мир ok", "!!! ...", "- '", "😀", "( ) * /"])
def test_text_with_nothing_to_read_in_english(text):
    with pytest.raises(TextNotEnglishError):
        parse_text(text, LEXICON)


def test_all_unknown_words_are_named_once():
    with pytest.raises(TextUnknownWordsError) as caught:
        parse_text("hello 你好 frobnicate Привет, world 你好", LEXICON)
    assert caught.value.words == ["你好", "Привет"]
    assert "Привет" in str(caught.value)


@settings(max_examples=300)
@given(
    st.text(alphabet=st.one_of(st.sampled_from("aZ's-.{}$%&5,0 é’—你:/@IV#"), st.characters()), max_size=40)
)
def test_any_text_gives_words_or_one_of_our_errors(text):
    try:
        found = parse_text(text, LEXICON)
    except (TextEmptyError, TextNotEnglishError, TextUnknownWordsError, PronunciationError):
        return
    assert found
    for word in found:
        assert word.text
        assert word.variants
        assert all(strip_stress(phone) in PHONES for variant in word.variants for phone in variant)


UNITS = [
    "a",
    "1",
    "1,",
    "a'",
    "{",
    "a{",
    "a.",
    "a-",
    "1.",
    "é",
    "$",
    "-1",
    "!a",
    "a1",
    "1/",
    "1:1",
    "X",
    "@a",
    "A-1",
]


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear_in_the_text(unit):
    def took_s(count):
        start_s = time.process_time()
        with pytest.raises((TextUnknownWordsError, PronunciationError)):
            parse_text(unit * count + " zzaazz 你", LEXICON)
        return time.process_time() - start_s

    took_s(100)  # so that nothing is counted that is done but once
    assert took_s(10_000) < 30  # a quadratic step would take minutes


@settings(max_examples=300)
@given(st.text(alphabet="0123456789,.$£€¥:/-' %apmkgXIV°½#@&+=*()", min_size=1, max_size=10))
def test_any_figures_and_signs_before_a_word_leave_the_text_readable(figures):
    assert words(figures + " cat")[-1] == "cat"


def test_a_comma_before_one_or_two_digits_of_money_is_that_of_a_decimal():
    assert words("It is €5,50 now.") == ["It", "is", "€5,50", "now"]
    (euros,) = parse_text("€5,50", LEXICON)
    (cents,) = parse_text("€5.50", LEXICON)
    assert euros.pronunciations == cents.pronunciations
