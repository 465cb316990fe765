"""Every objective node for node beside xgboost 3.2's, on 20,000 rows, 50 rounds, depths 3 to 10, a fifth missing.

Three columns have 20,000 distinct values, so that the library's own cuts matter, too: ``cuts="xgboost"``. Structure,
questions and default directions are compared exactly, gains, covers, leaves and margins to their tolerances.
"""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from mlx.boosting import XGBClassifier, XGBRanker, XGBRegressor
from mlx.boosting.objectives import OBJECTIVES
from mlx.compare.peers import peer_of
from tests import tolerances
from tests.parity import test_exact
from tests.parity.test_boosting import assert_same_trees

pytest.importorskip("xgboost")
pytestmark = [pytest.mark.parity, pytest.mark.slow]

N = 20_000
CASES = {
    **{name: {} for name in OBJECTIVES if name not in ("survival:aft", "reg:quantileerror")},
    "reg:quantileerror": {"quantile_alpha": [0.1, 0.9]},
    "rank:ndcg, mean": {"lambdarank_pair_method": "mean"},
}


def scores():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(N, 4))
    X[:, 3] = np.round(3 * X[:, 3])
    score = X[:, 0] + X[:, 1] * (X[:, 2] > 0) + 0.3 * X[:, 3] + 0.7 * rng.normal(size=N)
    X[rng.random(X.shape) < 0.2] = np.nan
    return X, score / score.std(), rng


def table(objective):
    X, z, rng = scores()
    of_kind = {
        "multi": lambda: np.digitize(z, [-0.7, 0.5]),
        "binary": lambda: (z > 0).astype(float),
        "rank": lambda: np.clip(np.round(z + 1), 0, 4),
    }
    y = {
        "rank:map": lambda: (z > 0.5).astype(float),
        "reg:squaredlogerror": lambda: np.exp(z) - 0.5,
        "reg:logistic": lambda: 1 / (1 + np.exp(-z)),
        "count:poisson": lambda: rng.poisson(np.exp(z)),
        "reg:gamma": lambda: rng.gamma(2.0, np.exp(z)) + 1e-3,
        "reg:tweedie": lambda: 1.3 * rng.poisson(np.exp(z)),
        "survival:cox": lambda: rng.exponential(np.exp(-z)) * np.where(rng.random(N) < 0.3, -1, 1),
    }
    return X, y.get(objective, of_kind.get(objective.partition(":")[0], lambda: z))()


def model_of(case, depth):
    objective = case.partition(",")[0]
    ranks, classes = objective.startswith("rank"), objective.startswith("multi")
    cls = XGBRanker if ranks else XGBClassifier if classes else XGBRegressor
    # One thread: the order of the library's sums depends on their number.
    return cls(objective=objective, n_estimators=50, max_depth=depth, n_jobs=1, cuts="xgboost", **CASES[case])


def compare(ours, X, y, record_difference, case, same_trees=assert_same_trees, **arguments):
    peer = peer_of(ours)
    for model in (ours, peer):
        model.fit(X, y, **arguments)
    same_trees(ours, peer, record_difference, case)
    a, b = (model.predict(X, output_margin=True) for model in (ours, peer))
    record_difference(f"at scale, {case}: margin", np.max(np.abs(a - b)) / np.max(np.abs(b)), tolerances.BOOSTER_MARGIN)
    a, b = (model.predict(X) for model in (ours, peer))
    record_difference(f"at scale, {case}: prediction", np.max(np.abs(a - b)) / np.max(np.abs(b)), 1e-5)


@pytest.mark.parametrize("depth", [3, 6, 10])
@pytest.mark.parametrize("case", sorted(CASES))
def test_trees_are_the_librarys(case, depth, record_difference):
    ours, (X, y) = model_of(case, depth), table(case.partition(",")[0])
    compare(ours, X, y, record_difference, case, **groups_for(ours))


@pytest.mark.parametrize("method", ["approx", "exact"])
@pytest.mark.parametrize("case", sorted(CASES))
def test_other_tree_methods(case, method, record_difference):
    """Hessians cut the columns anew for each tree, or no column is cut, and branches are pruned after growth."""
    ours, (X, y) = model_of(case, 6).set_params(tree_method=method), table(case.partition(",")[0])
    compare(ours, X, y, record_difference, f"{method}, {case}", test_exact.assert_same_trees, **groups_for(ours))


def groups_for(model):
    return {"qid": np.arange(N) // 25} if isinstance(model, XGBRanker) else {}


@pytest.mark.parametrize("load", [load_breast_cancer, load_diabetes, load_digits], ids=lambda load: load.__name__)
def test_real_tables(load, record_difference):
    X, y = load(return_X_y=True)
    cls = XGBRegressor if load is load_diabetes else XGBClassifier
    compare(cls(n_estimators=50, n_jobs=1, cuts="xgboost"), X, y, record_difference, load.__name__)
