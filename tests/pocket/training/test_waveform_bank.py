"""Batches that are cut out of a bank hold the sound, the times and the labels that they should."""

import numpy as np
import pytest
import torch
from support.bank_cases import make_bank, make_labels, phone_times

from enunciate.pocket.training.row_plan import PhrasePlan, Piece, RowPlan
from enunciate.pocket.training.waveform_bank import HOP, UNKNOWN, ctc_labels
from enunciate.pocket.training.wildcard_ctc import WILDCARD

LENGTH = 140
"""Frames of 10 ms of a clip."""


@pytest.fixture
def bank():
    return make_bank()


def whole_row(bank, clip, place=0, tempo=1.0, frames=LENGTH):
    phrase = PhrasePlan(clip, bank.start[clip] + place, bank.end[clip] + place, "")
    return RowPlan([Piece(clip, 0, LENGTH, place)], [phrase], frames, tempo)


def test_a_clip_moved_in_its_row_takes_its_times_along(bank):
    still, moved = bank.cut([whole_row(bank, 0)]), bank.cut([whole_row(bank, 0, place=50, frames=190)])

    torch.testing.assert_close(moved.phrase.start[:, :6], still.phrase.start[:, :6] + 25)
    torch.testing.assert_close(moved.waves[0, 50 * HOP :], still.waves[0])
    assert (moved.waves[0, : 50 * HOP] == 0).all()
    np.testing.assert_allclose(still.phrase.start[0, :6] * 0.02, phone_times()[0], atol=1e-6)


def test_a_faster_row_is_shorter_in_frames_and_times(bank):
    batch = bank.cut([whole_row(bank, 0), whole_row(bank, 1, tempo=2.0)])

    assert batch.frames10.tolist() == [140, 140] and batch.frames.tolist() == [140, 70]
    torch.testing.assert_close(batch.phrase.end[1], batch.phrase.end[0] / 2)
    assert (batch.frame_class[1, 35:] == UNKNOWN).all(), "there is nothing after the end of the row"


def test_frame_classes_are_those_of_well_said_phones_and_silence(bank):
    classes = bank.cut([whole_row(bank, 0)]).frame_class[0]
    labels, (start, end) = bank.labels[0], phone_times()

    assert (classes[:14] == 0).all(), "silence before the first phone"
    for label, low, first, last in zip(labels.classes, labels.phone_low, start, end, strict=True):
        inside = classes[round(first / 0.02) + 1 : round(last / 0.02) - 1]
        assert set(inside.tolist()) == {label if low >= 1 else UNKNOWN}


def test_loud_frames_between_the_phones_of_a_recording_have_no_class(bank):
    start, end = phone_times()
    bank.set_times(0, start * 100 + 5, end * 100 + 5)
    classes = bank.cut([whole_row(bank, 0)]).frame_class[0]

    assert classes[15] == UNKNOWN, "speech that no phone is placed on"
    assert classes[13] == 0


def test_labels_of_phones_and_words_are_padded_as_unknown(bank):
    batch = bank.cut([whole_row(bank, 0)])

    assert batch.phone_low[0, :6].tolist() == bank.labels[0].phone_low
    assert (batch.phone_low[0, 6:] == -1).all() and (batch.phrase.classes[0, 6:] == 0).all()
    assert batch.phrase.real.sum() == 6
    assert batch.word_high[0].tolist() == [10, 5, -1]
    torch.testing.assert_close(batch.low[0], torch.tensor([8.0, 7.0, 7.0, 7.5]))


def test_two_phrases_of_a_row_have_one_ctc_target_and_labels_of_their_own(bank):
    first, second = whole_row(bank, 0), whole_row(bank, 1, place=LENGTH)
    row = RowPlan(first.pieces + second.pieces, first.phrases + second.phrases, 2 * LENGTH)
    batch = bank.cut([row, whole_row(bank, 6)])

    assert batch.row.tolist() == [0, 0, 1] and batch.clips == [0, 1, 6]
    assert batch.label_counts.tolist() == [12, 6]
    assert batch.labels[0, :6].tolist() == ctc_labels(bank.labels[0])
    assert batch.real_speech.tolist() == [1, 1, 0]


def test_a_wrong_phone_of_a_recording_is_a_wildcard_and_a_synthetic_one_what_was_said():
    right = ctc_labels(make_labels("x"))
    assert [index for index, label in enumerate(right) if label == WILDCARD] == [2]
    assert ctc_labels(make_labels("x", said=[[1], [], [2, 3], [4], [5], [6]])) == [1, 2, 3, 4, 5, 6]
    assert ctc_labels(make_labels("x", phone_low=[-1.0] * 6)) == make_labels("x").classes


def test_guessed_times_lie_evenly_in_the_loud_part(bank):
    bank.guess_times(0)

    assert 25 <= bank.start[0][0] <= 30 and 110 <= bank.end[0][-1] <= 115
    np.testing.assert_allclose(np.diff(bank.start[0]), np.diff(bank.start[0])[0])


def test_a_pause_lowers_fluency_and_leaves_accuracy(bank):
    row = whole_row(bank, 0, frames=LENGTH + 200)
    plan = row.phrases[0]
    moved = 200 * (np.arange(6) > 1)
    row.phrases[0] = plan._replace(start=plan.start + moved, end=plan.end + moved, change="pause")
    batch = bank.cut([row])

    assert batch.high[0, 0] == 8
    assert batch.high[0, 1] < batch.high[0, 2] < 8, "fluency falls more than prosody"
    assert batch.high[0, 3] == -1, "how far the total falls is left open"


def test_far_too_fast_speech_is_not_fluent(bank):
    batch = bank.cut([whole_row(bank, 0, tempo=2.0), whole_row(bank, 0, tempo=1.1)])

    assert batch.high[0, 1] < 6 and batch.high[0, 0] == 8
    assert batch.high[1].tolist() == pytest.approx([8, 8, 8, 8.2])
