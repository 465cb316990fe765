"""The harness lets the contenders of a case take turns, judges every answer, and lists who could not answer.

Order of things: modules are imported; each contender answers quick work twice, so that compiling is over and known;
then the rounds are run (`mlx.compare.timing`), each on work of its own seed, and judged outside the clock.
"""

from __future__ import annotations

import importlib
import itertools
import math
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from mlx.compare.timing import Turn, alternate, order_of_round, paired_ratios, pinned_threads, spread, take_turn
from mlx.environment import machine, thread_settings, versions

from . import child
from .definitions import COMPILED, COMPILING, MEMORY, SECONDS, Case, Contender, Score, Task
from .results import FAILED, MISSING, OK, CaseResult, ContenderResult, EqualResult, RatioResult
from .scores import SEEDS, equal_results

ROOT = Path(__file__).resolve().parent.parent

# What a run itself writes does not make the next one another state of the code.
NOT_CODE = (":!benchmarks/results", ":!benchmarks/README.md")


class Options(NamedTuple):
    """How to measure.

    Attributes
    ----------
    repeats : int
        Rounds; each has its own seed.
    threads : int
        For every contender alike.
    quick : bool
        Take the small work.
    attempts : int
        How often a turn that other processes disturbed is run at most; above 1, turns wait for quiet.
    memory, compiling : bool
        Measure these too, in processes of their own, where a case asks for them.
    """

    repeats: int = 5
    threads: int = 2
    quick: bool = False
    attempts: int = 1
    memory: bool = False
    compiling: bool = False


def run_case(
    task: Task,
    case: Case,
    contenders: Sequence[Contender],
    options: Options,
    report: Callable[[str], None] = lambda line: None,
) -> CaseResult:
    """Measure one case; `report` is told about each step in a line."""
    before = os.getloadavg()
    with pinned_threads(options.threads):
        results = {contender.name: prepare(case, contender, options.threads) for contender in contenders}
        for result in results.values():
            report(f"  {result.name}: {result.reason or f'ready, {result.compile_seconds:.2f} s of compiling'}")
        ready = [contender for contender in contenders if results[contender.name].status == OK]
        turns = []
        for turn in judged_turns(task, case, ready, options):
            turns.append(turn)
            report(f"  round {turn.round_index} {turn.name}: {turn.error or f'{turn.seconds:.3f} s {turn.answer}'}")
    for name in [contender.name for contender in ready]:
        results[name] = with_turns(results[name], [turn for turn in turns if turn.name == name])
    with pinned_threads(options.threads):
        equals = measured_equals(task, case, contenders, options, list(results.values()), report)
    for contender in ready:
        results[contender.name] = measure_apart(task, case, contender, results[contender.name], options)
    return CaseResult(
        name=case.name,
        quick=options.quick,
        repeats=options.repeats,
        threads=options.threads,
        measured=circumstances(before),
        facts=dict(case.make(0, options.quick).facts),
        order=[order_of_round([contender.name for contender in ready], index) for index in range(options.repeats)],
        contenders=list(results.values()),
        ratios=all_ratios(task, contenders, list(results.values()), turns),
        equals=equals,
    )


def measured_equals(
    task: Task,
    case: Case,
    contenders: Sequence[Contender],
    options: Options,
    known: Sequence[ContenderResult] = (),
    report: Callable[[str], None] = lambda line: None,
) -> list[EqualResult]:
    """Scores that must be as good as another's: those of the rounds, and of the seeds that are missing."""
    n_seeds = options.repeats if options.quick else max(options.repeats, SEEDS)
    found = equal_results(task, case, contenders, options.threads, options.quick, n_seeds, known, report)
    return [replace(equal, commit=commit()) for equal in found]


def prepare(case: Case, contender: Contender, threads: int) -> ContenderResult:
    """Import a contender's module and let it answer quick work twice: the difference is compiling."""
    blank = ContenderResult(contender.name, contender.module)
    package = contender.module.split(".")[0]
    if find_spec(package) is None:
        return replace(blank, status=MISSING, reason=f"{package} is not installed")
    try:
        importlib.import_module(contender.module)
    except Exception as error:  # a library may be there and broken: a shared object that does not load
        return replace(blank, status=FAILED, reason=f"{type(error).__name__}: {error}")
    blank = replace(blank, version=getattr(importlib.import_module(package), "__version__", None))
    try:
        work = contender.prepare(case.make(0, True), threads)
    except Exception as error:
        return replace(blank, status=FAILED, reason=f"{type(error).__name__}: {error}")
    first, again = (take_turn(lambda work: contender.answer(work, threads), work) for _ in range(2))
    reason = first.error or again.error
    if reason is not None:
        return replace(blank, status=FAILED, reason=reason)
    return replace(blank, compile_seconds=max(0.0, first.seconds - again.seconds))


def judged_turns(task: Task, case: Case, contenders: Sequence[Contender], options: Options) -> Iterator[Turn]:
    """Turns of the rounds, each with its scores in the place of the answer, or with the error of judging it."""

    def answering(contender: Contender) -> Callable[[Any], tuple[Any, Any]]:
        def answer(work: tuple[Any, dict[str, Any]]) -> tuple[Any, Any]:
            made, prepared = work
            if isinstance(prepared[contender.name], Exception):
                raise prepared[contender.name]
            return made, contender.answer(prepared[contender.name], options.threads)

        return answer

    works = (prepared_work(case.make(seed, options.quick), contenders, options) for seed in range(options.repeats))
    runs = {contender.name: answering(contender) for contender in contenders}
    for turn in alternate(runs, works, attempts=options.attempts):
        if turn.error is not None:
            yield turn
            continue
        try:
            yield turn._replace(answer=checked_scores(task.scores, task.judge(*turn.answer)))
        except Exception as error:
            yield turn._replace(answer=None, error=f"not judged: {type(error).__name__}: {error}")


def prepared_work(work: Any, contenders: Sequence[Contender], options: Options) -> tuple[Any, dict[str, Any]]:
    """Work, and by contender what it made of it before the clock runs; or the error of that, for its turn to raise."""
    prepared: dict[str, Any] = {}
    for contender in contenders:
        try:
            prepared[contender.name] = contender.prepare(work, options.threads)
        except Exception as error:
            prepared[contender.name] = error
    return work, prepared


def checked_scores(expected: Sequence[Score], scores: dict[str, float]) -> dict[str, float]:
    """Scores as they came, if each of the task's is there and finite: a time without its score means nothing."""
    for score in expected:
        if not math.isfinite(scores[score.name]):
            raise ValueError(f"{score.name} is {scores[score.name]}")
    return scores


def with_turns(result: ContenderResult, turns: Sequence[Turn]) -> ContenderResult:
    """Result with the rounds that succeeded; failed if one did not."""
    good = [turn for turn in turns if turn.error is None]
    first_error = next((f"round {turn.round_index}: {turn.error}" for turn in turns if turn.error is not None), None)
    return replace(
        result,
        status=OK if first_error is None else FAILED,
        reason=first_error,
        seconds=[turn.seconds for turn in good],
        others=[turn.others for turn in good],
        disturbed=[turn.disturbed for turn in good],
        scores={name: [turn.answer[name] for turn in good] for name in (good[0].answer if good else ())},
    )


def measure_apart(
    task: Task, case: Case, contender: Contender, result: ContenderResult, options: Options
) -> ContenderResult:
    """Add what only a process of its own can tell: memory, and compiling with an empty cache."""
    try:
        if options.memory and case.asks_for(MEMORY):
            result = replace(result, memory_mib=child.memory_mib(task, case, contender, options.threads, options.quick))
        if options.compiling and case.asks_for(COMPILING, COMPILED):
            cold, later = child.compile_seconds(task, case, contender, options.threads)
            result = replace(result, compile_seconds_cold=cold, compile_seconds_later=later)
    except child.ChildFailed as error:
        return replace(result, status=FAILED, reason=str(error))
    return result


def all_ratios(
    task: Task, contenders: Sequence[Contender], results: Sequence[ContenderResult], turns: Sequence[Turn]
) -> list[RatioResult]:
    """Time, scores and memory of each of our contenders divided by each library's; the null contender has none.

    Time is compared in rounds that nobody disturbed; if there is none, in all, and the ratio says so.
    """
    ours = [contender.name for contender in contenders if contender.is_ours]
    libraries = [contender.name for contender in contenders if contender.is_library]
    memory = {result.name: result.memory_mib for result in results}
    ratios = []
    for mine, other in itertools.product(ours, libraries):
        quiet = paired_ratios((turn for turn in turns if not turn.disturbed), mine, other)
        by_quantity = {SECONDS: quiet or paired_ratios(turns, mine, other)}
        for score in task.scores:
            by_quantity[score.name] = paired_ratios(turns, mine, other, partial(score_of, score.name))
        my_memory, other_memory = memory[mine], memory[other]
        if my_memory is not None and other_memory:
            by_quantity[MEMORY] = [my_memory / other_memory]
        ratios += [
            RatioResult(quantity, mine, other, *spread(values), disturbed=quantity == SECONDS and not quiet)
            for quantity, values in by_quantity.items()
            if values
        ]
    return ratios


def score_of(name: str, turn: Turn) -> float:
    return turn.answer[name]


def circumstances(load_before: tuple[float, float, float]) -> dict[str, Any]:
    """What a reader needs to judge, or to repeat, the measurement."""
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": versions(),
        "thread settings": thread_settings(),
        # Of one, five and fifteen minutes: how much else was running
        "load average before": list(load_before),
        "load average after": list(os.getloadavg()),
    }


def commit() -> str | None:
    """Commit of the working tree, marked if tracked files other than results differ from it; None outside git."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    try:
        name = git("rev-parse", "--short", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", *NOT_CODE)
    except OSError:
        return None
    return f"{name}-dirty" if name and changed else name or None
