"""Threads of a team: every task is done once, and no phase begins before the one before it is over."""

import numpy as np
import pytest

from mlx.numeric.jit import kernel
from mlx.numeric.team import new_team, next_task, wait_for_all
from mlx.numeric.threads import thread_team

N_TASKS, N_PHASES = 50, 40


@kernel
def phases(thread, n_threads, team, done):
    """Each task of a phase adds up what all tasks of the phase before have left, and 1."""
    for phase in range(1, len(done)):
        task = next_task(thread, n_threads, team, N_TASKS)
        while task < N_TASKS:
            done[phase, task] += done[phase - 1].max() + 1
            task = next_task(thread, n_threads, team, N_TASKS)
        wait_for_all(team, n_threads)


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
def test_phases_follow_one_another(n_threads):
    team = new_team(n_threads)
    with thread_team(n_threads) as run:
        for _ in range(3):
            done = np.zeros((N_PHASES + 1, N_TASKS), dtype=np.int64)
            run(lambda thread, done=done: phases(thread, n_threads, team, done), range(n_threads))
            np.testing.assert_array_equal(done, np.repeat(np.arange(N_PHASES + 1)[:, np.newaxis], N_TASKS, axis=1))
