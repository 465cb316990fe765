"""A gradient step changes parameters a little, downhill; this file holds the rules for how far and in which direction.

Each rule is one function that evaluates its formula in place, and one small class that keeps its memory between
steps. All parameters of a network are one vector θ, so a step is a handful of operations on whole vectors.

=======  =========================================  =======
symbol   meaning                                    shape
=======  =========================================  =======
θ        parameters                                 (p,)
g        gradient of the loss at θ                  (p,)
v        velocity; in Adam, mean of squared g       (p,)
m        in Adam, mean of g                         (p,)
η        learning rate                              scalar
μ        momentum                                   scalar
=======  =========================================  =======

Every rule reproduces scikit-learn's to the last bit in float64. In float32 ours stays in float32, while
scikit-learn's Adam computes the change of the parameters in float64.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from .layers import Array

__all__ = ["Adam", "GradientStep", "MomentumDescent", "adam_step", "inverse_scaling_rate", "momentum_step"]

# The adaptive schedule divides the rate by this when progress stalls, and gives up below the smallest rate.
ADAPTIVE_DIVISOR = 5.0
SMALLEST_ADAPTIVE_RATE = 1e-6


def momentum_step(
    parameters: Array,
    gradient: Array,
    velocity: Array,
    scratch: Array,
    *,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Momentum: v ← μ v - η g; θ ← θ + v, or with Nesterov's look-ahead θ ← θ + μ v - η g, with the new v.

    Changes `parameters` and `velocity`; overwrites `gradient` and `scratch`.

    References
    ----------
    I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, equations 1
    and 2 (momentum), 3 and 4 (Nesterov); the look-ahead in terms of the gradient at θ is that of Y. Bengio et al.,
    "Advances in optimizing recurrent networks", ICASSP 2013, equation 7.
    """
    downhill = np.multiply(gradient, learning_rate, out=scratch)
    velocity *= momentum
    velocity -= downhill
    if nesterov:
        np.multiply(velocity, momentum, out=gradient)
        gradient -= downhill
        parameters += gradient
    else:
        parameters += velocity


def adam_step(
    parameters: Array,
    gradient: Array,
    first_moment: Array,
    second_moment: Array,
    scratch: Array,
    *,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam: m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²; θ ← θ - η_t m / (√v + ε).

    The rate η_t = η √(1 - β₂ᵗ) / (1 - β₁ᵗ) corrects the means for their start at 0. `step` is t, counted from 1.
    Changes `parameters` and the two moments; overwrites `gradient` and `scratch`.

    References
    ----------
    D. P. Kingma & J. Ba, "Adam: A method for stochastic optimization", ICLR 2015, algorithm 1 in the order of
    computation that the end of its section 2 gives (ε is its ε̂: it is not divided by √(1 - β₂ᵗ)).
    """
    corrected_rate = learning_rate * math.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    first_moment *= beta_1
    first_moment += np.multiply(gradient, 1 - beta_1, out=scratch)
    np.square(gradient, out=gradient)
    gradient *= 1 - beta_2
    second_moment *= beta_2
    second_moment += gradient
    np.sqrt(second_moment, out=gradient)
    gradient += epsilon
    np.multiply(first_moment, -corrected_rate, out=scratch)
    scratch /= gradient
    parameters += scratch


def inverse_scaling_rate(learning_rate_init: float, n_samples_seen: int, power: float) -> float:
    """Learning rate η₀ / (t + 1)^power after t training rows have been seen, not t steps."""
    return learning_rate_init / (n_samples_seen + 1) ** power


class GradientStep(Protocol):
    """What the training loop asks of a rule.

    Attributes
    ----------
    learning_rate : float
        The current η.
    """

    learning_rate: float

    def update(self, parameters: Array, gradient: Array, scratch: Array) -> None:
        """Take one step; `gradient` and `scratch` may be overwritten."""
        ...

    def end_epoch(self, n_samples_seen: int) -> None:
        """Adjust the learning rate to the number of training rows seen."""
        ...

    def lower_rate(self) -> bool:
        """After a stall: lower the learning rate and return True, or return False if training shall end."""
        ...


class MomentumDescent:
    """Stochastic gradient descent with momentum and a schedule of learning rates.

    Parameters
    ----------
    n_parameters : int
        Length of the vector of parameters.
    dtype : dtype
        Its dtype.
    learning_rate_init : float
        The first η.
    schedule : {'constant', 'invscaling', 'adaptive'}
        How η falls: not at all, as `inverse_scaling_rate`, or by a factor of 5 each time that training stalls.
    momentum : float
        μ in [0, 1].
    nesterov : bool
        Whether to look ahead.
    power : float
        Exponent of the schedule 'invscaling'.
    """

    def __init__(
        self,
        n_parameters: int,
        dtype: np.dtype,
        *,
        learning_rate_init: float,
        schedule: str,
        momentum: float,
        nesterov: bool,
        power: float,
    ) -> None:
        self.learning_rate_init = float(learning_rate_init)
        self.learning_rate = self.learning_rate_init
        self.schedule = schedule
        self.momentum = float(momentum)
        self.nesterov = bool(nesterov)
        self.power = float(power)
        self.velocity = np.zeros(n_parameters, dtype=dtype)

    def update(self, parameters: Array, gradient: Array, scratch: Array) -> None:
        """Take one `momentum_step`."""
        momentum_step(
            parameters,
            gradient,
            self.velocity,
            scratch,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
        )

    def end_epoch(self, n_samples_seen: int) -> None:
        """Follow the schedule 'invscaling'."""
        if self.schedule == "invscaling":
            self.learning_rate = inverse_scaling_rate(self.learning_rate_init, n_samples_seen, self.power)

    def lower_rate(self) -> bool:
        """Follow the schedule 'adaptive'."""
        if self.schedule != "adaptive" or self.learning_rate <= SMALLEST_ADAPTIVE_RATE:
            return False
        self.learning_rate /= ADAPTIVE_DIVISOR
        return True


class Adam:
    """Gradient descent with a step size for each parameter, from running means of the gradient and its square.

    Parameters
    ----------
    n_parameters : int
        Length of the vector of parameters.
    dtype : dtype
        Its dtype.
    learning_rate : float
        η.
    beta_1, beta_2 : float
        Decay of the two running means, in [0, 1).
    epsilon : float
        Keeps the division finite where the gradient is zero.
    """

    def __init__(
        self,
        n_parameters: int,
        dtype: np.dtype,
        *,
        learning_rate: float,
        beta_1: float,
        beta_2: float,
        epsilon: float,
    ) -> None:
        self.learning_rate = float(learning_rate)
        self.beta_1, self.beta_2, self.epsilon = float(beta_1), float(beta_2), float(epsilon)
        self.n_steps = 0
        self.first_moment = np.zeros(n_parameters, dtype=dtype)
        self.second_moment = np.zeros(n_parameters, dtype=dtype)

    def update(self, parameters: Array, gradient: Array, scratch: Array) -> None:
        """Take one `adam_step`."""
        self.n_steps += 1
        adam_step(
            parameters,
            gradient,
            self.first_moment,
            self.second_moment,
            scratch,
            step=self.n_steps,
            learning_rate=self.learning_rate,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )

    def end_epoch(self, n_samples_seen: int) -> None:
        """Nothing: the step sizes follow from the gradients."""

    def lower_rate(self) -> bool:
        """Return False: Adam ends training when it stalls."""
        return False
