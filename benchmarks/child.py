"""A process of its own tells what cannot be told inside the harness: peak memory, and compiling from nothing.

The parent's functions stand above, what the child does below; the child prints one line of JSON.

Peak memory is the largest resident set while the contender answers, less what the process held before: the modules,
the work and the code compiled by a quick run. The peak that the system keeps (``getrusage``'s ``ru_maxrss``) never
falls and begins with the parent's; Linux lets a process reset it, and where that is refused no memory is reported.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from mlx.compare.timing import pinned_threads, take_turn

from .contenders import contenders_of
from .definitions import Case, Contender, Task
from .tasks import all_tasks

ROOT = Path(__file__).resolve().parent.parent

# Writing this to clear_refs sets the peak of the resident set to its present size.
RESET_PEAK = "5"


class ChildFailed(RuntimeError):
    """The child ended without an answer; the text is its last line on stderr."""


def memory_mib(task: Task, case: Case, contender: Contender, threads: int, quick: bool) -> float | None:
    """Peak of resident memory in MiB above the data, or None where the system does not tell."""
    return _ask("memory", task, case, contender, threads, quick, dict(os.environ))["memory_mib"]


def compile_seconds(task: Task, case: Case, contender: Contender, threads: int) -> tuple[float, float]:
    """Seconds by which a first call exceeds a second one: with an empty cache of compiled code, then a filled one."""
    with tempfile.TemporaryDirectory() as empty:
        # Python's own bytecode is kept beside it, as in an installed package, whatever this machine's setting.
        environment = {**os.environ, "MLX_CACHE_DIR": empty, "PYTHONPYCACHEPREFIX": empty}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        cold, later = (
            _ask("compiling", task, case, contender, threads, True, environment)["compile_seconds"] for _ in range(2)
        )
    return cold, later


def _ask(
    measure: str,
    task: Task,
    case: Case,
    contender: Contender,
    threads: int,
    quick: bool,
    environment: dict[str, str],
) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.child", measure, task.name, case.name, contender.name, str(threads)]
    if quick:
        command.append("--quick")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        last_line = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ChildFailed(f"{measure} in a process of its own: exit status {done.returncode}: {last_line}")
    return json.loads(done.stdout.splitlines()[-1])


def measure_memory(case: Case, contender: Contender, threads: int, quick: bool) -> dict[str, float | None]:
    """What the child does for `memory_mib`."""
    contender.answer(contender.prepare(case.make(0, True), threads), threads)
    work = contender.prepare(case.make(0, quick), threads)
    gc.collect()
    _return_free_memory()
    try:
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    except OSError:
        return {"memory_mib": None}
    before = _status_mib("VmRSS")
    answer = contender.answer(work, threads)
    peak = _status_mib("VmHWM")
    del answer
    return {"memory_mib": peak - before}


def measure_compiling(task: Task, case: Case, contender: Contender, threads: int) -> dict[str, float]:
    """What the child does for `compile_seconds`. Judging is part of it: there a fitted model predicts."""
    made = case.make(0, True)

    def answer_and_judge(work: Any) -> None:
        task.judge(made, contender.answer(contender.prepare(work, threads), threads))

    first, again = (take_turn(answer_and_judge, made) for _ in range(2))
    error = first.error or again.error
    if error is not None:
        raise ChildFailed(error)
    return {"compile_seconds": max(0.0, first.seconds - again.seconds)}


def _return_free_memory() -> None:
    """Give memory that is free, but kept by C's allocator, back to the system: else its use would not be seen."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _status_mib(name: str) -> float:
    """A figure of this process's memory, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise ChildFailed(f"/proc/self/status has no {name}")


def main() -> None:
    """Measure one contender in this process and print the figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.child")
    parser.add_argument("measure", choices=["memory", "compiling"])
    parser.add_argument("task")
    parser.add_argument("case")
    parser.add_argument("contender")
    parser.add_argument("threads", type=int)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    task = all_tasks()[asked.task]
    case = next(case for case in task.cases if case.name == asked.case)
    contender = next(found for found in contenders_of(asked.task) if found.name == asked.contender)
    importlib.import_module(contender.module)
    with pinned_threads(asked.threads):
        if asked.measure == "memory":
            figure: dict[str, Any] = measure_memory(case, contender, asked.threads, asked.quick)
        else:
            figure = measure_compiling(task, case, contender, asked.threads)
    print(json.dumps(figure))


if __name__ == "__main__":
    main()
