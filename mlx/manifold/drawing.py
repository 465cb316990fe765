"""Drawing a map: affinities from neighbours, a first map, and the descent that makes them agree.

What `TSNE` does once its parameters and its table are checked. In both functions `model` is an estimator with the
parameters of `TSNE`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.validation import check_array

from ..callbacks import FitRounds
from ..validation import naming
from .affinities import joint_probabilities, neighbors_needed
from .attraction import Affinities
from .gradient_descent import Descent, Phase, descend
from .initialization import principal_start, random_start
from .neighbor_search import find_neighbors
from .placement import PERPLEXITY, place_rows
from .repulsion_barnes_hut import BarnesHutTree
from .repulsion_exact import AllPairs, Repulsion
from .repulsion_fft import Mesh
from .watching import WatchedFit

__all__ = ["add_to_map", "draw_map", "repulsion_of", "starting_map"]

# Rows up to which all pairs are at least as fast as the mesh, or the tree.
MOST_ROWS_OF_ALL_PAIRS = 4_000
ITERATIONS_OF_EXAGGERATION = 250
# Least learning rate of 'auto'.
SMALLEST_OWN_RATE = 50.0


def draw_map(
    model: Any,
    X: Any,
    random_state: np.random.RandomState,
    n_threads: int,
    rounds: FitRounds,
    attributes: Callable[[Descent], Mapping[str, Any]],
) -> Descent:
    """The map of a table.

    Parameters
    ----------
    model : TSNE
    X : ndarray or sparse array
        Rows, or distances with ``metric="precomputed"``.
    random_state : RandomState
    n_threads : int
    rounds : FitRounds
        Are told of each iteration.
    attributes : callable
        Fitted attributes from a `Descent`.
    """
    n = X.shape[0]
    near = find_neighbors(
        X,
        n - 1 if model.method == "exact" else neighbors_needed(n, model.perplexity),
        metric=model.metric,
        parameters=model.metric_params,
        n_threads=n_threads,
        exact=model.neighbors == "exact",
        random_state=random_state,
    )
    P = joint_probabilities(near, model.perplexity, n_threads)
    start = starting_map(model, X, random_state)
    rates = learning_rates(model, n)
    found = descend(
        np.ascontiguousarray(start.T, dtype=np.float32),
        Affinities.of(P),
        repulsion_of(model, n),
        degrees_of_freedom(model.n_components),
        (
            Phase(ITERATIONS_OF_EXAGGERATION, model.early_exaggeration, 0.5, rates[0], ITERATIONS_OF_EXAGGERATION),
            Phase(model.max_iter, 1.0, 0.8, rates[1], model.n_iter_without_progress),
        ),
        smallest_gradient=model.min_grad_norm,
        n_threads=n_threads,
        watch=WatchedFit(rounds, model.max_iter, model.verbose, attributes),
    )
    if model.verbose:
        print(f"[t-SNE] KL divergence after {found.n_iter} iterations: {found.divergence:.6f}")
    return found


def add_to_map(model: Any, X: Any, n_threads: int) -> NDArray[np.float32]:
    """Places of rows in the map of a fitted model, shape (m, n_components)."""
    n = len(model.embedding_)
    precomputed = model.metric == "precomputed"
    near = find_neighbors(
        X if precomputed else model._training_rows,
        min(n, neighbors_needed(n + 1, PERPLEXITY)),
        metric=model.metric,
        parameters=model.metric_params,
        n_threads=n_threads,
        queries=X,
    ).nearest_first()
    places = place_rows(
        model.embedding_, near, repulsion_of(model, n), degrees_of_freedom(model.n_components), n_threads
    )
    first = near.indices[:, 0]
    same = near.squared_distances[:, 0] == 0.0 if precomputed else _equal_rows(X, model._training_rows, first)
    places[same] = model.embedding_[first[same]]
    return places


def learning_rates(model: Any, n: int) -> tuple[float, float]:
    """Learning rates in early exaggeration and after it: what the user says, or scikit-learn's rule and four times it.

    The first is the rule of Belkina et al. 2019. Exaggeration makes the gradient larger; without it the map can take
    longer steps, and a thousand iterations bring a large one nearer to rest.
    """
    if model.learning_rate != "auto":
        return model.learning_rate, model.learning_rate
    own = n / model.early_exaggeration
    return max(own / 4.0, SMALLEST_OWN_RATE), max(own, SMALLEST_OWN_RATE)


def degrees_of_freedom(n_components: int) -> int:
    """Degrees of freedom of the similarities (van der Maaten 2009)."""
    return max(n_components - 1, 1)


def starting_map(model: Any, X: Any, random_state: np.random.RandomState) -> NDArray[np.float32]:
    """The first map, shape (n, d); of one dimension it is stored as two, the second of zeros."""
    shape = X.shape[0], model.n_components
    if isinstance(model.init, np.ndarray):
        with naming("init"):
            start = check_array(model.init, dtype=np.float32, input_name="init")
        if start.shape != shape:
            raise ValueError(f"init has shape {start.shape}, but the map has {shape}")
    elif model.init == "pca":
        start = principal_start(X, model.n_components, random_state)
    else:
        start = random_start(*shape, random_state)
    return np.column_stack([start, np.zeros(shape[0])]) if model.n_components == 1 else start


def repulsion_of(model: Any, n: int) -> Repulsion:
    """The way to repulsion that the method names, for a map of n points."""
    method, freedom = model.method, degrees_of_freedom(model.n_components)
    if method == "auto":
        small = n <= MOST_ROWS_OF_ALL_PAIRS or model.n_components > 3
        method = "exact" if small else "barnes_hut" if model.n_components == 3 else "fft"
    if method == "fft":
        return Mesh()
    return BarnesHutTree(model.angle, freedom) if method == "barnes_hut" else AllPairs(freedom)


def _equal_rows(X: Any, rows: Any, candidates: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each row equals its candidate among the training rows."""
    if sparse.issparse(X) or sparse.issparse(rows):
        difference = sparse.csr_array(X) - sparse.csr_array(rows)[candidates]
        difference.eliminate_zeros()
        return np.diff(difference.indptr) == 0
    return (rows[candidates] == X).all(axis=1)
