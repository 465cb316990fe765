"""The study notes' table for AdaBoost (E51): which stump leaves the least Gini impurity; the notes give no values."""

import numpy as np
import pytest

from mlx.tree import DecisionTreeClassifier

# f1 is Yes, No, Yes, Yes, No; the notes leave a third column blank.
F1 = np.array([[1.0], [0], [1], [1], [0]])
F2 = np.array([[0.0], [1], [0], [2], [2]])
Y = np.array(["Y", "Y", "N", "N", "N"])
WEIGHT = np.full(5, 1 / 5)


def left_over(tree):
    """Impurity of the leaves, each by its share of the weight."""
    share = tree.weighted_n_node_samples / tree.weighted_n_node_samples[0]
    return np.sum((share * tree.impurity)[tree.children_left == -1])


def stump(X):
    return DecisionTreeClassifier(max_depth=1, random_state=0).fit(X, Y, WEIGHT)


def test_e51_impurity_of_all():
    assert stump(F1).tree_.impurity[0] == pytest.approx(0.48, rel=1e-12)


def test_e51_stump_of_the_first_column():
    tree = stump(F1).tree_
    assert tree.threshold[0] == 0.5
    assert left_over(tree) == pytest.approx(0.466667, abs=5e-7)


def test_e51_stumps_of_the_second_column():
    tree = stump(F2).tree_
    assert tree.threshold[0] == 1.5
    assert left_over(tree) == pytest.approx(0.266667, abs=5e-7)
    # With 2 as 1, only the other threshold is left.
    lower = stump(np.minimum(F2, 1)).tree_
    assert lower.threshold[0] == 0.5
    assert left_over(lower) == pytest.approx(0.466667, abs=5e-7)


def test_e51_best_stump():
    model = stump(np.hstack([F1, F2]))
    assert model.tree_.feature[0] == 1
    assert model.tree_.threshold[0] == 1.5
    assert np.flatnonzero(model.predict(np.hstack([F1, F2])) != Y).tolist() == [2]
