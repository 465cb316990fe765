"""Scores that must be as good as another contender's, over several seeds; no clock runs, so any noise will do.

The rounds have measured some of the seeds; the rest follow here. With ``python -m benchmarks --scores`` all do, and the
times in the result files stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .definitions import Case, Contender, Equal, Task
from .results import OK, ContenderResult, EqualResult

__all__ = ["SEEDS", "compare_scores", "equal_results", "standard_error"]

# Tables that a score is averaged over.
SEEDS = 5


def equal_results(
    task: Task,
    case: Case,
    contenders: Sequence[Contender],
    threads: int,
    quick: bool,
    n_seeds: int,
    known: Sequence[ContenderResult] = (),
    report: Callable[[str], None] = lambda line: None,
) -> list[EqualResult]:
    """What became of each `Equal` of a case.

    Parameters
    ----------
    known : sequence of ContenderResult
        Scores of the first seeds that need not be made again; a contender that is missing or failed is left out.
    n_seeds : int
        Seeds from 0 on.
    """
    wanted = {name for equal in case.equals for name in (equal.ours, equal.against)}
    broken = {result.name for result in known if result.status != OK}
    taking_part = [one for one in contenders if one.name in wanted - broken]
    scores = {result.name: result.scores for result in known}
    n_known = {one.name: min(map(len, scores.get(one.name, {"": []}).values()), default=0) for one in taking_part}
    for seed in range(min(n_known.values(), default=n_seeds), n_seeds):
        work = case.make(seed, quick)
        for contender in taking_part:
            if seed >= n_known[contender.name]:
                found = answered(task, contender, work, threads)
                report(f"  seed {seed} {contender.name}: {found}")
                own = scores.setdefault(contender.name, {})
                scores[contender.name] = {name: [*own.get(name, []), value] for name, value in found.items()}
    there = {one.name for one in taking_part}
    return [
        compare_scores(task, equal, *(scores[name][equal.score] for name in (equal.ours, equal.against)))
        for equal in case.equals
        if {equal.ours, equal.against} <= there
    ]


def answered(task: Task, contender: Contender, work: Any, threads: int) -> dict[str, float]:
    """Scores of one answer."""
    return task.judge(work, contender.answer(contender.prepare(work, threads), threads))


def compare_scores(task: Task, equal: Equal, ours: Sequence[float], theirs: Sequence[float]) -> EqualResult:
    """How far our mean is behind, and what chance allows; seeds that only one side has are left out."""
    ours, theirs = (list(values[: min(len(ours), len(theirs))]) for values in (ours, theirs))
    larger_is_better = next(score.larger_is_better for score in task.scores if score.name == equal.score)
    names = {"score": equal.score, "ours": equal.ours, "against": equal.against}
    if len(ours) < 2:
        return EqualResult(**names, our_scores=ours, their_scores=theirs)
    behind = float(np.mean(theirs) - np.mean(ours)) * (1 if larger_is_better else -1)
    error = float(np.hypot(standard_error(ours), standard_error(theirs)))
    return EqualResult(**names, our_scores=ours, their_scores=theirs, behind=behind, error=error, met=behind <= error)


def standard_error(values: Sequence[float]) -> float:
    """Standard error of the mean of at least two numbers."""
    return float(np.std(values, ddof=1)) / len(values) ** 0.5
