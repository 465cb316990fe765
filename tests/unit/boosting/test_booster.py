"""The boosting loop: rounds one by one are the rounds of a whole fit."""

import numpy as np

from mlx.boosting.booster import Training, boost
from mlx.boosting.objectives import OBJECTIVES
from tests.unit.boosting.test_growing import settings, small_table

SQUARED = OBJECTIVES["reg:squarederror"]


def same_trees(first, second):
    assert len(first) == len(second)
    for a, b in zip(first, second):
        for part in ("left", "feature", "threshold", "missing_left", "value", "cover", "gain"):
            np.testing.assert_array_equal(getattr(a, part), getattr(b, part))


def test_rounds_one_by_one_are_a_whole_fit():
    X, y = small_table(7, n=300)
    whole = boost(X, y, None, SQUARED, settings=settings(), max_bin=256, n_rounds=5)
    with Training(X, y, None, SQUARED, settings=settings(), max_bin=256) as training:
        for n_trees in range(1, 6):
            training.round()
            assert len(training.trees) == n_trees
    same_trees(training.trees, whole.trees)
    np.testing.assert_array_equal(training.margin, whole.margin)


def test_gradients_of_the_user_take_the_place_of_those_of_the_objective():
    X, y = small_table(8, n=300)
    own = Training(X, y, None, SQUARED, settings=settings(), max_bin=256)
    library = Training(X, y, None, SQUARED, settings=settings(), max_bin=256)
    for _ in range(3):
        gradients = np.stack([own.margin - y, np.ones_like(own.margin)], axis=-1)
        own.round(gradients)
        library.round()
    same_trees(own.trees, library.trees)


def test_trees_made_together_are_those_made_one_by_one():
    """Also where the learning rate changes in between."""
    X, y = small_table(9, n=300)
    together = Training(X, y, None, SQUARED, settings=settings(), max_bin=256)
    alone = Training(X, y, None, SQUARED, settings=settings(), max_bin=256)
    for number, rate in enumerate([0.3, 0.3, 0.1, 0.1, 0.1]):
        for training in (together, alone):
            training.set_learning_rate(rate)
            training.round()
        assert alone.trees[number].n_nodes > 3
    same_trees(together.trees, alone.trees)
    for a, b in zip(together.trees, alone.trees):
        for part in ("sums", "missing_sums", "runner_up_feature", "runner_up_threshold", "runner_up_gain"):
            np.testing.assert_array_equal(getattr(a.record, part), getattr(b.record, part))
