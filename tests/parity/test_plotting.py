"""Pictures beside xgboost's: the same arguments, the same bars, the same text for Graphviz."""

import inspect
import json
import sys
import types
from pathlib import Path

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from mlx.boosting import XGBRegressor, plot_importance, plot_tree, to_graphviz

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore::UserWarning:xgboost")]

xgboost = pytest.importorskip("xgboost")

STORED = Path(__file__).parent.parent / "models" / "3.2"


@pytest.fixture
def both():
    ours, theirs = XGBRegressor(), xgboost.Booster(model_file=STORED / "squared_error.json")
    ours.load_model(STORED / "squared_error.json")
    yield ours, theirs
    plt.close("all")


@pytest.mark.parametrize("function", [plot_importance, plot_tree, to_graphviz], ids=lambda function: function.__name__)
def test_arguments_are_the_librarys(function):
    theirs = inspect.signature(getattr(xgboost, function.__name__)).parameters
    ours = dict(inspect.signature(function).parameters)
    if function is plot_tree:
        assert ours.pop("max_depth").default is None
    assert list(ours) == list(theirs)
    for name, parameter in theirs.items():
        assert (ours[name].default, ours[name].kind) == (parameter.default, parameter.kind), name


@pytest.mark.parametrize("kind", ["weight", "gain", "cover", "total_gain", "total_cover"])
def test_bars_are_the_librarys(both, kind):
    axes = [
        plot(model, importance_type=kind, max_num_features=4)
        for plot, model in zip((plot_importance, xgboost.plot_importance), both)
    ]
    first, second = ([label.get_text() for label in ax.get_yticklabels()] for ax in axes)
    assert first == second
    first, second = ([(bar.get_width(), bar.get_height()) for bar in ax.patches] for ax in axes)
    np.testing.assert_allclose(first, second, rtol=1e-5)
    assert axes[0].get_title() == axes[1].get_title() and axes[0].get_ylim() == axes[1].get_ylim()


def test_text_for_graphviz_is_the_librarys(both, monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", types.SimpleNamespace(Source=str))
    ours, theirs = both
    assert to_graphviz(ours, tree_idx=1, with_stats=True) == theirs.get_dump(dump_format="dot", with_stats=True)[1]
    style = {
        "condition_node_params": {"shape": "box", "fillcolor": "#78bceb"},
        "leaf_node_params": {"style": "filled"},
    }
    asked = {**style, "edge": {"yes_color": "#111111", "no_color": "#222222"}, "graph_attrs": {"size": "3"}}
    expected = theirs.get_dump(dump_format=f"dot:{json.dumps(asked)}")[0]
    assert to_graphviz(ours, yes_color="#111111", no_color="#222222", size="3", **style) == expected
