"""From an aligned clip and a baseline's scores to an `Assessment`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.assembly.heard import MAX_PHONE_SCORE
from enunciate.assembly.words import build_word
from enunciate.baselines.phone_posteriors import mean_log_posteriors
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.phone_timing import phone_spans_s
from enunciate.pocket.results import assemble_aligned
from enunciate.pocket.symbols import SILENCE, phone_of
from enunciate.schema import Assessment, PhoneQuality, PhoneResult, WordResult

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BaselineScores:
    """Scores of a clip with U phones and W words."""

    utterance: Array
    """(4,) from 0 to 10, in the order of `ASPECTS`."""
    phone: Array | None
    """(U,) from 0 to 2; None without reference text, where only the utterance is scored."""
    word: Array | None = None
    """(W,) from 0 to 10; None from a system that derives the scores of words from those of phones."""


def mispronunciation(phone: Array) -> Array:
    """Turn phone scores (U,) into the degree of mispronunciation, from 0 to 1, that a threshold cuts."""
    return 1 - phone / 2


def assess_by_phones(
    clip: AlignedClip, model: str, scores: BaselineScores | None, calibration: Calibration
) -> Assessment:
    """Build the assessment of an engine that scores aligned phones.

    Args:
        clip: The clip.
        model: The name of the engine and its weights.
        scores: The scores of the aligned phones; None where no phone was heard.
        calibration: The threshold and the intervals of the scores.
    """
    with_reference = clip.reference is not None
    values = None if scores is None else scores.utterance
    phones = [] if scores is None else _phones(clip, scores.phone, calibration)
    return assemble_aligned(
        clip,
        model,
        calibration.utterance_scores(values, with_reference=with_reference),
        words=_words(clip, phones, scores.word, calibration) if scores and with_reference else (),
        heard_phones=() if with_reference else phones,
    )


def _phones(clip: AlignedClip, scores: Array | None, calibration: Calibration) -> list[PhoneResult]:
    """Return the canonical phones with their scores or, without scores, the phones heard."""
    assert clip.alignment is not None
    alignment, posteriors = clip.alignment, _posteriors(clip)
    wrong = np.zeros(len(alignment.classes)) if scores is None else mispronunciation(scores)
    results: list[PhoneResult] = []
    spans = zip(alignment.classes.tolist(), phone_spans_s(alignment), strict=True)
    for index, (label, (start_s, end_s)) in enumerate(spans):
        omitted = int(alignment.word[index]) in alignment.omitted
        mispronounced = scores is not None and (omitted or bool(wrong[index] >= calibration.threshold))
        heard = label if not mispronounced else SILENCE if omitted else _best_rival(posteriors[index], label)
        value = None if scores is None else 0.0 if omitted else float(scores[index])
        results.append(
            PhoneResult(
                phone=phone_of(label),
                start_s=start_s,
                end_s=end_s,
                heard=None if heard == SILENCE else phone_of(heard),
                heard_probability=min(float(posteriors[index, heard]), 1.0),
                score=None if value is None else _quality(value, calibration),
                mispronounced=mispronounced,
            )
        )
    return results


def _quality(value: float, calibration: Calibration) -> PhoneQuality:
    low, high = calibration.phone.at(value, MAX_PHONE_SCORE)
    return PhoneQuality(value=value, low=low, high=high)


def _posteriors(clip: AlignedClip) -> Array:
    """Return (U, 40) class probabilities of each phone, the geometric mean over its frames."""
    assert clip.alignment is not None
    powers = np.exp(mean_log_posteriors(clip.outputs.frame, clip.alignment).astype(np.float64))
    return powers / powers.sum(axis=1, keepdims=True)


def _best_rival(posterior: Array, label: int) -> int:
    """Return the likeliest class but the canonical one; silence among them means a deletion."""
    rivals = posterior.copy()
    rivals[label] = -1.0
    return int(rivals.argmax())


def _words(
    clip: AlignedClip, phones: Sequence[PhoneResult], scores: Array | None, calibration: Calibration
) -> list[WordResult]:
    assert clip.alignment is not None and clip.reference is not None
    return [
        build_word(
            text,
            [phones[position] for position in np.flatnonzero(clip.alignment.word == index).tolist()],
            omitted=index in clip.alignment.omitted,
            interval=calibration.word.at,
            score=None if scores is None else float(scores[index]),
            pronunciation=clip.chosen[index],
            span=clip.reference.span(index),
        )
        for index, text in enumerate(clip.reference.words)
    ]
