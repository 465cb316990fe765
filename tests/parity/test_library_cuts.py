"""``cuts="xgboost"``: cuts bit for bit those of xgboost 3.2, and with them its trees, on columns of any values."""

import itertools

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from mlx import boosting
from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.library_cuts import library_cuts
from mlx.compare.peers import peer_of
from tests.parity.test_boosting import compare

pytestmark = pytest.mark.parity

xgboost = pytest.importorskip("xgboost")


def cuts_of(matrix):
    """The library's cuts of each column; the first number it tells of a column is not a cut."""
    start, cuts = matrix.get_quantile_cut()
    return [cuts[int(a) + 1 : int(b)] for a, b in itertools.pairwise(start)]


def quantile_matrix(X, weight, max_bin):
    """What `XGBClassifier.fit` and `XGBRegressor.fit` make of a table."""
    return xgboost.QuantileDMatrix(X, weight=weight, max_bin=max_bin, nthread=2)


def plain_matrix(X, weight, max_bin):
    """What `xgboost.train` is given; its cuts are made with the first tree."""
    matrix = xgboost.DMatrix(X, label=np.zeros(len(X)), weight=weight, nthread=2)
    xgboost.train({"tree_method": "hist", "max_bin": max_bin, "max_depth": 1, "nthread": 2}, matrix, 1)
    return matrix


def assert_same_cuts(X, weight, max_bin, matrix=quantile_matrix):
    for f, theirs in enumerate(cuts_of(matrix(X, weight, max_bin))):
        ours = library_cuts(X[:, f], weight, max_bin)
        np.testing.assert_array_equal(ours, theirs, err_msg=f"column {f}")


def columns(n, seed=0):
    """Fourteen kinds of columns, the same with 30% missing, and one without values."""
    rng = np.random.default_rng(seed)
    row = np.arange(n)
    kinds = [
        rng.normal(size=n),
        rng.normal(size=n).round(2),
        rng.integers(0, 300, n),
        rng.integers(-40, 40, n) * 1e6,
        rng.pareto(1.0, size=n),
        np.where(rng.random(n) < 0.9, 0.0, rng.normal(size=n)),
        np.sort(rng.exponential(size=n)),
        -np.sort(rng.normal(size=n)),
        np.sin(row / 37.0).round(3),
        np.abs(row - n // 2),
        row % 1000,
        np.minimum(row % 500, 500 - row % 500),
        np.full(n, 3.5),
        np.zeros(n),
    ]
    X = np.stack(kinds, axis=1)
    holes = np.where(rng.random(X.shape) < 0.3, np.nan, X)
    return np.concatenate([X, holes, np.full((n, 1), np.nan)], axis=1).astype(np.float32)


def weights(kind, n):
    rng = np.random.default_rng(1)
    if kind == "none":
        return None
    drawn = {"even": rng.exponential, "heavy-tailed": lambda size: rng.pareto(0.5, size) + 1e-6}.get(kind)
    return (rng.integers(1, 5, n) if drawn is None else drawn(size=n)).astype(np.float32)


@pytest.mark.parametrize("weight", ["none", "whole", "even", "heavy-tailed"])
@pytest.mark.parametrize("max_bin", [2, 16, 256, 600])
@pytest.mark.parametrize("n", [1, 10, 257, 2500, 20_000])
def test_cuts_are_the_librarys(n, max_bin, weight):
    assert_same_cuts(columns(n), weights(weight, n), max_bin)


@pytest.mark.parametrize(("max_bin", "weight"), [(2, "heavy-tailed"), (256, "none"), (256, "even"), (512, "none")])
def test_long_columns(max_bin, weight):
    assert_same_cuts(columns(200_000), weights(weight, 200_000), max_bin)


@pytest.mark.parametrize("weight", ["none", "even"])
def test_other_matrix_same_cuts(weight):
    assert_same_cuts(columns(5000), weights(weight, 5000), 64, plain_matrix)


@pytest.mark.parametrize("tree_method", ["hist", "approx"])
def test_matrices_tell_the_cuts_of_a_training_as_there(tree_method):
    """Numbers, a column without values, one value, categories: every number that is told is the library's."""
    rng = np.random.default_rng(0)
    X = np.column_stack([columns(3000)[:, [0, 5, 12, 14, 28]], rng.integers(0, 7, 3000)])
    types, y = ["q"] * 5 + ["c"], rng.normal(size=3000)
    options = {"tree_method": tree_method, "max_bin": 16, "max_depth": 2, "nthread": 1}
    told = []
    for library, own in ((boosting, {"cuts": "xgboost"}), (xgboost, {})):
        matrix = library.DMatrix(X, y, feature_types=types, enable_categorical=True)
        library.train({**options, **own}, matrix, 2)
        told.append(matrix.get_quantile_cut())
    for ours, theirs in zip(*told):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


def test_a_quantile_matrix_tells_cuts_without_a_training():
    """Those of columns with no more values than bins, where exact quantiles are the library's."""
    X = np.random.default_rng(0).integers(0, 50, size=(500, 3)).astype(np.float32)
    ours, theirs = (library.QuantileDMatrix(X).get_quantile_cut() for library in (boosting, xgboost))
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])


@pytest.mark.parametrize(("n_values", "repeats", "max_bin"), [(17, 300, 2), (33, 200, 2), (33, 200, 4)])
def test_weights_of_equal_values_are_added_in_the_same_order(n_values, repeats, max_bin):
    """All values weigh the same but for rounding, so that cuts hang on the last bit of a sum in float32.

    With the weights of equal values added in the order of the rows, some of these columns are cut elsewhere.
    """
    for seed in range(20):
        rng = np.random.default_rng(seed)
        order = rng.permutation(n_values * repeats)
        column = np.repeat(np.arange(n_values, dtype=np.float32), repeats)[order]
        weight = np.tile(rng.random(repeats).astype(np.float32), n_values)[order]
        assert_same_cuts(column[:, np.newaxis], weight, max_bin)


# Trees ----------------------------------------------------------------------------------------------------------------

MODELS = {"regression": XGBRegressor, "binary": XGBClassifier, "multi": XGBClassifier}


def table(task, n=20_000, missing=0.2, seed=0):
    """Six columns of continuous values, of which one is mostly zero; each has thousands of distinct ones."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6))
    X[:, 1] = rng.pareto(1.5, size=n)
    X[:, 4] = np.where(rng.random(n) < 0.6, 0.0, X[:, 4])
    score = X[:, 0] + np.sin(3 * X[:, 2]) + np.log1p(X[:, 1]) * (X[:, 3] > 0) + 0.5 * rng.normal(size=n)
    X[rng.random(X.shape) < missing] = np.nan
    if task == "regression":
        return X, score
    return X, np.digitize(score, [0.5] if task == "binary" else [-0.5, 1.0])


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("depth", [3, 6])
@pytest.mark.parametrize("task", sorted(MODELS))
def test_trees_are_the_librarys_on_any_values(task, depth, missing, record_difference):
    X, y = table(task, missing=missing)
    ours = MODELS[task](n_estimators=20, max_depth=depth, cuts="xgboost")
    compare(ours, X, y, record_difference, f"library's cuts, {task}, depth {depth}, {missing:.0%} missing")


@pytest.mark.parametrize("task", sorted(MODELS))
def test_fifty_rounds_of_depth_ten(task, record_difference):
    X, y = table(task)
    ours = MODELS[task](n_estimators=50 if task != "multi" else 15, max_depth=10, cuts="xgboost")
    compare(ours, X, y, record_difference, f"library's cuts, {task}, depth 10")


@pytest.mark.parametrize("task", sorted(MODELS))
def test_weighted_trees(task, record_difference):
    X, y = table(task, n=5000)
    ours = MODELS[task](n_estimators=10, max_depth=4, cuts="xgboost")
    compare(ours, X, y, record_difference, f"library's cuts, {task}, weighted", weights("even", len(X)))


@pytest.mark.parametrize("kind", ["whole", "even", "heavy-tailed"])
def test_weighted_sums_are_the_librarys_to_the_last_bit(kind):
    """Products of weights and gradients are float32 there, which decides between thresholds that gain the same."""
    X, y = table("regression", n=5000)
    weight = weights(kind, len(X))
    ours = XGBRegressor(n_estimators=20, cuts="xgboost", n_jobs=1)
    peer = peer_of(ours).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(ours.fit(X, y, sample_weight=weight).predict(X), peer.predict(X))


@pytest.mark.parametrize("max_bin", [2, 32, 600])
def test_other_numbers_of_bins(max_bin, record_difference):
    X, y = table("regression", n=5000)
    ours = XGBRegressor(n_estimators=20, max_bin=max_bin, cuts="xgboost")
    compare(ours, X, y, record_difference, f"library's cuts, {max_bin} bins")


@pytest.mark.parametrize(
    ("model", "load"), [(XGBRegressor, load_diabetes), (XGBClassifier, load_breast_cancer)], ids=["diabetes", "cancer"]
)
def test_real_tables(model, load, record_difference):
    X, y = load(return_X_y=True)
    name = load.__name__.removeprefix("load_")
    compare(model(n_estimators=50, max_bin=64, cuts="xgboost"), X, y, record_difference, f"library's cuts, {name}")


def test_without_them_trees_differ():
    """What the tests above see: with exact cuts the first tree asks other questions of the same rows."""
    X, y = table("regression", n=5000)
    exact = XGBRegressor(n_estimators=1).fit(X, y).tree_ensemble_.trees[0]
    library = XGBRegressor(n_estimators=1, cuts="xgboost").fit(X, y).tree_ensemble_.trees[0]
    assert not np.array_equal(exact.threshold, library.threshold)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_refused_on_both_sides(value):
    X, y = table("regression", n=100)
    X[3, 2] = value
    with pytest.raises(ValueError, match="infinity"):
        XGBRegressor(cuts="xgboost").fit(X, y)
    with pytest.raises(ValueError, match="inf"):
        xgboost.XGBRegressor().fit(X, y)
