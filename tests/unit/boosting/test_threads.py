"""One thread and two give the same bits, with every way to grow a tree."""

import numpy as np
import pytest
import scipy.sparse

from mlx.boosting import XGBClassifier, XGBRanker, XGBRegressor
from mlx.boosting.booster import SMALL_TABLE
from mlx.boosting.sparse_table import SHARED_VALUES

N, FEATURES = 25_000, 9
WAYS = {
    "hist": {"max_depth": 8},
    "lossguide": {"grow_policy": "lossguide", "max_leaves": 40, "max_depth": 0},
    "post": {"prune": "post", "gamma": 3.0},
    "deterministic": {"deterministic": True},
    "library's cuts": {"cuts": "xgboost", "max_bin": 32},
    "many bins": {"max_bin": 1000},
    "constraints": {"monotone_constraints": "(1,-1)", "interaction_constraints": [[0, 1, 2], [2, 3, 8]]},
    "drawn": {"subsample": 0.6, "colsample_bynode": 0.5, "num_parallel_tree": 2},
    "drawn by gradient": {"subsample": 0.3, "sampling_method": "gradient_based"},
    "dart": {"booster": "dart", "rate_drop": 0.5},
    "categories": {"feature_types": ["q"] * 8 + ["c"]},
    "approx": {"tree_method": "approx", "objective": "binary:logistic"},
    "exact": {"tree_method": "exact", "gamma": 2.0},
    "medians": {"objective": "reg:absoluteerror"},
    "classes": {"objective": "multi:softprob"},
    "ranks": {"objective": "rank:ndcg"},
    "vectors": {"multi_strategy": "multi_output_tree"},
}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, FEATURES))
    X[rng.random(X.shape) < 0.1] = np.nan
    X[:, 8] = rng.integers(0, 9, N)
    # Below these sizes there is one thread only.
    assert np.count_nonzero(~np.isnan(X)) > max(SMALL_TABLE, SHARED_VALUES)
    score = np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1] * X[:, 2]) + (X[:, 8] % 3) + 0.5 * rng.normal(size=N)
    return X, score, rng.exponential(size=N)


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("way", WAYS)
def test_bits_do_not_depend_on_threads(way, sparse, table):
    X, y, weight = table
    options, facts, model = {"n_estimators": 2, **WAYS[way]}, {"sample_weight": weight}, XGBRegressor
    if sparse and way == "categories":
        pytest.skip("columns of categories are dense")
    if way in ("approx", "classes"):
        model, y = XGBClassifier, np.digitize(y, [1.0] if way == "approx" else [0.0, 2.0])
    elif way == "ranks":
        model, y, facts = XGBRanker, np.clip(np.round(y), 0, 4), {"qid": np.arange(N) // 20}
    elif way == "vectors":
        y = np.stack([y, -y * X[:, 8]], axis=1)
    if sparse:
        there = ~np.isnan(X)
        X = scipy.sparse.csr_matrix((X[there], np.nonzero(there)), shape=X.shape)
    one, two = (model(**options, n_jobs=n_jobs).fit(X, y, **facts).get_booster() for n_jobs in (1, 2))
    assert one.num_boosted_rounds() == 2
    assert max(tree.n_nodes for tree in one.__tree_ensemble__().trees) > 10
    assert one.save_raw() == two.save_raw()
