"""Alignment of a text with what was really said: wrong, omitted and added sounds keep places of their own."""

import numpy as np
import pytest

from enunciate.pocket.forced_alignment import AlignmentError, align, align_heard
from enunciate.pocket.symbols import N_CLASSES, SILENCE, classes_of

K, AE, T, S, IY, M = classes_of(["K", "AE", "T", "S", "IY", "M"])


def said(*runs, sure=0.9):
    """Log-probabilities (T, 40) of runs of (class, frames)."""
    rows = []
    for label, n_frames in runs:
        row = np.full(N_CLASSES, (1 - sure) / (N_CLASSES - 1))
        row[label] = sure
        rows += [row] * n_frames
    return np.log(np.array(rows)).astype(np.float32)


def spans(alignment):
    return list(zip(alignment.start.tolist(), alignment.end.tolist(), strict=True))


def test_phones_get_the_frames_in_which_they_were_said():
    frames = said((SILENCE, 5), (K, 4), (AE, 6), (T, 3), (SILENCE, 7), (S, 5), (IY, 8), (SILENCE, 4))
    found = align(frames, [[[K, AE, T]], [[S, IY]]])

    assert spans(found) == [(5, 9), (9, 15), (15, 18), (25, 30), (30, 38)]
    assert found.classes.tolist() == [K, AE, T, S, IY] and found.word.tolist() == [0, 0, 0, 1, 1]
    assert found.omitted == () and found.extra == ()


def test_a_wrong_sound_keeps_the_frames_in_which_it_was_said():
    """S was said in the place of K, and M in the place of T."""
    found = align(said((S, 6), (AE, 6), (M, 5)), [[[K, AE, T]]])

    assert spans(found) == [(0, 6), (6, 12), (12, 17)]


def test_a_phone_lasts_at_least_two_frames():
    found = align(said((K, 6), (T, 6)), [[[K, AE, T]]])

    assert all(end - start >= 2 for start, end in spans(found))


def test_an_omitted_word_takes_one_frame_which_its_phones_share():
    frames = said((K, 6), (AE, 8), (T, 6), (IY, 10), (M, 8))
    found = align(frames, [[[K, AE, T]], [[S, M, S, M, S]], [[IY, M]]])

    assert found.omitted == (1,)
    assert len({span for span, word in zip(spans(found), found.word, strict=True) if word == 1}) == 1
    assert [end - start for start, end in spans(found)][3:8] == [1] * 5


def test_speech_beyond_the_text_belongs_to_no_word():
    """Between the two words of the text stand others, with a pause to either side."""
    others = [(label, 5) for label in (IY, M, IY, M, IY, M, IY)]
    frames = said((K, 5), (AE, 6), (T, 5), (SILENCE, 6), *others, (SILENCE, 6), (S, 6), (IY, 6))
    found = align(frames, [[[K, AE, T]], [[S, IY]]])

    assert found.extra == ((22, 57),) and found.omitted == ()
    assert spans(found) == [(0, 5), (5, 11), (11, 16), (63, 69), (69, 75)]


def test_the_pronunciation_that_fits_best_is_chosen():
    found = align(said((K, 6), (IY, 6), (T, 6)), [[[K, AE, T], [K, IY, T]]])

    assert found.variants == (1,) and found.classes.tolist() == [K, IY, T]


def test_silence_may_follow_any_phone_that_was_heard():
    found = align_heard(said((K, 5), (SILENCE, 9), (AE, 5)), [K, AE])

    assert spans(found) == [(0, 5), (14, 19)] and found.word.tolist() == [0, 1]


def test_a_text_that_the_frames_cannot_hold_is_refused():
    with pytest.raises(AlignmentError):
        align(said((K, 1)), [[[K, AE]], [[T]]])


def test_the_variant_that_was_said_is_chosen_though_variants_share_their_phones():
    variants = [[K, AE, T], [K, AE, S], [M, AE, T], [K, AE, T, S, IY], [AE]]
    for index, phones in enumerate(variants):
        found = align(said(*[(phone, 5) for phone in phones]), [variants, [[M, IY, M]]][:1])
        assert found.variants == (index,)
        assert found.classes.tolist() == phones


@pytest.mark.parametrize("pause", [0, 30])
def test_a_reading_of_several_words_may_have_a_pause_between_them(pause):
    frames = said((K, 6), (AE, 6), *[(SILENCE, pause)] * (pause > 0), (T, 6), (S, 6))
    found = align(frames, [[[K, AE, SILENCE, T, IY], [K, AE, SILENCE, T, S]]])

    assert found.variants == (1,)
    assert found.classes.tolist() == [K, AE, T, S]
    assert spans(found) == [(0, 6), (6, 12), (12 + pause, 18 + pause), (18 + pause, 24 + pause)]
