"""Where training starts: weights drawn so that signals keep their size on the way through the layers.

A weight drawn uniformly from [-r, r] has the variance r²/3. With r² = 6 / (fan_in + fan_out) that is
2 / (fan_in + fan_out), for which the variances of activations and of gradients stay about the same from layer to
layer; larger weights make them grow with the depth like a power, smaller ones vanish.

========  ===================================================
symbol    meaning
========  ===================================================
fan_in    inputs of a layer
fan_out   units of a layer
r         bound of the uniform distribution
========  ===================================================

As in scikit-learn, the biases are drawn from the same range (the reference sets them to 0), and the logistic
activation has r² = 2 / (fan_in + fan_out).

References: X. Glorot & Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
AISTATS 2010, equation 16.
"""

from __future__ import annotations

import math

import numpy as np

from .layers import Array

__all__ = ["glorot_bound", "glorot_uniform"]

# The numerator of r² by activation; equation 16 has 6, derived for activations of slope 1 at zero.
GLOROT_NUMERATOR = {"logistic": 2.0}


def glorot_bound(fan_in: int, fan_out: int, activation: str = "tanh") -> float:
    """Bound r = √(6 / (fan_in + fan_out)) of the uniform distribution of the weights; √(2 / ...) for logistic.

    Examples
    --------
    >>> from mlx.neural_network import glorot_bound
    >>> glorot_bound(4, 2)
    1.0
    """
    return math.sqrt(GLOROT_NUMERATOR.get(activation, 6.0) / (fan_in + fan_out))


def glorot_uniform(
    fan_in: int, fan_out: int, activation: str, random_state: np.random.RandomState
) -> tuple[Array, Array]:
    """Weights and biases of one layer, drawn uniformly from [-r, r] in the order of scikit-learn's stream.

    Parameters
    ----------
    fan_in, fan_out : int
        Inputs and units of the layer.
    activation : str
        Activation of the hidden layers.
    random_state : numpy.random.RandomState
        Source; advanced by (fan_in + 1) fan_out draws.

    Returns
    -------
    weights : ndarray of shape (fan_in, fan_out)
    bias : ndarray of shape (fan_out,)
    """
    bound = glorot_bound(fan_in, fan_out, activation)
    weights = random_state.uniform(-bound, bound, (fan_in, fan_out))
    bias = random_state.uniform(-bound, bound, fan_out)
    return weights, bias
