"""Threshold and intervals of baselines, from predictions for held-out clips."""

import numpy as np

from enunciate.baselines.calibrate import calibrate
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.pocket.calibration import Calibration
from enunciate.schema import ASPECTS

WORD = np.array([0, 0, 1, 1, 1, 2])


def labelled(phone, scores):
    words = np.full((3, 3), np.nan, dtype=np.float32)
    return LabelledClip(None, None, phone.astype(np.float32), scores.astype(np.float32), WORD, words, False)


def draw(seed=0, n=60):
    rng = np.random.default_rng(seed)
    clips, phone, utterance = [], [], []
    for _ in range(n):
        human = rng.choice([0.0, 1.0, 2.0], 6, p=[0.1, 0.2, 0.7])
        scores = np.full(4, 5 * human.mean())
        clips.append(labelled(human, scores))
        phone.append(np.clip(human + rng.normal(scale=0.3, size=6), 0, 2))
        utterance.append(np.clip(scores + rng.normal(scale=1, size=4), 0, 10))
    return clips, phone, utterance


def test_the_threshold_lies_between_good_and_bad_phones_and_all_survives_json():
    clips, phone, utterance = draw()
    found = calibrate(clips, phone, utterance, utterance)

    assert Calibration.model_validate_json(found.model_dump_json()) == found
    assert set(found.utterance) == set(found.free) == set(ASPECTS)
    assert 0.5 < found.threshold < 0.95


def test_unknown_labels_have_no_part():
    clips, phone, utterance = draw()
    blank = labelled(np.full(6, -1.0), np.full(4, np.nan))
    zeros = [*utterance, np.zeros(4)]
    found = calibrate([*clips, blank], [*phone, np.zeros(6)], zeros, zeros)

    assert found == calibrate(clips, phone, utterance, utterance)
