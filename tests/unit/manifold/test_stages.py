"""Tasks in stages: the order, the fillers, and what happens when a task fails."""

import threading
from functools import partial

import pytest

from mlx.manifold.stages import run_stages
from mlx.numeric.threads import thread_team


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_each_stage_waits_for_the_one_before(n_threads):
    done, lock = [], threading.Lock()

    def task(stage):
        with lock:
            done.append(stage)

    stages = [[partial(task, stage)] * n_tasks for stage, n_tasks in enumerate([1, 7, 0, 3, 4])]
    with thread_team(n_threads) as run:
        for _ in range(50):
            done.clear()
            run_stages(run, n_threads, stages, [partial(task, -1)] * 6)
            assert done.count(-1) == 6
            assert [stage for stage in done if stage >= 0] == [0] + [1] * 7 + [3] * 3 + [4] * 4


def test_a_filler_is_done_while_a_stage_goes_on():
    """The task of the stage waits for the filler: without one at its side it would wait for ever."""
    filled = threading.Event()
    outcomes = []
    with thread_team(2) as run:
        run_stages(run, 2, [[lambda: outcomes.append(filled.wait(30))]], [filled.set])
    assert outcomes == [True]


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("of_stage", [True, False])
def test_a_task_that_fails_ends_all_with_its_error(n_threads, of_stage):
    done = []

    def fail():
        raise ArithmeticError("here")

    def never():
        done.append(None)

    first, fillers = ([fail] + [int] * 5, [int] * 4) if of_stage else ([int], [fail])
    with thread_team(n_threads) as run:
        for _ in range(20):
            with pytest.raises(ArithmeticError, match="here"):
                run_stages(run, n_threads, [first, [never]] if of_stage else [first], fillers)
    assert not done


def test_nothing_to_do():
    with thread_team(2) as run:
        run_stages(run, 2, [[]], [])
