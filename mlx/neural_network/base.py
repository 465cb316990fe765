"""What `MLPClassifier` and `MLPRegressor` share: from validated arrays to a trained network and back to attributes.

The classes differ in their targets and in the output on top of the network; everything between stands here and calls
`mlx.neural_network.network` (the model), `mlx.neural_network.training` (the loops) and
`mlx.neural_network.gradient_steps` (the rules of the steps).
"""

from __future__ import annotations

import warnings
from abc import ABCMeta, abstractmethod
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..callbacks import CallbackSupportMixin, FitRounds
from ..validation import check_sample_weight, validate_data
from .gradient_steps import Adam, GradientStep, MomentumDescent
from .layers import Array
from .network import Network, draw_parameters, join, predict
from .training import Limits, TrainingResult, TrainingState, minimize_with_lbfgs, train

__all__ = ["MultilayerPerceptron"]

STOCHASTIC_SOLVERS = ("sgd", "adam")

# batch_size="auto" is this many rows, or all of a smaller table.
AUTO_BATCH_SIZE = 200


class Targets(NamedTuple):
    """The target as the user gave it and as the network sees it.

    Attributes
    ----------
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The user's, validated.
    encoded : ndarray of shape (n_samples, n_outputs)
        What the outputs of the network are compared with; booleans for classes.
    """

    labels: NDArray
    encoded: NDArray


class MultilayerPerceptron(CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the multilayer perceptrons; the classes built on it document the parameters."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions({"identity", "logistic", "tanh", "relu"})],
        "solver": [StrOptions({"lbfgs", "sgd", "adam"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
    }

    @abstractmethod
    def _validate_data(self, X: Any, y: Any, *, goes_on: bool, incremental: bool) -> tuple[Any, Targets]:
        """Validated X and targets; `goes_on` if an earlier fit is continued, `incremental` in `partial_fit`."""

    @abstractmethod
    def _output_activation(self) -> str:
        """Name of the activation on top."""

    @abstractmethod
    def _score_encoded(self, encoded: Array, labels: NDArray, sample_weight: Array | None) -> float:
        """Score of finite network outputs against the user's labels."""

    def _fit(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool) -> MultilayerPerceptron:
        """Train from the start, or go on (`incremental`: for one epoch)."""
        hidden_units = _hidden_units(self.hidden_layer_sizes)
        if incremental and self.early_stopping:
            raise ValueError("early_stopping=True is not possible with partial_fit, which sees one batch of many")
        goes_on = hasattr(self, "coefs_") and (self.warm_start or incremental)
        X, targets = self._validate_data(X, y, goes_on=goes_on, incremental=incremental)
        sample_weight = check_sample_weight(sample_weight, X)
        layer_units = (X.shape[1], *hidden_units, targets.encoded.shape[1])
        random_state = check_random_state(self.random_state)
        parameters = self._first_parameters(layer_units, random_state, X.dtype, goes_on)
        network = Network(layer_units, parameters, self.activation, self._output_activation(), self.alpha)
        state = self._training_state if goes_on else TrainingState(best_parameters=parameters.copy())

        if self.solver == "lbfgs":
            result = self._search(network, X, targets, sample_weight)
        else:
            result = self._descend(network, X, targets, sample_weight, state, random_state, incremental)
        if not np.isfinite(network.parameters).all():
            raise ValueError(
                "training gave non-finite weights; X may hold large values: scale it, or lower learning_rate_init"
            )
        if not result.converged and not incremental:
            warnings.warn(f"{type(self).__name__}: {result.message}", ConvergenceWarning, stacklevel=3)
        self._store(network, result, state)
        return self

    def _first_parameters(
        self, layer_units: tuple[int, ...], random_state: np.random.RandomState, dtype: np.dtype, goes_on: bool
    ) -> Array:
        """Parameters drawn anew, or those of the fit that is continued."""
        if goes_on:
            fitted_units = (self.coefs_[0].shape[0], *(W.shape[1] for W in self.coefs_))
            if fitted_units != layer_units:
                raise ValueError(
                    f"hidden_layer_sizes and y ask for layers of {layer_units} units, but the fit that is continued "
                    f"has {fitted_units}"
                )
            parameters = join(self.coefs_, self.intercepts_)
        else:
            parameters = draw_parameters(layer_units, self.activation, random_state, dtype)
        # SciPy's L-BFGS works in float64 whatever X is.
        return parameters.astype(np.float64) if self.solver == "lbfgs" else parameters

    def _search(self, network: Network, X: Any, targets: Targets, sample_weight: Array | None) -> TrainingResult:
        """Train on all rows at once."""
        # One more than max_iter: the search opens a round that may turn out to be one too many.
        with self._rounds(self.max_iter + 1, "iteration", X, targets, sample_weight) as rounds:
            return minimize_with_lbfgs(
                network,
                X,
                targets.encoded,
                sample_weight,
                max_iter=self.max_iter,
                max_fun=self.max_fun,
                gradient_tolerance=self.tol,
                rounds=rounds,
                fitted_attributes=lambda: _attributes(network),
                verbose=bool(self.verbose),
            )

    def _descend(
        self,
        network: Network,
        X: Any,
        targets: Targets,
        sample_weight: Array | None,
        state: TrainingState,
        random_state: np.random.RandomState,
        incremental: bool,
    ) -> TrainingResult:
        """Train in batches, by stochastic gradients."""
        if not incremental or not hasattr(self, "_optimizer"):
            self._optimizer = self._gradient_step(network.parameters)
        encoded, validation_score = targets.encoded, None
        X_train, weight_train = X, sample_weight
        if self.early_stopping:
            (X_train, X_held), (encoded, held), (weight_train, weight_held) = self._hold_out(
                X, encoded, sample_weight, random_state
            )
            labels = self._decode(held)

            def validation_score() -> float:
                outputs = network.predict(X_held)
                finite = np.isfinite(outputs).all()
                return self._score_encoded(outputs, labels, weight_held) if finite else np.nan

        limits = Limits(
            batch_size=self._rows_per_batch(X_train.shape[0]),
            max_epochs=1 if incremental else self.max_iter,
            shuffle=self.shuffle,
            tolerance=self.tol,
            patience=self.n_iter_no_change,
            verbose=bool(self.verbose),
        )
        with self._rounds(limits.max_epochs, "epoch", X, targets, sample_weight, watched=not incremental) as rounds:
            result = train(
                network,
                X_train,
                encoded,
                weight_train,
                step=self._optimizer,
                limits=limits,
                state=state,
                random_state=random_state,
                rounds=rounds,
                fitted_attributes=lambda: _attributes(network),
                validation_score=validation_score,
            )
        if self.early_stopping:
            network.parameters[:] = state.best_parameters
        return result

    def _gradient_step(self, parameters: Array) -> GradientStep:
        """The rule that `solver` names, without memory."""
        if self.solver == "sgd":
            return MomentumDescent(
                parameters.size,
                parameters.dtype,
                learning_rate_init=self.learning_rate_init,
                schedule=self.learning_rate,
                momentum=self.momentum,
                nesterov=self.nesterovs_momentum,
                power=self.power_t,
            )
        return Adam(
            parameters.size,
            parameters.dtype,
            learning_rate=self.learning_rate_init,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )

    def _hold_out(
        self, X: Any, encoded: NDArray, sample_weight: Array | None, random_state: np.random.RandomState
    ) -> tuple[list, list, list]:
        """Training and held-out parts of X, targets and weights; classes keep their shares."""
        arrays = [X, encoded] if sample_weight is None else [X, encoded, sample_weight]
        one_column_of_classes = encoded.dtype == bool and encoded.shape[1] == 1
        parts = train_test_split(
            *arrays,
            random_state=random_state,
            test_size=self.validation_fraction,
            stratify=encoded if one_column_of_classes else None,
        )
        if parts[1].shape[0] < 2:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} leaves fewer than 2 of {X.shape[0]} rows to validate "
                "on: raise it, or give more rows"
            )
        weights = [None, None] if sample_weight is None else parts[4:6]
        for part, share in zip(("train", "validate"), weights):
            if share is not None and not share.any():
                raise ValueError(
                    f"sample_weight is zero in all rows to {part} on: with early_stopping, rows of both parts that "
                    f"validation_fraction={self.validation_fraction} makes need weight"
                )
        return parts[0:2], parts[2:4], weights

    def _decode(self, encoded: NDArray) -> NDArray:
        """The user's targets from encoded ones."""
        return encoded

    def _rows_per_batch(self, n_samples: int) -> int:
        if self.batch_size == "auto":
            return min(AUTO_BATCH_SIZE, n_samples)
        if self.batch_size > n_samples:
            warnings.warn(
                f"batch_size={self.batch_size} is more than the {n_samples} training rows; all of them make one batch",
                UserWarning,
                stacklevel=5,
            )
        return min(int(self.batch_size), n_samples)

    def _rounds(
        self,
        max_rounds: int,
        name: str,
        X: Any,
        targets: Targets,
        sample_weight: Array | None,
        watched: bool = True,
    ) -> FitRounds:
        return FitRounds(
            self if watched else None,
            max_rounds=max_rounds,
            round_name=name,
            X=X,
            y=targets.labels,
            sample_weight=sample_weight,
        )

    def _store(self, network: Network, result: TrainingResult, state: TrainingState) -> None:
        """Put what training found on the estimator, under scikit-learn's names."""
        for name, value in _attributes(network).items():
            setattr(self, name, value)
        self._training_state = state
        self.n_iter_ = result.n_iter
        self.loss_ = result.loss
        self.t_ = state.n_samples_seen
        if self.solver in STOCHASTIC_SOLVERS:
            stopped_early = self.early_stopping
            self.loss_curve_ = list(state.loss_curve)
            self.best_loss_ = None if stopped_early else state.best_loss
            self.validation_scores_ = list(state.validation_scores) if stopped_early else None
            self.best_validation_score_ = state.best_score if stopped_early else None

    def _outputs(self, X: Any) -> Array:
        """Outputs of the fitted network for validated rows, shape (n_samples, n_outputs)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        return predict(X, self.coefs_, self.intercepts_, self.activation, self.out_activation_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def trains_in_batches(estimator: MultilayerPerceptron) -> bool:
    """Whether the solver can train batch by batch, as `partial_fit` must; else AttributeError says why not."""
    if estimator.solver not in STOCHASTIC_SOLVERS:
        raise AttributeError(f"partial_fit needs solver='sgd' or 'adam'; solver={estimator.solver!r} needs all rows")
    return True


def one_dimensional_if_one_column(y: NDArray) -> NDArray:
    """Flatten a single column, with scikit-learn's warning that it is one."""
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def _attributes(network: Network) -> dict[str, Any]:
    """Fitted attributes that a prediction needs, by name, as copies."""
    return {
        "coefs_": [W.copy() for W in network.coefs],
        "intercepts_": [b.copy() for b in network.intercepts],
        "n_layers_": len(network.layer_units),
        "n_outputs_": network.layer_units[-1],
        "out_activation_": network.output,
    }


def _hidden_units(hidden_layer_sizes: Any) -> tuple[int, ...]:
    """Units of the hidden layers from the parameter, which may be one number."""
    sizes = [hidden_layer_sizes] if isinstance(hidden_layer_sizes, Integral) else list(hidden_layer_sizes)
    if not all(isinstance(size, Integral) and not isinstance(size, bool) and int(size) > 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be integers > 0, got {hidden_layer_sizes!r}")
    return tuple(int(size) for size in sizes)
