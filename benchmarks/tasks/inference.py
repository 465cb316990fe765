"""Fit least squares with standard errors, t and p values: the time of fit and summary together.

The score is the largest difference of a standard error from that of an inverse by singular values, relative to it.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..definitions import SECONDS, Bound, Case, Score, Task
from .least_squares import RegressionWork, make_work

ERROR = "error of the standard errors"


def judge(work: RegressionWork, standard_errors: np.ndarray) -> dict[str, float]:
    """Largest relative error of the standard errors, the intercept's first."""
    design = np.column_stack([np.ones(len(work.X)), work.X])
    _, singular_values, directions = np.linalg.svd(np.linalg.qr(design, mode="r"))
    solution, *_ = np.linalg.lstsq(design, work.y, rcond=None)
    variance = ((work.y - design @ solution) ** 2).sum() / (len(design) - design.shape[1])
    expected = np.sqrt(variance * ((directions / singular_values[:, np.newaxis]) ** 2).sum(axis=0))
    return {ERROR: float(np.abs(standard_errors / expected - 1.0).max())}


TASK = Task(
    name="inference",
    title="Least squares with standard errors",
    question="Time of the fit and of standard errors, t, p and confidence intervals; the score is the largest error "
    "of a standard error.",
    scores=(Score(ERROR, larger_is_better=False),),
    cases=(
        Case(
            "200k x 30",
            partial(make_work, n_rows=200_000),
            bounds=(Bound(SECONDS, against="statsmodels", at_most=0.1, stretch=0.05),),
        ),
    ),
    judge=judge,
)
