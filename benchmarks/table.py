"""Tables of results: text between two markers of ``README.md``, made from the result files and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from mlx.compare.timing import spread

from .definitions import COMPILING, SECONDS, Bound, Case, Equal, Limit, Task
from .results import FOLDER, OK, CaseResult, ContenderResult, RatioResult, read
from .scores import compare_scores, standard_error

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
NOTHING = "–"


def render(tasks: Iterable[Task], folder: Path = FOLDER) -> str:
    """Sections of all tasks, in Markdown."""
    return "\n\n".join(section(task, read(task.name, folder)) for task in tasks)


def with_tables(readme: str, tables: str) -> str:
    """Text of a README with new tables between its markers.

    Raises
    ------
    ValueError
        If a marker is not there.
    """
    if BEGIN not in readme or END not in readme:
        raise ValueError(f"README has no markers {BEGIN} and {END}")
    head, tail = readme.split(BEGIN)[0], readme.split(END)[1]
    return f"{head}{BEGIN}\n\n{tables}\n\n{END}{tail}"


def section(task: Task, results: Sequence[CaseResult]) -> str:
    """One task: what is asked, the bounds, and a table for each case."""
    blocks = [f"### {task.title} (`{task.name}`)", task.question]
    by_name = {result.name: result for result in results}
    for case in task.cases:
        blocks.append(f"**{case.name}**")
        result = by_name.get(case.name)
        if result is None:
            blocks.append("Not measured yet.")
            continue
        blocks += [contender_table(task, result), bound_table(task, case, result), circumstances(result)]
    return "\n\n".join(block for block in blocks if block)


def contender_table(task: Task, result: CaseResult) -> str:
    """A line for each contender; those that are missing or failed have their reason in it."""
    ratios = {(ratio.against, ratio.ours): ratio for ratio in result.ratios if ratio.quantity == SECONDS}
    header = [
        "contender",
        "seconds",
        "`mlx` / it",
        *(score.name for score in task.scores),
        "compiling: empty cache, later",
        "peak memory, MiB",
        "others' load",
    ]
    lines = []
    for contender in result.contenders:
        ratio = ratios.get((contender.name, "mlx"))
        cells = [
            contender.name if contender.status == OK else f"{contender.name} ({contender.status}: {contender.reason})",
            seconds_cell(contender),
            quartiles(ratio) if ratio else NOTHING,
            *(score_cell(contender, score.name) for score in task.scores),
            compile_cell(contender),
            NOTHING if contender.memory_mib is None else f"{contender.memory_mib:.0f}",
            load_cell(contender),
        ]
        lines.append([cell.replace("|", "\\|").replace("\n", " ") for cell in cells])
    return markdown_table(header, lines)


def bound_table(task: Task, case: Case, result: CaseResult) -> str:
    """A line for each thing that is asked of us in a case; empty text if there is none."""
    lines = [
        *(bound_line(bound, result) for bound in case.bounds),
        *(limit_line(limit, result) for limit in case.limits),
        *(equal_line(task, equal, result) for equal in case.equals),
    ]
    return markdown_table(["ratio to", "of", "measured", "at most", "stretch", ""], lines) if lines else ""


def bound_line(bound: Bound, result: CaseResult) -> list[str]:
    """What is asked, what was measured, and the verdict on the median."""
    ratio = measured_ratio(bound, result)
    asked = [bound.against, bound.quantity, quartiles(ratio) if ratio else NOTHING]
    return [*asked, f"{bound.at_most:.2f}", f"{bound.stretch:.2f}", verdict(bound, ratio)]


def measured_ratio(bound: Bound, result: CaseResult) -> RatioResult | None:
    """The ratio that a bound speaks of, if it was measured."""
    wanted = (bound.quantity, bound.ours, bound.against)
    return next((ratio for ratio in result.ratios if (ratio.quantity, ratio.ours, ratio.against) == wanted), None)


def verdict(bound: Bound, ratio: RatioResult | None) -> str:
    """In words, by the median."""
    if ratio is None:
        return "not measured"
    if ratio.disturbed:
        return "no verdict: disturbed"
    return within(bound, ratio.median)


def within(asked: Bound | Limit, figure: float) -> str:
    """Whether a figure is within a bound or a limit, in words."""
    if figure <= asked.stretch:
        return "stretch met"
    return "met" if figure <= asked.at_most else "missed"


def limit_line(limit: Limit, result: CaseResult) -> list[str]:
    """Seconds of compiling, and the verdict on them."""
    ours = contender_of(limit.ours, result)
    seconds = ours and (ours.compile_seconds_cold if limit.quantity == COMPILING else ours.compile_seconds_later)
    asked = [NOTHING, f"{limit.quantity}, s", NOTHING if seconds is None else f"{seconds:.2f}"]
    words = "not measured" if seconds is None else within(limit, seconds)
    return [*asked, f"{limit.at_most:.2f}", f"{limit.stretch:.2f}", words]


def equal_line(task: Task, equal: Equal, result: CaseResult) -> list[str]:
    """How far our mean score is behind another's, what chance allows, and the verdict."""
    wanted = (equal.score, equal.ours, equal.against)
    found = next((one for one in result.equals if (one.score, one.ours, one.against) == wanted), None)
    if found is None:
        both = [contender_of(name, result) for name in (equal.ours, equal.against)]
        values = [[] if one is None else one.scores.get(equal.score, []) for one in both]
        found = compare_scores(task, equal, *values)
    asked = [equal.against, f"{equal.score}, behind by"]
    if found.behind is None or found.error is None:
        return [*asked, NOTHING, "one standard error", NOTHING, "not measured"]
    behind = f"{found.behind:.2g}, {len(found.our_scores)} seeds"
    return [*asked, behind, f"{found.error:.1g}", NOTHING, "met" if found.met else "missed"]


def contender_of(name: str, result: CaseResult) -> ContenderResult | None:
    """A contender of a case, if it took part."""
    return next((contender for contender in result.contenders if contender.name == name), None)


def quartiles(ratio: RatioResult) -> str:
    """Median, and the quartiles if there are several rounds."""
    mark = ", disturbed" if ratio.disturbed else ""
    if ratio.rounds == 1:
        return f"{ratio.median:.2f}{mark}"
    return f"{ratio.median:.2f} ({ratio.lower:.2f} to {ratio.upper:.2f}{mark})"


def seconds_cell(contender: ContenderResult) -> str:
    """Median of the rounds that nobody disturbed, or of all if there is none."""
    quiet = [seconds for seconds, disturbed in zip(contender.seconds, contender.disturbed) if not disturbed]
    if not contender.seconds:
        return NOTHING
    return f"{np.median(quiet):.3g}" if quiet else f"{np.median(contender.seconds):.3g} (disturbed)"


def score_cell(contender: ContenderResult, name: str) -> str:
    """Mean over the rounds with its standard error."""
    values = contender.scores.get(name)
    if not values:
        return NOTHING
    if len(values) == 1:
        return f"{values[0]:.4g}"
    return f"{np.mean(values):.4g} ± {standard_error(values):.1g}"


def compile_cell(contender: ContenderResult) -> str:
    """Seconds with an empty cache of compiled code and in a later process, where they were measured."""
    if contender.compile_seconds_cold is None or contender.compile_seconds_later is None:
        return NOTHING
    return f"{contender.compile_seconds_cold:.1f}, {contender.compile_seconds_later:.1f}"


def load_cell(contender: ContenderResult) -> str:
    """Median share of the cores that other processes took, and how many rounds that disturbed."""
    known = [share for share in contender.others if share is not None]
    if not known:
        return NOTHING
    disturbed = f", disturbed in {sum(contender.disturbed)} of {len(known)}" if any(contender.disturbed) else ""
    return f"{100 * spread(known).median:.0f} %{disturbed}"


def circumstances(result: CaseResult) -> str:
    """The line under a table: when, where, with what."""
    measured, machine, versions = result.measured, result.measured["machine"], result.measured["versions"]
    libraries = [
        name
        for name in ("numpy", "scikit-learn", "numba", "xgboost", "xgboost-cpu", "lightgbm", "shap")
        if name in versions
    ]
    return (
        f"{measured['finished'][:10]}, commit {measured['commit']}, {result.repeats} rounds, {result.threads} threads; "
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB; "
        f"Python {versions['python']}, {', '.join(f'{name} {versions[name]}' for name in libraries)}; "
        f"load average {measured['load average before'][0]:.1f} before, "
        f"{measured['load average after'][0]:.1f} after."
    )


def markdown_table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
