"""Rates, pauses, durations and melody, against values worked out by hand."""

import numpy as np
import pytest
from support.baseline_runs import alignment, level_voice

from enunciate.baselines.forest.prosody import NAMES, npvi, prosody_features
from enunciate.conformer.features import Outputs
from enunciate.conformer.pitch import Prosody
from enunciate.pocket.symbols import classes_of

# "see" (S IY), 0.6 s of silence, "me" (M IY); frames of 30 ms, two before and four after.
ALIGNMENT = alignment(classes_of(["S", "IY", "M", "IY"]), [(2, 5), (5, 11), (31, 33), (33, 35)], [0, 0, 1, 1])
N_FRAMES = 39


def features(aligned=ALIGNMENT, prosody=None, n_frames=N_FRAMES):
    nothing = np.zeros((n_frames, 40), np.float32)
    out = Outputs(nothing, nothing, nothing, prosody or level_voice(n_frames))
    return dict(zip(NAMES, prosody_features(out, aligned).tolist(), strict=True))


def test_rates_and_pauses_are_taken_from_first_phone_to_last():
    values = features()

    assert np.exp(values["log_phones_per_s"]) == pytest.approx(4 / 0.99)
    assert np.exp(values["log_articulation_phones_per_s"]) == pytest.approx(4 / 0.39)
    assert np.exp(values["log_words_per_s"]) == pytest.approx(2 / 0.99)
    assert values["pauses_per_word"] == values["long_pauses_per_word"] == 0.5
    assert values["pause_share"] == pytest.approx(0.6 / 0.99)
    assert values["longest_pause_s"] == values["mean_pause_s"] == pytest.approx(0.6)


def test_durations_and_rhythm_are_those_of_phones_and_words():
    """Phones last 90, 180, 60 and 60 ms; the vowels 180 and 60."""
    values = features()

    assert values["median_duration_s"] == pytest.approx(0.075)
    assert values["vowel_share"] == pytest.approx(240 / 390)
    assert values["mean_vowel_s"] == pytest.approx(0.12)
    assert values["vowel_npvi"] == pytest.approx(0.12 / 0.12)
    assert values["sd_consonants_s"] == pytest.approx(0.015)
    assert values["mean_word_s_per_phone"] == pytest.approx((0.135 + 0.06) / 2)
    assert values["last_word_slowing"] == pytest.approx(np.log(0.06 / 0.0975))
    assert (values["lead_in_s"], values["lead_out_s"]) == pytest.approx((0.06, 0.12))


def test_a_level_voice_has_no_melody():
    values = features()

    assert values["voiced_share"] == 1 and values["median_log_f0"] == 5
    for name in ("pitch_sd", "pitch_range", "pitch_movement", "pitch_slope", "level_sd_db", "level_slope_db"):
        assert values[name] == 0


def test_steady_changes_give_slopes_and_movements():
    """Pitch rises by 0.01 and level falls by 1 dB a frame, over the 33 frames from first phone to last."""
    frames = np.arange(N_FRAMES, dtype=np.float32)
    values = features(prosody=Prosody(5 + 0.01 * frames, -frames))

    assert values["pitch_slope"] == pytest.approx(0.33, rel=1e-4)
    assert values["level_slope_db"] == pytest.approx(-33, rel=1e-4)
    assert values["pitch_movement"] == pytest.approx(0.01, rel=1e-4)
    assert values["level_range_db"] == pytest.approx(0.8 * 32, rel=1e-4)


def test_one_unvoiced_phone_has_finite_features():
    """There is nothing to divide by, and every feature is a number."""
    silent = Prosody(np.full(3, np.nan, np.float32), np.full(3, -30, np.float32))
    values = features(alignment(classes_of(["S"]), [(1, 2)], [0]), silent, n_frames=3)

    assert np.isfinite(list(values.values())).all()
    assert values["vowel_share"] == values["voiced_share"] == values["pauses_per_word"] == 0


def test_npvi_is_the_mean_difference_of_neighbours_over_their_mean():
    assert npvi(np.array([0.1, 0.3, 0.3])) == pytest.approx((0.2 / 0.2 + 0) / 2)
    assert npvi(np.array([0.1])) == 0
