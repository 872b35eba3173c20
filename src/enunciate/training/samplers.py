"""Batch samplers: clips of similar length together, and the batches dealt out to several processes."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from torch.utils.data import Sampler

_BATCHES_SORTED = 32
"""Batches that are cut out of one span sorted by length: a longer span means less padding and less chance."""


class LengthBatchSampler(Sampler[list[int]]):
    """Batches of similar length, in an order that follows from seed and epoch: the same in every process.

    Every example is in exactly one batch of each epoch; the last batch may be smaller. Call `set_epoch` for
    the order of another epoch.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int, *, shuffle: bool = True) -> None:
        """Prepare for examples of these lengths.

        Args:
            lengths: What takes time and memory, such as the number of tokens of each example.
            batch_size: Examples per batch.
            seed: Seed of the order.
            shuffle: False for the same batches in every epoch, from the longest down.
        """
        super().__init__()
        self.lengths = list(lengths)
        self.batch_size = batch_size
        self.drop_last = False
        self.seed = seed
        self.shuffle = shuffle
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Number of batches per epoch."""
        return math.ceil(len(self.lengths) / self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        """The batches of the epoch, as indices of examples."""
        indices = list(range(len(self.lengths)))
        if not self.shuffle:
            return iter(self._cut(indices))
        chance = random.Random(f"{self.seed}/{self.epoch}")
        chance.shuffle(indices)
        span = self.batch_size * _BATCHES_SORTED
        batches = [
            batch
            for start in range(0, len(indices), span)
            for batch in self._cut(indices[start : start + span])
        ]
        chance.shuffle(batches)
        return iter(batches)

    def _cut(self, indices: list[int]) -> list[list[int]]:
        ordered = sorted(indices, key=lambda index: -self.lengths[index])
        size = self.batch_size
        return [ordered[start : start + size] for start in range(0, len(ordered), size)]


class ShardedBatchSampler(Sampler[list[int]]):
    """Every n-th batch, for one of n processes: together they take the batches that one process would.

    accelerate can deal out batches itself, but forgets the order of the epoch when it skips to where an
    interrupted run of several processes stopped.
    """

    def __init__(self, batches: LengthBatchSampler, process: int, processes: int) -> None:
        super().__init__()
        self.batches, self.process, self.processes = batches, process, processes
        self.batch_size, self.drop_last = batches.batch_size, False

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        self.batches.set_epoch(epoch)

    def __len__(self) -> int:
        """Number of this process's batches per epoch."""
        return math.ceil(len(self.batches) / self.processes)

    def __iter__(self) -> Iterator[list[int]]:
        """This process's batches of the epoch, as indices of examples."""
        dealt = list(self.batches)
        missing = -len(dealt) % self.processes  # every process needs as many: the first batches come again
        repeated = islice(cycle(dealt), missing)
        return islice([*dealt, *repeated], self.process, None, self.processes)
