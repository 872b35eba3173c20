"""Which phones of a phrase count as mispronounced, and what was said in their place.

The scorer learnt from learners, whose accent blurs many sounds that people let pass. From its threshold on it
decides alone. In a good reading a sound that is clearly another is an error, too, though the scorer doubts it
less: there the odds that it gives are raised or lowered by what else speaks for another sound (`evidence`).
What makes another accepted pronunciation of the word is none, and neither is what is right in another
standard accent where the reading is good otherwise (`accents`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from enunciate.assembly.heard import MAX_PHONE_SCORE
from enunciate.phones.accents import is_of_another_accent, may_lack_r
from enunciate.phones.inventory import UNCLEAR
from enunciate.pocket.alternatives import Alternative, alternatives_at
from enunciate.pocket.aspects import ACCURACY
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.phrases import Phrase
from enunciate.pocket.scorer import ScorerOutputs
from enunciate.pocket.symbols import phone_of

CLEAR_FROM = 0.5
"""The probability under which a diagnosis says "not clear"."""
DOUBT_FROM = 0.03
"""The scorer's probability of a mispronunciation from which a phone of a good reading is looked at."""
GOOD_READING_FROM = 8.5
"""The least accuracy of a reading in which more than the scorer decides."""
LEAST_EVIDENCE = -3.5
"""What makes a long, stressed phone of a very good reading wrong: the log-odds of 3%."""
ACCENT_BELOW_DOUBT = 0.1
"""The mean probability of a mispronunciation of the other sounds of a phrase, under which a lost r or another
vowel in "half" is an accent. Of the learners who lose an r, people mark those who have 0.28 and more."""

_ALTERNATIVES_WEIGHT = 0.7
_VERY_GOOD, _PER_POINT = 9.2, 4.0
_LONG_FRAMES, _PER_FRAME = 6, 0.4
_UNSTRESSED_LOSS = 3.0


@dataclass(frozen=True)
class PhoneVerdict:
    """Whether a phone is mispronounced, what was said (None for nothing), and how probable that is."""

    mispronounced: bool
    heard: str | None
    probability: float
    best_score: float = MAX_PHONE_SCORE
    """The highest score that it leaves the phone, 1 to 2."""


def evidence(
    wrong: float, likelihood_ratio: float, accuracy: float, n_frames: int, *, unstressed: bool
) -> float:
    """Return how much speaks for a mispronunciation, as log-odds; `LEAST_EVIDENCE` makes it one.

    The weights were fitted to synthetic voices, and chosen with held-out learners: docs/pocket.md.

    Args:
        wrong: The scorer's probability of a mispronunciation.
        likelihood_ratio: How much more probable the best other sound is than the canonical phone.
        accuracy: That of the phrase, 0 to 10: the better the others, the less is a slip of the engine.
        n_frames: The length of the phone, 20 ms each: a short one tells little.
        unstressed: Whether it is a vowel without stress, whose colour varies with natives, too.
    """
    return (
        math.log(wrong / (1 - wrong))
        + _ALTERNATIVES_WEIGHT * math.log(likelihood_ratio)
        + _PER_POINT * min(0.0, accuracy - _VERY_GOOD)
        + _PER_FRAME * min(0, n_frames - _LONG_FRAMES)
        - _UNSTRESSED_LOSS * unstressed
    )


class PhoneJudge:
    """Judges the phones of one phrase of an aligned reading of a text."""

    def __init__(self, clip: AlignedClip, phrase: Phrase, scores: ScorerOutputs, threshold: float) -> None:
        """Prepare what all phones need.

        Args:
            clip: The clip, aligned with its reference text.
            phrase: The phrase.
            scores: The scorers' outputs for it.
            threshold: The probability of a mispronunciation from which the scorer decides alone.
        """
        self._clip, self._first, self._wrong = clip, phrase.first, scores.wrong
        self._threshold, self._accuracy = threshold, float(scores.utterance[ACCURACY])
        good = self._accuracy >= GOOD_READING_FROM
        self._doubt_from = min(DOUBT_FROM, threshold) if good else threshold
        without_r = [may_lack_r(clip.canonical, index) for index in range(phrase.first, phrase.last)]
        others = scores.wrong[~np.array(without_r, dtype=bool)]
        self._accepts_accents = len(others) > 0 and float(others.mean()) < ACCENT_BELOW_DOUBT

    def __call__(self, index: int) -> PhoneVerdict:
        """Judge one phone of the phrase, by its index in the alignment."""
        alignment, outputs = self._clip.aligned, self._clip.outputs
        wrong, own = float(self._wrong[index - self._first]), int(alignment.classes[index])
        if wrong < self._doubt_from:
            start, end = int(alignment.start[index]), int(alignment.end[index])
            return PhoneVerdict(False, phone_of(own), float(np.exp(outputs.frame[start:end, own].mean())))
        alternatives = alternatives_at(outputs.ctc, alignment, index)
        (canonical,) = (a.probability for a in alternatives if a.classes == (own,))
        best = next(a for a in alternatives if a.classes != (own,))
        accepted = self._is_variant(index, best) or self._is_accent(index, best)
        if accepted or not self._is_wrong(index, wrong, canonical, best):
            return PhoneVerdict(False, phone_of(own), canonical)
        # The phone is taken to be wrong: the probability is that of the diagnosis among the alternatives.
        probability = min(1.0, best.probability / max(1.0 - canonical, 1e-12))
        heard = " ".join(map(phone_of, best.classes)) or None
        highest = MAX_PHONE_SCORE if wrong >= self._threshold else min(MAX_PHONE_SCORE, 1 + 2 * canonical)
        return PhoneVerdict(True, heard if probability >= CLEAR_FROM else UNCLEAR, probability, highest)

    def _is_variant(self, index: int, best: Alternative) -> bool:
        """Whether the word with the other sound is one of its pronunciations, too, as "caught" with AA."""
        clip, word = self._clip, int(self._clip.aligned.word[index])
        assert clip.reference is not None
        place = index - int(np.searchsorted(clip.aligned.word, word))
        bare = clip.chosen[word].bare
        said = (*bare[:place], *map(phone_of, best.classes), *bare[place + 1 :])
        return any(said == one.bare for one in clip.reference.pronunciations[word])

    def _is_accent(self, index: int, best: Alternative) -> bool:
        clip = self._clip
        if not self._accepts_accents:
            return False
        assert clip.reference is not None
        word = clip.reference.words[int(clip.aligned.word[index])]
        return is_of_another_accent(word, clip.canonical, index, tuple(map(phone_of, best.classes)))

    def _is_wrong(self, index: int, wrong: float, canonical: float, best: Alternative) -> bool:
        if wrong >= self._threshold:
            return True
        alignment = self._clip.aligned
        ratio = max(best.probability, 1e-4) / max(canonical, 1e-4)
        n_frames = int(alignment.end[index] - alignment.start[index])
        unstressed = self._clip.canonical[index].endswith("0")
        found = evidence(wrong, ratio, self._accuracy, n_frames, unstressed=unstressed)
        return found >= LEAST_EVIDENCE
