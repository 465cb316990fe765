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

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from .histogram import subtract

__all__ = [
    "Candidates",
    "Penalty",
    "Rules",
    "bounded_gain",
    "find_splits",
    "leaf_weight",
    "new_scan",
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
    """

    penalty: Penalty
    gamma: np.float32
    max_depth: int
    max_leaves: int
    best_first: bool
    direction: NDArray[np.int8]
    allowed: NDArray[np.bool_]


class Candidates(NamedTuple):
    """Best split of each node on each column.

    Attributes
    ----------
    gain : ndarray of float32, shape (n_nodes, n_features)
        0 where no split lowers the loss.
    bin : ndarray of int32, shape (n_nodes, n_features)
        Rows up to this bin, included, go left; -1 is none of those that have a value.
    missing_left : ndarray of bool, shape (n_nodes, n_features)
    left_sums : ndarray of float64, shape (n_nodes, n_features, 2)
        G and H of the left child.
    """

    gain: NDArray[np.float32]
    bin: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    left_sums: NDArray[np.float64]


class Scan(NamedTuple):
    """Scratch of a search: the cuts of one column in the order in which they are tried.

    Attributes
    ----------
    G, H : ndarray of float64, shape (n_cuts,)
        Sums of the side that grows from cut to cut.
    gain : ndarray of float32, shape (n_cuts,)
    bits : ndarray of int32, shape (n_cuts,)
        The same memory as `gain`.
    """

    G: NDArray[np.float64]
    H: NDArray[np.float64]
    gain: NDArray[np.float32]
    bits: NDArray[np.int32]


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


@kernel
def find_splits(first_column, last_column, counted, sibling, pool, first_new, nodes, table, rules, scan, candidates):
    """Best split of a pair of siblings, for each of some columns; where there is no sibling (a root), it is -1.

    The first node of the pair has been counted; the second one's histogram is made here, in the place of their
    parent's. Nodes are counted from `first_new` on in `candidates`.
    """
    own = pool[nodes.slot[counted]]
    for f in range(first_column, last_column):
        first, last, n_bins = table.start[f], table.start[f + 1], table.n_bins[f]
        if sibling >= 0:
            other = pool[nodes.slot[sibling]]
            subtract(other[first:last], own[first:last])
            _best_of_column(other[first:last], n_bins, f, sibling, first_new, nodes, rules, scan, candidates)
        _best_of_column(own[first:last], n_bins, f, counted, first_new, nodes, rules, scan, candidates)


@kernel
def new_scan(n_cuts):
    """Room for a `Scan` of so many cuts."""
    gain = np.empty(n_cuts, dtype=f32)
    return Scan(np.empty(n_cuts), np.empty(n_cuts), gain, gain.view(np.int32))


@kernel
def _best_of_column(histogram, n_bins, f, number, first_new, nodes, rules, scan, candidates):
    """Scan one column's histogram, forwards and, if rows are missing, backwards, for the best split of a node."""
    node = number - first_new
    # One line of `allowed` is for all nodes.
    if not rules.allowed[min(node, len(rules.allowed) - 1), f]:
        candidates.gain[node, f] = f32(0.0)
        return
    G, H = nodes.sums[number, 0], nodes.sums[number, 1]
    has_missing = histogram[n_bins, 0] != 0.0 or histogram[n_bins, 1] != 0.0

    # Missing values go right. The last cut parts what is present from what is missing.
    n_cuts = n_bins if has_missing else n_bins - 1
    _add_up(histogram, 0, 1, n_cuts, scan)
    _gains(n_cuts, G, H, number, f, True, nodes, rules, scan)
    best = _first_largest(scan.bits, n_cuts)
    gain = scan.gain[best] if best >= 0 else f32(0.0)
    candidates.gain[node, f] = gain
    candidates.bin[node, f] = best
    candidates.missing_left[node, f] = False
    if best >= 0:
        candidates.left_sums[node, f, 0] = scan.G[best]
        candidates.left_sums[node, f, 1] = scan.H[best]
    if not has_missing:
        return

    # Missing values go left. Missing ones alone on the left are another candidate only where columns have directions.
    n_cuts = n_bins if len(rules.direction) > 0 else n_bins - 1
    _add_up(histogram, n_bins - 1, -1, n_cuts, scan)
    _gains(n_cuts, G, H, number, f, False, nodes, rules, scan)
    best = _first_largest(scan.bits, n_cuts)
    if best >= 0 and scan.gain[best] > gain:
        candidates.gain[node, f] = scan.gain[best]
        candidates.bin[node, f] = n_bins - 2 - best
        candidates.missing_left[node, f] = True
        candidates.left_sums[node, f, 0] = G - scan.G[best]
        candidates.left_sums[node, f, 1] = H - scan.H[best]


@kernel
def _add_up(histogram, first, step, n_cuts, scan):
    """G and H of the side that grows with each cut: bins from the first on, in steps of 1 or -1."""
    G, H = 0.0, 0.0
    for c in range(np.uint64(n_cuts)):
        b = np.uint64(first + step * np.int64(c))
        G += histogram[b, 0]
        H += histogram[b, 1]
        scan.G[c], scan.H[c] = G, H


@kernel
def _gains(n_cuts, G, H, node, f, is_left, nodes, rules, scan):
    """Gain of each cut, `is_left` says of which side the scan has the sums; 0 where it is no candidate."""
    penalty, n = rules.penalty, np.uint64(n_cuts)
    least = penalty.min_child_weight
    if len(rules.direction) > 0:
        parent = gain_of_weight(G, H, nodes.weight[node], penalty)
        direction, low, high = rules.direction[f], nodes.bounds[node, 0], nodes.bounds[node, 1]
        # Seen from the other side, a rising column falls.
        direction = direction if is_left else -direction
        for c in range(n):
            g, h = scan.G[c], scan.H[c]
            gain = bounded_gain(g, h, G - g, H - h, parent, direction, low, high, penalty)
            scan.gain[c] = gain if h >= least and H - h >= least and 0.0 < gain < INFINITY else f32(0.0)
        return
    parent = similarity(G, H, penalty)
    if penalty.max_delta_step != 0.0:
        for c in range(n):
            g, h = scan.G[c], scan.H[c]
            gain = split_gain(g, h, G - g, H - h, parent, penalty)
            scan.gain[c] = gain if h >= least and H - h >= least and 0.0 < gain < INFINITY else f32(0.0)
        return
    # The same as `split_gain`, for several cuts at a time: three quarters of the time of a search.
    for c in range(n):
        g, h = scan.G[c], scan.H[c]
        gain = free_similarity(g, h, penalty) + free_similarity(G - g, H - h, penalty) - parent
        is_candidate = (h >= least) & (H - h >= least) & (gain > f32(0.0)) & (gain < INFINITY)
        scan.gain[c] = gain if is_candidate else f32(0.0)


@kernel
def _first_largest(bits, n_cuts):
    """Place of the first of the largest gains, -1 if all are 0.

    The bits of floats that are not negative, read as integers, are in the order of the floats; and the largest integer
    is found for several cuts at a time, which for floats would depend on what the compiler makes of nan.
    """
    largest = np.int32(0)
    for c in range(np.uint64(n_cuts)):
        largest = max(largest, bits[c])
    if largest == 0:
        return -1
    place = np.uint64(0)
    while bits[place] != largest:
        place += np.uint64(1)
    return np.int64(place)
