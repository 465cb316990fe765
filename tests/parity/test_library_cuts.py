"""``cuts="xgboost"``: cuts bit for bit those of xgboost 3.2, and with them its trees, on columns of any values."""

import numpy as np
import pytest

from mlx.boosting.library_cuts import library_cuts

pytestmark = pytest.mark.parity

xgboost = pytest.importorskip("xgboost")


def cuts_of(matrix):
    """The library's cuts of each column; the first number it tells of a column is not a cut."""
    start, cuts = matrix.get_quantile_cut()
    return [cuts[int(a) + 1 : int(b)] for a, b in zip(start[:-1], start[1:])]


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
