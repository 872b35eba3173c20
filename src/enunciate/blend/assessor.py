"""The engine of a blend: an `Assessor` that asks two others.

With a text, words, phones and times are those of `pocket`; without one, those of the other engine if it hears
words. Where what was said is not the text, and where the other engine gives no score, the scores are those of
`pocket` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from enunciate.blend.weights import AspectWeights, BlendWeights
from enunciate.schema import ASPECTS, Assessment, Score, Utterance

_OF_WORDS = ("words", "phones", "pauses", "rates", "warnings")


class Blended(Protocol):
    """An engine that can be part of a blend."""

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order."""
        ...

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the phones heard in each utterance, in order."""
        ...


class BlendAssessor:
    """Asks both engines about each clip; implements `engines.Assessor`."""

    def __init__(self, pocket: Blended, other: Blended, weights: BlendWeights) -> None:
        self._pocket, self._other, self._weights = pocket, other, weights

    @property
    def name(self) -> str:
        """Name and version of the weights."""
        return self._weights.name

    @property
    def batch_size(self) -> int:
        """Clips are assessed one by one."""
        return 1

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            EnunciateError: as either engine.
        """
        pairs = zip(self._pocket.assess(utterances), self._other.assess(utterances), strict=True)
        return [self._blend(pocket, other) for pocket, other in pairs]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the phones that `pocket` hears, without use of the reference text.

        Raises:
            AudioError: A clip cannot be assessed.
        """
        return self._pocket.recognise(utterances)

    def _blend(self, pocket: Assessment, other: Assessment) -> Assessment:
        changed: dict[str, Any] = {"model": self._weights.name, "transcript": other.transcript}
        if not pocket.used_reference and other.words:
            changed |= {name: getattr(other, name) for name in _OF_WORDS}
        if all(notice.code != "text_mismatch" for notice in pocket.warnings):
            weights = (
                self._weights.with_reference if pocket.used_reference else self._weights.without_reference
            )
            for aspect in ASPECTS:
                own: Score | None = getattr(pocket, aspect)
                theirs: Score | None = getattr(other, aspect)
                if own is not None and theirs is not None:
                    changed[aspect] = _score(weights[aspect], own.value, theirs.value)
        return pocket.model_copy(update=changed)


def _score(weights: AspectWeights, pocket: float, other: float) -> Score:
    value = weights.blend(pocket, other)
    low, high = weights.interval.at(value)
    return Score(value=value, low=low, high=high)
