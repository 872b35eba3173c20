"""What every case needs: the engine, the corpus, chance, and the rows that a case gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from enunciate import Assessment, Clip, Utterance
from enunciate.audio import load
from enunciate.engines import Assessor
from enunciate.errors import EnunciateError
from enunciate.schema import ASPECTS
from robustness_cases.transforms import RATE_HZ, Samples

NO_SCORE = "-"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    case: str
    n: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Reading:
    """A clip in memory, what was read, and what is known of it."""

    name: str
    samples: Samples
    text: str
    scores: Mapping[str, float]
    """Human scores by aspect, where there are any."""
    speaker: str = ""


@dataclass(frozen=True)
class Bench:
    """One engine under test."""

    assessor: Assessor
    corpus: Sequence[Utterance]
    """The utterances of the test split; empty where there is no corpus."""
    n: int
    """Clips per case."""

    def rng(self) -> np.random.Generator:
        """The same chance in every case and for every engine."""
        return np.random.default_rng(1)

    def assess(self, name: str, samples: Samples, text: str | None) -> Assessment | EnunciateError:
        """The assessment of samples, or the reason why there is none."""
        clip = Clip(samples=samples, sample_rate_hz=RATE_HZ)
        try:
            return self.assessor.assess([Utterance(id=name, audio=clip, text=text)])[0]
        except EnunciateError as error:
            return error

    def good_readings(self) -> list[Reading]:
        """Clips with a total of at least 8, each of another speaker as far as they go."""
        good = [u for u in self.corpus if u.scores and (u.scores.total or 0) >= 8]
        order = self.rng().permutation(len(good))
        seen: set[str | None] = set()
        chosen: list[Utterance] = []
        for index in order:
            if good[index].speaker not in seen and len(chosen) < self.n:
                seen.add(good[index].speaker)
                chosen.append(good[index])
        return [reading_of(utterance) for utterance in chosen]


def reading_of(utterance: Utterance) -> Reading:
    """A corpus utterance, decoded."""
    human = utterance.scores
    known = {a: getattr(human, a) for a in ASPECTS if human and getattr(human, a) is not None}
    return Reading(
        utterance.id, load(utterance.audio).samples, utterance.text or "", known, utterance.speaker or ""
    )


def scores_of(result: Assessment | EnunciateError) -> dict[str, float]:
    """The utterance scores by aspect; empty for an error."""
    if isinstance(result, EnunciateError):
        return {}
    given = {aspect: getattr(result, aspect) for aspect in ASPECTS}
    return {aspect: score.value for aspect, score in given.items() if score is not None}


def mean_changes(pairs: Sequence[tuple[dict[str, float], dict[str, float]]]) -> dict[str, float]:
    """The mean of after minus before for each aspect, and the share of clips that lost their scores."""
    kept = [(before, after) for before, after in pairs if before and after]
    changes = {
        aspect: fmean(after[aspect] - before[aspect] for before, after in kept)
        for aspect in ASPECTS
        if kept and all(aspect in before and aspect in after for before, after in kept)
    }
    return changes | {"not scored": 1 - len(kept) / max(1, len(pairs))}


def is_doubted(result: Assessment | EnunciateError) -> bool:
    """Whether the engine refused the clip or warned that its scores mean little."""
    if isinstance(result, EnunciateError):
        return True
    return any(notice.code not in ("no_reference", "low_level", "clipping") for notice in result.warnings)


def phone_counts(result: Assessment) -> tuple[int, int]:
    """Flagged phones and all phones."""
    return sum(phone.mispronounced for phone in result.phones), len(result.phones)
