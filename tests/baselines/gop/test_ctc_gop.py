"""Alignment-free goodness of pronunciation, against a sum over every path."""

from itertools import pairwise, product

import numpy as np
import pytest

from enunciate.baselines.gop.ctc_gop import ctc_gop


def collapsed(path):
    """Merge repeats and drop blanks."""
    kept = [path[0], *(after for before, after in pairwise(path) if after != before)]
    return tuple(label for label in kept if label)


def probability(log_probs, labels):
    """Sum the probability of all paths that collapse to a sequence of labels."""
    paths = product(range(log_probs.shape[1]), repeat=len(log_probs))
    paths_log_prob = [log_probs[np.arange(len(p)), p].sum() for p in paths if collapsed(p) == tuple(labels)]
    return float(np.exp(paths_log_prob).sum())


def by_brute_force(log_probs, labels):
    scores = []
    for u in range(len(labels)):
        rivals = [(*labels[:u], k, *labels[u + 1 :]) for k in range(1, log_probs.shape[1])]
        total = sum(probability(log_probs, rival) for rival in rivals)
        total += probability(log_probs, [*labels[:u], *labels[u + 1 :]])
        scores.append(np.log(probability(log_probs, labels) / total))
    return scores


def drawn(n_frames, n_classes, seed):
    logits = np.random.default_rng(seed).normal(0, 1.5, (n_frames, n_classes))
    return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)


@pytest.mark.parametrize(
    "labels", [(1,), (2, 1), (1, 1), (1, 2, 3), (1, 2, 1), (2, 2, 1), (1, 2, 2), (3, 1, 2, 1)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_every_path_is_counted(labels, seed):
    log_probs = drawn(5, 4, seed)

    scores = ctc_gop(log_probs, np.array(labels))

    np.testing.assert_allclose(scores, by_brute_force(log_probs, labels), rtol=1e-5, atol=1e-6)


def test_one_frame_compares_a_phone_with_any_phone_or_none():
    log_probs = np.log([[0.2, 0.5, 0.3]]).astype(np.float32)

    assert ctc_gop(log_probs, np.array([1])) == pytest.approx([np.log(0.5)])


def test_two_frames_compare_a_phone_with_its_deletion():
    """Phone 1 in two frames is 11, 01 or 10; phone 2 has next to no probability, so the rest is 00."""
    log_probs = np.log([[0.4, 0.6 - 1e-9, 1e-9], [0.5, 0.5 - 1e-9, 1e-9]]).astype(np.float32)
    own, nothing = 0.6 * 0.5 + 0.4 * 0.5 + 0.6 * 0.5, 0.4 * 0.5

    assert ctc_gop(log_probs, np.array([1])) == pytest.approx([np.log(own / (own + nothing))], abs=1e-5)


def test_phones_that_the_frames_cannot_hold_score_minus_infinity():
    """Two equal phones need a blank between them: three frames."""
    assert ctc_gop(drawn(2, 3, 0), np.array([1, 1])).tolist() == [-np.inf, -np.inf]


def test_a_phone_that_was_said_scores_higher_than_one_that_was_not():
    spoken = np.full((9, 4), np.log(0.02), dtype=np.float32)
    spoken[[0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 0, 0, 2, 0, 0, 3, 0]] = np.log(0.94)

    right = ctc_gop(spoken, np.array([1, 2, 3]))
    wrong = ctc_gop(spoken, np.array([1, 1, 3]))

    assert (right > np.log(0.8)).all()
    assert wrong[1] < np.log(0.1) and wrong.argmin() == 1
