import itertools

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from mlx.plots import tree_diagram


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


LEFT, RIGHT = [1, 3, -1, -1, -1], [2, 4, -1, -1, -1]
TEXTS = ["root\nmore", "inner\nmore", "leaf 2", "leaf 3", "leaf 4"]
ANSWERS = ["", "yes", "no", "yes", "no\nor missing"]
PARTS = (LEFT, RIGHT, TEXTS, ANSWERS, [0, 0, -2.0, 1.0, 0.0], [10.0, 6, 4, 5, 1])


def place(ax, text):
    (found,) = [t for t in ax.texts if t.get_text() == text]
    return found


def test_parents_stand_in_the_middle_above_their_children():
    ax = tree_diagram(*PARTS, title="one")
    assert place(ax, "leaf 3").get_position() == (0, -2)
    assert place(ax, "leaf 4").get_position() == (1, -2)
    assert place(ax, "inner\nmore").get_position() == (0.5, -1)
    assert place(ax, "root\nmore").get_position() == (1.25, 0)
    assert ax.get_title() == "one"


def test_ways_are_marked_and_as_wide_as_their_cover():
    ax = tree_diagram(*PARTS)
    widths = sorted(line.get_linewidth() for line in ax.lines)
    assert widths == pytest.approx([0.6, 2.4, 3.0, 3.6])
    assert place(ax, "no\nor missing").get_position() == pytest.approx((0.75, -1.5))


def test_leaves_are_coloured_by_sign_and_size():
    ax = tree_diagram(*PARTS)
    red, blue, white = (np.array(place(ax, f"leaf {k}").get_bbox_patch().get_facecolor()[:3]) for k in (3, 2, 4))
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert white.tolist() == [1.0, 1.0, 1.0]
    assert (1 - blue).max() > (1 - red).max() * 0.9


def test_deeper_questions_are_left_out():
    ax = tree_diagram(*PARTS, max_depth=1)
    assert {text.get_text() for text in ax.texts} == {"root\nmore", "inner\n…", "leaf 2", "yes", "no"}
    tree_diagram(*PARTS, max_depth=0).figure.canvas.draw()


def test_a_leaf_alone_and_no_cover():
    tree_diagram([-1], [-1], ["0"], [""], [0.0], [0.0]).figure.canvas.draw()
    tree_diagram(*PARTS[:5], np.zeros(5)).figure.canvas.draw()


def test_texts_of_a_level_do_not_overlap():
    """16 leaves with lines of 14 characters, on a page and on axes that are too small for the largest type."""
    n = 31
    left = np.where(np.arange(n) < 15, 2 * np.arange(n) + 1, -1)
    right = np.where(left > 0, left + 1, -1)
    texts = ["a name of some"] * n
    for ax in (None, plt.subplots(figsize=(12, 6))[1]):
        ax = tree_diagram(left, right, texts, ["yes"] * n, np.linspace(-1, 1, n), np.ones(n), ax=ax)
        ax.figure.canvas.draw()
        boxes = [t.get_window_extent() for t in ax.texts if t.get_text() == texts[0] and t.get_position()[1] == -4]
        boxes.sort(key=lambda box: box.x0)
        assert len(boxes) == 16
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


@pytest.mark.parametrize("changes", [{"max_depth": -1}, {"values": [1.0]}])
def test_bad_input(changes):
    names = ("left", "right", "texts", "answers", "values", "cover")
    with pytest.raises(ValueError, match=r"max_depth|one entry per node"):
        tree_diagram(**{**dict(zip(names, PARTS)), **changes})
