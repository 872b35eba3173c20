"""From the phones that an engine heard, without their times and without the text, to an `Assessment`.

The phones heard are compared with the canonical ones (`diagnosis`), and an aligner adds the times and says
whether the text was read at all.

Such an engine gives no phone scores, so they are derived from the probability p with which its decoder chose
what it heard. A phone heard as itself scores 0.5 + 1.5 p, any other 0.5 (1 - p): under 0.5 where it counts as
mispronounced, as human scores are. The interval takes p as the probability that the verdict is right: from
p = 0.95 it stays on the verdict's side of 0.5, below that it runs to the far end of the scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from enunciate.assembly.assembler import assemble
from enunciate.assembly.clip import LoadedClip
from enunciate.assembly.diagnosis import HeardSymbol, PhoneDiagnosis, WordDiagnosis, diagnose
from enunciate.assembly.timing import Aligner, Span, Timing
from enunciate.assembly.words import build_word
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import (
    MISPRONOUNCED_BELOW,
    Aspect,
    Assessment,
    Notice,
    PhoneQuality,
    PhoneResult,
    Score,
    UnparsableAnswer,
    WordResult,
)

MAX_PHONE_SCORE = 2.0
CONFIDENT = 0.95
"""The probability from which a 90% interval has no tail on the other side of the verdict."""


def assess_heard(
    clip: LoadedClip,
    model: str,
    scores: Mapping[Aspect, Score | None],
    heard: Sequence[HeardSymbol] | None,
    aligner: Aligner | None,
    *,
    reads_text: bool = False,
    warnings: Sequence[Notice] = (),
    transcript: str | None = None,
    unparsable: Sequence[UnparsableAnswer] = (),
) -> Assessment:
    """Build an assessment from the symbols heard.

    Args:
        clip: The clip that was assessed.
        model: The name of the engine and its weights.
        scores: The utterance scores by aspect.
        heard: The symbols heard; None where the engine gave none.
        aligner: Adds times; without it there are none.
        reads_text: Whether the engine was given the reference text.
        warnings: Further warnings of the engine.
        transcript: The words heard.
        unparsable: Answers that did not parse.

    Raises:
        TextTooLongError: The text does not fit the clip.
        MissingExtraError: Kaldialign is not installed.
    """
    heard_symbols, diagnoses = heard or (), ()
    if clip.reference is not None and heard is not None:
        diagnoses = diagnose(clip.reference, heard)
    given = clip.reference is not None and not clip.reference.heard
    timing = _align(clip, diagnoses, heard_symbols, aligner)
    phones: tuple[PhoneResult, ...] = ()
    if clip.reference is None:
        phones = phone_results(heard_symbols, _spans_of_all(heard_symbols, timing))
    return assemble(
        clip,
        model,
        scores=scores,
        used_reference=(bool(diagnoses) and given) or reads_text,
        scored_by_text=False,
        words=word_results(diagnoses, timing.spans if timing else None, given=given),
        heard_phones=phones,
        pauses=timing.pauses if timing else (),
        rates=timing.rates if timing else None,
        snr_db=timing.snr_db if timing else None,
        mismatched=given and timing is not None and timing.mismatched,
        warnings=warnings,
        transcript=transcript,
        unparsable=unparsable,
    )


def word_results(
    diagnoses: Sequence[WordDiagnosis], spans: Sequence[Span] | None, *, given: bool = True
) -> tuple[WordResult, ...]:
    """Return the words of an assessment.

    Args:
        diagnoses: The words with the phones heard in them.
        spans: One for each phone of all words.
        given: Whether the words were given, so that some may have been omitted.
    """
    times = _times(spans)
    return tuple(
        build_word(
            word.text,
            [_phone_result(diagnosis, next(times)) for diagnosis in word.phone_diagnoses],
            omitted=given and word.omitted,
            inserted=word.inserted,
            split=word.split,
            pronunciation=word.pronunciation,
            span=word.span,
        )
        for word in diagnoses
    )


def phone_results(heard: Sequence[HeardSymbol], spans: Sequence[Span] | None) -> tuple[PhoneResult, ...]:
    """Return the phones of an assessment without reference; `spans` has one for each symbol."""
    return tuple(
        PhoneResult(
            phone=item.symbol,
            start_s=start_s,
            end_s=end_s,
            heard=item.symbol,
            heard_probability=item.probability,
            score=None,
            mispronounced=False,
        )
        for item, (start_s, end_s) in zip(heard, _times(spans), strict=False)
    )


def phone_quality(mispronounced: bool, probability: float) -> PhoneQuality:
    """Return a phone's score and interval, derived as the module's docstring says."""
    confident = probability >= CONFIDENT
    if mispronounced:
        value = MISPRONOUNCED_BELOW * (1 - probability)
        return PhoneQuality(value=value, low=0.0, high=MISPRONOUNCED_BELOW if confident else MAX_PHONE_SCORE)
    value = MISPRONOUNCED_BELOW + (MAX_PHONE_SCORE - MISPRONOUNCED_BELOW) * probability
    return PhoneQuality(value=value, low=MISPRONOUNCED_BELOW if confident else 0.0, high=MAX_PHONE_SCORE)


def _align(
    clip: LoadedClip,
    diagnoses: Sequence[WordDiagnosis],
    heard: Sequence[HeardSymbol],
    aligner: Aligner | None,
) -> Timing | None:
    """Align the canonical phones or, without reference, the clear ones among those heard."""
    if aligner is None:
        return None
    if diagnoses:
        return aligner.align_words(
            clip.speech.samples, [word.phones for word in diagnoses], clip.utterance.id
        )
    return aligner.align_phones(clip.speech.samples, [h.phone for h in heard if h.phone != UNCLEAR])


def _spans_of_all(heard: Sequence[HeardSymbol], timing: Timing | None) -> list[Span] | None:
    """Return a span for each symbol heard; an unclear one has none, as there is no phone to align."""
    if timing is None:
        return None
    spans = iter(timing.spans)
    return [(None, None) if item.phone == UNCLEAR else next(spans) for item in heard]


def _times(spans: Sequence[Span] | None) -> Iterator[Span]:
    if spans is not None:
        yield from spans
        return
    while True:
        yield None, None


def _phone_result(diagnosis: PhoneDiagnosis, span: Span) -> PhoneResult:
    return PhoneResult(
        phone=diagnosis.canonical,
        start_s=span[0],
        end_s=span[1],
        heard=" ".join(diagnosis.heard) or None,
        heard_probability=diagnosis.probability,
        score=phone_quality(diagnosis.mispronounced, diagnosis.probability),
        mispronounced=diagnosis.mispronounced,
    )
