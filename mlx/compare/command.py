"""The command ``mlx compare``: from the arguments to the printed table, the files and the exit status."""

from __future__ import annotations

import shlex
import sys
import traceback
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..environment import available_cores

if TYPE_CHECKING:
    from .results import Comparison

__all__ = ["run_compare"]

# Exit statuses, as the help of the command states them.
DONE, ALL_FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

# A table with fewer rows is divided three times: single folds are small, and fits take milliseconds.
FEW_ROWS = 5000
REPEATS_OF_FEW_ROWS = 3

EXPLAINED_ROWS = 12
QUICK_FOLDS, QUICK_ROWS, QUICK_EXPLAINED_ROWS = 3, 2000, 3


def run_compare(arguments: Namespace) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : Namespace
        As `mlx.cli` parses them.

    Returns
    -------
    int
        0 if done; 1 if every model failed; 2 if the data or the command cannot be used; 130 after Ctrl-C.
    """
    from .reading import TableError

    try:
        _check_outputs(arguments)
        return _run(arguments)
    except TableError as error:
        if arguments.debug:
            traceback.print_exc()
        print(f"mlx compare: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("mlx compare: interrupted before anything was done", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if arguments.debug:
            raise
        text = " ".join(str(error).split())
        print(f"mlx compare: {type(error).__name__}: {text} (--debug shows where)", file=sys.stderr)
        return ALL_FAILED


def _run(arguments: Namespace) -> int:
    from .report_html import write_html
    from .report_json import write_json
    from .report_text import print_report
    from .run import all_failed

    comparisons = []
    for comparison in _comparisons(arguments):
        print_report(comparison)
        sys.stdout.flush()
        if arguments.debug:
            _print_tracebacks(comparison)
        comparisons.append(comparison)
        if comparison.interrupted:
            break
    command = _command_to_repeat(arguments)
    if arguments.json:
        write_json(Path(arguments.json), comparisons, command)
    if arguments.html:
        write_html(Path(arguments.html), comparisons, command)
    for path in filter(None, (arguments.json, arguments.html)):
        print(f"Written: {path}")
    if any(comparison.interrupted for comparison in comparisons):
        return INTERRUPTED
    return ALL_FAILED if all(map(all_failed, comparisons)) else DONE


def _comparisons(arguments: Namespace) -> Iterator[Comparison]:
    """One finished comparison after the other."""
    from .explanations import explain_best
    from .progress import Progress
    from .reading import BUNDLED, read_bundled, read_table
    from .results import Plan
    from .roster import contenders
    from .run import chosen_metric, compare_on
    from .table import make_table

    if arguments.table is None:
        if arguments.target is not None:
            from .reading import TableError

            raise TableError("--target needs a table: mlx compare TABLE --target COLUMN")
        print(f"No table given: comparing on {' and '.join(BUNDLED)}, real data that scikit-learn bundles.")
        sources = [read_bundled(name) for name in BUNDLED]
    else:
        sources = [read_table(arguments.table, arguments.sep, not arguments.no_header)]
    folds = arguments.folds or (QUICK_FOLDS if arguments.quick else 5)
    for raw in sources:
        table = make_table(
            raw,
            target=arguments.target,
            task=arguments.task,
            drop=arguments.drop,
            sample_weight=arguments.sample_weight,
            folds=folds,
            most_rows=QUICK_ROWS if arguments.quick else None,
            seed=arguments.seed,
        )
        few = len(table.y) < FEW_ROWS and not arguments.quick
        plan = Plan(
            folds=folds,
            repeats=arguments.repeats or (REPEATS_OF_FEW_ROWS if few else 1),
            models=arguments.models,
            metric=arguments.metric,
            threads=arguments.threads or available_cores(),
            seed=arguments.seed,
            time_limit=arguments.time_limit,
            explained_rows=0 if arguments.no_explain else QUICK_EXPLAINED_ROWS if arguments.quick else EXPLAINED_ROWS,
        )
        chosen_metric(table, plan.metric)
        n_models = len(contenders(table, models=plan.models, seed=plan.seed, threads=plan.threads))
        with Progress(n_models * plan.n_folds) as progress:
            comparison = compare_on(table, plan, progress)
            if plan.explained_rows and not comparison.interrupted:
                progress.tell("explaining the best model")
                explain_best(comparison)
        yield comparison


def _print_tracebacks(comparison: Comparison) -> None:
    """Where each failed side failed, to standard error."""
    for result in comparison.results:
        for side in result.sides().values():
            if side.traceback is not None:
                print(f"{result.contender.name} ({side.label}):\n{side.traceback}", file=sys.stderr)


def _check_outputs(arguments: Namespace) -> None:
    """Find out now, not after minutes of work, that a report cannot be written."""
    from .reading import TableError

    for path in filter(None, (arguments.json, arguments.html)):
        folder = Path(path).resolve().parent
        if not folder.is_dir():
            raise TableError(f"cannot write {path!r}: there is no folder {str(folder)!r}")
        if Path(path).is_dir():
            raise TableError(f"cannot write {path!r}: it is a folder")


def _command_to_repeat(arguments: Namespace) -> str:
    """The command line as it was given, with what the machine decided made explicit."""
    words = ["mlx", "compare", *arguments.command_line]
    for option, value in (("--threads", arguments.threads or available_cores()), ("--seed", arguments.seed)):
        if not any(word == option or word.startswith(f"{option}=") for word in words):
            words += [option, str(value)]
    return shlex.join(words)
