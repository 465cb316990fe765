"""A table is what models are compared on: a matrix of numbers and category codes, a target, a task, and notes.

Here a raw data frame becomes such a table, and every decision on the way becomes a note: which column is the target
and why, which task that makes, which columns were dropped, which texts are numbers or dates. Nothing here learns
from the data in a way that could leak between folds: category codes are positions in a sorted list of levels, and
missing values stay missing. What has to be fitted is fitted inside each fold (`preparation`).
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .columns import as_column
from .reading import RawTable, TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "closest", "make_table"]

# Names that a target column usually bears, tried before the last column.
USUAL_TARGETS = ("target", "label", "class", "y", "outcome")

# An integer target with more distinct values than this is a quantity, not a class.
MOST_INTEGER_CLASSES = 10


class Table(NamedTuple):
    """Features, target and what is known of them.

    Attributes
    ----------
    name : str
        Where it came from.
    X : ndarray of shape (n_rows, n_columns), float64
        Numbers as they are, categories as codes 0, 1, ... in the order of `levels`; nan where missing.
    y : ndarray of shape (n_rows,)
        Class codes as int64 for classification, float64 for regression.
    weights : ndarray of shape (n_rows,) or None
        Sample weights.
    columns : tuple of str
        Names of the columns of X.
    levels : dict of int to tuple of str
        For each categorical column, by its index, the texts of its codes.
    classes : tuple of str
        Texts of the class codes; empty for regression.
    task : str
        ``"classification"`` or ``"regression"``.
    target : str
        Name of the target column.
    sha256 : str
        Digest of what was read.
    notes : tuple of str
        Every decision taken on the way, in sentences.
    """

    name: str
    X: NDArray[np.float64]
    y: NDArray
    weights: NDArray[np.float64] | None
    columns: tuple[str, ...]
    levels: dict[int, tuple[str, ...]]
    classes: tuple[str, ...]
    task: str
    target: str
    sha256: str
    notes: tuple[str, ...]


def make_table(
    raw: RawTable,
    *,
    target: str | None = None,
    task: str | None = None,
    drop: Sequence[str] = (),
    sample_weight: str | None = None,
    folds: int = 5,
    most_rows: int | None = None,
    seed: int = 0,
) -> Table:
    """Make a table of what was read.

    Parameters
    ----------
    raw : RawTable
        What was read.
    target : str, optional
        Name of the target column; worked out if missing.
    task : {"classification", "regression"}, optional
        Worked out from the target if missing.
    drop : sequence of str
        Columns to leave out.
    sample_weight : str, optional
        Column of sample weights.
    folds : int, default=5
        Each class needs as many rows.
    most_rows : int, optional
        Draw this many rows if there are more.
    seed : int, default=0
        Of that draw.

    Raises
    ------
    TableError
        With one line for the user.
    """
    notes = list(raw.notes)
    frame = raw.frame
    for name in [*drop, *([sample_weight] if sample_weight else []), *([target] if target else [])]:
        _check_column(name, frame)
    if target in drop:
        raise TableError(f"column {target!r} cannot be both the target and dropped")
    frame = frame.drop(columns=list(drop))
    target = _target_of(frame, target or raw.target, sample_weight, notes)
    _check_column(target, frame)
    if target == sample_weight:
        raise TableError(f"column {target!r} cannot be both the target and the sample weight")
    frame = _rows_with_target(frame, target, notes)
    if most_rows is not None and len(frame) > most_rows:
        notes.append(f"{most_rows:,} of {len(frame):,} rows drawn at random")
        frame = frame.sample(n=most_rows, random_state=seed).sort_index()
    task = task or _task_of(frame[target], target, notes)
    y, classes, kept = _encode_target(frame[target], target, task, folds, notes)
    frame = frame[kept]
    if len(frame) < 2 * folds:
        raise TableError(f"{len(frame)} usable rows are too few for {folds} folds; at least {2 * folds} are needed")
    weights = _weights(frame[sample_weight], sample_weight) if sample_weight else None
    features = frame.drop(columns=[target, *([sample_weight] if sample_weight else [])])
    X, columns, levels = _encode_features(features, notes)
    return Table(
        raw.name, X, y[kept], weights, columns, levels, classes, task, target, raw.sha256, tuple(dict.fromkeys(notes))
    )


def closest(name: str, known: Sequence[str]) -> str:
    """The text ``; did you mean 'x'?`` for the most similar known name, or nothing."""
    by_lower_case = {other.lower(): other for other in known}
    matches = difflib.get_close_matches(name.lower(), list(by_lower_case), n=1, cutoff=0.5)
    return f"; did you mean {by_lower_case[matches[0]]!r}?" if matches else ""


def _check_column(name: str, frame: pd.DataFrame) -> None:
    if name not in frame.columns:
        known = [str(column) for column in frame.columns]
        hint = closest(name, known) or f"; there are {', '.join(known[:8])}{', ...' if len(known) > 8 else ''}"
        raise TableError(f"column {name!r} is not in the file{hint}")
    if list(frame.columns).count(name) > 1:
        raise TableError(f"column {name!r} stands in the file more than once")


def _target_of(frame: pd.DataFrame, target: str | None, sample_weight: str | None, notes: list[str]) -> str:
    if target is not None:
        return target
    known = [str(column) for column in frame.columns if column != sample_weight]
    if not known:
        raise TableError("no column is left to be the target")
    for usual in USUAL_TARGETS:
        for name in known:
            if name.lower() == usual:
                notes.append(f"target is {name!r}, a usual name for one; --target COLUMN says otherwise")
                return name
    notes.append(f"target is {known[-1]!r}, the last column; --target COLUMN says otherwise")
    return known[-1]


def _rows_with_target(frame: pd.DataFrame, target: str, notes: list[str]) -> pd.DataFrame:
    missing = frame[target].isna()
    if missing.all():
        raise TableError(f"target {target!r} holds no values")
    if missing.any():
        notes.append(f"{int(missing.sum()):,} rows without a value in target {target!r} left out")
    return frame[~missing]


def _task_of(values: pd.Series, target: str, notes: list[str]) -> str:
    """Task that the target's values ask for; the reason becomes a note."""
    column = as_column(target, values, [], keep=True)
    if column is None:
        raise TableError(f"target {target!r} holds lists or bytes")
    distinct = int(values.nunique())
    if column.levels is not None:
        task, reason = "classification", f"{target!r} holds {distinct} different texts"
    elif distinct == 2:
        task, reason = "classification", f"{target!r} holds two different numbers"
    elif distinct <= MOST_INTEGER_CLASSES and bool(np.all(column.values == np.round(column.values))):
        task, reason = "classification", f"{target!r} holds {distinct} different whole numbers"
    else:
        task, reason = "regression", f"{target!r} holds {distinct:,} different numbers"
    notes.append(f"task is {task}: {reason}; --task says otherwise")
    return task


def _encode_target(
    values: pd.Series, target: str, task: str, folds: int, notes: list[str]
) -> tuple[NDArray, tuple[str, ...], NDArray[np.bool_]]:
    """Target as numbers, the texts of its classes, and which rows are kept."""
    everything = np.ones(len(values), dtype=bool)
    if task == "regression":
        if values.nunique() == 1:
            raise TableError(f"target {target!r} has the same value in every row: there is nothing to predict")
        column = as_column(target, values, notes, keep=True)
        if column is None or column.levels is not None:
            raise TableError(f"target {target!r} holds texts, so the task cannot be regression")
        if np.isnan(column.values).any():
            raise TableError(
                f"target {target!r} has {int(np.isnan(column.values).sum())} values that are no finite number"
            )
        return column.values, (), everything
    counts = values.value_counts()
    counts = counts[counts > 0]  # a categorical column counts the categories that no row has, too
    if len(counts) == 1:
        raise TableError(f"target {target!r} has one class only ({counts.index[0]!s}): there is nothing to tell apart")
    rare = counts[counts < folds].index
    kept = everything if len(rare) == 0 else ~values.isin(rare).to_numpy()
    if len(counts) - len(rare) < 2 or kept.mean() < 0.5:
        raise TableError(
            f"target {target!r} has {len(counts):,} classes in {len(values):,} rows, "
            f"{len(rare):,} of them with fewer than {folds} rows; choose another --target or --task regression"
        )
    if len(rare):
        names = ", ".join(str(name) for name in list(rare)[:5])
        notes.append(f"{int((~kept).sum())} rows of classes with fewer than {folds} rows left out: {names}")
    common = [value for value in counts.index if counts[value] >= folds]
    classes = sorted(common, key=str if values.dtype == object else None)
    code_of = {value: code for code, value in enumerate(classes)}
    y = np.array([code_of.get(value, -1) for value in values], dtype=np.int64)
    return y, tuple(str(value) for value in classes), kept


def _weights(values: pd.Series, name: str) -> NDArray[np.float64]:
    column = as_column(name, values, [], keep=True)
    if column is None or column.levels is not None or not np.all(column.values >= 0) or not np.any(column.values > 0):
        raise TableError(f"sample weights in column {name!r} must be numbers, none missing or negative, not all zero")
    return column.values


def _encode_features(
    features: pd.DataFrame, notes: list[str]
) -> tuple[NDArray[np.float64], tuple[str, ...], dict[int, tuple[str, ...]]]:
    names: list[str] = []
    matrix: list[NDArray[np.float64]] = []
    levels: dict[int, tuple[str, ...]] = {}
    for position, name in enumerate(features.columns):
        values = features.iloc[:, position]
        if values.isna().all():
            raise TableError(f"column {name!r} holds no values; leave it out with --drop {shlex.quote(str(name))}")
        column = as_column(str(name), values, notes)
        if column is None:
            continue
        if column.levels is not None:
            levels[len(names)] = column.levels
        names.append(str(name))
        matrix.append(column.values)
    if not names:
        raise TableError("no column is left to predict from")
    return np.column_stack(matrix), tuple(names), levels
