import warnings

import numpy as np
import pytest

from mlx.boosting.parameters import ALIASES, LearnerParameters, pairs_of


def given(params):
    parameters = LearnerParameters()
    parameters.set(pairs_of(params))
    return parameters


def test_pairs():
    assert pairs_of({"eval_metric": ["auc", "error"], "eta": 1}) == [
        ("eval_metric", "auc"),
        ("eval_metric", "error"),
        ("eta", 1),
    ]
    assert pairs_of([("a", [1, 2])]) == [("a", [1, 2])]
    assert pairs_of(None) == []
    for wrong in (3, [1, 2], {3: 4}):
        with pytest.raises(TypeError, match="params"):
            pairs_of(wrong)


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_aliases(alias, name):
    if name == "updater":
        assert given({alias: "refresh", "process_type": "update"}).given["updater"] == "refresh"
    else:
        assert given({alias: 2}).given == given({name: 2}).given == {name: 2}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("max_depth", "3", 3),
        ("eta", "0.25", 0.25),
        ("subsample", ".5", 0.5),
        ("base_score", "[0.25, 0.5]", [0.25, 0.5]),
        ("seed", "7", 7),
        ("grow_policy", "lossguide", "lossguide"),
        ("validate_parameters", "1", True),
        ("lambdarank_unbiased", "false", False),
        ("aft_loss_distribution_scale", "1.5", 1.5),
        ("monotone_constraints", "(1,-1)", "(1,-1)"),
        ("max_bin", np.int64(9), 9),
        ("quantile_alpha", np.array([0.25, 0.75]), [0.25, 0.75]),
    ],
)
def test_text_and_arrays(name, text, value):
    assert given({name: text}).given[ALIASES.get(name, name)] == value


@pytest.mark.parametrize(
    "params",
    [
        {"max_depth": "deep"},
        {"max_depth": 2.5},
        {"max_depth": -1},
        {"eta": -1},
        {"lambda": "much"},
        {"subsample": 1.5},
        {"max_bin": 1},
        {"grow_policy": "sideways"},
        {"objective": "reg:cubed"},
        {"objective": len},
        {"eval_metric": "guess"},
        {"eval_metric": 3},
        {"num_class": -1},
        {"cuts": "none"},
        {"nthread": "all"},
    ],
    ids=str,
)
def test_wrong_values_are_refused_by_the_name_that_was_given(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        given(params)


@pytest.mark.parametrize(
    "params", [{"booster": "gblinear"}, {"device": "cuda"}, {"seed_per_iteration": True}, {"top_k": 3}], ids=str
)
def test_what_is_not_supported_is_refused_by_name(params):
    with pytest.raises(NotImplementedError, match=next(iter(params))):
        given(params)


@pytest.mark.parametrize(
    "params",
    [{"device": "cpu"}, {"seed_per_iteration": "0"}, {"refresh_leaf": 1}, {"sparse_threshold": "0.2"}, {"nthread": 0}],
    ids=str,
)
def test_what_holds_anyway_is_accepted(params):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given(params)


def test_unknown_names_warn():
    with pytest.warns(UserWarning, match='Parameters: { "colour", "n_estimators" } are not used'):
        given({"n_estimators": 3, "colour": 1, "max_depth": 2})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given([("validate_parameters", False), ("colour", 1)])


def test_metrics_come_once_in_their_order():
    assert given({"eval_metric": ["auc", "error", "auc"]}).metrics == ["auc", "error"]
    parameters = given([("eval_metric", "auc"), ("eval_metric", "rmse")])
    parameters.set([("eval_metric", "auc"), ("eval_metric", "mae")])
    assert parameters.metrics == ["auc", "rmse", "mae"]


def test_none_is_no_value():
    assert given({"max_depth": None, "objective": None}).given == {}


def test_objective():
    assert given({}).objective_name == "reg:squarederror"
    assert given({"num_class": 3}).objective_name == "multi:softmax"
    assert given({"objective": "multi:softprob", "num_class": 3}).objective_for()[1] == 3
    for params in ({"objective": "multi:softprob"}, {"objective": "reg:squarederror", "num_class": 3}):
        with pytest.raises(ValueError, match="num_class"):
            given(params).objective_for()


def test_copies_are_apart():
    parameters = given({"max_depth": 3, "eval_metric": "mae"})
    other = parameters.copy()
    other.set([("max_depth", 4), ("eval_metric", "rmse")])
    assert (parameters.given, parameters.metrics) == ({"max_depth": 3}, ["mae"])
    assert (other.max_depth, parameters.max_depth) == (4, 3)
