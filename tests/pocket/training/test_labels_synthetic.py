"""Labels of synthetic clips follow from what was said."""

import numpy as np
import pytest

from enunciate.corpus.synthetic.clip import SyntheticClip
from enunciate.corpus.synthetic.neural_clip import NeuralClip
from enunciate.pocket.symbols import classes_of
from enunciate.pocket.training.labels import NOT_KNOWN, ClipLabels
from enunciate.pocket.training.labels_synthetic import (
    formant_labels,
    match_spoken,
    neural_labels,
    phone_ranges,
    price_of_errors,
)

S, IY, T, AH, M = classes_of(["S", "IY", "T", "AH", "M"])
PRICE = 10.0
WORDS = (("see", ("S", "IY1")), ("me", ("M", "IY0")))
SILENT = np.zeros(16_000, dtype=np.int16)


def neural(kind, said, held_out=False):
    return NeuralClip("n", "joe", "joe", kind, "see me", 1.0, held_out, WORDS, said, SILENT)


def recording(phone_scores, accuracy):
    n = len(phone_scores)
    empty = [[0] * n, [0] * n, 1]
    scores = [phone_scores, phone_scores, [-1.0], [-1.0], [accuracy, -1, -1, -1], [accuracy, -1, -1, -1]]
    return ClipLabels("r", "corpus", True, "s", [1] * n, *empty, *scores)


def test_right_extended_and_wrong_phones_get_ranges_that_do_not_overlap():
    low, high = phone_ranges([S, IY, T], [[S], [IY, AH], [M]])

    assert low[0] > high[1] > low[1] > 0
    assert low[2] == 0 and high[2] < 0.5
    assert high[0] == 2


def test_a_good_neural_reading_belongs_to_the_top_of_the_scale():
    labels = neural_labels(neural("good", (("S",), ("IY",), ("M",), ("IY",))), PRICE)

    assert min(labels.low) >= 9 and labels.high == [10.0] * 4
    assert labels.word_low == [9.3, 9.3] and labels.phone_low == [1.85] * 4
    assert labels.learn and not labels.start, "its times are not known yet"


def test_a_wrong_neural_reading_lowers_the_words_it_is_wrong_in_and_accuracy():
    labels = neural_labels(neural("wrong", (("T",), ("IY",), ("M",), ("IY",))), PRICE)

    assert labels.word_high == [5.5, 10.0]
    assert labels.phone_high[0] < 0.5 <= min(labels.phone_low[1:])
    assert labels.said == [[T], [IY], [M], [IY]]
    assert labels.low[0] < 9.3 - PRICE / 4 < labels.high[0], "one phone of four is wrong"
    assert labels.high[1:3] == [10.0, 10.0], "fluency and prosody need not suffer"


def test_more_errors_lower_accuracy_and_total_down_to_a_floor():
    said = [("S",), ("IY",), ("M",), ("IY",)]
    ranges: list[tuple[float, float]] = []
    for n_wrong in (1, 2, 4):
        labels = neural_labels(neural("wrong", (("T",),) * n_wrong + tuple(said[n_wrong:])), PRICE)
        ranges.append((labels.high[0], labels.high[3]))

    assert ranges[0] > ranges[1] > ranges[2] and ranges[0][1] > ranges[2][1]
    assert ranges[2][0] > 2


def test_a_hesitant_neural_reading_keeps_its_accuracy_and_lowers_fluency():
    labels = neural_labels(neural("hesitant", (("S",), ("IY",), ("M",), ("IY",)), held_out=True), PRICE)

    assert labels.low[0] == 9 and labels.high[1] == 7.5
    assert not labels.learn, "its sentence is kept for tests"


def test_the_price_of_errors_is_found_again_from_recordings_whose_other_phones_are_right():
    clips = [recording([0.0] * n + [2.0] * (20 - n), 8.6 - PRICE * n / 20) for n in range(4)]
    misleading = recording([1.0] * 20, 2.0)

    assert price_of_errors([*clips, misleading]) == pytest.approx(PRICE)


def test_without_errors_in_the_recordings_nothing_is_known_of_their_price():
    assert price_of_errors([]) == 0
    assert price_of_errors([recording([2.0] * 5, 9.0)] * 3) == 0


@pytest.mark.parametrize(
    ("spoken", "said", "start", "end"),
    [
        ([(S, 0.0, 0.1), (IY, 0.1, 0.3), (T, 0.3, 0.4)], [[S], [IY], [T]], [0, 0.1, 0.3], [0.1, 0.3, 0.4]),
        ([(S, 0.0, 0.1), (T, 0.1, 0.2)], [[S], [], [T]], [0, 0.1, 0.1], [0.1, 0.1, 0.2]),
        (
            [(S, 0.0, 0.1), (IY, 0.1, 0.3), (T, 0.3, 0.4), (AH, 0.4, 0.5)],
            [[S], [IY], [T, AH]],
            [0, 0.1, 0.3],
            [0.1, 0.3, 0.5],
        ),
    ],
    ids=["as it should be", "a deletion is an empty span", "an added sound belongs to the phone before"],
)
def test_spoken_phones_are_matched_with_canonical_ones(spoken, said, start, end):
    assert match_spoken([S, IY, T], spoken) == (said, start, end)


def test_a_formant_clip_has_times_and_words_between_its_silences():
    segments = (("SIL", 0, 0.2), ("S", 0.2, 0.3), ("IY", 0.3, 0.5), ("SIL", 0.5, 0.7), ("T", 0.7, 0.9))
    clip = SyntheticClip("f", "flite", "slt", "see me", ("S", "IY", "M"), ("S", "IY", "T"), segments, SILENT)
    labels = formant_labels(clip)

    assert labels.word == [0, 0, 1] and labels.n_words == 2
    assert (labels.start, labels.end) == ([0.2, 0.3, 0.7], [0.3, 0.5, 0.9])
    assert labels.said == [[S], [IY], [T]] and labels.phone_high[2] < 0.5
    assert labels.segments[0] == (0, 0, 0.2)
    assert set(labels.low) == set(labels.word_low) == {NOT_KNOWN}
