"""The weighted mean of two engines' utterance scores, as a shift from the score of the one to the mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enunciate.schema import ASPECTS, Aspect, PhraseResult, Score

WEIGHT_WITH_TEXT = 0.4
"""The weight of `whisper` where there is a reference text; that of `pocket` is the rest."""
WEIGHT_WITHOUT_TEXT = 0.7
"""Its weight without one: then it is the better of the two."""


@dataclass(frozen=True)
class HeardPhrase:
    """A phrase as `pocket` scored it, and the scores of `whisper`."""

    phrase: PhraseResult
    second: Mapping[Aspect, Score | None]
    """None, or nothing, for what `whisper` could not score: the score of `pocket` stands for it."""

    @property
    def is_scored_twice(self) -> bool:
        """Whether `whisper` gave any score."""
        return any(self.second.values())

    def differences(self) -> dict[Aspect, float]:
        """By how much the scores of `whisper` are higher; 0 where one of the two is missing."""
        return {
            aspect: _difference(self.second.get(aspect), getattr(self.phrase, aspect)) for aspect in ASPECTS
        }

    def mean(self, weight: float) -> PhraseResult:
        """Return the phrase with the mean scores.

        Args:
            weight: The weight of `whisper`, 0 to 1.
        """
        shifts: dict[Aspect, float] = {
            aspect: weight * difference for aspect, difference in self.differences().items()
        }
        return self.phrase.model_copy(update=shifted_scores(self.phrase, shifts))


def shifts_of_whole(phrases: Sequence[HeardPhrase], weight: float) -> dict[Aspect, float]:
    """Return the shifts of the scores of a whole reading: the mean over its phrases, weighted by phones.

    What `pocket` takes from the fluency of the whole for silences between phrases so stays as it is.

    Args:
        phrases: The phrases of the reading.
        weight: The weight of `whisper`, 0 to 1.
    """
    n_phones = sum(map(_n_phones, phrases))
    sums = dict.fromkeys(ASPECTS, 0.0)
    for heard in phrases:
        for aspect, difference in heard.differences().items():
            sums[aspect] += _n_phones(heard) * difference
    return {aspect: weight * total / max(n_phones, 1) for aspect, total in sums.items()}


def shifted_scores(scored: object, shifts: Mapping[Aspect, float]) -> dict[str, Score | None]:
    """Return the four scores of a phrase or an assessment, each shifted by so many points."""
    scores: dict[str, Score | None] = {}
    for aspect in ASPECTS:
        score: Score | None = getattr(scored, aspect)
        scores[aspect] = None if score is None else shifted(score, shifts[aspect])
    return scores


def shifted(score: Score, shift: float) -> Score:
    """Shift a score by so many points, and its interval with it; all three stay between 0 and 10.

    The interval so keeps the width that `pocket` estimated on held-out speakers for its own score. A mean has
    no distribution over whole numbers, since `pocket` gives none.
    """
    value, low, high = (min(max(end + shift, 0.0), 10.0) for end in (score.value, score.low, score.high))
    return Score(value=value, low=low, high=high)


def _difference(second: Score | None, first: Score | None) -> float:
    return 0.0 if second is None or first is None else second.value - first.value


def _n_phones(heard: HeardPhrase) -> int:
    """Return the weight of a phrase: its phones without those of passages that were not read."""
    return sum(phone.start_s is not None for phone in heard.phrase.phones)
