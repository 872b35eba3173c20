"""From an aligned clip and the scorers' outputs to an `Assessment`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from enunciate.assembly.assembler import assemble
from enunciate.assembly.heard import MAX_PHONE_SCORE
from enunciate.assembly.timing import NO_SPEECH
from enunciate.assembly.words import build_word
from enunciate.pocket.acoustic_model import FRAME_S, Outputs
from enunciate.pocket.alternatives import alternatives_at
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.ctc import greedy
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.phone_timing import pauses, phone_spans_s, rates
from enunciate.pocket.phrases import Phrase, unread_beside
from enunciate.pocket.scorer import Floats, ScorerOutputs
from enunciate.pocket.sound_quality import snr_db
from enunciate.pocket.symbols import phone_of
from enunciate.pocket.unread_words import unread_words
from enunciate.pocket.verdicts import PhoneJudge, PhoneVerdict
from enunciate.schema import (
    Aspect,
    Assessment,
    PhoneCandidate,
    PhoneQuality,
    PhoneResult,
    PhraseResult,
    Score,
    WordResult,
)

WITH_ANOTHER_SOUND = 7.0
"""The highest score of a word in which the alternatives, and not the scorer, found a wrong sound. People let
most of such sounds of learners pass, so neither the word nor the phone falls to the bottom."""


class PhraseResults:
    """Builds the results of the phrases of one aligned clip."""

    def __init__(self, clip: AlignedClip, calibration: Calibration, *, mismatched: bool) -> None:
        """Prepare what all phrases need.

        Args:
            clip: The clip, aligned with its reference text or with the phones heard.
            calibration: The threshold and the intervals.
            mismatched: Whether something other than the text was said: the utterance scores are then those
                that people give to such clips.
        """
        assert clip.alignment is not None
        self._clip, self._alignment, self._calibration = clip, clip.alignment, calibration
        self._mismatched = mismatched
        self._spans = phone_spans_s(clip.alignment)
        n_words = len(clip.reference.words) if clip.reference else 0
        self._inserted = _inserted(clip.outputs, clip.alignment, n_words) if clip.reference else []

    def build(self, index: int, phrase: Phrase, scores: ScorerOutputs) -> PhraseResult:
        """Build the result of one phrase, the `index`th, from the scorers' outputs for it."""
        clip, calibration = self._clip, self._calibration
        words: tuple[WordResult, ...] = ()
        if clip.reference is None:
            phones = self._heard_phones(phrase)
        else:
            phones = self._scored_phones(phrase, scores)
            before, after = unread_beside(self._alignment, phrase)
            read = self._words(phrase, phones, scores)
            words = (
                *unread_words(clip, before, calibration),
                *read,
                *unread_words(clip, after, calibration),
            )
            phones = [phone for word in words for phone in word.phones]
        return PhraseResult(
            index=index,
            start_s=phrase.start * FRAME_S,
            end_s=phrase.end * FRAME_S,
            **utterance_scores(clip, scores.utterance, calibration, mismatched=self._mismatched),
            words=words,
            phones=tuple(phones),
        )

    def _heard_phones(self, phrase: Phrase) -> list[PhoneResult]:
        frame, alignment = self._clip.outputs.frame, self._alignment
        results: list[PhoneResult] = []
        for position in range(phrase.first, phrase.last):
            label, start, end = (
                int(column[position]) for column in (alignment.classes, alignment.start, alignment.end)
            )
            results.append(
                PhoneResult(
                    phone=phone_of(label),
                    start_s=start * FRAME_S,
                    end_s=end * FRAME_S,
                    heard=phone_of(label),
                    heard_probability=float(np.exp(frame[start:end, label].mean())),
                    score=None,
                    mispronounced=False,
                )
            )
        return results

    def _scored_phones(self, phrase: Phrase, scores: ScorerOutputs) -> list[PhoneResult]:
        results: list[PhoneResult] = []
        alignment, calibration = self._alignment, self._calibration
        judge = PhoneJudge(self._clip, phrase, scores, calibration.threshold)
        for row, index in enumerate(range(phrase.first, phrase.last)):
            if int(alignment.word[index]) in alignment.omitted:
                verdict, value = PhoneVerdict(True, None, 1.0), 0.0
            else:
                verdict = judge(index)
                value = min(float(scores.phone[row]), verdict.best_score)
            low, high = calibration.phone.at(value, MAX_PHONE_SCORE)
            start_s, end_s = self._spans[index]
            results.append(
                PhoneResult(
                    phone=phone_of(int(alignment.classes[index])),
                    start_s=start_s,
                    end_s=end_s,
                    heard=verdict.heard,
                    heard_probability=verdict.probability,
                    score=PhoneQuality(value=value, low=low, high=high),
                    mispronounced=verdict.mispronounced,
                    candidates=() if verdict.heard is None else self._candidates(index),
                )
            )
        return results

    def _candidates(self, index: int) -> tuple[PhoneCandidate, ...]:
        """Return as many single sounds for one phone as the caller asks for, the most probable first."""
        count = self._clip.utterance.n_candidates
        if not count:
            return ()
        alternatives = alternatives_at(self._clip.outputs.ctc, self._alignment, index)
        single = [one for one in alternatives if len(one.classes) == 1]
        return tuple(
            PhoneCandidate(phone=phone_of(one.classes[0]), probability=one.probability)
            for one in single[:count]
        )

    def _words(
        self, phrase: Phrase, phones: list[PhoneResult], scores: ScorerOutputs
    ) -> tuple[WordResult, ...]:
        assert self._clip.reference is not None
        inside = self._alignment.word[phrase.first : phrase.last]
        flagged = np.array([phone.mispronounced for phone in phones])
        overruled = flagged & (scores.wrong < self._calibration.threshold)
        words: list[WordResult] = []
        for row, index in enumerate(range(int(inside[0]), int(inside[-1]) + 1)):
            places = np.flatnonzero(inside == index)
            highest = WITH_ANOTHER_SOUND if overruled[places].any() else 10.0
            words.append(
                build_word(
                    self._clip.reference.words[index],
                    [phones[position] for position in places],
                    omitted=index in self._alignment.omitted,
                    interval=self._calibration.word.at,
                    inserted=self._inserted[index],
                    score=min(float(scores.word[row]), highest),
                    pronunciation=self._clip.chosen[index],
                    span=self._clip.reference.span(index),
                )
            )
        return tuple(words)


def utterance_scores(
    clip: AlignedClip, values: Floats | None, calibration: Calibration, *, mismatched: bool
) -> dict[Aspect, Score | None]:
    """Return the four scores with their intervals; without values, shape (4,), all are None."""
    if mismatched:
        return calibration.mismatch_scores()
    return calibration.utterance_scores(values, with_reference=clip.reference is not None)


def assess_aligned(
    clip: AlignedClip,
    model: str,
    phrases: Sequence[PhraseResult],
    values: Floats | None,
    calibration: Calibration,
    *,
    mismatched: bool = False,
) -> Assessment:
    """Build the assessment of an aligned clip from its phrases.

    Args:
        clip: The clip, aligned with its reference text or with the phones heard.
        model: The name of the engine and its weights.
        phrases: The results of all phrases; none where no phone was heard.
        values: The utterance scores, shape (4,); None where no phone was heard.
        calibration: The intervals.
        mismatched: Whether something other than the text was said, as in `PhraseResults`.
    """
    return assemble_aligned(
        clip,
        model,
        utterance_scores(clip, values, calibration, mismatched=mismatched),
        words=[word for phrase in phrases for word in phrase.words],
        heard_phones=[phone for phrase in phrases for phone in phrase.phones],
        mismatched=mismatched,
    )


def assemble_aligned(
    clip: AlignedClip,
    model: str,
    scores: Mapping[Aspect, Score | None],
    *,
    words: Sequence[WordResult] = (),
    heard_phones: Sequence[PhoneResult] = (),
    mismatched: bool = False,
) -> Assessment:
    """Build an assessment whose pauses, rates and signal-to-noise ratio are those of the alignment.

    Args:
        clip: The clip, aligned with its reference text or with the phones heard.
        model: The name of the engine and its weights.
        scores: The utterance scores by aspect.
        words: The words of the reference text.
        heard_phones: The phones heard, which an assessment without reference lists.
        mismatched: Whether something other than the text was said.
    """
    alignment = clip.alignment
    n_words = sum(item.n_words for item in clip.read) if clip.reference and alignment else None
    return assemble(
        clip,
        model,
        scores=scores,
        used_reference=clip.reference is not None,
        scored_by_text=True,
        words=words,
        heard_phones=heard_phones,
        pauses=pauses(clip.outputs, alignment) if alignment else (),
        rates=rates(alignment, n_words) if alignment else NO_SPEECH,
        snr_db=snr_db(clip.outputs, alignment) if alignment else None,
        mismatched=mismatched,
    )


def _inserted(outputs: Outputs, alignment: Alignment, n_words: int) -> list[tuple[str, ...]]:
    """For each word the phones heard in speech beyond the text after it; before it, too, for the first."""
    inserted: list[tuple[str, ...]] = [()] * n_words
    for start, end in alignment.extra:
        before = np.flatnonzero(alignment.end <= start)
        word = int(alignment.word[before[-1]]) if len(before) else 0
        inserted[word] += tuple(map(phone_of, greedy(outputs.ctc[start:end])))
    return inserted
