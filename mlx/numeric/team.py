"""A team is some threads that run one kernel together: each takes tasks of a phase, and all wait before the next one.

::

    thread 0   | task 0 | task 2 | task 3 | waits |   task 1        | ...
    thread 1   |     task 1      |    task 4      |   task 0        | ...
                       a phase                    ^   the next phase
                                                  barrier: `wait_for_all`

Reason: a step of the booster may take 50 µs, and handing work to the threads of a pool and back takes 100 µs. A team is
handed its work once per tree; a barrier takes about 1 µs while all of its threads have a core, and gives the core away
when they have not.

Which thread does a task is decided by chance. Results do not depend on it as long as each has one task that makes it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .intrinsics import fetch_add, load_now, yield_core
from .jit import kernel

__all__ = ["new_team", "next_task", "wait_for_all"]

# Counters of a team. Each has a line of the cache of its own: 8 numbers.
ARRIVED, GENERATION, NEXT, LENGTH = 0, 8, 16, 24

# Looks at a barrier before a waiting thread gives its core away: a few microseconds.
LOOKS = 4_000


def new_team() -> NDArray[np.int64]:
    """Counters that the threads of one team share; they can be used again and again."""
    return np.zeros(LENGTH, dtype=np.int64)


@kernel
def next_task(team):
    """Number of a task of this phase that no thread has yet; phases have tasks from 0 on."""
    return fetch_add(team, NEXT, 1)


@kernel
def wait_for_all(team, n_threads):
    """Wait until all threads of the team are here: the end of a phase."""
    if n_threads == 1:
        team[NEXT] = 0
        return
    generation = load_now(team, GENERATION)
    if fetch_add(team, ARRIVED, 1) == n_threads - 1:
        team[ARRIVED] = 0
        team[NEXT] = 0
        fetch_add(team, GENERATION, 1)
        return
    looks = 0
    while load_now(team, GENERATION) == generation:
        looks += 1
        if looks > LOOKS:
            yield_core()
