"""Tracing shows where the numbers of a fitted booster come from: text, table, drawing, the arithmetic of a node."""

from __future__ import annotations

import dataclasses
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ..tree import TreeEnsemble
from ..tree.frame import trees_to_dataframe
from ..tree.pruned import as_grown, ensemble_as_grown, has_pruned

__all__ = ["TracedTrees"]

# Objectives whose leaves are quantiles of residuals.
QUANTILE_LEAVES = ("reg:absoluteerror", "reg:quantileerror")


class TracedTrees(BaseEstimator):
    """Methods of the boosted estimators that show their trees."""

    def trees_to_dataframe(self) -> Any:
        """The nodes of all trees, a row per node.

        Returns
        -------
        pandas.DataFrame
            The columns of xgboost: Tree, Node, ID, Feature ("Leaf" at leaves), Split, Yes, No, Missing, Gain (at leaves
            what the leaf adds to the margin), Cover, Category; and ours: Depth; Gradient, the sum of gradients G, with
            the Similarity T(G)² / (H + λ) and the Weight -T(G) / (H + λ), before the learning rate, that follow from it
            and from the Hessians' sum H; RunnerUp, RunnerUpSplit and RunnerUpGain, the best split that was not taken:
            on another column, or at a leaf on any column. Ours, but for Depth, are NaN in models from files that do
            not hold them: those of the library, and those written with ``records=False``. Trees with vectors in their
            leaves have Gradient, Weight and Value for each output ("Gradient 0", ...). With ``keep_pruned=True``
            there is one more, Pruned: below the nodes of each tree stand those that were pruned, with the splits that
            they had; a node that was pruned to a leaf stands in both parts, by one number.

        Examples
        --------
        >>> from mlx.boosting import XGBRegressor
        >>> model = XGBRegressor(n_estimators=1, max_depth=1, reg_lambda=0)
        >>> model = model.fit([[5, 20], [10, 21], [12, 29], [8, 30]], [13, 14, 12, 11])
        >>> model.trees_to_dataframe()[["ID", "Feature", "Split", "Gain", "Similarity", "RunnerUp", "RunnerUpGain"]]
            ID Feature  Split  Gain  Similarity RunnerUp  RunnerUpGain
        0  0-0      f1   29.0   4.0         0.0       f0           1.0
        1  0-1    Leaf    NaN   0.3         2.0      NaN           NaN
        2  0-2    Leaf    NaN  -0.3         2.0      NaN           NaN
        """
        import pandas as pd

        ensemble = self._traced()
        frame = self._frame(ensemble)
        if not getattr(self, "keep_pruned", False) and not any(map(has_pruned, ensemble.trees)):
            return frame
        grown = self._frame(ensemble_as_grown(ensemble))
        pruned = {f"{number}-{node}" for number, tree in enumerate(ensemble.trees) for node in as_grown(tree)[1]}
        grown = grown[grown["ID"].isin(pruned)]
        both = pd.concat([frame.assign(Pruned=False), grown.assign(Pruned=True)])
        return both.sort_values("Tree", kind="stable", ignore_index=True)

    def _frame(self, ensemble: TreeEnsemble) -> Any:
        """`trees_to_dataframe` of some trees."""
        from .arithmetic import NodeNumbers

        rules, frame = _growth_rules(self), trees_to_dataframe(ensemble)
        if any(tree.value.ndim == 2 for tree in ensemble.trees):
            return self._frame_of_vectors(ensemble, frame, rules)
        own: dict[str, list[float]] = {"Gradient": [], "Similarity": [], "Weight": []}
        for tree in ensemble.trees:
            if tree.record is None:
                for column in own.values():
                    column += [np.nan] * tree.n_nodes
                continue
            known, nodes = NodeNumbers(tree, tree.record.sums, rules), range(tree.n_nodes)
            own["Gradient"] += tree.record.sums[:, 0].tolist()
            own["Similarity"] += [known.worth(node) for node in nodes]
            # Not -0.0, which a weight of nothing would be.
            own["Weight"] += [known.weight(node) + 0.0 for node in nodes]
        place = frame.columns.get_loc("Depth") + 1
        for offset, (name, values) in enumerate(own.items()):
            frame.insert(place + offset, name, np.array(values, dtype=np.float64))
        return frame

    @staticmethod
    def _frame_of_vectors(ensemble: TreeEnsemble, frame: Any, rules: Any) -> Any:
        """The same of trees with vectors in their leaves: Similarity is what all outputs together are worth."""
        from .vector_arithmetic import vector_weights_of, worth_of

        parts = []
        for tree in ensemble.trees:
            if tree.record is None:
                parts.append(np.full((tree.n_nodes, 1 + 2 * ensemble.n_outputs), np.nan))
                continue
            sums = tree.record.sums
            worth = [worth_of(of_node, rules.penalty) for of_node in sums]
            # Not -0.0, which a weight of nothing would be.
            parts.append(np.column_stack([worth, sums[:, :, 0], vector_weights_of(sums, rules.penalty) + 0.0]))
        numbers, outputs = np.concatenate(parts), range(ensemble.n_outputs)
        names = ["Similarity", *(f"{name} {k}" for name in ("Gradient", "Weight") for k in outputs)]
        place = frame.columns.get_loc("Depth") + 1
        for offset, name in enumerate(names):
            frame.insert(place + offset, name, numbers[:, offset])
        return frame

    def to_text(self, tree: int | None = None, *, with_stats: bool = True, dump_format: str = "text") -> str:
        """The trees as text, in the form of xgboost's ``dump_model``.

        Parameters
        ----------
        tree : int, optional
            Number of the tree; None is all. With several classes, those of a round stand side by side.
        with_stats : bool, default=True
            Whether gains and covers are shown.
        dump_format : {"text", "json"}, default="text"

        Returns
        -------
        str
            With ``keep_pruned=True``, below the text of each tree, a line ``pruned:`` and the nodes that were pruned as
            they were; that is not of the form of the library, nor a part of ``dump_format="json"``.

        Examples
        --------
        >>> from mlx.boosting import XGBRegressor
        >>> model = XGBRegressor(n_estimators=1, max_depth=1, reg_lambda=0)
        >>> model = model.fit([[5, 20], [10, 21], [12, 29], [8, 30]], [13, 14, 12, 11])
        >>> print(model.to_text())
        booster[0]:
        0:[f1<29] yes=1,no=2,missing=2,gain=4,cover=4
            1:leaf=0.300000012,cover=2
            2:leaf=-0.300000012,cover=2
        """
        from ..tree.dump import json_dump, text_dump
        from .plotting import feature_types_of

        dumps = {"text": text_dump, "json": json_dump}
        if dump_format not in dumps:
            raise ValueError(f"dump_format={dump_format!r} must be one of {', '.join(map(repr, dumps))}")
        texts = dumps[dump_format](self._traced(tree), with_stats=with_stats, feature_types=feature_types_of(self))
        if dump_format == "json":
            return texts[0] if tree is not None else "[\n" + ",\n".join(texts) + "\n]"
        shown = self._traced(tree)
        texts = [text + _pruned_text(shown, i, with_stats) for i, text in enumerate(texts)]
        return texts[0] if tree is not None else "".join(f"booster[{i}]:\n{text}" for i, text in enumerate(texts))

    def to_graphviz(self, tree: int = 0, *, with_stats: bool = False, rankdir: str = "TB") -> str:
        """One tree in Graphviz's DOT language.

        Parameters
        ----------
        tree : int, default=0
        with_stats : bool, default=False
            Whether gains and covers are shown.
        rankdir : {"TB", "BT", "LR", "RL"}, default="TB"
            From where to where the tree grows: top, bottom, left, right.

        Returns
        -------
        str
            The library's function of this name wraps the text: ``graphviz.Source(model.to_graphviz())``, for which
            Graphviz must be installed. Nothing is needed for the text, nor for `plot_tree`.
        """
        from ..tree.dump import dot_dump
        from .plotting import feature_types_of

        types = feature_types_of(self)
        return dot_dump(self._traced(tree), with_stats=with_stats, feature_types=types, rankdir=rankdir)[0]

    def plot_tree(self, tree: int = 0, *, max_depth: int | None = 4, ax: Any = None) -> Any:
        """Draw one tree with matplotlib.

        Parameters
        ----------
        tree : int, default=0
        max_depth : int, default=4
            Deeper questions are left out; None shows all.
        ax : matplotlib.axes.Axes, optional
            Default: a new figure, sized for the tree.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from .plotting import draw_tree, feature_types_of

        ensemble = self._traced()
        self._traced(tree)
        return draw_tree(ensemble, tree, feature_types_of(self), max_depth=max_depth, ax=ax)

    def explain_node(self, tree: int, node: int) -> Any:
        """The arithmetic of one node, as one would write it by hand.

        Parameters
        ----------
        tree, node : int
            Numbers, as in `trees_to_dataframe` and `to_text`. Those of pruned nodes follow those of the tree.

        Returns
        -------
        NodeArithmetic
            Shows, and prints, as the working; its attributes are the numbers: gradient (G), cover (H), weight,
            similarity, gain, gain_missing_left, gain_missing_right.

        Raises
        ------
        TypeError, ValueError
            If there is no such node, or if the present parameters are not those that the tree was grown with.

        Examples
        --------
        >>> from mlx.boosting import XGBRegressor
        >>> model = XGBRegressor(n_estimators=1, max_depth=1, reg_lambda=0)
        >>> model = model.fit([[5, 20], [10, 21], [12, 29], [8, 30]], [13, 14, 12, 11])
        >>> model.explain_node(0, 0)
        tree 0, node 0: f1<29 ?
          sums        G = 0, H = 4
          weight      w = -G / (H + λ) = 0 / (4 + 0) = 0
          similarity  G² / (H + λ) = 0² / (4 + 0) = 0
          left        node 1: G = -2, H = 2, similarity G² / (H + λ) = (-2)² / (2 + 0) = 2
          right       node 2: G = 2, H = 2, similarity G² / (H + λ) = 2² / (2 + 0) = 2
          gain        2 + 2 - 0 = 4, at least γ = 0
          missing     no row; a value that is missing later goes right
          runner-up   f0<10 gains 1, 3 less
        """
        from .arithmetic import node_arithmetic

        ensemble = self.__tree_ensemble__()
        (traced,) = self._traced(tree).trees
        check_number("node", node)
        # Pruned nodes have numbers beyond those of the tree.
        ensemble = ensemble_as_grown(ensemble) if node >= traced.n_nodes and has_pruned(traced) else ensemble
        return node_arithmetic(ensemble, tree, node, _growth_rules(self))

    def _traced(self, tree: int | None = None) -> TreeEnsemble:
        """The fitted trees, or the ensemble of one of them."""
        ensemble: TreeEnsemble = self.__tree_ensemble__()
        if tree is None:
            return ensemble
        check_number("tree", tree)
        if not 0 <= tree < ensemble.n_trees:
            raise ValueError(f"tree={tree}: the model has {ensemble.n_trees} trees, the first one is number 0")
        return ensemble.select([tree])


def check_number(name: str, number: Any) -> None:
    """Raise a TypeError that names what is no whole number."""
    if not isinstance(number, Integral):
        raise TypeError(f"{name}={number!r}: must be the number of a {name}, an integer")


def _pruned_text(ensemble: TreeEnsemble, tree: int, with_stats: bool) -> str:
    """Lines of the pruned nodes of a tree, as they would stand in its text; empty if there are none."""
    from ..tree.dump import text_dump

    grown, pruned = as_grown(ensemble.trees[tree])
    if len(pruned) == 0:
        return ""
    (text,) = text_dump(dataclasses.replace(ensemble.select([tree]), trees=(grown,)), with_stats=with_stats)
    lines = [line for line in text.splitlines(keepends=True) if int(line.split(":")[0]) in pruned]
    return "pruned:\n" + "".join(lines)


def _growth_rules(estimator: Any) -> Any:
    """What the present parameters say about the growth of one tree, in float32 as there."""
    from .constraints import monotone_directions
    from .node_sums import GrowthRules

    gamma, rate = (np.float32(estimator._resolved(name)) for name in ("gamma", "learning_rate"))
    names = getattr(estimator, "feature_names_in_", None)
    return GrowthRules(
        _penalty(estimator),
        float(gamma),
        float(rate / np.float32(estimator._n_parallel_trees)),
        monotone_directions(estimator.monotone_constraints, estimator.n_features_in_, names),
        estimator._objective in QUANTILE_LEAVES and estimator.tree_method != "exact",
    )


def _penalty(estimator: Any) -> Any:
    """Penalty that the present parameters stand for, in float32 as when trees are grown."""
    from .splitting import Penalty

    values = {name: float(np.float32(estimator._resolved(name))) for name in Penalty._fields}
    # Some objectives limit steps by themselves, as the parameters that a model file keeps of them say.
    for group in getattr(estimator, "_objective_parameters", {}).values():
        if "max_delta_step" in group:
            values["max_delta_step"] = float(np.float32(group["max_delta_step"]))
    return Penalty(**values)
