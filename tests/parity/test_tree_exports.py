"""Text reports and graphviz texts of decision trees are scikit-learn's, letter by letter; so are labels of pictures."""

import inspect

import numpy as np
import pytest

import mlx.tree
from mlx.tree import export_graphviz, export_text, plot_tree

pytestmark = pytest.mark.parity

library = pytest.importorskip("sklearn.tree")
matplotlib = pytest.importorskip("matplotlib")

RNG = np.random.default_rng(1)
X = np.round(RNG.normal(size=(120, 4)), 1)
SCORE = X[:, 0] * X[:, 1] + 0.3 * RNG.normal(size=120)
CLASSES = np.array(['a "b"', "c", "d"])[np.digitize(SCORE, [-0.5, 0.5])]
NAMES = ['petal "width"', "b", "c c", "<d>"]
WEIGHTS = RNG.random(120)

TREES = {
    "classes": library.DecisionTreeClassifier(max_depth=5, random_state=0).fit(X, CLASSES),
    "weighted": library.DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, CLASSES, WEIGHTS),
    "entropy, best first": library.DecisionTreeClassifier(criterion="entropy", max_leaf_nodes=9).fit(X, SCORE > 0),
    "many classes": library.DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, np.arange(120) % 23),
    "one class": library.DecisionTreeClassifier().fit(X, np.zeros(120)),
    "targets of classes": library.DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, np.c_[CLASSES, CLASSES]),
    "number": library.DecisionTreeRegressor(max_depth=5, random_state=0).fit(X, SCORE),
    "numbers": library.DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, np.c_[SCORE, X[:, 0], -SCORE]),
    "leaf": library.DecisionTreeRegressor().fit(X, np.ones(120)),
    "absolute error": library.DecisionTreeRegressor(criterion="absolute_error", max_depth=3).fit(X, 1000 * SCORE),
    "missing": library.ExtraTreeClassifier(max_depth=4, random_state=0).fit(np.where(X > 1, np.nan, X), CLASSES),
}

LABELS = [
    {},
    {"feature_names": NAMES, "class_names": True, "node_ids": True, "precision": 0},
    {"label": "root", "proportion": True, "precision": 1, "max_depth": 1},
    {"label": "none", "impurity": False, "node_ids": True},
    {"filled": True, "rounded": True, "max_depth": 0},
    {"filled": True, "proportion": True, "precision": 5},
]
GRAPHVIZ = [
    {"leaves_parallel": True, "rotate": True, "special_characters": True, "fontname": "times"},
    {"leaves_parallel": True, "max_depth": 2, "filled": True},
    {"special_characters": True, "feature_names": NAMES, "class_names": True, "node_ids": True},
]
TEXT = [
    {},
    {"feature_names": NAMES, "decimals": 0, "spacing": 1},
    {"max_depth": 0, "show_weights": True},
    {"max_depth": 2, "decimals": 5, "spacing": 5},
    {"show_weights": True},
]


def may_be_named(tree):
    return tree.tree_.n_outputs == 1 and tree.tree_.n_classes[0] != 1


@pytest.mark.parametrize("name", TREES)
def test_text_report(name):
    tree = TREES[name]
    for options in TEXT:
        assert export_text(tree, **options) == library.export_text(tree, **options)
    if may_be_named(tree):
        options = {"class_names": [f"k{k}" for k in range(len(tree.classes_))]}
        assert export_text(tree, **options) == library.export_text(tree, **options)


@pytest.mark.parametrize("name", TREES)
def test_graphviz(name, tmp_path):
    tree = TREES[name]
    for options in LABELS + GRAPHVIZ:
        if tree.tree_.n_outputs > 1 and options.get("filled") and tree.tree_.node_count == 1:
            continue
        assert export_graphviz(tree, **options) == library.export_graphviz(tree, **options)
    if may_be_named(tree):
        options = {"class_names": [f'"k{k}"' for k in range(len(tree.classes_))]}
        assert export_graphviz(tree, **options) == library.export_graphviz(tree, **options)
    assert export_graphviz(tree, str(tmp_path / "ours.dot")) is None
    assert (tmp_path / "ours.dot").read_text() == library.export_graphviz(tree)


@pytest.mark.parametrize("name", TREES)
def test_labels_colours_and_places_of_pictures(name):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    tree = TREES[name]
    for options in LABELS:
        drawn = []
        for plot in (plot_tree, library.plot_tree):
            ax = FigureCanvasAgg(Figure(figsize=(8, 6))).figure.subplots()
            boxes = plot(tree, ax=ax, **options)
            colour = [None if box.get_bbox_patch() is None else box.get_bbox_patch().get_facecolor() for box in boxes]
            places = [(np.round(box.xyann, 9).tolist(), np.round(box.xy, 9).tolist()) for box in boxes]
            texts = [(box.get_text(), str(own)) for box, own in zip(boxes, colour)]
            drawn.append(sorted(zip(texts, places)))
        assert drawn[0] == drawn[1]


@pytest.mark.parametrize("name", ["export_text", "export_graphviz", "plot_tree"])
def test_parameters_are_the_same(name):
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (mlx.tree, library))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]
