import doctest
import gzip
import importlib
from importlib import resources

import pytest

from enunciate.errors import PronunciationError
from enunciate.phones import FEATURES, IPA, PHONES, Lexicon, parse_phones, strip_stress, to_ipa

LEXICON = Lexicon.default()


@pytest.mark.parametrize("module", ["inventory", "lexicon"])
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
