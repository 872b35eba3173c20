"""What every case needs: the engine, the corpus, chance, and the rows that a case gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from enunciate import Assessment, Clip, Utterance
from enunciate.audio import load
from enunciate.engines import Assessor
from enunciate.errors import EnunciateError
from enunciate.metrics.correlation import pearson
from enunciate.schema import ASPECTS
from robustness_cases.transforms import RATE_HZ, Samples
from robustness_cases.voices import Voice

Result = Assessment | EnunciateError
ABOUT_SOUND = ("low_level", "clipping", "noisy")
"""Warnings of the quality of a recording, which say nothing of what was said in it."""


@dataclass(frozen=True)
class Row:
    """One line of the table; without values where the engine does not give what is measured."""

    case: str
    n: int
    values: Mapping[str, float] = field(default_factory=dict)
    wanted: str = ""
    """What a fair judge would give, in words."""


@dataclass(frozen=True)
class Reading:
    """A clip in memory, what was read, and what is known of it."""

    name: str
    samples: Samples
    text: str
    scores: Mapping[str, float] = field(default_factory=dict)
    """Human scores by aspect, where there are any."""
    speaker: str = ""

    @property
    def duration_s(self) -> float:
        """The length of the clip."""
        return len(self.samples) / RATE_HZ


@dataclass(frozen=True)
class Bench:
    """One engine under test."""

    assessor: Assessor
    corpus: Sequence[Utterance]
    """The utterances of the test split."""
    n: int
    """Clips per case."""
    native: Sequence[Reading] = ()
    """Readings by native speakers; empty where no folder was given."""
    voices: Sequence[Voice] = ()
    """Synthetic voices that could be started."""

    @property
    def native_voices(self) -> list[Voice]:
        """The voices that speak good English."""
        return [voice for voice in self.voices if voice.native]

    def rng(self) -> np.random.Generator:
        """The same chance in every case and for every engine."""
        return np.random.default_rng(1)

    def assess(self, name: str, samples: Samples, text: str | None) -> Result:
        """The assessment of samples, or the reason why there is none."""
        return self.assess_utterance(
            Utterance(id=name, audio=Clip(samples=samples, sample_rate_hz=RATE_HZ), text=text)
        )

    def assess_utterance(self, utterance: Utterance) -> Result:
        """The assessment of an utterance, or the reason why there is none."""
        try:
            return self.assessor.assess([utterance])[0]
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
    samples = load(utterance.audio).samples
    return Reading(utterance.id, samples, utterance.text or "", known, utterance.speaker or "")


def scores_of(result: Result) -> dict[str, float]:
    """The utterance scores by aspect; empty for an error."""
    if isinstance(result, EnunciateError):
        return {}
    given = {aspect: getattr(result, aspect) for aspect in ASPECTS}
    return {aspect: score.value for aspect, score in given.items() if score is not None}


def mean_scores(results: Sequence[Result]) -> dict[str, float]:
    """The mean of each aspect over the results that have it."""
    scores = [scores_of(result) for result in results]
    return {a: fmean(s[a] for s in scores if a in s) for a in ASPECTS if any(a in s for s in scores)}


def mean_changes(before: Sequence[Result], after: Sequence[Result]) -> dict[str, float]:
    """The mean of after minus before for each aspect, and the share of clips that lost their scores.

    Clips without scores before are left out.
    """
    pairs = [(scores_of(a), scores_of(b)) for a, b in zip(before, after, strict=True) if scores_of(a)]
    kept = [(a, b) for a, b in pairs if b]
    changes = {
        aspect: fmean(b[aspect] - a[aspect] for a, b in kept)
        for aspect in ASPECTS
        if kept and all(aspect in a and aspect in b for a, b in kept)
    }
    return changes | {"not scored": 1 - len(kept) / max(1, len(pairs))}


def not_scored(results: Sequence[Result]) -> dict[str, float]:
    """The share of clips without scores, as a value of a row."""
    return share([not scores_of(result) for result in results], "not scored")


def is_refused(result: Result) -> bool:
    """Whether the engine refused the clip or warned that it is no reading of the text."""
    if isinstance(result, EnunciateError):
        return True
    return any(notice.code not in (*ABOUT_SOUND, "no_reference") for notice in result.warnings)


def is_warned_of(result: Result) -> bool:
    """Whether the engine refused the clip, or warned of anything but that it is quiet or clipped."""
    noisy = isinstance(result, Assessment) and any(notice.code == "noisy" for notice in result.warnings)
    return noisy or is_refused(result)


def flagged_share(results: Sequence[Result]) -> dict[str, float]:
    """The share of phones that are flagged, as a value of a row; empty from an engine without phones."""
    phones = [phone for result in results if isinstance(result, Assessment) for phone in result.phones]
    return {"phones flagged": fmean(phone.mispronounced for phone in phones)} if phones else {}


def pcc(a: Sequence[float], b: Sequence[float], name: str = "PCC") -> dict[str, float]:
    """Pearson's correlation as a value of a row; empty where it is undefined."""
    value = pearson(np.array(a), np.array(b))
    return {} if value is None else {name: value}


def share(values: Sequence[bool] | Sequence[float], name: str = "share") -> dict[str, float]:
    """The mean as a value of a row; empty where there is nothing to take a mean of."""
    return {name: fmean(values)} if len(values) else {}
