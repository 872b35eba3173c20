"""The weighted mean of two engines' utterance scores, as a shift from the score of the one to the mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enunciate.schema import ASPECTS, Aspect, PhraseResult, Score

WEIGHT_WITH_TEXT = 0.4
"""The weight of `whisper` where there is a reference text; that of `pocket` is the rest."""
WEIGHT_WITHOUT_TEXT = 0.7
"""Its weight without one: then it is the better of the two."""
FADES_FROM, FADES_TO = 8.7, 9.2
"""From the first score of `pocket` on a lower one of `whisper` counts the less, and from the second on not at
all: few learners are there, and only `pocket` has learnt how people sound who speak English natively."""


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
        """By how much the scores of `whisper` are higher, as far as they count."""
        return {
            aspect: difference(getattr(self.phrase, aspect), self.second.get(aspect)) for aspect in ASPECTS
        }

    def mean(self, weight: float) -> PhraseResult:
        """Return the phrase with the mean scores.

        Args:
            weight: The weight of `whisper`, 0 to 1.
        """
        shifts: dict[Aspect, float] = {
            aspect: weight * higher for aspect, higher in self.differences().items()
        }
        return self.phrase.model_copy(update=shifted_scores(self.phrase, shifts))


def difference(first: Score | None, second: Score | None) -> float:
    """Return by how much the score of `whisper`, the second, is higher, as far as it counts.

    It is 0 where one of the two is missing, and at the top of the scale it is not negative (`FADES_TO`).
    """
    if first is None or second is None:
        return 0.0
    share = min(max((FADES_TO - first.value) / (FADES_TO - FADES_FROM), 0.0), 1.0)
    higher = second.value - first.value
    return higher if higher > 0 else share * higher


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
        for aspect, higher in heard.differences().items():
            sums[aspect] += _n_phones(heard) * higher
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


def _n_phones(heard: HeardPhrase) -> int:
    """Return the weight of a phrase: its phones without those of passages that were not read."""
    return sum(phone.start_s is not None for phone in heard.phrase.phones)
