"""From phones that an engine heard, without knowing when and without the text, to an `Assessment`.

What was heard is laid along the canonical phones (`diagnosis`), and the aligner of the `pocket` engine says
when each was said and whether the text was read at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enunciate import audio
from enunciate.assembly.diagnosis import DiagnosedWord, Heard, Span, diagnose, free_results, word_results
from enunciate.phones.inventory import UNCLEAR
from enunciate.phones.reference import Reference
from enunciate.pocket.phone_timing import Aligner, Timing
from enunciate.schema import Aspect, Assessment, Notice, Score, UnparsableAnswer, Utterance

MISMATCH = (
    "what was said does not match the text. Check that text and recording belong together; if they do, "
    "record again closer to the microphone"
)
NO_REFERENCE = "no text was given: the phones are those heard, without scores"


@dataclass(frozen=True, eq=False)
class HeardClip:
    """One utterance, opened and found fit."""

    utterance: Utterance
    speech: audio.Speech
    reference: Reference | None
    """None without a text."""


def assessment_of(
    clip: HeardClip,
    model: str,
    scores: Mapping[Aspect, Score | None],
    heard: Sequence[Heard] | None,
    aligner: Aligner | None,
    *,
    reads_text: bool = False,
    notices: Sequence[Notice] = (),
    transcript: str | None = None,
    unparsable: Sequence[UnparsableAnswer] = (),
) -> Assessment:
    """Put an assessment together.

    Args:
        clip: What was assessed.
        model: Name of engine and weights.
        scores: Of the utterance.
        heard: None where the engine did not say.
        aligner: Gives times; without it there are none.
        reads_text: Whether the engine was told the text.
        notices: What else makes the scores less sure.
        transcript: The words heard.
        unparsable: Answers that did not parse.

    Raises:
        TextTooLongError: the text does not fit the clip.
        MissingExtraError: kaldialign is not installed.
    """
    words: tuple[DiagnosedWord, ...] = ()
    if clip.reference is not None and heard is not None:
        words = diagnose(clip.reference, heard)
    timing = _timing(clip, words, heard or (), aligner)
    results = word_results(words, timing.spans if timing else None)
    if clip.reference is None:
        phones = free_results(heard or (), _with_gaps(heard or (), timing))
    else:
        phones = tuple(phone for word in results for phone in word.phones)
    return Assessment(
        id=clip.utterance.id,
        model=model,
        duration_s=clip.speech.duration_s,
        text=clip.utterance.text,
        used_reference=bool(words) or reads_text,
        **scores,
        completeness=_completeness(words),
        words=results,
        phones=phones,
        pauses=timing.pauses if timing else (),
        rates=timing.rates if timing else None,
        warnings=(*audio.warnings_for(clip.speech), *notices, *_notices(clip.reference, timing)),
        transcript=transcript,
        unparsable=tuple(unparsable),
    )


def _timing(
    clip: HeardClip, words: Sequence[DiagnosedWord], heard: Sequence[Heard], aligner: Aligner | None
) -> Timing | None:
    """When the canonical phones were said or, without text, those of the phones heard that are clear."""
    if aligner is None:
        return None
    if words:
        return aligner.read(clip.speech.samples, [word.phones for word in words], clip.utterance.id)
    return aligner.heard(clip.speech.samples, [h.phone for h in heard if h.phone != UNCLEAR])


def _completeness(words: Sequence[DiagnosedWord]) -> Score | None:
    if not words:
        return None
    share = 10 * sum(word.said for word in words) / len(words)
    return Score(value=share, low=share, high=share)


def _with_gaps(heard: Sequence[Heard], timing: Timing | None) -> list[Span] | None:
    """A span for each symbol heard: an unclear one has none, since there is no phone to look for."""
    if timing is None:
        return None
    spans = iter(timing.spans)
    return [(None, None) if item.phone == UNCLEAR else next(spans) for item in heard]


def _notices(reference: Reference | None, timing: Timing | None) -> list[Notice]:
    notices: list[Notice] = []
    if reference is None:
        notices.append(Notice(code="no_reference", message=NO_REFERENCE))
    if timing is not None and timing.mismatched:
        notices.append(Notice(code="text_mismatch", message=MISMATCH))
    return notices
