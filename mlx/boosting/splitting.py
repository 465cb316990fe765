"""Splitting asks, for each node and column, which cut and which side for missing values lower the loss most.

With G and H the sums of gradients and Hessians of a node's rows, and T the soft threshold of the L1 penalty α:

====================  ==========================================================  ==================================
quantity              formula                                                     Chen & Guestrin (2016)
====================  ==========================================================  ==================================
`soft_threshold`      T(G) = sign(G) max(|G| - α, 0)                              not there (α = 0: T(G) = G)
`leaf_weight`         w* = -T(G) / (H + λ)                                        equation 5
`similarity`          T(G)² / (H + λ)                                             equation 6, term of one leaf,
                                                                                  without -½
`split_gain`          similarity(left) + similarity(right) - similarity(parent)   equation 7, without ½ and -γ
====================  ==========================================================  ==================================

As in the library, γ is compared with this gain: a node is split if its gain is at least γ.

Every cut is tried twice (their algorithm 3): with the missing values on the right, and, if the node has any, with the
missing values on the left.

What xgboost's ``hist`` does to the last bit, and this file too, so that ties are broken the same way:

* sums are float64, similarities and gains are float32, divided and added in float32;
* a candidate replaces the best one only if its gain is greater, first over the cuts from low to high with missing
  values on the right, then over the cuts from high to low with missing values on the left; between columns the lower
  number wins a tie;
* a side must have a cover (Σ h) of at least min_child_weight.

Where columns have directions (`monotone_constraints`), a candidate's weights are first brought between the bounds of
its node, and each side is worth -(2 G w + (H + λ) w²) at the weight w that is left (`bounded_gain`); the children of a
split get the mean of their two weights as a common bound (`mlx.boosting.constraints`).

References
----------
T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel

if TYPE_CHECKING:
    from .categories import CategoryRules

__all__ = [
    "Penalty",
    "Rules",
    "bounded_gain",
    "leaf_weight",
    "similarity",
    "soft_threshold",
    "split_gain",
]

f32 = np.float32

# A gain of infinity comes from a cover that is 0 in float32 while lambda is 0; the library passes over it, too.
INFINITY = f32(np.inf)


class Penalty(NamedTuple):
    """What a split has to pay; parameters of the library, rounded to float32 as there, held in float64.

    Attributes
    ----------
    reg_lambda, reg_alpha : float
        L2 and L1 penalty on leaf weights.
    max_delta_step : float
        Largest absolute leaf weight; 0 is no limit.
    min_child_weight : float
        Smallest cover of a child.
    """

    reg_lambda: float
    reg_alpha: float
    max_delta_step: float
    min_child_weight: float


class Rules(NamedTuple):
    """What the nodes of one tree have to keep to, for kernels.

    Attributes
    ----------
    penalty : Penalty
    gamma : float32
        Smallest gain for which a node is split.
    max_depth, max_leaves : int
        0 is no limit.
    best_first : bool
        See `mlx.boosting.growth_policy`.
    direction : ndarray of int8, shape (n_features,) or (0,)
        1 where predictions must not fall as the column rises, -1 where they must not rise, 0 where both may be; empty
        if no column has a direction.
    allowed : ndarray of bool, shape (n_nodes, n_features) or (1, n_features)
        Columns about which each node of a step may ask, or all of them.
    categories : CategoryRules or None
        None if no column holds categories.
    """

    penalty: Penalty
    gamma: np.float32
    max_depth: int
    max_leaves: int
    best_first: bool
    direction: NDArray[np.int8]
    allowed: NDArray[np.bool_]
    categories: CategoryRules | None = None


@kernel
def soft_threshold(G, alpha):
    """T(G) = sign(G) max(|G| - α, 0): what is left of a sum of gradients after the L1 penalty."""
    if alpha < G:
        return G - alpha
    if -alpha > G:
        return G + alpha
    return 0.0


@kernel
def leaf_weight(G, H, penalty):
    """w* = -T(G) / (H + λ), equation 5; float32.

    0 where the cover H is below min_child_weight; cut at ±max_delta_step if that is set.
    """
    if penalty.min_child_weight > H or H <= 0.0:
        return f32(0.0)
    weight = -soft_threshold(G, penalty.reg_alpha) / (H + penalty.reg_lambda)
    if penalty.max_delta_step != 0.0 and abs(weight) > penalty.max_delta_step:
        weight = penalty.max_delta_step if weight > 0.0 else -penalty.max_delta_step
    return f32(weight)


@kernel
def similarity(G, H, penalty):
    """T(G)² / (H + λ), twice the loss that the best leaf weight saves, equation 6; float32.

    With max_delta_step the best weight is out of reach, and it is -(2 G w + (H + λ) w²) at the weight w that is used.
    """
    if penalty.max_delta_step == 0.0:
        return free_similarity(G, H, penalty)
    return gain_of_weight(G, H, leaf_weight(G, H, penalty), penalty)


@kernel
def free_similarity(G, H, penalty):
    """T(G)² / (H + λ), without a limit on the weight. No branches: the compiler takes several cuts at a time."""
    # The sign of T(G) is lost in the square.
    thresholded = abs(G) - penalty.reg_alpha
    thresholded = thresholded if thresholded > 0.0 else 0.0
    ratio = f32(thresholded * thresholded) / f32(H + penalty.reg_lambda)
    return ratio if H > 0.0 else f32(0.0)


@kernel
def gain_of_weight(G, H, w, penalty):
    """-(2 G w + (H + λ) w²), twice the loss that a leaf of weight w saves, equation 4 for one leaf; float32."""
    if H <= 0.0:
        return f32(0.0)
    return -(f32(2.0) * f32(G) * w + (f32(H) + f32(penalty.reg_lambda)) * (w * w))


@kernel
def split_gain(G_left, H_left, G_right, H_right, parent_similarity, penalty):
    """Similarity of both children minus that of their parent, equation 7 without ½ and -γ; float32."""
    return similarity(G_left, H_left, penalty) + similarity(G_right, H_right, penalty) - parent_similarity


@kernel
def bounded_gain(G_left, H_left, G_right, H_right, parent_gain, direction, low, high, penalty):
    """`split_gain` where columns have directions: weights keep between bounds, and a wrong order is worth -inf."""
    left = min(max(leaf_weight(G_left, H_left, penalty), low), high)
    right = min(max(leaf_weight(G_right, H_right, penalty), low), high)
    if (direction > 0 and left > right) or (direction < 0 and left < right):
        return -INFINITY
    both = gain_of_weight(G_left, H_left, left, penalty) + gain_of_weight(G_right, H_right, right, penalty)
    return both - parent_gain
