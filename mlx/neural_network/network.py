"""A multilayer perceptron is a chain of dense layers with one activation between them and one on top.

The network computes, for a batch of n rows, the regularised mean loss and its gradient::

    L(θ) = 1/s Σ_i w_i ℓ(ŷ_i, y_i) + α / (2 s) Σ_l ||W_l||²,      s = Σ_i w_i

    ∂ℓ/∂f = ŷ - y          for each pair of output and loss below, f being what enters the output activation

===============  ======================  ===================================
output           loss ℓ                  target
===============  ======================  ===================================
identity         half squared error      regression
exp              half Poisson deviance   regression of counts and rates
logistic         binary log loss         two classes; one column per label
softmax          multinomial log loss    more than two classes, one-hot
===============  ======================  ===================================

========  =============================================  =======================
symbol    meaning                                        shape
========  =============================================  =======================
θ         all weights, then all biases, in one vector    (p,)
W_l, b_l  weights and biases of layer l, views of θ      (units_l, units_l+1)
w_i, s    weight of a row (1 by default), their sum      scalar
α         strength of the penalty on the weights         scalar
========  =============================================  =======================

As in scikit-learn, the *value* of the squared error is the mean over outputs and that of the other losses the sum,
while the *gradient* is always that of the sum: with several outputs the reported loss of a regression is smaller
than the function that training goes down on, by a factor of the number of outputs (penalty aside).

References: C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2 (pairs of output and loss, and
equation 5.18 for their common gradient) and section 5.3 (backpropagation).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import losses
from .combinators import chain
from .initialization import glorot_uniform
from .layers import Activation, Array, Dense, Layer

__all__ = ["Network", "draw_parameters", "predict"]

Loss = Callable[[Array, Any], Array]

LOSSES: dict[str, Loss] = {
    "identity": losses.half_squared_error,
    "exp": losses.half_poisson_deviance,
    "logistic": losses.binary_log_loss_of_probability,
    "softmax": losses.multinomial_log_loss_of_probability,
}


def draw_parameters(
    layer_units: Sequence[int], activation: str, random_state: np.random.RandomState, dtype: np.dtype
) -> Array:
    """Initial parameters as one vector, layer by layer from the random stream, weights before biases.

    Parameters
    ----------
    layer_units : sequence of int
        Inputs, units of the hidden layers, outputs.
    activation : str
        Activation of the hidden layers.
    random_state : numpy.random.RandomState
        Source of the draws.
    dtype : dtype
        The draws, made in float64, are rounded to it.

    Returns
    -------
    ndarray of shape (p,)
    """
    drawn = [glorot_uniform(fan_in, fan_out, activation, random_state) for fan_in, fan_out in pairwise(layer_units)]
    return join([weights for weights, _ in drawn], [bias for _, bias in drawn]).astype(dtype)


def join(coefs: Sequence[Array], intercepts: Sequence[Array]) -> Array:
    """One vector from the weights and biases of the layers; `split` is its inverse."""
    return np.concatenate([array.ravel() for array in (*coefs, *intercepts)])


def split(vector: Array, layer_units: Sequence[int]) -> tuple[list[Array], list[Array]]:
    """Weights and biases of the layers as views of one vector."""
    coefs, intercepts, start = [], [], 0
    for fan_in, fan_out in pairwise(layer_units):
        coefs.append(vector[start : start + fan_in * fan_out].reshape(fan_in, fan_out))
        start += fan_in * fan_out
    for fan_out in layer_units[1:]:
        intercepts.append(vector[start : start + fan_out])
        start += fan_out
    return coefs, intercepts


class Network:
    """Parameters, gradient and layers of a multilayer perceptron while it is trained.

    Parameters
    ----------
    layer_units : sequence of int
        Inputs, units of the hidden layers, outputs.
    parameters : ndarray of shape (p,)
        θ; kept, not copied.
    activation : {'identity', 'logistic', 'tanh', 'relu'}
        Of the hidden layers.
    output : {'identity', 'exp', 'logistic', 'softmax'}
        Activation on top, which decides the loss.
    alpha : float
        Strength of the penalty.

    Attributes
    ----------
    parameters, gradient : ndarray of shape (p,)
        θ and the gradient of the last batch.
    coefs, intercepts : list of ndarray
        Views of θ.
    """

    def __init__(
        self, layer_units: Sequence[int], parameters: Array, activation: str, output: str, alpha: float
    ) -> None:
        self.layer_units = tuple(layer_units)
        self.parameters = parameters
        self.gradient = np.empty_like(parameters)
        self.alpha = alpha
        self.activation, self.output = activation, output
        self.coefs, self.intercepts = split(parameters, layer_units)
        self._n_weights = sum(W.size for W in self.coefs)
        self._body = chain(*_layers(self.coefs, self.intercepts, activation, split(self.gradient, layer_units)))
        self._head = Activation(output, in_place=True)

    def loss_and_gradient(self, X: Any, y: NDArray, sample_weight: Array | None) -> float:
        """Regularised mean loss of a batch; its gradient is written to `gradient`.

        Parameters
        ----------
        X : {ndarray, sparse matrix} of shape (n, n_features)
            Rows of the batch.
        y : ndarray of shape (n, n_outputs)
            Targets; booleans for classes.
        sample_weight : ndarray of shape (n,) or None
            Weights of the rows.

        Returns
        -------
        float
        """
        raw, pull_back = self._body.forward(X)
        predicted, _ = self._head.forward(raw)
        total_weight = len(y) if sample_weight is None else sample_weight.sum()
        loss = self._mean_loss(predicted, y, sample_weight) + self._penalty() / total_weight

        error = np.subtract(predicted, y, out=predicted)
        if sample_weight is not None:
            error *= sample_weight[:, None]
        pull_back(error)
        self.gradient[: self._n_weights] += self.alpha * self.parameters[: self._n_weights]
        self.gradient /= total_weight
        return float(loss)

    def predict(self, X: Any) -> Array:
        """Output of the network for each row, shape (n, n_outputs)."""
        return predict(X, self.coefs, self.intercepts, self.activation, self.output)

    def _mean_loss(self, predicted: Array, y: NDArray, sample_weight: Array | None) -> float:
        by_output = np.average(LOSSES[self.output](predicted, y), weights=sample_weight, axis=0)
        return by_output.mean() if self.output == "identity" else by_output.sum()

    def _penalty(self) -> float:
        return 0.5 * self.alpha * sum(np.dot(W.ravel(), W.ravel()) for W in self.coefs)


def predict(X: Any, coefs: Sequence[Array], intercepts: Sequence[Array], activation: str, output: str) -> Array:
    """Output ŷ of a network given by its weights and biases, for each row of X.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Rows.
    coefs, intercepts : sequence of ndarray
        Weights and biases of the layers.
    activation, output : str
        Activations of the hidden layers and on top.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    Y = X
    for layer in (*_layers(coefs, intercepts, activation), Activation(output, in_place=True)):
        Y, _ = layer.forward(Y)
    return Y


def _layers(
    coefs: Sequence[Array],
    intercepts: Sequence[Array],
    activation: str,
    gradients: tuple[list[Array], list[Array]] | None = None,
) -> list[Layer]:
    """Dense layers with activations between them; none after the last."""
    layers: list[Layer] = []
    for number, (weights, bias) in enumerate(zip(coefs, intercepts)):
        if number > 0:
            layers.append(Activation(activation, in_place=True))
        into = None if gradients is None else (gradients[0][number], gradients[1][number])
        layers.append(Dense(weights, bias, gradients=into, input_gradient=number > 0))
    return layers
