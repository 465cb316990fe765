"""Importances and trees as pictures: what they draw is what the trees say; arguments are the library's."""

import sys
import types
from pathlib import Path

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from mlx.boosting import XGBRegressor
from mlx.boosting.plotting import plot_importance, plot_tree, to_graphviz
from mlx.tree.importance import importance_by_name

STORED = Path(__file__).parent.parent.parent / "models" / "3.2"


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def model():
    return loaded("squared_error.json")


def loaded(name):
    model = XGBRegressor()
    model.load_model(STORED / name)
    return model


@pytest.fixture
def feature_map(tmp_path):
    path = tmp_path / "map.txt"
    path.write_text("0 first q\n1 second int\n2 third i\n3 fourth float\n4 fifth q\n")
    return path


def bars(ax):
    """Widths of the bars by the name beside them, from below."""
    names = [label.get_text() for label in ax.get_yticklabels()]
    return dict(zip(names, (bar.get_width() for bar in ax.patches), strict=True))


@pytest.mark.parametrize("kind", ["weight", "gain", "cover", "total_gain", "total_cover"])
def test_bars_are_the_importances_the_largest_on_top(model, kind):
    shown = bars(plot_importance(model, importance_type=kind))
    assert shown == importance_by_name(model.tree_ensemble_, kind)
    assert list(shown.values()) == sorted(shown.values())


def test_importance_of_a_dictionary_and_of_a_map(model, feature_map):
    assert bars(plot_importance({"b": 2.0, "a": 1.0})) == {"a": 1.0, "b": 2.0}
    assert set(bars(plot_importance(model, fmap=feature_map))) <= {"first", "second", "third", "fourth", "fifth"}


def test_arguments_of_plot_importance(model):
    axes = plt.subplots()[1]
    ax = plot_importance(
        model,
        ax=axes,
        height=0.5,
        xlim=(0, 99),
        ylim=(-2, 9),
        title=None,
        xlabel="score",
        ylabel=None,
        max_num_features=2,
        grid=False,
        values_format="{v:.3f}!",
        color="red",
    )
    assert ax is axes and len(ax.patches) == 2
    assert ax.patches[0].get_height() == pytest.approx(0.5)
    assert ax.patches[0].get_facecolor() == (1.0, 0.0, 0.0, 1.0)
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 99), (-2, 9))
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("", "score", "")
    assert [text.get_text() for text in ax.texts] == [f"{width:.3f}!" for width in bars(ax).values()]
    assert not plot_importance(model, show_values=False).texts
    assert not any(line.get_visible() for line in ax.get_xgridlines())
    assert all(line.get_visible() for line in plot_importance(model).get_xgridlines())
    defaults = plot_importance(model)
    assert (defaults.get_title(), defaults.get_ylabel()) == ("Feature importance", "Features")


@pytest.mark.parametrize(
    ("booster", "arguments", "message"),
    [
        ({}, {}, "booster: no tree"),
        ("model.json", {}, "booster: a fitted model"),
        ({"a": 1}, {"max_num_features": 0}, "max_num_features=0"),
        ({"a": 1}, {"xlim": [0, 1]}, "xlim="),
        ({"a": 1}, {"ylim": (0, 1, 2)}, "ylim="),
    ],
)
def test_plot_importance_refuses(booster, arguments, message):
    with pytest.raises(ValueError, match=message):
        plot_importance(booster, **arguments)


def test_plot_importance_refuses_a_kind_that_is_none(model):
    with pytest.raises(ValueError, match="importance_type='share'"):
        plot_importance(model, importance_type="share")


def test_tree_is_drawn_with_and_without_statistics(model, feature_map):
    tree = model.tree_ensemble_.trees[1]
    plain = [text.get_text() for text in plot_tree(model, tree_idx=1).texts]
    assert not any("cover" in text or "gain" in text for text in plain)
    ax = plot_tree(model, tree_idx=1, with_stats=True)
    assert sum("cover" in text.get_text() for text in ax.texts) == tree.n_nodes
    assert sum("gain" in text.get_text() for text in ax.texts) == np.count_nonzero(~tree.is_leaf)
    assert ax.get_title() == "tree 1"
    axes = plt.subplots()[1]
    named = plot_tree(model, fmap=feature_map, ax=axes, max_depth=1, rankdir="TB")
    assert named is axes
    assert any(text.get_text().startswith(("first", "second", "fourth", "fifth")) for text in named.texts)


def test_trees_with_categories_and_vectors_are_drawn():
    categories = [text.get_text() for text in plot_tree(loaded("categories.json")).texts]
    assert any("in {" in text for text in categories)
    vectors = loaded("vector_leaf.json")
    tree = vectors.tree_ensemble_.trees[0]
    texts = [text.get_text() for text in plot_tree(vectors).texts]
    leaf = int(np.flatnonzero(tree.is_leaf)[0])
    assert "\n".join(f"{float(value):+.4g}" for value in tree.value[leaf]) in texts


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"tree_idx": 3}, ValueError, "tree_idx=3: the model has 3 trees"),
        ({"tree_idx": -1}, ValueError, "tree_idx=-1"),
        ({"rankdir": "LR"}, NotImplementedError, "rankdir='LR'"),
        ({"yes_color": "red"}, NotImplementedError, "yes_color='red'"),
    ],
)
def test_plot_tree_refuses(model, arguments, error, message):
    with pytest.raises(error, match=message):
        plot_tree(model, **arguments)


def test_the_old_name_of_a_trees_number(model):
    with pytest.warns(FutureWarning, match="tree_idx"):
        assert plot_tree(model, num_trees=2).get_title() == "tree 2"
    with pytest.warns(FutureWarning), pytest.raises(ValueError, match="num_trees=2 and tree_idx=1"):
        plot_tree(model, num_trees=2, tree_idx=1)


def test_lines_of_a_map_that_are_none(model, tmp_path):
    path = tmp_path / "map.txt"
    for text in ("1 a q", "0 a", "0 a x", "0 a q\n" * 2, "\n".join(f"{j} c{j} q" for j in range(6))):
        path.write_text(text)
        with pytest.raises(ValueError, match="fmap: line"):
            plot_tree(model, fmap=path)


def test_graphviz_gets_the_text_of_the_tree(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", types.SimpleNamespace(Source=lambda text: ["source", text]))
    assert to_graphviz(model, tree_idx=2) == ["source", model.to_graphviz(2)]
    assert to_graphviz(model, with_stats=True, rankdir="LR") == [
        "source",
        model.to_graphviz(with_stats=True, rankdir="LR"),
    ]
    text = to_graphviz(
        model,
        yes_color="#111111",
        no_color="#222222",
        condition_node_params={"shape": "box", "fillcolor": 'a "colour"'},
        leaf_node_params={"shape": "oval"},
        size="3",
    )[1]
    tree = model.tree_ensemble_.trees[0]
    n_inner = int(np.count_nonzero(~tree.is_leaf))
    assert text.count('color="#111111"') == text.count('color="#222222"') == n_inner
    assert text.count(' fillcolor="a \\"colour\\"" shape="box" ]') == n_inner
    assert text.count(' shape="oval" ]') == tree.n_nodes - n_inner
    assert '    graph [ size="3" ]\n' in text


def test_graphviz_is_named_where_it_is_missing(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match="Python package graphviz"):
        to_graphviz(model)
