"""The study notes' boosting examples (E57 to E68), through the functions that the booster itself calls.

Models are fitted with ``tree_method="exact"``, whose thresholds are half-way between two values as in the notes, and
with ``"hist"``. Where the notes print something wrong, the right value is asserted and the docstring says what they
print.
"""

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.quantiles import column_cuts
from mlx.boosting.splitting import Penalty, leaf_weight, similarity, split_gain

# dosage, age -> effectiveness
DRUG = np.array([[5.0, 20.0], [10.0, 21.0], [12.0, 29.0], [8.0, 30.0]])
EFFECT = np.array([13.0, 14.0, 12.0, 11.0])

# dosage with missing values -> effect
DOSAGE = np.array([[10.0], [21.0], [19.0], [np.nan], [np.nan]])
SPARSE_EFFECT = np.array([9.0, 2.0, 7.0, 1.0, 8.0])


both_methods = pytest.mark.parametrize("tree_method", ["exact", "hist"])


def penalty(reg_lambda=0.0, min_child_weight=0.0):
    return Penalty(reg_lambda, 0.0, 0.0, min_child_weight)


def gain_of(residuals, left, reg_lambda=0.0):
    """Gain of a split of half squared error: G is minus the sum of residuals, H the number of rows."""
    residuals, left = np.asarray(residuals), np.asarray(left, dtype=bool)
    G, H, p = -residuals.sum(), float(len(residuals)), penalty(reg_lambda)
    G_left, H_left = -residuals[left].sum(), float(left.sum())
    return split_gain(G_left, H_left, G - G_left, H - H_left, similarity(G, H, p), p)


def one_tree(reg_lambda=0.0, **parameters):
    return XGBRegressor(
        n_estimators=1, learning_rate=1.0, max_depth=1, reg_lambda=reg_lambda, min_child_weight=0.0, **parameters
    )


def root(model):
    return model.tree_ensemble_.trees[0]


@both_methods
def test_e57_residuals_of_the_drug_table(tree_method):
    """The notes print residuals -1, -5, 10, -8; those of the mean 12.5 are 0.5, 1.5, -0.5, -1.5."""
    model = one_tree(tree_method=tree_method).fit(DRUG, EFFECT)
    assert model.intercept_ == pytest.approx([12.5])
    residuals = EFFECT - model.intercept_
    assert residuals.tolist() == [0.5, 1.5, -0.5, -1.5]
    assert similarity(-residuals.sum(), 4.0, penalty()) == 0.0


@both_methods
@pytest.mark.parametrize(("reg_lambda", "gain", "leaf"), [(0.0, 4.0, 1.0), (1.0, 8 / 3, 2 / 3)])
def test_e58_gain_with_the_true_residuals(reg_lambda, gain, leaf, tree_method):
    """The notes print no gain: it is 4 for age < 25, the best split, and 1 for dosage < 9."""
    model = one_tree(reg_lambda, tree_method=tree_method).fit(DRUG, EFFECT)
    tree = root(model)
    assert tree.feature[0] == 1
    assert tree.threshold[0] == {"exact": 25, "hist": 29}[tree_method]
    assert tree.record.runner_up_gain[0] == pytest.approx({0.0: 1.0, 1.0: 2 / 3}[reg_lambda], rel=1e-6)
    assert tree.gain[0] == pytest.approx(gain, rel=1e-6)
    assert tree.value[1:] == pytest.approx([leaf, -leaf], rel=1e-6)
    residuals = [0.5, 1.5, -0.5, -1.5]
    assert gain_of(residuals, [1, 1, 0, 0], reg_lambda) == pytest.approx(gain, rel=1e-6)
    if reg_lambda == 0.0:
        assert gain_of(residuals, DRUG[:, 0] < 9) == pytest.approx(1.0, rel=1e-6)


def test_e59_gains_with_the_printed_residuals():
    """With the residuals that the notes print, the root's similarity is 4 and dosage < 11 gains 161.33."""
    printed = [-1.0, -5.0, 10.0, -8.0]
    dosage = DRUG[:, 0]
    assert similarity(4.0, 4.0, penalty()) == 4.0
    assert similarity(14.0, 3.0, penalty()) == pytest.approx(65.333333, rel=1e-6)
    assert gain_of(printed, dosage < 11) == pytest.approx(161.333333, rel=1e-6)
    assert gain_of(printed, dosage < 9) == pytest.approx(49.0, rel=1e-6)
    assert gain_of(printed, dosage < 6.5) == pytest.approx(0.0, abs=1e-5)
    assert gain_of(printed, dosage < 11, reg_lambda=1.0) == pytest.approx(95.8, rel=1e-6)
    assert leaf_weight(14.0, 3.0, penalty()) == pytest.approx(-4.666667, rel=1e-6)
    assert leaf_weight(-10.0, 1.0, penalty()) == 10.0
    assert leaf_weight(14.0, 3.0, penalty(1.0)) == -3.5
    assert leaf_weight(-10.0, 1.0, penalty(1.0)) == 5.0
    for reg_lambda, gain, leaves in [(0.0, 161.333333, [-4.666667, 10.0]), (1.0, 95.8, [-3.5, 5.0])]:
        tree = root(one_tree(reg_lambda, base_score=0.0, tree_method="exact").fit(DRUG[:, :1], printed))
        assert tree.threshold[0] == 11
        assert tree.gain[0] == pytest.approx(gain, rel=1e-6)
        assert tree.value[1:] == pytest.approx(leaves, rel=1e-6)


def test_e60_output_of_a_leaf_is_not_the_sum():
    """The notes print the sum, -4, for the leaf [1, -5]; its output is -2, and -1.333 with lambda 1."""
    assert leaf_weight(4.0, 2.0, penalty()) == -2.0
    assert leaf_weight(4.0, 2.0, penalty(1.0)) == pytest.approx(-4 / 3, rel=1e-6)


def test_e60_the_leaf_in_a_tree():
    """Residuals 1 and -5 in one leaf, beside a row far away."""
    for reg_lambda, output in [(0.0, -2.0), (1.0, -4 / 3)]:
        model = one_tree(reg_lambda, base_score=0.0, tree_method="exact").fit([[1.0], [2.0], [9.0]], [1.0, -5.0, 20.0])
        assert root(model).value[1] == pytest.approx(output, rel=1e-6)


@pytest.mark.parametrize(
    "how", [{"tree_method": "exact"}, {"tree_method": "hist"}, {"prune": "post"}], ids=["exact", "hist", "post"]
)
@pytest.mark.parametrize(("gamma", "n_nodes"), [(4.0, 3), (4.1, 1), (5.0, 1)])
def test_e61_gamma_removes_the_branch(gamma, n_nodes, how):
    """One split: when gamma decides about it, before or after growing, makes no difference."""
    assert root(one_tree(gamma=gamma, **how).fit(DRUG, EFFECT)).n_nodes == n_nodes


def test_e61_what_was_removed_is_kept():
    model = one_tree(gamma=5.0, tree_method="exact", keep_pruned=True).fit(DRUG, EFFECT)
    (branch,) = root(model).record.pruned
    assert branch.leaf == 0
    assert branch.tree.gain[0] == 4.0
    assert branch.tree.value[1:].tolist() == [1.0, -1.0]


@both_methods
def test_e62_e63_classification(tree_method):
    """Residuals -0.5, 0.5, 0.5, -0.5 at p = 0.5, so every Hessian is 0.25."""
    assert similarity(0.0, 1.0, penalty()) == 0.0
    assert similarity(0.5, 0.25, penalty()) == 1.0
    assert similarity(0.5, 0.25, penalty(1.0)) == pytest.approx(0.2, rel=1e-6)
    assert similarity(-0.5, 0.75, penalty()) == pytest.approx(1 / 3, rel=1e-6)
    assert split_gain(0.5, 0.25, -0.5, 0.75, np.float32(0.0), penalty()) == pytest.approx(4 / 3, rel=1e-6)
    assert leaf_weight(0.5, 0.25, penalty()) == -2.0
    assert leaf_weight(-0.5, 0.75, penalty()) == pytest.approx(2 / 3, rel=1e-6)
    model = XGBClassifier(n_estimators=1, max_depth=1, reg_lambda=0.0, min_child_weight=0.0, tree_method=tree_method)
    model.fit([[1.0], [2.0], [3.0], [4.0]], [0, 1, 1, 0])
    assert sorted(set(model.predict_proba([[1.0], [4.0]])[:, 1].round(6))) == pytest.approx([0.354344, 0.549834], 1e-5)


@both_methods
def test_e64_cover(tree_method):
    """The notes refuse a leaf of cover 1; the library, and this package, accept a cover equal to min_child_weight."""
    X, y = np.arange(8.0)[:, None], [0, 0, 0, 1, 0, 1, 1, 1]
    one = {"n_estimators": 1, "max_depth": 1, "tree_method": tree_method}
    tree = root(XGBClassifier(min_child_weight=1.0, **one).fit(X, y))
    assert tree.cover.tolist() == [2.0, 1.0, 1.0]
    assert root(XGBClassifier(min_child_weight=1.01, **one).fit(X, y)).n_nodes == 1


def test_e65_quantiles():
    """The notes let 33 quantiles be the thresholds: at most 33 bins, of about equal weight. With exact it is all."""
    column = np.random.default_rng(0).permutation(1000).astype(np.float32)
    cuts = column_cuts(column, None, 33)
    assert len(cuts) == 33
    assert set(np.diff([0, *cuts[:-1], 1000]).tolist()) == {30, 31}
    grown = XGBRegressor(n_estimators=1, tree_method="exact", max_depth=1).fit(column[:, None], column >= 500.5)
    assert root(grown).threshold[0] == 500.5
    binned = XGBRegressor(n_estimators=1, max_bin=33, max_depth=1).fit(column[:, None], column >= 500.5)
    assert root(binned).threshold[0] in cuts


@both_methods
def test_e66_residuals_of_the_table_with_missing_dosages(tree_method):
    """The notes print residuals 3, 4, -2, -6, -1, which fit no prediction; those of the mean 5.4 are these."""
    model = one_tree(tree_method=tree_method).fit(DOSAGE, SPARSE_EFFECT)
    assert model.intercept_ == pytest.approx([5.4])
    assert SPARSE_EFFECT - model.intercept_ == pytest.approx([3.6, -3.4, 1.6, -4.4, 2.6], rel=1e-6)


@both_methods
def test_e67_gains_with_missing_values(tree_method):
    """Without the notes' residuals: threshold 20, missing right, is the best candidate."""
    residuals = SPARSE_EFFECT - 5.4
    missing = np.isnan(DOSAGE[:, 0])
    gains = {
        (cut, side): gain_of(residuals, (DOSAGE[:, 0] < cut) | (missing & (side == "left")))
        for cut in (14.5, 20.0)
        for side in ("left", "right")
    }
    assert gains == pytest.approx(
        {(14.5, "left"): 2.7, (14.5, "right"): 16.2, (20.0, "left"): 14.45, (20.0, "right"): 22.533333}, rel=1e-5
    )
    for reg_lambda, gain in [(0.0, 22.533333), (1.0, 15.773333)]:
        tree = root(one_tree(reg_lambda, tree_method=tree_method).fit(DOSAGE, SPARSE_EFFECT))
        assert tree.gain[0] == pytest.approx(gain, rel=1e-5)
        assert tree.threshold[0] == {"exact": 20, "hist": 21}[tree_method]
        assert not tree.missing_left[0]


@both_methods
def test_e68_gains_with_the_printed_residuals(tree_method):
    """Of the two thresholds, 20 with missing left gains most; the booster also parts present from missing: 32.03."""
    printed = np.array([3.0, 4.0, -2.0, -6.0, -1.0])
    dosage, missing = DOSAGE[:, 0], np.isnan(DOSAGE[:, 0])
    assert gain_of(printed, dosage < 14.5) == pytest.approx(14.45, rel=1e-6)
    assert gain_of(printed, (dosage < 14.5) | missing) == pytest.approx(6.533333, rel=1e-6)
    assert gain_of(printed, dosage < 20) == pytest.approx(2.7, rel=1e-6)
    assert gain_of(printed, (dosage < 20) | missing) == pytest.approx(24.2, rel=1e-6)
    assert gain_of(printed, missing) == pytest.approx(32.033333, rel=1e-6)
    tree = root(one_tree(base_score=0.0, tree_method=tree_method).fit(DOSAGE, printed))
    assert tree.gain[0] == pytest.approx(32.033333, rel=1e-5)
    assert tree.threshold[0] > 21
