"""XGBRanker beside xgboost 3.2's: trees node for node, pairs drawn at random included, metrics, scores, files."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import DataConversionWarning

from mlx import boosting
from mlx.boosting.ranker import XGBRanker
from mlx.compare.peers import peer_of
from tests import tolerances
from tests.parity.test_boosting import assert_same_trees

xgboost = pytest.importorskip("xgboost")
pytestmark = pytest.mark.parity

OBJECTIVES = ["rank:ndcg", "rank:map", "rank:pairwise"]
OPTIONS = [
    {},
    {"lambdarank_num_pair_per_sample": 5},
    {"lambdarank_pair_method": "mean"},
    {"lambdarank_pair_method": "mean", "lambdarank_num_pair_per_sample": 3},
    {"lambdarank_normalization": False},
    {"lambdarank_score_normalization": False},
    {"lambdarank_unbiased": True},
    {"lambdarank_unbiased": True, "lambdarank_pair_method": "mean", "lambdarank_bias_norm": 0.5},
    {"ndcg_exp_gain": False},
]


def table(objective, n=1500, n_groups=40):
    """Columns of 40 values at most, a fifth missing; groups of all sizes, from one row on."""
    rng = np.random.default_rng(0)
    X = rng.integers(-20, 20, size=(n, 5)).astype(np.float64)
    X[rng.random(X.shape) < 0.2] = np.nan
    score = np.nansum(X[:, :2], axis=1) / 20 + rng.normal(size=n)
    y = (score > 0.7).astype(float) if objective == "rank:map" else np.clip(np.round(score + 1), 0, 4)
    return X, y, np.sort(rng.integers(0, n_groups, n) ** 2 // n_groups)


def fitted(objective, *, weighted=False, n_estimators=12, **parameters):
    X, y, qid = table(objective)
    weight = np.random.default_rng(1).exponential(size=len(np.unique(qid))) if weighted else None
    # One thread: the order of the library's sums depends on their number.
    ours = XGBRanker(objective=objective, n_estimators=n_estimators, max_depth=4, n_jobs=1, **parameters)
    rows = slice(700, None)
    followed = {"eval_set": [(X, y), (X[rows], y[rows])], "eval_qid": [qid, qid[rows]]}
    if weighted:
        followed["sample_weight_eval_set"] = [weight, np.ones(len(np.unique(qid[rows])))]
    both = ours, peer_of(ours)
    for model in both:
        model.fit(X, y, qid=qid, sample_weight=weight, **followed)
    return *both, X, y, qid


def assert_same(ours, peer, X, record_difference, case):
    assert_same_trees(ours, peer, record_difference, case)
    a, b = ours.predict(X), peer.predict(X)
    record_difference(f"{case}: scores", np.max(np.abs(a - b)) / np.max(np.abs(b)), tolerances.BOOSTER_MARGIN)
    own, theirs = ours.evals_result(), peer.evals_result()
    for rows, metrics in theirs.items():
        assert list(own[rows]) == list(metrics)
        for name, values in metrics.items():
            difference = np.max(np.abs(np.subtract(own[rows][name], values)))
            record_difference(f"{case}: {name.partition('@')[0]}", difference, tolerances.BOOSTER_METRIC)


@pytest.mark.parametrize("given", OPTIONS, ids=lambda given: ",".join(map(str, given.values())) or "defaults")
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_trees_are_the_librarys(objective, given, record_difference):
    ours, peer, X, _, _ = fitted(objective, **given)
    assert_same(ours, peer, X, record_difference, objective)
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, atol=1e-9)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_weights_of_groups(objective, record_difference):
    ours, peer, X, _, _ = fitted(
        objective, weighted=True, eval_metric=["auc", "pre@3", "map"][: 3 if "map" in objective else 1]
    )
    assert_same(ours, peer, X, record_difference, f"{objective}, weighted")


@pytest.mark.parametrize("method", ["hist", "approx"])
def test_weights_of_groups_in_the_librarys_cuts(method):
    """More values than bins: where columns are cut, the library gives rows the weights of the groups a row late."""
    rng = np.random.default_rng(3)
    X, qid = rng.normal(size=(3000, 3)), np.arange(3000) // 25
    y = np.clip(np.round(X[:, 0] + rng.normal(size=3000)), 0, 4)
    weight = rng.exponential(size=qid[-1] + 1) ** 2 + 0.01
    ours = XGBRanker(objective="rank:pairwise", n_estimators=5, tree_method=method, cuts="xgboost", n_jobs=1)
    peer = peer_of(ours)
    for model in (ours, peer):
        model.fit(X, y, qid=qid, sample_weight=weight)
    np.testing.assert_array_equal(ours.predict(X), peer.predict(X))


def test_biases_of_places_in_the_learning_api():
    X, y, qid = table("rank:ndcg")
    written = []
    for library in (boosting, xgboost):
        rows = library.DMatrix(X, label=y, qid=qid)
        given = {"objective": "rank:ndcg", "lambdarank_unbiased": True, "nthread": 1, "max_depth": 3}
        booster = library.train(given, rows, 3)
        written.append(json.loads(booster.save_raw("json"))["learner"]["objective"])
    for name in ("ti+", "tj-"):
        np.testing.assert_allclose(written[0][name], written[1][name], rtol=1e-5)
        assert len(set(written[0][name])) > 3


def test_a_column_of_relevances_is_warned_about_as_scikit_learn_does():
    X, y, qid = table("rank:ndcg")
    one = XGBRanker(n_estimators=2).fit(X, y, qid=qid)
    with pytest.warns(DataConversionWarning, match="column-vector") as warned:
        column = XGBRanker(n_estimators=2).fit(X, y[:, np.newaxis], qid=qid)
    assert len(warned) == 1
    np.testing.assert_array_equal(one.predict(X), column.predict(X))


METRICS = ["ndcg", "ndcg@5", "ndcg-", "ndcg@3-", "map", "map@4", "map@2-", "pre", "pre@2", "auc", "aucpr"]


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("method", ["topk", "mean"])
def test_metrics(method, weighted, record_difference):
    given = {"eval_metric": METRICS, "lambdarank_pair_method": method, "n_estimators": 3}
    ours, peer, X, _, _ = fitted("rank:map", weighted=weighted, **given)
    assert_same(ours, peer, X, record_difference, "rank:map, metrics")


def worst_relevance(y_true, y_pred):
    return float(y_true[np.argmax(y_pred)])


def ndcg_of_own(y_true, y_pred):
    return float(y_true[np.argsort(-y_pred)][:2].sum())


@pytest.mark.parametrize("metric", [worst_relevance, ndcg_of_own], ids=["loss", "grows"])
def test_own_metric_and_early_stopping(metric, record_difference):
    ours, peer, X, _, _ = fitted("rank:ndcg", n_estimators=30, eval_metric=metric, early_stopping_rounds=4)
    assert_same(ours, peer, X, record_difference, "rank:ndcg, own metric")
    assert ours.best_iteration == peer.best_iteration
    assert ours.best_score == pytest.approx(peer.best_score)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_score(objective):
    for given in ({}, {"eval_metric": ["map@3", "pre@5"] if objective == "rank:map" else "ndcg@2"}):
        ours, peer, X, y, qid = fitted(objective, **given)
        frame = pd.DataFrame(X, columns=list("abcde"))
        for model in (ours, peer):
            model.fit(frame.assign(qid=qid), y)
        assert ours.score(frame.assign(qid=qid), y) == pytest.approx(peer.score(frame.assign(qid=qid), y), abs=1e-6)
        np.testing.assert_allclose(ours.predict(frame.assign(qid=qid)), peer.predict(frame.assign(qid=qid)), rtol=1e-5)


def test_group_margin_and_weighted_columns(record_difference):
    X, y, qid = table("rank:ndcg")
    group = np.bincount(qid)[np.unique(qid)]
    margin = np.random.default_rng(2).normal(size=len(y))
    ours = XGBRanker(n_estimators=8, max_depth=3, n_jobs=1)
    peer = peer_of(ours)
    for model in (ours, peer):
        model.fit(X, y, group=group, base_margin=margin)
    assert_same_trees(ours, peer, record_difference, "rank:ndcg, base margin")
    a, b = (model.predict(X, base_margin=margin) for model in (ours, peer))
    record_difference("rank:ndcg, base margin: scores", np.max(np.abs(a - b)), 1e-5)


@pytest.mark.parametrize("suffix", ["json", "ubj"])
@pytest.mark.parametrize(
    "given", OPTIONS[:1] + OPTIONS[6:], ids=lambda given: ",".join(map(str, given.values())) or "defaults"
)
def test_through_the_model_file(given, suffix, tmp_path):
    ours, peer, X, y, qid = fitted("rank:ndcg", **given)
    own_file, library_file = tmp_path / f"own.{suffix}", tmp_path / f"library.{suffix}"
    ours.save_model(own_file)
    theirs = xgboost.XGBRanker()
    theirs.load_model(own_file)
    np.testing.assert_allclose(theirs.predict(X), ours.predict(X), rtol=1e-6)
    peer.save_model(library_file)
    again = XGBRanker()
    again.load_model(library_file)
    np.testing.assert_allclose(again.predict(X), peer.predict(X), rtol=1e-6)
    again.save_model(own_file)
    for name, value in given.items():
        assert getattr(again, name) == value
    # Training goes on in the library from a file of ours.
    theirs = xgboost.XGBRanker(n_estimators=2, max_depth=3, **{k: v for k, v in given.items() if "unbiased" not in k})
    theirs.fit(X, y, qid=qid, xgb_model=own_file)
    assert theirs.get_booster().num_boosted_rounds() == 14
