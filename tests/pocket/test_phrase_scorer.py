"""The scores of a phrase do not depend on what stands around it in the recording."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile as sf
from support.paths import ASSETS

from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.listener import Listener
from enunciate.pocket.phrase_scorer import (
    EDGE,
    FASTEST_NATURAL,
    LARGEST_HASTE_LOSS,
    PhraseScorer,
    haste_loss,
    stretch_of,
)
from enunciate.pocket.phrases import Phrase, cut_phrases
from enunciate.pocket.scorer import Scorers
from enunciate.schema import Clip, Utterance

TEXT = "I think the weather is nice today."


@pytest.fixture(scope="module")
def listener():
    return Listener(packaged_weights())


@pytest.fixture(scope="module")
def scorer(listener):
    return PhraseScorer(listener, Scorers(packaged_weights()))


@pytest.fixture(scope="module")
def reading():
    samples, _ = sf.read(ASSETS / "correct.flac", dtype="float32")
    return samples


def silence(seconds):
    return np.zeros(round(16_000 * seconds), np.float32)


def scored(listener, scorer, samples, text):
    clip = Clip(samples=np.round(samples * 32_767).astype(np.int16), sample_rate_hz=16_000)
    aligned = listener.listen(Utterance(id="a", audio=clip, text=text))
    phrases = cut_phrases(aligned.alignment, aligned.ends_phrase)
    return [scorer.score(aligned, phrase) for phrase in phrases]


def test_silence_at_the_edges_changes_no_score(listener, scorer, reading):
    (usual,) = scored(listener, scorer, np.concatenate((silence(0.3), reading, silence(0.3))), TEXT)
    (long,) = scored(listener, scorer, np.concatenate((silence(3.0), reading, silence(3.0))), TEXT)

    np.testing.assert_allclose(long.utterance, usual.utterance, atol=0.15)


def test_a_sentence_among_others_is_scored_as_alone(listener, scorer, reading):
    pause = silence(0.8)
    three = np.concatenate((pause, reading, pause, reading, pause, reading, pause))
    alone = scored(listener, scorer, np.concatenate((pause, reading, pause)), TEXT)
    first, second, third = scored(listener, scorer, three, " ".join([TEXT] * 3))

    for one in (first, second, third):
        np.testing.assert_allclose(one.utterance, alone[0].utterance, atol=0.25)


def test_both_ways_of_scoring_a_phrase_are_those_of_each_alone(listener, scorer, reading):
    three = np.concatenate((reading, silence(0.8), reading, silence(0.8), reading))
    clip = Clip(samples=three, sample_rate_hz=16_000)
    aligned = listener.listen(Utterance(id="a", audio=clip, text=" ".join([TEXT] * 3)))
    phrase = cut_phrases(aligned.alignment, aligned.ends_phrase)[1]

    told, untold = scorer.score_both_ways(aligned, phrase)

    np.testing.assert_array_equal(told.utterance, scorer.score(aligned, phrase).utterance)
    without = scorer.score(replace(aligned, reference=None), phrase)
    np.testing.assert_array_equal(untold.utterance, without.utterance)
    assert not np.array_equal(told.utterance, untold.utterance)


@pytest.mark.parametrize(
    ("start", "end", "stretch"),
    [
        (0, 100, (0, 100)),
        (EDGE + 20, 60, (0, 100)),  # usual silence at both ends
        (2 * EDGE, 70, (EDGE, 70 + EDGE)),
        (3, 30, (0, 30 + EDGE)),
    ],
)
def test_a_phrase_is_heard_with_usual_silence_about_it(start, end, stretch):
    assert stretch_of(start, end, 100) == stretch


def at_rate(phones_per_s, pause_s=0.0):
    """Return ten phones at a rate, with a pause in the middle, and the phrase that they are."""
    borders = np.arange(11) / phones_per_s / 0.02
    later = np.arange(10) >= 5
    start, end = (ends + later * pause_s / 0.02 for ends in (borders[:-1], borders[1:]))
    return SimpleNamespace(start=start, end=end), Phrase(0, 10, 0, round(end[-1]))


def test_only_what_is_faster_than_people_speak_loses_fluency():
    assert haste_loss(*at_rate(FASTEST_NATURAL - 0.1)) == 0
    faster, fast = haste_loss(*at_rate(20)), haste_loss(*at_rate(17))
    assert 0.3 < fast < faster < 3
    assert haste_loss(*at_rate(50)) == LARGEST_HASTE_LOSS
    assert haste_loss(*at_rate(17, pause_s=2.0)) == pytest.approx(fast), "pauses do not slow the sounds"
