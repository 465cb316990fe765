"""Decision trees beside scikit-learn's: with the same random_state the same tree, to the last bit.

Regressors of least squares are exact where the only ties of a column are copies of rows; with others their sums are
added in another order, so there the predictions of unseen rows are compared over seeds.
"""

import numpy as np
import pytest
import sklearn.tree
from scipy import sparse

import mlx.tree
from tests import tree_cases

pytestmark = pytest.mark.parity

FIELDS = (
    "children_left",
    "children_right",
    "feature",
    "threshold",
    "impurity",
    "n_node_samples",
    "weighted_n_node_samples",
    "value",
)
CLASSIFIERS = [(criterion, case) for criterion in ("gini", "entropy") for case in tree_cases.CLASSIFIERS]
REGRESSOR_CASES = tree_cases.REGRESSORS | tree_cases.REGRESSORS_MISSING
REGRESSORS = [
    (criterion, case) for criterion in ("squared_error", "poisson", "absolute_error") for case in REGRESSOR_CASES
]
# Grown in scikit-learn's order, ties or not.
REGRESSORS_TIES = [
    (criterion, case)
    for criterion in ("squared_error", "poisson", "absolute_error")
    for case in tree_cases.REGRESSORS_TIES
    if criterion != "squared_error" or case in ("ties, best first, outputs", "ties, random")
]


def assert_same_tree(ours, theirs):
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)
    inner = theirs.children_left != -1
    np.testing.assert_array_equal(ours.missing_go_to_left[inner], theirs.missing_go_to_left[inner])
    assert ours.max_depth == theirs.max_depth
    assert ours.n_leaves == theirs.n_leaves


def both(name, parameters, X, y, sample_weight=None, seed=5):
    """Our tree and the library's, on the same rows."""
    models = (getattr(mlx.tree, name), getattr(sklearn.tree, name))
    return [model(random_state=seed, **parameters).fit(X, y, sample_weight) for model in models]


@pytest.mark.parametrize(("criterion", "case"), CLASSIFIERS)
def test_classifier(criterion, case):
    keywords, parameters = tree_cases.CLASSIFIERS[case]
    X, y, sample_weight = tree_cases.table("classifier", **keywords)
    own, peer = both("DecisionTreeClassifier", {"criterion": criterion, **parameters}, X, y, sample_weight)
    assert peer.tree_.node_count > 3
    assert_same_tree(own.tree_, peer.tree_)
    new = tree_cases.table("classifier", **{**keywords, "seed": 1})[0]
    np.testing.assert_array_equal(own.predict(new), peer.predict(new))
    shares, of_peer = own.predict_proba(new), peer.predict_proba(new)
    for a, b in zip(shares, of_peer, strict=True) if y.ndim > 1 else [(shares, of_peer)]:
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(own.apply(new), peer.apply(new))
    np.testing.assert_array_equal(own.decision_path(new).toarray(), peer.decision_path(new).toarray())
    np.testing.assert_allclose(own.feature_importances_, peer.feature_importances_, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("criterion", "case"), REGRESSORS)
def test_regressor(criterion, case):
    keywords, parameters = REGRESSOR_CASES[case]
    X, y, sample_weight = tree_cases.table("regressor", **keywords)
    own, peer = both("DecisionTreeRegressor", {"criterion": criterion, **parameters}, X, y, sample_weight)
    assert peer.tree_.node_count > 3
    assert_same_tree(own.tree_, peer.tree_)
    new = tree_cases.table("regressor", **{**keywords, "seed": 1})[0]
    np.testing.assert_array_equal(own.predict(new), peer.predict(new))


@pytest.mark.parametrize(("criterion", "case"), REGRESSORS_TIES)
def test_regressor_with_ties(criterion, case):
    keywords, parameters = tree_cases.REGRESSORS_TIES[case]
    X, y, sample_weight = tree_cases.table("regressor", **keywords)
    own, peer = both("DecisionTreeRegressor", {"criterion": criterion, **parameters}, X, y, sample_weight)
    assert_same_tree(own.tree_, peer.tree_)


@pytest.mark.parametrize("parameters", [{}, {"min_samples_leaf": 5}, {"max_features": 2}, {"max_leaf_nodes": 20}])
def test_least_squares_with_ties_scores_alike(parameters):
    """Where ties change the last bit of a sum, either of two equal splits may win: no better, no worse over seeds."""
    differences = []
    for seed in range(12):
        X, y, _ = tree_cases.table("regressor", n=400, ties=True, seed=seed)
        own, peer = both("DecisionTreeRegressor", parameters, X[:200], y[:200], seed=seed)
        differences.append(own.score(X[200:], y[200:]) - peer.score(X[200:], y[200:]))
        # Training rows are told apart equally well.
        assert own.score(X[:200], y[:200]) == pytest.approx(peer.score(X[:200], y[:200]), abs=0.01)
    assert abs(np.mean(differences)) <= 3 * np.std(differences) / np.sqrt(len(differences)) + 1e-12


@pytest.mark.parametrize("parameters", [{}, {"min_samples_leaf": 4}, {"max_depth": 3, "max_features": 2}])
@pytest.mark.parametrize("depth", [None, 6])
def test_least_squares_with_copies_of_rows(parameters, depth):
    """Copies, as a bootstrap draws them, are ties whose order does not matter; how far a cut leaps over them does."""
    X, y, _ = tree_cases.table("regressor", n=80, d=5, ties=False)
    for seed in range(60):
        drawn = np.random.default_rng(seed).integers(0, len(y), len(y))
        weights = None if seed % 3 else 0.5 + np.arange(len(y))[drawn] % 7
        parameters = {"max_depth": depth, **parameters}
        own, peer = both("DecisionTreeRegressor", parameters, X[drawn], y[drawn], weights, seed=seed)
        assert_same_tree(own.tree_, peer.tree_)


@pytest.mark.parametrize("name", ["ExtraTreeClassifier", "ExtraTreeRegressor"])
@pytest.mark.parametrize("parameters", [{}, {"max_features": None, "min_samples_leaf": 3}, {"max_leaf_nodes": 10}])
def test_extra_trees(name, parameters):
    kind = "classifier" if name.endswith("Classifier") else "regressor"
    X, y, sample_weight = tree_cases.table(kind, n=120, d=9, weights="fractions")
    own, peer = both(name, parameters, X, y, sample_weight)
    assert_same_tree(own.tree_, peer.tree_)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("classifier", {}),
        ("classifier", {"splitter": "random", "max_features": 3}),
        ("classifier", {"criterion": "entropy", "min_samples_leaf": 4, "max_leaf_nodes": 12}),
        ("regressor", {"max_depth": 4}),
        ("regressor", {"criterion": "absolute_error", "max_depth": 3}),
    ],
)
@pytest.mark.parametrize("form", [sparse.csc_matrix, sparse.csr_array])
def test_sparse(kind, parameters, form):
    X, y, _ = tree_cases.table(kind, n=120, ties=kind == "classifier")
    X[np.abs(X) < 0.6] = 0
    # Zeros are ties: of whole numbers, every order of a sum has the same bits.
    y = y if kind == "classifier" else np.round(4 * y)
    name = f"DecisionTree{kind.capitalize()}"
    own, peer = both(name, parameters, form(X), y)
    assert_same_tree(own.tree_, peer.tree_)
    np.testing.assert_array_equal(own.predict(form(X)), peer.predict(form(X)))
    np.testing.assert_array_equal(own.predict(X), own.predict(form(X)))
    np.testing.assert_array_equal(own.decision_path(form(X)).toarray(), peer.decision_path(form(X)).toarray())


@pytest.mark.parametrize("name", ["DecisionTreeClassifier", "DecisionTreeRegressor"])
def test_pruning_path(name):
    kind = "classifier" if name.endswith("Classifier") else "regressor"
    X, y, sample_weight = tree_cases.table(kind, n=150, weights="counts")
    models = (getattr(mlx.tree, name), getattr(sklearn.tree, name))
    own, peer = (model(random_state=0).cost_complexity_pruning_path(X, y, sample_weight) for model in models)
    np.testing.assert_array_equal(own.ccp_alphas, peer.ccp_alphas)
    np.testing.assert_array_equal(own.impurities, peer.impurities)


def test_deprecated_criterion():
    X, y, _ = tree_cases.table("regressor")
    with pytest.warns(FutureWarning, match="friedman_mse"):
        own = mlx.tree.DecisionTreeRegressor(criterion="friedman_mse", random_state=5).fit(X, y)
    assert_same_tree(own.tree_, sklearn.tree.DecisionTreeRegressor(random_state=5).fit(X, y).tree_)
