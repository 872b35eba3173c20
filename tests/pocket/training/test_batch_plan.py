"""Plans of training batches."""

import numpy as np
import pytest
from support.bank_cases import make_bank

from enunciate.pocket.training.batch_plan import BatchPlanner, whole_rows
from enunciate.pocket.training.options import MixtureOptions

CALM = MixtureOptions(join=0, pause=0, extreme_tempo=0, tempo=0, synthetic=0.25, neural=0, budget=10_000)


@pytest.fixture(scope="module")
def bank():
    return make_bank()


def rows_of(bank, seed=1, **changes):
    mixture = CALM.model_copy(update=changes)
    planner = BatchPlanner(bank, range(7), mixture, np.random.default_rng(seed))
    return [row for batch in planner.epoch() for row in batch]


def test_an_epoch_has_each_recording_once_and_its_share_of_synthetic_clips(bank):
    clips = sorted(phrase.clip for row in rows_of(bank) for phrase in row.phrases)

    assert clips == [0, 1, 2, 3, 4, 5, 6, 6]


def test_scores_may_be_learnt_with_more_synthetic_speech_than_sounds(bank):
    mixture = CALM.model_copy(update={"scored_synthetic": 0.75})
    planner = BatchPlanner(bank, range(7), mixture, np.random.default_rng(1))

    def n_synthetic():
        clips = [phrase.clip for batch in planner.epoch() for row in batch for phrase in row.phrases]
        return clips.count(6)

    assert n_synthetic() == 2
    planner.scoring = True
    assert n_synthetic() == 18, "three in four of 24"


def test_the_same_seed_plans_the_same_batches(bank):
    def pieces(seed):
        return [row.pieces for row in rows_of(bank, seed, join=0.5, pause=0.5)]

    assert pieces(1) == pieces(1) != pieces(2)


def test_phrases_lie_where_their_pieces_put_them(bank):
    for row in rows_of(bank, join=1.0):
        for piece, phrase in zip(row.pieces, row.phrases, strict=True):
            np.testing.assert_allclose(phrase.start, bank.start[piece.clip] - piece.first + piece.place)
            assert phrase.start[0] >= piece.place and phrase.end[-1] <= piece.place + piece.length
            assert piece.place + piece.length <= row.frames


def test_joined_phrases_are_of_one_speaker_and_follow_each_other(bank):
    joined = [row for row in rows_of(bank, join=2.0) if len(row.phrases) > 1]

    assert joined
    for row in joined:
        assert len({bank.labels[phrase.clip].speaker for phrase in row.phrases}) == 1
        for before, after in zip(row.pieces[:-1], row.pieces[1:], strict=True):
            assert after.place >= before.place + before.length + 25


def test_a_pause_between_two_words_moves_the_times_after_it(bank):
    paused = [row for row in rows_of(bank, pause=1.0) if row.phrases[0].change == "pause"]

    assert len(paused) == 6, "formant speech is not paused"
    for row in paused:
        first, second = row.pieces
        (phrase,) = row.phrases
        gap = second.place - first.place - first.length
        assert 60 <= gap <= 300
        moved = phrase.start - (bank.start[phrase.clip] - first.first + first.place)
        changes = np.flatnonzero(np.diff(moved.round(6)))
        assert len(changes) == 1 and changes[0] in (1, 3), "after a word's last phone"
        np.testing.assert_allclose([moved[0], moved[-1]], [0, gap], atol=1e-6)
        np.testing.assert_allclose(phrase.end - phrase.start, 10)


def test_a_pause_is_silent_in_the_batch(bank):
    row = next(row for row in rows_of(bank, pause=1.0) if row.phrases[0].change == "pause")
    batch = bank.cut([row])
    first, second = row.pieces
    inside = batch.waves[0, (first.place + first.length) * 160 : second.place * 160]

    assert (inside == 0).all()
    assert batch.high[0, 1] < 8


def test_no_batch_is_over_its_budget_unless_it_would_be_tiny(bank):
    mixture = CALM.model_copy(update={"budget": 700, "edge_s": 0.1})
    batches = BatchPlanner(bank, range(7), mixture, np.random.default_rng(0)).epoch()

    sizes = [len(batch) * max(row.frames for row in batch) for batch in batches]
    assert sum(size > 700 for size in sizes) <= 1, "a last small batch joins the one before"


def test_clips_without_times_are_measured_with_phones_spread_evenly(bank):
    bank = make_bank()
    bank.start[2] = bank.end[2] = np.zeros(0)
    rows = [row for batch in whole_rows(bank, range(7), 300) for row in batch]

    assert sorted(row.phrases[0].clip for row in rows) == list(range(7))
    (spread,) = [row.phrases[0] for row in rows if row.phrases[0].clip == 2]
    np.testing.assert_allclose(np.diff(spread.start), 140 / 6)
