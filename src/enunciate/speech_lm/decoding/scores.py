"""The four scores of an answer, each as a distribution over 0 to 10.

An answer names the scores one after the other, so a model that was trained on whole answers predicts each
given those before it. Taken after the most likely numbers alone, the last score is all but settled by them;
`decode_scores` therefore follows several answers at once and sums over what came before. A model that was
trained with hidden numbers (`TargetConfig.scores`) gives all four in one pass, each from the clip alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from enunciate.schema import Aspect
from enunciate.speech_lm.decoding.slots import Floats, Slot, Tokens
from enunciate.speech_lm.targets import ApaAnswer


class GrowingSequences(Protocol):
    """Token sequences about clips, such as `continuation.Continuation`; this module does not import torch."""

    def feed(self, rows: Sequence[Sequence[int]]) -> None:
        """Append tokens to each sequence."""
        ...

    def select(self, rows: Sequence[int]) -> None:
        """Keep these sequences, in this order; one may be taken more than once."""
        ...

    def truncate(self, n_tokens: int) -> None:
        """Remove the last `n_tokens` positions."""
        ...

    def logit_values(self, tokens: Sequence[int], before_last: int = 0) -> Floats:
        """Return the logits of some tokens, (B, tokens), as the next one or one that was fed last."""
        ...


@dataclass(frozen=True, eq=False)
class ScoredAnswer:
    """The scores of one clip."""

    answer: ApaAnswer
    """The most likely numbers, each given those before it."""
    distributions: Mapping[Aspect, Floats]
    """(11,) probabilities of 0 to 10 for each aspect."""


@dataclass(frozen=True)
class _Path:
    """The beginning of an answer about one clip; the first path of a clip is the most likely one so far."""

    clip: int
    weight: float
    numbers: tuple[int, ...]


def decode_scores(
    sequences: GrowingSequences, prompts: Sequence[list[int]], slots: Sequence[Slot], paths: int
) -> list[ScoredAnswer]:
    """Fill the slots in order: one forward pass each, and one more if a number has two tokens.

    Args:
        sequences: Empty sequences, one for each clip.
        prompts: The prompt of each clip.
        slots: The slots of an answer.
        paths: How many beginnings of an answer are followed for each clip. With 1, each score is given the
            most likely numbers before it; with more, the distribution is summed over the most probable ones.
    """
    followed = [_Path(clip, 1.0, ()) for clip in range(len(prompts))]
    sums: list[Floats] = []
    rows = [[*prompt, *slots[0].before] for prompt in prompts]
    for index, slot in enumerate(slots):
        sequences.feed(rows)
        chances = slot.distributions(_logits_at(sequences, slot.choices, len(rows)))
        total = np.zeros((len(prompts), chances.shape[1]))
        np.add.at(total, [path.clip for path in followed], _weights(followed) * chances)
        sums.append(total)
        parents, followed = _extended(followed, chances, paths)
        if index + 1 < len(slots):
            if len(parents) > len(prompts) or len(rows) > len(prompts):
                sequences.select(parents)
            rows = [[*slot.values[path.numbers[-1]], *slots[index + 1].before] for path in followed]
    likely = {path.clip: path.numbers for path in reversed(followed)}
    return [_scored(slots, likely[clip], [total[clip] for total in sums]) for clip in range(len(prompts))]


def decode_scores_apart(
    sequences: GrowingSequences, prompts: Sequence[list[int]], slots: Sequence[Slot], blank_id: int
) -> list[ScoredAnswer]:
    """Read all scores from one forward pass in which every number is hidden."""
    ends: list[int] = []
    answer: list[int] = []
    for slot in slots:
        answer += slot.before
        ends.append(len(answer))
        answer.append(blank_id)
    sequences.feed([[*prompt, *answer] for prompt in prompts])
    distributions = [
        slot.distributions({(): sequences.logit_values(slot.choices[()], len(answer) - end)})
        for slot, end in zip(slots, ends, strict=True)
    ]
    return [
        _scored(
            slots, [int(one[clip].argmax()) for one in distributions], [one[clip] for one in distributions]
        )
        for clip in range(len(prompts))
    ]


def _extended(followed: Sequence[_Path], chances: Floats, paths: int) -> tuple[list[int], list[_Path]]:
    """Return the most probable continuations of each clip's paths, and the rows that they continue."""
    joint = _weights(followed) * chances
    parents: list[int] = []
    extended: list[_Path] = []
    rows_of: dict[int, list[int]] = {}
    for row, path in enumerate(followed):
        rows_of.setdefault(path.clip, []).append(row)
    for clip, rows in rows_of.items():
        first = (rows[0], int(chances[rows[0]].argmax()))
        ranked = np.dstack(np.unravel_index(np.argsort(-joint[rows], axis=None), joint[rows].shape))[0]
        pairs = [(rows[int(place)], int(number)) for place, number in ranked[:paths]]
        kept = [first, *(pair for pair in pairs if pair != first)][:paths]
        mass = sum(float(joint[row, number]) for row, number in kept)
        for row, number in kept:
            parents.append(row)
            numbers = (*followed[row].numbers, number)
            extended.append(_Path(clip, float(joint[row, number]) / mass, numbers))
    return parents, extended


def _weights(followed: Sequence[_Path]) -> Floats:
    return np.array([[path.weight] for path in followed])


def _scored(slots: Sequence[Slot], numbers: Sequence[int], distributions: Sequence[Floats]) -> ScoredAnswer:
    aspects: list[Aspect] = [slot.aspect for slot in slots]
    answer = ApaAnswer.model_validate(dict(zip(aspects, numbers, strict=True)))
    by_aspect: dict[Aspect, Floats] = dict(zip(aspects, distributions, strict=True))
    return ScoredAnswer(answer, by_aspect)


def _logits_at(
    sequences: GrowingSequences, choices: Mapping[Tokens, Tokens], n_rows: int
) -> dict[Tokens, Floats]:
    """Return the logits at each choice within a number; each choice after its first token costs a pass."""
    logits: dict[Tokens, Floats] = {}
    for prefix, tokens in choices.items():
        if prefix:
            sequences.feed([prefix] * n_rows)
        logits[prefix] = sequences.logit_values(tokens)
        if prefix:
            sequences.truncate(len(prefix))
    return logits
