"""When a phone counts as mispronounced."""

from types import SimpleNamespace

import numpy as np
import pytest

from enunciate.phones import strip_stress
from enunciate.pocket import results
from enunciate.pocket.alternatives import Alternative
from enunciate.pocket.symbols import CLASS_OF_PHONE

THRESHOLD = 0.5
GOOD, FAIR, LEARNER = 9.0, 8.6, 7.0
"""The accuracy of readings."""


@pytest.fixture
def judged(monkeypatch):
    """Judge a phone by two probabilities: that it is wrong (scorer), and that it was said (alternatives)."""

    def judge(phone, other, wrong, canonical, accuracy):
        own, heard = CLASS_OF_PHONE[strip_stress(phone)], (CLASS_OF_PHONE[other],) if other else ()
        pair = [Alternative((own,), canonical), Alternative(heard, 1 - canonical)]
        monkeypatch.setattr(results, "alternatives_at", lambda *_: sorted(pair, key=lambda a: -a.probability))
        alignment = SimpleNamespace(classes=np.array([own]), start=np.array([0]), end=np.array([2]))
        outputs = SimpleNamespace(frame=np.zeros((4, 40)), ctc=np.zeros((4, 40)))
        clip = SimpleNamespace(outputs=outputs, alignment=alignment, canonical=[phone])
        return results._judge(clip, 0, wrong, THRESHOLD, results._doubt_from(accuracy))

    return judge


@pytest.mark.parametrize(
    ("wrong", "canonical", "accuracy", "mispronounced"),
    [
        (0.6, 0.9, LEARNER, True),
        (0.6, 0.9, GOOD, True),
        (0.4, 0.01, LEARNER, False),  # an accent may blur a sound
        (0.1, 0.3, GOOD, True),  # where all else is good, one clear other sound is an error
        (0.1, 0.6, GOOD, False),
        (0.01, 0.01, GOOD, False),
        (0.2, 0.3, FAIR, True),
        (0.1, 0.3, FAIR, False),  # the better the rest, the less doubt it takes
    ],
)
def test_the_scorer_decides_and_in_a_good_reading_what_was_heard_too(
    judged, wrong, canonical, accuracy, mispronounced
):
    verdict = judged("TH", "S", wrong, canonical, accuracy)
    assert (verdict.mispronounced, verdict.heard) == (mispronounced, "S" if mispronounced else "TH")


@pytest.mark.parametrize(
    ("phone", "other", "heard"),
    [("AH1", "IH", "IH"), ("IY0", "IH", "IH"), ("T", "", None), ("N", "M", "M")],
)
def test_in_a_good_reading_what_connected_speech_reduces_must_be_clearer(judged, phone, other, heard):
    kept, flagged = (judged(phone, other, 0.1, canonical, GOOD) for canonical in (0.3, 0.05))
    assert (kept.mispronounced, kept.heard) == (False, strip_stress(phone))
    assert (flagged.mispronounced, flagged.heard) == (True, heard)


def test_a_phone_that_the_scorer_let_pass_loses_what_another_sound_has_of_it(judged):
    assert judged("TH", "S", 0.1, 0.3, GOOD).best_score == pytest.approx(1.6)
    assert judged("TH", "S", 0.6, 0.3, GOOD).best_score == judged("TH", "S", 0.1, 0.7, GOOD).best_score == 2.0


def test_a_stressed_vowel_that_is_another_is_no_reduction(judged):
    assert judged("IY1", "IH", 0.1, 0.3, GOOD).mispronounced
