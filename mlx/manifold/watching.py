"""Who watches a fit: scikit-learn's callbacks, Ctrl-C, the progress bar, and the user who reads what is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..callbacks import FitRounds, progress
from .gradient_descent import ITERATIONS_BETWEEN_CHECKS, Descent

__all__ = ["WatchedFit"]


class WatchedFit:
    """Tells callbacks, the progress bar and the user of the iterations.

    Parameters
    ----------
    rounds : FitRounds
    max_iter : int
    verbose : int
    attributes : callable
        Fitted attributes from a `Descent`.
    """

    def __init__(
        self, rounds: FitRounds, max_iter: int, verbose: int, attributes: Callable[[Descent], Mapping[str, Any]]
    ) -> None:
        self.rounds, self.verbose, self.attributes = rounds, verbose, attributes
        self.bar = progress(range(max_iter), description="t-SNE", enabled=bool(verbose))

    def begin(self) -> None:
        """An iteration begins."""
        next(self.bar, None)
        self.rounds.begin()

    def end(self, n_iter: int, state: Callable[[], Descent]) -> bool:
        """An iteration is over; the divergence is computed if somebody asks for it."""
        if self.verbose >= 2 and n_iter % ITERATIONS_BETWEEN_CHECKS == 0:
            print(f"[t-SNE] iteration {n_iter}: KL divergence {state().divergence:.6f}")
        return self.rounds.end(lambda: self.attributes(state()))
