"""Which examples each optimiser step of each process takes; it follows from seed and epoch alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle, islice

from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.data import AdapterExample
from enunciate.speech_lm.training.shared_instruction import by_instruction, common_instruction, pass_tokens
from enunciate.training.samplers import LengthBatchSampler


@dataclass(frozen=True)
class StepPlan:
    """One optimiser step of one process."""

    batches: list[list[AdapterExample]]
    """The micro-batches of this process."""
    n_items: int
    """Answer tokens in the micro-batches of all processes."""


@dataclass(frozen=True)
class _Kind:
    """Examples that may be in a batch with each other, in groups that stay together."""

    groups: list[list[AdapterExample]]
    sampler: LengthBatchSampler

    @classmethod
    def of(cls, examples: Sequence[AdapterExample], recipe: AdapterRecipe) -> _Kind:
        groups = _groups(examples, recipe.by_clip)
        lengths = [max(e.length if not recipe.by_clip else e.n_frames for e in group) for group in groups]
        size = max(1, recipe.batch_size // max(map(len, groups)))
        return cls(groups, LengthBatchSampler(lengths, size, recipe.seed))

    def batches(self, epoch: int) -> Iterator[list[AdapterExample]]:
        self.sampler.set_epoch(epoch)
        for batch in self.sampler:
            yield [*chain.from_iterable(self.groups[index] for index in batch)]


class BatchPlan:
    """The steps of every epoch: batches of like length, dealt out to the processes.

    Together n processes take the batches that one process with n times the accumulation would. If a batch is
    missing at the end of an epoch for some process, the first ones come again. Examples with different
    instructions are in different batches.
    """

    def __init__(
        self, examples: Sequence[AdapterExample], recipe: AdapterRecipe, process: int = 0, processes: int = 1
    ) -> None:
        """Prepare for the examples of a recipe, as one of several processes."""
        self.examples = examples
        self._kinds = [_Kind.of(alike, recipe) for alike in by_instruction(examples)]
        self._seed = recipe.seed
        longest = max((e.length for e in examples), default=0)
        self.most_tokens = recipe.accumulation * recipe.batch_size * longest
        """What a step of one process has at most, if all of it is joined."""
        self._process, self._processes = process, processes
        self._batches_per_step = processes * recipe.accumulation

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps of an epoch."""
        per_process = -(-sum(len(kind.sampler) for kind in self._kinds) // self._processes)
        return -(-per_process * self._processes // self._batches_per_step)

    def epoch(self, epoch: int, first_step: int = 0) -> Iterator[StepPlan]:
        """Yield the steps of an epoch, from `first_step` on."""
        dealt = [batch for kind in self._kinds for batch in kind.batches(epoch)]
        if len(self._kinds) > 1:
            random.Random(f"{self._seed}/{epoch}/kinds").shuffle(dealt)
        dealt += islice(cycle(list(dealt)), -len(dealt) % self._processes)
        for step in range(first_step, self.steps_per_epoch):
            start = step * self._batches_per_step
            batches = dealt[start : start + self._batches_per_step]
            n_items = sum(len(example.answer_ids) for batch in batches for example in batch)
            yield StepPlan(batches[self._process :: self._processes], n_items)


def joined(batches: Sequence[list[AdapterExample]], most: int) -> list[list[AdapterExample]]:
    """Join batches, the shortest examples first, as long as one has at most `most` tokens with its padding.

    Each batch is joined with the next longer ones of the same instruction, so that little padding is added,
    and the tokens of an instruction that is computed once count once; 0 joins none.
    """
    found: list[list[AdapterExample]] = []
    for batch in sorted(batches, key=lambda batch: (common_instruction(batch), _longest(batch))):
        both = [*found[-1], *batch] if found else batch
        alike = found and common_instruction(found[-1]) == common_instruction(batch)
        if alike and pass_tokens(both) <= most:
            found[-1] = both
        else:
            found.append(batch)
    return found if most else list(batches)


def _longest(batch: Sequence[AdapterExample]) -> int:
    return max(example.length for example in batch)


def _groups(examples: Sequence[AdapterExample], by_clip: bool) -> list[list[AdapterExample]]:
    """The examples that stay together."""
    if not by_clip:
        return [[example] for example in examples]
    groups: dict[str, list[AdapterExample]] = {}
    for example in examples:
        groups.setdefault(example.id, []).append(example)
    return list(groups.values())
