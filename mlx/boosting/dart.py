"""DART lets each round forget some of the trees, so that the new ones do not only mend what the last ones left over.

A round takes its gradients at margins without the dropped trees D; afterwards the dropped and the new trees share what
either could explain alone (Rashmi and Gilad-Bachrach 2015, algorithm 1; η is the learning rate over the number of new
trees)::

    normalize_type    new trees           dropped trees
    tree              1 / (|D| + η)       w_t |D| / (|D| + η)
    forest            1 / (1 + η)         w_t 1 / (1 + η)

A tree starts with weight 1 where nothing is dropped. All weights are float32, as in the library, and so is η.

=============  ====================================================================================================
parameter      which trees are dropped
=============  ====================================================================================================
skip_drop      probability that a round drops none
rate_drop      probability of each tree to be dropped; with sample_type="weighted" times its weight over the mean one
one_drop       if none was drawn, one is: uniformly, or in proportion to the weights
=============  ====================================================================================================

Margins without some trees are added up anew in each round that drops any, from leaves that are known (`known_leaves`).

What is dropped is drawn from a stream that the seed and the number of the round's first tree name, and depends on
nothing else. The streams are not those of the library.

Reference: K. V. Rashmi and R. Gilad-Bachrach, "DART: Dropouts meet Multiple Additive Regression Trees", AISTATS 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .sampling import Sampling

__all__ = ["Dropout"]

# First number of the spawn key of the streams; rows and columns have those up to 3.
TREES = 4

f32 = np.float32


class Dropout(NamedTuple):
    """Parameters of DART.

    Attributes
    ----------
    rate_drop, skip_drop : float
        Probabilities.
    one_drop : bool
    weighted : bool
        ``sample_type="weighted"``.
    forest : bool
        ``normalize_type="forest"``.
    """

    rate_drop: float = 0.0
    skip_drop: float = 0.0
    one_drop: bool = False
    weighted: bool = False
    forest: bool = False

    def dropped(self, weights: Sequence[float], sampling: Sampling) -> NDArray[np.intp]:
        """Numbers of the trees that the next round drops, rising; `weights` are those of all trees so far."""
        weight = np.asarray(weights, dtype=np.float32)
        n_trees = len(weight)
        if n_trees == 0:
            return np.empty(0, dtype=np.intp)
        stream = sampling.stream(n_trees, TREES)
        if stream.random() < self.skip_drop:
            return np.empty(0, dtype=np.intp)
        share = weight / weight.mean(dtype=np.float64) if self.weighted else np.ones(n_trees)
        drawn = np.flatnonzero(stream.random(n_trees) < self.rate_drop * share)
        if self.one_drop and len(drawn) == 0:
            drawn = stream.choice(n_trees, size=1, p=share / share.sum())
        return drawn

    def weights(
        self, weights: Sequence[float], dropped: NDArray[np.intp], n_new: int, learning_rate: float | np.floating
    ) -> list[float]:
        """Weights of all trees after a round with `n_new` new trees."""
        weight = np.array(weights, dtype=np.float32)
        n_dropped, rate = len(dropped), f32(float(f32(learning_rate)) / n_new)
        # Sums of |D| and η are float32 in the library, that of 1 and η is not.
        both = 1.0 + float(rate) if self.forest else float(f32(n_dropped) + rate)
        kept = 1.0 if self.forest else float(n_dropped)
        new = f32(1.0 / both) if n_dropped else f32(1.0)
        weight[dropped] *= f32(kept / both)
        return [*weight.tolist(), *[float(new)] * n_new]
