"""From an aligned clip and the scorer's outputs to an `Assessment`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.assembly.assembler import assemble
from enunciate.assembly.omissions import omitted_by_alignment
from enunciate.assembly.timing import NO_SPEECH
from enunciate.assembly.words import build_word
from enunciate.conformer.features import Outputs, mean_fit, mean_log_posteriors
from enunciate.conformer.forced_alignment import Alignment
from enunciate.conformer.listener import AlignedClip
from enunciate.conformer.phone_timing import pauses, rates
from enunciate.conformer.pitch import FRAME_S
from enunciate.pocket.calibration import Calibration, Interval
from enunciate.pocket.symbols import SILENCE, phone_of
from enunciate.schema import Assessment, PhoneQuality, PhoneResult, WordResult

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ScorerOutputs:
    """The scorer's outputs for U phones."""

    phone: Array
    """(U,) scores, 0 to 2."""
    wrong: Array
    """(U,) probabilities of a mispronunciation."""
    utterance: Array
    """(4,) scores, 0 to 10, in the order of `ASPECTS`."""


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
        scores: The scorer's outputs; None where no phone was heard.
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
            words = _words(clip.reference.words, phones, clip.outputs, alignment, calibration.word)
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
        pauses=pauses(alignment) if alignment else (),
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
            heard_probability=float(posterior[label]),
            score=None,
            mispronounced=False,
        )
        for posterior, label, start, end in zip(
            _posteriors(outputs, alignment), *_columns(alignment), strict=True
        )
    ]


def _scored_phones(
    outputs: Outputs, alignment: Alignment, scores: ScorerOutputs, calibration: Calibration
) -> list[PhoneResult]:
    results: list[PhoneResult] = []
    posteriors = _posteriors(outputs, alignment)
    for index, (label, start, end) in enumerate(zip(*_columns(alignment), strict=True)):
        mispronounced = bool(scores.wrong[index] >= calibration.threshold)
        heard = _best_rival(posteriors[index], label) if mispronounced else label
        value = float(scores.phone[index])
        low, high = calibration.phone.at(value)
        results.append(
            PhoneResult(
                phone=phone_of(label),
                start_s=start * FRAME_S,
                end_s=end * FRAME_S,
                heard=None if heard == SILENCE else phone_of(heard),
                heard_probability=min(float(posteriors[index, heard]), 1.0),
                score=PhoneQuality(value=value, low=low, high=high),
                mispronounced=mispronounced,
            )
        )
    return results


def _best_rival(posterior: Array, label: int) -> int:
    """Return the likeliest class but the canonical one; silence among them means a deletion."""
    rivals = posterior.copy()
    rivals[label] = -1.0
    return int(rivals.argmax())


def _columns(alignment: Alignment) -> tuple[list[int], list[int], list[int]]:
    return alignment.classes.tolist(), alignment.start.tolist(), alignment.end.tolist()


def _posteriors(outputs: Outputs, alignment: Alignment) -> Array:
    """Return (U, 40) class probabilities of each phone, the geometric mean over its frames."""
    powers = np.exp(mean_log_posteriors(outputs, alignment).astype(np.float64))
    return powers / powers.sum(axis=1, keepdims=True)


def _words(
    texts: tuple[str, ...],
    phones: list[PhoneResult],
    outputs: Outputs,
    alignment: Alignment,
    interval: Interval,
) -> tuple[WordResult, ...]:
    words: list[WordResult] = []
    for index, text in enumerate(texts):
        inside = np.flatnonzero(alignment.word == index)
        frames_per_phone = float((alignment.end[inside] - alignment.start[inside]).mean())
        omitted = omitted_by_alignment(mean_fit(outputs, alignment, inside), frames_per_phone)
        own = [phones[position] for position in inside]
        words.append(build_word(text, own, omitted=omitted, interval=interval.at))
    return tuple(words)
