"""Pictures of boosted models by xgboost's names: `plot_importance`, `plot_tree`, `to_graphviz`.

They take whatever offers `__tree_ensemble__`: fitted estimators, and `Booster`. Trees after the best round of early
stopping do not predict and are not shown; the library shows them.
"""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..plots.labels import number, shortened
from ..plots.tree import tree_diagram
from ..tree import Tree, TreeEnsemble
from ..tree.dump import DotStyle, answers, dot_dump, feature_name, node_categories
from ..tree.feature_map import read_feature_map
from ..tree.importance import importance_by_name

__all__ = ["draw_tree", "feature_types_of", "plot_importance", "plot_tree", "to_graphviz"]

# Characters that a leaf's column of a drawing has room for.
LONGEST_LINE = 14


def plot_importance(
    booster: Any,
    *,
    ax: Any = None,
    height: float = 0.2,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    title: str | None = "Feature importance",
    xlabel: str | None = "Importance score",
    ylabel: str | None = "Features",
    fmap: str | os.PathLike = "",
    importance_type: str = "weight",
    max_num_features: int | None = None,
    grid: bool = True,
    show_values: bool = True,
    values_format: str = "{v}",
    **kwargs: Any,
) -> Any:
    """Bars of the importance of the columns, the most important one on top.

    Parameters
    ----------
    booster : estimator, Booster or dict
        A fitted model, or importances by name, as of `Booster.get_score`.
    ax : matplotlib.axes.Axes, optional
        Default: a new figure.
    height : float, default=0.2
        Of the bars, which have a distance of 1.
    xlim, ylim : (float, float), optional
        Ends of the axes. Default: room for all bars.
    title, xlabel, ylabel : str or None
        None leaves the text out.
    fmap : str or path-like, default=""
        File of names and types of columns, see `mlx.tree.feature_map`.
    importance_type : {"weight", "gain", "cover", "total_gain", "total_cover"}, default="weight"
        See `mlx.tree.importance`. No trees are asked if `booster` is a dict.
    max_num_features : int, optional
        Number of columns shown. Default: all that some tree asks about.
    grid : bool, default=True
    show_values : bool, default=True
        Whether a bar's value stands beside it.
    values_format : str, default="{v}"
        How a value is written, as in ``"{v:.2f}"``.
    **kwargs : dict
        Passed to ``ax.barh``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If no tree asks about any column, or an argument is of no use: the message names it.
    """
    if isinstance(booster, Mapping):
        importance = dict(booster)
    else:
        importance = importance_by_name(_named_trees(booster, fmap)[0], importance_type)  # type: ignore[arg-type]
    if not importance:
        raise ValueError("booster: no tree asks about any column, so there is no importance to show")
    if max_num_features is not None and max_num_features < 1:
        raise ValueError(f"max_num_features={max_num_features} must be at least 1")
    for name, ends in (("xlim", xlim), ("ylim", ylim)):
        if ends is not None and (not isinstance(ends, tuple) or len(ends) != 2):
            raise ValueError(f"{name}={ends!r} must be a tuple of 2 elements")
    names = sorted(importance, key=importance.__getitem__)[-(max_num_features or len(importance)) :]
    values, places = [importance[name] for name in names], np.arange(len(names))
    if ax is None:
        import matplotlib.pyplot as plt

        # Wide enough for long names, and high enough for every name to be read.
        ax = plt.subplots(figsize=(6.4, max(4.8, 1.2 + 0.22 * len(names))), layout="constrained")[1]
    ax.barh(places, values, align="center", height=height, **kwargs)
    if show_values:
        for value, place in zip(values, places.tolist()):
            ax.annotate(values_format.format(v=value), (value, place), (3, 0), textcoords="offset points", va="center")
    ax.set_yticks(places, names)
    ax.set_xlim(xlim if xlim is not None else (0, max(values) * 1.15 or 1.0))
    ax.set_ylim(ylim if ylim is not None else (-1, len(names)))
    for text, write in ((title, ax.set_title), (xlabel, ax.set_xlabel), (ylabel, ax.set_ylabel)):
        if text is not None:
            write(text)
    ax.grid(grid)
    ax.set_axisbelow(True)
    return ax


def to_graphviz(
    booster: Any,
    *,
    fmap: str | os.PathLike = "",
    num_trees: int | None = None,
    rankdir: str | None = None,
    yes_color: str | None = None,
    no_color: str | None = None,
    condition_node_params: Mapping[str, Any] | None = None,
    leaf_node_params: Mapping[str, Any] | None = None,
    with_stats: bool = False,
    tree_idx: int = 0,
    **kwargs: Any,
) -> Any:
    """One tree as a graph that Graphviz draws, and notebooks show.

    Parameters
    ----------
    booster : estimator or Booster
    fmap : str or path-like, default=""
        File of names and types of columns, see `mlx.tree.feature_map`.
    num_trees : int, optional
        Old name of `tree_idx`, with a FutureWarning.
    rankdir : {"TB", "BT", "LR", "RL"}, optional
        From where to where the tree grows. Default: from top to bottom.
    yes_color, no_color : str, optional
        Colour of the edge that missing values take, and of the other one, as in the library. Default: blue, red.
    condition_node_params, leaf_node_params : dict, optional
        Graphviz's attributes of inner nodes and of leaves, as in ``{"shape": "box"}``.
    with_stats : bool, default=False
        Whether gains and covers are shown.
    tree_idx : int, default=0
        Number of the tree.
    **kwargs : dict
        Graphviz's attributes of the graph.

    Returns
    -------
    graphviz.Source

    Raises
    ------
    ImportError
        If the Python package graphviz is not there. `XGBModel.to_graphviz` gives the text without it.
    """
    try:
        from graphviz import Source
    except ImportError:
        raise ImportError(
            "to_graphviz needs the Python package graphviz; the method to_graphviz of an estimator gives the text "
            "without it, and plot_tree draws without it"
        ) from None
    ensemble, types = _named_trees(booster, fmap)
    shown = ensemble.select([_chosen_tree(ensemble, num_trees, tree_idx)])
    colours = {"missing_colour": yes_color, "other_colour": no_color}
    style = DotStyle(
        **{name: colour for name, colour in colours.items() if colour is not None},
        graph=kwargs,
        question=condition_node_params or {},
        leaf=leaf_node_params or {},
    )
    dumps = dot_dump(shown, with_stats=with_stats, feature_types=types, rankdir=rankdir or "TB", style=style)
    return Source(dumps[0])


def plot_tree(
    booster: Any,
    *,
    fmap: str | os.PathLike = "",
    num_trees: int | None = None,
    rankdir: str | None = None,
    ax: Any = None,
    with_stats: bool = False,
    tree_idx: int = 0,
    max_depth: int | None = None,
    **kwargs: Any,
) -> Any:
    """Draw one tree with matplotlib alone; the library needs Graphviz for it.

    Parameters
    ----------
    booster : estimator or Booster
    fmap : str or path-like, default=""
        File of names and types of columns, see `mlx.tree.feature_map`.
    num_trees : int, optional
        Old name of `tree_idx`, with a FutureWarning.
    rankdir : {"TB"}, optional
        The tree grows from top to bottom; `to_graphviz` has other ways.
    ax : matplotlib.axes.Axes, optional
        Default: a new figure, sized for the tree.
    with_stats : bool, default=False
        Whether gains and covers are shown.
    tree_idx : int, default=0
        Number of the tree.
    max_depth : int, optional
        Deeper questions are left out. Default: all are shown.
    **kwargs : dict
        What the library passes on to Graphviz is not supported.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    NotImplementedError
        If Graphviz is to be told something: the message names it.
    """
    told = {**({} if rankdir in (None, "TB") else {"rankdir": rankdir}), **kwargs}
    if told:
        name, value = next(iter(told.items()))
        raise NotImplementedError(f"plot_tree: argument {name}={value!r} is for Graphviz; to_graphviz has it")
    ensemble, types = _named_trees(booster, fmap)
    chosen = _chosen_tree(ensemble, num_trees, tree_idx)
    return draw_tree(ensemble, chosen, types, with_stats=with_stats, max_depth=max_depth, ax=ax)


def draw_tree(
    ensemble: TreeEnsemble,
    chosen: int,
    feature_types: list[str] | None = None,
    *,
    with_stats: bool = True,
    max_depth: int | None = None,
    ax: Any = None,
) -> Any:
    """Draw one of the trees; parameters as in `plot_tree`, types as in `mlx.tree.dump.text_dump`."""
    tree = ensemble.trees[chosen]
    kinds = ["" if feature_types is None or f < 0 else feature_types[f] for f in tree.feature]
    # With vectors in the leaves the colour is that of the mean.
    values = tree.value if tree.value.ndim == 1 else tree.value.mean(axis=1)
    return tree_diagram(
        tree.left,
        tree.right,
        [_node_label(ensemble, tree, node, kinds[node], with_stats) for node in range(tree.n_nodes)],
        _ways(ensemble, tree, kinds),
        values,
        tree.cover,
        max_depth=max_depth,
        title=f"tree {chosen}",
        ax=ax,
    )


def feature_types_of(booster: Any) -> list[str] | None:
    """Types of a model's columns in xgboost's words, if they are known: from its training, or from its file."""
    for name in ("_feature_types", "feature_types"):
        types = getattr(booster, name, None)
        if isinstance(types, list | tuple):
            return list(types)
    return None


def _named_trees(booster: Any, fmap: str | os.PathLike) -> tuple[TreeEnsemble, list[str] | None]:
    """Trees of a model with the names of columns, and the types of these if they are known."""
    if not hasattr(booster, "__tree_ensemble__"):
        raise ValueError(f"booster: a fitted model is needed, not {type(booster).__name__}")
    ensemble = booster.__tree_ensemble__()
    if not os.fspath(fmap):
        return ensemble, feature_types_of(booster)
    names, types = read_feature_map(fmap, ensemble.n_features)
    return dataclasses.replace(ensemble, feature_names=tuple(names)), types


def _chosen_tree(ensemble: TreeEnsemble, num_trees: int | None, tree_idx: int) -> int:
    if num_trees is not None:
        warnings.warn("num_trees is an old name: use tree_idx", FutureWarning, stacklevel=3)
        if tree_idx not in (0, num_trees):
            raise ValueError(f"num_trees={num_trees} and tree_idx={tree_idx} are not the same tree")
        tree_idx = num_trees
    if not 0 <= tree_idx < ensemble.n_trees:
        raise ValueError(f"tree_idx={tree_idx}: the model has {ensemble.n_trees} trees, the first one is number 0")
    return tree_idx


def _node_label(ensemble: TreeEnsemble, tree: Tree, node: int, kind: str, with_stats: bool) -> str:
    """A few short lines: the column, what is asked about it, gain and cover."""
    stats = [f"cover {number(tree.cover[node])}"] if with_stats else []
    if tree.left[node] < 0:
        values = np.atleast_1d(tree.value[node])
        return "\n".join([*(f"{float(value):+.4g}" for value in values), *stats])
    lines = [feature_name(ensemble, int(tree.feature[node]))]
    codes = node_categories(tree, node)
    if codes:
        lines.append(f"in {{{', '.join(map(str, codes))}}}")
    elif kind != "i":
        lines.append(f"{ensemble.comparison} {number(tree.threshold[node])}")
    stats = [f"gain {number(tree.gain[node])}", *stats] if with_stats else []
    return "\n".join([*(shortened(line, LONGEST_LINE) for line in lines), *stats])


def _ways(ensemble: TreeEnsemble, tree: Tree, kinds: list[str]) -> list[str]:
    """Answer that leads to each node."""
    texts = [""] * tree.n_nodes
    for node in np.flatnonzero(~tree.is_leaf):
        yes, no, missing = answers(ensemble, tree, int(node), kinds[node])
        texts[yes], texts[no] = "yes", "no"
        texts[missing] += "\nor missing"
    return texts
