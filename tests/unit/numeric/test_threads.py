"""Threads: how many, in which order results come back, and what an error does."""

import threading

import joblib
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mlx.environment import available_cores
from mlx.numeric import threads
from mlx.numeric.threads import LARGEST_SMALL_WORK, one_blas_thread, resolve_n_jobs, run_tasks, thread_team


@pytest.fixture
def four_cores(monkeypatch):
    """A machine of four cores, whatever this one has."""
    monkeypatch.setattr(threads, "available_cores", lambda: 4)
    monkeypatch.setattr(threads, "effective_n_jobs", lambda n: 1 if n is None else n if n > 0 else max(1, 4 + 1 + n))


@pytest.mark.parametrize(
    ("n_jobs", "expected"), [(None, 1), (1, 1), (3, 3), (4, 4), (10_000, 4), (-1, 4), (-2, 3), (-9, 1)]
)
def test_number_of_threads(four_cores, n_jobs, expected):
    assert resolve_n_jobs(n_jobs) == expected


def test_none_may_mean_all_cores(four_cores):
    assert resolve_n_jobs(None, when_none=-1) == 4
    assert resolve_n_jobs(2, when_none=-1) == 2


def test_joblib_context_decides_what_none_is():
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert resolve_n_jobs(None) == min(2, available_cores())
    assert resolve_n_jobs(None) == 1


@pytest.mark.parametrize("n_jobs", [0, 1.5, "two", "2", True, float("nan"), float("inf"), [1]])
def test_bad_number_of_threads_is_named(n_jobs):
    with pytest.raises(ValueError, match="n_jobs="):
        resolve_n_jobs(n_jobs)


@pytest.mark.parametrize("n_threads", [1, 2, 8])
def test_results_come_in_the_order_of_the_tasks(n_threads):
    """The first task waits for the last, so that they end in another order than they began."""
    last_done = threading.Event()

    def square(task):
        if task == 0 and n_threads > 1:
            last_done.wait(5)
        if task == 4:
            last_done.set()
        return task**2

    assert run_tasks(square, iter(range(5)), n_threads) == [0, 1, 4, 9, 16]


def test_tasks_run_side_by_side():
    together = threading.Barrier(3, timeout=5)
    assert sorted(run_tasks(lambda task: together.wait(), range(3), 3)) == [0, 1, 2]


def test_at_most_so_many_threads():
    assert len(set(run_tasks(lambda task: threading.get_ident(), range(50), 2))) <= 2
    assert set(run_tasks(lambda task: threading.get_ident(), range(5), 1)) == {threading.get_ident()}


def test_error_of_a_task_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        run_tasks(lambda task: 1 // task, [1, 0, 2], 2)


def test_nothing_is_left_behind():
    before = threading.active_count()
    run_tasks(lambda task: task, range(10), 4)
    assert threading.active_count() == before


def test_no_tasks():
    assert run_tasks(lambda task: task, [], 4) == []


@pytest.mark.parametrize("n_threads", [1, 3])
def test_team_does_one_thing_after_the_other_in_order(n_threads):
    with thread_team(n_threads) as run:
        assert run(lambda task: task + 1, range(5)) == [1, 2, 3, 4, 5]
        assert run(lambda task: -task, iter([1, 2])) == [-1, -2]
        assert run(lambda task: task, []) == []


def test_team_keeps_its_threads_and_ends_them():
    before = threading.active_count()
    together = threading.Barrier(2, timeout=5)

    def who(_):
        together.wait()
        return threading.get_ident()

    with thread_team(2) as run:
        assert set(run(who, range(2))) == set(run(who, range(2)))
    assert threading.active_count() == before


def test_error_in_a_team_reaches_the_caller():
    with pytest.raises(ZeroDivisionError), thread_team(2) as run:
        run(lambda task: 1 // task, [1, 0])


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_one_blas_thread_inside_and_as_before_outside():
    with threadpool_limits(2, "blas"):
        before = blas_threads()
        with one_blas_thread():
            assert blas_threads() == {1}
            with one_blas_thread():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == before
        with one_blas_thread(2 * LARGEST_SMALL_WORK):
            assert blas_threads() == before


def test_one_blas_thread_ends_with_the_last_of_several_threads():
    """A goes in, B goes in, A comes out, B comes out: B must not put back the 1 that it found."""
    with threadpool_limits(2, "blas"):
        before = blas_threads()
        first, second = one_blas_thread(), one_blas_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas_threads() == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == before
