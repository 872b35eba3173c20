"""Long clips are cut into windows whose kept parts join without a gap; prosody has the encoder's frames."""

from itertools import pairwise

import numpy as np
import pytest
import soundfile as sf
from support.paths import ASSETS

from enunciate.pocket import acoustic_model
from enunciate.pocket.acoustic_model import (
    FRAME_SAMPLES,
    MARGIN,
    WINDOW,
    AcousticModel,
    prosody_tracks,
    windows,
)
from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.weights_folder import ENCODER


@pytest.mark.parametrize("n_frames", [1, WINDOW, WINDOW + 1, 2 * WINDOW, 7 * WINDOW + 3])
def test_every_frame_is_kept_from_exactly_one_window(n_frames):
    spans = windows(n_frames)

    assert (spans[0][1], spans[-1][2]) == (0, n_frames)
    assert all(before[2] == after[1] for before, after in pairwise(spans))


@pytest.mark.parametrize("n_frames", [WINDOW + 1, 7 * WINDOW + 3])
def test_no_window_is_too_long_and_none_is_cut_without_context(n_frames):
    for first, start, end, last in windows(n_frames):
        assert last - first <= WINDOW
        assert start == first == 0 or start - first == MARGIN
        assert end == last == n_frames or last - end == MARGIN


def buzz(hz, seconds=1.0):
    time_s = np.arange(round(16_000 * seconds)) / 16_000
    return sum(np.sin(2 * np.pi * k * hz * time_s) / k for k in range(1, 6)).astype(np.float32)


def test_a_fifth_is_seven_semitones():
    samples = 0.1 * np.concatenate((buzz(110.0), buzz(165.0)))
    tone, voiced, level = prosody_tracks(samples, len(samples) // FRAME_SAMPLES)

    assert tone.shape == voiced.shape == level.shape == (100,)
    assert tone[60:95].mean() - tone[5:40].mean() == pytest.approx(7.02, abs=0.2)
    assert voiced[5:40].all() and voiced[60:95].all()


def test_a_pitch_far_from_the_median_is_taken_for_an_error():
    samples = 0.1 * np.concatenate((buzz(110.0, seconds=2.0), buzz(440.0)))
    tone, voiced, _ = prosody_tracks(samples, len(samples) // FRAME_SAMPLES)

    assert voiced[5:95].all() and not voiced[105:].any() and (tone[105:] == 0).all()


def test_the_level_is_relative_to_the_loudest_frame():
    samples = np.concatenate((0.3 * buzz(110.0), 0.03 * buzz(110.0), np.zeros(8_000, np.float32)))
    _, voiced, level = prosody_tracks(samples, len(samples) // FRAME_SAMPLES)

    assert level[10:40].mean() == pytest.approx(0, abs=1)
    assert level[60:90].mean() == pytest.approx(-20, abs=1)
    assert level[-10:].max() == -60 and not voiced[-10:].any()


def test_cutting_into_windows_changes_little(monkeypatch):
    samples, _ = sf.read(ASSETS / "correct.flac", dtype="float32")
    clip = np.tile(samples, 6)
    encoder = AcousticModel(packaged_weights() / ENCODER)
    in_windows = encoder(clip)
    assert len(windows(len(in_windows.ctc))) > 1
    monkeypatch.setattr(acoustic_model, "WINDOW", 1_400)
    at_once = encoder(clip)
    assert len(windows(len(at_once.ctc))) == 1
    assert in_windows.ctc.shape == at_once.ctc.shape
    assert np.mean(in_windows.ctc.argmax(axis=1) == at_once.ctc.argmax(axis=1)) > 0.9
    assert np.abs(np.exp(in_windows.frame) - np.exp(at_once.frame)).mean() < 0.01


def test_a_stretch_is_encoded_as_if_there_were_nothing_else_and_keeps_its_pitch():
    samples, _ = sf.read(ASSETS / "correct.flac", dtype="float32")
    model = AcousticModel(packaged_weights() / ENCODER)
    whole = model(samples)

    stretch = model.encode_alone(samples, whole, 20, 70)

    alone = model(samples[20 * FRAME_SAMPLES : 70 * FRAME_SAMPLES])
    np.testing.assert_array_equal(stretch.ctc, alone.ctc)
    np.testing.assert_array_equal(stretch.melody, alone.melody)
    np.testing.assert_array_equal(stretch.tone, whole.tone[20:70])
    np.testing.assert_array_equal(stretch.level, whole.level[20:70])
