"""Cross-validation trains one booster per fold, round after round side by side, and follows the mean of their metrics.

::

    round        fold 0   fold 1   fold 2         mean    standard deviation (of the folds, not of the mean)
    0  test-rmse  .52      .49      .55     →     .52     .024
    1  test-rmse  .44      .40      .51     →     .45     .045

`cv` is xgboost's function of this name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from .callback import TrainingCallback
from .learner import Booster
from .matrix import DMatrix
from .parameters import METRIC, pairs_of
from .quantile_matrix import QuantileDMatrix
from .training_rounds import with_standard_callbacks

__all__ = ["cv"]


class Fold(NamedTuple):
    """Rows to train on and rows to test by, and the booster between them."""

    train: DMatrix
    test: DMatrix
    booster: Booster

    @property
    def sets(self) -> list[tuple[DMatrix, str]]:
        """What is evaluated."""
        return [(self.train, "train"), (self.test, "test")]


class FoldedBooster:
    """What callbacks are told about: the boosters of all folds.

    Parameters
    ----------
    cvfolds : list of Fold
        Named as in the library.

    Attributes
    ----------
    order : list of (str, str)
        Sets and metrics in the order in which they are taken.
    """

    def __init__(self, cvfolds: list[Fold]) -> None:
        self.cvfolds = cvfolds
        self.order: list[tuple[str, str]] = []

    def set_param(self, params: Any, value: Any = None) -> None:
        """Set a parameter in all folds."""
        for fold in self.cvfolds:
            fold.booster.set_param(params, value)

    def set_attr(self, **kwargs: Any) -> None:
        """Set attributes in all folds."""
        for fold in self.cvfolds:
            fold.booster.set_attr(**kwargs)

    def attr(self, key: str) -> str | None:
        """An attribute."""
        return self.cvfolds[0].booster.attr(key)

    def num_boosted_rounds(self) -> int:
        """Rounds so far."""
        return self.cvfolds[0].booster.num_boosted_rounds()

    @property
    def best_iteration(self) -> int:
        """Best round, after early stopping."""
        return self.cvfolds[0].booster.best_iteration

    @property
    def best_score(self) -> float:
        """Mean of the metric after the best round."""
        return self.cvfolds[0].booster.best_score

    def scores(self, metric: Callable | None, output_margin: bool) -> Iterator[tuple[str, str, tuple[float, float]]]:
        """Mean and standard deviation of each metric over the folds."""
        of_folds = [fold.booster.scores(fold.sets, metric, output_margin) for fold in self.cvfolds]
        self.order = [score[:2] for score in of_folds[0]]
        for same in zip(*of_folds, strict=True):
            values = np.array([value for _, _, value in same])
            yield *same[0][:2], (float(values.mean()), float(values.std()))


def cv(
    params: Any,
    dtrain: DMatrix,
    num_boost_round: int = 10,
    *,
    nfold: int = 3,
    stratified: bool = False,
    folds: Any = None,
    metrics: Sequence[str] = (),
    obj: Callable | None = None,
    maximize: bool | None = None,
    early_stopping_rounds: int | None = None,
    fpreproc: Callable | None = None,
    as_pandas: bool = True,
    verbose_eval: bool | int | None = None,
    show_stdv: bool = True,
    seed: int = 0,
    callbacks: Sequence[TrainingCallback] | None = None,
    shuffle: bool = True,
    custom_metric: Callable | None = None,
) -> Any:
    """Cross-validate, with the parameters of xgboost's function of the same name.

    Parameters
    ----------
    params : dict or list of pairs
        Parameters by the library's names, see `mlx.boosting.parameters`.
    dtrain : DMatrix
        All rows; no `QuantileDMatrix`.
    num_boost_round : int, default=10
    nfold : int, default=3
    stratified : bool, default=False
        Whether each fold gets the same share of each class.
    folds : list of (train, test) row numbers, or a splitter of scikit-learn, optional
        In place of `nfold`, `stratified` and `shuffle`.
    metrics : str or list of str, default=()
        By default those of the parameters.
    obj : callable, optional
        Own objective, as in `train`.
    maximize : bool, default=None
        Whether larger is better in early stopping; None goes by the name of the metric.
    early_stopping_rounds : int, default=None
        Rounds without improvement of the mean of the last metric on the rows to test by, after which training ends;
        the result then ends with the best round.
    fpreproc : callable, optional
        ``fpreproc(dtrain, dtest, params)`` returns the three that a fold is to use.
    as_pandas : bool, default=True
        Return a data frame; otherwise, or without pandas, a dict of lists.
    verbose_eval : bool or int, default=None
        Whether metrics are printed, or after every how many rounds.
    show_stdv : bool, default=True
        Whether standard deviations are printed, too.
    seed : int, default=0
        Of the folds; they are those of the library. Its generator is not NumPy's global one.
    callbacks : list of TrainingCallback, optional
        See `mlx.boosting.callback`.
    shuffle : bool, default=True
        Whether rows are shuffled before they are dealt out.
    custom_metric : callable, optional
        As in `train`.

    Returns
    -------
    pandas.DataFrame or dict of list of float
        For each set and metric the mean and the standard deviation over the folds, ``test-rmse-mean`` for instance,
        after each round.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mlx.boosting import DMatrix, cv
    >>> rows = DMatrix(*load_diabetes(return_X_y=True))
    >>> result = cv({"max_depth": 2}, rows, 20, early_stopping_rounds=3)
    >>> result["test-rmse-mean"].idxmin() == len(result) - 1
    True
    """
    if not isinstance(dtrain, DMatrix) or isinstance(dtrain, QuantileDMatrix):
        raise TypeError(f"dtrain: a DMatrix is needed, not {type(dtrain).__name__}")
    if custom_metric is not None and not callable(custom_metric):
        raise TypeError(f"custom_metric: a function is needed, not {type(custom_metric).__name__}")
    pairs = pairs_of(params)
    own = [metrics] if isinstance(metrics, str) else list(metrics)
    own = own or [value for name, value in pairs if name == METRIC]
    others = {name: value for name, value in pairs if name != METRIC}
    parts = _splits(dtrain, nfold, stratified, folds, seed, shuffle)
    model = FoldedBooster([_fold(dtrain, part, others, own, fpreproc) for part in parts])

    def boost(number: int) -> None:
        for fold in model.cvfolds:
            fold.booster.update(fold.train, number, fobj=obj)

    rounds = with_standard_callbacks(callbacks, verbose_eval, show_stdv, early_stopping_rounds, maximize)
    rounds.run(model, num_boost_round, boost, lambda number: model.scores(custom_metric, output_margin=obj is not None))
    return _result(rounds.history, model, num_boost_round, as_pandas)


class Split(NamedTuple):
    """Numbers of rows to train on and to test by, and the sizes of their groups, if they have any."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    train_groups: NDArray[np.intp] | None = None
    test_groups: NDArray[np.intp] | None = None


def _splits(
    dtrain: DMatrix, nfold: int, stratified: bool, folds: Any, seed: int, shuffle: bool
) -> Iterator[Split] | list[Split]:
    """The folds, in the same order of random numbers as in the library."""
    label, n_rows = dtrain.get_label(), dtrain.num_row()
    if folds is not None:
        pairs = folds.split(X=label, y=label) if hasattr(folds, "split") else folds
        try:
            return [Split(*(np.asarray(rows, dtype=np.intp) for rows in pair)) for pair in pairs]
        except (TypeError, ValueError):
            raise ValueError("folds: must be pairs of row numbers, to train on and to test by") from None
    sizes = dtrain.get_group()
    n_parts = n_rows if stratified or len(sizes) == 0 else len(sizes)
    if not 2 <= nfold <= n_parts:
        raise ValueError(f"nfold={nfold!r} must lie between 2 and {n_parts}, the number of rows or groups")
    if stratified:
        splitter = StratifiedKFold(n_splits=nfold, shuffle=True, random_state=seed)
        return [Split(train, test) for train, test in splitter.split(X=label, y=label)]
    order = np.random.RandomState(seed).permutation(n_parts) if shuffle else np.arange(n_parts)
    tests = np.array_split(order, nfold)
    trains = [np.concatenate([*tests[:k], *tests[k + 1 :]]) for k in range(nfold)]
    if len(sizes) == 0:
        return [Split(train, test) for train, test in zip(trains, tests)]
    rows = np.split(np.arange(n_rows), np.cumsum(sizes)[:-1])
    return [
        Split(*(np.concatenate([rows[group] for group in part]) for part in both), *(sizes[part] for part in both))
        for both in zip(trains, tests)
    ]


def _fold(dtrain: DMatrix, split: Split, params: dict[str, Any], metrics: list[str], fpreproc: Callable | None) -> Fold:
    train, test = (dtrain.slice(rows, allow_groups=split.train_groups is not None) for rows in split[:2])
    for part, sizes in ((train, split.train_groups), (test, split.test_groups)):
        if sizes is not None:
            part.set_group(sizes)
    if fpreproc is not None:
        train, test, params = fpreproc(train, test, dict(params))
    pairs = [*pairs_of(params), *((METRIC, metric) for metric in metrics)]
    return Fold(train, test, Booster(pairs, [train, test]))


def _result(history: dict[str, dict[str, list[Any]]], model: FoldedBooster, n_asked_for: int, as_pandas: bool) -> Any:
    """Means and standard deviations; up to the best round if training was stopped early."""
    columns = {
        f"{data}-{metric}-{name}": [value[k] for value in history[data][metric]]
        for data, metric in model.order
        for k, name in enumerate(("mean", "std"))
    }
    if model.num_boosted_rounds() < n_asked_for and model.attr("best_iteration") is not None:
        columns = {name: values[: model.best_iteration + 1] for name, values in columns.items()}
    if not as_pandas:
        return columns
    try:
        import pandas as pd
    except ImportError:
        return columns
    return pd.DataFrame(columns)
