"""Feature draws choose the columns that a node may split on: at random, without repeats, past those that are constant.

The columns are one array, shuffled in place as they are drawn (Fisher & Yates), in which every node finds the columns
that are constant among its samples in front, since they are constant in its children too::

    [ drawn, constant | known constants, not drawn | found constant here | not drawn yet | drawn, and searched ]
      0 ... n_drawn     ... n_known                  ... n_constant        ... n_left        ... n_features

The generator is `mlx.numeric.xorshift`, and each number is drawn where scikit-learn draws it, so that one seed gives
one tree in both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..numeric.xorshift import LARGEST, integer_from, next_state

__all__ = [
    "FeatureDraws",
    "begin_draws",
    "draw_feature",
    "end_draws",
    "feature_draws",
    "found_constant",
    "found_varying",
    "random_int",
    "random_between",
]

DRAW_STATE = np.dtype(
    [
        ("seed", np.uint32),
        ("n_left", np.int64),
        ("n_visited", np.int64),
        ("n_drawn", np.int64),
        ("n_known", np.int64),
        ("n_found", np.int64),
        ("place", np.int64),  # of the column that was drawn last
    ],
    align=True,
)


class FeatureDraws(NamedTuple):
    """Columns in their present order, and how far a node's draws have come.

    Attributes
    ----------
    features : ndarray of int64, shape (n_features,)
    constant : ndarray of int64, shape (n_features,)
        Known constants in the order in which they were found: what a node's draws have mixed up is put right from it.
    state : record array of DRAW_STATE, shape (1,)
    """

    features: NDArray[np.int64]
    constant: NDArray[np.int64]
    state: NDArray


def feature_draws(n_features: int, seed: int) -> FeatureDraws:
    """Draws of a new tree."""
    state = np.zeros(1, dtype=DRAW_STATE)
    state["seed"] = seed
    return FeatureDraws(np.arange(n_features), np.empty(n_features, dtype=np.int64), state)


@kernel
def random_int(state, low, high):
    """Next random integer in [low, high); the state is a record of DRAW_STATE."""
    state.seed = next_state(state.seed)
    return integer_from(state.seed, low, high)


@kernel
def random_between(state, lowest, highest):
    """Next random threshold from the lowest to below the highest of two float32, as float64."""
    low, high = np.float64(lowest), np.float64(highest)
    threshold = (high - low) * np.float64(random_int(state, np.int64(0), np.int64(LARGEST + 1))) / LARGEST + low
    return low if threshold == high else threshold


@kernel
def begin_draws(draws, n_known):
    """Begin a node's draws; n_known columns are known to be constant."""
    state = draws.state[0]
    state.n_left = len(draws.features)
    state.n_visited = 0
    state.n_drawn = 0
    state.n_known = n_known
    state.n_found = 0


@kernel
def draw_feature(draws, max_features):
    """Next column to search, -1 if max_features were seen and one of them varies, or none is left that could.

    The caller searches the column and says `found_constant` or `found_varying`.
    """
    state, features = draws.state[0], draws.features
    while state.n_left > state.n_known + state.n_found and (
        state.n_visited < max_features or state.n_visited <= state.n_found + state.n_drawn
    ):
        state.n_visited += 1
        place = random_int(state, state.n_drawn, state.n_left - state.n_found)
        if place >= state.n_known:
            state.place = place + state.n_found
            return features[state.place]
        features[state.n_drawn], features[place] = features[place], features[state.n_drawn]
        state.n_drawn += 1
    return -1


@kernel
def found_constant(draws):
    """The column drawn last is constant among the node's samples."""
    state, features = draws.state[0], draws.features
    place, first = state.place, state.n_known + state.n_found
    features[place], features[first] = features[first], features[place]
    state.n_found += 1


@kernel
def found_varying(draws):
    """The column drawn last is not constant."""
    state, features = draws.state[0], draws.features
    state.n_left -= 1
    place, last = state.place, state.n_left
    features[place], features[last] = features[last], features[place]


@kernel
def end_draws(draws):
    """End a node's draws; the number of columns that are now known to be constant."""
    state, features, constant = draws.state[0], draws.features, draws.constant
    for k in range(state.n_known):
        features[k] = constant[k]
    for k in range(state.n_known, state.n_known + state.n_found):
        constant[k] = features[k]
    return state.n_known + state.n_found
