"""Damaged models of other libraries end in `ModelFormatError`, which says where, or predict what is left in them."""

import copy
import math

import numpy as np
import pytest

from mlx.tree import tree_ensemble_of
from mlx.tree.document import ModelFormatError
from mlx.tree.lightgbm_model import read_lightgbm
from tests.foreign_models import MODEL_TEXT, NODES, adaboost, boosting, cart, fitted, forest, histogram, isolation

TEXT = MODEL_TEXT.format(
    decision_type="1", threshold="0", sets="num_cat=1\ncat_boundaries=0 2\ncat_threshold=5 2", more=""
)
HUGE = "1" * 30


def edited(old, new):
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


TEXTS = {
    "no text": ("", "must start with the line 'tree'"),
    "another text": ("treehouse\n", "must start"),
    "cut off": (TEXT[: TEXT.index("end of trees")], "cut off"),
    "no number of columns": (edited("max_feature_idx=1\n", ""), "model.max_feature_idx: is missing"),
    "number of columns": (edited("max_feature_idx=1", "max_feature_idx=99999999999"), "model.max_feature_idx"),
    "classes": (edited("per_iteration=1", "per_iteration=2"), "1 trees are no whole number of rounds of 2"),
    "names": (edited("feature_names=a b", "feature_names=a"), "1 names for 2 columns"),
    "objective": (edited("binary sigmoid:1", "guess"), "model.objective: predictions of 'guess'"),
    "sigmoid": (edited("sigmoid:1", "sigmoid:-1"), "sigmoid '-1'"),
    "sigmoid text": (edited("sigmoid:1", "sigmoid:x"), "sigmoid 'x'"),
    "key twice": (edited("num_leaves=2", "num_leaves=2\nnum_leaves=2"), "Tree=0.num_leaves: stands twice"),
    "number of tree": (edited("Tree=0", "Tree=1"), "Tree=0: its line says 'Tree=1'"),
    "leaves": (edited("num_leaves=2", "num_leaves=3"), "Tree=0.leaf_value: has 2 elements; it must have 3"),
    "huge leaves": (edited("num_leaves=2", "num_leaves=1000000000"), "Tree=0.leaf_value: has 2 elements"),
    "no leaves": (edited("num_leaves=2", "num_leaves=0"), "Tree=0.num_leaves"),
    "child": (edited("left_child=-1", "left_child=-3"), "Tree=0.left_child: a node has a child that is not there"),
    "inner child": (edited("left_child=-1", "left_child=1"), "Tree=0.left_child"),
    "child twice": (edited("left_child=-1", "left_child=-2"), "Tree=0: left, right: node"),
    "own child": (edited("left_child=-1", "left_child=0"), "Tree=0: left: node 0"),
    "column": (edited("split_feature=0", "split_feature=2"), "Tree=0.split_feature"),
    "column text": (edited("split_feature=0", "split_feature=a"), "Tree=0.split_feature: must hold integers"),
    "kind": (edited("decision_type=1", "decision_type=13"), "Tree=0.decision_type"),
    "value": (edited("leaf_value=1 2", "leaf_value=1 nan"), "Tree=0.leaf_value: must hold numbers"),
    "huge value": (edited("leaf_value=1 2", "leaf_value=1 1e999"), "Tree=0.leaf_value: holds a number beyond"),
    "cover": (edited("leaf_weight=3 4", "leaf_weight=3 -4"), "Tree=0: cover: node 2 is negative"),
    "sets": (edited("num_cat=1", "num_cat=0"), "Tree=0.num_cat"),
    "number of set": (edited("threshold=0", "threshold=1"), "Tree=0.num_cat"),
    "number of kind": (edited("decision_type=1", "decision_type=0"), "Tree=0.num_cat"),
    "boundaries": (edited("cat_boundaries=0 2", "cat_boundaries=0 3"), "Tree=0.cat_boundaries"),
    "empty set": (edited("cat_threshold=5 2", "cat_threshold=0 0"), "Tree=0.cat_threshold: a set has no category"),
    "words": (edited("cat_threshold=5 2", "cat_threshold=5 -2"), "Tree=0.cat_threshold: must be words"),
    "wide word": (edited("cat_threshold=5 2", "cat_threshold=5 4294967296"), "Tree=0.cat_threshold"),
    "linear": (edited("is_linear=0", "is_linear=1"), "linear models in their leaves"),
    "categories": (edited("categorical:null", "categorical:[[1"), "model.pandas_categorical: is no JSON"),
    "categories kind": (edited("categorical:null", "categorical:[[[]]]"), "must be lists of categories"),
    "average": (TEXT[: TEXT.index("Tree=0")] + "average_output\n\nend of trees\n", "no trees to average"),
}


@pytest.mark.parametrize(("text", "message"), TEXTS.values(), ids=TEXTS)
def test_damaged_lightgbm_text(text, message):
    with pytest.raises(ModelFormatError, match=message):
        read_lightgbm(text)


def test_columns_that_disagree_about_zeros():
    second = TEXT[TEXT.index("Tree=0") : TEXT.index("end of trees")].replace("Tree=0", "Tree=1")
    plain = ("num_cat=1", "num_cat=0"), ("threshold=0\n", "threshold=0.5\n")
    first = TEXT
    for old, new in plain:
        first, second = first.replace(old, new), second.replace(old, new)
    first = first.replace("decision_type=1", "decision_type=4")
    for kind, is_known in (("0", True), ("6", True), ("8", False)):
        text = first.replace(
            "end of trees", second.replace("decision_type=1", f"decision_type={kind}") + "end of trees"
        )
        if is_known:
            assert read_lightgbm(text).n_trees == 2
        else:
            with pytest.raises(ModelFormatError, match="zeros of column 0 are missing in some trees"):
                read_lightgbm(text)


def leaf_of_dump(number, value):
    return {"leaf_index": number, "leaf_value": value, "leaf_weight": 2.0, "leaf_count": 2}


def question_of_dump(number, left, right, **facts):
    facts = {"split_feature": 1, "threshold": 0.5, "decision_type": "<=", "missing_type": "NaN", **facts}
    own = {"internal_value": 0.1, "internal_weight": 4.0, "internal_count": 4, "split_gain": 3.0, "default_left": True}
    return {"split_index": number, **own, **facts, "left_child": left, "right_child": right}


DUMP = {
    "max_feature_idx": 1,
    "num_tree_per_iteration": 1,
    "objective": "regression",
    "average_output": False,
    "feature_names": ["a", "b"],
    "feature_infos": {"a": {"values": [0, 1, 33]}, "b": {"values": []}},
    "pandas_categorical": None,
    "tree_info": [
        {
            "num_leaves": 3,
            "tree_structure": question_of_dump(
                0,
                question_of_dump(1, leaf_of_dump(0, 1.0), leaf_of_dump(2, 2.0)),
                leaf_of_dump(1, 4.0),
                split_feature=0,
                threshold="1||33",
                decision_type="==",
            ),
        },
        {"num_leaves": 1, "tree_structure": {"leaf_value": 0.5}},
    ],
}
ROWS_OF_DUMP = [[1.0, 0.0], [33.0, 1.0], [1.0, np.nan], [0.0, 0.0], [np.nan, 1.0]]


def places_of(value, path=()):
    """Every place of a document."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places_of(member, (*path, key))


def changed(path, token):
    document = copy.deepcopy(DUMP)
    if not path:
        return token
    place = document
    for key in path[:-1]:
        place = place[key]
    if token is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = token
    return document


MISSING = object()


def test_a_lightgbm_dump_is_read():
    assert tree_ensemble_of(DUMP).margin(ROWS_OF_DUMP)[:, 0].tolist() == [1.5, 2.5, 1.5, 4.5, 4.5]


def test_any_place_of_a_lightgbm_dump_may_be_wrong():
    """Whatever stands in a place, the document is refused or predicts finite margins."""
    loop = question_of_dump(1, leaf_of_dump(0, 1.0), leaf_of_dump(2, 2.0))
    loop["left_child"] = loop
    tokens = [
        MISSING,
        None,
        True,
        -1,
        0,
        7,
        1 << 70,
        1e999,
        math.nan,
        "x",
        "0||-1",
        "9999999999",
        "٣",
        [],
        [[]],
        {},
        loop,
    ]
    n_refused = n_read = 0
    for path in places_of(DUMP):
        for token in tokens if path else [{"tree_info": None}, {"tree_info": 3}]:
            document = changed(path, token)
            try:
                ensemble = tree_ensemble_of(document)
            except ModelFormatError:
                n_refused += 1
                continue
            except TypeError:
                assert path == ("tree_info",)
                continue
            n_read += 1
            rows = np.resize(ROWS_OF_DUMP, (5, ensemble.n_features))
            assert np.isfinite(ensemble.margin(rows)).all(), path
    assert n_refused > 400
    assert n_read > 50


def test_any_token_of_a_lightgbm_text_may_be_wrong():
    """Whatever stands in the place of a token, the text is refused or predicts finite margins."""
    tokens = ["", "-1", "0", "7", "1e999", "nan", "inf", "x", HUGE, "0 0", "1.5", "-2147483649", "٣"]
    start, end = TEXT.index("num_class"), TEXT.index("feature_importances")
    lines, n_refused, n_read = TEXT[start:end].split("\n"), 0, 0
    rows = np.array([[0.0, 1.0], [np.nan, np.inf], [33.0, -1.0]])
    for number, line in enumerate(lines):
        key, separator, values = line.partition("=")
        parts = values.split(" ")
        for place in range(len(parts) if separator else 0):
            for token in tokens:
                changed = [*lines[:number], f"{key}={' '.join([*parts[:place], token, *parts[place + 1 :]])}"]
                text = TEXT[:start] + "\n".join([*changed, *lines[number + 1 :]]) + TEXT[end:]
                try:
                    ensemble = read_lightgbm(text)
                except ModelFormatError:
                    n_refused += 1
                    continue
                n_read += 1
                columns = rows[:, :1] if ensemble.n_features == 1 else rows
                columns = np.resize(columns, (3, ensemble.n_features))
                assert np.isfinite(ensemble.margin(columns)).all(), text
    assert n_refused > 150
    assert n_read > 100


WRONG_TREES = {
    "child": ({"children_left": [3, -1, -1]}, "left: node 0"),
    "one child": ({"children_right": [-1, -1, -1]}, "right: node 0"),
    "children of two kinds": ({"children_left": [1.0, -1, -1]}, "children_left: must be an array"),
    "short": ({"feature": [0, -2]}, "feature: must be an array of shape"),
    "column": ({"feature": [1, -2, -2]}, "feature: must be columns from 0 to 0"),
    "threshold": ({"threshold": [np.nan, -2, -2]}, "threshold: node 0"),
    "short threshold": ({"threshold": [0.5]}, "threshold: shape"),
    "value": ({"value": np.array([1, np.nan, 2]).reshape(3, 1, 1)}, "value: is not finite"),
    "value of classes": ({"value": np.ones((3, 1))}, "value: must be an array of shape"),
    "cover": ({"weighted_n_node_samples": [5.0, -2, 3]}, "cover: node 1 is negative"),
    "impurity": ({"impurity": [np.inf, 0, 0]}, "impurity: is not finite"),
    "no impurity": ({"impurity": None}, "has no attribute 'impurity'"),
    "sides": ({"missing_go_to_left": ["a", "b", "c"]}, "missing_go_to_left: must be an array"),
}


@pytest.mark.parametrize(("changes", "message"), WRONG_TREES.values(), ids=WRONG_TREES)
def test_damaged_decision_tree(changes, message):
    tree = fitted("DecisionTreeRegressor", tree_=cart(**changes))
    with pytest.raises(ModelFormatError, match=rf"DecisionTreeRegressor\.tree_.*{message}"):
        tree_ensemble_of(tree)
    with pytest.raises(ModelFormatError, match=rf"RandomForestRegressor\.estimators_\[1\]\.tree_.*{message}"):
        tree_ensemble_of(forest(fitted("DecisionTreeRegressor"), tree))


def nodes_with(**changes):
    nodes = copy.deepcopy(histogram()._predictors[0][0].nodes)
    for name, value in changes.items():
        nodes[name] = value
    return nodes


WRONG_MODELS = {
    "no trees": (forest(), "estimators_: must be a sequence that is not empty"),
    "not fitted": (fitted("RandomForestRegressor"), "has no attribute 'estimators_'; is the model fitted"),
    "columns": (fitted("DecisionTreeRegressor", n_features_in_=0), "n_features_in_: must be an integer of at least 1"),
    "outputs": (fitted("DecisionTreeRegressor", n_outputs_=2), "tree_.value: must be an array"),
    "classes": (fitted("DecisionTreeClassifier", n_classes_=3), "tree_.value: has 1 classes, not 3"),
    "classes text": (fitted("DecisionTreeClassifier", n_classes_="3"), "n_classes_: must be 1 numbers of classes"),
    "names": (fitted("DecisionTreeRegressor", feature_names_in_=np.array(["a", "b"])), "feature_names_in_: must be"),
    "loss": (boosting(loss="guess"), "loss: 'guess' is none of"),
    "loss object": (boosting(loss=3), "loss: 3 is none of"),
    "rate": (boosting(learning_rate=np.inf), "learning_rate: is not finite"),
    "stages": (boosting(estimators_=[1, 2]), "estimators_: must be an array of shape"),
    "start": (boosting(init_=fitted("Ridge")), "init_: Ridge starts from a margin that depends on the row"),
    "weights": (adaboost(estimator_weights_=np.array([1.0])), "tree_weight: shape"),
    "weights nan": (adaboost(estimator_weights_=np.array([1.0, np.nan])), "estimator_weights_: is not finite"),
    "votes": (adaboost(classes_=np.array(["no", "maybe"])), r"estimators_\[0\].classes_: must be among the classes"),
    "one class": (adaboost(n_classes_=1), "n_classes_: must be an integer of at least 2"),
    "columns of a tree": (isolation(estimators_features_=[np.array([2])]), r"estimators_features_\[0\]: must be"),
    "columns of no tree": (isolation(estimators_=[fitted("A"), fitted("B")]), "estimators_features_"),
    "histogram nodes": (histogram(nodes=np.zeros(3)), "nodes: must be records with the fields"),
    "histogram child": (histogram(nodes=nodes_with(left=[7, 0, 0])), "left: node 0"),
    "histogram column": (histogram(nodes=nodes_with(feature_idx=[2, 0, 0])), "feature_idx: must be columns"),
    "histogram set": (histogram(nodes=nodes_with(bitset_idx=[1, 0, 0])), "raw_left_cat_bitsets: a node has set 1 of 1"),
    "histogram words": (histogram(sets=np.zeros((1, 3), np.uint32)), "raw_left_cat_bitsets: must be an array"),
    "histogram value": (histogram(nodes=nodes_with(value=[0, np.nan, 1])), "value: node 1"),
    "histogram threshold": (
        histogram(nodes=nodes_with(is_categorical=0, num_threshold=np.nan)),
        "threshold: node 0 is not a number",
    ),
    "histogram rounds": (histogram(_predictors=[[1, 2]]), r"_predictors\[0\]: must hold 1 trees"),
    "histogram base": (histogram(_baseline_prediction=np.array([[np.inf]])), "_baseline_prediction: is not finite"),
    "histogram encoder": (histogram(_preprocessor=None), "models before scikit-learn 1.4 are not read"),
    "histogram categories": (histogram(is_categorical_=np.array([True, True])), "categories_: must be those of 2"),
    "histogram nothing": (histogram(nodes=np.zeros(0, NODES)), "left: a tree has at least one node"),
}


@pytest.mark.parametrize(("model", "message"), WRONG_MODELS.values(), ids=WRONG_MODELS)
def test_damaged_models(model, message):
    with pytest.raises(ModelFormatError, match=message):
        tree_ensemble_of(model)


def test_undamaged_models_are_read():
    """The stand-ins themselves are models: what is refused above is refused for the damage."""
    rows = [[0.0], [1.0]]
    assert tree_ensemble_of(fitted("DecisionTreeRegressor")).margin(rows)[:, 0].tolist() == [1, 2]
    assert tree_ensemble_of(forest(fitted("DecisionTreeRegressor"))).margin(rows)[:, 0].tolist() == [1, 2]
    assert tree_ensemble_of(boosting()).margin(rows)[:, 0].tolist() == [0.2, 0.4]
    assert tree_ensemble_of(adaboost()).margin(rows)[:, 0].tolist() == [-2, 2]
    assert tree_ensemble_of(isolation()).margin([[9, 0], [9, 1]])[:, 0].tolist() == pytest.approx([2, 2.20739236])
    assert tree_ensemble_of(histogram()).margin([[9, 5], [9, 3], [9, np.nan]])[:, 0].tolist() == [1.5, 2.5, 2.5]
    assert read_lightgbm(TEXT).margin([[0, 9], [1, 9]])[:, 0].tolist() == [1, 2]


class Broken:
    def __call__(self, **arguments):
        raise RuntimeError("gone\nand more")


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_a_library_that_fails_says_so(library):
    method = {"xgboost": "save_raw", "lightgbm": "model_to_string"}[library]
    with pytest.raises(ModelFormatError, match=f"Booster.{method}: RuntimeError: gone$"):
        tree_ensemble_of(fitted("Booster", library, **{method: Broken()}))
