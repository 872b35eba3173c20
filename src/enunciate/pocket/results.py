"""From an aligned clip and the scorers' outputs to an `Assessment`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from enunciate.assembly.assembler import assemble
from enunciate.assembly.timing import NO_SPEECH
from enunciate.assembly.words import build_word
from enunciate.phones.inventory import UNCLEAR
from enunciate.pocket.acoustic_model import FRAME_S, Outputs
from enunciate.pocket.alternatives import alternatives_at
from enunciate.pocket.calibration import Calibration, Interval
from enunciate.pocket.ctc import greedy
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.phone_timing import pauses, phone_spans_s, rates
from enunciate.pocket.scorer import ScorerOutputs
from enunciate.pocket.symbols import phone_of
from enunciate.schema import Assessment, PhoneQuality, PhoneResult, WordResult

CLEAR_FROM = 0.5
"""The probability under which a diagnosis says "not clear"."""
DOUBT_FROM = 0.3
"""The scorer's probability of a mispronunciation from which the alternatives are tried."""
CLEARLY_ANOTHER_BELOW = 0.01
"""The probability of the canonical phone under which a doubtful phone counts as mispronounced."""


def assess_aligned(
    clip: AlignedClip,
    model: str,
    scores: ScorerOutputs | None,
    calibration: Calibration,
    *,
    mismatched: bool = False,
) -> Assessment:
    """Build the assessment of an aligned clip.

    Args:
        clip: The clip, aligned with its reference text or with the phones heard.
        model: The name of the engine and its weights.
        scores: The scorers' outputs; None where no phone was heard.
        calibration: The threshold and the intervals.
        mismatched: Whether something other than the text was said: the utterance then gets the scores that
            people give to such clips.
    """
    alignment = clip.alignment
    words: tuple[WordResult, ...] = ()
    heard_phones: list[PhoneResult] = []
    if alignment is not None and scores is not None:
        if clip.reference is None:
            heard_phones = _heard_phones(clip.outputs, alignment)
        else:
            phones = _scored_phones(clip.outputs, alignment, scores, calibration)
            words = _words(clip, phones, scores, calibration.word)
    values = None if scores is None else scores.utterance
    n_words = None if clip.reference is None else len(clip.reference.words)
    return assemble(
        clip,
        model,
        scores=calibration.mismatch_scores()
        if mismatched
        else calibration.utterance_scores(values, with_reference=clip.reference is not None),
        used_reference=clip.reference is not None,
        scored_by_text=True,
        words=words,
        heard_phones=heard_phones,
        pauses=pauses(clip.outputs, alignment) if alignment else (),
        rates=rates(alignment, n_words) if alignment else NO_SPEECH,
        mismatched=mismatched,
    )


def _heard_phones(outputs: Outputs, alignment: Alignment) -> list[PhoneResult]:
    return [
        PhoneResult(
            phone=phone_of(label),
            start_s=start * FRAME_S,
            end_s=end * FRAME_S,
            heard=phone_of(label),
            heard_probability=float(np.exp(outputs.frame[start:end, label].mean())),
            score=None,
            mispronounced=False,
        )
        for label, start, end in zip(*_columns(alignment), strict=True)
    ]


def _scored_phones(
    outputs: Outputs, alignment: Alignment, scores: ScorerOutputs, calibration: Calibration
) -> list[PhoneResult]:
    results: list[PhoneResult] = []
    omitted = set(alignment.omitted)
    spans = zip(alignment.classes.tolist(), phone_spans_s(alignment), strict=True)
    for index, (label, (start_s, end_s)) in enumerate(spans):
        if int(alignment.word[index]) in omitted:
            verdict, value = PhoneVerdict(True, None, 1.0), 0.0
        else:
            verdict = _judge(outputs, alignment, index, float(scores.wrong[index]), calibration.threshold)
            value = float(scores.phone[index])
        low, high = calibration.phone.at(value)
        results.append(
            PhoneResult(
                phone=phone_of(label),
                start_s=start_s,
                end_s=end_s,
                heard=verdict.heard,
                heard_probability=verdict.probability,
                score=PhoneQuality(value=value, low=low, high=high),
                mispronounced=verdict.mispronounced,
            )
        )
    return results


@dataclass(frozen=True)
class PhoneVerdict:
    """Whether a phone is mispronounced, what was said (None for nothing), and how probable that is."""

    mispronounced: bool
    heard: str | None
    probability: float


def _judge(
    outputs: Outputs, alignment: Alignment, index: int, wrong: float, threshold: float
) -> PhoneVerdict:
    """Judge one phone by the scorer and, where the scorer has a doubt, by the alternatives."""
    own = int(alignment.classes[index])
    if wrong < DOUBT_FROM:
        start, end = int(alignment.start[index]), int(alignment.end[index])
        return PhoneVerdict(False, phone_of(own), float(np.exp(outputs.frame[start:end, own].mean())))
    alternatives = alternatives_at(outputs.ctc, alignment, index)
    (canonical,) = (a.probability for a in alternatives if a.classes == (own,))
    if wrong < threshold and canonical >= CLEARLY_ANOTHER_BELOW:
        return PhoneVerdict(False, phone_of(own), canonical)
    best = next(a for a in alternatives if a.classes != (own,))
    # The phone is taken to be wrong: the probability is that of the diagnosis among the other alternatives.
    probability = min(1.0, best.probability / max(1.0 - canonical, 1e-12))
    heard = " ".join(map(phone_of, best.classes)) or None
    return PhoneVerdict(True, heard if probability >= CLEAR_FROM else UNCLEAR, probability)


def _columns(alignment: Alignment) -> tuple[list[int], list[int], list[int]]:
    return alignment.classes.tolist(), alignment.start.tolist(), alignment.end.tolist()


def _words(
    clip: AlignedClip, phones: list[PhoneResult], scores: ScorerOutputs, interval: Interval
) -> tuple[WordResult, ...]:
    assert clip.alignment is not None and clip.reference is not None
    inserted = _inserted(clip.outputs, clip.alignment, len(clip.reference.words))
    words: list[WordResult] = []
    for index, text in enumerate(clip.reference.words):
        own = [phones[position] for position in np.flatnonzero(clip.alignment.word == index)]
        omitted = index in clip.alignment.omitted
        words.append(
            build_word(
                text,
                own,
                omitted=omitted,
                interval=interval.at,
                inserted=inserted[index],
                score=float(scores.word[index]),
            )
        )
    return tuple(words)


def _inserted(outputs: Outputs, alignment: Alignment, n_words: int) -> list[tuple[str, ...]]:
    """For each word the phones heard in speech beyond the text after it; before it, too, for the first."""
    inserted: list[tuple[str, ...]] = [()] * n_words
    for start, end in alignment.extra:
        before = np.flatnonzero(alignment.end <= start)
        word = int(alignment.word[before[-1]]) if len(before) else 0
        inserted[word] += tuple(map(phone_of, greedy(outputs.ctc[start:end])))
    return inserted
