"""``tree_method="approx"`` with the library's cuts beside xgboost 3.2: node for node, on columns of any values."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from mlx import boosting
from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.exact import rows_by_value
from mlx.boosting.library_sorted_cuts import library_sorted_cuts
from mlx.compare.peers import peer_of
from tests import tolerances
from tests.parity.test_exact import compare
from tests.parity.test_library_cuts import columns, cuts_of, table, weights

pytestmark = pytest.mark.parity

xgboost = pytest.importorskip("xgboost")

MODELS = {"regression": XGBRegressor, "binary": XGBClassifier, "multi": XGBClassifier}


def approx(task, **parameters):
    model = XGBRegressor if task == "regression" else XGBClassifier
    return model(**{"n_estimators": 15, "tree_method": "approx", "cuts": "xgboost", **parameters})


@pytest.mark.parametrize("hessian", ["none", "whole", "even", "heavy-tailed"])
@pytest.mark.parametrize("max_bin", [2, 16, 255, 600])
@pytest.mark.parametrize("n", [1, 10, 257, 2500, 20_000])
def test_cuts_are_the_librarys(n, max_bin, hessian):
    """Hessians of any kind: reg:gamma has y exp(-f), and the margin f starts at 0."""
    X, drawn = columns(n), weights(hessian, n)
    hessians = np.ones(n, dtype=np.float32) if drawn is None else drawn
    matrix = xgboost.DMatrix(X, label=hessians, base_margin=np.zeros(n), nthread=2)
    parameters = {"tree_method": "approx", "objective": "reg:gamma", "max_bin": max_bin, "max_depth": 1, "nthread": 2}
    xgboost.train(parameters, matrix, 1)
    for f, theirs in enumerate(cuts_of(matrix)):
        rows = rows_by_value(X[:, f])
        ours = library_sorted_cuts(X[rows, f], hessians[rows], max_bin)
        np.testing.assert_array_equal(ours, theirs, err_msg=f"column {f}")


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("depth", [3, 6])
@pytest.mark.parametrize("task", sorted(MODELS))
def test_trees_are_the_librarys(task, depth, missing, record_difference):
    X, y = table(task, n=4000, missing=missing)
    compare(approx(task, max_depth=depth), X, y, record_difference, f"{task}, {depth}, {missing}")


@pytest.mark.slow
@pytest.mark.parametrize("depth", [3, 6, 10])
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_fifty_rounds_on_twenty_thousand_rows(task, depth, record_difference):
    X, y = table(task)
    model = approx(task, n_estimators=50, max_depth=depth)
    compare(model, X, y, record_difference, f"{task}, 20,000 rows, {depth}")


@pytest.mark.parametrize("n", [1, 2, 40, 258, 300, 3000])
@pytest.mark.parametrize("max_bin", [2, 3, 100, 256, 65_535])
def test_sizes_of_the_sketch(n, max_bin, record_difference):
    """From one row to many, and from two bins to more than there are rows; three of the columns are heavy with ties."""
    rng = np.random.default_rng(0)
    X = np.stack([rng.normal(size=n), rng.integers(0, 9, n), rng.normal(size=n).round(1), rng.pareto(0.5, n)], axis=1)
    X[:, 3] = np.where(rng.random(n) < 0.9, 0.0, X[:, 3])
    score = X[:, 0] + np.sin(X[:, 2]) + rng.normal(size=n)
    model = approx("regression", objective="reg:logistic", max_bin=max_bin, base_score=0.4, n_estimators=6)
    compare(model, X, 1 / (1 + np.exp(-3 * score)), record_difference, f"{n} rows, {max_bin} bins")


PARAMETERS = [
    {"gamma": 3.0},
    {"reg_alpha": 2.0, "max_delta_step": 0.5},
    {"monotone_constraints": (1, 0, -1, 0, 1, 0)},
    {"grow_policy": "lossguide", "max_leaves": 15, "max_depth": 0},
]


@pytest.mark.parametrize("parameters", PARAMETERS, ids=lambda p: ",".join(f"{k}={v}" for k, v in p.items()))
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_parameters_mean_what_they_mean_there(task, parameters, record_difference):
    X, y = table(task, n=3000)
    compare(approx(task, **parameters), X, y, record_difference, f"{task}, {parameters}")


@pytest.mark.parametrize("kind", ["whole", "even", "heavy-tailed"])
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_weights_count_twice_in_the_librarys_cuts(task, kind, record_difference):
    X, y = table(task, n=3000)
    compare(approx(task), X, y, record_difference, f"{task}, {kind} weights", weights(kind, len(X)))


@pytest.mark.parametrize(
    ("task", "load"), [("regression", load_diabetes), ("binary", load_breast_cancer)], ids=["diabetes", "cancer"]
)
def test_real_tables(task, load, record_difference):
    X, y = load(return_X_y=True)
    compare(approx(task, n_estimators=50, max_bin=64), X, y, record_difference, load.__name__)


def test_accuracy_of_exact_cuts():
    """Other cuts, the same quality (log-loss on rows that neither has seen)."""
    X, y = table("binary", n=6000)
    ours = XGBClassifier(n_estimators=30, max_bin=32, tree_method="approx", n_jobs=1).fit(X[:4000], y[:4000])
    peer = peer_of(ours).fit(X[:4000], y[:4000])
    losses = [-np.log(m.predict_proba(X[4000:])[np.arange(2000), y[4000:]]).mean() for m in (ours, peer)]
    assert abs(losses[0] - losses[1]) < tolerances.BOOSTER_SCORE


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_own_objectives_are_cut_as_there(loss, weighted):
    """Its Hessians, which never change with squared errors, are the weights of the cuts."""
    X, y = table("binary", n=6000)
    weight = weights("heavy-tailed", len(X)) if weighted else None

    def gradients(margin, matrix):
        p = margin if loss == "squared" else 1 / (1 + np.exp(-margin))
        return p - matrix.get_label(), np.ones_like(p) if loss == "squared" else p * (1 - p)

    predictions = []
    for library, own in ((boosting, {"cuts": "xgboost"}), (xgboost, {})):
        matrix = library.DMatrix(X, y, weight=weight)
        given = {"tree_method": "approx", "max_depth": 5, "nthread": 1, **own}
        predictions.append(library.train(given, matrix, 8, obj=gradients).predict(matrix))
    np.testing.assert_array_equal(*predictions)


@pytest.mark.parametrize("method", ["hist", "approx"])
def test_weighted_rows_of_several_targets(method):
    X, y = table("regression", n=6000)
    Y = np.exp(np.stack([y, np.nan_to_num(X[:, 1]) / 9], axis=1) * 0.3)
    given = {"objective": "reg:squaredlogerror", "tree_method": method, "n_estimators": 6, "n_jobs": 1}
    weight = weights("heavy-tailed", len(X))
    models = (XGBRegressor(**given, cuts="xgboost"), xgboost.XGBRegressor(**given))
    np.testing.assert_array_equal(*(model.fit(X, Y, sample_weight=weight).predict(X) for model in models))
