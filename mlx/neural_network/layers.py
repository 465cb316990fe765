"""A layer is a function with parameters that can also carry a gradient back through itself.

``forward(X)`` returns the output Y and a *pullback*: a function that maps the gradient of a loss with respect to Y to
its gradient with respect to X, and to its gradients with respect to the layer's parameters. The pullback remembers
what it needs of the forward pass, so a layer holds no state between the two, and the chain rule is nothing but
calling pullbacks in reverse order (`mlx.neural_network.combinators`).

==========  ======================  =====================================================
layer       Y                       pullback of D = ∂L/∂Y
==========  ======================  =====================================================
Dense       X W + b                 ∂L/∂X = D Wᵀ, ∂L/∂W = Xᵀ D, ∂L/∂b = Σ_rows D
identity    X                       D
logistic    σ(X)                    D Y (1 - Y)
tanh        tanh(X)                 D (1 - Y²)
relu        max(0, X)               D where Y > 0, else 0
exp         exp(X)                  D Y
softmax     exp(X_k) / Σ exp(X_j)   Y (D - Σ_k D_k Y_k), row by row
==========  ======================  =====================================================

Symbols: X (n_samples, n_inputs), W (n_inputs, n_units), b (n_units,), Y and D (n_samples, n_units). Every derivative
of an activation is a function of the output Y, so the input need not be kept.

References: D. E. Rumelhart, G. E. Hinton & R. J. Williams, "Learning representations by back-propagating errors",
Nature 323, 1986, equations 4 to 7. The shape of the interface is that of the library thinc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from scipy.special import expit

from .. import losses

__all__ = ["ACTIVATIONS", "Activation", "Array", "Dense", "Layer", "Pullback"]

Array = NDArray[np.floating]
Pullback = Callable[[Array], tuple[Any, list[Array]]]


class Layer(Protocol):
    """What every layer and every combination of layers offers.

    Attributes
    ----------
    parameters : list of ndarray
        Arrays that training changes, in place.
    """

    parameters: list[Array]

    def forward(self, X: Any) -> tuple[Array, Pullback]:
        """Output for X, and the pullback that belongs to it."""
        ...


class Dense:
    """Affine map Y = X W + b.

    Parameters
    ----------
    weights : ndarray of shape (n_inputs, n_units)
        W; kept, not copied, so that an optimiser can change it in place.
    bias : ndarray of shape (n_units,)
        b; kept, not copied.
    gradients : tuple of two ndarrays, optional
        Where the pullback writes the gradients of W and b; new arrays by default.
    input_gradient : bool, default=True
        Whether the pullback computes the gradient of X. The first layer of a network needs none.

    Attributes
    ----------
    parameters : list of ndarray
        W and b.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.neural_network import Dense
    >>> layer = Dense(np.array([[2.0], [3.0]]), np.array([1.0]))
    >>> Y, pullback = layer.forward(np.array([[1.0, 1.0]]))
    >>> Y
    array([[6.]])
    >>> dX, (dW, db) = pullback(np.array([[1.0]]))
    >>> dX, dW.ravel(), db
    (array([[2., 3.]]), array([1., 1.]), array([1.]))
    """

    def __init__(
        self,
        weights: Array,
        bias: Array,
        *,
        gradients: tuple[Array, Array] | None = None,
        input_gradient: bool = True,
    ) -> None:
        self.parameters = [weights, bias]
        self._gradients = gradients
        self._input_gradient = input_gradient

    def forward(self, X: Any) -> tuple[Array, Pullback]:
        """X W + b for X of shape (n_samples, n_inputs), an array or a sparse matrix, and its pullback."""
        weights, bias = self.parameters
        Y = X @ weights
        Y += bias

        def pullback(dY: Array) -> tuple[Array | None, list[Array]]:
            dW, db = self._gradients or (np.empty_like(weights), np.empty_like(bias))
            if issparse(X):
                dW[...] = X.T @ dY
            else:
                np.matmul(X.T, dY, out=dW)
            np.sum(dY, axis=0, out=db)
            return dY @ weights.T if self._input_gradient else None, [dW, db]

        return Y, pullback


class Activation:
    """A fixed function applied to the output of a layer.

    Parameters
    ----------
    name : {'identity', 'logistic', 'tanh', 'relu', 'exp', 'softmax'}
        Which function; softmax works on rows, the others on single entries.
    in_place : bool, default=False
        Overwrite the input, and the gradient in the pullback, instead of allocating. Right after a `Dense` layer in a
        chain, which needs neither again; wrong at the ends of what `residual` and `concatenate` are given.

    Attributes
    ----------
    parameters : list
        Empty.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.neural_network import Activation
    >>> Y, pullback = Activation("logistic").forward(np.array([[0.0]]))
    >>> Y, pullback(np.array([[1.0]]))[0]
    (array([[0.5]]), array([[0.25]]))
    """

    def __init__(self, name: str, *, in_place: bool = False) -> None:
        self.parameters: list[Array] = []
        self._kind = ACTIVATIONS[name]
        self._in_place = in_place

    def forward(self, X: Array) -> tuple[Array, Pullback]:
        """The activation of X, same shape, and its pullback."""
        Y = self._kind.function(X, X if self._in_place else np.empty_like(X))

        def pullback(dY: Array) -> tuple[Array, list[Array]]:
            return self._kind.pull_back(Y, dY, dY if self._in_place else np.empty_like(dY)), []

        return Y, pullback


class ActivationKind(NamedTuple):
    """A function and its derivative; both write into the array that they are given last, and return it.

    Attributes
    ----------
    function : callable of (X, out)
        The activation of X.
    pull_back : callable of (Y, dY, out)
        Gradient with respect to the input, from the output Y and the gradient dY with respect to it.
    """

    function: Callable[[Array, Array], Array]
    pull_back: Callable[[Array, Array, Array], Array]


def _identity(X: Array, out: Array) -> Array:
    if out is not X:
        np.copyto(out, X)
    return out


def _identity_back(Y: Array, dY: Array, out: Array) -> Array:
    return _identity(dY, out)


def _logistic(X: Array, out: Array) -> Array:
    return expit(X, out=out)


def _logistic_back(Y: Array, dY: Array, out: Array) -> Array:
    np.multiply(dY, Y, out=out)
    out *= 1 - Y
    return out


def _tanh(X: Array, out: Array) -> Array:
    return np.tanh(X, out=out)


def _tanh_back(Y: Array, dY: Array, out: Array) -> Array:
    return np.multiply(dY, 1 - Y**2, out=out)


def _relu(X: Array, out: Array) -> Array:
    return np.maximum(X, 0, out=out)


def _relu_back(Y: Array, dY: Array, out: Array) -> Array:
    _identity(dY, out)
    # Not a product with 0 or 1: 0 times an infinite gradient would be nan.
    np.copyto(out, 0, where=Y == 0)
    return out


def _exp(X: Array, out: Array) -> Array:
    return np.exp(X, out=out)


def _exp_back(Y: Array, dY: Array, out: Array) -> Array:
    return np.multiply(dY, Y, out=out)


def _softmax(X: Array, out: Array) -> Array:
    np.copyto(out, losses.softmax(X))
    return out


def _softmax_back(Y: Array, dY: Array, out: Array) -> Array:
    np.subtract(dY, np.sum(dY * Y, axis=1, keepdims=True), out=out)
    out *= Y
    return out


ACTIVATIONS: dict[str, ActivationKind] = {
    "identity": ActivationKind(_identity, _identity_back),
    "logistic": ActivationKind(_logistic, _logistic_back),
    "tanh": ActivationKind(_tanh, _tanh_back),
    "relu": ActivationKind(_relu, _relu_back),
    "exp": ActivationKind(_exp, _exp_back),
    "softmax": ActivationKind(_softmax, _softmax_back),
}
