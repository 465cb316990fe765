"""What was measured, as it stands in a result file: one JSON file for each task, each case as last measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"

OK = "ok"
FAILED = "failed"
MISSING = "missing"


@dataclass(frozen=True)
class ContenderResult:
    """One contender in one case.

    Attributes
    ----------
    name, module : str
        As in its definition.
    version : str or None
        What the module's package says of itself.
    status : str
        `OK`, `FAILED` (a run or its judgement ended in an error, or a score is not finite) or `MISSING`.
    reason : str or None
        Why it is not `OK`.
    compile_seconds : float or None
        First call less a repeated one on quick work in this process: compiling, or loading what an earlier process
        compiled.
    seconds : list of float
        Wall time by round, of the rounds that succeeded.
    others : list of float or None
        Share of the machine's cores that other processes used in those rounds.
    disturbed : list of bool
        Whether that was so much that the seconds say little.
    scores : dict of str to list of float
        By score, its value in those rounds.
    compile_seconds_cold, compile_seconds_later : float or None
        The same as `compile_seconds` in a new process: with an empty cache of compiled code, then with the filled one.
    memory_mib : float or None
        Peak of resident memory above what the process held with the data loaded and the code compiled.
    """

    name: str
    module: str
    version: str | None = None
    status: str = OK
    reason: str | None = None
    compile_seconds: float | None = None
    seconds: list[float] = field(default_factory=list)
    others: list[float | None] = field(default_factory=list)
    disturbed: list[bool] = field(default_factory=list)
    scores: dict[str, list[float]] = field(default_factory=dict)
    compile_seconds_cold: float | None = None
    compile_seconds_later: float | None = None
    memory_mib: float | None = None


@dataclass(frozen=True)
class RatioResult:
    """Ours divided by another's: quartiles over the rounds in which both succeeded and nobody disturbed them.

    `disturbed` says that there was no such round, and that all were taken.
    """

    quantity: str
    ours: str
    against: str
    median: float
    lower: float
    upper: float
    rounds: int
    disturbed: bool = False


@dataclass(frozen=True)
class EqualResult:
    """A score of ours beside another's that it must not be behind of, but for chance.

    Attributes
    ----------
    score, ours, against : str
        As in its definition.
    our_scores, their_scores : list of float
        By seed, from 0 on.
    behind, error : float or None
        How far our mean is behind, negative if ahead, and the standard error of that; None of fewer than two seeds.
    met : bool or None
        Whether it is behind by at most one standard error.
    commit : str or None
        State of the code.
    """

    score: str
    ours: str
    against: str
    our_scores: list[float]
    their_scores: list[float]
    behind: float | None = None
    error: float | None = None
    met: bool | None = None
    commit: str | None = None


@dataclass(frozen=True)
class CaseResult:
    """One case: how it was measured, and what came out.

    Attributes
    ----------
    name : str
        As in its definition.
    quick, repeats, threads : bool, int, int
        How it was run.
    measured : dict
        Time, commit, machine, versions, thread settings, load average before and after.
    facts : dict
        Sizes and parameters of the work.
    order : list of list of str
        Who ran when, by round.
    contenders : list of ContenderResult
        Missing and failed ones too.
    ratios : list of RatioResult
        Of time, scores and memory.
    equals : list of EqualResult
        Scores that must be as good as another's.
    """

    name: str
    quick: bool
    repeats: int
    threads: int
    measured: dict[str, Any]
    facts: dict[str, Any]
    order: list[list[str]]
    contenders: list[ContenderResult]
    ratios: list[RatioResult]
    equals: list[EqualResult] = field(default_factory=list)


def to_json(task_name: str, cases: Iterable[CaseResult]) -> str:
    """Text of a result file. A number that is not finite is an error: JSON has none."""
    document = {"task": task_name, "cases": [asdict(case) for case in cases]}
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def from_json(text: str) -> list[CaseResult]:
    """The cases of a result file."""
    return [
        CaseResult(
            **{
                **case,
                "contenders": [ContenderResult(**contender) for contender in case["contenders"]],
                "ratios": [RatioResult(**ratio) for ratio in case["ratios"]],
                "equals": [EqualResult(**equal) for equal in case.get("equals", [])],
            }
        )
        for case in json.loads(text)["cases"]
    ]


def read(task_name: str, folder: Path = FOLDER) -> list[CaseResult]:
    """Cases of a task's result file; none if there is no file."""
    path = folder / f"{task_name}.json"
    return from_json(path.read_text()) if path.exists() else []


def write(task_name: str, cases: Iterable[CaseResult], folder: Path = FOLDER) -> Path:
    """Put new cases in the place of the old ones of the same name, and leave the file's other cases as they are."""
    newest = {case.name: case for case in (*read(task_name, folder), *cases)}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{task_name}.json"
    path.write_text(to_json(task_name, newest.values()))
    return path
