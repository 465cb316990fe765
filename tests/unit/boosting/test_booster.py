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
        new = [training.round() for _ in range(5)]
    assert [len(trees) for trees in new] == [1] * 5
    same_trees([trees[0] for trees in new], whole.trees)
    np.testing.assert_array_equal(training.margin, whole.margin)


def test_gradients_of_the_user_take_the_place_of_those_of_the_objective():
    X, y = small_table(8, n=300)
    own = Training(X, y, None, SQUARED, settings=settings(), max_bin=256)
    library = Training(X, y, None, SQUARED, settings=settings(), max_bin=256)
    for _ in range(3):
        gradients = np.stack([own.margin - y, np.ones_like(own.margin)], axis=-1)
        same_trees(own.round(gradients), library.round())
