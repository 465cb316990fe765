"""The command line: ``mlx compare``, ``mlx doctor``, ``mlx warmup``.

Only parsing happens here, so that ``mlx --help`` answers at once; each command imports what it needs when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from . import __version__

__all__ = ["main"]

# As `compare.metrics` has them; stated here because that file imports NumPy.
METRIC_NAMES = ("roc_auc", "log_loss", "accuracy", "r2", "rmse", "mae")

COMPARE_EPILOG = """\
exit status: 0 done, 1 every model failed, 2 the data or the command cannot be used, 130 interrupted (Ctrl-C prints
what is done so far)

examples:
  mlx compare                                       on real data that scikit-learn bundles
  mlx compare data.csv --target price --html report.html
  zcat data.csv.gz | mlx compare - --target y --models linear,xgb --folds 10
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the program's name; those of the process by default.

    Returns
    -------
    int
        Exit status.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parsed = _parser().parse_args(words)
    if parsed.command is None:
        _parser().print_help()
        return 2
    parsed.command_line = words[1:]
    try:
        return parsed.run(parsed)
    except BrokenPipeError:
        # The reader of a pipe has gone (`mlx compare | head`); the interpreter must not flush into it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlx",
        description="Classical machine learning and explainability, proved equal to the libraries you know.",
    )
    parser.add_argument("--version", action="version", version=f"mlx {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_compare(commands)
    doctor = commands.add_parser("doctor", help="versions, threads, cache folder; says what is wrong with them")
    doctor.set_defaults(run=_doctor)
    warmup = commands.add_parser("warmup", help="compile the kernels now, into the cache folder")
    warmup.set_defaults(run=_warmup)
    return parser


def _add_compare(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "compare",
        help="models of this package beside their libraries, on your data",
        description="Fit every model beside its library on the same folds; show scores, differences and time ratios.",
        epilog=COMPARE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("table", nargs="?", metavar="TABLE", help="csv, csv.gz or parquet; - is standard input")
    parser.add_argument("--target", metavar="COLUMN", help="column to predict (default: worked out, and said why)")
    parser.add_argument("--task", choices=["classification", "regression"], help="default: worked out of the target")
    parser.add_argument(
        "--models",
        type=_names,
        metavar="A,B",
        help="of linear, tree, forest, adaboost, xgb, mlp, pca (default: all)",
    )
    parser.add_argument("--drop", type=_names, default=[], metavar="A,B", help="columns to leave out")
    parser.add_argument("--sample-weight", metavar="COLUMN", help="column of sample weights")
    parser.add_argument("--sep", metavar="CHARACTER", help="separator of columns (default: worked out)")
    parser.add_argument(
        "--no-header", action="store_true", help="the first line is a row; columns are called column_1 and so on"
    )
    parser.add_argument("--folds", type=_at_least(2), metavar="K", help="folds of the cross-validation (default: 5)")
    parser.add_argument(
        "--repeats",
        type=_at_least(1),
        metavar="R",
        help="times that it is repeated (default: 3 below 5,000 rows, else 1)",
    )
    parser.add_argument(
        "--metric", choices=["roc_auc", "log_loss", "accuracy", "r2", "rmse", "mae"], help="main metric"
    )
    parser.add_argument("--time-limit", type=_seconds, metavar="SECONDS", help="begin no further fit after this time")
    parser.add_argument("--threads", type=_at_least(1), metavar="N", help="threads of both sides (default: all cores)")
    parser.add_argument("--seed", type=_at_least(0), default=0, metavar="N", help="of folds and models (default: 0)")
    parser.add_argument("--quick", action="store_true", help="3 folds of at most 2,000 rows, 3 rows explained")
    parser.add_argument("--no-explain", action="store_true", help="do not explain the best model")
    parser.add_argument("--json", metavar="FILE", help="write everything that was measured")
    parser.add_argument("--html", metavar="FILE", help="write a report in one file, with pictures")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_compare)


def _compare(arguments: argparse.Namespace) -> int:
    from .compare.command import run_compare

    return run_compare(arguments)


def _doctor(arguments: argparse.Namespace) -> int:
    from .compare.doctor import run_doctor

    return run_doctor()


def _warmup(arguments: argparse.Namespace) -> int:
    from .compare.warmup import run_warmup

    return run_warmup()


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("names no column or model")
    return names


def _at_least(smallest: int):
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = smallest - 1
        if value < smallest:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {smallest}")
        return value

    return parse


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return value


if __name__ == "__main__":
    sys.exit(main())
