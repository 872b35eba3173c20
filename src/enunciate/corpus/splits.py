"""Splits of a corpus by speaker: folds for cross-validation, and speakers to hold out.

Speakers differ far more than the utterances of one speaker do, and half of the speakers are children, whose
scores and voices differ again. So the parts of a split never share a speaker, and each gets its share of
children, of weak and of strong speakers, and of utterances.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from enunciate.errors import CorpusError
from enunciate.schema import Utterance

ADULT_AGE = 18
SPLIT_SEED = 1
"""Seed of what is held out, the same for runs of all seeds, so that their results can be pooled."""


@dataclass(frozen=True)
class _Speaker:
    name: str
    utterances: tuple[int, ...]
    is_child: bool | None
    mean_total: float | None


def speaker_folds(utterances: Sequence[Utterance], n_folds: int, seed: int) -> list[list[int]]:
    """Deal the speakers into folds that are alike in age, score and size.

    The speakers are ranked by age group and mean total score. Each run of `n_folds` neighbours in that
    ranking goes to different folds, the speaker with the most utterances to the fold with the fewest. The
    seed decides where that leaves a choice. The same arguments always give the same folds.

    Returns:
        The ascending indices of the held-out utterances of each fold; every index is in exactly one fold.

    Raises:
        CorpusError: An utterance has no speaker, or there are fewer speakers than folds.
    """
    speakers = _group(utterances)
    if not 1 < n_folds <= len(speakers):
        raise CorpusError(_cannot_be_dealt(len(speakers), n_folds))
    chance = random.Random(seed)
    chance.shuffle(speakers)
    speakers.sort(key=_rank)
    folds: list[list[int]] = [[] for _ in range(n_folds)]
    for start in range(0, len(speakers), n_folds):
        block = speakers[start : start + n_folds]
        chance.shuffle(block)
        block.sort(key=lambda speaker: -len(speaker.utterances))
        chance.shuffle(folds)
        folds.sort(key=len)
        for fold, speaker in zip(folds, block, strict=False):
            fold.extend(speaker.utterances)
    return sorted(sorted(fold) for fold in folds)


def hold_out_fold(
    utterances: Sequence[Utterance], n_folds: int, fold: int
) -> tuple[list[Utterance], list[Utterance]]:
    """Split into the utterances outside one fold of `speaker_folds`, and those inside it.

    Raises:
        CorpusError: An utterance has no speaker, or there are fewer speakers than folds.
    """
    held = set(speaker_folds(utterances, n_folds, SPLIT_SEED)[fold])
    return (
        [utterance for index, utterance in enumerate(utterances) if index not in held],
        [utterance for index, utterance in enumerate(utterances) if index in held],
    )


def hold_out_speakers(
    utterances: Sequence[Utterance], n_speakers: int
) -> tuple[list[Utterance], list[Utterance]]:
    """Split dev speakers off a train split: about this many, like the others in age, score and size.

    Args:
        utterances: The utterances of the train split.
        n_speakers: The number of dev speakers, at most about half of all; 0 gives no dev utterances.

    Returns:
        The utterances to learn from, and those of the dev speakers.

    Raises:
        CorpusError: An utterance has no speaker, or there is only one speaker.
    """
    if not n_speakers:
        return list(utterances), []
    n_all = len({utterance.speaker for utterance in utterances})
    return hold_out_fold(utterances, max(2, round(n_all / n_speakers)), 0)


def _cannot_be_dealt(n_speakers: int, n_folds: int) -> str:
    """Say why the speakers cannot be dealt into folds, and what to change."""
    if n_speakers < 2:
        return f"folds need at least two speakers, not {n_speakers}: give a corpus with more speakers"
    choice = "2" if n_speakers == 2 else f"2 to {n_speakers}"
    return (
        f"{n_speakers} speakers cannot be dealt into {n_folds} folds: choose {choice} folds (folds=N, or "
        "members=N for the members of a baseline), or give a corpus with more speakers"
    )


def _rank(speaker: _Speaker) -> tuple[int, float]:
    """Order adults, children, then unknown ages; within each by mean total score, unknown scores first."""
    group = 2 if speaker.is_child is None else int(speaker.is_child)
    return group, -1.0 if speaker.mean_total is None else speaker.mean_total


def _group(utterances: Sequence[Utterance]) -> list[_Speaker]:
    indices: dict[str, list[int]] = defaultdict(list)
    for index, utterance in enumerate(utterances):
        if utterance.speaker is None:
            raise CorpusError(
                f"utterance {utterance.id} has no speaker: folds over speakers need one for each"
            )
        indices[utterance.speaker].append(index)
    return [_speaker(name, [utterances[i] for i in own], own) for name, own in sorted(indices.items())]


def _speaker(name: str, utterances: list[Utterance], indices: list[int]) -> _Speaker:
    ages = [item.age for item in utterances if item.age is not None]
    totals = [item.scores.total for item in utterances if item.scores and item.scores.total is not None]
    return _Speaker(
        name=name,
        utterances=tuple(indices),
        is_child=min(ages) < ADULT_AGE if ages else None,
        mean_total=fmean(totals) if totals else None,
    )
