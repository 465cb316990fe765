r"""scikit-learn's decision trees, and the ensembles of them, read by their attributes.

What an ensemble answers with its leaves:

===========================  ==================================================================  ===========
model                        value of a leaf                                                     aggregation
===========================  ==================================================================  ===========
DecisionTree, ExtraTree      share of each class, or mean of each target                         mean
RandomForest, ExtraTrees     the same                                                            mean
GradientBoosting             step of one margin, times the learning rate                         sum
AdaBoostClassifier           vote: 1 for its class, -1/(K-1) for the K-1 others                  mean
IsolationForest              length of the path to it, and of the path on, were it grown on      mean
===========================  ==================================================================  ===========

Several targets stand side by side, each with all its classes. AdaBoost of two classes has one margin, the vote for the
second class less that for the first. Its regressor predicts a weighted median, which is no sum of leaves: it is
refused. The margin of an isolation forest is the mean length of paths h; its score is :math:`-2^{-h / c(n)}`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from .ensemble import TreeEnsemble
from .fitted import Fitted
from .links import Link
from .tree import Tree

__all__ = [
    "adaboost_ensemble",
    "average_path_length",
    "boosting_ensemble",
    "decision_tree_ensemble",
    "forest_ensemble",
    "isolation_ensemble",
]

# What all have in common.
RULES: dict[str, Any] = {"comparison": "<=", "input_dtype": "float32", "unstored": "zero"}

# Links of the losses of gradient boosting; that of log_loss depends on the number of classes.
IDENTITY_LOSSES = ("squared_error", "absolute_error", "huber", "quantile")


def decision_tree_ensemble(model: Fitted) -> TreeEnsemble:
    """One tree that predicts by itself."""
    n_classes = _classes_of_targets(model)
    return _ensemble_of_shares(model, [_shares(model, model.child("n_features_in_").integer(1), n_classes)], n_classes)


def forest_ensemble(model: Fitted) -> TreeEnsemble:
    """Trees whose answers are averaged."""
    n_features, n_classes = model.child("n_features_in_").integer(1), _classes_of_targets(model)
    trees = [_shares(place, n_features, n_classes) for place in model.child("estimators_").items()]
    return _ensemble_of_shares(model, trees, n_classes)


def boosting_ensemble(model: Fitted) -> TreeEnsemble:
    """Gradient boosting: steps from a start that is the same for all rows."""
    n_features = model.child("n_features_in_").integer(1)
    stages = model.child("estimators_")
    grid = stages.array("O", None, None)
    n_outputs = grid.shape[1]
    places = [Fitted(tree, f"{stages.path}[{i}, {k}]") for (i, k), tree in np.ndenumerate(grid)]
    trees = [_tree(place, n_features, _regression_values(place)[:, 0]) for place in places]
    rate = float(model.child("learning_rate").array("fiu"))
    loss = model.child("loss").one_of(("log_loss", "exponential", *IDENTITY_LOSSES))
    if loss in IDENTITY_LOSSES:
        link: Link = "identity"
    else:
        link = "logit" if n_outputs == 1 else "softmax"
    return TreeEnsemble(
        tuple(trees),
        n_features,
        n_outputs=n_outputs,
        base_score=_start(model.child("init_"), loss, n_outputs),
        link=link,
        link_scale=2.0 if loss == "exponential" else 1.0,
        tree_weight=np.full(len(trees), rate),
        tree_output=np.arange(len(trees), dtype=np.int32) % n_outputs,
        missing="refused",
        feature_names=model.feature_names(n_features),
        **RULES,
    )


def adaboost_ensemble(model: Fitted) -> TreeEnsemble:
    """Votes of classifiers, weighted by their amount of say."""
    n_features, n_classes = model.child("n_features_in_").integer(1), model.child("n_classes_").integer(2)
    places = list(model.child("estimators_").items())
    weights = model.child("estimator_weights_").array("f", None)[: len(places)]
    trees = [_tree(place, n_features, _votes(place, model, n_classes)) for place in places]
    return TreeEnsemble(
        tuple(trees),
        n_features,
        n_outputs=1 if n_classes == 2 else n_classes,
        link="logit" if n_classes == 2 else "softmax",
        link_scale=1.0 / (n_classes - 1),
        tree_weight=weights,
        aggregation="mean",
        missing="refused",
        feature_names=model.feature_names(n_features),
        **RULES,
    )


def isolation_ensemble(model: Fitted) -> TreeEnsemble:
    """Mean length of the paths on which a row is isolated."""
    n_features = model.child("n_features_in_").integer(1)
    places, columns = (list(model.child(name).items()) for name in ("estimators_", "estimators_features_"))
    if len(places) != len(columns):
        model.refuse(f"has {len(places)} estimators_, and estimators_features_ for {len(columns)}")
    trees = []
    for place, at_columns in zip(places, columns):
        own = at_columns.array("iu", None)
        if np.any((own < 0) | (own >= n_features)):
            at_columns.refuse(f"must be columns from 0 to {n_features - 1}")
        tree = _tree(place, len(own), np.zeros(len(place.child("tree_").child("children_left").array("iu", None))))
        counts = place.child("tree_").child("n_node_samples").array("iu", tree.n_nodes)
        value = tree.depth + 1.0 + average_path_length(counts) - 1.0
        trees.append(_changed(tree, value, np.where(tree.is_leaf, -1, own[tree.feature]).astype(np.int32)))
    names = model.feature_names(n_features)
    return TreeEnsemble(tuple(trees), n_features, aggregation="mean", feature_names=names, **RULES)


def average_path_length(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    r"""Mean length c(n) of the paths in a tree that isolates n rows at random.

    .. math:: c(n) = 2 (\ln(n - 1) + \gamma) - 2 (n - 1) / n, \quad c(2) = 1, \quad c(1) = 0

    Source: F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation forest", 2008, equation 1.
    """
    n = np.maximum(counts, 3).astype(np.float64)
    length = 2.0 * (np.log(n - 1.0) + np.euler_gamma) - 2.0 * (n - 1.0) / n
    return np.where(counts > 2, length, np.where(counts == 2, 1.0, 0.0))


def _classes_of_targets(model: Fitted) -> list[int]:
    """Number of classes of each target; 1 for each target of a regressor."""
    n_targets = model.child("n_outputs_").integer(1)
    n_classes = model.optional("n_classes_")
    if n_classes is None:
        return [1] * n_targets
    stated = np.atleast_1d(n_classes.value).tolist()
    if len(stated) != n_targets or not all(isinstance(n, int) and n >= 1 for n in stated):
        n_classes.refuse(f"must be {n_targets} numbers of classes, not {n_classes.value!r}")
    return stated


def _shares(place: Fitted, n_features: int, n_classes: list[int]) -> Tree:
    """A tree that answers with shares of classes, or means, target after target."""
    value = place.child("tree_").child("value")
    values = value.array("f", None, len(n_classes), None)
    if values.shape[2] < max(n_classes):
        value.refuse(f"has {values.shape[2]} classes, not {max(n_classes)}")
    side_by_side = np.concatenate([values[:, k, :n] for k, n in enumerate(n_classes)], axis=1)
    return _tree(place, n_features, side_by_side)


def _ensemble_of_shares(model: Fitted, trees: list[Tree], n_classes: list[int]) -> TreeEnsemble:
    n_features = model.child("n_features_in_").integer(1)
    return TreeEnsemble(
        tuple(trees),
        n_features,
        n_outputs=sum(n_classes),
        aggregation="mean",
        missing="learned" if _has_missing_rule(model) else "refused",
        feature_names=model.feature_names(n_features),
        **RULES,
    )


def _has_missing_rule(model: Fitted) -> bool:
    """Whether its trees say where missing values go, as those of scikit-learn 1.3 and later do."""
    first = model if hasattr(model.value, "tree_") else next(model.child("estimators_").items())
    return hasattr(first.child("tree_").value, "missing_go_to_left")


def _tree(place: Fitted, n_features: int, value: NDArray[np.float64]) -> Tree:
    """The tree of an estimator, which answers with other values."""
    tree = place.child("tree_")
    left = tree.child("children_left").array("iu", None)
    n_nodes = len(left)
    inner = left >= 0
    feature = tree.child("feature").array("iu", n_nodes)
    if np.any(inner & ((feature < 0) | (feature >= n_features))):
        tree.child("feature").refuse(f"must be columns from 0 to {n_features - 1} where there are children")
    threshold = np.asarray(tree.child("threshold").value, dtype=np.float64)
    cover = tree.child("weighted_n_node_samples").array("f", n_nodes)
    rule = tree.optional("missing_go_to_left")
    missing_left = np.zeros(n_nodes, dtype=bool) if rule is None else rule.array("iub", n_nodes).astype(bool)
    right = tree.child("children_right").array("iu", n_nodes)
    return tree.tree(
        left=left,
        right=right,
        feature=np.where(inner, feature, -1).astype(np.int32),
        threshold=np.where(inner, threshold, 0.0) if threshold.shape == (n_nodes,) else threshold,
        missing_left=missing_left & inner,
        value=value,
        cover=cover,
        gain=_decrease(tree.child("impurity").array("f", n_nodes) * cover, left, right),
    )


def _decrease(
    impurity: NDArray[np.float64], left: NDArray[np.integer], right: NDArray[np.integer]
) -> NDArray[np.float64]:
    """By how much each split lowers the impurity times weight; 0 at leaves, and where children are not there."""
    inner = (left >= 0) & (left < len(left)) & (right >= 0) & (right < len(left))
    gain = np.zeros(len(left))
    gain[inner] = impurity[inner] - impurity[left[inner]] - impurity[right[inner]]
    return gain


def _changed(tree: Tree, value: NDArray[np.float64], feature: NDArray[np.int32]) -> Tree:
    arrays = {name: getattr(tree, name) for name in ("left", "right", "threshold", "missing_left", "cover", "gain")}
    return Tree(feature=feature, value=value, **arrays)


def _regression_values(place: Fitted) -> NDArray[np.float64]:
    return place.child("tree_").child("value").array("f", None, 1, 1)[:, :, 0]


def _votes(place: Fitted, model: Fitted, n_classes: int) -> NDArray[np.float64]:
    """Vote of each node: 1 for its largest class and -1/(K-1) for others; of two classes, for the second less first."""
    own = place.child("classes_")
    known = np.asarray(model.child("classes_").value)
    index = {label: k for k, label in enumerate(known.tolist())}
    if len(known) != n_classes or any(label not in index for label in np.asarray(own.value).tolist()):
        own.refuse("must be among the classes of the ensemble")
    to_ensemble = np.array([index[label] for label in np.asarray(own.value).tolist()])
    shares = place.child("tree_").child("value").array("f", None, 1, None)[:, 0, : len(to_ensemble)]
    votes = np.full((len(shares), n_classes), -1.0 / (n_classes - 1))
    votes[np.arange(len(shares)), to_ensemble[np.argmax(shares, axis=1)]] = 1.0
    return votes[:, 1:] - votes[:, :1] if n_classes == 2 else votes


def _start(init: Fitted, loss: str, n_outputs: int) -> NDArray[np.float64]:
    """Margins at which gradient boosting starts: what a dummy estimator answers to every row."""
    if isinstance(init.value, str) and init.value == "zero":
        return np.zeros(n_outputs)
    kind = type(init.value).__name__
    if kind == "DummyRegressor":
        return init.child("constant_").array("fiu", 1, None)[0].astype(np.float64)
    if kind != "DummyClassifier":
        init.refuse(f"{kind} starts from a margin that depends on the row, which an ensemble of trees has not")
    limit = np.finfo(np.float64).eps
    share = np.clip(_dummy_shares(init), limit, 1 - limit)
    if n_outputs > 1:
        return np.log(share / np.exp(np.mean(np.log(share))))
    return logit(share[1:2]) * (0.5 if loss == "exponential" else 1.0)


def _dummy_shares(init: Fitted) -> NDArray[np.float64]:
    """Share of each class that a dummy classifier states."""
    prior = init.child("class_prior_").array("f", None)
    strategy = init.child("strategy").one_of(("prior", "most_frequent", "uniform", "constant"))
    if strategy == "prior":
        return prior
    if strategy == "uniform":
        return np.full(len(prior), 1.0 / len(prior))
    chosen = prior.argmax() == np.arange(len(prior))
    if strategy == "constant":
        chosen = np.asarray(init.child("classes_").value) == init.child("constant").value
    return chosen.astype(np.float64)
