"""Gradient descent moves the points of the map so that their similarities become the affinities of the rows.

Formula (van der Maaten & Hinton 2008, equations 2 and 5; ν degrees of freedom as in van der Maaten 2009)::

    KL(P‖Q)  = Σ_ij p_ij log (p_ij / q_ij),    q_ij = w_ij / Z
             = log Z - Σ_ij p_ij log w_ij - H(P)
    ∂KL/∂y_i = 2 (ν + 1) / ν (A_i - R_i / Z)

with A_i of `attraction`, and R_i and Z of one of the files on repulsion. In the first 250 iterations affinities are
multiplied by the early exaggeration e, e A_i in the place of A_i: points of one neighbourhood find each other while the
map is still small (section 3.4).

A step follows the gradient with momentum, and with a gain for each coordinate of each point that grows while the
coordinate moves on in one direction and shrinks when it turns (R. Jacobs, "Increased rates of convergence through
learning rate adaptation", Neural Networks 1 (1988))::

    γ ← γ + 0.2  if the last step went downhill,  else  0.8 γ, at least 0.01
    v ← μ v - η γ ∂KL/∂y
    y ← y + v

Constants, phases, and the criteria to stop are scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..numeric.threads import thread_team
from .attraction import Affinities, attract, cross_entropy
from .repulsion_exact import Repulsion
from .stages import Run, Stage, run_stages

__all__ = ["Descent", "Forces", "Phase", "Watch", "descend", "step"]

f32 = np.float32

# Points of one task, about, and tasks of one iteration, at most. They do not depend on the number of threads.
POINTS, MOST_TASKS = 512, 16
# Iterations between two looks at the divergence.
ITERATIONS_BETWEEN_CHECKS = 50


class Phase(NamedTuple):
    """Iterations with the same settings.

    Attributes
    ----------
    last_iteration : int
        Iterations in all when it ends.
    exaggeration : float
    momentum : float
    learning_rate : float
        η.
    patience : int
        Iterations without a smaller divergence after which the phase ends.
    """

    last_iteration: int
    exaggeration: float
    momentum: float
    learning_rate: float
    patience: int


class Watch(Protocol):
    """Who is told of the iterations."""

    def begin(self) -> None:
        """An iteration begins."""
        ...

    def end(self, n_iter: int, state: Callable[[], Descent]) -> bool:
        """An iteration is over: its number, and a function that tells how things stand; True to stop."""
        ...


class Descent(NamedTuple):
    """What a descent leaves: the map, its divergence, the iterations done, and the learning rate of the first phase."""

    points: NDArray[np.float32]
    divergence: float
    n_iter: int
    learning_rate: float


class Forces:
    """The two forces on the points of a map, and the divergence.

    Parameters
    ----------
    affinities : Affinities
    repulsion : Repulsion
    freedom : int
        Degrees of freedom ν.
    shape : tuple of int
        (d, n).
    run : callable
        Runs tasks side by side.
    n_threads : int
        Threads that `run` has.
    """

    def __init__(
        self,
        affinities: Affinities,
        repulsion: Repulsion,
        freedom: int,
        shape: tuple[int, int],
        run: Run,
        n_threads: int,
    ) -> None:
        self.affinities, self.repulsion, self.freedom = affinities, repulsion, freedom
        self.run, self.n_threads = run, n_threads
        self.attraction = np.zeros(shape, dtype=np.float32)
        self.push = np.zeros(shape, dtype=np.float32)
        self.similarity = np.zeros(shape[1])
        n = shape[1]
        n_tasks = min(MOST_TASKS, -(-n // POINTS))
        self.blocks = [(n * task // n_tasks, n * (task + 1) // n_tasks) for task in range(n_tasks)]

    def compute(self, points: NDArray[np.float32], charges: NDArray[np.float32] | None = None) -> None:
        """Set A (`attraction`), R (`push`) and m (`similarity`) of the points.

        `charges` are the points that act on them and stay where they were placed; by default the points themselves.
        """
        before = self.repulsion.place(points) if charges is None else []
        there = points if charges is None else charges

        def pull(block: tuple[int, int]) -> None:
            attract(self.affinities, points, there, self.freedom, *block, self.attraction)

        def push(block: tuple[int, int]) -> None:
            self.repulsion.repel(points, *block, self.push, self.similarity)

        def both(block: tuple[int, int]) -> None:
            pull(block)
            push(block)

        if before:
            pushes: Stage = [partial(push, block) for block in self.blocks]
            run_stages(self.run, self.n_threads, [*before, pushes], [partial(pull, block) for block in self.blocks])
        else:
            self.run(both, self.blocks)

    def normalizer(self) -> float:
        """Z of the points that `compute` saw last: all similarities but those of points with themselves.

        Points so far apart that float32 adds nothing to the 1 of each have the least that it could.
        """
        n = self.similarity.size
        return max(float(self.similarity.sum()) - n, n * float(np.finfo(np.float32).eps))

    def divergence(self, points: NDArray[np.float32]) -> float:
        """KL(P‖Q) of a map."""
        self.compute(points)
        of_blocks = self.run(
            lambda block: cross_entropy(self.affinities, points, points, self.freedom, *block), self.blocks
        )
        return sum(of_blocks) + float(np.log(self.normalizer())) - self.affinities.entropy


def descend(
    start: NDArray[np.float32],
    affinities: Affinities,
    repulsion: Repulsion,
    freedom: int,
    phases: tuple[Phase, ...],
    *,
    smallest_gradient: float,
    n_threads: int,
    watch: Watch,
) -> Descent:
    """Minimise the divergence from a starting map.

    Parameters
    ----------
    start : ndarray of float32, shape (d, n)
    affinities : Affinities
    repulsion : Repulsion
    freedom : int
        Degrees of freedom ν.
    phases : tuple of Phase
    smallest_gradient : float
        A phase ends when the norm of the gradient times the gains is not larger.
    n_threads : int
    watch : Watch
        Is told of each iteration, and may end the descent.

    Raises
    ------
    ValueError
        If the steps are so large that the points leave the range of float32.
    """
    points = np.array(start, dtype=np.float32, order="C")
    factor = 2.0 * (freedom + 1.0) / freedom
    n_iter, stopped = 0, False

    def state(n_iter: int) -> Descent:
        return Descent(points, forces.divergence(points), n_iter, phases[0].learning_rate)

    with thread_team(n_threads) as run:
        forces = Forces(affinities, repulsion, freedom, points.shape, run, n_threads)
        for phase in phases:
            velocity, gains = np.zeros_like(points), np.ones_like(points)
            smallest, smallest_at = np.inf, n_iter
            while n_iter < phase.last_iteration and not stopped:
                watch.begin()
                forces.compute(points)
                squared_gradient = step(
                    points,
                    velocity,
                    gains,
                    forces.attraction,
                    forces.push,
                    factor * phase.exaggeration,
                    factor / forces.normalizer(),
                    phase.momentum,
                    phase.learning_rate,
                )
                points -= points.mean(axis=1, dtype=np.float64).astype(np.float32)[:, None]
                n_iter += 1
                stopped = watch.end(n_iter, partial(state, n_iter))
                if n_iter % ITERATIONS_BETWEEN_CHECKS == 0:
                    if phase.patience < phase.last_iteration:
                        divergence = forces.divergence(points)
                        if divergence < smallest:
                            smallest, smallest_at = divergence, n_iter
                        elif n_iter - smallest_at > phase.patience:
                            break
                    if np.sqrt(squared_gradient) <= smallest_gradient:
                        break
        found = state(n_iter)
    if not np.isfinite(found.divergence):
        raise ValueError(f"learning_rate={phase.learning_rate} is too large: the map has flown apart")
    return found


@kernel(reassociate=True)
def step(points, velocity, gains, attraction, push, of_attraction, of_push, momentum, learning_rate):
    """Move the points by one step; returns Σ (γ ∂KL/∂y)².

    Parameters
    ----------
    points, velocity, gains : float32 (d, n)
        Changed in place.
    attraction, push : float32 (d, n)
        A and R.
    of_attraction, of_push : float
        The gradient is of_attraction A - of_push R.
    momentum, learning_rate : float
        μ and η.
    """
    d, n = points.shape
    squared = 0.0
    for c in range(d):
        for i in range(n):
            gradient = f32(of_attraction) * attraction[c, i] - f32(of_push) * push[c, i]
            downhill = velocity[c, i] * gradient < f32(0)
            gain = gains[c, i] + f32(0.2) if downhill else max(gains[c, i] * f32(0.8), f32(0.01))
            gradient *= gain
            gains[c, i] = gain
            squared += gradient * gradient
            velocity[c, i] = f32(momentum) * velocity[c, i] - f32(learning_rate) * gradient
            points[c, i] += velocity[c, i]
    return squared
