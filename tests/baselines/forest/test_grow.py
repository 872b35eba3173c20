"""Forests as arrays, against scikit-learn, and their intervals on new data."""

import numpy as np
import pytest

ensemble = pytest.importorskip("sklearn.ensemble")

from enunciate.assembly.score_distribution import score_from_distribution  # noqa: E402
from enunciate.baselines.forest.grow import grow  # noqa: E402
from enunciate.baselines.forest.trees import Forest, load_forest, save_forest  # noqa: E402

SCORE_VALUES = np.arange(11)


def draw(n, rng):
    """Draw clips whose score follows the first feature, with a spread that follows the second."""
    features = rng.uniform(0, 1, (n, 4))
    spread = np.where(features[:, 1] < 0.5, 0.3, 2.0)
    scores = 3 + 4 * features[:, :1] + spread[:, None] * rng.normal(size=(n, 4))
    return features, np.clip(np.rint(scores), 0, 10)


def grown(features, scores, **changes):
    options = {"trees": 40, "min_leaf": 8, "features_share": 1.0, "seed": 3}
    return grow(features, scores, **(options | changes))


def test_predictions_are_those_of_scikit_learn():
    """Without drawing clips, a leaf's mean is that of the clips which end in it."""
    rng = np.random.default_rng(0)
    features, scores = draw(300, rng)
    fresh, _ = draw(50, rng)
    forest = grown(features, scores, trees=7, features_share=0.5, bootstrap=False)
    theirs = ensemble.RandomForestRegressor(
        7, min_samples_leaf=8, max_features=0.5, random_state=3, bootstrap=False
    ).fit(features, scores)

    ours = np.stack([forest.distribution(row) @ SCORE_VALUES for row in fresh])

    np.testing.assert_allclose(ours, theirs.predict(fresh), atol=1e-9)


def test_a_prediction_counts_the_clips_of_the_leaf():
    """One split at 0.5: below it the scores 2, 2 and 4, above it 8 and 10."""
    counts = np.zeros((2, 4, 11), np.uint16)
    counts[0, :, 2], counts[0, :, 4], counts[1, :, [8, 10]] = 2, 1, 1
    forest = Forest(
        np.array([0], np.int32),
        np.array([1, -1, -1], np.int32),
        np.array([2, 0, 1], np.int32),
        np.array([0, 0, 0], np.int16),
        np.array([0.5, 0, 0]),
        counts,
    )

    low, high = forest.distribution(np.array([0.5])), forest.distribution(np.array([0.6]))

    assert low[0] @ SCORE_VALUES == pytest.approx(8 / 3) and high[3] @ SCORE_VALUES == 9


def test_intervals_hold_nine_in_ten_scores_and_widen_with_their_spread():
    rng = np.random.default_rng(1)
    forest = grown(*draw(1_500, rng))
    features, scores = draw(600, rng)
    predicted = [score_from_distribution(forest.distribution(row)[0]) for row in features]
    ends = np.array([(score.low, score.high) for score in predicted])

    inside = (ends[:, 0] <= scores[:, 0]) & (scores[:, 0] <= ends[:, 1])
    width = ends[:, 1] - ends[:, 0]
    calm = features[:, 1] < 0.5

    assert 0.87 < inside.mean() < 0.98
    assert width[~calm].mean() > 2 * width[calm].mean()


def test_a_forest_depends_on_its_seed_alone_and_survives_a_file(tmp_path):
    features, scores = draw(100, np.random.default_rng(2))
    forest = grown(features, scores, trees=5)
    save_forest(forest, tmp_path / "forest.npz")
    again, stored = grown(features, scores, trees=5), load_forest(tmp_path / "forest.npz")

    for name in Forest.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(forest, name), getattr(again, name))
        np.testing.assert_array_equal(getattr(forest, name), getattr(stored, name))
