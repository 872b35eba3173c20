"""A reading cut into phrases like those that the scorer knows.

The scorer learnt from clips of two to twelve seconds. In a longer reading, rates, pauses and pitch of the
whole mean something else than in such a clip, so the reading is cut where a phrase ends, each phrase is
scored as a clip of its own, and the scores of the whole are their mean weighted by phones. Silence before,
after and between phrases is part of none of them.

A phrase ends between two words where

- the text has a punctuation mark and the reader pauses,
- the reader pauses long, or leaves out a passage,
- the reading is long, its text has no punctuation that could tell, and the reader pauses, or
- the phrase would be too long otherwise; then it is cut at its longest pause that leaves two fair parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from enunciate.pocket.acoustic_model import FRAME_S
from enunciate.pocket.forced_alignment import Alignment

PUNCTUATION_PAUSE_S = 0.2
"""A pause of this length at a punctuation mark ends a phrase."""
UNMARKED_PAUSE_S = 0.5
"""A pause of this length ends a phrase of a long reading whose text has no punctuation."""
LONG_PAUSE_S = 3.0
"""A pause of this length ends a phrase anywhere."""
LONGEST_S = 9.0
"""A longer phrase is cut, if it has a pause or not."""
SHORTEST_S = 1.2
FEWEST_PHONES = 6
"""A phrase shorter than these joins its neighbour, unless a long pause lies between them."""
SENTENCE_PAUSE_S, SENTENCE_PHONES = 0.25, 4
"""A short sentence stays by itself where pauses of this length and punctuation set it off, and it has so many
phones: read together with the next, "No matter. Try again." would be one slow sentence."""


@dataclass(frozen=True)
class Phrase:
    """A run of aligned phones that is scored as one clip."""

    first: int
    """Index of its first phone."""
    last: int
    """One past its last phone."""
    start: int
    """First frame of its first phone."""
    end: int
    """One past the last frame of its last phone."""

    @property
    def n_phones(self) -> int:
        """The weight of the phrase in the scores of the whole."""
        return self.last - self.first


def cut_phrases(alignment: Alignment, ends_phrase: Sequence[bool]) -> list[Phrase]:
    """Cut an alignment of U phones into phrases.

    Args:
        alignment: The whole reading.
        ends_phrase: For each word whether a punctuation mark follows it in the text.

    Returns:
        At least one phrase; together they hold all phones, in order.
    """
    return _divided(alignment, [0, *_cuts(alignment, ends_phrase), len(alignment.classes)])


def first_phrases(alignment: Alignment, ends_phrase: Sequence[bool]) -> list[Phrase]:
    """Return the phrases of a reading's first words that will be the same when the rest is known.

    Args:
        alignment: The first words of the reading.
        ends_phrase: For each word of the whole reading whether a punctuation mark follows it in the text.

    Returns:
        Those before the last pause that ends a phrase; none where it is too early to tell.
    """
    n_phones = len(alignment.classes)
    seconds = float(alignment.end[-1] - alignment.start[0]) * FRAME_S
    if seconds <= LONGEST_S and not any(ends_phrase[:-1]):
        return []  # where such a reading is cut depends on its length
    bounds = [0, *_cuts(alignment, ends_phrase)]
    if _is_short(alignment, bounds[-1], n_phones):
        bounds.pop()  # what follows may yet join what is before
    return _divided(alignment, bounds)


def _cuts(alignment: Alignment, ends_phrase: Sequence[bool]) -> list[int]:
    return _without_short(alignment, _pause_cuts(alignment, ends_phrase), ends_phrase)


def _divided(alignment: Alignment, bounds: Sequence[int]) -> list[Phrase]:
    """The phrases between bounds, none of them too long."""
    spans = [span for a, b in pairwise(bounds) for span in _divide(alignment, a, b)]
    return [Phrase(a, b, int(alignment.start[a]), int(alignment.end[b - 1])) for a, b in spans]


def is_unmarked(alignment: Alignment, ends_phrase: Sequence[bool]) -> bool:
    """Whether a reading is longer than a phrase and its text has no punctuation inside."""
    seconds = float(alignment.end[-1] - alignment.start[0]) * FRAME_S
    return seconds > LONGEST_S and not any(ends_phrase[:-1])


def unread_beside(alignment: Alignment, phrase: Phrase) -> tuple[range, range]:
    """Return the words that were not read right before a phrase and, if it is the last one, after it."""
    first, last = int(alignment.word[phrase.first]), int(alignment.word[phrase.last - 1])
    before = (range(*passage) for passage in alignment.unread if passage[1] == first)
    after = (range(*passage) for passage in alignment.unread if passage[0] == last + 1)
    is_last = phrase.last == len(alignment.word)
    return next(before, range(0)), next(after, range(0)) if is_last else range(0)


def _gap_s(alignment: Alignment, phone: int) -> float:
    """The silence before a phone; endless where a passage of the text was left out."""
    if alignment.word[phone] - alignment.word[phone - 1] > 1:
        return math.inf
    return float(alignment.start[phone] - alignment.end[phone - 1]) * FRAME_S


def _word_starts(alignment: Alignment, first: int, last: int) -> list[int]:
    return [k for k in range(first + 1, last) if alignment.word[k] != alignment.word[k - 1]]


def _pause_cuts(alignment: Alignment, ends_phrase: Sequence[bool]) -> list[int]:
    cuts: list[int] = []
    unmarked = is_unmarked(alignment, ends_phrase)
    for phone in _word_starts(alignment, 0, len(alignment.classes)):
        pause_s = _gap_s(alignment, phone)
        marked = ends_phrase[int(alignment.word[phone - 1])]
        shortest_s = PUNCTUATION_PAUSE_S if marked else UNMARKED_PAUSE_S if unmarked else LONG_PAUSE_S
        if pause_s >= shortest_s:
            cuts.append(phone)
    return cuts


def _is_short(alignment: Alignment, first: int, last: int) -> bool:
    seconds = float(alignment.end[last - 1] - alignment.start[first]) * FRAME_S
    return last - first < FEWEST_PHONES or seconds < SHORTEST_S


def _is_sentence(alignment: Alignment, first: int, last: int, ends_phrase: Sequence[bool]) -> bool:
    """Whether punctuation and pauses set phones off on both sides."""

    def is_set_off(phone: int) -> bool:
        if phone in (0, len(alignment.classes)):
            return True
        marked = ends_phrase[int(alignment.word[phone - 1])]
        return marked and _gap_s(alignment, phone) >= SENTENCE_PAUSE_S

    return last - first >= SENTENCE_PHONES and is_set_off(first) and is_set_off(last)


def _without_short(alignment: Alignment, cuts: list[int], ends_phrase: Sequence[bool]) -> list[int]:
    """Drop the cut with the shorter pause at each side of a short phrase that is no sentence of its own.

    Long pauses stay cuts.
    """
    kept = list(cuts)
    while True:
        bounds = [0, *kept, len(alignment.classes)]
        short = [
            (a, b)
            for a, b in pairwise(bounds)
            if _is_short(alignment, a, b) and not _is_sentence(alignment, a, b, ends_phrase)
        ]
        droppable = [
            cut for a, b in short for cut in (a, b) if cut in kept and _gap_s(alignment, cut) < LONG_PAUSE_S
        ]
        if not droppable:
            return kept
        kept.remove(min(droppable, key=lambda cut: _gap_s(alignment, cut)))


def _divide(alignment: Alignment, first: int, last: int) -> list[tuple[int, int]]:
    """Cut a span that is too long at the pause that is longest for where it lies."""
    seconds = float(alignment.end[last - 1] - alignment.start[first]) * FRAME_S
    starts = [
        k
        for k in _word_starts(alignment, first, last)
        if not _is_short(alignment, first, k) and not _is_short(alignment, k, last)
    ]
    if seconds <= LONGEST_S or not starts:
        return [(first, last)]
    middle = (alignment.start[first] + alignment.end[last - 1]) / 2
    half = max(float(alignment.end[last - 1] - middle), 1.0)

    def merit(phone: int) -> float:
        off_centre = abs(float(alignment.start[phone]) - middle) / half
        return _gap_s(alignment, phone) + 0.15 * (1 - off_centre)

    cut = max(starts, key=merit)
    return _divide(alignment, first, cut) + _divide(alignment, cut, last)
