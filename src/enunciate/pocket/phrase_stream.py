"""The results of a reading's phrases, told while the rest of it is still being heard.

What is told early rests on the first words alone. In rare cases the rest changes it: a reader leaves out a
passage, and only what follows shows where; or most of the recording turns out to be another text. Then the
phrases from the first changed one on are told again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from enunciate.pocket.calibration import Calibration
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.phrases import Phrase, unread_beside
from enunciate.pocket.results import PhraseResults
from enunciate.pocket.scorer import Floats, ScorerOutputs
from enunciate.schema import PhraseResult


@dataclass(frozen=True)
class _Told:
    basis: tuple[object, ...]
    """All that the result depends on and that can change as more is heard."""
    scores: ScorerOutputs
    result: PhraseResult


class PhraseStream:
    """Scores the phrases of one reading, each once unless what it rests on changes."""

    def __init__(
        self, score: Callable[[AlignedClip, Phrase], ScorerOutputs], calibration: Calibration
    ) -> None:
        self._score, self._calibration = score, calibration
        self._told: list[_Told] = []

    @property
    def results(self) -> list[PhraseResult]:
        """The results told, without those that were replaced."""
        return [told.result for told in self._told]

    @property
    def utterance_scores(self) -> list[Floats]:
        """For each of them the utterance scores, shape (4,)."""
        return [told.scores.utterance for told in self._told]

    def tell(
        self, clip: AlignedClip, phrases: Sequence[Phrase], *, mismatched: bool
    ) -> Iterator[PhraseResult]:
        """Yield the results of the phrases that were not told yet, or differently.

        Args:
            clip: What is heard of the clip so far.
            phrases: Its phrases from the first on.
            mismatched: Whether something other than the text was said, as in `PhraseResults`.
        """
        assert clip.alignment is not None
        builder = PhraseResults(clip, self._calibration, mismatched=mismatched)
        for index, phrase in enumerate(phrases):
            basis = (mismatched, *_basis(clip.alignment, phrase))
            if index < len(self._told) and self._told[index].basis == basis:
                continue
            del self._told[index:]
            scores = self._score(clip, phrase)
            self._told.append(_Told(basis, scores, builder.build(index, phrase, scores)))
            yield self._told[-1].result


def _basis(alignment: Alignment, phrase: Phrase) -> Iterator[object]:
    """A phrase, the unread words beside it, its phones and the next one, and speech beyond the text."""
    yield phrase
    yield unread_beside(alignment, phrase)
    inside = slice(phrase.first, phrase.last + 1)
    for column in (alignment.classes, alignment.word, alignment.start, alignment.end):
        yield column[inside].tobytes()
    begin = phrase.start if phrase.first else 0
    until = int(alignment.start[phrase.last]) if phrase.last < len(alignment.start) else None
    yield tuple(span for span in alignment.extra if span[0] >= begin and (until is None or span[0] < until))
