"""The report for people: one HTML file with tables and pictures inside, which loads nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from .. import __version__
from .pictures import Picture, pictures_of
from .report_json import environment_record
from .report_text import (
    comparison_lines,
    failure_lines,
    footnotes,
    format_difference,
    format_interval,
    format_score,
    unit_of_difference,
    warning_lines,
)
from .results import Comparison, ModelResult, SideResult
from .statistics import Interval
from .timing import Spread

__all__ = ["as_html", "write_html"]

TEMPLATE = Path(__file__).with_name("report_template.html")

METHOD = (
    "Every model runs on the same folds as its library, on the same prepared matrix, with the same parameters; "
    "imputation, scaling and category levels are learned from the training rows of each fold.",
    "The two sides take turns, and who goes first changes from fold to fold. Threads are pinned on both sides. A ratio "
    "is taken within each fold; shown are the median and the quartiles over the folds.",
    "The first fit of each side, on a few rows, is timed apart: what it takes longer than the second one is its "
    "compile time, paid once per machine.",
    "Intervals (95 %) are corrected resampled t intervals (Nadeau and Bengio 2003): training sets overlap.",
)


def write_html(path: Path, comparisons: Sequence[Comparison], command: str) -> None:
    """Write the report of all tables to one file."""
    path.write_text(as_html(comparisons, command), encoding="utf-8")


def as_html(comparisons: Sequence[Comparison], command: str) -> str:
    """The report as one HTML document."""
    environment = environment_record()
    machine = environment["machine"]
    names = " and ".join(comparison.table.name.split(" (")[0] for comparison in comparisons)
    threads = comparisons[0].plan.threads
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"mlx beside its libraries: {names}"),
        facts=escape(
            f"{machine['processor']}, {threads} thread{'s' if threads > 1 else ''}, "
            f"Python {environment['versions']['python']}; "
            f"{sum(comparison.seconds for comparison in comparisons):.0f} s of fitting and predicting"
        ),
        sections="\n".join(_section(comparison) for comparison in comparisons),
        method=_list(METHOD),
        command=escape(command),
        environment=_environment(environment),
        version=escape(__version__),
    )


def _section(comparison: Comparison) -> str:
    table, plan = comparison.table, comparison.plan
    pictures = {picture.key: picture for picture in pictures_of(comparison)}
    parts = [
        f"<h2>{escape(table.name)}</h2>",
        f'<p class="facts">{table.task} of <b>{escape(table.target)}</b> · {len(table.y):,} rows × '
        f"{len(table.columns)} columns · {plan.folds} folds × {plan.repeats} · seed {plan.seed} · "
        f"sha256 {table.sha256[:12]}</p>",
        _verdict(comparison),
        _leaderboard(comparison),
        _figure(pictures.get("scores"), f"{comparison.metric.label} over the folds"),
        _paragraphs("Which differences are sure", comparison_lines(comparison)),
        _figure(pictures.get("times"), "Time beside the library"),
        _figure(pictures.get("differences"), "Difference from the library"),
        f'<p class="caption">Largest difference {unit_of_difference(comparison)}, over all folds.</p>',
        _list(_expected(comparison)),
        _explanation(comparison, pictures),
        _paragraphs("Failures", failure_lines(comparison)),
        _paragraphs("Warnings of the models", (line for r in comparison.results for line in warning_lines(r))),
        _paragraphs("Decisions on the way", _decisions(comparison, bool(pictures))),
        "<h3>Parameters</h3>",
        *(_parameters(result) for result in comparison.results),
    ]
    return "\n".join(part for part in parts if part)


def _verdict(comparison: Comparison) -> str:
    """The two or three sentences that a reader wants first."""
    sentences = []
    best = comparison.best()
    if best is None:
        sentences.append("No model finished a fold.")
    else:
        score = format_score(best.ours.mean(comparison.metric))
        sentences.append(f"<b>{best.contender.name}</b> scores best: {comparison.metric.label} {score}.")
        others = [
            result for result in comparison.ranked() if result is not best and result.contender.kind == "predictor"
        ]
        if others:
            sentences.append(_lead(comparison, best, others[0]))
        difference, ratio = best.largest_difference(), best.time_ratio("fit")
        if best.library is not None and difference is not None and ratio is not None:
            agree = "equal" if difference == 0 else f"at most {format_difference(difference)} away from"
            sentences.append(
                f"Its predictions are {agree} {'to' if difference == 0 else ''} those of {best.library.label}, "
                f"and it fits in {_times(ratio.median)} the time."
            )
            if best.differences_as_library:
                closest = format_difference(best.largest_difference_as_library())
                sentences.append(f"With {escape(best.settings_as_library())} they are at most {closest} away.")
    if comparison.stopped:
        sentences.append(
            f'<span class="bad">Stopped early: {escape(comparison.stopped)}; {comparison.folds_done} of '
            f"{comparison.plan.n_folds} folds are complete.</span>"
        )
    return f'<div class="verdict"><p>{" ".join(sentences)}</p></div>'


def _lead(comparison: Comparison, best: ModelResult, second: ModelResult) -> str:
    interval, won = comparison.paired(best.ours, second.ours)
    sure = "" if math.isnan(interval.lower) or interval.lower > 0 else "; the interval of the difference includes zero"
    return f"It beats {second.contender.name} in {won.won} of {won.folds} folds{sure}."


def _times(ratio: float) -> str:
    return f"{ratio:.2f} of" if ratio < 1 else f"{ratio:.1f} times"


def _leaderboard(comparison: Comparison) -> str:
    head = (
        '<tr><th scope="col">Model</th>'
        f'<th scope="col">{escape(comparison.metric.label)}<br>mlx</th><th scope="col"><br>library</th>'
        '<th scope="col">mlx − library<br>95 % interval</th><th scope="col">Largest<br>difference</th>'
        '<th scope="col">Fit time<br>mlx / library</th><th scope="col">Predict time<br>mlx / library</th>'
        '<th scope="col">Compile<br>seconds</th></tr>'
    )
    ranked = comparison.ranked()
    order = [*ranked, *(result for result in comparison.results if result not in ranked)]
    rows = "\n".join(_row(comparison, result) + _row_as_library(result) for result in order)
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>\n{rows}\n</tbody></table></div>'


def _row(comparison: Comparison, result: ModelResult) -> str:
    kind = result.contender.kind if result is not comparison.best() else "best"
    cells = [f'<td class="name">{escape(result.contender.name)}</td>', _score_cell(comparison, result, result.ours)]
    if result.library is None:
        cells += ["<td>–</td>"] * 6
    else:
        interval, _ = comparison.paired(result.ours, result.library)
        seconds = result.ours.compile_seconds
        cells += [
            _score_cell(comparison, result, result.library),
            _interval_cell(interval),
            f"<td>{format_difference(result.largest_difference())}</td>",
            _ratio_cell(result.time_ratio("fit")),
            _ratio_cell(result.time_ratio("predict")),
            f"<td>{'–' if seconds is None else f'{seconds:.1f}'}</td>",
        ]
    return f'<tr class="{kind}">{_labelled(cells, comparison.metric.label)}</tr>'


def _labelled(cells: Sequence[str], metric: str) -> str:
    """Cells of the leaderboard that say what they hold: on a narrow page they stand below each other, with no head."""
    labels = ["Model", f"{metric}, mlx", f"{metric}, library", "mlx − library", "Largest difference"]
    labels += ["Fit time, mlx / library", "Predict time, mlx / library", "Compile seconds"]
    return "".join(_with_label(cell, label) for cell, label in zip(cells, labels, strict=True))


def _with_label(cell: str, label: str) -> str:
    return cell.replace("<td", f'<td data-label="{escape(label)}"', 1)


def _row_as_library(result: ModelResult) -> str:
    """The difference that remains once ours is asked to do as the library does; nothing where it does so anyway."""
    if not result.differences_as_library:
        return ""
    cells = [f'<td class="name">… {escape(result.settings_as_library())}</td>', *["<td></td>"] * 3]
    cells += [f"<td>{format_difference(result.largest_difference_as_library())}</td>", *["<td></td>"] * 3]
    return f"<tr>{_labelled(cells, '')}</tr>"


def _score_cell(comparison: Comparison, result: ModelResult, side: SideResult) -> str:
    failed = "not installed" if side.is_missing else "failed" if side.failure else ""
    if not side.folds or result.contender.kind == "transformer":
        return f'<td class="bad">{failed}</td>' if failed else "<td>–</td>"
    done = f'<span class="range bad">{len(side.folds)} folds, then failed</span>' if failed else ""
    return f"<td>{format_score(side.mean(comparison.metric))}{done}</td>"


def _interval_cell(interval: Interval) -> str:
    mean, _, half_width = format_interval(interval).partition(" ± ")
    bounds = f'<span class="range">± {half_width}</span>' if half_width else ""
    return f"<td>{mean}{bounds}</td>"


def _ratio_cell(ratio: Spread | None) -> str:
    if ratio is None:
        return "<td>–</td>"
    colour = "good" if ratio.upper < 1 else "bad" if ratio.lower > 1 else ""
    return (
        f'<td class="{colour}">{ratio.median:.2f}<span class="range">{ratio.lower:.2f} to {ratio.upper:.2f}</span></td>'
    )


def _expected(comparison: Comparison) -> Iterator[str]:
    reasons = footnotes(comparison)
    for result in comparison.results:
        if result.contender.expected in reasons:
            yield f"{result.contender.name} differs by more than rounding: {result.contender.expected}."


def _explanation(comparison: Comparison, pictures: dict[str, Picture]) -> str:
    explanation = comparison.explanation
    if explanation is None:
        return ""
    head = "".join(
        f'<th scope="col"{" class=text" if title in ("Method", "Beside") else ""}>{title}</th>'
        for title in (
            "Method",
            "Beside",
            "Rows",
            "Largest<br>difference",
            "Rank<br>correlation",
            "Seconds<br>mlx",
            "<br>library",
            "Evaluations<br>mlx",
            "<br>library",
        )
    )
    rows = "".join(f"<tr>{_agreement_cells(one)}</tr>" for one in explanation.agreements)
    table = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return "\n".join(
        [
            f"<h3>Why {escape(explanation.model)} predicts what it predicts</h3>",
            f'<p class="caption">Shapley values of the {escape(explanation.output)}, for '
            f"{len(explanation.values)} held-out rows of the first fold, and one of these rows in full. "
            "Differences are in units of the output's standard deviation.</p>",
            _figure(pictures.get("beeswarm"), None),
            _figure(pictures.get("waterfall"), None),
            table if explanation.agreements else "",
            _list(explanation.remarks()),
        ]
    )


def _agreement_cells(one: Any) -> str:
    """One method beside the library's, in the order of the head."""
    cells = {
        "Beside": f'<td class="text">{one.library}</td>',
        "Rows": f"<td>{one.rows}</td>",
        "Largest difference": f"<td>{format_difference(one.largest_difference)}</td>",
        "Rank correlation": f"<td>{one.rank_correlation:.3f}</td>",
        "Seconds, mlx": f"<td>{one.ours_seconds:.2f}</td>",
        "Seconds, library": f"<td>{one.library_seconds:.2f}</td>",
        "Evaluations, mlx": f"<td>{one.ours_evaluations:,}</td>",
        "Evaluations, library": f"<td>{one.library_evaluations:,}</td>",
    }
    name = f'<td class="name">{one.method}</td>'
    return name + "".join(_with_label(cell, label) for label, cell in cells.items())


def _decisions(comparison: Comparison, has_pictures: bool) -> Iterator[str]:
    metric = comparison.metric
    yield from comparison.table.notes
    yield f"main metric is {metric.label}: {metric.reason}; {'more' if metric.sign > 0 else 'less'} is better"
    if not has_pictures:
        yield "no pictures: matplotlib is not installed (pip install 'ml-explained[plots]')"


def _parameters(result: ModelResult) -> str:
    """Parameters of both sides; a parameter that only one side has stands with a dash on the other."""
    sides = list(result.sides().values())
    names = list(dict.fromkeys(name for side in sides for name in side.parameters))
    if not names:
        return ""
    head = "".join(f'<th scope="col">{escape(side.label)}</th>' for side in sides)
    rows = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(
            f"<td>{escape(str(side.parameters[name]) if name in side.parameters else '–')}</td>" for side in sides
        )
        + "</tr>"
        for name in names
    )
    return (
        f"<details><summary>{escape(result.contender.name)}</summary><table><thead><tr><th>parameter</th>{head}</tr>"
        f"</thead><tbody>{rows}</tbody></table></details>"
    )


def _environment(environment: dict[str, Any]) -> str:
    machine, versions = environment["machine"], environment["versions"]
    pools = [f"{pool['internal_api']} {pool['num_threads']}" for pool in environment["thread_pools"]]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}",
        "thread pools of the process: " + ", ".join(pools) if pools else "no thread pools",
        *(f"{name}={value}" for name, value in environment["thread_variables"].items()),
        ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]
    return _list(lines)


def _figure(picture: Picture | None, title: str | None) -> str:
    if picture is None:
        return ""
    heading = f"<h3>{escape(title)}</h3>" if title else ""
    paper = ' class="white"' if picture.on_white else ""
    return f'{heading}<figure{paper} aria-label="{escape(picture.alt)}">{picture.svg}</figure>'


def _paragraphs(title: str, lines: Iterable[str]) -> str:
    listed = _list(lines)
    return f"<h3>{escape(title)}</h3>\n{listed}" if listed else ""


def _list(lines: Iterable[str]) -> str:
    entries = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{entries}</ul>" if entries else ""
