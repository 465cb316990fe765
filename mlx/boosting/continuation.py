"""Training goes on: a model that is already there gets more trees, as if it had never stopped.

The new trees start where the old ones left off: from the base score of the old model, which is not estimated again, and
the margins of all its trees, added up in their order. Random streams are named by the numbers of trees in the model,
so that what is drawn is the same, too::

    fit(n_estimators=10)                               t0 ... t9
    fit(n_estimators=6), then fit(n_estimators=4)      t0 ... t5 | t6 ... t9      the same trees
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ..tree import TreeEnsemble
from ..tree.xgboost_document import XGBoostModel
from .category_encoding import CategoryColumns, columns_of

__all__ = ["EarlierModel", "earlier_model"]


class EarlierModel(NamedTuple):
    """A model that training goes on from.

    Attributes
    ----------
    ensemble : TreeEnsemble
    base_score : ndarray of float32, shape (n_outputs,)
        Where its predictions start, in units of the prediction (multi:*: of the margin).
    round_start : ndarray of int64, shape (n_rounds + 1,)
        First tree of each round, and the number of trees.
    n_parallel : int
        Trees per round and output.
    classes : ndarray or None
        Labels of a classifier, sorted.
    categories : CategoryColumns or None
        Columns of categories, with their names.
    """

    ensemble: TreeEnsemble
    base_score: NDArray[np.float32]
    round_start: NDArray[np.int64]
    n_parallel: int
    classes: NDArray | None = None
    categories: CategoryColumns | None = None

    @property
    def n_rounds(self) -> int:
        """Rounds that it was trained for."""
        return len(self.round_start) - 1

    def check(self, n_features: int, feature_names: NDArray | None, n_outputs: int, link: str, n_parallel: int) -> None:
        """Raise a ValueError that names xgb_model if what is trained now is not of its kind."""
        ensemble = self.ensemble
        for what, its, ours in (
            ("columns", ensemble.n_features, n_features),
            ("outputs", ensemble.n_outputs, n_outputs),
            ("trees per round and output (num_parallel_tree)", self.n_parallel, n_parallel),
        ):
            if its != ours:
                raise ValueError(f"xgb_model: has {its} {what}, not {ours}")
        if ensemble.link != link:
            raise ValueError(f"xgb_model: its link is {ensemble.link!r}, that of the objective is {link!r}")
        names = None if feature_names is None else tuple(feature_names)
        if None not in (names, ensemble.feature_names) and names != ensemble.feature_names:
            raise ValueError("xgb_model: its columns have other names, or another order, than those of X")


def earlier_model(xgb_model: Any, parameter_names: Collection[str]) -> EarlierModel:
    """Model that `fit` is told to go on from.

    Parameters
    ----------
    xgb_model : fitted estimator, Booster, str, path-like, or bytes of a model file
    parameter_names : collection of str
        Parameters that a file may have stored, by name; others cause a warning.

    Raises
    ------
    ModelFormatError
        A ValueError: a file is damaged.
    ValueError
        If it is something else, or has no trees yet.
    """
    from .model_format import read_extras, read_model

    if hasattr(xgb_model, "__sklearn_is_fitted__"):
        check_is_fitted(xgb_model)
        m = xgb_model
        own = (m.tree_ensemble_, m._intercept, m._round_start, m._n_parallel_trees)
        return EarlierModel(*own, getattr(m, "classes_", None), columns_of(m._feature_types, m._category_names))
    if isinstance(xgb_model, str | os.PathLike | bytes | bytearray | memoryview):
        model: XGBoostModel = read_model(xgb_model)
        classes, _ = read_extras(model.attributes, parameter_names)
        own = (model.ensemble, model.base_score, model.round_start, model.n_parallel_trees)
        return EarlierModel(*own, classes, columns_of(model.feature_types, model.category_names))
    if hasattr(xgb_model, "save_raw"):
        return earlier_model(bytes(xgb_model.save_raw()), parameter_names)
    raise ValueError(f"xgb_model: must be a fitted estimator, a Booster, or a file, not {type(xgb_model).__name__}")
