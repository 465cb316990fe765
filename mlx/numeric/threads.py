"""Threads run independent pieces of one computation side by side; kernels release Python's lock meanwhile.

Tasks are cut so that each result has one owner, and results come back in the order of the tasks: the bits of a
result do not depend on the number of threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from numbers import Integral
from typing import Any, TypeVar

from joblib import effective_n_jobs
from threadpoolctl import LibController, ThreadpoolController

from ..environment import available_cores

__all__ = ["blas_threads", "one_blas_thread", "resolve_n_jobs", "run_tasks", "thread_team"]

# Multiplications that one thread of BLAS does in about ten milliseconds.
LARGEST_SMALL_WORK = 1e8

Task = TypeVar("Task")
Result = TypeVar("Result")


def resolve_n_jobs(n_jobs: int | None, *, when_none: int | None = None) -> int:
    """Number of threads that an ``n_jobs`` asks for, at least 1 and at most the cores of this process.

    Parameters
    ----------
    n_jobs : int or None
        As in joblib: -1 is all cores, -2 all but one. None is 1, or what a joblib context says.
    when_none : int, optional
        What None means instead (xgboost's None is all cores: -1).

    Raises
    ------
    ValueError
        If `n_jobs` is 0 or not an integer.
    """
    if n_jobs is None:
        n_jobs = when_none
    if n_jobs is not None and (not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool) or n_jobs == 0):
        raise ValueError(f"n_jobs={n_jobs!r} must be a nonzero integer or None")
    # More threads than cores only take turns: LightGBM with n_jobs=10000 hangs for a minute.
    return max(1, min(effective_n_jobs(n_jobs), available_cores()))


def run_tasks(function: Callable[[Task], Result], tasks: Iterable[Task], n_threads: int) -> list[Result]:
    """Results of `function` for each task, in the order of the tasks.

    The pool lives for this call only, so nothing is left behind that a fork could break. Its threads see the caller's
    context variables, NumPy's `errstate` among them.
    """
    todo: list[Any] = list(tasks)
    if n_threads <= 1 or len(todo) <= 1:
        return [function(task) for task in todo]
    with ThreadPoolExecutor(min(n_threads, len(todo))) as pool:
        context = copy_context()
        return list(pool.map(lambda task: context.copy().run(function, task), todo))


@contextmanager
def thread_team(n_threads: int) -> Iterator[Callable[[Callable[[Task], Result], Iterable[Task]], list[Result]]]:
    """Context that offers ``run(function, tasks)``: `run_tasks` again and again with the same threads.

    For fits whose single steps are shorter than the start of a thread. The threads end with the context.
    """
    if n_threads <= 1:
        yield lambda function, tasks: [function(task) for task in tasks]
        return
    # One of the threads is the caller's: it need not be woken.
    with ThreadPoolExecutor(n_threads - 1) as pool:

        def run(function: Callable[[Task], Result], tasks: Iterable[Task]) -> list[Result]:
            todo: list[Any] = list(tasks)
            results: list[Any] = [None] * len(todo)
            numbers = iter(range(len(todo)))

            def work() -> None:
                for number in numbers:
                    results[number] = function(todo[number])

            others = [pool.submit(work) for _ in range(min(n_threads, len(todo)) - 1)]
            try:
                work()
            finally:
                wait(others)
            for other in others:
                other.result()
            return results

        yield run


class _BlasLimit(AbstractContextManager[None]):
    """BLAS on one thread while somebody wants it so.

    The number of threads is one setting for the whole process, and several Python threads may want it at once: the
    first one in lowers it, the last one out puts it back. Were each to put back what it found, an unlucky order
    would leave one thread for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._found: list[LibController] = []
        self._threads_before: list[int] = []

    def _libraries(self) -> list[LibController]:
        # Looking for the libraries costs milliseconds; they are loaded with NumPy and SciPy and stay.
        self._found = self._found or ThreadpoolController().select(user_api="blas").lib_controllers
        return self._found

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                # threadpoolctl's own contexts describe every library first, which takes longer than a small fit.
                self._threads_before = [library.get_num_threads() for library in self._libraries()]
                for library in self._found:
                    library.set_num_threads(1)
            self._users += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                for library, before in zip(self._found, self._threads_before, strict=True):
                    library.set_num_threads(before)

    def threads(self) -> int:
        """Threads that BLAS has when nobody limits it here: 1 while somebody does."""
        with self._lock:
            return min((library.get_num_threads() for library in self._libraries()), default=1)


_blas_limit = _BlasLimit()


def one_blas_thread(multiplications: float = 0.0) -> AbstractContextManager[None]:
    """Context in which BLAS and LAPACK work on one thread, if the work is small enough for it.

    A second thread of BLAS costs more than it does on small work: the singular value decomposition of a 455 x 30
    table takes 0.6 ms on one thread, and up to hundreds of ms on two of a busy machine.

    Parameters
    ----------
    multiplications : float, default=0
        Size of the work; above `LARGEST_SMALL_WORK` the context changes nothing.
    """
    return _blas_limit if multiplications <= LARGEST_SMALL_WORK else nullcontext()


def blas_threads() -> int:
    """Number of threads that BLAS would take now, at most the cores of this process.

    For work that stands in the place of a call of BLAS and has no ``n_jobs`` of its own: ``OMP_NUM_THREADS``, and
    threadpoolctl's limits, say how many threads the user wants there.
    """
    return max(1, min(_blas_limit.threads(), available_cores()))
