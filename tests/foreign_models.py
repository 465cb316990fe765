"""Stand-ins for fitted models of other libraries: objects of their classes' names, with their attributes."""

from types import SimpleNamespace

import numpy as np

# A LightGBM model of two columns and one tree, which asks one question about column 0.
MODEL_TEXT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b
feature_infos=[-1:1] [0:5]
tree_sizes=400

Tree=0
num_leaves=2
{sets}
split_feature=0
split_gain=9
threshold={threshold}
decision_type={decision_type}
left_child=-1
right_child=-2
leaf_value=1 2
leaf_weight=3 4
leaf_count=3 4
internal_value=1.5
internal_weight=7
internal_count=7
{more}is_linear=0
shrinkage=1


end of trees

feature_importances:
a=1

parameters:
end of parameters

pandas_categorical:null
"""


def cart(**changes):
    """A `tree_` of scikit-learn: one question about column 0, answers 1 and 2; None takes an attribute away."""
    attributes = {
        "children_left": np.array([1, -1, -1]),
        "children_right": np.array([2, -1, -1]),
        "feature": np.array([0, -2, -2]),
        "threshold": np.array([0.5, -2, -2]),
        "value": np.array([1.6, 1, 2]).reshape(3, 1, 1),
        "impurity": np.array([1.0, 0.5, 0.25]),
        "n_node_samples": np.array([5, 2, 3]),
        "weighted_n_node_samples": np.array([5.0, 2, 3]),
        "missing_go_to_left": np.array([1, 0, 0], dtype=np.uint8),
    }
    attributes |= {name: value if value is None else np.asarray(value) for name, value in changes.items()}
    return SimpleNamespace(**{name: value for name, value in attributes.items() if value is not None})


def fitted(name, library="sklearn", **changes):
    """A fitted model of one column by the name of its class; None takes an attribute away."""
    attributes = {"n_features_in_": 1, "n_outputs_": 1, "tree_": cart(), **changes}
    model = type(name, (), {"__module__": f"{library}.somewhere"})()
    model.__dict__.update({key: value for key, value in attributes.items() if value is not None})
    return model


def forest(*trees, name="RandomForestRegressor", **changes):
    """A model whose `estimators_` are these decision trees."""
    return fitted(name, tree_=None, **{"estimators_": list(trees), **changes})


def boosting(**changes):
    """Gradient boosting of two rounds of one stump."""
    stumps = np.empty((2, 1), dtype=object)
    stumps[:] = fitted("DecisionTreeRegressor")
    parts = {"estimators_": stumps, "learning_rate": 0.1, "loss": "squared_error", "init_": "zero"}
    return fitted("GradientBoostingRegressor", tree_=None, **{**parts, **changes})


def adaboost(**changes):
    """Two stumps that vote for two classes."""
    shares = np.array([[0.4, 0.6], [1, 0], [0, 1]]).reshape(3, 1, 2)
    stump = fitted("DecisionTreeClassifier", tree_=cart(value=shares), classes_=np.array(["no", "yes"]))
    parts = {"estimators_": [stump, stump], "estimator_weights_": np.array([1.0, 0.5]), "n_classes_": 2}
    parts["classes_"] = np.array(["no", "yes"])
    return fitted("AdaBoostClassifier", tree_=None, **{**parts, **changes})


def isolation(**changes):
    """One isolation tree on the second of two columns."""
    parts = {"estimators_": [fitted("ExtraTreeRegressor")], "estimators_features_": [np.array([1])]}
    return fitted("IsolationForest", tree_=None, **{**parts, "n_features_in_": 2, **changes})


NODES = np.dtype(
    [
        ("value", "f8"), ("count", "u4"), ("feature_idx", "i8"), ("num_threshold", "f8"), ("missing_go_to_left", "u1"),
        ("left", "u4"), ("right", "u4"), ("gain", "f8"), ("is_leaf", "u1"), ("is_categorical", "u1"),
        ("bitset_idx", "u4"),
    ]
)  # fmt: skip


def histogram(nodes=None, sets=None, **changes):
    """A histogram booster of columns (number, category), whose one tree asks about the category: 1 goes left."""
    if nodes is None:
        nodes = np.zeros(3, NODES)
        nodes["left"][0], nodes["right"][0], nodes["is_leaf"][1:], nodes["value"] = 1, 2, 1, [0, 1, 2]
        nodes["is_categorical"][0] = 1
    sets = np.array([[2, 0, 0, 0, 0, 0, 0, 0]], dtype=np.uint32) if sets is None else sets
    encoder = SimpleNamespace(categories_=[np.array([3.0, 5.0, np.nan])])
    parts = {
        "n_features_in_": 2,
        "_predictors": [[SimpleNamespace(nodes=nodes, raw_left_cat_bitsets=sets)]],
        "_baseline_prediction": np.array([[0.5]]),
        "loss": "squared_error",
        "is_categorical_": np.array([False, True]),
        "_preprocessor": SimpleNamespace(named_transformers_={"encoder": encoder}),
    }
    return fitted("HistGradientBoostingRegressor", tree_=None, **{**parts, **changes})
