"""Scores are summed over the paths of each clip, whatever the other clips of the batch are."""

import itertools

import numpy as np
import pytest

from enunciate.schema import ASPECTS
from enunciate.speech_lm.decoding.scores import decode_scores
from enunciate.speech_lm.decoding.slots import Slot

SLOTS = [Slot(aspect, (100 + i,), tuple((n,) for n in range(11)), 99) for i, aspect in enumerate(ASPECTS)]


class Table:
    """Sequences whose next number follows from the clip and the numbers before it."""

    def __init__(self, clips):
        self.rows = [[] for _ in range(clips)]
        self.most = 0

    def feed(self, rows):
        self.rows = [[*before, *row] for before, row in zip(self.rows, rows, strict=True)]
        self.most = max(self.most, len(self.rows))

    def select(self, rows):
        self.rows = [self.rows[row] for row in rows]

    def truncate(self, n_tokens):
        raise AssertionError("every number is one token")

    def logit_values(self, tokens, before_last=0):
        return np.array([logits(row)[list(tokens)] for row in self.rows])


def logits(row):
    return np.random.default_rng(row).normal(size=11) * 2


def chances(clip, numbers):
    row = [clip, 100]
    for place, number in enumerate(numbers, 1):
        row += [number, 100 + place]
    values = np.exp(logits(row))
    return values / values.sum()


def test_with_one_path_each_score_follows_the_most_likely_ones_before_it():
    for clip, scored in enumerate(decode_scores(Table(3), [[0], [1], [2]], SLOTS, paths=1)):
        numbers = []
        for aspect in ASPECTS:
            expected = chances(clip, numbers)
            assert scored.distributions[aspect] == pytest.approx(expected)
            numbers.append(int(expected.argmax()))
            assert getattr(scored.answer, aspect) == numbers[-1]


def test_with_all_paths_scores_are_the_sums_over_every_answer():
    found = decode_scores(Table(2), [[0], [1]], SLOTS, paths=11**3)
    for clip, scored in enumerate(found):
        total = np.zeros(11)
        for numbers in itertools.product(range(11), repeat=2):
            weight = np.prod([chances(clip, numbers[:k])[number] for k, number in enumerate(numbers)])
            total += weight * chances(clip, numbers)
        assert scored.distributions["prosodic"] == pytest.approx(total)


def test_clips_have_as_many_paths_as_asked_for_and_do_not_share_them():
    together = Table(3)
    found = decode_scores(together, [[0], [1], [2]], SLOTS, paths=5)
    assert together.most == 15
    for clip, scored in enumerate(found):
        (alone,) = decode_scores(Table(1), [[clip]], SLOTS, paths=5)
        assert alone.answer == scored.answer
        for aspect in ASPECTS:
            assert alone.distributions[aspect] == pytest.approx(scored.distributions[aspect])
