"""The words of this package: a task has cases, a case makes work, a contender answers it, a bound limits a ratio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

SECONDS = "seconds"
MEMORY = "peak memory"
COMPILING = "compiling, empty cache"
COMPILED = "compiling, later process"

# The contenders whose module stands in this package are ours: every ratio is ours divided by another's.
OUR_PACKAGE = "mlx"

# The null contender needs nothing but this package; no ratio is taken with it.
NULL_MODULE = "benchmarks"


class Work(Protocol):
    """What a contender is given. A task's work adds the fields that its contenders need."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """Sizes, parameters and a digest of the data, as the result file shall show them."""


class Score(NamedTuple):
    """A number that tells how good an answer is; without it a time means nothing."""

    name: str
    larger_is_better: bool


class Bound(NamedTuple):
    """What the ratio of one quantity, ours divided by another contender's, may be.

    Attributes
    ----------
    quantity : str
        `SECONDS`, `MEMORY`, or the name of a score.
    against : str
        Name of the other contender.
    at_most : float
        The ratio that must not be exceeded.
    stretch : float
        The ratio that is thought reachable.
    ours : str
        Name of our contender.
    """

    quantity: str
    against: str
    at_most: float
    stretch: float
    ours: str = "mlx"


class Limit(NamedTuple):
    """What a quantity of ours may be, whatever others need.

    Attributes
    ----------
    quantity : str
        `COMPILING` or `COMPILED`, in seconds.
    at_most, stretch, ours : float, float, str
        As in `Bound`.
    """

    quantity: str
    at_most: float
    stretch: float
    ours: str = "mlx"


class Equal(NamedTuple):
    """A score that must not be worse than another contender's, but for chance.

    Met if the mean over the rounds is behind the other's by at most the standard error of the difference of the two
    means (the root of the sum of their squared standard errors).

    Attributes
    ----------
    score, against, ours : str
        Name of the score, of the other contender, and of ours.
    """

    score: str
    against: str
    ours: str = "mlx"


class Case(NamedTuple):
    """One size and kind of work within a task.

    Attributes
    ----------
    name : str
        As the tables show it.
    make : Callable
        Makes the work from (seed, quick). Each round has its own seed; quick work takes a fraction of a second.
    bounds : tuple of Bound
        What is asked of us here. Memory is measured where a bound speaks of it.
    limits : tuple of Limit
        Compiling is measured where a limit speaks of it.
    equals : tuple of Equal
        Scores that must be as good as another contender's.
    """

    name: str
    make: Callable[[int, bool], Any]
    bounds: tuple[Bound, ...] = ()
    limits: tuple[Limit, ...] = ()
    equals: tuple[Equal, ...] = ()

    def asks_for(self, *quantities: str) -> bool:
        """Whether a bound or a limit is about one of these quantities."""
        return any(asked.quantity in quantities for asked in (*self.bounds, *self.limits))


class Task(NamedTuple):
    """What is asked, and how an answer is judged.

    Attributes
    ----------
    name : str
        Name of the file in ``tasks/`` and of the result file.
    title, question : str
        One line, and a few sentences, for the table.
    scores : tuple of Score
        What `judge` returns.
    cases : tuple of Case
        The work.
    judge : Callable
        Scores by name, from (work, answer). Not timed.
    """

    name: str
    title: str
    question: str
    scores: tuple[Score, ...]
    cases: tuple[Case, ...]
    judge: Callable[[Any, Any], dict[str, float]]


def as_it_is(work: Any, threads: int) -> Any:
    """Nothing to prepare."""
    return work


class Contender(NamedTuple):
    """One way to answer a task.

    Attributes
    ----------
    name : str
        Unique within the task, as the tables show it.
    module : str
        Module that must be there. It is imported before any clock runs.
    answer : Callable
        The timed function of (work, threads).
    prepare : Callable
        What (work, threads) becomes before the clock runs: `answer` is given it in the place of the work.
    """

    name: str
    module: str
    answer: Callable[[Any, int], Any]
    prepare: Callable[[Any, int], Any] = as_it_is

    @property
    def is_ours(self) -> bool:
        return self.module.split(".")[0] == OUR_PACKAGE

    @property
    def is_library(self) -> bool:
        return not self.is_ours and self.module != NULL_MODULE
