"""Rates, pauses, durations and melody, against values worked by hand."""

import numpy as np
import pytest
from support.baseline_runs import alignment, still

from enunciate.baselines.forest.prosody import NAMES, npvi, prosody_features
from enunciate.pocket.features import Outputs
from enunciate.pocket.pitch import Prosody
from enunciate.pocket.symbols import classes_of

# "see" (S IY), 0.6 s of silence, "me" (M IY); frames of 30 ms, two before and four after.
FOUND = alignment(classes_of(["S", "IY", "M", "IY"]), [(2, 5), (5, 11), (31, 33), (33, 35)], [0, 0, 1, 1])
N_FRAMES = 39


def figures(found=FOUND, prosody=None, n_frames=N_FRAMES):
    nothing = np.zeros((n_frames, 40), np.float32)
    out = Outputs(nothing, nothing, nothing, prosody or still(n_frames))
    return dict(zip(NAMES, prosody_features(out, found).tolist(), strict=True))


def test_rates_and_pauses():
    found = figures()

    assert np.exp(found["log_phones_per_s"]) == pytest.approx(4 / 0.99)
    assert np.exp(found["log_articulation_phones_per_s"]) == pytest.approx(4 / 0.39)
    assert np.exp(found["log_words_per_s"]) == pytest.approx(2 / 0.99)
    assert found["pauses_per_word"] == found["long_pauses_per_word"] == 0.5
    assert found["pause_share"] == pytest.approx(0.6 / 0.99)
    assert found["longest_pause_s"] == found["mean_pause_s"] == pytest.approx(0.6)


def test_durations_and_rhythm():
    """Phones last 90, 180, 60 and 60 ms; the vowels 180 and 60."""
    found = figures()

    assert found["median_duration_s"] == pytest.approx(0.075)
    assert found["vowel_share"] == pytest.approx(240 / 390)
    assert found["mean_vowel_s"] == pytest.approx(0.12)
    assert found["vowel_npvi"] == pytest.approx(0.12 / 0.12)
    assert found["sd_consonants_s"] == pytest.approx(0.015)
    assert found["mean_word_s_per_phone"] == pytest.approx((0.135 + 0.06) / 2)
    assert found["last_word_slowing"] == pytest.approx(np.log(0.06 / 0.0975))
    assert (found["lead_in_s"], found["lead_out_s"]) == pytest.approx((0.06, 0.12))


def test_a_level_voice_has_no_melody():
    found = figures()

    assert found["voiced_share"] == 1 and found["median_log_f0"] == 5
    for name in ("pitch_sd", "pitch_range", "pitch_movement", "pitch_slope", "level_sd_db", "level_slope_db"):
        assert found[name] == 0


def test_melody_of_a_line():
    """Pitch rises by 0.01 and level falls by 1 dB a frame, over the 33 frames from first phone to last."""
    frames = np.arange(N_FRAMES, dtype=np.float32)
    found = figures(prosody=Prosody(5 + 0.01 * frames, -frames))

    assert found["pitch_slope"] == pytest.approx(0.33, rel=1e-4)
    assert found["level_slope_db"] == pytest.approx(-33, rel=1e-4)
    assert found["pitch_movement"] == pytest.approx(0.01, rel=1e-4)
    assert found["level_range_db"] == pytest.approx(0.8 * 32, rel=1e-4)


def test_one_unvoiced_phone():
    """Nothing to divide by, and every figure is a number."""
    silent = Prosody(np.full(3, np.nan, np.float32), np.full(3, -30, np.float32))
    found = figures(alignment(classes_of(["S"]), [(1, 2)], [0]), silent, n_frames=3)

    assert np.isfinite(list(found.values())).all()
    assert found["vowel_share"] == found["voiced_share"] == found["pauses_per_word"] == 0


def test_npvi_by_hand():
    assert npvi(np.array([0.1, 0.3, 0.3])) == pytest.approx((0.2 / 0.2 + 0) / 2)
    assert npvi(np.array([0.1])) == 0
