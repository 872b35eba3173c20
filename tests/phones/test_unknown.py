"""Words that the lexicon lacks: what they are derived from, and how they are guessed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enunciate.phones import PHONES, Lexicon, strip_stress
from enunciate.phones.unknown.guess import MOST_GUESSES
from enunciate.phones.unknown.romanised import by_letters, pinyin

LEXICON = Lexicon.default()


def said(word: str) -> list[str]:
    return [" ".join(item.bare) for item in LEXICON.pronunciations(word)]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("organise", "AO R G AH N AY Z"),
        ("analysed", "AE N AH L AY Z D"),
        ("favourites", "F EY V ER IH T S"),
        ("jewellery", "JH UW AH L R IY"),
        ("pyjamas", "P AH JH AA M AH Z"),
        ("aeroplanes", "EH R AH P L EY N Z"),
        ("maths", "M AE TH S"),
        ("vlogger", "V L AO G ER"),
        ("unfriended", "AH N F R EH N D IH D"),
        ("emojis", "IH M OW JH IY Z"),
        ("meadow's", "M EH D OW Z"),
        ("quiche's", "K IY SH IH Z"),
    ],
)
def test_a_derived_word_is_as_sure_as_a_known_one(word, expected):
    assert LEXICON.lookup(word) == ()
    assert said(word)[0] == expected
    assert not any(item.guessed for item in LEXICON.pronunciations(word))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("TikTok", "T IH K T AA K"),
        ("ChatGPT", "CH AE T JH IY P IY T IY"),
        ("Xiaoming", "SH Y AW M IH NG"),
        ("Priya", "P R IY AH"),
        ("Priya's", "P R IY AH Z"),
        ("snowmen", "S N OW M EH N"),
        ("woodcutters", "W UH D K AH T ER Z"),
        ("QXZ", "K Y UW EH K S Z IY"),
        ("Yuki", "Y UW K IY"),
    ],
)
def test_the_first_guess(word, expected):
    assert said(word)[0] == expected
    assert all(item.guessed and item.kind == "guess" for item in LEXICON.pronunciations(word))


@settings(max_examples=60)
@given(st.from_regex(r"[A-Za-z][A-Za-z']{0,14}[A-Za-z]", fullmatch=True))
def test_every_word_of_letters_can_be_said(word):
    found = LEXICON.pronunciations(word)
    assert found
    assert len(found) <= MOST_GUESSES or not found[0].guessed
    assert all(strip_stress(phone) in PHONES for item in found for phone in item.phones)
    assert len({item.phones for item in found}) == len(found)


def test_a_word_without_letters_has_no_pronunciation():
    assert LEXICON.pronunciations("你好") == ()
    assert LEXICON.pronunciations("") == ()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("xiaoming", "SH Y AW M IH NG"),
        ("zhang", "JH AA NG"),
        ("qing", "CH IH NG"),
        ("guangzhou", "G W AA NG JH OW"),
        ("yuan", "Y W AA N"),
        ("shi", "SH ER"),
        ("fanan", "F AA N AA N"),
    ],
)
def test_syllables_of_pinyin(word, expected):
    (found,) = pinyin(word)
    assert " ".join(map(strip_stress, found)) == expected


@pytest.mark.parametrize("word", ["string", "table", "brr", ""])
def test_what_is_no_pinyin(word):
    assert all(not found for found in pinyin(word))


@pytest.mark.parametrize(
    ("word", "expected"),
    [("takeshi", "T AH K EH SH IY"), ("kavya", "K AA V Y AH"), ("tsubaki", "T S UW B AA K IY")],
)
def test_letters_of_fixed_sound(word, expected):
    assert expected in {" ".join(map(strip_stress, found)) for found in by_letters(word)}
