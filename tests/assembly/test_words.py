"""Words from phones, and the rules of an omission."""

import pytest

from enunciate.assembly.omissions import omitted_by_recognition
from enunciate.assembly.words import build_word, completeness, mean_word_score
from enunciate.phones.pronunciation import Pronunciation
from enunciate.schema import PhoneQuality, PhoneResult


def phone(value, mispronounced=False, start_s=0.0):
    return PhoneResult(
        phone="K",
        start_s=start_s,
        end_s=start_s + 0.1,
        heard="K",
        heard_probability=0.9,
        score=PhoneQuality(value=value, low=max(0, value - 0.5), high=min(2, value + 0.5)),
        mispronounced=mispronounced,
    )


def test_a_word_score_is_five_times_the_mean_of_its_phone_scores():
    assert mean_word_score([2.0, 1.0, 0.0]) == pytest.approx(5.0)
    assert mean_word_score([2.0]) == 10


def test_a_word_spans_its_phones_and_averages_their_intervals():
    word = build_word("key", [phone(2.0), phone(1.0, start_s=0.3)], omitted=False)
    assert (word.start_s, word.end_s) == (0.0, 0.4)
    assert (word.score.value, word.score.low, word.score.high) == (7.5, 5.0, 8.75)
    assert word.error == "none"


def test_a_calibrated_interval_takes_the_place_of_the_phones():
    word = build_word("key", [phone(1.0)], omitted=False, interval=lambda value: (value - 1, value + 2))
    assert (word.score.low, word.score.value, word.score.high) == (4.0, 5.0, 7.0)


def test_an_omission_outweighs_a_mispronunciation_and_scores_0():
    word = build_word("key", [phone(1.0, mispronounced=True)], omitted=True)
    assert (word.error, word.score.value, word.score.low) == ("omission", 0.0, 0.0)


@pytest.mark.parametrize(("mispronounced", "split"), [(True, False), (False, True)])
def test_a_wrong_phone_or_a_sound_between_its_phones_makes_a_word_mispronounced(mispronounced, split):
    word = build_word("key", [phone(1.0, mispronounced=mispronounced)], omitted=False, split=split)
    assert word.error == "mispronunciation"


def test_completeness_is_ten_times_the_share_of_words_said():
    said, omitted = (build_word("key", [phone(1.0)], omitted=omitted) for omitted in (False, True))
    assert completeness([said, said, said, omitted]).value == 7.5
    assert completeness([]) is None


def test_a_recognised_word_is_omitted_where_none_of_its_phones_was_heard():
    assert omitted_by_recognition([(), ()])
    assert not omitted_by_recognition([(), ("<unk>",)])


@pytest.mark.parametrize(
    ("canonical", "stress"),
    [("AH0 B AW1 T", [0, None, 1, None]), ("M EY2 N", [None, 2, None]), ("M EY N", [None, None, None])],
)
def test_vowels_have_the_stress_of_the_pronunciation_and_consonants_none(canonical, stress):
    pronunciation = Pronunciation(tuple(canonical.split()))
    phones = [phone(2.0) for _ in pronunciation.phones]

    word = build_word("word", phones, omitted=False, pronunciation=pronunciation)

    assert [one.stress for one in word.phones] == stress


def test_phones_without_a_pronunciation_have_no_stress():
    assert build_word("key", [phone(2.0)], omitted=False).phones[0].stress is None
