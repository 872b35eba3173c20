"""A batch sampler that puts clips of similar length together."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

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
