"""Labels of synthetic clips: what was said is known, and what people would give for it is estimated.

The ranges of scores are wide where people differ, so that they teach the ends of the scale and no more: a
good neural reading belongs to the top, a mispronounced phone to the bottom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from enunciate.corpus.synthetic.clip import SyntheticClip
from enunciate.corpus.synthetic.mispronunciations import SILENCE
from enunciate.corpus.synthetic.neural_clip import NeuralClip
from enunciate.pocket.symbols import classes_of
from enunciate.pocket.training.labels import NOT_KNOWN, ClipLabels, Ends, stresses, word_indices
from enunciate.schema import MISPRONOUNCED_BELOW

_RIGHT, _EXTENDED, _WRONG = (1.85, 2.0), (0.3, 1.3), (0.0, 0.4)
"""Ranges of the scores of a phone said right, said right with a sound added, and said wrong."""
_GAP_S = 0.03
"""A longer gap between phones of a formant synthesiser separates words."""
_CLEARLY_RIGHT = 1.5
"""A phone with this score or more is no error to anybody."""
_MOST_WRONG = 0.3
"""Where more phones are wrong, accuracy has reached its floor and falls no further."""
_FLAWLESS, _LOWEST_ACCURACY = 9.3, 2.5
"""Accuracy of a neural voice without errors, and with any number of them."""
_ACCURACY_SHARE, _FLUENT = 0.7, 9.0
"""The weight of accuracy in the total, and the fluency of a neural voice."""
_SUBSTITUTION = 1.01
"""Costs more than a deletion or an insertion, so that an alignment prefers matches."""


class _Spoken(NamedTuple):
    label: int
    start_s: float
    end_s: float


def price_of_errors(clips: Sequence[ClipLabels]) -> float:
    """Fit what wrong phones cost: accuracy points per share of phones that are wrong.

    Recordings teach it whose other phones are right, so that nothing else lowers the accuracy.

    Args:
        clips: Recordings of the train split with exact accuracy and phone scores.

    Returns:
        The price, at least 0: about 20, so that one wrong phone in twenty costs a point; 0 without clips.
    """
    rows: list[tuple[float, float]] = []
    for clip in clips:
        scores = np.array(clip.phone_low)
        if clip.low[0] < 0 or not len(scores) or scores.min() < 0:
            continue
        wrong = scores < MISPRONOUNCED_BELOW
        if np.all(wrong | (scores >= _CLEARLY_RIGHT)) and wrong.mean() <= _MOST_WRONG:
            rows.append((float(wrong.mean()), clip.low[0]))
    if not rows or max(rows)[0] == 0:
        return 0.0
    points = np.array(rows, np.float64)
    slope, _ = np.polyfit(points[:, 0], points[:, 1], 1)
    return max(0.0, -float(slope))


def phone_ranges(canonical: Sequence[int], said: Sequence[Sequence[int]]) -> Ends:
    """Return the ranges of phone scores that follow from what was said for each canonical phone."""
    spans = [
        _RIGHT if list(sounds) == [phone] else _EXTENDED if phone in sounds else _WRONG
        for phone, sounds in zip(canonical, said, strict=True)
    ]
    return [low for low, _ in spans], [high for _, high in spans]


def neural_labels(clip: NeuralClip, price: float) -> ClipLabels:
    """Label a clip of a neural voice; its phones' times are not known yet.

    Args:
        clip: The clip.
        price: The result of `price_of_errors`.
    """
    words = [phones for _, phones in clip.words]
    classes = [label for phones in words for label in classes_of(phones)]
    said = [classes_of(sounds) for sounds in clip.said]
    phone_low, phone_high = phone_ranges(classes, said)
    word_low, word_high = _word_ranges(phone_low, word_indices(words), len(words))
    low, high = _whole_ranges(clip, price * float(np.mean(np.array(phone_low) < _RIGHT[0])))
    return ClipLabels(
        id=clip.id,
        source="neural",
        learn=not clip.held_out,
        speaker=clip.voice,
        classes=classes,
        stress=stresses(words),
        word=word_indices(words),
        n_words=len(words),
        phone_low=phone_low,
        phone_high=phone_high,
        word_low=word_low,
        word_high=word_high,
        low=low,
        high=high,
        said=said,
    )


def _word_ranges(phone_low: Sequence[float], words: Sequence[int], n_words: int) -> Ends:
    n_wrong = np.bincount(words, np.array(phone_low) < 1, minlength=n_words)
    low = [9.3 if n == 0 else max(0.0, 3.0 - float(n)) for n in n_wrong]
    return low, [10.0 if n == 0 else 5.5 for n in n_wrong]


def _whole_ranges(clip: NeuralClip, loss: float) -> Ends:
    """Return the ranges of the four scores; errors cost `loss` points of accuracy."""
    if clip.kind == "good":
        return [9.6, 9.5, 9.5, 9.5], [10.0] * 4
    if clip.kind == "hesitant":
        return [9.0, 2.5, 2.5, NOT_KNOWN], [10.0, 7.5, 8.0, NOT_KNOWN]
    accuracy = max(_FLAWLESS - loss, _LOWEST_ACCURACY)
    # The voice reads on as fluently as ever; a listener may still let errors colour the other scores.
    total = _ACCURACY_SHARE * accuracy + (1 - _ACCURACY_SHARE) * _FLUENT
    return (
        [accuracy - 0.7, 7.5, 7.5, total - 1.0],
        [accuracy + 0.7, 10.0, 10.0, min(10.0, total + 0.7)],
    )


def formant_labels(clip: SyntheticClip) -> ClipLabels:
    """Label a clip of a formant synthesiser: what was said and when, but no scores of the whole."""
    canonical = classes_of(clip.canonical)
    segments = [(0 if p == SILENCE else classes_of([p])[0], start, end) for p, start, end in clip.segments]
    said, start, end = match_spoken(canonical, [_Spoken(*one) for one in segments if one[0]])
    low, high = phone_ranges(canonical, said)
    gaps = [int(later - earlier > _GAP_S) for later, earlier in zip(start[1:], end[:-1], strict=True)]
    word: list[int] = np.cumsum([0, *gaps]).tolist()
    n_words = word[-1] + 1
    return ClipLabels(
        id=clip.id,
        source="formant",
        learn=True,
        speaker=clip.voice,
        classes=canonical,
        stress=[0] * len(canonical),
        word=word,
        n_words=n_words,
        phone_low=low,
        phone_high=high,
        word_low=[NOT_KNOWN] * n_words,
        word_high=[NOT_KNOWN] * n_words,
        low=[NOT_KNOWN] * 4,
        high=[NOT_KNOWN] * 4,
        said=said,
        segments=segments,
        start=start,
        end=end,
    )


def match_spoken(
    canonical: Sequence[int], spoken: Sequence[tuple[int, float, float]]
) -> tuple[list[list[int]], list[float], list[float]]:
    """Align canonical with spoken phones with the fewest edits.

    Args:
        canonical: U classes.
        spoken: Class, start and end in seconds of what was said.

    Returns:
        What was said for each canonical phone, and its start and end in seconds, each of length U. A sound
        that is added belongs to the phone before it; a deleted phone is an empty span.
    """
    sounds = [_Spoken(*one) for one in spoken]
    said: list[list[int]] = [[] for _ in canonical]
    start, end = [0.0] * len(canonical), [0.0] * len(canonical)
    added: list[int] = []
    for i, j, step in _edits_backwards(canonical, sounds):
        if step == "insertion":
            added = [sounds[j].label, *added]
            continue
        last = j + len(added)
        if step == "match":
            said[i], start[i], end[i] = [sounds[j].label, *added], sounds[j].start_s, sounds[last].end_s
        else:
            said[i] = added
            start[i] = sounds[j].start_s if j < len(sounds) else sounds[-1].end_s
            end[i] = sounds[last - 1].end_s if added else start[i]
        added = []
    return said, start, end


def _edits_backwards(canonical: Sequence[int], spoken: Sequence[_Spoken]) -> Iterator[tuple[int, int, str]]:
    """Yield the edits from the end to the start: the places in both sequences, and the kind."""
    n, m = len(canonical), len(spoken)
    labels = [sound.label for sound in spoken]
    cost = np.zeros((n + 1, m + 1))
    cost[:, 0], cost[0, :] = np.arange(n + 1), np.arange(m + 1)

    def matched(i: int, j: int) -> float:
        return float(cost[i - 1, j - 1]) + _SUBSTITUTION * (canonical[i - 1] != labels[j - 1])

    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost[i, j] = min(matched(i, j), cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    i, j = n, m
    while i or j:
        if i and j and cost[i, j] == matched(i, j):
            i, j = i - 1, j - 1
            yield i, j, "match"
        elif j and cost[i, j] == cost[i, j - 1] + 1:
            j -= 1
            yield i, j, "insertion"
        else:
            i -= 1
            yield i, j, "deletion"
