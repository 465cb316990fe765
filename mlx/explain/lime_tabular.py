"""LIME explains one row of a table by a linear model that imitates the explained model near the row.

Rows are drawn around the row (`perturbing.py`), usually after numbers were cut into bins (`discretizing.py`); the
model is asked about them; and a ridge regression, weighted by proximity, finds how the output depends on agreeing
with the row in each feature (`local_model.py`).

lime draws at random, so that two seeds give two explanations. Here, unless ``sampling="random"`` is asked for, the
points are always the same, of low discrepancy, and shared by all rows that are explained together.

References
----------
Ribeiro, M. T., Singh, S. and Guestrin, C. (2016). "Why should I trust you?" Explaining the predictions of any
classifier. KDD, arXiv:1602.04938.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ..numeric.threads import one_blas_thread
from ..validation import naming
from .arguments import as_numbers, check_choice, check_count, check_flag, check_names, checked_outputs, known_classes
from .discretizing import PERCENTILES, find_bins
from .encoding import TableEncoding
from .explanation import Game
from .lime_explanation import REGRESSION_LABEL, LimeExplanation
from .local_model import SELECTIONS, fit_local_model, replicate_errors, select_features
from .neighbourhood import Neighbourhood, neighbourhoods
from .perturbing import N_REPLICATES, column_model

__all__ = ["LimeTabularExplainer"]

# lime's default width of the kernel, per square root of the number of features. It is wide: points that agree in
# nothing still have weight exp(-1 / 0.75² / 2) = 0.41.
WIDTH_PER_ROOT_FEATURE = 0.75


class LimeTabularExplainer:
    """Local linear explanations of rows of a table, the same for every seed.

    Parameters
    ----------
    training_data : array-like or DataFrame of shape (n_rows, n_features)
        Distribution to draw from. Of a data frame, columns of text, categories and truth values are taken as
        categorical, and the model gets data frames.
    mode : {"classification", "regression"}, default="classification"
    training_labels : array-like of shape (n_rows,), optional
        Needed for ``discretizer="entropy"``.
    feature_names : sequence of str, optional
        Default: the columns of a data frame, or "0", "1", ...
    categorical_features : sequence of int, optional
        Columns of codes.
    categorical_names : mapping of int to sequence of str, optional
        Names of the codes, by column.
    kernel_width : float, optional
        Default: 0.75 sqrt(n_features), as in lime. It makes the local model nearly global; try a third of it.
    kernel : callable, optional
        ``kernel(distances, kernel_width)`` gives proximities. Default: sqrt(exp(-distance² / width²)).
    verbose : bool, default=False
        Print intercept, local prediction and the model's prediction.
    class_names : sequence of str, optional
        Default: "0", "1", ... A regression has none, whatever is given.
    feature_selection : {"auto", "forward_selection", "highest_weights", "lasso_path", "none"}, default="auto"
    discretize_continuous : bool, default=True
        Cut numbers into bins.
    discretizer : {"quartile", "decile", "entropy"}, default="quartile"
    sample_around_instance : bool, default=False
        Draw numbers that are not discretized around the row, not around the mean.
    random_state : int, RandomState or None, default=None
        Matters only for ``sampling="random"`` and for ties of ``discretizer="entropy"``.
    training_data_stats : None
        Not supported.
    sampling : {"sobol", "random"}, default="sobol"
        "sobol": scrambled Sobol points, always the same, shared by rows where they can be, with a standard error
        on each weight. "random": lime's own draws; the same `random_state` gives lime's explanation.

    Raises
    ------
    ValueError
        If an argument is wrong; the message names it.
    NotImplementedError
        For sparse data, `training_data_stats` and discretizers that are objects.

    Notes
    -----
    With ``sampling="random"`` a bin whose bounds are equal is filled with 0, or whatever its bound is after
    standardizing, as in lime: columns in which the smallest value is frequent are then drawn wrong. "sobol" fills
    it with the bound.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.explain import LimeTabularExplainer
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> explainer = LimeTabularExplainer(X, mode="regression", feature_names=["a", "b", "c"])
    >>> explanation = explainer.explain_instance(X[0], lambda X: 2.0 * X[:, 1])
    >>> explanation.as_list()[0][0]
    '-0.65 < b <= -0.05'
    """

    def __init__(
        self,
        training_data: Any,
        mode: str = "classification",
        training_labels: Any = None,
        feature_names: Sequence[str] | None = None,
        categorical_features: Sequence[int] | None = None,
        categorical_names: Mapping[int, Sequence[str]] | None = None,
        kernel_width: float | None = None,
        kernel: Callable[..., NDArray[np.float64]] | None = None,
        verbose: bool = False,
        class_names: Sequence[str] | None = None,
        feature_selection: str = "auto",
        discretize_continuous: bool = True,
        discretizer: str = "quartile",
        sample_around_instance: bool = False,
        random_state: Any = None,
        training_data_stats: None = None,
        *,
        sampling: str = "sobol",
    ) -> None:
        check_choice("mode", mode, ("classification", "regression"))
        check_choice("feature_selection", feature_selection, SELECTIONS)
        check_choice("sampling", sampling, ("sobol", "random"))
        if training_data_stats is not None:
            raise NotImplementedError("LimeTabularExplainer: parameter training_data_stats is not supported.")
        if not isinstance(discretizer, str):
            raise NotImplementedError("LimeTabularExplainer: parameter discretizer must be a name, not an object.")
        check_choice("discretizer", discretizer, (*PERCENTILES, "entropy"))
        if kernel_width is not None and not (isinstance(kernel_width, Real) and kernel_width > 0):
            raise ValueError(f"kernel_width must be a positive number, not {kernel_width!r}.")
        if kernel is not None and not callable(kernel):
            raise TypeError(f"kernel must be callable; it is {type(kernel).__name__}.")
        self.mode = mode
        self.verbose = check_flag("verbose", verbose)
        self.feature_selection = feature_selection
        discretize_continuous = check_flag("discretize_continuous", discretize_continuous)
        self.sample_around_instance = check_flag("sample_around_instance", sample_around_instance)
        self.sampling = sampling
        with naming("random_state"):
            self.random_state = check_random_state(random_state)
        self.encoding = TableEncoding(training_data)
        table, n_features = self.encoding.training_table, self.encoding.n_features
        if feature_names is None:
            feature_names = [str(name) for name in (self.encoding.columns or range(n_features))]
        self.feature_names = list(check_names("feature_names", feature_names, n_features, "columns of training_data"))
        if isinstance(class_names, str) or not (class_names is None or hasattr(class_names, "__len__")):
            raise ValueError(f"class_names must be a list of names, not {class_names!r}.")
        self.class_names = None if class_names is None else list(class_names)
        self.categorical_features = self.encoding.category_columns(categorical_features)
        self.categorical_names = self.encoding.category_names(categorical_names)
        self.kernel_width = float(kernel_width or WIDTH_PER_ROOT_FEATURE * np.sqrt(n_features))
        self.kernel = kernel or _exponential_kernel
        numbers = [j for j in range(n_features) if j not in self.categorical_features]
        bins = {}
        if discretize_continuous:
            bins = find_bins(table, numbers, self.feature_names, discretizer, training_labels, self.random_state)
        self.columns = column_model(table, bins, self.categorical_features, discretize_continuous)

    def explain_instance(
        self,
        data_row: Any,
        predict_fn: Callable[[Any], Any],
        labels: Iterable[int] = (1,),
        top_labels: int | None = None,
        num_features: int = 10,
        num_samples: int = 5000,
        distance_metric: str = "euclidean",
        model_regressor: Any = None,
    ) -> LimeExplanation:
        """Explain one row.

        Parameters
        ----------
        data_row : array-like or Series of shape (n_features,), or DataFrame of one row
        predict_fn : callable
            Gets rows, returns probabilities of shape (n, n_classes), or predictions of shape (n,) or (n, 1).
        labels : iterable of int, default=(1,)
            Classes to explain.
        top_labels : int, optional
            Explain this many classes with the highest probability instead.
        num_features : int, default=10
            Largest number of features in the explanation.
        num_samples : int, default=5000
            Size of the sample; for ``sampling="sobol"`` the largest 8 · 2^k below it.
        distance_metric : str, default="euclidean"
            Of `sklearn.metrics.pairwise_distances`.
        model_regressor : object, optional
            Local model; default: ridge regression with penalty 1. Weights then have no standard errors.

        Returns
        -------
        LimeExplanation
        """
        table = self.encoding.encode(data_row, "data_row")
        if len(table) != 1:
            raise ValueError(f"data_row must be one row, not {len(table)}; explain_instances explains many.")
        settings = (labels, top_labels, num_features, num_samples, distance_metric, model_regressor)
        return self._explain_table(table, predict_fn, *settings)[0]

    def explain_instances(
        self,
        rows: Any,
        predict_fn: Callable[[Any], Any],
        labels: Iterable[int] = (1,),
        top_labels: int | None = None,
        num_features: int = 10,
        num_samples: int = 5000,
        distance_metric: str = "euclidean",
        model_regressor: Any = None,
    ) -> list[LimeExplanation]:
        """Explain rows; with shared points this takes one call of the model.

        Parameters
        ----------
        rows : array-like or DataFrame of shape (n_rows, n_features)
        predict_fn, labels, top_labels, num_features, num_samples, distance_metric, model_regressor
            As in `explain_instance`.

        Returns
        -------
        list of LimeExplanation
        """
        table = self.encoding.encode(rows, "rows")
        settings = (labels, top_labels, num_features, num_samples, distance_metric, model_regressor)
        return self._explain_table(table, predict_fn, *settings)

    def _explain_table(
        self,
        table: NDArray[np.float64],
        predict_fn: Callable[[Any], Any],
        labels: Iterable[int],
        top_labels: int | None,
        num_features: int,
        num_samples: int,
        distance_metric: str,
        model_regressor: Any,
    ) -> list[LimeExplanation]:
        if not callable(predict_fn):
            raise TypeError(
                f"predict_fn must be callable, such as model.predict_proba; it is {type(predict_fn).__name__}."
            )
        check_count("num_features", num_features, 1)
        check_count("num_samples", num_samples, 2 if self.sampling == "random" else 4 * N_REPLICATES)
        if top_labels is not None:
            check_count("top_labels", top_labels, 1)
        if not (model_regressor is None or hasattr(model_regressor, "fit")):
            raise TypeError(f"model_regressor must be a regression with fit; it is {type(model_regressor).__name__}.")
        chosen = () if self.mode == "regression" or top_labels else _classes(labels)
        samples = neighbourhoods(
            table,
            self.columns,
            partial(self._predict, predict_fn),
            num_samples,
            sampling=self.sampling,
            around_row=self.sample_around_instance,
            random_state=self.random_state,
        )
        explanations = []
        for row, neighbours in zip(table, samples):
            # Products of this size lose more to a second BLAS thread than they gain; the model keeps its threads.
            with one_blas_thread():
                settings = (chosen, top_labels, num_features, distance_metric, model_regressor)
                explanation = self._explain(row, neighbours, *settings)
            if self.class_names is None and self.mode == "classification":
                explanation.class_names = known_classes(predict_fn, explanation.class_names)
            explanations.append(explanation)
        return explanations

    def _predict(self, predict_fn: Callable[[Any], Any], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Outputs of shape (n_rows, n_classes), or (n_rows, 1) for a regression."""
        outputs = checked_outputs(predict_fn(self.encoding.decode(rows)), len(rows), "predict_fn")
        if self.mode == "regression":
            if outputs.ndim == 2 and outputs.shape[1] != 1:
                raise ValueError(f"predict_fn returned {outputs.shape[1]} outputs; mode='regression' explains one.")
            return outputs.reshape(-1, 1)
        if outputs.ndim == 1:
            raise NotImplementedError("predict_fn must return one probability per class: pass predict_proba.")
        if not np.allclose(outputs.sum(axis=1), 1.0):
            warnings.warn("predict_fn returned probabilities that do not sum to 1.", UserWarning, stacklevel=5)
        return outputs

    def _explain(
        self,
        row: NDArray[np.float64],
        neighbours: Neighbourhood,
        labels: tuple[int, ...],
        top_labels: int | None,
        num_features: int,
        distance_metric: str,
        model_regressor: Any,
    ) -> LimeExplanation:
        explanation = self._blank(row, neighbours)
        if self.mode == "regression":
            labels = (0,)
        elif top_labels:
            labels = tuple(int(label) for label in np.argsort(neighbours.outputs[0])[-top_labels:])
            explanation.top_labels = list(reversed(labels))
        proximity = self._proximity(neighbours.agreement, distance_metric)
        for label in labels:
            if not 0 <= label < neighbours.outputs.shape[1]:
                raise ValueError(f"labels: {label} is not one of the {neighbours.outputs.shape[1]} classes.")
            outputs = neighbours.outputs[:, label]
            key = label if self.mode == "classification" else REGRESSION_LABEL
            sample = (neighbours.agreement, outputs, proximity)
            features = select_features(*sample, num_features, self.feature_selection)
            fitted = fit_local_model(*sample, features, model_regressor)
            explanation.local_exp[key] = sorted(
                zip(map(int, features), map(float, fitted.coefficients)), key=lambda pair: abs(pair[1]), reverse=True
            )
            explanation.intercept[key] = fitted.intercept
            explanation.score, explanation.local_pred = fitted.score, fitted.prediction
            if self.sampling == "sobol" and model_regressor is None:
                drawn = (neighbours.agreement[1:], outputs[1:], proximity[1:])
                errors = replicate_errors(*drawn, features, N_REPLICATES)
                explanation.standard_errors[key] = dict(zip(map(int, features), map(float, errors)))
            if self.verbose:
                print("Intercept", fitted.intercept)
                print("Prediction_local", fitted.prediction)
                print("Right:", outputs[0])
        if self.mode == "regression":
            # lime keeps the explanation of the opposite, "negative", under label 0.
            explanation.intercept[0] = explanation.intercept[REGRESSION_LABEL]
            explanation.local_exp[0] = [(j, -weight) for j, weight in explanation.local_exp[REGRESSION_LABEL]]
        return explanation

    def _blank(self, row: NDArray[np.float64], neighbours: Neighbourhood) -> LimeExplanation:
        """Explanation of a row before any label is explained."""
        outputs = neighbours.outputs
        shown = self.encoding.decode(row[None])
        explanation = LimeExplanation(
            mode=self.mode,
            class_names=["negative", "positive"],
            conditions=self._conditions(row),
            row=np.asarray(shown)[0],
            game=Game(
                "local linear model",
                len(self.encoding.training_table),
                False,
                len(outputs) - 1,
                neighbours.evaluations,
            ),
        )
        if self.mode == "classification":
            count = outputs.shape[1]
            names = self.class_names or range(count)
            explanation.class_names = list(check_names("class_names", names, count, "outputs of predict_fn"))
            explanation.predict_proba = outputs[0]
        else:
            explanation.predicted_value = float(outputs[0, 0])
            explanation.min_value, explanation.max_value = float(outputs.min()), float(outputs.max())
        return explanation

    def _proximity(self, agreement: NDArray[np.float64], distance_metric: str) -> NDArray[np.float64]:
        from sklearn.metrics import pairwise_distances

        with naming("distance_metric"):
            distances = pairwise_distances(agreement, agreement[:1], metric=distance_metric).ravel()
        proximity = as_numbers(self.kernel(distances, kernel_width=self.kernel_width), "kernel")
        if proximity.shape != distances.shape or not np.isfinite(proximity).all() or proximity.min() < 0:
            raise ValueError("kernel must return a finite proximity for each distance, none negative.")
        # Without weight there is nothing to fit, and each replicate is fitted for the standard errors.
        replicates = proximity[1:].reshape(N_REPLICATES if self.sampling == "sobol" else 1, -1)
        if not proximity.sum() > 0 or (self.sampling == "sobol" and not replicates.sum(axis=1).all()):
            raise ValueError(f"kernel gives no weight to the points drawn: widen kernel_width={self.kernel_width:.3g}.")
        return proximity

    def _conditions(self, row: NDArray[np.float64]) -> tuple[str, ...]:
        """What the weight of each feature refers to."""
        conditions = list(self.feature_names)
        for j in self.categorical_features:
            code, names = int(row[j]), self.categorical_names.get(j)
            if names is not None and not 0 <= code < len(names):
                raise ValueError(f"categorical_names has no name for code {code} in column {j} of data_row.")
            conditions[j] = f"{self.feature_names[j]}={code if names is None else names[code]}"
        for j, bins in self.columns.bins.items():
            conditions[j] = bins.names[int(bins.bin_of(row[j : j + 1])[0])]
        return tuple(conditions)


def _exponential_kernel(distances: NDArray[np.float64], kernel_width: float) -> NDArray[np.float64]:
    """π = sqrt(exp(-D² / σ²)), lime's default (Ribeiro et al. 2016, section 3.4, with lime's square root)."""
    return np.sqrt(np.exp(-(distances**2) / kernel_width**2))


def _classes(labels: Iterable[int]) -> tuple[int, ...]:
    if isinstance(labels, str) or not hasattr(labels, "__iter__"):
        raise ValueError(f"labels must be a list of classes, not {labels!r}.")
    chosen = tuple(check_count("labels", label, 0) for label in labels)
    if not chosen:
        raise ValueError("labels must name at least one class.")
    return chosen
