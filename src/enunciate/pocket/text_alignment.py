"""The alignment of a user's text with a clip, of which passages may not have been read.

What `passages` finds is left out of the forced alignment, together with the words that the alignment itself
passes over at its edges. So the alignment, and all scores that come from it, are those of what was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from enunciate.errors import TextTooLongError
from enunciate.pocket.acoustic_model import FRAME_S
from enunciate.pocket.forced_alignment import (
    Alignment,
    AlignmentError,
    AlignmentSearch,
    LogProbs,
    count_phones,
)
from enunciate.pocket.passages import FEWEST_WORDS, PassageSearch, Range
from enunciate.pocket.symbols import SILENCE

FASTEST_PHONES_PER_S = 33.0
"""Nobody speaks faster: a text with more phones does not belong to the clip."""

Words = Sequence[Sequence[Sequence[int]]]
"""For each word its pronunciation variants, as `forced_alignment.align` takes them."""


_Item = TypeVar("_Item")


class TextSearch:
    """Aligns the words of a text to frames that come in pieces; the user is told if they do not fit."""

    def __init__(
        self, words: Words, n_frames: int, utterance_id: str, *, finds_passages: bool = True
    ) -> None:
        """Prepare a search.

        Args:
            words: The text.
            n_frames: How many frames will come.
            utterance_id: For the message of an error.
            finds_passages: Whether passages that were not read are left out.

        Raises:
            TextTooLongError: The clip has too few frames for a text that must have been read as a whole.
        """
        self._words, self._n_frames, self._id = words, n_frames, utterance_id
        self._passages: PassageSearch | None = None
        if finds_passages and len(words) > FEWEST_WORDS:
            usual = [[label for label in variants[0] if label != SILENCE] for variants in words]
            self._passages = PassageSearch(usual)
        else:
            self._check_length(words)
        self._pieces: list[LogProbs] = []
        self._search: _PartSearch | None = None

    def feed(self, frame: LogProbs, ctc: LogProbs) -> None:
        """Take the next frames: (T, 40) log-probabilities of the frame head, and (T, 40) of CTC."""
        self._pieces.append(frame)
        if self._passages is not None:
            self._passages.feed(ctc)

    def settled(self) -> Alignment | None:
        """Return the alignment of the first words, as `AlignmentSearch.settled` does."""
        return self._searched(at_end=False).settled()

    def finish(self) -> Alignment:
        """Return the alignment of all words but those of passages that were not read.

        Raises:
            TextTooLongError: The clip has too few frames for the phones of the words.
        """
        search = self._searched(at_end=True)
        try:
            return search.finish()
        except AlignmentError as error:
            raise self._too_long(self._words) from error

    def _searched(self, *, at_end: bool) -> _PartSearch:
        """Search all frames that came, from the first on if other passages than before were not read."""
        unread = self._passages.unread(at_end=at_end) if self._passages else ()
        if self._search is None or self._search.unread != unread:
            if at_end:
                self._check_length(_without(self._words, unread))
            self._search = _PartSearch(self._words, unread, self._n_frames)
        self._search.feed(self._pieces)
        return self._search

    def _check_length(self, words: Words) -> None:
        if _least_phones(words) > self._n_frames * FRAME_S * FASTEST_PHONES_PER_S:
            raise self._too_long(words)

    def _too_long(self, words: Words) -> TextTooLongError:
        return TextTooLongError.for_clip(self._id, _least_phones(words), self._n_frames * FRAME_S)


def align_text(frame: LogProbs, ctc: LogProbs, words: Words, utterance_id: str) -> Alignment:
    """Align the words of a text to (T, 40) log-probabilities of the frame head and (T, 40) of CTC.

    Raises:
        TextTooLongError: The clip has too few frames for the phones of the words that were read.
    """
    search = TextSearch(words, len(frame), utterance_id)
    search.feed(frame, ctc)
    return search.finish()


class _PartSearch:
    """`AlignmentSearch` for a text without some passages, whose results count all its words."""

    def __init__(self, words: Words, unread: Sequence[Range], n_frames: int) -> None:
        self.unread = tuple(unread)
        self._n_words, self._n_fed = len(words), 0
        self._read = np.array(_without(range(len(words)), unread), dtype=np.int64)
        self._search = AlignmentSearch(_without(words, unread), n_frames)

    def feed(self, pieces: Sequence[LogProbs]) -> None:
        """Search the frames of those pieces that are new."""
        for piece in pieces[self._n_fed :]:
            self._search.feed(piece)
        self._n_fed = len(pieces)

    def settled(self) -> Alignment | None:
        """Return the alignment of the first words, as `AlignmentSearch` does."""
        alignment = self._search.settled()
        return None if alignment is None else self._of_whole_text(alignment)

    def finish(self) -> Alignment:
        """Return the alignment of all words that were read, as `AlignmentSearch` does."""
        return self._of_whole_text(self._search.finish())

    def _of_whole_text(self, alignment: Alignment) -> Alignment:
        if not self.unread:
            return alignment
        variants = np.zeros(self._n_words, dtype=np.int64)
        variants[self._read] = alignment.variants
        omitted = self._read[list(alignment.omitted)].tolist()
        word = self._read[alignment.word]
        counted = replace(alignment, word=word, variants=tuple(variants.tolist()), omitted=tuple(omitted))
        return _leave_out(counted, _widened(self.unread, set(omitted))) or replace(
            counted, unread=self.unread
        )


def _widened(unread: Sequence[Range], omitted: set[int]) -> list[Range]:
    """Return passages with the omitted words beside them."""
    inside = _words_of(unread)
    passages: list[Range] = []
    for first, last in _runs(sorted(inside | omitted)):
        if inside.intersection(range(first, last)):
            passages.append((first, last))
    return passages


def _runs(words: Sequence[int]) -> list[Range]:
    """Return the runs of consecutive words among some in order."""
    starts = [word for word, before in zip(words, [-2, *words], strict=False) if word - before > 1]
    ends = [word + 1 for word, after in zip(words, [*words[1:], -1], strict=True) if after != word + 1]
    return list(zip(starts, ends, strict=True))


def _leave_out(alignment: Alignment, unread: Sequence[Range]) -> Alignment | None:
    """Return an alignment without the phones of passages; None where no others are left."""
    inside = _words_of(unread)
    kept = np.array([word not in inside for word in alignment.word.tolist()])
    if not kept.any():
        return None
    return replace(
        alignment,
        classes=alignment.classes[kept],
        word=alignment.word[kept],
        start=alignment.start[kept],
        end=alignment.end[kept],
        omitted=tuple(word for word in alignment.omitted if word not in inside),
        unread=tuple(unread),
    )


def _without(items: Sequence[_Item], passages: Sequence[Range]) -> list[_Item]:
    inside = _words_of(passages)
    return [item for index, item in enumerate(items) if index not in inside]


def _words_of(passages: Sequence[Range]) -> set[int]:
    return {word for first, last in passages for word in range(first, last)}


def _least_phones(words: Words) -> int:
    return sum(min(map(count_phones, variants)) for variants in words)
