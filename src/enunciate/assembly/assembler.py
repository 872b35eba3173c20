"""The assembler: builds every `Assessment` from what an engine found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from enunciate.assembly.clip import LoadedClip
from enunciate.assembly.warnings import audio_warnings, no_reference, text_mismatch
from enunciate.assembly.words import completeness
from enunciate.schema import (
    Aspect,
    Assessment,
    Notice,
    Pause,
    PhoneResult,
    Rates,
    Score,
    UnparsableAnswer,
    WordResult,
)


def assemble(
    clip: LoadedClip,
    model: str,
    *,
    scores: Mapping[Aspect, Score | None],
    used_reference: bool,
    scored_by_text: bool,
    words: Sequence[WordResult] = (),
    heard_phones: Sequence[PhoneResult] = (),
    pauses: Sequence[Pause] = (),
    rates: Rates | None = None,
    snr_db: float | None = None,
    mismatched: bool = False,
    warnings: Sequence[Notice] = (),
    transcript: str | None = None,
    unparsable: Sequence[UnparsableAnswer] = (),
) -> Assessment:
    """Build an assessment.

    Args:
        clip: The clip that was assessed.
        model: The name of the engine and its weights.
        scores: The utterance scores by aspect.
        used_reference: Whether the engine made use of the reference text.
        scored_by_text: Whether the utterance scores depend on the text; chooses the words of two warnings.
        words: The words of the reference text, or those heard, from `words.build_word`.
        heard_phones: The phones heard, which an assessment without reference lists.
        pauses: Silences inside the speech.
        rates: How fast the speech was.
        snr_db: The estimated signal-to-noise ratio.
        mismatched: Whether something other than the text was said.
        warnings: Further warnings of the engine.
        transcript: The words heard.
        unparsable: Answers that did not parse.
    """
    notices = [*audio_warnings(clip.speech, snr_db), *warnings]
    if clip.reference is None or clip.reference.heard:
        heard_words = clip.reference is not None
        notices.append(no_reference(scored_by_text=scored_by_text, heard_words=heard_words))
    elif mismatched:
        notices.append(text_mismatch(scored_by_text=scored_by_text))
    of_words = [phone for word in words for phone in word.phones]
    return Assessment(
        id=clip.utterance.id,
        model=model,
        duration_s=clip.speech.duration_s,
        text=clip.utterance.text,
        used_reference=used_reference,
        **scores,
        completeness=None if clip.reference is None or clip.reference.heard else completeness(words),
        words=tuple(words),
        phones=tuple(heard_phones if clip.reference is None else of_words),
        pauses=tuple(pauses),
        rates=rates,
        snr_db=snr_db,
        clipped_share=clip.speech.clipped_share,
        warnings=tuple(notices),
        transcript=transcript,
        unparsable=tuple(unparsable),
    )
