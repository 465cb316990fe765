"""The roster says which models are compared, with which parameters, on which matrix, and where they may differ.

Parameters are the library's defaults, apart from those named here with their reason; both sides get the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from .peers import PEERS, peer_of
from .reading import TableError
from .table import Table, closest

__all__ = ["BASELINE", "Contender", "contenders", "library_model", "new_model"]

BASELINE = "Dummy"

# Rows that a network of 100 hidden units visits, over all epochs of one fit: under a second on one core. On small
# tables scikit-learn's default of 200 epochs is the smaller limit.
NETWORK_ROW_VISITS = 200_000
NETWORK_MOST_EPOCHS = 200
NETWORK_FEWEST_EPOCHS = 5

# lbfgs needs more than its default of 100 steps on a table with many 0/1 columns; a model cut short is no model.
LOGISTIC_STEPS = 1000

# Rows that the trees of a forest are grown from, together: 100 trees, the default, up to 5,000 rows. So the library's
# forest, which takes some seconds for these, does not keep a user waiting on a large table.
FOREST_ROW_VISITS = 500_000
FOREST_MOST_TREES = 100
FOREST_FEWEST_TREES = 10

PRINCIPAL_COMPONENTS = 5

# xgboost cuts columns with more distinct values than this by a sketch, others between all neighbouring values.
MOST_EXACT_CUTS = 256
# Which of two splits that are equal but for rounding is taken depends on the order in which targets are added up.
TIES_DIFFER = (
    "where a column has equal values, targets are added in another order: of two equal splits the other may win"
)
CUTS_DIFFER = f"columns with more than {MOST_EXACT_CUTS} distinct values are cut exactly here, by a sketch there"


class Contender(NamedTuple):
    """One row of the comparison.

    Attributes
    ----------
    name : str
        Name of the class, the same on both sides.
    key : str
        Short name for ``--models``.
    module : str
        Where our class stands (scikit-learn's, for the baseline).
    kind : str
        ``"predictor"``, ``"transformer"`` or ``"baseline"``; a baseline has no other side.
    matrix : str
        Which matrix of `preparation` it takes.
    parameters : dict
        Parameters of both sides.
    scale_target : bool
        Whether it learns the target at mean 0 and variance 1 (both sides; predictions are scaled back).
    expected : str
        Why a difference from the library is to be expected here; empty where only rounding is.
    as_library : mapping
        Parameters of ours that undo a difference made on purpose; empty where there is none.
    """

    name: str
    key: str
    module: str
    kind: str
    matrix: str
    parameters: dict[str, Any]
    scale_target: bool = False
    expected: str = ""
    as_library: Mapping[str, Any] = MappingProxyType({})


def contenders(table: Table, *, models: list[str] | None, seed: int, threads: int) -> list[Contender]:
    """Contenders for a table, in the order in which they run; the baseline is always among them.

    Raises
    ------
    TableError
        If `models` names one that there is not.
    """
    classifies = table.task == "classification"
    epochs = max(NETWORK_FEWEST_EPOCHS, min(NETWORK_MOST_EPOCHS, NETWORK_ROW_VISITS // len(table.y)))
    suffix = "Classifier" if classifies else "Regressor"
    cut_by_sketch = _has_long_columns(table)
    everyone = [
        Contender(f"Dummy{suffix}", "dummy", "sklearn.dummy", "baseline", "columns", {}),
        _linear(classifies),
        *_trees(suffix, len(table.y), seed, threads),
        Contender(
            f"XGB{suffix}",
            "xgb",
            "mlx.boosting",
            "predictor",
            "columns",
            {"n_jobs": threads, "random_state": seed},
            expected=CUTS_DIFFER if cut_by_sketch else "",
            as_library={"cuts": "xgboost"} if cut_by_sketch else {},
        ),
        Contender(
            f"MLP{suffix}",
            "mlp",
            "mlx.neural_network",
            "predictor",
            "dense",
            {"max_iter": epochs, "random_state": seed},
            scale_target=not classifies,
            expected="same start and same batches; rounding is amplified from step to step",
        ),
        Contender(
            "PCA",
            "pca",
            "mlx.decomposition",
            "transformer",
            "dense",
            {"n_components": min(PRINCIPAL_COMPONENTS, len(table.columns)), "random_state": seed},
        ),
    ]
    if models is None:
        return everyone
    return [everyone[0], *(contender for contender in everyone[1:] if contender in _chosen(models, everyone))]


def new_model(contender: Contender) -> Any:
    """Unfitted model of our side."""
    return getattr(importlib.import_module(contender.module), contender.name)(**contender.parameters)


def library_model(contender: Contender) -> Any:
    """Unfitted model of the library's side, with our model's parameters; with the roster's if ours cannot be made."""
    try:
        ours = new_model(contender)
    except Exception:
        return getattr(importlib.import_module(PEERS[contender.name].module), contender.name)(**contender.parameters)
    return peer_of(ours)


def _linear(classifies: bool) -> Contender:
    if not classifies:
        return Contender("LinearRegression", "linear", "mlx.linear_model", "predictor", "dense", {})
    return Contender(
        "LogisticRegression",
        "linear",
        "mlx.linear_model",
        "predictor",
        "dense",
        {"max_iter": LOGISTIC_STEPS},
        expected="at its default tol=1e-4 the library's lbfgs stops short of the optimum",
    )


def _trees(suffix: str, n_rows: int, seed: int, threads: int) -> list[Contender]:
    """One tree, a forest, and trees in sequence."""
    n_trees = max(FOREST_FEWEST_TREES, min(FOREST_MOST_TREES, FOREST_ROW_VISITS // n_rows))
    in_forest = {"n_estimators": n_trees, "n_jobs": threads, "random_state": seed}
    seeded = {"random_state": seed}
    expected = TIES_DIFFER if suffix == "Regressor" else ""
    return [
        Contender(f"DecisionTree{suffix}", "tree", "mlx.tree", "predictor", "columns", seeded, expected=expected),
        Contender(
            f"RandomForest{suffix}", "forest", "mlx.ensemble", "predictor", "columns", in_forest, expected=expected
        ),
        # AdaBoost takes no missing values, on either side.
        Contender(f"AdaBoost{suffix}", "adaboost", "mlx.ensemble", "predictor", "dense", seeded, expected=expected),
    ]


def _has_long_columns(table: Table) -> bool:
    """Whether there is a column that xgboost's sketch cuts."""
    columns = (column[~np.isnan(column)] for column in table.X.T)
    return any(len(np.unique(column)) > MOST_EXACT_CUTS for column in columns)


def _chosen(models: list[str], everyone: list[Contender]) -> list[Contender]:
    by_name = {name.lower(): contender for contender in everyone for name in (contender.key, contender.name)}
    for model in models:
        if model.lower() not in by_name:
            hint = closest(model, list(by_name)) or f"; there are {', '.join(one.key for one in everyone)}"
            raise TableError(f"no model {model!r} for this task{hint}")
    return [by_name[model.lower()] for model in models]
