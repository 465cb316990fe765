"""Stages are lists of tasks of which each list needs the results of the one before; other tasks fill the gaps.

::

    thread 0   | spread | rows 0 | rows 1 | columns 0 | columns 1 | ...
    thread 1   |   filler 0      | rows 2 |  filler 1    | columns 2  | ...

A thread that finds no task of the present stage would have to wait for the threads that still work on it. It takes a
filler, a task that may be done at any time, and waits only if there is none. Handing work to a thread and back takes
as long as a tenth of an iteration: so one iteration is handed over as a whole, and not stage by stage.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

__all__ = ["Run", "Stage", "run_stages"]

# Runs a function on tasks, some at a time: what `mlx.numeric.threads.thread_team` offers.
Run = Callable[[Callable[[Any], Any], Any], list[Any]]

# Tasks that may run side by side.
Stage = list[Callable[[], None]]


def run_stages(run: Run, n_threads: int, stages: list[Stage], fillers: Stage) -> None:
    """Do all tasks: each stage when the one before is done, fillers in between.

    Parameters
    ----------
    run : callable
    n_threads : int
        Threads that `run` has.
    stages : list of list of callable
    fillers : list of callable
    """
    ahead = _Ahead([stage for stage in stages if stage], fillers)
    run(lambda _: ahead.work(), range(n_threads))


class _Ahead:
    """What is still to be done, shared by the threads."""

    def __init__(self, stages: list[Stage], fillers: Stage) -> None:
        self.stages, self.fillers = iter(stages), list(fillers)
        self.changed = threading.Condition(threading.Lock())
        self.unbegun: Stage = []
        self.unfinished = 0
        self._begin_next_stage()

    def work(self) -> None:
        """Do tasks until there is none that this thread could begin, now or later."""
        while True:
            with self.changed:
                while not self.unbegun and not self.fillers and self.unfinished > 0:
                    self.changed.wait()
                of_stage = bool(self.unbegun)
                if not of_stage and not self.fillers:
                    return
                task = self.unbegun.pop() if of_stage else self.fillers.pop()
            try:
                task()
            except BaseException:
                self._give_up()
                raise
            if of_stage:
                self._finish_one()

    def _begin_next_stage(self) -> None:
        self.unbegun = next(self.stages, [])[::-1]
        self.unfinished = len(self.unbegun)

    def _finish_one(self) -> None:
        with self.changed:
            self.unfinished -= 1
            if self.unfinished == 0:
                self._begin_next_stage()
                self.changed.notify_all()

    def _give_up(self) -> None:
        """Leave the rest undone: a task has failed."""
        with self.changed:
            self.stages, self.unbegun, self.fillers, self.unfinished = iter(()), [], [], 0
            self.changed.notify_all()
