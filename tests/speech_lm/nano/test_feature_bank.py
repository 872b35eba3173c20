"""Batches that are cut out of all clips: tempo, padding, and what a round is made of."""

from itertools import islice, pairwise

import numpy as np
import pytest
import torch

from enunciate.speech_lm.nano.feature_bank import (
    FRAMES_PER_STEP,
    LENGTH_STEP,
    PAUSE,
    UNKNOWN,
    Bank,
    BatchDraw,
    TrainingClip,
    draw_batches,
)
from enunciate.speech_lm.nano.mel_scale import N_MELS


def clip(seed, n_frames, n_phones, synthetic=False):
    """Phones of equal length, a pause of three frames at either end."""
    rng = np.random.default_rng(seed)
    frame_phone = np.full(n_frames, PAUSE, dtype=np.int16)
    edges = np.linspace(3, n_frames - 3, n_phones + 1).round().astype(int)
    for index, (start, end) in enumerate(pairwise(edges)):
        frame_phone[start:end] = index
    return TrainingClip(
        rng.normal(size=(n_frames, N_MELS)).astype(np.float16),
        rng.integers(1, 40, n_phones),
        frame_phone,
        synthetic,
    )


CLIPS = [clip(0, 90, 5), clip(1, 60, 3), clip(2, 121, 9, synthetic=True)]


@pytest.fixture
def bank():
    return Bank(CLIPS, torch.device("cpu"))


def cut(bank, chosen, tempo=1.0, frames=150):
    return bank.cut(BatchDraw(np.array(chosen), np.full(len(chosen), tempo), frames))


def test_at_its_own_tempo_a_clip_is_itself(bank):
    batch = cut(bank, [2, 0])

    assert batch.features.shape == (2, 150, N_MELS)
    assert batch.lengths.tolist() == batch.host_lengths.tolist() == [121, 90]
    for row, index in enumerate([2, 0]):
        clip = CLIPS[index]
        n = len(clip.features)
        np.testing.assert_array_equal(batch.features[row, :n], clip.features)
        assert (batch.features[row, n:] == -20).all()
    assert batch.synthetic.tolist() == [True, False]


def test_phones_are_padded(bank):
    batch = cut(bank, [2, 0, 1])

    assert batch.host_counts.tolist() == [9, 5, 3]
    for row, index in enumerate([2, 0, 1]):
        count = len(CLIPS[index].classes)
        assert batch.classes[row, :count].tolist() == CLIPS[index].classes.tolist()
        assert (batch.classes[row, count:] == 0).all()


@pytest.mark.parametrize("tempo", [0.8, 1.0, 1.25])
def test_the_phones_of_steps_follow_the_tempo(bank, tempo):
    batch = cut(bank, [0, 1], tempo, frames=120)
    assert batch.step_phone.shape == (2, 60)

    for row, clip in enumerate(CLIPS[:2]):
        length = int(batch.lengths[row])
        assert length == int(len(clip.features) / tempo)
        real = -(-length // FRAMES_PER_STEP)
        middles = (FRAMES_PER_STEP * np.arange(real) + 1) * tempo
        source = np.minimum(middles.round().astype(int), len(clip.features) - 1)
        np.testing.assert_array_equal(batch.step_phone[row, :real], clip.frame_phone[source])
        assert (batch.step_phone[row, real:] == UNKNOWN).all()


@pytest.mark.parametrize("tempo", [0.8, 1.25])
def test_features_follow_the_tempo(tempo):
    ramp = np.tile(np.arange(100, dtype=np.float16)[:, None] / 8, (1, N_MELS))
    one = TrainingClip(ramp, np.array([1]), np.zeros(100, np.int16), False)
    batch = cut(Bank([one], torch.device("cpu")), [0], tempo, frames=130)

    length = int(batch.lengths[0])
    expected = np.minimum(np.arange(length) * tempo, 99) / 8
    np.testing.assert_allclose(batch.features[0, :length, 0], expected, atol=1e-2)


def test_the_phones_of_a_clip_are_its_own(bank):
    assert [bank.phones(k) for k in range(3)] == [clip.classes.tolist() for clip in CLIPS]


@pytest.fixture(scope="module")
def large():
    rng = np.random.default_rng(3)
    clips = [clip(i, int(rng.integers(60, 400)), 4, synthetic=i % 3 == 2) for i in range(90)]
    return Bank(clips, torch.device("cpu"))


def a_round(bank, share, seed=0, tempo=0.1):
    """Batches up to the one with which all recordings have come."""
    rng = np.random.default_rng(seed)
    recordings, seen, draws = set(np.flatnonzero(~bank.synthetic).tolist()), set(), []
    for draw in draw_batches(bank, 2_000, tempo, lambda: share, rng):
        draws.append(draw)
        seen |= set(draw.clips.tolist())
        if recordings <= seen:
            return draws
    raise AssertionError


def test_a_round_has_every_recording(large):
    draws = a_round(large, 0.3)

    assert len(draws) < 40, "within about one round"
    for draw in draws:
        longest = (large.lengths[draw.clips] / draw.tempo).astype(int).max()
        assert longest <= draw.frames < longest + LENGTH_STEP
        assert draw.frames % LENGTH_STEP == 0
        assert len(draw.clips) == max(1, 2_000 // draw.frames), "the padded length fixes the number of clips"
        assert (np.abs(draw.tempo - 1) <= 0.1).all()


def test_batches_have_few_shapes(large):
    draws = islice(draw_batches(large, 2_000, 0.1, lambda: 0.3, np.random.default_rng(0)), 200)

    assert len({(len(draw.clips), draw.frames) for draw in draws}) <= 8


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_the_share_of_synthetic_clips(large, share):
    draws = islice(draw_batches(large, 2_000, 0.1, lambda: share, np.random.default_rng(1)), 300)
    chosen = np.concatenate([draw.clips for draw in draws])

    assert large.synthetic[chosen].mean() == pytest.approx(share, abs=0.05)


def test_the_seed_decides(large):
    def first(seed):
        return next(draw_batches(large, 2_000, 0.1, lambda: 0.3, np.random.default_rng(seed))).clips.tolist()

    assert first(1) == first(1) != first(2)
