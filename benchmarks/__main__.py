"""The command ``python -m benchmarks``: measure, write the result files, and print or renew the tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import results
from .contenders import contenders_of
from .definitions import COMPILED, COMPILING, MEMORY, Case, Task
from .harness import Options, commit, measured_equals, run_case
from .table import README, render, section, with_tables
from .tasks import all_tasks


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 1 if a contender failed and 2 if the command line is wrong."""
    tasks = all_tasks()
    asked = parse(arguments, list(tasks))
    if asked.list:
        for task in tasks.values():
            for case in task.cases:
                print(f"{task.name}: {case.name}: {', '.join(found.name for found in contenders_of(task.name))}")
        return 0
    if asked.table:
        README.write_text(with_tables(README.read_text(), render(tasks.values())))
        return 0
    attempts = 1 if asked.quick else asked.attempts
    folder = asked.output or results.FOLDER
    options = Options(asked.repeats, asked.threads, asked.quick, attempts, asked.memory, asked.compiling)
    failures = 0
    for name in asked.task or tasks:
        task = tasks[name]
        measured = []
        for case in task.cases:
            if asked.case and asked.case not in case.name:
                continue
            if asked.resume and is_done(case, results.read(name, folder), options):
                say(f"{task.name}: {case.name}: done before")
                continue
            say(f"{task.name}: {case.name}")
            if asked.scores:
                measured += with_scores(task, case, results.read(name, folder), options)
            else:
                measured.append(run_case(task, case, contenders_of(name), options, say))
            # Quick work proves that the harness works; only real work may take the place of a result.
            if measured and (asked.output is not None or not asked.quick):
                results.write(name, measured, folder)
        failures += sum(found.status == results.FAILED for case in measured for found in case.contenders)
        if measured:
            shown = task._replace(cases=tuple(case for case in task.cases if case.name in {m.name for m in measured}))
            print(section(shown, measured) + "\n")
    return 1 if failures else 0


def parse(arguments: Sequence[str] | None, task_names: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--task", action="append", choices=task_names, help="only this task; may be repeated")
    parser.add_argument("--case", help="only cases whose name contains this text")
    parser.add_argument("--quick", action="store_true", help="small work; results are kept only with --output")
    parser.add_argument("--repeats", type=positive, default=5, help="rounds, each with its own seed (default 5)")
    parser.add_argument("--threads", type=positive, default=2, help="threads of every contender (default 2)")
    parser.add_argument(
        "--attempts", type=positive, default=4, help="how often a run that others disturbed is tried (default 4)"
    )
    parser.add_argument(
        "--memory", action="store_true", help="peak memory too, in new processes, where a bound speaks of it"
    )
    parser.add_argument(
        "--compiling", action="store_true", help="compiling with an empty cache too, where a limit speaks of it"
    )
    parser.add_argument(
        "--resume", action="store_true", help="leave out cases that this commit has measured in full and undisturbed"
    )
    parser.add_argument(
        "--scores",
        action="store_true",
        help="only the scores that must be another library's, in cases that were timed before; needs no quiet",
    )
    parser.add_argument("--output", type=Path, help="folder of the result files (default benchmarks/results)")
    parser.add_argument("--table", action="store_true", help="only renew the tables of benchmarks/README.md")
    parser.add_argument("--list", action="store_true", help="only list tasks, cases and contenders")
    return parser.parse_args(arguments)


def is_done(case: Case, found: Sequence[results.CaseResult], options: Options) -> bool:
    """Whether a case has been measured on this state of the code, with these options, and nothing is left to repeat."""
    result = next((result for result in found if result.name == case.name), None)
    state = commit()
    if result is None or state is None or result.measured.get("commit") != state:
        return False
    if (result.quick, result.repeats, result.threads) != (options.quick, options.repeats, options.threads):
        return False
    if any(ratio.disturbed for ratio in result.ratios):
        return False
    ready = [contender for contender in result.contenders if contender.status == results.OK]
    has_memory = all(contender.memory_mib is not None for contender in ready)
    has_compiling = all(contender.compile_seconds_cold is not None for contender in ready)
    return (has_memory or not (options.memory and case.asks_for(MEMORY))) and (
        has_compiling or not (options.compiling and case.asks_for(COMPILING, COMPILED))
    )


def with_scores(
    task: Task, case: Case, found: Sequence[results.CaseResult], options: Options
) -> list[results.CaseResult]:
    """The result of a case with its scores made anew; none if it has no result, or nothing to be compared."""
    result = next((result for result in found if result.name == case.name), None)
    if result is None or not case.equals:
        return []
    return [replace(result, equals=measured_equals(task, case, contenders_of(task.name), options, report=say))]


def positive(text: str) -> int:
    """Integer of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


def say(line: str) -> None:
    """Progress goes to stderr, tables to stdout."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
