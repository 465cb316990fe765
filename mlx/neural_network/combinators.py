"""A combinator makes one layer out of several: in a row, around a shortcut, or side by side.

========================  ========================  ==============================================
combinator                Y                         pullback of D = ∂L/∂Y
========================  ========================  ==============================================
chain(f, g)               g(f(X))                   f's pullback of g's pullback of D
residual(f)               X + f(X)                  D + f's pullback of D
concatenate(f, g)         columns of f(X), g(X)     sum of the pullbacks of D's columns
========================  ========================  ==============================================

What they return is a layer again, so they nest: a residual block is
``residual(chain(Dense(W1, b1), Activation("relu"), Dense(W2, b2)))``, and an Inception block is a ``concatenate`` of
chains. Parameters and gradients come in the order in which the layers were given.

References: K. He et al., "Deep residual learning for image recognition", CVPR 2016, equation 1 (residual);
C. Szegedy et al., "Going deeper with convolutions", CVPR 2015, figure 2 (concatenation of parallel branches).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .layers import Array, Layer, Pullback

__all__ = ["Combination", "chain", "concatenate", "residual"]


class Combination:
    """A layer made of layers.

    Parameters
    ----------
    layers : tuple of layers
        The parts, whose parameters become those of the whole.
    forward : callable
        Maps X to the output and the pullback of the whole.

    Attributes
    ----------
    parameters : list of ndarray
        Parameters of the parts, in order.
    """

    def __init__(self, layers: tuple[Layer, ...], forward: Callable[[Any], tuple[Array, Pullback]]) -> None:
        self.parameters = [array for layer in layers for array in layer.parameters]
        self.forward = forward


def chain(*layers: Layer) -> Combination:
    """Layers in a row: each takes the output of the one before.

    Parameters
    ----------
    *layers : layers
        First to last.

    Returns
    -------
    Combination

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.neural_network import Activation, Dense, chain
    >>> net = chain(Dense(np.eye(2), np.array([0.0, -1.0])), Activation("relu"))
    >>> net.forward(np.array([[3.0, 0.5]]))[0]
    array([[3., 0.]])
    """

    def forward(X: Any) -> tuple[Array, Pullback]:
        pullbacks = []
        for layer in layers:
            X, pullback = layer.forward(X)
            pullbacks.append(pullback)

        def pull_back_all(dY: Array) -> tuple[Array, list[Array]]:
            by_layer = []
            for pullback in reversed(pullbacks):
                dY, gradients = pullback(dY)
                by_layer.append(gradients)
            return dY, [gradient for gradients in reversed(by_layer) for gradient in gradients]

        return X, pull_back_all

    return Combination(layers, forward)


def residual(layer: Layer) -> Combination:
    """A shortcut around a layer: its input is added to its output, which must have the same shape.

    Parameters
    ----------
    layer : layer
        Maps (n_samples, n) to (n_samples, n); at its ends there may be no activation that works in place.

    Returns
    -------
    Combination

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.neural_network import Dense, residual
    >>> residual(Dense(np.zeros((2, 2)), np.array([1.0, 1.0]))).forward(np.array([[5.0, 6.0]]))[0]
    array([[6., 7.]])
    """

    def forward(X: Array) -> tuple[Array, Pullback]:
        change, pullback = layer.forward(X)

        def pull_back_both(dY: Array) -> tuple[Array, list[Array]]:
            dX, gradients = pullback(dY)
            return dY + dX, gradients

        return X + change, pull_back_both

    return Combination((layer,), forward)


def concatenate(*layers: Layer) -> Combination:
    """Layers side by side: all take the same input, their outputs become the columns of one.

    Parameters
    ----------
    *layers : layers
        Left to right; no activation at their ends may work in place.

    Returns
    -------
    Combination

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.neural_network import Activation, concatenate
    >>> concatenate(Activation("identity"), Activation("relu")).forward(np.array([[-2.0]]))[0]
    array([[-2.,  0.]])
    """

    def forward(X: Array) -> tuple[Array, Pullback]:
        outputs, pullbacks = zip(*(layer.forward(X) for layer in layers))
        borders = np.cumsum([output.shape[1] for output in outputs])[:-1]

        def pull_back_all(dY: Array) -> tuple[Array, list[Array]]:
            pulled = [pullback(part) for pullback, part in zip(pullbacks, np.split(dY, borders, axis=1))]
            dX = np.sum([dX for dX, _ in pulled], axis=0)
            return dX, [gradient for _, gradients in pulled for gradient in gradients]

        return np.hstack(outputs), pull_back_all

    return Combination(layers, forward)
