"""Grow a regression forest with scikit-learn, and take it as arrays."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestRegressor  # pyright: ignore

from enunciate.baselines.forest.trees import LEAF, N_SCORES, Array, Forest
from enunciate.schema import ASPECTS


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
        scores: (N, 4) from 0 to 10, rounded to whole numbers.
        trees: The number of trees.
        min_leaf: The smallest number of clips in a leaf.
        features_share: The share of the features that each split chooses from.
        seed: The seed of all random choices.
        workers: The number of threads.
        bootstrap: Whether each tree draws N clips with replacement; otherwise it takes each clip once.
    """
    assert scores.shape == (len(features), len(ASPECTS)) and np.isfinite(scores).all()
    model: Any = RandomForestRegressor(
        trees,
        min_samples_leaf=min_leaf,
        max_features=features_share,
        random_state=seed,
        n_jobs=workers,
        bootstrap=bootstrap,
    )
    model.fit(features, scores)
    one_hot = np.eye(N_SCORES, dtype=np.uint16)[np.clip(np.rint(scores), 0, 10).astype(int)]
    leaves = cast("npt.NDArray[np.int64]", model.apply(features))
    return _as_arrays([one.tree_ for one in model.estimators_], leaves, one_hot)


def _as_arrays(trees: list[Any], leaves: npt.NDArray[np.int64], one_hot: npt.NDArray[np.uint16]) -> Forest:
    """Join trees; `leaves` (N, T) is the leaf of each clip in each tree, `one_hot` (N, 4, 11) its scores."""
    parts: dict[str, list[Any]] = {"left": [], "right": [], "feature": [], "threshold": []}
    root: list[int] = [0]
    counts: list[npt.NDArray[np.uint16]] = []
    n_leaves = 0
    for index, tree in enumerate(trees):
        left = np.asarray(tree.children_left)
        is_leaf = left == LEAF
        row = np.cumsum(is_leaf) - 1
        here = np.zeros((int(is_leaf.sum()), *one_hot.shape[1:]), dtype=np.uint16)
        np.add.at(here, row[leaves[:, index]], one_hot)
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
