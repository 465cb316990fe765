"""A paired timing lets contenders take turns on the same work, so that what disturbs one disturbs the other.

Seconds on a shared machine drift: the clock frequency falls, a neighbour wakes up. The ratio of two runs that
stood side by side hardly does. So in each round every contender runs once on the round's work, in one process,
and the order is turned round from one round to the next (A B, B A, A B, ...): who runs second finds a warmer
cache and a hotter processor, and each is second equally often. What is reported is the median of the rounds'
ratios, with its quartiles.

Compile time is no part of a round: run each contender once before, and report that first call apart.

A neighbour that takes whole cores is no drift, and pairing does not mend it: threads that wait for one another in a
spin, as OpenMP's do, lose far more than the share that was taken (a fit of 1.9 s took 17 s while other processes
held two thirds of two cores). So each turn says what others took, and with ``attempts`` a turn waits for quiet and
is repeated when it was disturbed.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..environment import available_cores

__all__ = [
    "Spread",
    "Turn",
    "alternate",
    "order_of_round",
    "paired_ratios",
    "pinned_threads",
    "spread",
    "take_turn",
    "wait_for_quiet",
]

Work = TypeVar("Work")

# A turn is disturbed if others took more than this share of the cores, and more than this time: the system counts in
# hundredths of a second, which is all of a short turn.
DISTURBED_SHARE = 0.1
DISTURBED_SECONDS = 0.05

# It is quiet when others take less than this share during a look of this length; after the patience a turn runs anyway.
QUIET_SHARE = 0.05
LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 20.0


class Turn(NamedTuple):
    """One run of one contender.

    Attributes
    ----------
    round_index : int
        Number of the round, from 0.
    name : str
        The contender.
    seconds : float
        Wall time of the run, also of one that failed.
    answer : object
        What the run returned; None if it failed.
    error : str or None
        Type and text of the exception that ended the run, or None.
    others : float or None
        Share of the machine's cores that other processes used meanwhile, in [0, 1]; None where the system does not
        tell. Coarse for runs below 0.1 s: the system counts in hundredths of a second.
    """

    round_index: int
    name: str
    seconds: float
    answer: Any
    error: str | None
    others: float | None

    @property
    def disturbed(self) -> bool:
        """Whether other processes took so much that the seconds say little about the contender."""
        if self.others is None:
            return False
        return self.others > DISTURBED_SHARE and self.others * self.seconds * available_cores() > DISTURBED_SECONDS


class Spread(NamedTuple):
    """Median and quartiles of a few numbers.

    Attributes
    ----------
    median, lower, upper : float
        The three quartiles.
    size : int
        How many numbers there were.
    """

    median: float
    lower: float
    upper: float
    size: int


def alternate(runs: Mapping[str, Callable[[Work], Any]], works: Iterable[Work], *, attempts: int = 1) -> Iterator[Turn]:
    """Let contenders take turns, one round for each piece of work; a failure is a turn too.

    Parameters
    ----------
    runs : mapping of str to Callable
        By contender, the function to time. It is called with the round's work.
    works : iterable
        The pieces of work: seeds, folds, data sets, or one thing repeated. Made before the round, not timed.
    attempts : int, default=1
        Above 1, each turn waits for a quiet machine, and a turn that was disturbed all the same is repeated at
        once, so many times in all. The last one counts.

    Yields
    ------
    Turn
        In the order in which the runs took place.
    """
    for index, work in enumerate(works):
        for name in order_of_round(list(runs), index):
            for attempt in range(1, attempts + 1):
                if attempts > 1:
                    wait_for_quiet()
                turn = take_turn(runs[name], work, name=name, round_index=index)
                if not turn.disturbed or attempt == attempts:
                    break
            yield turn


def order_of_round(names: Sequence[str], index: int) -> list[str]:
    """Order of the contenders in a round: as given in even rounds, turned round in odd ones."""
    return list(names) if index % 2 == 0 else list(reversed(names))


def take_turn(run: Callable[[Work], Any], work: Work, *, name: str = "", round_index: int = 0) -> Turn:
    """Time one run; an exception (but not Ctrl-C) becomes the turn's error."""
    gc.collect()  # the rubbish of the run before shall not be carried out on this one's time
    busy, own, start = _busy_seconds(), _own_seconds(), time.perf_counter()
    answer, error = None, None
    try:
        answer = run(work)
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
    seconds = time.perf_counter() - start
    return Turn(round_index, name, seconds, answer, error, _share_of_others(busy, own, seconds))


def wait_for_quiet(patience: float = PATIENCE_SECONDS) -> bool:
    """Wait until other processes leave the cores alone, at most `patience` seconds; whether they do.

    True at once where the system does not tell.
    """
    end = time.perf_counter() + patience
    while True:
        busy, own, start = _busy_seconds(), _own_seconds(), time.perf_counter()
        if busy is None:
            return True
        time.sleep(LOOK_SECONDS)
        others = _share_of_others(busy, own, time.perf_counter() - start)
        if others is None or others < QUIET_SHARE:
            return True
        if time.perf_counter() >= end:
            return False


def paired_ratios(
    turns: Iterable[Turn], ours: str, theirs: str, quantity: Callable[[Turn], float] = lambda turn: turn.seconds
) -> list[float]:
    """Our seconds, or another quantity, divided by theirs, for each round in which both succeeded, in their order.

    A round in which theirs is zero has no ratio and is left out.
    """
    values = {(turn.round_index, turn.name): quantity(turn) for turn in turns if turn.error is None}
    rounds = sorted(index for index, name in values if name == ours and values.get((index, theirs)))
    return [values[index, ours] / values[index, theirs] for index in rounds]


def spread(values: Iterable[float]) -> Spread:
    """Median and quartiles of at least one number.

    Raises
    ------
    ValueError
        If there is none.
    """
    numbers = np.fromiter(values, dtype=np.float64)
    if numbers.size == 0:
        raise ValueError("values is empty: there is no median of no numbers")
    lower, median, upper = (float(quartile) for quartile in np.quantile(numbers, [0.25, 0.5, 0.75]))
    return Spread(median, lower, upper, int(numbers.size))


@contextmanager
def pinned_threads(threads: int) -> Iterator[None]:
    """Cap the threads of BLAS and OpenMP in this process; a model's own ``n_jobs`` must be set beside it."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=threads):
        yield


def _busy_seconds() -> float | None:
    """Seconds that all cores together have worked since the system started, or None where it does not tell."""
    try:
        with open("/proc/stat") as counters:
            user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen = map(
                int, counters.readline().split()[1:9]
            )
    except (OSError, ValueError):
        return None
    return (user + nice + system + interrupts + soft_interrupts + stolen) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Seconds that cores have worked for this process."""
    times = os.times()
    return times.user + times.system


def _share_of_others(busy_before: float | None, own_before: float, seconds: float) -> float | None:
    busy = _busy_seconds()
    if busy is None or busy_before is None or seconds <= 0:
        return None
    foreign = (busy - busy_before) - (_own_seconds() - own_before)
    return min(1.0, max(0.0, foreign / (seconds * available_cores())))
