"""The contents of a single decoded answer: scores with their intervals, heard phones, words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from enunciate.assembly.diagnosis import HeardSymbol, heard_symbols
from enunciate.assembly.score_distribution import score_from_distribution
from enunciate.schema import ASPECTS, Aspect, Score
from enunciate.speech_lm.lenient_answers import parse_leniently
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, Unparsable

if TYPE_CHECKING:
    from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer


def reparse_leniently(task: Task, decoded: DecodedAnswer) -> DecodedAnswer:
    """Parse the raw text again, leniently, if the answer did not parse."""
    if not isinstance(decoded.answer, Unparsable):
        return decoded
    return replace(decoded, answer=parse_leniently(task, decoded.raw))


def symbols_of(decoded: DecodedAnswer | None) -> tuple[str, ...]:
    """The heard symbols; empty if there is no answer that parses."""
    return tuple(item.symbol for item in phones_of(decoded) or ())


def phones_of(decoded: DecodedAnswer | None) -> tuple[HeardSymbol, ...] | None:
    """The heard symbols with their probabilities; None if there is no answer that parses."""
    if decoded is None or not isinstance(decoded.answer, MddAnswer):
        return None
    return heard_symbols(decoded.answer.phones, decoded.phone_probabilities)


def transcript_of(decoded: DecodedAnswer | None) -> str | None:
    """The heard words; None if there is no answer that parses."""
    return decoded.answer.word_transcript if decoded and isinstance(decoded.answer, MddAnswer) else None


def scores_of(decoded: DecodedAnswer | None) -> dict[Aspect, Score | None]:
    """The four utterance scores; each is None if there is no answer that parses."""
    if decoded is None or not isinstance(decoded.answer, ApaAnswer):
        return dict.fromkeys(ASPECTS)
    if decoded.distributions is not None:
        return {a: score_from_distribution(decoded.distributions[a].tolist()) for a in ASPECTS}
    # A number without a distribution says nothing about its uncertainty.
    values: Mapping[Aspect, int] = {aspect: getattr(decoded.answer, aspect) for aspect in ASPECTS}
    return {a: Score(value=value, low=0, high=10, most_likely=value) for a, value in values.items()}
