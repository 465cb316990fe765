"""The records that pass from the run to the reports: what each side of each model did, fold by fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .fold import Fitted, Work
from .metrics import Metric
from .roster import Contender
from .statistics import Interval, Wins, corrected_interval, wins
from .table import Table
from .timing import Spread, spread

__all__ = ["Comparison", "Example", "FoldResult", "ModelResult", "Plan", "SideResult"]


class Plan(NamedTuple):
    """What a comparison was asked to do; the same for every table.

    Attributes
    ----------
    folds, repeats : int
        Repeated k-fold cross-validation.
    models : list of str or None
        Short names or class names; None is all.
    metric : str or None
        Main metric; None is the task's own.
    threads : int
        Threads of both sides.
    seed : int
        Of folds and models.
    time_limit : float or None
        Seconds after which no further fit begins.
    explained_rows : int
        Held-out rows to explain; 0 for no explanation.
    """

    folds: int = 5
    repeats: int = 1
    models: list[str] | None = None
    metric: str | None = None
    threads: int = 1
    seed: int = 0
    time_limit: float | None = None
    explained_rows: int = 0

    @property
    def n_folds(self) -> int:
        """Folds over all repeats."""
        return self.folds * self.repeats


class FoldResult(NamedTuple):
    """Scores by metric and wall-clock seconds of one side on one fold."""

    number: int
    scores: dict[str, float]
    fit_seconds: float
    predict_seconds: float


class Example(NamedTuple):
    """The model of the first fold, kept for the explanation."""

    work: Work
    fitted: Fitted


def _not_made() -> Any:
    raise RuntimeError("the model could not be made")


@dataclass
class SideResult:
    """What one side of a model did.

    Attributes
    ----------
    label : str
        ``"mlx"`` or the library's distribution.
    parameters : dict
        All parameters of the model.
    folds : list of FoldResult
        Finished folds.
    compile_seconds : float or None
        What the first fit took longer than the second; None before it.
    failure : str or None
        Why the side did not finish, in one line.
    is_missing : bool
        Whether the failure is that the library is not installed.
    warnings : dict of str to int
        Texts of warnings and how often they came.
    traceback : str or None
        Of the failure.
    make : callable
        Makes the unfitted model.
    """

    label: str
    parameters: dict[str, Any] = field(default_factory=dict)
    folds: list[FoldResult] = field(default_factory=list)
    compile_seconds: float | None = None
    failure: str | None = None
    is_missing: bool = False
    warnings: dict[str, int] = field(default_factory=dict)
    traceback: str | None = None
    make: Callable[[], Any] = field(default=_not_made, repr=False)

    def warn(self, text: str) -> None:
        """Count a warning."""
        self.warnings[text] = self.warnings.get(text, 0) + 1

    def scores(self, metric: Metric) -> dict[int, float]:
        """Scores by number of the fold."""
        return {fold.number: fold.scores[metric.name] for fold in self.folds if metric.name in fold.scores}

    def mean(self, metric: Metric) -> float:
        """Mean score over the finished folds; nan without any."""
        scores = list(self.scores(metric).values())
        return float(np.mean(scores)) if scores else float("nan")


@dataclass
class ModelResult:
    """Both sides of a model, and how far apart they are.

    Attributes
    ----------
    contender : Contender
        The model.
    ours : SideResult
        Our side (scikit-learn's, for the baseline).
    library : SideResult or None
        The library's side.
    differences : dict of int to float
        By fold, the largest difference of held-out predictions: of probabilities, of values in units of the target's
        standard deviation, of components in units of the first one's.
    differences_as_library : dict of int to float
        The same, with ours asked to do as the library does, where it does not by default.
    example : Example or None
        Our model of the first fold.
    """

    contender: Contender
    ours: SideResult
    library: SideResult | None
    differences: dict[int, float] = field(default_factory=dict)
    differences_as_library: dict[int, float] = field(default_factory=dict)
    example: Example | None = None

    def sides(self) -> dict[str, SideResult]:
        """The sides by name, ``"ours"`` first."""
        return {"ours": self.ours} if self.library is None else {"ours": self.ours, "library": self.library}

    def largest_difference(self) -> float | None:
        """Largest difference over all folds; None if no fold was finished by both sides."""
        return max(self.differences.values()) if self.differences else None

    def largest_difference_as_library(self) -> float | None:
        """Largest difference once ours is asked to do as the library does; None if it does so anyway."""
        return max(self.differences_as_library.values()) if self.differences_as_library else None

    def settings_as_library(self) -> str:
        """What it is asked for, as one writes it in a call."""
        return ", ".join(f'{name}="{value}"' for name, value in self.contender.as_library.items())

    def time_ratio(self, stage: str) -> Spread | None:
        """Our seconds over the library's, for ``"fit"`` or ``"predict"``, over the folds that both finished."""
        if self.library is None:
            return None
        theirs = {fold.number: fold for fold in self.library.folds}
        pairs = [(fold, theirs[fold.number]) for fold in self.ours.folds if fold.number in theirs]
        ratios = [getattr(ours, f"{stage}_seconds") / getattr(lib, f"{stage}_seconds") for ours, lib in pairs]
        return spread(ratios) if ratios else None


@dataclass
class Comparison:
    """Everything that was found out on one table.

    Attributes
    ----------
    table : Table
        The data.
    plan : Plan
        What was asked for.
    metric : Metric
        Main metric.
    results : list of ModelResult
        In the order of the roster.
    folds_done : int
        Folds that every model has been through.
    seconds : float
        Duration.
    stopped : str or None
        Why the run ended early.
    interrupted : bool
        Whether that was Ctrl-C.
    explanation : BestModelExplanation or None
        Of the best model.
    """

    table: Table
    plan: Plan
    metric: Metric
    results: list[ModelResult]
    folds_done: int = 0
    seconds: float = 0.0
    stopped: str | None = None
    interrupted: bool = False
    explanation: Any = None

    def ranked(self) -> list[ModelResult]:
        """Predictors and baseline that finished a fold, best mean score of our side first."""
        scored = [result for result in self.results if result.ours.scores(self.metric)]
        return sorted(scored, key=lambda result: -self.metric.sign * result.ours.mean(self.metric))

    def best(self) -> ModelResult | None:
        """Our best model, the baseline apart."""
        return next((result for result in self.ranked() if result.contender.kind == "predictor"), None)

    def paired(self, a: SideResult, b: SideResult) -> tuple[Interval, Wins]:
        """Interval of the mean advantage of `a` over `b` in the main metric, and in how many folds it was better.

        Positive is always better for `a`, also for metrics of which less is better.
        """
        of_a, of_b = a.scores(self.metric), b.scores(self.metric)
        advantages = [self.metric.sign * (of_a[number] - of_b[number]) for number in sorted(set(of_a) & set(of_b))]
        return corrected_interval(advantages, 1.0 / (self.plan.folds - 1)), wins(advantages)
