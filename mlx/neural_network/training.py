"""Training goes through the rows in small shuffled batches, one gradient step per batch, until progress ends.

One pass over all rows is an epoch. After each epoch the loop looks at one figure, the mean training loss of the epoch
(each batch at the parameters it met) or the score on rows held out, and counts the epochs in a row that did not better
the best by `tolerance`. When the count exceeds `patience`, the learning rate is lowered, if its schedule can be, or
training ends.

`minimize_with_lbfgs` is the alternative for small tables: all rows at once, by a quasi-Newton method.

The random stream is scikit-learn's: one permutation of the rows per epoch. Shuffles accumulate: each permutes the
order that the one before has left.

References: L. Bottou, F. E. Curtis & J. Nocedal, "Optimization methods for large-scale machine learning", SIAM Review
60(2), 2018, section 3 (stochastic gradients); R. H. Byrd et al., "A limited memory algorithm for bound constrained
optimization", SIAM J. Sci. Comput. 16(5), 1995 (L-BFGS-B).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.sparse import issparse

from ..callbacks import FitRounds
from .gradient_steps import GradientStep
from .layers import Array
from .network import Network

__all__ = ["Limits", "TrainingResult", "TrainingState", "minimize_with_lbfgs", "train"]

AfterEpoch = Callable[[], dict[str, Any]]


class Limits(NamedTuple):
    """How training goes through the rows and when it ends.

    Attributes
    ----------
    batch_size : int
        Rows per gradient step; the last batch of an epoch has the rest.
    max_epochs : int
        Most epochs.
    shuffle : bool
        Whether each epoch has its own order of rows.
    tolerance : float
        Least betterment of the best loss or score that counts.
    patience : float
        Epochs in a row without betterment that are tolerated; may be inf.
    verbose : bool
        Whether each epoch prints a line.
    """

    batch_size: int
    max_epochs: int
    shuffle: bool
    tolerance: float
    patience: float
    verbose: bool


@dataclass
class TrainingState:
    """What is known so far; a warm start or `partial_fit` goes on from it.

    Attributes
    ----------
    best_parameters : ndarray of shape (p,)
        Parameters with the best validation score, initially those at the start.
    n_samples_seen : int
        Training rows gone through, repetitions counted.
    n_without_improvement : int
        Epochs in a row without betterment.
    loss_curve, validation_scores : list of float
        One entry per epoch; the second stays empty without held-out rows.
    best_loss, best_score : float
        The best of each.
    """

    best_parameters: Array
    n_samples_seen: int = 0
    n_without_improvement: int = 0
    loss_curve: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    best_loss: float = np.inf
    best_score: float = -np.inf

    def record_loss(self, loss: float, tolerance: float) -> None:
        """Count an epoch by its training loss. A loss of nan counts as betterment, as in scikit-learn."""
        self.n_without_improvement = self.n_without_improvement + 1 if loss > self.best_loss - tolerance else 0
        self.best_loss = loss if loss < self.best_loss else self.best_loss

    def record_score(self, score: float, parameters: Array, tolerance: float) -> None:
        """Count an epoch by its validation score, and keep the parameters if it is the best."""
        self.validation_scores.append(score)
        self.n_without_improvement = self.n_without_improvement + 1 if score < self.best_score + tolerance else 0
        if score > self.best_score:
            self.best_score = score
            self.best_parameters = parameters.copy()


class TrainingResult(NamedTuple):
    """How training ended; the parameters are in the network.

    Attributes
    ----------
    n_iter : int
        Epochs, or iterations of L-BFGS, of this call.
    loss : float
        Mean training loss of the last epoch, or at the solution.
    converged : bool
        False if the limit of epochs or iterations ended it.
    message : str
        Why it did not converge.
    """

    n_iter: int
    loss: float
    converged: bool
    message: str = ""


def train(
    network: Network,
    X: Any,
    y: NDArray,
    sample_weight: Array | None,
    *,
    step: GradientStep,
    limits: Limits,
    state: TrainingState,
    random_state: np.random.RandomState,
    rounds: FitRounds,
    fitted_attributes: AfterEpoch | None = None,
    validation_score: Callable[[], float] | None = None,
) -> TrainingResult:
    """Train a network with stochastic gradients.

    Parameters
    ----------
    network : Network
        Its parameters are changed in place.
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Training rows.
    y : ndarray of shape (n_samples, n_outputs)
        Targets.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the rows, not all zero. A batch in which they are makes no step.
    step : GradientStep
        Rule of the gradient step; changed in place.
    limits : Limits
        Batches and the end of training.
    state : TrainingState
        Where an earlier call left off; changed in place.
    random_state : numpy.random.RandomState
        Source of the shuffles.
    rounds : FitRounds
        Told of each epoch, entered already; may end training.
    fitted_attributes : callable, optional
        What `rounds` shows to callbacks.
    validation_score : callable, optional
        Score of the network on held-out rows; training then watches it instead of the loss.

    Returns
    -------
    TrainingResult
    """
    n_samples = X.shape[0]
    order = np.arange(n_samples)
    loss, n_epochs = np.nan, 0
    for n_epochs in range(1, limits.max_epochs + 1):
        rounds.begin()
        if limits.shuffle:
            order = order[random_state.permutation(n_samples)]
        loss = _run_epoch(network, step, _batches(X, y, sample_weight, order, limits))
        state.n_samples_seen += n_samples
        state.loss_curve.append(loss)
        if limits.verbose:
            print(f"Iteration {n_epochs}, loss = {loss:.8f}")

        if validation_score is None:
            state.record_loss(loss, limits.tolerance)
        else:
            state.record_score(validation_score(), network.parameters, limits.tolerance)
            if limits.verbose:
                print(f"Validation score: {state.validation_scores[-1]:f}")
        step.end_epoch(state.n_samples_seen)

        stop_requested = rounds.end(fitted_attributes)
        if stop_requested or _has_stalled(state, step, limits, validation_score is not None):
            return TrainingResult(n_epochs, loss, converged=True)
    message = f"the training loss has not settled after max_iter={limits.max_epochs} epochs"
    return TrainingResult(n_epochs, loss, converged=False, message=message)


def _run_epoch(network: Network, step: GradientStep, batches: Iterator[tuple[Any, NDArray, Array | None]]) -> float:
    """Mean over the rows of the losses that the batches met on the way; a batch without weight is passed over."""
    scratch = np.empty_like(network.parameters)
    accumulated, n_samples = 0.0, 0
    for X, y, sample_weight in batches:
        if sample_weight is not None and not sample_weight.any():
            continue
        accumulated += network.loss_and_gradient(X, y, sample_weight) * len(y)
        n_samples += len(y)
        step.update(network.parameters, network.gradient, scratch)
    return accumulated / n_samples


def _batches(
    X: Any, y: NDArray, sample_weight: Array | None, order: NDArray[np.intp], limits: Limits
) -> Iterator[tuple[Any, NDArray, Array | None]]:
    """Rows, targets and weights of one batch after the other; dense rows come in one buffer, filled anew each time."""
    n_samples, size = len(order), limits.batch_size
    gathered = None if issparse(X) or not limits.shuffle else np.empty((size, X.shape[1]), dtype=X.dtype)
    for start in range(0, n_samples, size):
        rows: Any = order[start : start + size] if limits.shuffle else slice(start, min(start + size, n_samples))
        if gathered is None:
            X_batch = X[rows]
        else:
            # mode="clip" writes straight into the buffer; the default checks bounds in a second one.
            X_batch = np.take(X, rows, axis=0, out=gathered[: len(rows)], mode="clip")
        yield X_batch, y[rows], None if sample_weight is None else sample_weight[rows]


def _has_stalled(state: TrainingState, step: GradientStep, limits: Limits, scored: bool) -> bool:
    """Whether the patience is used up and the learning rate cannot be lowered."""
    if not state.n_without_improvement > limits.patience:
        return False
    goes_on = step.lower_rate()
    if goes_on:
        state.n_without_improvement = 0
    if limits.verbose:
        figure = "Validation score" if scored else "Training loss"
        what = f"Setting learning rate to {step.learning_rate:f}" if goes_on else "Stopping."
        print(
            f"{figure} did not improve more than tol={limits.tolerance:f} for {limits.patience} consecutive epochs. "
            f"{what}"
        )
    return not goes_on


def minimize_with_lbfgs(
    network: Network,
    X: Any,
    y: NDArray,
    sample_weight: Array | None,
    *,
    max_iter: int,
    max_fun: int,
    gradient_tolerance: float,
    rounds: FitRounds,
    fitted_attributes: AfterEpoch | None = None,
    verbose: bool = False,
) -> TrainingResult:
    """Minimise the regularised loss over all rows with SciPy's L-BFGS-B.

    Parameters
    ----------
    network : Network
        Its parameters, in float64, are changed in place.
    X, y, sample_weight
        As in `train`.
    max_iter, max_fun : int
        Most iterations, and most evaluations of the loss.
    gradient_tolerance : float
        Largest entry of the gradient at which the solution is accepted.
    rounds : FitRounds
        Told of each iteration, entered already; may end the search.
    fitted_attributes : callable, optional
        What `rounds` shows to callbacks.
    verbose : bool, default=False
        Whether each iteration prints a line.

    Returns
    -------
    TrainingResult
    """

    def objective(parameters: Array) -> tuple[float, Array]:
        network.parameters[:] = parameters
        loss = network.loss_and_gradient(X, y, sample_weight)
        return loss, network.gradient.copy()

    def after_iteration(intermediate_result: optimize.OptimizeResult) -> None:
        network.parameters[:] = intermediate_result.x
        if verbose:
            print(f"Iteration {rounds.n_finished + 1}, loss = {intermediate_result.fun:.8f}")
        if rounds.end(fitted_attributes):
            raise StopIteration
        rounds.begin()

    rounds.begin()
    solution = optimize.minimize(
        objective,
        network.parameters.copy(),
        method="L-BFGS-B",
        jac=True,
        callback=after_iteration,
        options={"maxfun": max_fun, "maxiter": max_iter, "gtol": gradient_tolerance},
    )
    network.parameters[:] = solution.x
    stopped_from_outside = rounds.stop_requested
    message = f"L-BFGS stopped after {solution.nit} iterations (max_iter={max_iter}, max_fun={max_fun}): "
    return TrainingResult(
        n_iter=min(solution.nit, max_iter),
        loss=float(solution.fun),
        converged=solution.status == 0 or stopped_from_outside,
        message=message + str(solution.message),
    )
