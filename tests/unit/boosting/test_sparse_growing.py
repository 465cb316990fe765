"""Trees on sparse rows are those on the same rows with NaN, whatever the options, the form, and the threads."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse

from mlx.boosting import DMatrix, XGBClassifier, XGBRegressor, sparse_table, train
from mlx.boosting.sparse_rows import stored_values

PARTS = ("left", "right", "feature", "threshold", "missing_left", "value", "cover", "gain")


def table(n=600, d=12, density=0.3, seed=0):
    rng = np.random.default_rng(seed)
    X = scipy.sparse.random(n, d, density, format="csr", random_state=rng, data_rvs=lambda size: rng.normal(size=size))
    X.data[::4] = 0.0
    Z = X.toarray()
    return X, Z[:, 0] + 2 * Z[:, 1] * (Z[:, 2] > 0) + (Z[:, 3] != 0) + 0.1 * rng.normal(size=n)


def with_nan(X):
    dense = np.full(X.shape, np.nan)
    X = X.tocoo()
    dense[X.row, X.col] = X.data
    return dense


def assert_same(a, b):
    assert len(a.tree_ensemble_.trees) == len(b.tree_ensemble_.trees)
    for one, other in zip(a.tree_ensemble_.trees, b.tree_ensemble_.trees):
        for part in PARTS:
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part), err_msg=part)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"cuts": "xgboost", "max_bin": 20},
        {"max_depth": 12, "min_child_weight": 0.0},
        {"grow_policy": "lossguide", "max_leaves": 13, "max_depth": 0},
        {"subsample": 0.6, "colsample_bytree": 0.6, "colsample_bylevel": 0.6, "colsample_bynode": 0.6},
        {"monotone_constraints": (1, -1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)},
        {"interaction_constraints": [[0, 1], [2, 3, 4]]},
        {"gamma": 0.5, "prune": "post"},
        {"objective": "reg:quantileerror", "quantile_alpha": 0.3},
        {"objective": lambda y, margin: (margin - y, np.ones_like(y))},
        {"booster": "dart", "rate_drop": 0.5},
        {"num_parallel_tree": 3, "subsample": 0.5},
    ],
    ids=lambda parameters: next(iter(parameters), "defaults"),
)
def test_trees_are_those_of_the_rows_with_nan(parameters):
    X, y = table()
    a, b = (XGBRegressor(n_estimators=6, **parameters).fit(rows, y) for rows in (X, with_nan(X)))
    assert_same(a, b)
    np.testing.assert_array_equal(a.predict(X), b.predict(with_nan(X)))
    np.testing.assert_array_equal(a.apply(X), b.apply(with_nan(X)))


def test_training_goes_on_from_a_model():
    X, y = table()
    first = XGBRegressor(n_estimators=2).fit(X, y)
    assert_same(*(XGBRegressor(n_estimators=2).fit(rows, y, xgb_model=first) for rows in (X, with_nan(X))))


def test_the_learning_api_takes_sparse_rows():
    X, y = table()
    sparse, dense = DMatrix(X, y), DMatrix(with_nan(X), y)
    a, b = (train({"max_depth": 4}, rows, 4) for rows in (sparse, dense))
    assert a.get_dump(with_stats=True) == b.get_dump(with_stats=True)
    for booster in (a, b):
        np.testing.assert_array_equal(booster.predict(sparse), booster.predict(dense))
        np.testing.assert_array_equal(booster.inplace_predict(X), a.predict(dense))


METHODS = [
    *(
        {"tree_method": "exact", **options}
        for options in (
            {},
            {"max_depth": 12, "min_child_weight": 0.0, "gamma": 0.01},
            {"subsample": 0.5, "colsample_bytree": 0.6, "colsample_bylevel": 0.7},
            {"monotone_constraints": (1, -1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)},
            {"interaction_constraints": [[0, 1], [2, 3, 4]]},
            {"objective": "reg:quantileerror", "quantile_alpha": 0.3},
        )
    ),
    *(
        {"tree_method": "approx", **options}
        for options in (
            {"max_bin": 20},
            {"max_bin": 20, "cuts": "xgboost"},
            {"objective": "reg:pseudohubererror", "max_bin": 20},
            {"objective": "reg:pseudohubererror", "max_bin": 20, "cuts": "xgboost"},
            {"subsample": 0.5, "max_bin": 10, "deterministic": True},
            {"monotone_constraints": (1, -1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0), "grow_policy": "lossguide"},
        )
    ),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("parameters", METHODS, ids=str)
def test_other_tree_methods(parameters, weighted):
    X, y = table()
    weight = np.random.default_rng(2).integers(0, 4, len(y)) if weighted else None
    a, b = (XGBRegressor(n_estimators=5, **parameters).fit(rows, y, sample_weight=weight) for rows in (X, with_nan(X)))
    assert max(tree.n_nodes for tree in a.tree_ensemble_.trees) > 8
    assert_same(a, b)
    np.testing.assert_array_equal(a.predict(X), b.predict(with_nan(X)))


@pytest.mark.parametrize("tree_method", ["exact", "approx"])
def test_other_tree_methods_on_threads_and_without_values(tree_method):
    X, y = table(n=6_000, d=20)
    models = [
        XGBRegressor(n_estimators=3, n_jobs=n_jobs, tree_method=tree_method, objective="reg:pseudohubererror").fit(X, y)
        for n_jobs in (1, 2, 3)
    ]
    for other in models[1:]:
        assert_same(models[0], other)
    nothing = scipy.sparse.csr_matrix((50, 3))
    model = XGBRegressor(n_estimators=2, tree_method=tree_method).fit(nothing, y[:50])
    assert all(len(tree.left) == 1 for tree in model.tree_ensemble_.trees)


def test_classes_weights_and_margins_to_start_from():
    X, y = table()
    rng = np.random.default_rng(1)
    labels, weight = np.digitize(y, [-0.5, 0.5]), rng.integers(0, 3, size=len(y))
    options = {"sample_weight": weight, "base_margin": rng.normal(size=(len(y), 3))}
    a, b = (XGBClassifier(n_estimators=4).fit(rows, labels, **options) for rows in (X, with_nan(X)))
    assert_same(a, b)
    np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(with_nan(X)))


def test_sets_to_follow_and_to_stop_by():
    X, y = table()
    both = []
    for rows in (X, with_nan(X)):
        model = XGBRegressor(n_estimators=40, early_stopping_rounds=3, learning_rate=0.5)
        model.fit(rows[:400], y[:400], eval_set=[(rows[:400], y[:400]), (rows[400:], y[400:])], verbose=False)
        held_out = XGBRegressor(n_estimators=40, early_stopping_rounds=3, learning_rate=0.5).fit(rows, y)
        both.append((model, held_out))
    for a, b in zip(*both):
        assert_same(a, b)
        assert a.best_iteration == b.best_iteration < 39
        assert a.evals_result() == b.evals_result()


def test_any_number_of_threads_gives_the_same_bits(monkeypatch):
    monkeypatch.setattr(sparse_table, "SHARED_VALUES", 1)
    X, y = table(n=20_000, d=20)
    models = [XGBRegressor(n_estimators=4, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2, 3)]
    for other in models[1:]:
        assert_same(models[0], other)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "bsr"])
@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csr_array])
def test_every_form_and_type_is_taken(form, kind):
    X, y = table(n=200)
    X.data = np.round(3 * X.data)
    expected = XGBRegressor(n_estimators=3).fit(X, y)
    for dtype in (np.float32, np.int64, np.int8):
        other = kind(X).astype(dtype)
        # lil and bsr forget stored zeros, or add some.
        if form in ("lil", "bsr"):
            continue
        model = XGBRegressor(n_estimators=3).fit(other.asformat(form), y)
        assert_same(model, expected)
        np.testing.assert_array_equal(model.predict(other.asformat(form)), expected.predict(X))
    assert XGBRegressor(n_estimators=1).fit(kind(X).asformat(form), y).n_features_in_ == 12


def test_indices_of_64_bits_unsorted_and_repeated_ones():
    X, y = table(n=200)
    expected = XGBRegressor(n_estimators=3).fit(X, y)
    long = X.copy()
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    assert_same(XGBRegressor(n_estimators=3).fit(long, y), expected)
    backwards = X.copy()
    for begin, end in zip(X.indptr[:-1], X.indptr[1:]):
        backwards.indices[begin:end] = X.indices[begin:end][::-1]
        backwards.data[begin:end] = X.data[begin:end][::-1]
    backwards.has_sorted_indices = False
    before = backwards.indices.copy()
    model = XGBRegressor(n_estimators=3).fit(backwards, y)
    assert_same(model, expected)
    np.testing.assert_array_equal(backwards.indices, before)
    np.testing.assert_array_equal(model.predict(backwards), expected.predict(X))
    # Values that stand at one place are added.
    twice = scipy.sparse.csr_matrix((np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), 2 * X.indptr), shape=X.shape)
    assert_same(XGBRegressor(n_estimators=3).fit(twice, y), expected)
    assert twice.nnz == 2 * X.nnz


def test_rows_and_columns_without_values():
    X, y = table(n=200)
    X = X.tolil()
    X[:, 4] = 0
    X[7] = 0
    X = X.tocsr()
    assert_same(*(XGBRegressor(n_estimators=4).fit(rows, y) for rows in (X, with_nan(X))))
    nothing = scipy.sparse.csr_matrix((200, 3))
    model = XGBRegressor(n_estimators=2).fit(nothing, y)
    assert all(len(tree.left) == 1 for tree in model.tree_ensemble_.trees)
    assert model.predict(nothing).shape == (200,)


def test_stored_nan_and_the_missing_value_are_missing():
    X, y = table(n=200)
    marked = X.copy()
    marked.data[::3] = np.nan
    dense = with_nan(X)
    dense[marked.tocoo().row[::3], marked.tocoo().col[::3]] = np.nan
    assert_same(XGBRegressor(n_estimators=3).fit(marked, y), XGBRegressor(n_estimators=3).fit(dense, y))
    without_zeros = XGBRegressor(n_estimators=3, missing=0.0).fit(X, y)
    assert_same(without_zeros, XGBRegressor(n_estimators=3).fit(np.where(with_nan(X) == 0, np.nan, with_nan(X)), y))
    np.testing.assert_array_equal(without_zeros.predict(X), without_zeros.predict(X.toarray()))


def test_stored_values_leaves_alone_what_is_in_form():
    X = table()[0].astype(np.float32)
    assert stored_values(X, np.nan) is X


def test_a_wide_table_takes_memory_for_what_is_stored():
    rng = np.random.default_rng(0)
    X = scipy.sparse.random(5_000, 20_000, 0.001, format="csr", dtype=np.float32, random_state=rng)
    y = np.asarray(X[:, :50].sum(axis=1)).ravel() + rng.normal(size=5_000)
    XGBRegressor(n_estimators=1, max_depth=2).fit(X[:100], y[:100])  # compiled, imported
    tracemalloc.start()
    model = XGBRegressor(n_estimators=2, max_depth=4).fit(X, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(model.tree_ensemble_.trees[0].left) > 1
    # As float32 the rows would be 381 MiB. Histograms of a level of 8 pairs are 30.
    assert peak < 120 * 2**20
