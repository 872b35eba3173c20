import doctest
import gzip
import importlib
import time
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enunciate.errors import (
    PronunciationError,
    TextEmptyError,
    TextNotEnglishError,
    TextUnknownWordsError,
)
from enunciate.phones import FEATURES, IPA, PHONES, Lexicon, parse_phones, parse_text, strip_stress, to_ipa
from enunciate.phones.numbers import NUMBER, spell_number

LEXICON = Lexicon.default()


def words(text, lexicon=LEXICON):
    return [word.text for word in parse_text(text, lexicon)]


def phones(text, lexicon=LEXICON):
    """The first pronunciation of each word, as one string a word."""
    return [" ".join(word.variants[0]) for word in parse_text(text, lexicon)]


@pytest.mark.parametrize("module", ["inventory", "lexicon", "numbers", "text"])
def test_docstring_examples(module):
    result = doctest.testmod(importlib.import_module(f"enunciate.phones.{module}"))

    assert result.failed == 0


# --------------------------------------------------------------------------------------- the phone set


def test_phone_set():
    assert len(PHONES) == 39
    assert list(PHONES) == sorted(PHONES)
    assert set(IPA) == set(PHONES)
    assert len(set(IPA.values())) == 39


def test_features_tell_all_phones_apart():
    assert len(set(FEATURES.values())) == 39
    for features in FEATURES.values():
        assert features.vowel == (features.place is None) == (features.height is not None)


@pytest.mark.parametrize(
    "pair", ["P B", "T D", "K G", "F V", "TH DH", "S Z", "SH ZH", "CH JH"], ids=lambda pair: pair
)
def test_voicing_pairs_differ_in_voice_alone(pair):
    voiceless, voiced = (FEATURES[phone] for phone in pair.split())

    assert (voiceless.voiced, voiced.voiced) == (False, True)
    assert (voiceless.place, voiceless.manner) == (voiced.place, voiced.manner)


def test_stress_and_ipa():
    assert [strip_stress(phone) for phone in ("AH0", "AH", "ER2", "B", "")] == ["AH", "AH", "ER", "B", ""]
    assert "".join(map(to_ipa, "DH AH0 W EH1 DH ER0".split())) == "ðəwɛðɚ"
    assert to_ipa("AH") == "ʌ"
    with pytest.raises(PronunciationError, match="'XX'"):
        to_ipa("XX")


def test_parse_phones():
    assert parse_phones(["t", "AH0"], "here") == ("T", "AH0")
    with pytest.raises(PronunciationError, match="here: not ARPAbet phones: QQ, T1, AH3;"):
        parse_phones(["QQ", "T1", "AH3", "AH"], "here")
    with pytest.raises(PronunciationError, match="here: no phones"):
        parse_phones([], "here")


# ----------------------------------------------------------------------------------------- the lexicon


@pytest.mark.parametrize("word", ["tomato", "TOMATO", "Tomato"])
def test_all_variants_with_stress(word):
    assert LEXICON.lookup(word) == (
        ("T", "AH0", "M", "EY1", "T", "OW2"),
        ("T", "AH0", "M", "AA1", "T", "OW2"),
    )


@pytest.mark.parametrize("word", ["", " ", "a b", "zzzz", "tomatoz", "café", "a\n", "\x00", "~", "(", "你好"])
def test_unknown_words_have_no_pronunciation(word):
    assert LEXICON.lookup(word) == ()


def test_curly_apostrophe():
    assert LEXICON.lookup("don’t") == LEXICON.lookup("don't") != ()


def test_search_finds_every_entry():
    """Bisection against a plain dictionary made from the same file."""
    data = (resources.files("enunciate.phones") / "data" / "cmudict.txt.gz").read_bytes()
    assert len(data) < 1_200_000
    entries = {}
    for line in gzip.decompress(data).decode().splitlines():
        word, *symbols = line.split()
        entries[word] = (*entries.get(word, ()), tuple(symbols))

    assert len(entries) > 125_000
    assert {strip_stress(p) for variants in entries.values() for v in variants for p in v} == set(PHONES)
    step = 7  # a seventh of them is enough, with both ends
    for word in [*list(entries)[::step], min(entries), max(entries)]:
        assert LEXICON.lookup(word) == entries[word]


class CountedBytes(bytes):
    """Counts the searches for the start of a line."""

    searches = 0

    def rfind(self, *arguments):
        type(self).searches += 1
        return super().rfind(*arguments)


def test_lookup_bisects_the_dictionary():
    lines = CountedBytes(b"".join(b"w%06d T AH\n" % number for number in range(100_000)))

    assert Lexicon(lines).lookup("w012345") == (("T", "AH"),)
    assert CountedBytes.searches <= 21  # 1.4 million bytes, halved


def test_user_lexicon_overrides_and_adds(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(
        "\ufeff# my words\nTOMATO t ah m aa t ow\n\nSpeechocean  S P IY1 CH OW1 SH AH0 N # a company\n"
        "Speechocean(2) S P IY CH OW SH EH N\nO’Foo OW1 F UW\n",
        encoding="utf-8",
    )
    lexicon = LEXICON.with_file(path)

    assert lexicon.lookup("tomato") == (("T", "AH", "M", "AA", "T", "OW"),)
    assert len(lexicon.lookup("speechocean")) == 2
    assert lexicon.lookup("o'foo") == (("OW1", "F", "UW"),)
    assert lexicon.lookup("potato") == LEXICON.lookup("potato")
    assert len(LEXICON.lookup("tomato")) == 2, "the default lexicon must not change"


def test_user_lexicon_names_every_broken_line(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("good G UH D\nbad B Q\nempty\n")

    with pytest.raises(PronunciationError) as caught:
        LEXICON.with_file(path)
    assert f"{path}:2: 'bad': not ARPAbet phones: Q" in str(caught.value)
    assert f"{path}:3: 'empty': no phones" in str(caught.value)


def test_user_lexicon_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 K AE F EY\n")

    for name in ("missing.txt", "latin.txt", ""):
        with pytest.raises(PronunciationError, match="cannot be read"):
            LEXICON.with_file(tmp_path / name)


# -------------------------------------------------------------------------------------------- the text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She had your dark suit.", "She had your dark suit"),
        ("  WE,CALL -- it: 'bear'!? ", "WE CALL it bear"),
        ("It’s “John’s”…", "It's John's"),
        ("and/or this_that", "and or this that"),
        ("a half-known x-ray — twenty-one", "a half known x-ray twenty-one"),
        ("Mr. Smith lives in the U.S. now", "Mr Smith lives in the U.S. now"),
        ("F.B.I. etc.", "F B I etc"),
        ("rock 'n' roll, 'cause I'm goin'", "rock n roll cause I'm goin"),
        ("café naïve", "café naïve"),
        ("ＡＢＣ", "ABC"),
        ("You & I = 100%", "You and I equals one hundred percent"),
        ("A B C TV", "A B C TV"),
        ("B2B", "B two B"),
        ("one 😀 two", "one two"),
    ],
)
def test_words_of_a_text(text, expected):
    assert words(text) == expected.split()


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
        ("In 1,000, 7. Then 8!", "In one thousand seven Then eight"),
        ("-7 5-6 1/2", "minus seven five six one two"),
        ("007", "zero zero seven"),
        ("1st 2nd 3rd 4th 20th 21st 100th", "first second third fourth twentieth twenty first one hundredth"),
        ("1990s 20's 6s", "nineteen nineties twenties sixes"),
        ("$5 $1 £2.50", "five dollars one dollar two point five zero pounds"),
        ("3:30", "three thirty"),
        ("1234567890123", "one two three four five six seven eight nine zero one two three"),
    ],
)
def test_numbers(text, expected):
    assert words(text) == expected.split()


@given(st.integers(1, 10**12 - 1))
def test_every_number_can_be_said(value):
    spelt = spell_number(f"{value:,}")

    assert all(LEXICON.lookup(word) for word in spelt)
    assert all(LEXICON.lookup(word) for word in spell_number(f"{value}th"))


@pytest.mark.parametrize("decade", range(10, 100, 10))
def test_every_decade_can_be_said(decade):
    assert all(LEXICON.lookup(word) for word in spell_number(f"{decade}s") + spell_number(f"19{decade}s"))


@given(st.integers(0, 10**9 - 1), st.integers(0, 10**9 - 1))
def test_numbers_are_spelt_differently(a, b):
    assert (spell_number(f"{a:,}") == spell_number(f"{b:,}")) == (a == b)


def test_number_pattern():
    assert all(NUMBER.fullmatch(token) for token in ("1", "12,345", "1.5", ".5", "1st", "90s"))
    assert not any(NUMBER.fullmatch(token) for token in ("1,23", "1x", "-1", "1.2.3"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("meadow's", "M EH1 D OW2 Z"),  # after a voiced sound
        ("parrot's", "P EH1 R AH0 T S"),  # after a voiceless one
        ("quiche's", "K IY1 SH AH0 Z"),  # after a sibilant
        ("the Dogs'", "D AO1 G Z"),
    ],
)
def test_possessives_by_rule(text, expected):
    assert phones(text)[-1] == expected


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


@pytest.mark.parametrize("text", ["你好", "Привет, мир", "!!! ...", "- '", "😀"])
def test_text_that_is_not_english(text):
    with pytest.raises(TextNotEnglishError):
        parse_text(text, LEXICON)


def test_all_unknown_words_are_named_once():
    with pytest.raises(TextUnknownWordsError) as caught:
        parse_text("hello 你好 frobnicate Blorple, world frobnicate blorp-lez's", LEXICON)
    assert caught.value.words == ["你好", "frobnicate", "Blorple", "blorp", "lez's"]
    assert "Blorple" in str(caught.value)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("aZ's-.{}$%&5,0 é’—你"), st.characters()), max_size=40))
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


@pytest.mark.parametrize("unit", ["a", "1", "1,", "a'", "{", "a{", "a.", "a-", "1.", "é", "$", "-1", "!a"])
def test_time_is_linear_in_the_text(unit):
    def took_s(count):
        start_s = time.process_time()
        with pytest.raises((TextUnknownWordsError, PronunciationError)):
            parse_text(unit * count + " zzzz 你", LEXICON)
        return time.process_time() - start_s

    took_s(100)  # so that nothing is counted that is done but once
    assert took_s(10_000) < 30  # a quadratic step would take minutes
