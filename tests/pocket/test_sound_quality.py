"""The estimated signal-to-noise ratio is that of the recording, or None."""

import numpy as np
import pytest
import soundfile as sf
from support.paths import ASSETS

from enunciate import assess
from enunciate.assembly.warnings import NOISY_BELOW_DB
from enunciate.schema import Clip

SENTENCE = "I think the weather is nice today."
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def speech():
    """A sentence with half a second of digital silence at either side."""
    samples, _ = sf.read(ASSETS / "correct.flac", dtype="float32")
    edge = np.zeros(RATE_HZ // 2, dtype=np.float32)
    return np.concatenate((edge, samples, edge))


def noisy(speech, snr_db):
    noise = np.random.default_rng(0).standard_normal(len(speech))
    loud = speech[np.abs(speech) > 0]
    return (speech + noise * np.sqrt(np.mean(loud**2)) / 10 ** (snr_db / 20)).astype(np.float32)


def found(samples, text=SENTENCE):
    return assess(Clip(samples=samples, sample_rate_hz=RATE_HZ), text)


def codes(assessment):
    return {notice.code for notice in assessment.warnings}


@pytest.mark.parametrize("text", [SENTENCE, None])
@pytest.mark.parametrize("snr_db", [20, 10])
def test_the_estimate_is_near_the_ratio_at_which_noise_was_added(speech, snr_db, text):
    assert found(noisy(speech, snr_db), text).snr_db == pytest.approx(snr_db, abs=3)


def test_more_noise_is_a_lower_ratio_and_in_the_end_a_warning(speech):
    ratios = [found(noisy(speech, snr_db)) for snr_db in (30, 15, 5)]
    values = [assessment.snr_db for assessment in ratios]
    assert values == sorted(values, reverse=True)
    assert ["noisy" in codes(assessment) for assessment in ratios] == [False, False, True]
    assert values[-1] < NOISY_BELOW_DB


def test_digital_silence_has_no_noise(speech):
    assert found(speech).snr_db > 40


def test_without_silence_nothing_is_said(speech):
    whole = found(speech)
    first, last = (round(time_s * RATE_HZ) for time_s in (whole.phones[0].start_s, whole.phones[-1].end_s))
    spoken = found(speech[first:last])
    assert spoken.snr_db is None and "noisy" not in codes(spoken)


def test_the_share_of_clipped_samples_is_given(speech):
    clipped = found(np.clip(20 * speech, -1, 1))
    assert clipped.clipped_share == pytest.approx(np.mean(np.abs(20 * speech) >= 1), abs=1e-3)
    assert found(speech).clipped_share == 0
