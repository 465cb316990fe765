"""Neural networks from layers that know their own gradient.

`MLPClassifier` and `MLPRegressor` are scikit-learn's multilayer perceptrons; the layers and combinators that they are
made of can be put together to other networks.
"""

from .classifier import MLPClassifier
from .combinators import chain, concatenate, residual
from .gradient_steps import Adam, MomentumDescent
from .initialization import glorot_bound, glorot_uniform
from .layers import Activation, Dense
from .regressor import MLPRegressor

__all__ = [
    "Activation",
    "Adam",
    "Dense",
    "MLPClassifier",
    "MLPRegressor",
    "MomentumDescent",
    "chain",
    "concatenate",
    "glorot_bound",
    "glorot_uniform",
    "residual",
]
