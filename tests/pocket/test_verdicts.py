"""When a phone counts as mispronounced."""

from types import SimpleNamespace

import numpy as np
import pytest

from enunciate.phones import strip_stress
from enunciate.phones.pronunciation import Pronunciation
from enunciate.pocket import verdicts
from enunciate.pocket.alternatives import Alternative
from enunciate.pocket.symbols import CLASS_OF_PHONE

THRESHOLD = 0.5
GOOD, FAIR, LEARNER = 9.2, 8.6, 7.0
"""The accuracy of readings."""
LONG = 6
"""Frames."""


@pytest.fixture
def judged(monkeypatch):
    """Judge the last phone from two probabilities: that it is wrong (scorer), and that it was said."""

    def judge(
        phones, other, wrong, canonical, accuracy, *, word="word", frames=LONG, others_wrong=0.02, also=()
    ):
        index, canonical_phones = len(phones) - 1, phones
        own = CLASS_OF_PHONE[strip_stress(phones[-1])]
        heard = (CLASS_OF_PHONE[other],) if other else ()
        pair = [Alternative((own,), canonical), Alternative(heard, 1 - canonical)]
        monkeypatch.setattr(
            verdicts, "alternatives_at", lambda *_: sorted(pair, key=lambda a: -a.probability)
        )
        alignment = SimpleNamespace(
            classes=np.array([CLASS_OF_PHONE[strip_stress(phone)] for phone in phones]),
            start=np.zeros(len(phones), dtype=int),
            end=np.full(len(phones), frames),
            word=np.zeros(len(phones), dtype=int),
        )
        outputs = SimpleNamespace(frame=np.zeros((9, 40)), ctc=np.zeros((9, 40)))
        clip = SimpleNamespace(
            outputs=outputs,
            aligned=alignment,
            canonical=canonical_phones,
            chosen=[Pronunciation(tuple(phones))],
            reference=SimpleNamespace(
                words=[word], pronunciations=[(Pronunciation(tuple(phones)), *map(Pronunciation, also))]
            ),
        )
        doubts = np.append(np.full(index, others_wrong), wrong)
        scores = SimpleNamespace(wrong=doubts, utterance=np.array([accuracy, 9.0, 9.0, 9.0]))
        phrase = SimpleNamespace(first=0, last=len(phones))
        return verdicts.PhoneJudge(clip, phrase, scores, THRESHOLD)(index)

    return judge


@pytest.mark.parametrize(
    ("wrong", "canonical", "accuracy", "mispronounced"),
    [
        (0.6, 0.9, LEARNER, True),
        (0.6, 0.9, GOOD, True),
        (0.4, 0.01, LEARNER, False),  # an accent may blur a sound
        (0.1, 0.3, GOOD, True),  # where all else is good, one clear other sound is an error
        (0.1, 0.95, GOOD, False),
        (0.02, 0.01, GOOD, False),
        (0.3, 0.2, FAIR, True),
        (0.1, 0.3, FAIR, False),  # the better the rest, the less doubt it takes
    ],
)
def test_the_scorer_decides_and_in_a_good_reading_what_was_heard_too(
    judged, wrong, canonical, accuracy, mispronounced
):
    verdict = judged(["AH1", "TH"], "S", wrong, canonical, accuracy)
    assert (verdict.mispronounced, verdict.heard) == (mispronounced, "S" if mispronounced else "TH")


def test_a_short_sound_must_be_another_more_clearly(judged):
    long, short, clearer = (
        judged(["AH1", "TH"], "S", wrong, 0.3, GOOD, frames=frames)
        for wrong, frames in ((0.05, LONG), (0.05, 2), (0.3, 2))
    )
    assert long.mispronounced and clearer.mispronounced and not short.mispronounced


def test_a_vowel_without_stress_must_be_another_more_clearly(judged):
    stressed, unstressed, clearer = (
        judged(["V", vowel], "IH", wrong, 0.1, GOOD)
        for vowel, wrong in (("IY1", 0.1), ("IY0", 0.1), ("IY0", 0.45))
    )
    assert stressed.mispronounced and clearer.mispronounced and not unstressed.mispronounced


def test_a_phone_that_the_scorer_let_pass_loses_what_another_sound_has_of_it(judged):
    assert judged(["AH1", "TH"], "S", 0.1, 0.3, GOOD).best_score == pytest.approx(1.6)
    assert judged(["AH1", "TH"], "S", 0.6, 0.3, GOOD).best_score == 2.0
    assert judged(["AH1", "TH"], "S", 0.4, 0.7, GOOD).best_score == 2.0


@pytest.mark.parametrize(
    ("said", "other", "word"), [("P AA1 R", "", "par"), ("OW1 V ER0", "AH", "over"), ("HH AE1", "AA", "half")]
)
def test_a_british_sound_is_an_error_only_where_the_other_sounds_are_not_good(judged, said, other, word):
    phones = [*"DH AH0 M AE1 N S EH1 D DH AH0".split(), *said.split()]
    good, bad = (
        judged(phones, other, 0.7, 0.05, 8.0, word=word, others_wrong=doubt) for doubt in (0.02, 0.3)
    )
    assert not good.mispronounced and bad.mispronounced


def test_a_wrong_sound_in_the_place_of_an_r_stays_an_error(judged):
    assert judged(["P", "AA1", "R"], "L", 0.7, 0.05, GOOD).mispronounced


def test_a_sound_that_makes_another_pronunciation_of_the_word_is_no_error(judged):
    said = {also: judged(["S", "AO1"], "AA", 0.7, 0.05, GOOD, also=also) for also in ((), (("S", "AA1"),))}
    assert [verdict.mispronounced for verdict in said.values()] == [True, False]
