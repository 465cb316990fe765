"""Tables and parameters on which trees are compared: with the library, and with the slow twin.

A case is (keywords of `table`, parameters of the estimator). Small tables, for every node of every tree is looked at.
"""

import numpy as np

#: What happens to the splits of a classifier; each is grown by gini and by entropy.
CLASSIFIERS = {
    "plain": ({}, {}),
    "two classes": ({"n_classes": 2}, {}),
    "five classes": ({"n_classes": 5, "n": 200}, {}),
    "depth": ({}, {"max_depth": 3}),
    "leaf size": ({}, {"min_samples_leaf": 7}),
    "leaf share": ({}, {"min_samples_leaf": 0.06, "min_samples_split": 0.2}),
    "weight of leaves": ({"weights": "counts"}, {"min_weight_fraction_leaf": 0.07}),
    "least decrease": ({}, {"min_impurity_decrease": 0.02}),
    "drawn columns": ({"d": 9}, {"max_features": "sqrt"}),
    "share of columns": ({"d": 9}, {"max_features": 0.5, "max_depth": 5}),
    "drawn, constant columns": ({"d": 9, "ties": True}, {"max_features": 2}),
    "ties, duplicated and constant columns": ({"ties": True}, {}),
    "ties, leaf size": ({"ties": True, "n": 200}, {"min_samples_leaf": 5}),
    "counts as weights": ({"weights": "counts"}, {}),
    "counts, ties": ({"weights": "counts", "ties": True}, {"max_features": 3}),
    "fractions as weights": ({"weights": "fractions"}, {}),
    "fractions, ties": ({"weights": "fractions", "ties": True, "n": 150}, {}),
    "negative weights": ({"weights": "signed"}, {}),
    "balanced classes": ({"n_classes": 4, "n": 150}, {"class_weight": "balanced"}),
    "balanced, ties": ({"n_classes": 3, "ties": True, "n": 150}, {"class_weight": "balanced"}),
    "missing": ({"missing": True}, {}),
    "missing, drawn columns": ({"missing": True, "d": 9, "n": 150}, {"max_features": 3, "min_samples_leaf": 2}),
    "missing, ties, weights": ({"missing": True, "ties": True, "weights": "fractions"}, {}),
    "best first": ({}, {"max_leaf_nodes": 9}),
    "best first, ties": ({"ties": True, "n": 200}, {"max_leaf_nodes": 12, "max_features": 3}),
    "best first, missing": ({"missing": True}, {"max_leaf_nodes": 6, "max_depth": 4}),
    "two outputs": ({"n_outputs": 2}, {}),
    "two outputs, ties, counts": ({"n_outputs": 2, "ties": True, "weights": "counts"}, {"max_leaf_nodes": 10}),
    "monotone": ({"n_classes": 2}, {"monotonic_cst": [1, 0, -1, 0, 0]}),
    "monotone, best first, weights": (
        {"n_classes": 2, "weights": "counts"},
        {"monotonic_cst": [-1, 1, 0, 0, 0], "max_leaf_nodes": 9},
    ),
    "random": ({}, {"splitter": "random"}),
    "random, drawn columns, leaf size": (
        {"d": 9, "n": 150},
        {"splitter": "random", "max_features": 3, "min_samples_leaf": 3},
    ),
    "random, ties, counts": ({"ties": True, "weights": "counts"}, {"splitter": "random"}),
    "random, missing": ({"missing": True}, {"splitter": "random", "max_features": 2}),
    "random, best first": ({}, {"splitter": "random", "max_leaf_nodes": 8}),
    "random, monotone": ({"n_classes": 2}, {"splitter": "random", "monotonic_cst": [1, 0, -1, 0, 0]}),
    "pruned": ({"n": 150}, {"ccp_alpha": 0.015}),
    "pruned, missing": ({"missing": True}, {"ccp_alpha": 0.04}),
}

#: The same for regressors, without ties; each is grown by three criteria.
REGRESSORS = {
    "plain": ({}, {}),
    "depth, leaf size": ({"n": 200}, {"max_depth": 5, "min_samples_leaf": 4}),
    "least decrease": ({}, {"min_impurity_decrease": 0.02}),
    "drawn columns": ({"d": 9, "n": 150}, {"max_features": 1 / 3}),
    "constant columns": ({"constant": True}, {"max_features": 2}),
    "counts as weights": ({"weights": "counts"}, {}),
    "fractions as weights": ({"weights": "fractions"}, {"min_weight_fraction_leaf": 0.05}),
    "negative weights": ({"weights": "signed"}, {"max_depth": 4}),
    "best first": ({"n": 150}, {"max_leaf_nodes": 12}),
    "two outputs": ({"n_outputs": 2}, {}),
    "monotone": ({}, {"monotonic_cst": [1, 0, -1, 0, 0]}),
    "monotone, best first, weights": ({"weights": "counts"}, {"monotonic_cst": [-1, 1, 0, 0, 0], "max_leaf_nodes": 9}),
    "random": ({"n": 150}, {"splitter": "random", "min_samples_leaf": 2}),
    "random, best first, monotone": (
        {},
        {"splitter": "random", "monotonic_cst": [1, 0, -1, 0, 0], "max_leaf_nodes": 9},
    ),
    "pruned": ({}, {"ccp_alpha": 0.01}),
}

#: With missing values.
REGRESSORS_MISSING = {
    "missing": ({"missing": True}, {}),
    "missing, drawn columns, weights": ({"missing": True, "weights": "fractions"}, {"max_features": 2}),
    "missing, best first": ({"missing": True}, {"max_leaf_nodes": 8}),
    "missing, random": ({"missing": True}, {"splitter": "random"}),
}

#: Ties: the twin knows their order to the bit, too.
REGRESSORS_TIES = {
    "ties": ({"ties": True, "n": 150}, {}),
    "ties, weights": ({"ties": True, "weights": "fractions"}, {"max_features": 3}),
    "ties, leaf size": ({"ties": True, "n": 150}, {"min_samples_leaf": 5}),
    "ties, best first, outputs": ({"ties": True, "n_outputs": 2}, {"max_leaf_nodes": 9}),
    "ties, random": ({"ties": True, "weights": "counts"}, {"splitter": "random"}),
}


def table(
    kind,
    n=80,
    d=5,
    n_classes=3,
    n_outputs=1,
    ties=False,
    constant=False,
    missing=False,
    weights=None,
    seed=0,
):
    """(X float32, y, sample_weight or None); classes are words, targets of regressions positive."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, d)).astype(np.float32)
    score = X[:, 0] + X[:, 1] ** 2 + 0.5 * random.normal(size=n)
    if ties:
        X = np.round(X * 1.5) / np.float32(1.5)
        X[:, -1] = X[:, 1]
    if ties or constant:
        X[:, 2] = 1
    scores = [np.roll(score, 3 * k) + X[:, 3 - k] for k in range(n_outputs)]
    if missing:
        X[random.random((n, d)) < 0.2] = np.nan
        X[:, 3] = np.where(random.random(n) < 0.5, np.nan, X[:, 3])
    if kind == "classifier":
        words = np.array(["ash", "birch", "cedar", "elm", "fir"])
        y = np.stack([words[bins(s, n_classes - k)] for k, s in enumerate(scores)], axis=1)
    else:
        y = np.stack([np.exp(s / 2) for s in scores], axis=1)
    sample_weight = {
        None: None,
        "counts": random.integers(0, 4, size=n).astype(float),
        "fractions": random.random(n) * (random.random(n) > 0.1),
        "signed": random.random(n) - 0.1,
    }[weights]
    return X, (y[:, 0] if n_outputs == 1 else y), sample_weight


def bins(score, n_classes):
    """Numbers of classes of unequal size."""
    cuts = np.quantile(score, np.linspace(0, 1, n_classes + 1)[1:-1] ** 1.3)
    return np.digitize(score, cuts)
