"""A learner is a model that grows: `Booster`, xgboost's class of this name, boosts, evaluates and predicts.

One round of it (`update`)::

    rows of dtrain  →  LearnerTraining.round()  →  trees  →  GrownModel  →  Margins of each matrix that is evaluated
                       (`learner_training`)                                 (`margins`)

The other parts of the class are `LearnerFile` (`learner_file`: files, pickles, configuration, attributes) and
`LearnerTrees` (`learner_trees`: dumps, scores, tables).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tree import TreeEnsemble
from .grown_model import GrownModel
from .learner_file import LearnerFile
from .learner_training import LearnerTraining
from .learner_trees import LearnerTrees
from .margins import Margins, start_of
from .matrix import DMatrix
from .parameters import LearnerParameters, pairs_of
from .prediction import predicted
from .tables import table_of

__all__ = ["Booster"]


class Booster(LearnerFile, LearnerTrees):
    """A boosted model that grows round by round, with the methods of xgboost's class of the same name.

    Parameters
    ----------
    params : dict or list of pairs, optional
        Parameters by the library's names, see `mlx.boosting.parameters`.
    cache : list of DMatrix, optional
        Matrices that will be used: names and number of columns are taken from them.
    model_file : str, path-like, bytearray or Booster, optional
        Model to go on with; a Booster with its parameters.

    Notes
    -----
    A model without trees predicts `base_score`, or 0.5 where it is not stated; the library's has the margin 0.5 then.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mlx.boosting import Booster, DMatrix
    >>> rows = DMatrix(*load_diabetes(return_X_y=True))
    >>> model = Booster({"max_depth": 3}, [rows])
    >>> for number in range(5):
    ...     model.update(rows, number)
    >>> model[2:4].num_boosted_rounds()
    2
    """

    _training: LearnerTraining | None = None

    def __init__(self, params: Any = None, cache: Sequence[DMatrix] | None = None, model_file: Any = None) -> None:
        self._parameters = LearnerParameters()
        self._attributes: dict[str, str] = {}
        self._names: list[str] | None = None
        self._types: list[str] | None = None
        self._n_features = 0
        self._grown: GrownModel | None = None
        self._margins = Margins()
        for matrix in cache or ():
            self._meet(matrix, "cache")
        if isinstance(model_file, Booster):
            self.__setstate__(model_file.__getstate__())
        elif model_file is not None:
            self.load_model(model_file)
        self.set_param(params)

    def set_param(self, params: Any, value: Any = None) -> None:
        """Set parameters, which hold from the next round on.

        Parameters
        ----------
        params : dict, list of pairs, or str
        value : object, optional
            Of the parameter, if `params` is a name.
        """
        if isinstance(params, str) and value is None:
            raise ValueError(f"value: parameter {params!r} needs one")
        self._parameters.set([(params, value)] if isinstance(params, str) else pairs_of(params))

    # Training -----------------------------------------------------------------------------------------------------

    def update(self, dtrain: DMatrix, iteration: int, fobj: Callable | None = None) -> None:
        """Boost one round.

        Parameters
        ----------
        dtrain : DMatrix
        iteration : int
            Number of the round. It has no effect: random streams are named by the numbers of the trees.
        fobj : callable, optional
            Own objective, as in `train`.
        """
        if fobj is not None:
            self.boost(dtrain, iteration, fobj=fobj)
        else:
            self._training_on(dtrain, own=False).round()

    def boost(
        self, dtrain: DMatrix, iteration: int, *, grad: Any = None, hess: Any = None, fobj: Callable | None = None
    ) -> None:
        """Boost one round with gradients of one's own.

        Parameters
        ----------
        dtrain : DMatrix
        iteration : int
            Number of the round; it has no effect.
        grad, hess : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Gradients and Hessians, in which weights are to be multiplied already; rows of weight 0 are left out.
        fobj : callable, optional
            ``fobj(margins, dtrain)`` returns them.
        """
        if (grad is None) != (hess is None) or (grad is None) == (fobj is None):
            raise ValueError("grad, hess, fobj: either both arrays or the function must be given")
        training = self._training_on(dtrain, own=True)
        if fobj is None:
            training.round(lambda: (grad, hess))
        else:
            margin = training.seen_margin(self._margin(dtrain).copy())
            training.round(lambda: fobj(margin[:, 0] if margin.shape[1] == 1 else margin, dtrain))

    def reset(self) -> Booster:
        """Forget what is kept for further rounds; returns the booster."""
        if self._training is not None:
            self._training.close()
        self._training, self._margins = None, Margins()
        return self

    def _training_on(self, dtrain: DMatrix, own: bool) -> LearnerTraining:
        """What grows the next trees on these rows, kept from round to round."""
        self._meet(dtrain, "dtrain")
        training = self._training
        if training is None or not training.is_for(self._parameters, dtrain, self._grown, own):
            if training is not None:
                training.close()
            self._parameters.feature_names_in_ = self._names
            grown = self._grown if self._grown is not None and self._grown.n_rounds else None
            training = LearnerTraining(self._parameters, dtrain, grown, own)
            self._training, self._grown, self._margins = training, training.model, Margins()
        return training

    def _meet(self, matrix: Any, argument: str) -> None:
        """Take names and number of columns from the first matrix, and compare those of all others."""
        if not isinstance(matrix, DMatrix):
            raise TypeError(f"{argument}: a DMatrix is needed, not {type(matrix).__name__}")
        if self._names is None and self._types is None and self._grown is None:
            self._names, self._types = matrix.feature_names, matrix.feature_types
        self._n_features = self._n_features or matrix.num_col()
        self._check_names(matrix.feature_names)
        if matrix.num_col() != self._n_features:
            raise ValueError(f"{argument}: has {matrix.num_col()} columns, the model {self._n_features}")

    def _check_names(self, names: Sequence[str] | None) -> None:
        if self._names is None or names == self._names:
            return
        if names is None:
            raise ValueError(f"feature_names: the table has none, but the model expects {', '.join(self._names)}")
        message = f"feature_names mismatch: the model has {self._names}, the table {list(names)}"
        missing, unknown = set(self._names) - set(names), set(names) - set(self._names)
        if missing:
            message += f"\nexpected in the table: {', '.join(sorted(missing))}"
        if unknown:
            message += f"\nnot known to the model: {', '.join(sorted(unknown))}"
        raise ValueError(message)

    # Evaluation ---------------------------------------------------------------------------------------------------

    def eval(self, data: DMatrix, name: str = "eval", iteration: int = 0) -> str:
        """Metrics of a matrix as text, see `eval_set`."""
        return self.eval_set([(data, name)], iteration)

    def eval_set(
        self,
        evals: Sequence[tuple[DMatrix, str]],
        iteration: int = 0,
        feval: Callable | None = None,
        output_margin: bool = True,
    ) -> str:
        """Metrics of some matrices as text.

        Parameters
        ----------
        evals : list of (DMatrix, str)
        iteration : int, default=0
            Number that the text begins with.
        feval : callable, optional
            Own metric, as in `train`.
        output_margin : bool, default=True
            Whether it gets margins in place of predictions.

        Returns
        -------
        str
            ``[iteration]``, and after a tab each ``name-metric:value``.
        """
        for entry in evals:
            if not isinstance(entry[0], DMatrix) or not isinstance(entry[1], str):
                raise TypeError("evals: must be a list of pairs of a DMatrix and its name")
        texts = [f"\t{data}-{metric}:{value:.17f}" for data, metric, value in self.scores(evals)]
        if feval is not None:
            texts += [f"\t{data}-{m}:{v:f}" for data, m, v in self._own_scores(evals, feval, output_margin)]
        return "".join([f"[{iteration}]", *texts])

    def scores(
        self, evals: Sequence[tuple[DMatrix, str]], feval: Callable | None = None, output_margin: bool = True
    ) -> list[tuple[str, str, float]]:
        """Metrics of some matrices as numbers: (set, metric, value) of each; arguments as of `eval_set`."""
        found = []
        for matrix, name in evals:
            self._meet(matrix, "evals")
            found += [(name, *score) for score in self._parameters.scores(self._model(), matrix, self._margin(matrix))]
        return found + ([] if feval is None else list(self._own_scores(evals, feval, output_margin)))

    def _own_scores(
        self, evals: Sequence[tuple[DMatrix, str]], feval: Callable, output_margin: bool
    ) -> Iterator[tuple[str, str, float]]:
        for matrix, name in evals:
            returned = feval(self.predict(matrix, output_margin=output_margin), matrix)
            for metric, value in returned if isinstance(returned, list) else [returned]:
                yield name, metric, float(value)

    # Prediction ---------------------------------------------------------------------------------------------------

    def predict(
        self,
        data: DMatrix,
        *,
        output_margin: bool = False,
        pred_leaf: bool = False,
        pred_contribs: bool = False,
        approx_contribs: bool = False,
        pred_interactions: bool = False,
        validate_features: bool = True,
        training: bool = False,
        iteration_range: tuple[int, int] = (0, 0),
        strict_shape: bool = False,
    ) -> NDArray[np.float32]:
        """Predictions, margins or leaves.

        Parameters
        ----------
        data : DMatrix
        output_margin : bool, default=False
            Return margins.
        pred_leaf : bool, default=False
            Return the number of the leaf that each row reaches in each tree.
        pred_contribs, approx_contribs, pred_interactions : bool, default=False
            Only False is supported.
        validate_features : bool, default=True
            Whether the names of the columns must be those of the model, in the same order.
        training : bool, default=False
            Whether trees that training has dropped (DART) are left out; otherwise it has no effect.
        iteration_range : (int, int), default=(0, 0)
            First and last (exclusive) round; 0 as the last is all of them.
        strict_shape : bool, default=False
            Whether shapes have an axis for the outputs even if there is one only.

        Returns
        -------
        ndarray of float32
            Of shape (n_samples,), or (n_samples, n_outputs) if there are several outputs or with `strict_shape`; for
            leaves (n_samples, n_trees), or (n_samples, n_rounds, n_outputs, n_parallel_trees).
        """
        if not isinstance(data, DMatrix):
            raise TypeError(f"data: a DMatrix is needed, not {type(data).__name__}")
        refused = {"pred_contribs": pred_contribs, "pred_interactions": pred_interactions}
        for name, value in {**refused, "approx_contribs": approx_contribs}.items():
            if value:
                raise NotImplementedError(f"Booster.predict: {name}=True is not supported")
        if output_margin and pred_leaf:
            raise ValueError("output_margin, pred_leaf: only one of them may be True")
        if validate_features:
            self._check_names(data.feature_names)
        model = self._model()
        if data.num_col() != model.n_features:
            raise ValueError(f"data: has {data.num_col()} columns, the model {model.n_features}")
        first, last = _range(iteration_range, model.n_rounds)
        if pred_leaf:
            return self._leaves(model, data, first, last, strict_shape)
        if (first, last) == (0, model.n_rounds):
            margin = self._margin(data).copy()
        else:
            start = start_of(data.given("base_margin"), data.num_row(), model)
            margin = self._margin_of_rows(model.ensemble(first, last), data.rows_for(model.category_names), start)
        return self._output(model, margin, output_margin, strict_shape)

    def inplace_predict(
        self,
        data: Any,
        *,
        iteration_range: tuple[int, int] = (0, 0),
        predict_type: str = "value",
        missing: float = np.nan,
        validate_features: bool = True,
        base_margin: Any = None,
        strict_shape: bool = False,
    ) -> NDArray[np.float32]:
        """Predictions or margins of a table that is no DMatrix.

        Parameters
        ----------
        data : array-like, pandas.DataFrame or scipy sparse matrix, shape (n_samples, n_features)
        iteration_range : (int, int), default=(0, 0)
            As of `predict`.
        predict_type : {"value", "margin"}, default="value"
        missing : float, default=np.nan
            Value that stands for a missing one.
        validate_features : bool, default=True
            Whether the names of the columns of a data frame must be those of the model.
        base_margin : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Where the margins start.
        strict_shape : bool, default=False
            As of `predict`.

        Returns
        -------
        ndarray of float32, shape (n_samples,) or (n_samples, n_outputs)
        """
        if predict_type not in ("value", "margin"):
            raise ValueError(f"predict_type={predict_type!r} must be 'value' or 'margin'")
        table, model = table_of(data, missing, enable_categorical=True), self._model()
        if validate_features and table.names is not None:
            self._check_names(table.names)
        if table.rows.shape[1] != model.n_features:
            raise ValueError(f"data: has {table.rows.shape[1]} columns, the model {model.n_features}")
        ensemble = model.ensemble(*_range(iteration_range, model.n_rounds))
        rows, start = table.rows_for(model.category_names), start_of(base_margin, table.rows.shape[0], model)
        margin = self._margin_of_rows(ensemble, rows, start)
        return self._output(model, margin, predict_type == "margin", strict_shape)

    def __tree_ensemble__(self) -> TreeEnsemble:
        """All trees, for explanations, plots and other code that works on any trees."""
        return self._model().ensemble(names=self._names)

    def _model(self) -> GrownModel:
        """What there is so far; a model without trees before the first round."""
        if self._grown is None:
            if not self._n_features:
                raise ValueError("the booster has no columns yet: give it a DMatrix or a model first")
            self._grown = self._parameters.empty_model(self._n_features)
        return self._grown

    def _margin(self, matrix: DMatrix) -> NDArray[np.float32]:
        return self._margins.of(matrix, self._model(), self._parameters._n_threads())

    def _margin_of_rows(self, trees: TreeEnsemble, rows: Any, start: NDArray[np.float32]) -> NDArray[np.float32]:
        return trees.margin(rows, self._parameters._n_threads(), start=start)

    def _leaves(
        self, model: GrownModel, data: DMatrix, first: int, last: int, strict_shape: bool
    ) -> NDArray[np.float32]:
        trees, n_threads = model.ensemble(first, last), self._parameters._n_threads()
        rows = data.rows_for(model.category_names)
        leaves = trees.apply(rows, n_threads).astype(np.float32)
        per_output = model.n_parallel_trees
        shape = (len(leaves), last - first, leaves.shape[1] // max((last - first) * per_output, 1), per_output)
        return leaves.reshape(shape) if strict_shape else leaves

    @staticmethod
    def _output(
        model: GrownModel, margin: NDArray[np.float32], output_margin: bool, strict_shape: bool
    ) -> NDArray[np.float32]:
        output = margin if output_margin else predicted(margin, model.objective, model.link)
        if model.objective == "multi:softmax" and not output_margin:
            output = np.argmax(output, axis=1).astype(np.float32)[:, np.newaxis]
        return output[:, 0] if output.shape[1] == 1 and not strict_shape else output


def _range(iteration_range: Any, n_rounds: int) -> tuple[int, int]:
    """First and last round; 0 as the last is all."""
    try:
        first, last = (int(end) for end in iteration_range)
    except (TypeError, ValueError):
        raise ValueError(f"iteration_range={iteration_range!r} must be a pair of integers") from None
    last = n_rounds if last == 0 else last
    if not 0 <= first <= last <= n_rounds:
        raise ValueError(f"iteration_range={iteration_range!r} must lie within the {n_rounds} rounds of the model")
    return first, last
