"""Text and pictures of decision trees that are made by hand."""

import io

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from mlx.tree import export_graphviz, export_text, plot_tree
from tests.foreign_models import cart, fitted


def regressor(**changes):
    tree = cart(n_classes=[1], **changes)
    tree.n_features, tree.n_outputs = 1, 1
    return fitted("DecisionTreeRegressor", tree_=tree, criterion="squared_error")


def chain(n_levels):
    """Each left child is a leaf, each right one asks again."""
    n = 2 * n_levels + 1
    inner = (np.arange(n) % 2 == 0) & (np.arange(n) < n - 1)
    return regressor(
        children_left=np.where(inner, np.arange(n) + 1, -1),
        children_right=np.where(inner, np.arange(n) + 2, -1),
        feature=np.where(inner, 0, -2),
        threshold=np.where(inner, 0.5, -2),
        value=np.arange(n, dtype=float).reshape(n, 1, 1),
        impurity=np.zeros(n),
        n_node_samples=np.ones(n, dtype=int),
        weighted_n_node_samples=np.ones(n),
        missing_go_to_left=None,
    )


def test_text_report_as_it_is_read():
    expected = "|--- x <= 0.5\n|   |--- value: [1.0]\n|--- x >  0.5\n|   |--- value: [2.0]\n"
    assert export_text(regressor(), feature_names=["x"], decimals=1) == expected


def test_graphviz_as_it_is_read():
    text = export_graphviz(regressor(), label="none", impurity=False, filled=True)
    assert text.splitlines() == [
        "digraph Tree {",
        'node [shape=box, style="filled", color="black", fontname="helvetica"] ;',
        'edge [fontname="helvetica"] ;',
        '0 [label="x[0] <= 0.5\\n5\\n1.6", fillcolor="#efb388"] ;',
        '1 [label="2\\n1.0", fillcolor="#ffffff"] ;',
        '0 -> 1 [labeldistance=2.5, labelangle=45, headlabel="True"] ;',
        '2 [label="3\\n2.0", fillcolor="#e58139"] ;',
        '0 -> 2 [labeldistance=2.5, labelangle=-45, headlabel="False"] ;',
        "}",
    ]


def test_graphviz_is_written_to_what_can_be_written_to():
    file = io.StringIO()
    assert export_graphviz(regressor(), file) is None
    assert file.getvalue() == export_graphviz(regressor())


def test_trees_deeper_than_python_recurses():
    tree = chain(3_000)
    assert export_text(tree, max_depth=None).count("value:") == 3_001
    assert "truncated branch of depth 2990" in export_text(tree)
    assert export_graphviz(tree, leaves_parallel=True).count("->") == 6_000


def test_all_digits():
    tree = regressor(threshold=[1 / 3, -2, -2])
    assert "x[0] <= 0.3333333333333333\\n" in export_graphviz(tree, precision=None)
    assert "x[0] <= 0.0\\n" in export_graphviz(tree, precision=0)


def test_an_impurity_that_is_an_object_has_a_name():
    class MSE:
        pass

    tree = regressor()
    for criterion, name in ((MSE(), "squared_error"), (object(), "impurity")):
        tree.criterion = criterion
        assert f"\\n{name} = 1.0\\n" in export_graphviz(tree)


WRONG = {
    "max_depth": -1,
    "label": "some",
    "precision": 1.5,
    "filled": "yes",
    "rounded": 1,
    "impurity": None,
    "node_ids": 2,
    "proportion": "no",
    "feature_names": ["a", "b"],
}
GRAPHVIZ_ONLY = {"leaves_parallel": 1, "rotate": "x", "special_characters": None, "fontname": 3, "out_file": 3}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_named(name):
    for export in (export_graphviz, plot_tree):
        with pytest.raises(ValueError, match=name):
            export(regressor(), **{name: WRONG[name]})


@pytest.mark.parametrize("name", GRAPHVIZ_ONLY)
def test_wrong_arguments_of_graphviz_are_named(name):
    with pytest.raises(ValueError, match=name):
        export_graphviz(regressor(), **{name: GRAPHVIZ_ONLY[name]})


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_depth", -1), ("spacing", 0), ("spacing", None), ("decimals", 0.5), ("show_weights", 3),
     ("feature_names", ["a", "b"])],
)  # fmt: skip
def test_wrong_arguments_of_the_report_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        export_text(regressor(), **{name: value})


def test_too_few_names_of_classes():
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier().fit([[0.0], [1.0]], ["a", "b"])
    for export in (export_text, export_graphviz, plot_tree):
        with pytest.raises(ValueError, match="class_names"):
            export(tree, class_names=["a"])
    assert "class" not in export_graphviz(tree, class_names=False)


def test_what_is_no_fitted_tree_is_refused():
    from sklearn.tree import DecisionTreeClassifier

    for export in (export_text, export_graphviz, plot_tree):
        with pytest.raises(NotFittedError):
            export(DecisionTreeClassifier())
        with pytest.raises(TypeError, match="decision_tree: int is no fitted decision tree"):
            export(3)


def test_a_picture_can_be_kept(tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot")
    figure, ax = plt.subplots(figsize=(6, 4))
    ax.plot([0, 1])
    boxes = plot_tree(regressor(), filled=True, rounded=True, fontsize=9, ax=ax)
    assert [box.get_text() for box in boxes[3:]] == ["True  ", "  False"]
    assert {box.get_fontsize() for box in boxes} == {9}
    assert not ax.lines
    figure.savefig(tmp_path / "tree.png")
    assert (tmp_path / "tree.png").stat().st_size > 5_000
    assert plot_tree(regressor())[0].axes is plt.gca()
    plt.close("all")
