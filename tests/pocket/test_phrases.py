"""A reading is cut where phrases end, and its phones all stay in one phrase."""

import numpy as np
import pytest

from enunciate.pocket.acoustic_model import FRAME_S
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.phrases import LONGEST_S, SENTENCE_PHONES, Phrase, cut_phrases

PHONE_S = 0.12


def reading(words, pauses_s):
    """An alignment of words of so many phones each, with the given silence after each word."""
    start, end, word, time_s = [], [], [], 0.5
    for index, (n_phones, pause_s) in enumerate(zip(words, pauses_s, strict=True)):
        for _ in range(n_phones):
            start.append(round(time_s / FRAME_S))
            time_s += PHONE_S
            end.append(round(time_s / FRAME_S))
            word.append(index)
        time_s += pause_s
    columns = (np.array(values) for values in (np.ones_like(start), word, start, end))
    return Alignment(*columns, variants=(0,) * len(words), score=-1.0)


def spans(phrases):
    return [(phrase.first, phrase.last) for phrase in phrases]


def test_a_short_reading_is_one_phrase_from_its_first_phone_to_its_last():
    alignment = reading([4, 4, 4], [0, 0, 0])
    (phrase,) = cut_phrases(alignment, [False] * 3)
    assert phrase == Phrase(0, 12, int(alignment.start[0]), int(alignment.end[-1]))


def test_a_pause_at_a_punctuation_mark_ends_a_phrase():
    alignment = reading([12, 12], [0.3, 0])
    assert spans(cut_phrases(alignment, [True, True])) == [(0, 12), (12, 24)]


def test_the_same_pause_inside_a_phrase_does_not():
    alignment = reading([12, 12], [0.3, 0])
    assert spans(cut_phrases(alignment, [False, True])) == [(0, 24)]


def test_in_a_long_reading_of_a_text_without_punctuation_a_pause_ends_a_phrase():
    alignment = reading([25, 25, 40], [0.5, 0.5, 0])
    assert spans(cut_phrases(alignment, [False, False, True])) == [(0, 25), (25, 50), (50, 90)]
    assert spans(cut_phrases(alignment, [True, False, True])) == [(0, 25), (25, 90)]


def test_a_mark_without_a_pause_does_not():
    alignment = reading([12, 12], [0.0, 0])
    assert spans(cut_phrases(alignment, [True, True])) == [(0, 24)]


def test_a_long_pause_ends_a_phrase_anywhere():
    alignment = reading([12, 12], [3.5, 0])
    assert spans(cut_phrases(alignment, [False, False])) == [(0, 12), (12, 24)]


def test_a_short_phrase_joins_the_neighbour_that_is_nearer():
    alignment = reading([12, 2, 12], [0.5, 0.25, 0])
    assert spans(cut_phrases(alignment, [True] * 3)) == [(0, 12), (12, 26)]


def test_short_sentences_stay_by_themselves():
    alignment = reading([5, 4, 5], [0.4, 0.4, 0])
    assert spans(cut_phrases(alignment, [True] * 3)) == [(0, 5), (5, 9), (9, 14)]


def test_a_short_phrase_that_punctuation_does_not_set_off_on_both_sides_joins_its_neighbour():
    alignment = reading([5, 30, 30, 30], [0.6, 0.1, 0.1, 0])
    assert spans(cut_phrases(alignment, [False, False, False, True]))[0][1] > 5
    alignment = reading([12, 5, 12], [0.3, 0.1, 0])
    assert spans(cut_phrases(alignment, [True] * 3)) == [(0, 12), (12, 29)]


def test_a_word_between_long_pauses_stays_alone():
    alignment = reading([12, 2, 12], [3.2, 3.2, 0])
    assert spans(cut_phrases(alignment, [False] * 3)) == [(0, 12), (12, 14), (14, 26)]


def test_a_long_phrase_is_cut_at_its_longest_pause():
    alignment = reading([25, 25, 25, 25], [0.05, 0.4, 0.05, 0])
    assert spans(cut_phrases(alignment, [False] * 4)) == [(0, 50), (50, 100)]


@pytest.mark.parametrize("seed", range(20))
def test_every_phone_is_in_one_phrase_and_no_phrase_is_long_or_tiny(seed):
    rng = np.random.default_rng(seed)
    n_words = int(rng.integers(1, 80))
    alignment = reading(rng.integers(1, 9, n_words), rng.choice([0, 0, 0, 0.1, 0.25, 0.5], n_words))

    phrases = cut_phrases(alignment, list(rng.random(n_words) < 0.2))

    assert [k for phrase in phrases for k in range(phrase.first, phrase.last)] == list(
        range(len(alignment.word))
    )
    for phrase in phrases:
        words = set(alignment.word[phrase.first : phrase.last])
        assert len(phrases) == 1 or phrase.n_phones >= SENTENCE_PHONES
        assert (phrase.end - phrase.start) * FRAME_S <= LONGEST_S + 2.5 or len(words) <= 3
