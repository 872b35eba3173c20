"""A regression forest as arrays, which NumPy alone can read.

Each leaf counts how often its training clips had each score from 0 to 10, for each aspect. A prediction is
the mean over the trees of the shares in the leaf: a distribution, whose expectation is the score and whose
quantiles are its interval (Meinshausen 2006, "Quantile regression forests"). A model stored this way is data
and not code, whereas loading a pickle would run whatever is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
N_SCORES = 11
LEAF = -1


@dataclass(frozen=True)
class Forest:
    """T trees with their nodes one after the other, N nodes and L leaves in all."""

    root: npt.NDArray[np.int32]
    """(T,) the root node of each tree."""
    left: npt.NDArray[np.int32]
    """(N,) the next node for a value up to the threshold; `LEAF` for leaves."""
    right: npt.NDArray[np.int32]
    """(N,) the next node for other values; for leaves, their row in `counts`."""
    feature: npt.NDArray[np.int16]
    """(N,) the index of the feature that is compared."""
    threshold: Array
    """(N,) the value that it is compared with."""
    counts: npt.NDArray[np.uint16]
    """(L, 4, 11) the number of training clips in a leaf with each score, by aspect."""

    def distribution(self, features: Array) -> Array:
        """Return the probability of each score, (4, 11), given one clip's features (G,)."""
        values = features.astype(np.float32)  # scikit-learn grew it on single precision
        node = self.root.copy()
        while (inner := self.left[node] != LEAF).any():
            at = node[inner]
            lower = values[self.feature[at]] <= self.threshold[at]
            node[inner] = np.where(lower, self.left[at], self.right[at])
        counts = self.counts[self.right[node]].astype(np.float64)
        shares = counts / counts.sum(axis=2, keepdims=True)
        return shares.mean(axis=0)


def save_forest(forest: Forest, path: Path) -> None:
    """Write a forest to a file."""
    arrays = {name: getattr(forest, name) for name in Forest.__dataclass_fields__}
    np.savez_compressed(path, **arrays)


def load_forest(path: Path) -> Forest:
    """Read a forest that `save_forest` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return Forest(**{name: arrays[name] for name in Forest.__dataclass_fields__})
