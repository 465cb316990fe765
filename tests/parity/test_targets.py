"""Several targets per row: the same trees as xgboost by the library's own cuts, for every objective that takes them."""

import json

import numpy as np
import pytest
import scipy.sparse
import xgboost
from sklearn.exceptions import DataConversionWarning

from mlx import boosting
from mlx.boosting import XGBClassifier, XGBRegressor

OBJECTIVES = (
    "reg:squarederror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:squaredlogerror",
    "reg:logistic",
    "count:poisson",
    "reg:gamma",
    "reg:tweedie",
)


def rows(n=2_000, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6)).astype(np.float32)
    Y = np.stack([X[:, 0] + X[:, 1] * X[:, 2], np.sin(X[:, 3]) - X[:, 0], X[:, 4]], axis=1)
    X[rng.random(X.shape) < 0.2] = np.nan
    return X, Y + rng.normal(size=Y.shape) * 0.3, rng.integers(1, 4, n).astype(float)


def targets(objective, Y):
    if objective == "reg:logistic":
        return (Y > 0).astype(float)
    return np.round(np.exp(Y * 0.3)) + 0.5 if objective in OBJECTIVES[3:] else Y


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_regression(objective, weighted, tmp_path):
    X, Y, weight = rows()
    Y, weight = targets(objective, Y), weight if weighted else None
    parameters = {"n_estimators": 4, "max_depth": 4, "objective": objective}
    theirs = xgboost.XGBRegressor(**parameters).fit(X, Y, sample_weight=weight)
    ours = XGBRegressor(**parameters, cuts="xgboost").fit(X, Y, sample_weight=weight)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-6)
    assert [len(tree.left) for tree in ours.tree_ensemble_.trees] == [
        len(tree.splitlines()) for tree in theirs.get_booster().get_dump()
    ]
    ours.save_model(tmp_path / "ours.json")
    again = xgboost.XGBRegressor()
    again.load_model(tmp_path / "ours.json")
    np.testing.assert_allclose(again.predict(X), ours.predict(X), rtol=1e-6)


@pytest.mark.parametrize("options", [{}, {"scale_pos_weight": 2.0}, {"objective": "binary:hinge"}], ids=str)
def test_rows_with_several_labels(options):
    X, Y, weight = rows()
    labels = (Y > 0).astype(int)
    parameters = {"n_estimators": 4, "max_depth": 4, **options}
    theirs = xgboost.XGBClassifier(**parameters).fit(X, labels, sample_weight=weight)
    ours = XGBClassifier(**parameters, cuts="xgboost").fit(X, labels, sample_weight=weight)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_metrics_are_means_over_all_targets(metric):
    X, Y, weight = rows()
    parameters = {"n_estimators": 3, "max_depth": 3, "eval_metric": metric}
    follow = {"eval_set": [(X, Y)], "sample_weight_eval_set": [weight], "verbose": False}
    theirs = xgboost.XGBRegressor(**parameters).fit(X, Y, **follow)
    ours = XGBRegressor(**parameters, cuts="xgboost").fit(X, Y, **follow)
    np.testing.assert_allclose(
        ours.evals_result()["validation_0"][metric], theirs.evals_result()["validation_0"][metric], rtol=1e-5
    )


def test_one_column_of_targets_is_one_target():
    X, Y, _ = rows(300)
    one = XGBRegressor(n_estimators=2).fit(X, Y[:, 0]).predict(X)
    column = XGBRegressor(n_estimators=2)
    with pytest.warns(DataConversionWarning, match="column-vector") as warned:
        column.fit(X, Y[:, :1])
    assert len(warned) == 1
    np.testing.assert_array_equal(one, column.predict(X))


@pytest.mark.parametrize(
    ("model", "y", "error", "message"),
    [
        (XGBRegressor(objective="reg:quantileerror", quantile_alpha=0.5), "Y", NotImplementedError, "quantileerror"),
        (XGBRegressor(objective=lambda y, f: (f - y, y * 0 + 1)), "Y", NotImplementedError, "own objective"),
        (XGBRegressor(objective="reg:gamma"), "Y", ValueError, "y: reg:gamma"),
        (XGBClassifier(objective="multi:softprob"), "L", NotImplementedError, "multi:softprob"),
        (XGBClassifier(), "Y", ValueError, "0 or 1"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_takes_no_several_targets(model, y, error, message):
    X, Y, _ = rows(200)
    with pytest.raises(error, match=message):
        model.fit(X, Y if y == "Y" else (Y > 0).astype(int))


def test_a_metric_of_one_target_is_refused():
    X, Y, _ = rows(200)
    labels = (Y > 0).astype(int)
    with pytest.raises(NotImplementedError, match="auc"):
        XGBClassifier(n_estimators=1, eval_metric="auc").fit(X, labels, eval_set=[(X, labels)], verbose=False)


VECTORS = {
    "plain": {},
    "deep": {"max_depth": 10},
    "lossguide": {"grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0},
    "leaves": {"max_leaves": 9},
    "gamma": {"gamma": 5.0},
    "penalty": {"reg_alpha": 3.0, "reg_lambda": 0.5},
    "step": {"max_delta_step": 0.3},
    "cover": {"min_child_weight": 40},
    "parallel": {"num_parallel_tree": 2},
    "huber": {"objective": "reg:pseudohubererror"},
    "absolute": {"objective": "reg:absoluteerror", "max_depth": 7},
    "quantiles": {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.5, 0.9]},
    "labels": {},
    "classes": {},
}


def assert_same_vector_trees(ours, theirs):
    """Nodes, questions and sides of missing values exactly; gains and covers up to the rounding of sums."""
    document = json.loads(theirs.get_booster().save_raw("json"))
    trees = document["learner"]["gradient_booster"]["model"]["trees"]
    assert len(trees) == ours.tree_ensemble_.n_trees
    for tree, own in zip(trees, ours.tree_ensemble_.trees):
        np.testing.assert_array_equal(own.left, tree["left_children"])
        np.testing.assert_array_equal(np.maximum(own.feature, 0), tree["split_indices"])
        np.testing.assert_array_equal(own.threshold, np.where(own.is_leaf, 0, np.float32(tree["split_conditions"])))
        np.testing.assert_array_equal(
            own.missing_left & ~own.is_leaf, np.array(tree["default_left"], bool) & ~own.is_leaf
        )
        np.testing.assert_allclose(own.gain, tree["loss_changes"], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(own.cover, tree["sum_hessian"], rtol=1e-6)


@pytest.mark.parametrize("case", VECTORS)
def test_trees_with_vectors_are_the_same_node_for_node(case, tmp_path):
    X, Y, _ = rows()
    parameters = {"n_estimators": 4, "max_depth": 4, "multi_strategy": "multi_output_tree", **VECTORS[case]}
    models = (xgboost.XGBRegressor, XGBRegressor)
    if case in ("labels", "classes"):
        models, Y = (
            (xgboost.XGBClassifier, XGBClassifier),
            (Y > 0).astype(int) if case == "labels" else Y.argmax(axis=1),
        )
    Y = Y[:, 0] if case == "quantiles" else Y
    theirs = models[0](**parameters).fit(X, Y)
    ours = models[1](**parameters, cuts="xgboost").fit(X, Y)
    asked = "predict" if case not in ("labels", "classes") else "predict_proba"
    expected = getattr(theirs, asked)(X)
    np.testing.assert_allclose(getattr(ours, asked)(X), expected, rtol=1e-5, atol=1e-6)
    assert_same_vector_trees(ours, theirs)
    ours.save_model(tmp_path / "ours.ubj")
    for model in (xgboost.Booster(model_file=tmp_path / "ours.ubj"),):
        np.testing.assert_allclose(model.inplace_predict(X), expected, rtol=1e-5, atol=1e-6)
    again = models[1]()
    again.load_model(tmp_path / "ours.ubj")
    np.testing.assert_array_equal(getattr(again, asked)(X), getattr(ours, asked)(X))


LEARNING = {
    "plain": {},
    "vectors": {"multi_strategy": "multi_output_tree", "num_target": 3},
    "labels": {"objective": "binary:logistic", "scale_pos_weight": 2.0, "base_score": [0.3, 0.5, 0.6]},
    "labels, vectors": {"objective": "binary:logistic", "multi_strategy": "multi_output_tree"},
    "absolute, vectors": {"multi_strategy": "multi_output_tree", "objective": "reg:absoluteerror"},
    "lossguide, vectors": {"multi_strategy": "multi_output_tree", "grow_policy": "lossguide", "max_leaves": 12},
    "dart": {"booster": "dart", "rate_drop": 1.0},
    "parallel": {"num_parallel_tree": 2},
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", LEARNING)
def test_the_learning_api(case, weighted, tmp_path):
    """train, metrics, margins to start from, slices, leaves, files, and training that goes on."""
    X, Y, weight = rows()
    facts = {"label": (Y > 0).astype(float) if "labels" in case else Y, "weight": weight if weighted else None}
    margin, found = Y[::-1] / 9, []
    for library, own in ((boosting, {"cuts": "xgboost"}), (xgboost, {})):
        given = {"max_depth": 4, "nthread": 1, **LEARNING[case], **own}
        matrix, history = library.DMatrix(X, **facts), {}
        booster = library.train(given, matrix, 4, evals=[(matrix, "rows")], evals_result=history, verbose_eval=False)
        more = library.train(given, matrix, 2, xgb_model=booster, verbose_eval=False)
        started = library.train(given, library.DMatrix(X, base_margin=margin, **facts), 2, verbose_eval=False)
        booster.save_model(tmp_path / f"{library.__name__}.json")
        found.append(
            [
                matrix.get_label(),
                *(value for values in history["rows"].values() for value in values),
                booster.predict(matrix),
                booster.predict(matrix, output_margin=True, iteration_range=(1, 3)),
                booster.predict(matrix, pred_leaf=True),
                # With dropout the library's predictions in place start elsewhere than all others of it.
                booster.inplace_predict(X[:5], base_margin=None if case == "dart" else margin[:5]),
                booster[1:3].predict(matrix) if case != "dart" else 0.0,
                more.predict(matrix),
                started.predict(library.DMatrix(X, base_margin=margin)),
            ]
        )
    for a, b in zip(*found):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6)
    for library, path in ((xgboost, "mlx.boosting.json"), (boosting, "xgboost.json")):
        again = library.Booster(model_file=tmp_path / path)
        np.testing.assert_allclose(again.predict(library.DMatrix(X)), found[0][-7], rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("strategy", ["one_output_per_tree", "multi_output_tree"])
def test_own_objectives_of_several_targets(strategy):
    X, Y, _ = rows(500)
    predictions = []

    def squared(margin, matrix):
        assert margin.shape == Y.shape
        return margin - Y, np.ones(Y.shape)

    for library, own in ((boosting, {"cuts": "xgboost"}), (xgboost, {})):
        for facts in ({"label": Y}, {}):
            matrix = library.DMatrix(X, **facts)
            given = {"multi_strategy": strategy, "max_depth": 3, "num_target": 3, "nthread": 1, **own}
            predictions.append(library.train(given, matrix, 3, obj=squared).predict(matrix))
    for other in predictions[1:]:
        np.testing.assert_allclose(predictions[0], other, rtol=1e-5, atol=1e-6)


def test_folds_of_several_targets():
    X, Y, _ = rows(600)
    ours, theirs = (
        library.cv({"max_depth": 3, "nthread": 1, **own}, library.DMatrix(X, label=Y), 3, nfold=3, seed=4)
        for library, own in ((boosting, {"cuts": "xgboost"}), (xgboost, {}))
    )
    assert list(ours) == list(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"objective": "rank:ndcg"}, NotImplementedError, "rank:ndcg.* one target"),
        ({"objective": "multi:softprob", "num_class": 3}, NotImplementedError, "multi:softprob.* one target"),
        ({"num_target": 2}, ValueError, "num_target=2"),
        ({"num_target": "two"}, ValueError, "num_target"),
        ({"eval_metric": "auc"}, NotImplementedError, "auc"),
    ],
    ids=str,
)
def test_what_the_learning_api_refuses(given, error, message):
    X, Y, _ = rows(100)
    matrix = boosting.DMatrix(X, label=Y)
    with pytest.raises(error, match=message):
        boosting.train(given, matrix, 1, evals=[(matrix, "rows")], verbose_eval=False)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", ["plain", "lossguide", "absolute", "quantiles", "parallel"])
def test_sparse_rows_and_vectors(case, weighted):
    """What is not stored is missing there, too."""
    X, Y, weight = rows()
    there, weight = ~np.isnan(X), weight if weighted else None
    sparse = scipy.sparse.csr_matrix((X[there], np.nonzero(there)), shape=X.shape)
    parameters = {"n_estimators": 4, "max_depth": 4, "multi_strategy": "multi_output_tree", **VECTORS[case]}
    Y = Y[:, 0] if case == "quantiles" else Y
    ours = XGBRegressor(**parameters, cuts="xgboost").fit(sparse, Y, sample_weight=weight)
    theirs = xgboost.XGBRegressor(**parameters).fit(sparse, Y, sample_weight=weight)
    np.testing.assert_allclose(ours.predict(sparse), theirs.predict(sparse), rtol=1e-5, atol=1e-6)
    dense = XGBRegressor(**parameters, cuts="xgboost").fit(X, Y, sample_weight=weight)
    np.testing.assert_array_equal(ours.predict(sparse), dense.predict(X))
    matrices = [library.DMatrix(sparse, Y, weight=weight) for library in (boosting, xgboost)]
    given = {"multi_strategy": "multi_output_tree", "objective": "reg:pseudohubererror", "num_target": 3, "nthread": 1}
    if case == "plain":
        learned = boosting.train({**given, "cuts": "xgboost"}, matrices[0], 3).predict(matrices[0])
        np.testing.assert_allclose(learned, xgboost.train(given, matrices[1], 3).predict(matrices[1]), rtol=1e-5)


REFUSED_THERE = {
    "categories": {"feature_types": ["q"] * 5 + ["c"], "enable_categorical": True},
    "monotone": {"monotone_constraints": (1, 0, 0, 0, 0, 0)},
    "interactions": {"interaction_constraints": "[[0, 1], [2, 3]]"},
    "dart": {"booster": "dart", "rate_drop": 0.5},
    "approx": {"tree_method": "approx"},
    "exact": {"tree_method": "exact"},
}


@pytest.mark.parametrize("case", REFUSED_THERE)
def test_the_library_refuses_for_vectors_what_we_refuse(case):
    X, Y, _ = rows(200)
    X[:, 5] = np.arange(200) % 7
    parameters = {"n_estimators": 1, "multi_strategy": "multi_output_tree", **REFUSED_THERE[case]}
    with pytest.raises(NotImplementedError, match=r"enable_categorical|monotone_c|interaction_c|booster|tree_method"):
        XGBRegressor(**parameters).fit(X, Y)
    with pytest.raises(xgboost.core.XGBoostError, match=r"not yet implemented|Only the hist"):
        xgboost.XGBRegressor(**parameters).fit(X, Y)
