"""The trees of a `Booster` from outside: rounds of it, text, tables, scores of columns."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from types import EllipsisType
from typing import Any

import numpy as np

from ..tree import TreeEnsemble
from ..tree.dump import dot_dump, feature_name, json_dump, node_categories, number_text, text_dump
from ..tree.importance import IMPORTANCE_TYPES, importance_by_name
from .grown_model import GrownModel
from .parameters import LearnerParameters

__all__ = ["LearnerTrees"]

DUMPS = {"text": text_dump, "json": json_dump, "dot": dot_dump}

# What a file of names calls the types of columns.
TYPES_OF_MAP = {"i": "i", "q": "q", "int": "int", "float": "float", "c": "c", "categorical": "c"}

# Attributes that are about all rounds.
ABOUT_ROUNDS = ("best_iteration", "best_score")


class LearnerTrees:
    """Methods of `Booster` that show its trees."""

    # Of the class that this one is a part of.
    _model: Any
    _names: list[str] | None
    _types: list[str] | None
    _n_features: int
    _grown: GrownModel | None
    _attributes: dict[str, str]
    _parameters: LearnerParameters

    def num_boosted_rounds(self) -> int:
        """Number of rounds."""
        return self._model().n_rounds

    def num_features(self) -> int:
        """Number of columns."""
        return self._model().n_features

    def __getitem__(self, val: Any) -> Any:
        """A booster with some of the rounds, ``model[2:5]`` or ``model[3]``; it shares parameters and trees.

        As in the library rounds are counted from 0, forwards, and ``0`` as the end of a slice is all of them.
        """
        if isinstance(val, int | np.integer) and not isinstance(val, bool):
            val = slice(int(val), int(val) + 1)
        elif isinstance(val, EllipsisType):
            val = slice(None)
        if isinstance(val, tuple):
            raise ValueError("rounds have one dimension")
        if not isinstance(val, slice):
            raise TypeError(f"a number, a slice or ... is needed, not {type(val).__name__}")
        first, stop = (0 if end is None or end is Ellipsis else end for end in (val.start, val.stop))
        step, n_rounds = 1 if val.step is None else val.step, self.num_boosted_rounds()
        last = stop if val.stop is not None and (stop or first) else max(n_rounds, first + 1)
        if first < 0 or step < 1 or last <= first:
            raise ValueError(f"rounds {first}:{last}:{step} are none; they are counted from 0, forwards")
        if last > n_rounds:
            raise IndexError(f"rounds {first}:{last} are not there, the model has {n_rounds}")
        part = type(self)()
        part._grown, part._n_features = self._model().rounds(range(first, last, step)), self._n_features
        part._names, part._types, part._parameters = self._names, self._types, self._parameters.copy()
        part._attributes = {key: text for key, text in self._attributes.items() if key not in ABOUT_ROUNDS}
        return part

    def __iter__(self) -> Iterator[Any]:
        """The rounds, one by one, each as a booster."""
        for number in range(self.num_boosted_rounds()):
            yield self[number]

    def get_dump(self, fmap: str | os.PathLike = "", with_stats: bool = False, dump_format: str = "text") -> list[str]:
        """Each tree as text, to the letter as xgboost writes it.

        Parameters
        ----------
        fmap : str or path-like, default=""
            File of names and types of columns, in lines of number, name and type.
        with_stats : bool, default=False
            Whether gains and covers are shown.
        dump_format : {"text", "json", "dot"}, default="text"
        """
        if dump_format not in DUMPS:
            raise ValueError(f"dump_format={dump_format!r} must be one of {', '.join(map(repr, DUMPS))}")
        ensemble, types = self._with_names(fmap)
        return DUMPS[dump_format](ensemble, with_stats=with_stats, feature_types=types)

    def dump_model(
        self, fout: Any, fmap: str | os.PathLike = "", with_stats: bool = False, dump_format: str = "text"
    ) -> None:
        """Write the trees as text to a file; the other parameters are those of `get_dump`.

        Parameters
        ----------
        fout : str, path-like or file
        fmap, with_stats, dump_format
            As of `get_dump`.
        """
        dumps = self.get_dump(fmap, with_stats, dump_format)
        if dump_format == "json":
            text = "[\n" + ",\n".join(dumps) + "\n]"
        else:
            text = "".join(f"booster[{number}]:\n{dump}" for number, dump in enumerate(dumps))
        if isinstance(fout, str | os.PathLike):
            Path(fout).expanduser().write_text(text, encoding="utf-8")
        else:
            fout.write(text)

    def get_score(self, fmap: str | os.PathLike = "", importance_type: str = "weight") -> dict[str, float]:
        """Importance of the columns that some tree asks about, by name.

        Parameters
        ----------
        fmap : str or path-like, default=""
            As of `get_dump`.
        importance_type : {"weight", "gain", "cover", "total_gain", "total_cover"}, default="weight"
        """
        if importance_type not in IMPORTANCE_TYPES:
            raise ValueError(
                f"importance_type={importance_type!r} must be one of {', '.join(map(repr, IMPORTANCE_TYPES))}"
            )
        return importance_by_name(self._with_names(fmap)[0], importance_type)  # type: ignore[arg-type]

    def get_fscore(self, fmap: str | os.PathLike = "") -> dict[str, float]:
        """How many splits are on each column, by name."""
        return self.get_score(fmap)

    def trees_to_dataframe(self, fmap: str | os.PathLike = "") -> Any:
        """The nodes of all trees, a row per node: the columns of the estimators' `trees_to_dataframe`.

        As in the library, thresholds of columns of type "int" are shown as whole numbers, as in `get_dump`.
        """
        ensemble, types = self._with_names(fmap)
        frame = self._as_estimator(ensemble, types).trees_to_dataframe()
        whole = [feature_name(ensemble, j) for j, kind in enumerate(types or ()) if kind == "int"]
        frame["Split"] = frame["Split"].where(~frame["Feature"].isin(whole), np.ceil(frame["Split"]))
        return frame

    def to_text(self, tree: int | None = None, *, with_stats: bool = True, dump_format: str = "text") -> str:
        """The trees as text, as of the estimators; `get_dump` has them one by one."""
        return self._as_estimator(*self._with_names("")).to_text(tree, with_stats=with_stats, dump_format=dump_format)

    def explain_node(self, tree: int, node: int) -> Any:
        """The arithmetic of one node, as one would write it by hand: `explain_node` of the estimators.

        Raises
        ------
        TypeError, ValueError
            If there is no such node, or if the present parameters are not those that the tree was grown with.

        Examples
        --------
        >>> from mlx.boosting import DMatrix, train
        >>> rows = DMatrix([[5, 20], [10, 21], [12, 29], [8, 30]], [13, 14, 12, 11])
        >>> train({"max_depth": 1, "lambda": 0}, rows, 1).explain_node(0, 1)
        tree 0, node 1: leaf
          sums        G = -2, H = 2
          weight      w = -G / (H + λ) = 2 / (2 + 0) = 1
          similarity  G² / (H + λ) = (-2)² / (2 + 0) = 2
          value       η w = 0.3 · 1 = 0.3
          no split    none lowers the loss, or none was looked for, as the tree may not be deeper
        """
        return self._as_estimator(*self._with_names("")).explain_node(tree, node)

    def _as_estimator(self, ensemble: TreeEnsemble, types: list[str] | None) -> LearnerParameters:
        """The estimator that these parameters and trees make: it shows where numbers come from."""
        model, fitted = self._model(), self._parameters.copy()
        known = {
            "tree_ensemble_": ensemble,
            "n_features_in_": ensemble.n_features,
            "feature_names_in_": ensemble.feature_names,
            "_feature_types": types,
            "_objective": model.objective,
            "_objective_parameters": model.objective_parameters,
            "_n_parallel_trees": model.n_parallel_trees,
            "_round_start": None,
            "_best": None,
        }
        for name, value in known.items():
            setattr(fitted, name, value)
        return fitted

    def get_split_value_histogram(
        self, feature: str, fmap: str | os.PathLike = "", bins: int | None = None, as_pandas: bool = True
    ) -> Any:
        """How often the thresholds of a column lie in which interval.

        Parameters
        ----------
        feature : str
            Name of the column.
        fmap : str or path-like, default=""
            As of `get_dump`.
        bins : int, default=None
            At most as many intervals; None is as many as there are thresholds.
        as_pandas : bool, default=True
            Whether a data frame is returned, with columns SplitValue and Count, or an array.

        Returns
        -------
        pandas.DataFrame or ndarray of shape (n_intervals, 2)
            Upper end and count of each interval that is not empty.
        """
        ensemble, types = self._with_names(fmap)
        columns = [feature_name(ensemble, j) for j in range(ensemble.n_features)]
        number = columns.index(feature) if feature in columns else -1
        whole = number >= 0 and types is not None and types[number] == "int"
        values, by_category = [], False
        for tree in ensemble.trees:
            for node in np.flatnonzero(tree.feature == number) if number >= 0 else ():
                if node_categories(tree, int(node)):
                    by_category = True
                    continue
                threshold = tree.threshold[node]
                values.append(float(math.ceil(threshold)) if whole else float(number_text(threshold)))
        if by_category and not values:
            raise ValueError(f"feature={feature!r}: splits of this column are on categories")
        n_unique = len(np.unique(values))
        count, edge = np.histogram(values, bins=max(n_unique if bins is None else min(n_unique, bins), 1))
        table = np.column_stack([edge[1:], count])[count > 0]
        if not as_pandas:
            return table
        import pandas as pd

        return pd.DataFrame(table, columns=["SplitValue", "Count"])

    def _with_names(self, fmap: str | os.PathLike) -> tuple[TreeEnsemble, list[str] | None]:
        """All trees with names of columns, and the types of these; from a file if one is given."""
        if not os.fspath(fmap):
            return self._model().ensemble(names=self._names), self._types
        n_features = self.num_features()
        names, types = [f"f{j}" for j in range(n_features)], ["q"] * n_features
        lines = Path(fmap).expanduser().read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(line for line in lines if line.strip()):
            parts = line.split()
            if len(parts) != 3 or parts[0] != str(number) or parts[2] not in TYPES_OF_MAP or number >= n_features:
                raise ValueError(f"fmap: line {line!r} must be {number}, a name and a type, for {n_features} columns")
            names[number], types[number] = parts[1], TYPES_OF_MAP[parts[2]]
        return self._model().ensemble(names=names), types
