"""The report in the terminal: one table of models, then which model beats which, then notes and failures."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .results import Comparison, ModelResult, SideResult
from .statistics import Interval
from .timing import Spread

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

__all__ = [
    "comparison_lines",
    "failure_lines",
    "footnotes",
    "format_difference",
    "format_half_width",
    "format_interval",
    "format_ratio",
    "format_score",
    "format_signed",
    "headline",
    "print_report",
    "unit_of_difference",
    "warning_lines",
    "write_notes",
]

# Width of the table where standard output is no terminal: all columns on one line each.
WIDTH_IN_FILES = 126

# Below the first width there is no room for quartiles, and intervals take two lines; below the second the library's
# score and the time of predictions go, too.
WIDE, NARROW = 118, 78

NOTHING = "–"

# A difference of scores that is no difference: the order of a sum.
INVISIBLE = 1e-12

# Differences of predictions below this come from the order of sums alone and need no explanation.
ROUNDING = 1e-9


def print_report(comparison: Comparison) -> None:
    """Print one table's report to standard output."""
    console = _console()
    console.print()
    console.print(headline(comparison), style="bold", highlight=False)
    write_notes(comparison, console)
    console.print(_models(comparison, console.width))
    for line in _remarks(comparison):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if comparison.explanation is not None:
        console.print(_agreements(comparison.explanation))
        for line in comparison.explanation.remarks():
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def headline(comparison: Comparison) -> str:
    """What was compared on what, in one line."""
    table, plan = comparison.table, comparison.plan
    threads = f"{plan.threads} thread{'s' if plan.threads > 1 else ''}"
    return (
        f"{table.name}: {table.task} of {table.target!r}, {len(table.y):,} rows × {len(table.columns)} columns; "
        f"{plan.folds} folds × {plan.repeats}, {threads}, seed {plan.seed}"
    )


def write_notes(comparison: Comparison, console: Console) -> None:
    """Print what was decided on the way, one decision a line."""
    for note in comparison.table.notes:
        console.print(f"  · {note}", style="dim", highlight=False, markup=False, soft_wrap=True)
    metric = comparison.metric
    better = "more" if metric.sign > 0 else "less"
    line = f"  · main metric is {metric.label} ({metric.reason}; {better} is better); --metric says otherwise"
    console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)


def format_score(value: float) -> str:
    """A score with four digits after the point, or four significant ones if it is large."""
    if math.isnan(value):
        return NOTHING
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def format_signed(value: float) -> str:
    """A difference of scores with its sign; zero, and rounding, has none."""
    if math.isnan(value):
        return NOTHING
    if abs(value) < INVISIBLE:
        return "0"
    return f"{value:+.4f}" if 5e-5 <= abs(value) < 100 else f"{value:+.1e}" if abs(value) < 1 else f"{value:+,.4g}"


def format_interval(interval: Interval) -> str:
    """Mean and half width; without the latter if there is none or all differences were equal."""
    half_width = interval.upper - interval.mean
    return format_signed(interval.mean) + (f" ± {format_half_width(half_width)}" if half_width > INVISIBLE else "")


def format_half_width(value: float) -> str:
    """A half width like the score that it belongs to."""
    return format_signed(value).lstrip("+")


def format_difference(value: float | None) -> str:
    """A largest difference, in scientific notation."""
    if value is None:
        return NOTHING
    return "0" if value == 0 else f"{value:.1e}"


def format_ratio(ratio: Spread | None) -> str:
    """Median and quartiles of a time ratio."""
    if ratio is None:
        return NOTHING
    return f"{_two_digits(ratio.median)} ({_two_digits(ratio.lower)}–{_two_digits(ratio.upper)})"


def warning_lines(result: ModelResult) -> Iterator[str]:
    """Warnings of both sides, each once, with the number of times it came."""
    for side in result.sides().values():
        for text, count in side.warnings.items():
            yield f"{result.contender.name} ({side.label}), {count}×: {text}"


def _two_digits(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _console() -> Console:
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=WIDTH_IN_FILES)


class _Column(NamedTuple):
    """One column of the table of models.

    `title` and `cell` on a wide screen; `narrow_title` and `narrow_cell` on one of less than `WIDE` characters, and
    nothing at all on one of less than `needs`: a figure is never cut.
    """

    title: str
    cell: Callable[[Comparison, ModelResult], str]
    narrow_title: str
    narrow_cell: Callable[[Comparison, ModelResult], str]
    needs: int = 0


def _columns(comparison: Comparison) -> list[_Column]:
    metric = comparison.metric.label

    def fit(_: Comparison, result: ModelResult) -> str:
        return format_ratio(result.time_ratio("fit"))

    def predict(_: Comparison, result: ModelResult) -> str:
        return format_ratio(result.time_ratio("predict"))

    return [
        _Column(f"{metric}\nmlx", _own_score, f"{metric}\nmlx", _own_score),
        _Column("\nlibrary", _library_score, "\nlibrary", _library_score, NARROW),
        _Column("mlx − library\n95 % interval", _interval, "mlx −\nlibrary", _stacked(_interval, " ±")),
        _Column("largest\ndifference", _difference, "largest\ndiff.", _difference),
        _Column("fit time\nmlx / library", fit, "fit\ntime", _without_quartiles(fit)),
        _Column("predict time\nmlx / library", predict, "predict\ntime", _without_quartiles(predict), NARROW),
        _Column("compile\nseconds", _compile_seconds, "", _compile_seconds, WIDE),
    ]


def _models(comparison: Comparison, width: int) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable

    columns = [column for column in _columns(comparison) if width >= column.needs]
    wide = width >= WIDE
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=not wide, header_style="bold")
    table.add_column("model", no_wrap=True, overflow="fold")
    for column in columns:
        title = column.title if wide else column.narrow_title
        table.add_column(title, justify="right", no_wrap=True, overflow="fold")
    ranked = comparison.ranked()
    for result in [*ranked, *(result for result in comparison.results if result not in ranked)]:
        cells = [(column.cell if wide else column.narrow_cell)(comparison, result) for column in columns]
        table.add_row(_name(comparison, result), *cells)
        if result.differences_as_library:
            difference = format_difference(result.largest_difference_as_library())
            table.add_row(
                f"  {result.settings_as_library()}",
                *(difference if column.cell is _difference else "" for column in columns),
            )
    return table


def _name(comparison: Comparison, result: ModelResult) -> str:
    mark = f" [{footnotes(comparison).index(result.contender.expected) + 1}]" if _differs(result) else ""
    # rich reads square brackets as markup
    return f"{result.contender.name}{mark}".replace("[", r"\[")


def _own_score(comparison: Comparison, result: ModelResult) -> str:
    return _score_or_failure(result.ours, result, comparison.metric)


def _library_score(comparison: Comparison, result: ModelResult) -> str:
    return NOTHING if result.library is None else _score_or_failure(result.library, result, comparison.metric)


def _interval(comparison: Comparison, result: ModelResult) -> str:
    return NOTHING if result.library is None else format_interval(comparison.paired(result.ours, result.library)[0])


def _difference(_: Comparison, result: ModelResult) -> str:
    return NOTHING if result.library is None else format_difference(result.largest_difference())


def _compile_seconds(_: Comparison, result: ModelResult) -> str:
    seconds = result.ours.compile_seconds
    return NOTHING if seconds is None or result.library is None else f"{seconds:.1f}"


def _stacked(cell: Callable[[Comparison, ModelResult], str], at: str) -> Callable[[Comparison, ModelResult], str]:
    """The cell with a new line at its first `at`."""
    return lambda comparison, result: cell(comparison, result).replace(at, "\n" + at.strip(), 1)


def _without_quartiles(cell: Callable[[Comparison, ModelResult], str]) -> Callable[[Comparison, ModelResult], str]:
    return lambda comparison, result: cell(comparison, result).partition(" (")[0]


def _score_or_failure(side: SideResult, result: ModelResult, metric: Any) -> str:
    if side.folds and result.contender.kind != "transformer":
        return format_score(side.mean(metric)) + (" (part)" if side.failure else "")
    return "missing" if side.is_missing else "failed" if side.failure else NOTHING


def footnotes(comparison: Comparison) -> list[str]:
    """Reasons for the differences that are larger than rounding."""
    return list(dict.fromkeys(result.contender.expected for result in comparison.results if _differs(result)))


def _differs(result: ModelResult) -> bool:
    """Whether there is a difference that needs a reason, and a reason to give."""
    return (result.largest_difference() or 0.0) > ROUNDING and result.contender.expected != ""


def _remarks(comparison: Comparison) -> Iterator[str]:
    for number, text in enumerate(footnotes(comparison), 1):
        yield f"[{number}] {text}"
    yield f"Largest difference: {unit_of_difference(comparison)}."
    yield "Times: below 1 mlx is faster; median and quartiles over the folds. Interval: corrected resampled t, 95 %."
    yield from comparison_lines(comparison)
    if comparison.stopped:
        done = f"{comparison.folds_done} of {comparison.plan.n_folds} folds are complete"
        yield f"Stopped early: {comparison.stopped}; {done}."
    for line in failure_lines(comparison):
        yield f"Failed: {line}"
    for result in comparison.results:
        for line in warning_lines(result):
            yield f"Warning: {line}"


def unit_of_difference(comparison: Comparison) -> str:
    """What the largest difference is a difference of."""
    if comparison.table.task == "classification":
        return "of held-out probabilities between mlx and the library"
    return "of held-out predictions between mlx and the library, in standard deviations of the target"


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """How often and by how much the model of the best mean score beats each other one."""
    best = comparison.best()
    if best is None:
        return
    for other in comparison.ranked():
        if other is best:
            continue
        interval, won = comparison.paired(best.ours, other.ours)
        yield (
            f"{best.contender.name} beats {other.contender.name} in {won.won}/{won.folds} folds; "
            f"mean advantage {format_interval(interval).lstrip('+')} {comparison.metric.label}"
        )


def failure_lines(comparison: Comparison) -> Iterator[str]:
    """Every side that did not finish, with its reason; a missing library once."""
    seen = set()
    for result in comparison.results:
        for side in result.sides().values():
            if side.failure is None:
                continue
            line = side.failure if side.is_missing else f"{result.contender.name} ({side.label}): {side.failure}"
            if line not in seen:
                seen.add(line)
                yield line


def _agreements(explanation: Any) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable

    table = RichTable(
        title=f"Explanation of {explanation.model}: {explanation.output}",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
    )
    table.add_column("method")
    for title in (
        "beside",
        "rows",
        "largest\ndifference",
        "rank\ncorrelation",
        "seconds\nmlx",
        "\nlibrary",
        "evaluations\nmlx",
        "\nlibrary",
    ):
        table.add_column(title, justify="right")
    for one in explanation.agreements:
        table.add_row(
            one.method,
            one.library,
            str(one.rows),
            format_difference(one.largest_difference),
            NOTHING if math.isnan(one.rank_correlation) else f"{one.rank_correlation:.3f}",
            f"{one.ours_seconds:.2f}",
            f"{one.library_seconds:.2f}",
            f"{one.ours_evaluations:,}",
            f"{one.library_evaluations:,}",
        )
    return table
