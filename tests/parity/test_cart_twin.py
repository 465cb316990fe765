"""The slow twin of CART beside scikit-learn: the specification itself is proved, to the last bit."""

import math

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.class_weight import compute_sample_weight

from tests import tree_cases
from tests.reference import cart

pytestmark = pytest.mark.parity

CLASSIFIERS = [(criterion, case) for criterion in ("gini", "entropy") for case in tree_cases.CLASSIFIERS]
REGRESSOR_CASES = tree_cases.REGRESSORS | tree_cases.REGRESSORS_MISSING | tree_cases.REGRESSORS_TIES
REGRESSORS = [
    (criterion, case) for criterion in ("squared_error", "poisson", "absolute_error") for case in REGRESSOR_CASES
]


def twin_arguments(parameters, X, y, sample_weight):
    """Parameters of the estimator as the twin takes them: shares as numbers, weights of classes as weights of rows."""
    n, d = X.shape
    arguments = {key: value for key, value in parameters.items() if key not in ("class_weight", "ccp_alpha")}
    for name in ("min_samples_leaf", "min_samples_split"):
        if isinstance(arguments.get(name), float):
            arguments[name] = math.ceil(arguments[name] * n)
    share = arguments.get("max_features")
    if share == "sqrt":
        arguments["max_features"] = int(math.sqrt(d))
    elif isinstance(share, float):
        arguments["max_features"] = max(1, int(share * d))
    if "class_weight" in parameters:
        sample_weight = compute_sample_weight(parameters["class_weight"], y)
    if "min_weight_fraction_leaf" in arguments:
        arguments["min_weight_leaf"] = arguments.pop("min_weight_fraction_leaf") * np.sum(sample_weight)
    return arguments, sample_weight


def assert_same_tree(tree, theirs):
    for name in tree._fields:
        a, b = getattr(tree, name), getattr(theirs, name)
        if name == "missing_go_to_left":
            # scikit-learn leaves this field of a leaf as it was.
            inner = theirs.children_left != -1
            a, b = a[inner], b[inner]
        np.testing.assert_array_equal(a, b, err_msg=name)


def compare(estimator, X, y, codes, sample_weight, parameters, seed):
    peer = estimator(random_state=seed, **parameters).fit(X, y, sample_weight)
    arguments, weight = twin_arguments(parameters, X, y, sample_weight)
    stream_seed = np.random.RandomState(seed).randint(0, 2**31 - 1)
    tree = cart.grow(X, codes, seed=stream_seed, sample_weight=weight, **arguments)
    if "ccp_alpha" in parameters:
        whole = estimator(random_state=seed, **{**parameters, "ccp_alpha": 0.0})
        path = whole.cost_complexity_pruning_path(X, y, sample_weight)
        steps = cart.pruning_path(tree)
        np.testing.assert_array_equal([alpha for alpha, _, _ in steps], path.ccp_alphas)
        np.testing.assert_array_equal([impurity for _, impurity, _ in steps], path.impurities)
        n_whole, tree = len(tree.feature), cart.prune(tree, parameters["ccp_alpha"])
        assert 1 < len(tree.feature) < n_whole
    assert len(tree.feature) > 3
    assert_same_tree(tree, peer.tree_)


@pytest.mark.parametrize(("criterion", "case"), CLASSIFIERS)
def test_classifier(criterion, case):
    keywords, parameters = tree_cases.CLASSIFIERS[case]
    X, y, sample_weight = tree_cases.table("classifier", **keywords)
    of_output = y.reshape(len(X), -1).T
    codes = np.stack([np.unique(column, return_inverse=True)[1] for column in of_output], axis=1)
    compare(DecisionTreeClassifier, X, y, codes, sample_weight, {"criterion": criterion, **parameters}, seed=3)


@pytest.mark.parametrize(("criterion", "case"), REGRESSORS)
def test_regressor(criterion, case):
    keywords, parameters = REGRESSOR_CASES[case]
    X, y, sample_weight = tree_cases.table("regressor", **keywords)
    compare(DecisionTreeRegressor, X, y, y, sample_weight, {"criterion": criterion, **parameters}, seed=4)
