"""A parity case is one model, one table, and the numbers that must be the same in the library.

The cases stand here, not in the tests, because benchmarks and reports measure the same ones. A case says where
equality must hold; how exactly it must hold (the tolerance, with its reason) is the tests' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .peers import peer_of

__all__ = ["Case", "differences", "largest_difference"]

Table = tuple[NDArray[np.float64], NDArray[Any]]
Quantity = Callable[[Any, NDArray[np.float64]], Any]


class Case(NamedTuple):
    """One estimator and its peer on one table.

    Attributes
    ----------
    name : str
        Model, table and what is special, as the summary of a test run prints it.
    estimator : Callable
        Makes our unfitted estimator; `peer_of` makes the peer from it.
    table : Callable
        Makes (X, y).
    quantities : mapping of str to Callable
        What is compared: name to function of (fitted estimator, X).
    overrides : mapping of str to object
        Parameters in which the peer differs, because it needs another solver or tolerance to be exact.
    """

    name: str
    estimator: Callable[[], Any]
    table: Callable[[], Table]
    quantities: Mapping[str, Quantity]
    overrides: Mapping[str, Any] = {}


def differences(case: Case) -> Iterator[tuple[str, float]]:
    """Name and largest difference of each quantity of a case, both models fitted on the same table."""
    X, y = case.table()
    ours = case.estimator()
    peer = peer_of(ours, **case.overrides)
    ours.fit(X, y)
    peer.fit(X, y)
    for name, quantity in case.quantities.items():
        yield name, largest_difference(quantity(ours, X), quantity(peer, X))


def largest_difference(ours: Any, theirs: Any) -> float:
    """Largest |ours - theirs| / max(1, max |theirs|): absolute below one, relative to the largest entry above.

    Raises
    ------
    ValueError
        If the shapes differ: broadcasting would hide it.
    """
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"shapes differ: ours {a.shape}, theirs {b.shape}")
    if a.size == 0:
        return 0.0
    return float(np.max(np.abs(a - b)) / max(1.0, float(np.max(np.abs(b)))))
