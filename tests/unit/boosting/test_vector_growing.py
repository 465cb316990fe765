"""Trees with vectors in their leaves: beside the slow twin, for any number of threads, and where they are refused."""

import numpy as np
import pytest
import scipy.sparse

from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.growing import GrowthSettings
from mlx.boosting.sampling import Sampling, sampled_gradients
from mlx.boosting.sparse_vectors import SparseVectorGrower
from mlx.boosting.splitting import Penalty
from mlx.boosting.vector_growing import VectorGrower
from mlx.numeric.threads import thread_team
from tests.reference import vector_growing as reference

VECTORS = {"multi_strategy": "multi_output_tree", "n_estimators": 3, "max_depth": 3}


def rows(n=150, seed=0):
    """Small whole numbers, so that every order of adding up gives the same sums, and there are ties."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 6, size=(n, 4)).astype(np.float32)
    X[rng.random(X.shape) < 0.2] = np.nan
    gradients = np.stack([rng.integers(-4, 5, (3, n)), rng.integers(0, 4, (3, n))], axis=2).astype(np.float32)
    gradients[0, :, 0] += np.where(np.nan_to_num(X[:, 1]) > 2, 3, 0)
    return X, gradients


PENALTIES = {
    "plain": Penalty(1.0, 0.0, 0.0, 1.0),
    "alpha": Penalty(0.5, 6.0, 0.0, 1.0),
    "step": Penalty(1.0, 0.0, 0.25, 1.0),
    "cover": Penalty(1.0, 0.0, 0.0, 30.0),
}


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("gamma", [0.0, 3.0])
@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_trees_are_the_slow_twins(penalty, gamma, n_threads):
    X, gradients = rows()
    settings = GrowthSettings(penalty, np.float32(gamma), 4, np.float32(0.5))
    with thread_team(n_threads) as run:
        grower = VectorGrower(X, None, settings, Sampling(), max_bin=256, cuts="exact", run=run, n_threads=n_threads)
        tree = grower.grow(gradients, 0)
    table = grower.table
    cuts = [table.cuts[table.start[f] : table.start[f] + table.n_bins[f]] for f in range(X.shape[1])]
    nodes = reference.grow(X, gradients.transpose(1, 0, 2).astype(float), cuts, penalty, 4, gamma)
    assert tree.n_nodes == len(nodes) > 3
    for node, (left, f, threshold, missing_left, gain, weights) in enumerate(nodes):
        assert (tree.left[node], tree.feature[node], tree.missing_left[node]) == (left, f, missing_left)
        assert tree.threshold[node] == np.float32(threshold)
        assert tree.gain[node] == pytest.approx(gain, rel=1e-6)
        np.testing.assert_allclose(tree.value[node], weights if left >= 0 else weights * 0.5, rtol=1e-6)
    margin = np.zeros((3, len(X)), dtype=np.float32)
    grower.add_values(tree, margin)
    leaves = np.flatnonzero(tree.is_leaf)
    assert sorted(np.concatenate([grower.rows_of(leaf) for leaf in leaves])) == list(range(len(X)))
    for leaf in leaves:
        np.testing.assert_array_equal(margin[:, grower.rows_of(leaf)].T, [tree.value[leaf]] * len(grower.rows_of(leaf)))


def table_and_targets(n=400):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, 4)).astype(np.float32)
    return X, np.stack([X[:, 0], X[:, 1] * X[:, 2]], axis=1) + rng.normal(size=(n, 2)) * 0.1


def test_training_margins_are_predictions_and_a_round_is_one_tree():
    X, Y = table_and_targets()
    model = XGBRegressor(**VECTORS, subsample=0.8).fit(X, Y, eval_set=[(X, Y)], verbose=False)
    assert model.tree_ensemble_.n_trees == 3
    rmse = np.sqrt(np.mean((model.predict(X) - Y) ** 2))
    assert model.evals_result()["validation_0"]["rmse"][-1] == pytest.approx(rmse, rel=1e-6)
    first = model.predict(X, iteration_range=(0, 1))
    one = XGBRegressor(**{**VECTORS, "n_estimators": 1}, subsample=0.8).fit(X, Y)
    np.testing.assert_array_equal(first, one.predict(X))


@pytest.mark.parametrize("objective", ["reg:absoluteerror", "reg:quantileerror"])
@pytest.mark.parametrize("subsample", [1.0, 0.6])
def test_leaves_may_be_vectors_of_quantiles(objective, subsample):
    """Of the residuals of the rows that the tree sees; by hand for the first tree."""
    X, Y = table_and_targets()
    alphas = [0.5, 0.5] if objective == "reg:absoluteerror" else [0.25, 0.6]
    given = {"quantile_alpha": alphas} if objective == "reg:quantileerror" else {}
    y = Y if objective == "reg:absoluteerror" else Y[:, 0]
    model = XGBRegressor(**{**VECTORS, "n_estimators": 1}, objective=objective, subsample=subsample, **given).fit(X, y)
    tree = model.tree_ensemble_.trees[0]
    leaf, seen = model.apply(X)[:, 0], np.ones(len(X), dtype=bool)
    if subsample < 1:
        seen = sampled_gradients(np.ones((len(X), 2)), Sampling(subsample=subsample), 0)[:, 0] > 0
    for node in np.flatnonzero(tree.is_leaf):
        own = (leaf == node) & seen
        residuals = (Y if y.ndim == 2 else np.stack([y, y], axis=1))[own].astype(np.float32) - model.intercept_
        quantiles = [np.quantile(r, a, method="weibull") for r, a in zip(residuals.T, alphas)]
        np.testing.assert_allclose(tree.value[node], 0.3 * np.array(quantiles), rtol=1e-5, atol=1e-6)
    assert str(model.explain_node(0, int(np.flatnonzero(tree.is_leaf)[0]))).count("η q") == 2


@pytest.mark.parametrize("n_threads", [1, 2])
def test_sparse_rows_grow_the_trees_of_dense_ones(n_threads):
    X, gradients = rows(2000)
    there = ~np.isnan(X)
    sparse = scipy.sparse.csr_matrix((X[there], np.nonzero(there)), shape=X.shape)
    settings = GrowthSettings(PENALTIES["plain"], np.float32(0), 6, np.float32(0.5))
    with thread_team(n_threads) as run:
        how = {"max_bin": 4, "cuts": "exact", "run": run, "n_threads": n_threads}
        # Real numbers: every order of adding up gives other sums.
        gradients = gradients + np.random.default_rng(0).random(gradients.shape)
        trees = [
            grower(table, None, settings, Sampling(), **how).grow(gradients, 0)
            for grower, table in ((VectorGrower, X), (SparseVectorGrower, sparse))
        ]
    assert trees[0].n_nodes > 30
    for field in ("left", "feature", "threshold", "missing_left", "value", "gain", "cover"):
        np.testing.assert_array_equal(*(getattr(tree, field) for tree in trees), err_msg=field)
    np.testing.assert_array_equal(*(tree.record.missing_sums for tree in trees))


@pytest.mark.parametrize(("method", "share_of_cover"), [("gradient_based", 1.0), ("uniform", 0.2)])
def test_rows_drawn_by_gradient_stand_for_those_left_out(method, share_of_cover):
    """Of both outputs: the root's cover keeps its expectation, which it does not with uniform draws."""
    X, Y = table_and_targets(1000)
    model = XGBRegressor(**VECTORS, subsample=0.2, sampling_method=method).fit(X, Y)
    covers = [tree.record.sums[0, :, 1] for tree in model.tree_ensemble_.trees]
    np.testing.assert_allclose(np.mean(covers, axis=0), 1000 * share_of_cover, rtol=0.1)


def test_one_output_needs_no_vectors():
    X, Y = table_and_targets()
    vectors, plain = (XGBRegressor(**{**VECTORS, **more}).fit(X, Y[:, 0]) for more in ({}, {"multi_strategy": None}))
    assert vectors.tree_ensemble_.trees[0].value.ndim == 1
    np.testing.assert_array_equal(vectors.predict(X), plain.predict(X))


REFUSED = {
    "tree_method": "exact",
    "booster": "dart",
    "monotone_constraints": (1, 0, 0, 0),
    "interaction_constraints": [[0, 1]],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_vectors_have_not(name):
    X, Y = table_and_targets(60)
    with pytest.raises(NotImplementedError, match=name):
        XGBRegressor(**VECTORS, **{name: REFUSED[name]}).fit(X, Y)


def test_models_of_both_kinds_are_not_joined():
    X, Y = table_and_targets(60)
    plain = XGBRegressor(n_estimators=1).fit(X, Y)
    with pytest.raises(ValueError, match="xgb_model"):
        XGBRegressor(**VECTORS).fit(X, Y, xgb_model=plain)
    labels = np.digitize(Y[:, 0], [-0.5, 0.5])
    more = XGBClassifier(**VECTORS).fit(X, labels, xgb_model=XGBClassifier(**VECTORS).fit(X, labels))
    np.testing.assert_array_equal(
        more.predict_proba(X), XGBClassifier(**{**VECTORS, "n_estimators": 6}).fit(X, labels).predict_proba(X)
    )
