"""The scorer's inputs: sound for odd clips, and steady where only the level changes."""

import numpy as np
import pytest

from enunciate.conformer.features import (
    N_PHONE_FEATURES,
    N_UTTERANCE_FEATURES,
    Outputs,
    phone_features,
)
from enunciate.conformer.forced_alignment import align
from enunciate.conformer.pitch import FRAME_S, Prosody, track
from enunciate.pocket.symbols import N_CLASSES

QUALITY = 6


def outputs(n_frames, seed=0, voiced=True, samples=None):
    rng = np.random.default_rng(seed)

    def posteriors():
        logits = rng.normal(scale=3, size=(n_frames, N_CLASSES))
        return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)

    if samples is not None:
        prosody = track(samples, n_frames)
    else:
        log_f0 = rng.normal(5, 0.2, n_frames) if voiced else np.full(n_frames, np.nan)
        level = rng.uniform(-40, 0, n_frames)
        prosody = Prosody(log_f0.astype(np.float32), level.astype(np.float32))
    quality = rng.normal(size=(n_frames, QUALITY)).astype(np.float32)
    return Outputs(posteriors(), posteriors(), quality, prosody)


def sure(out, frames, probability=0.999):
    """Outputs whose frame head is nearly certain of these classes."""
    rest = (1 - probability) / (N_CLASSES - 1)
    table = np.full((len(frames), N_CLASSES), rest)
    table[np.arange(len(frames)), frames] = probability
    log_probs = np.log(table).astype(np.float32)
    return Outputs(log_probs, log_probs, out.quality, out.prosody)


@pytest.mark.parametrize("voiced", [True, False])
@pytest.mark.parametrize(
    ("n_frames", "words"),
    [
        (10, [[[5]]]),
        (1, [[[5]]]),
        (3, [[[5, 7, 9]]]),
        (40, [[[5, 7]]]),
        (60, [[[5]], [[7]], [[9, 1, 2]]]),
    ],
)
def test_shapes_and_finite_values(n_frames, words, voiced):
    out = outputs(n_frames, voiced=voiced)
    found = phone_features(out, align(out.frame, words))

    n_phones = sum(len(word[0]) for word in words)
    assert found.classes.tolist() == [label for word in words for label in word[0]]
    assert found.phone.shape == (n_phones, N_PHONE_FEATURES)
    assert found.quality.shape == (n_phones, QUALITY)
    assert found.utterance.shape == (N_UTTERANCE_FEATURES,)
    for array in (found.phone, found.quality, found.utterance):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


def test_a_clip_in_which_nothing_but_blank_is_heard():
    out = sure(outputs(20), [0] * 20)
    assert np.isfinite(phone_features(out, align(out.frame, [[[5, 7]]])).utterance).all()


def test_goodness_tells_right_from_wrong():
    frames = [0, *[5] * 4, *[7] * 4, 0]
    out = sure(outputs(len(frames)), frames)
    right = phone_features(out, align(out.frame, [[[5, 7]]])).phone
    wrong = phone_features(out, align(out.frame, [[[5, 8]]])).phone

    own, ratio, ctc_own, ctc_ratio = 0, 1, 3, 4
    for column in (own, ratio, ctc_own, ctc_ratio):
        assert right[1, column] > wrong[1, column] + 1
        assert right[0, column] == pytest.approx(wrong[0, column], abs=1e-6)
    assert right[1, ratio] > 0 > wrong[1, ratio]


def test_quality_is_averaged_over_the_phone():
    frames = [0, *[5] * 4, *[7] * 2, 0]
    out = sure(outputs(len(frames)), frames)
    found = phone_features(out, align(out.frame, [[[5, 7]]]))

    np.testing.assert_allclose(found.quality[0], out.quality[1:5].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.quality[1], out.quality[5:7].mean(axis=0), rtol=1e-5)


def voice(hz, duration_s=1.0, rate_hz=16_000):
    """A vowel: twenty harmonics under one formant."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    partials = range(1, 21)
    sound = sum(
        np.exp(-(((k * hz - 600) / 500) ** 2)) * np.sin(2 * np.pi * k * hz * time_s + k) for k in partials
    )
    return (0.2 * sound / np.abs(sound).max()).astype(np.float32)


@pytest.mark.parametrize("gain", [0.1, 3.0])
def test_level_does_not_matter(gain):
    samples = voice(180.0) * np.linspace(0.2, 1, 16_000, dtype=np.float32)
    found = [
        phone_features(out, align(out.frame, [[[5, 7]], [[9]]]))
        for out in (outputs(33, samples=samples), outputs(33, samples=gain * samples))
    ]

    np.testing.assert_allclose(found[1].phone, found[0].phone, atol=1e-2)
    np.testing.assert_allclose(found[1].utterance, found[0].utterance, atol=1e-2)


@pytest.mark.parametrize("hz", [90.0, 120.0, 220.0, 320.0, 450.0])
def test_pitch_of_a_vowel(hz):
    log_f0 = track(voice(hz), 33).log_f0[2:-2]

    assert np.isfinite(log_f0).all()
    np.testing.assert_allclose(np.exp(log_f0), hz, rtol=0.03)


def test_noise_and_silence_have_no_pitch():
    samples = np.concatenate([np.zeros(8_000), 0.1 * np.random.default_rng(0).standard_normal(8_000)])
    prosody = track(samples.astype(np.float32), 33)

    assert np.isfinite(prosody.log_f0).mean() < 0.1
    assert prosody.level_db[3] == -60 and prosody.level_db.max() == 0


def test_pitch_is_where_the_voice_is():
    samples = np.concatenate([np.zeros(8_000, dtype=np.float32), voice(200.0, 0.5)])
    voiced = np.isfinite(track(samples, 33).log_f0)

    assert not voiced[: int(0.45 / FRAME_S)].any()
    assert voiced[int(0.55 / FRAME_S) : -1].all()


def test_a_long_clip_is_tracked_as_its_parts_are():
    samples = np.tile(voice(150.0, 0.48), 40)
    whole = track(samples, 640)
    part = track(samples[: 480 * 100], 100)

    np.testing.assert_allclose(whole.log_f0[:98], part.log_f0[:98], atol=1e-5)
