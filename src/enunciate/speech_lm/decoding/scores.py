"""The four scores of an answer, each as a distribution over 0 to 10.

An answer names the scores one after the other, so a model that was trained on whole answers predicts each
given those before it. Taken after the most likely numbers alone, the last score is all but settled by them;
`decode_scores` therefore follows several answers at once and sums over what came before. A model that was
trained with hidden numbers (`TargetConfig.scores`) gives all four in one pass, each from the clip alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True, eq=False)
class _Paths:
    """Beginnings of answers: K about each of C clips, clip by clip, of which the first is its most likely."""

    weights: Floats
    """(C, K)"""
    numbers: npt.NDArray[np.int64]
    """(C, K, numbers so far)"""

    def extended(self, chances: Floats, most: int) -> tuple[_Paths, npt.NDArray[np.int64]]:
        """Return the most probable continuations by one number, and the rows that they continue.

        Args:
            chances: (C, K, 11) probabilities of the next number.
            most: How many continuations of each clip are kept, if there are so many.
        """
        clips, before, numbers = chances.shape
        joint = (self.weights[:, :, None] * chances).reshape(clips, -1)
        ranks = joint.copy()
        ranks[np.arange(clips), chances[:, 0].argmax(axis=1)] = np.inf  # the most likely answer goes on
        kept = np.argsort(-ranks, axis=1, kind="stable")[:, :most]
        weights = np.take_along_axis(joint, kept, axis=1)
        parents, number = np.divmod(kept, numbers)
        rows = np.asarray(parents + before * np.arange(clips)[:, None], dtype=np.int64)
        so_far = np.take_along_axis(self.numbers, parents[:, :, None], axis=1)
        extended = np.concatenate([so_far, number[:, :, None]], axis=2)
        return _Paths(weights / weights.sum(axis=1, keepdims=True), extended), rows.ravel()


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
    clips = len(prompts)
    followed = _Paths(np.ones((clips, 1)), np.zeros((clips, 1, 0), np.int64))
    sums: list[Floats] = []
    rows = [[*prompt, *slots[0].before] for prompt in prompts]
    for index, slot in enumerate(slots):
        sequences.feed(rows)
        chances = slot.distributions(_logits_at(sequences, slot.choices, len(rows)))
        chances = chances.reshape(clips, -1, chances.shape[1])
        sums.append((followed.weights[:, :, None] * chances).sum(axis=1))
        followed, parents = followed.extended(chances, paths)
        if index + 1 < len(slots):
            if len(parents) != len(rows) or len(rows) > clips:
                sequences.select(parents.tolist())
            following = [[*value, *slots[index + 1].before] for value in slot.values]
            rows = [following[number] for number in followed.numbers[:, :, -1].ravel().tolist()]
    likely = cast("list[list[int]]", followed.numbers[:, 0].tolist())
    return [_scored(slots, likely[clip], [total[clip] for total in sums]) for clip in range(clips)]


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
    likely = [cast("list[int]", one.argmax(axis=1).tolist()) for one in distributions]
    return [
        _scored(slots, [one[clip] for one in likely], [one[clip] for one in distributions])
        for clip in range(len(prompts))
    ]


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
