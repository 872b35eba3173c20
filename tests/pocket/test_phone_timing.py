"""A pause is silence: no breath, no speech, and whatever the noise of the room."""

import numpy as np
import pytest

from enunciate.pocket.acoustic_model import Outputs
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.phone_timing import pauses
from enunciate.pocket.symbols import N_CLASSES, SILENCE

AE, T = 2, 30
SPOKEN = 50
"""Frames of each of two phones; what is between them lies in 50 to 50 + n."""


def pauses_of(between, room_db=-50.0, phones=frozenset()):
    """Return the pauses, as frames, between two loud phones.

    Args:
        between: The level of each frame between them.
        room_db: The level of the silence before and after them.
        phones: Frames between them in which a phone is heard.
    """
    n = len(between)
    speech, edge = np.full(SPOKEN, -5.0), np.full(20, room_db)
    level = np.concatenate((edge, speech, between, speech, edge)).astype(np.float32)
    silence = np.concatenate((np.ones(20), np.zeros(SPOKEN), np.ones(n), np.zeros(SPOKEN), np.ones(20)))
    silence[[20 + SPOKEN + frame for frame in phones]] = 0
    frame = np.full((len(level), N_CLASSES), np.log(0.001), dtype=np.float32)
    frame[silence == 1, SILENCE] = np.log(0.9)
    frame[silence == 0, AE] = np.log(0.9)
    nothing = np.zeros(len(level), dtype=np.float32)
    outputs = Outputs(frame, frame, nothing[:, None], nothing[:, None], nothing, nothing, level)
    start, end = np.array([20, 20 + SPOKEN + n]), np.array([20 + SPOKEN, 20 + 2 * SPOKEN + n])
    alignment = Alignment(np.array([AE, T]), np.array([0, 1]), start, end, (0, 0), 0.0)
    begin = 20 + SPOKEN
    found = pauses(outputs, alignment)
    return [(round(p.start_s / 0.02) - begin, round(p.end_s / 0.02) - begin) for p in found]


def test_silence_between_words_is_a_pause_from_150_ms_on():
    assert pauses_of([-50] * 8) == [(0, 8)]
    assert pauses_of([-50] * 7) == []


@pytest.mark.parametrize("loud_db", [-12, -22, -28])
def test_the_end_of_a_sound_and_a_breath_are_no_pause(loud_db):
    assert pauses_of([loud_db] * 6 + [-50] * 20) == [(6, 26)]
    assert pauses_of([-50] * 10 + [loud_db] * 12 + [-50] * 20) == [(22, 42)]
    assert pauses_of([loud_db] * 30) == []


def test_the_noise_of_the_room_is_a_pause():
    assert pauses_of([-28] * 30, room_db=-28) == [(0, 30)]
    assert pauses_of([-20] * 30, room_db=-20) == [(0, 30)]


def test_in_any_noise_a_pause_is_far_below_speech():
    assert pauses_of([-15] * 30, room_db=-15) == []


def test_digital_silence_about_a_clip_does_not_hide_its_room():
    assert pauses_of([-25] * 30, room_db=-60) == [(0, 30)]


def test_speech_beyond_the_text_is_no_pause():
    assert pauses_of([-50] * 40, phones=range(10, 30)) == [(0, 10)]
