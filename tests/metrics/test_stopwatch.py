"""What can be told of a reading without listening to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from enunciate.metrics.stopwatch import N_PREDICTORS, predictors, speech_span_s, times, utterance_predictors
from enunciate.schema import Clip, Utterance

RATE_HZ = 16_000


def quiet(duration_s: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (1e-3 * rng.standard_normal(round(duration_s * RATE_HZ))).astype(np.float32)


def test_the_span_runs_from_the_first_loud_frame_to_the_last(tone) -> None:
    clip = np.concatenate([quiet(1.0), tone(0.5), quiet(0.8), tone(0.2), quiet(2.0)])

    assert speech_span_s(clip) == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize("gain", [0.05, 1.0, 3.0])
def test_neither_level_nor_silence_at_the_edges_changes_the_span(tone, gain) -> None:
    edge = np.zeros(3 * RATE_HZ, np.float32)

    assert speech_span_s(gain * np.concatenate([edge, tone(0.7), edge])) == pytest.approx(0.7, abs=0.02)


def test_the_predictors_are_times_a_count_and_a_rate(tone) -> None:
    timed = times(np.concatenate([tone(2.0), quiet(2.0)]))

    assert timed == pytest.approx([4, 2, np.log(4), np.log(2)], abs=0.02)
    assert predictors(timed, 20)[4:] == pytest.approx([20, np.log(20), 10], abs=0.1)


def test_phones_come_from_the_words_or_the_text_and_an_unreadable_clip_has_no_predictors(tone) -> None:
    clip = Clip(samples=tone(1.0), sample_rate_hz=RATE_HZ)
    good = Utterance(id="a", audio=clip, text="we read")
    missing = Utterance(id="b", audio=Path("nowhere.wav"), text="we read")
    without_text = Utterance(id="c", audio=clip)

    rows = utterance_predictors([good, missing, without_text])

    assert rows.shape == (3, N_PREDICTORS)
    assert rows[0, 4] == 5  # W IY R EH D, or R IY D
    assert np.isnan(rows[1:]).all()
