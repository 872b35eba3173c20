"""A regression forest as arrays, grown by scikit-learn and read with NumPy alone.

Each leaf keeps how often its training clips had each score from 0 to 10, for each aspect. A prediction is the
mean of the leaves' shares over the trees: a distribution, whose expectation is the score and whose quantiles
are its interval (Meinshausen 2006, "Quantile regression forests"). Stored so, a model is data and not code:
loading a pickle would run whatever is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from enunciate.schema import ASPECTS

Array = npt.NDArray[np.float64]
N_SCORES = 11
TAIL = 0.05
LEAF = -1


@dataclass(frozen=True)
class Forest:
    """T trees, their nodes one after the other; N nodes and L leaves in all."""

    root: npt.NDArray[np.int32]
    """(T,) node where each tree begins."""
    left: npt.NDArray[np.int32]
    """(N,) node where a value up to the threshold goes; `LEAF` for leaves."""
    right: npt.NDArray[np.int32]
    """(N,) node where others go; for leaves the row of `counts`."""
    feature: npt.NDArray[np.int16]
    """(N,)"""
    threshold: Array
    """(N,)"""
    counts: npt.NDArray[np.uint16]
    """(L, 4, 11) training clips of a leaf with each score, by aspect."""

    def distribution(self, features: Array) -> Array:
        """(4, 11): the probability of each score, of one clip's features (G,)."""
        values = features.astype(np.float32)  # as it was grown: scikit-learn splits single-precision values
        node = self.root.copy()
        while (inner := self.left[node] != LEAF).any():
            at = node[inner]
            lower = values[self.feature[at]] <= self.threshold[at]
            node[inner] = np.where(lower, self.left[at], self.right[at])
        counts = self.counts[self.right[node]].astype(np.float64)
        shares = counts / counts.sum(axis=2, keepdims=True)
        return shares.mean(axis=0)


def grow(
    features: Array,
    scores: Array,
    *,
    trees: int,
    min_leaf: int,
    features_share: float,
    seed: int,
    workers: int = 1,
    bootstrap: bool = True,
) -> Forest:
    """Grow a forest on N clips.

    Args:
        features: (N, G).
        scores: (N, 4) whole numbers from 0 to 10; others are rounded.
        trees: Number of trees.
        min_leaf: Clips in a leaf at least.
        features_share: Share of the features that each split chooses from.
        seed: Of the draws.
        workers: Threads.
        bootstrap: Draw each tree's clips with replacement, instead of all.
    """
    from sklearn.ensemble import RandomForestRegressor  # pyright: ignore

    assert scores.shape == (len(features), len(ASPECTS)) and np.isfinite(scores).all()
    grown: Any = RandomForestRegressor(
        trees,
        min_samples_leaf=min_leaf,
        max_features=features_share,
        random_state=seed,
        n_jobs=workers,
        bootstrap=bootstrap,
    )
    grown.fit(features, scores)
    marks = np.eye(N_SCORES, dtype=np.uint16)[np.clip(np.rint(scores), 0, 10).astype(int)]
    leaves = cast("npt.NDArray[np.int64]", grown.apply(features))
    return _as_arrays([one.tree_ for one in grown.estimators_], leaves, marks)


def _as_arrays(trees: list[Any], leaves: npt.NDArray[np.int64], marks: npt.NDArray[np.uint16]) -> Forest:
    """Put trees together; `leaves` (N, T) says where each clip ends, `marks` (N, 4, 11) what it scored."""
    parts: dict[str, list[Any]] = {"left": [], "right": [], "feature": [], "threshold": []}
    root: list[int] = [0]
    counts: list[npt.NDArray[np.uint16]] = []
    n_leaves = 0
    for index, tree in enumerate(trees):
        left = np.asarray(tree.children_left)
        is_leaf = left == LEAF
        row = np.cumsum(is_leaf) - 1
        here = np.zeros((int(is_leaf.sum()), *marks.shape[1:]), dtype=np.uint16)
        np.add.at(here, row[leaves[:, index]], marks)
        parts["left"].append(np.where(is_leaf, LEAF, left + root[-1]))
        parts["right"].append(np.where(is_leaf, row + n_leaves, np.asarray(tree.children_right) + root[-1]))
        parts["feature"].append(np.where(is_leaf, 0, tree.feature))
        parts["threshold"].append(tree.threshold)
        counts.append(here)
        root.append(root[-1] + len(left))
        n_leaves += len(here)
    return Forest(
        np.array(root[:-1], dtype=np.int32),
        np.concatenate(parts["left"]).astype(np.int32),
        np.concatenate(parts["right"]).astype(np.int32),
        np.concatenate(parts["feature"]).astype(np.int16),
        np.concatenate(parts["threshold"]).astype(np.float64),
        np.concatenate(counts),
    )


def quantiles(distribution: Array) -> tuple[float, float]:
    """The scores at the 5% and the 95% point of a distribution (11,)."""
    reached = np.cumsum(distribution) + 1e-9  # a sum of shares may miss its mark by rounding
    low, high = np.searchsorted(reached, [TAIL, 1 - TAIL])
    return float(low), float(min(high, N_SCORES - 1))


def save_forest(forest: Forest, path: Path) -> None:
    """Store a forest."""
    arrays = {name: getattr(forest, name) for name in Forest.__dataclass_fields__}
    np.savez_compressed(path, **arrays)


def load_forest(path: Path) -> Forest:
    """Read a stored forest."""
    with np.load(path, allow_pickle=False) as arrays:
        return Forest(**{name: arrays[name] for name in Forest.__dataclass_fields__})
