"""Rates, pauses, durations and melody, against values worked out by hand."""

import numpy as np
import pytest
from support.baseline_runs import alignment, outputs_of

from enunciate.baselines.forest.prosody import NAMES, npvi, prosody_features
from enunciate.pocket.symbols import classes_of

# "see" (S IY), 0.6 s of silence, "me" (M IY); frames of 20 ms, three before and four after.
ALIGNMENT = alignment(classes_of(["S", "IY", "M", "IY"]), [(3, 7), (7, 16), (46, 49), (49, 52)], [0, 0, 1, 1])
N_FRAMES = 58


def features(aligned=ALIGNMENT, tracks=(), n_frames=N_FRAMES):
    out = outputs_of(np.zeros((n_frames, 40), np.float32), *tracks)
    return dict(zip(NAMES, prosody_features(out, aligned).tolist(), strict=True))


def test_rates_and_pauses_are_taken_from_first_phone_to_last():
    values = features()

    assert np.exp(values["log_phones_per_s"]) == pytest.approx(4 / 0.98)
    assert np.exp(values["log_articulation_phones_per_s"]) == pytest.approx(4 / 0.38)
    assert np.exp(values["log_words_per_s"]) == pytest.approx(2 / 0.98)
    assert values["pauses_per_word"] == values["long_pauses_per_word"] == 0.5
    assert values["pause_share"] == pytest.approx(0.6 / 0.98)
    assert values["longest_pause_s"] == values["mean_pause_s"] == pytest.approx(0.6)


def test_durations_and_rhythm_are_those_of_phones_and_words():
    """Phones last 80, 180, 60 and 60 ms; the vowels 180 and 60."""
    values = features()

    assert values["median_duration_s"] == pytest.approx(0.07)
    assert values["vowel_share"] == pytest.approx(240 / 380)
    assert values["mean_vowel_s"] == pytest.approx(0.12)
    assert values["vowel_npvi"] == pytest.approx(0.12 / 0.12)
    assert values["sd_consonants_s"] == pytest.approx(0.01)
    assert values["mean_word_s_per_phone"] == pytest.approx((0.13 + 0.06) / 2)
    assert values["last_word_slowing"] == pytest.approx(np.log(0.06 / 0.095))
    assert (values["lead_in_s"], values["lead_out_s"]) == pytest.approx((0.06, 0.12))


def test_a_level_voice_has_no_melody():
    values = features()

    assert values["voiced_share"] == 1
    for name in ("pitch_sd", "pitch_range", "pitch_movement", "pitch_slope", "level_sd_db", "level_slope_db"):
        assert values[name] == 0


def test_steady_changes_give_slopes_and_movements():
    """Pitch rises by 0.01 and level falls by 1 dB a frame, over the 49 frames from first phone to last."""
    frames = np.arange(N_FRAMES, dtype=np.float32)
    values = features(tracks=(0.01 * frames, np.ones_like(frames), -frames))

    assert values["pitch_slope"] == pytest.approx(0.49, rel=1e-4)
    assert values["level_slope_db"] == pytest.approx(-49, rel=1e-4)
    assert values["pitch_movement"] == pytest.approx(0.01, rel=1e-4)
    assert values["level_range_db"] == pytest.approx(0.8 * 48, rel=1e-4)


def test_one_unvoiced_phone_has_finite_features():
    """There is nothing to divide by, and every feature is a number."""
    silent = tuple(np.full(3, value, np.float32) for value in (0, 0, -30))
    values = features(alignment(classes_of(["S"]), [(1, 2)], [0]), silent, n_frames=3)

    assert np.isfinite(list(values.values())).all()
    assert values["vowel_share"] == values["voiced_share"] == values["pauses_per_word"] == 0


def test_the_shared_frame_of_an_omitted_word_is_no_negative_pause():
    """Both phones of the second word have one frame, which the third word follows at once."""
    spans = [(0, 10), (10, 11), (10, 11), (11, 20)]
    values = features(alignment(classes_of(["S", "M", "IY", "K"]), spans, [0, 1, 1, 2]), n_frames=20)

    assert values["log_phones_per_s"] == values["log_articulation_phones_per_s"] == np.log(4 / 0.4)


def test_npvi_is_the_mean_difference_of_neighbours_over_their_mean():
    assert npvi(np.array([0.1, 0.3, 0.3])) == pytest.approx((0.2 / 0.2 + 0) / 2)
    assert npvi(np.array([0.1])) == 0
