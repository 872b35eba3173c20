"""Longer readings than the corpus has: clips joined, and a narration."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from enunciate.schema import ASPECTS
from robustness_cases import transforms
from robustness_cases.bench import (
    Bench,
    Reading,
    Row,
    flagged_share,
    mean_scores,
    not_scored,
    pcc,
    reading_of,
    scores_of,
)

_PARTS, _BETWEEN_S = 5, 0.4
_READINGS_PER_CLIP = 8
"""Joined readings for each clip of `--clips`."""
_LONGEST_S = 58.0
NARRATION_S = 30.0
"""Native clips from this length on are narrations."""


def joined_readings(bench: Bench) -> Iterator[Row]:
    """Five clips of a speaker, one after the other: bias and PCC against the mean of their human scores."""
    human, predicted = _joined(bench)
    for aspect in ASPECTS:
        said = np.array([row.get(aspect, np.nan) for row in predicted])
        wanted = np.array([row[aspect] for row in human])
        kept = np.isfinite(said)
        values = {"bias": float((said - wanted)[kept].mean())} if kept.any() else {}
        values |= pcc(said[kept].tolist(), wanted[kept].tolist())
        yield Row(
            f"joined readings, {aspect}", int(kept.sum()), values, "bias within 0.2; PCC as for single clips"
        )


def narrations(bench: Bench) -> Iterator[Row]:
    """Native clips of half a minute and more."""
    long = [reading for reading in bench.native if reading.duration_s >= NARRATION_S]
    for reading in long or [None]:
        results = [bench.assess(reading.name, reading.samples, reading.text)] if reading else []
        yield Row(
            f"narration of {reading.duration_s:.0f} s, {reading.name}" if reading else "narration",
            len(results),
            mean_scores(results) | flagged_share(results) | not_scored(results),
            "about 9.5; under 1% flagged",
        )


def _joined(bench: Bench) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    by_speaker: dict[str, list[int]] = {}
    for index, utterance in enumerate(bench.corpus):
        if utterance.scores and utterance.scores.total is not None:
            by_speaker.setdefault(utterance.speaker or "", []).append(index)
    rng = bench.rng()
    human: list[dict[str, float]] = []
    predicted: list[dict[str, float]] = []
    # In chance order: speakers beside each other in the corpus are of one age.
    names = sorted(by_speaker)
    speakers = [by_speaker[names[k]] for k in rng.permutation(len(names))]
    for index in range(_READINGS_PER_CLIP * bench.n if speakers else 0):
        own = speakers[index % len(speakers)]
        parts = _fitting([reading_of(bench.corpus[own[k]]) for k in rng.permutation(len(own))[:_PARTS]])
        pieces = [piece for part in parts for piece in (part.samples, transforms.silence(_BETWEEN_S))][:-1]
        text = " ".join(part.text.strip().capitalize().rstrip(".") + "." for part in parts)
        result = bench.assess(f"joined {index}", np.concatenate(pieces), text)
        human.append({a: float(np.mean([part.scores[a] for part in parts])) for a in parts[0].scores})
        predicted.append(scores_of(result))
    return human, predicted


def _fitting(parts: list[Reading]) -> list[Reading]:
    """As many readings as fit into the longest clip that engines take."""
    ends = np.cumsum([part.duration_s + _BETWEEN_S for part in parts])
    return parts[: max(1, int((ends <= _LONGEST_S).sum()))]
