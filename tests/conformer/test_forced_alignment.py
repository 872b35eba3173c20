"""Forced alignment on posteriors small enough to solve by hand or by trying every path."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enunciate.conformer.forced_alignment import AlignmentError, align, align_heard
from enunciate.pocket.symbols import N_CLASSES, SILENCE


def posteriors(frames, sure=0.9):
    """Log-probabilities in which each frame is sure of one class."""
    rest = (1 - sure) / (N_CLASSES - 1)
    table = np.full((len(frames), N_CLASSES), rest)
    table[np.arange(len(frames)), frames] = sure
    return np.log(table).astype(np.float32)


def random_posteriors(seed, n_frames):
    logits = np.random.default_rng(seed).normal(scale=2, size=(n_frames, N_CLASSES))
    return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)


def spans(found):
    return list(zip(found.classes.tolist(), found.start.tolist(), found.end.tolist(), strict=True))


def test_frames_go_to_their_phones():
    found = align(posteriors([0, 5, 5, 7, 0, 0, 9, 9, 9, 0]), [[[5, 7]], [[9]]])

    assert spans(found) == [(5, 1, 3), (7, 3, 4), (9, 6, 9)]
    assert found.word.tolist() == [0, 0, 1]
    assert found.score == pytest.approx(np.log(0.9), abs=1e-6)


def test_no_silence_is_needed():
    found = align(posteriors([5, 7, 9]), [[[5, 7]], [[9]]])

    assert spans(found) == [(5, 0, 1), (7, 1, 2), (9, 2, 3)]


def test_silence_inside_a_word_is_not_offered():
    found = align(posteriors([5, 0, 0, 7]), [[[5, 7]]])

    assert found.start[1] == found.end[0]
    assert (found.start[0], found.end[-1]) == (0, 4)


def test_the_same_phone_twice_is_two_phones():
    found = align(posteriors([5, 5, 5, 5]), [[[5]], [[5]]])

    assert len(found.classes) == 2
    assert (found.start[0], found.end[-1]) == (0, 4)


@pytest.mark.parametrize("said", [0, 1, 2])
def test_the_variant_that_was_said_is_chosen(said):
    variants = [[5, 7], [5, 8, 3], [6]]
    frames = [0, 11, *[label for label in variants[said] for _ in range(2)], 12, 0]

    found = align(posteriors(frames), [[[11]], variants, [[12]]])
    assert found.variants == (0, said, 0)
    assert found.classes.tolist() == [11, *variants[said], 12]
    assert found.word.tolist() == [0, *[1] * len(variants[said]), 2]


def test_as_many_frames_as_phones_just_fit():
    found = align(random_posteriors(0, 4), [[[5, 7]], [[9, 3]]])

    assert spans(found) == [(5, 0, 1), (7, 1, 2), (9, 2, 3), (3, 3, 4)]


def test_fewer_frames_than_phones_are_an_error():
    with pytest.raises(AlignmentError, match="3 frames"):
        align(random_posteriors(0, 3), [[[5, 7]], [[9, 3]]])


def test_a_short_variant_saves_a_long_one():
    assert align(random_posteriors(0, 3), [[[5, 7], [6]], [[9, 3]]]).variants == (1, 0)


def test_heard_phones_are_words_of_their_own():
    found = align_heard(posteriors([0, 5, 0, 7, 7]), [5, 7])

    assert spans(found) == [(5, 1, 2), (7, 3, 5)]
    assert found.word.tolist() == [0, 1]


words_strategy = st.lists(
    st.lists(st.lists(st.integers(1, N_CLASSES - 1), min_size=1, max_size=3), min_size=1, max_size=3),
    min_size=1,
    max_size=4,
)


@given(words_strategy, st.integers(0, 20), st.integers(0, 1_000))
@settings(max_examples=60, deadline=None)
def test_spans_are_in_order_and_never_empty(words, extra, seed):
    n_frames = sum(min(map(len, variants)) for variants in words) + extra
    found = align(random_posteriors(seed, n_frames), words)

    assert (found.start < found.end).all()
    assert found.start[0] >= 0 and found.end[-1] <= n_frames
    assert (found.start[1:] >= found.end[:-1]).all()
    inside = found.word[1:] == found.word[:-1]
    assert (found.start[1:] == found.end[:-1])[inside].all(), "a word has no gaps"
    chosen = [words[index][variant] for index, variant in enumerate(found.variants)]
    assert found.classes.tolist() == [label for labels in chosen for label in labels]
    assert found.word.tolist() == [index for index, labels in enumerate(chosen) for _ in labels]


def best_of_all_paths(log_probs, words):
    """Try every variant, every silence and every set of boundaries."""
    best = -np.inf
    for chosen in itertools.product(*words):
        for pauses in itertools.product((False, True), repeat=len(words) + 1):
            labels = [SILENCE] if pauses[0] else []
            for word, pause in zip(chosen, pauses[1:], strict=True):
                labels += [*word, *([SILENCE] if pause else [])]
            for cuts in itertools.combinations(range(1, len(log_probs)), len(labels) - 1):
                lengths = np.diff([0, *cuts, len(log_probs)])
                path = np.repeat(labels, lengths)
                best = max(best, float(log_probs[np.arange(len(path)), path].sum()))
    return best / len(log_probs)


@pytest.mark.parametrize("seed", range(12))
def test_no_path_is_better(seed):
    words = [[[5], [6, 7]], [[5, 8]]] if seed % 2 else [[[5, 6]], [[6], [7]]]
    log_probs = random_posteriors(seed, 4 + seed % 4)

    assert align(log_probs, words).score == pytest.approx(best_of_all_paths(log_probs, words), abs=1e-5)
