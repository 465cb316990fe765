"""A team is some threads that run one kernel together: each takes tasks of a phase, and all wait before the next one.

::

    thread 0   | task 0 | task 2 | task 3 | waits |   task 1        | ...
    thread 1   |     task 1      |    task 4      |   task 0        | ...
                       a phase                    ^   the next phase
                                                  barrier: `wait_for_all`

Reason: a step of the booster may take less time than handing work to the threads of a pool and back. A team is handed
its work once per tree; a barrier costs little while all of its threads have a core, and gives the core away when they
have not.

The tasks of a phase are cut into as many runs of neighbours as there are threads. A thread takes the tasks of its own
run, and then what is left of the others'. Where the tasks of two phases stand in the same order, a thread finds in its
cache what it left there, and need not fetch it from the cache of another core. Which thread does a task is still
decided by chance: results must not depend on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .intrinsics import fetch_add, load_now, yield_core
from .jit import kernel

__all__ = ["new_team", "next_task", "wait_for_all"]

# Counters of a team: threads that have arrived, barriers passed, and for each thread the tasks taken of its run.
# Each has a line of the cache of its own: 8 numbers.
ARRIVED, GENERATION, TAKEN, LINE = 0, 8, 16, 8

# Looks at a barrier before a waiting thread gives its core away: a few microseconds.
LOOKS = 4_000


def new_team(n_threads: int) -> NDArray[np.int64]:
    """Counters that the threads of one team share; they can be used again and again."""
    return np.zeros(TAKEN + LINE * n_threads, dtype=np.int64)


@kernel
def next_task(thread, n_threads, team, n_tasks):
    """Number of a task of this phase that no thread has yet, from 0 on; `n_tasks` if there is none."""
    for ahead in range(n_threads):
        run = (thread + ahead) % n_threads
        first, last = n_tasks * run // n_threads, n_tasks * (run + 1) // n_threads
        task = first + fetch_add(team, TAKEN + LINE * run, 1)
        if task < last:
            return task
    return n_tasks


@kernel
def wait_for_all(team, n_threads):
    """Wait until all threads of the team are here: the end of a phase."""
    if n_threads == 1:
        team[TAKEN] = 0
        return
    generation = load_now(team, GENERATION)
    if fetch_add(team, ARRIVED, 1) == n_threads - 1:
        team[ARRIVED] = 0
        for run in range(n_threads):
            team[TAKEN + LINE * run] = 0
        fetch_add(team, GENERATION, 1)
        return
    looks = 0
    while load_now(team, GENERATION) == generation:
        looks += 1
        if looks > LOOKS:
            yield_core()
