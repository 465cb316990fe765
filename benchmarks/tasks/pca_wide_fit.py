"""The same for a wide table, where the covariance of the features would not fit into memory."""

from __future__ import annotations

from functools import partial

from ..definitions import Case, Task
from . import pca_fit

TASK = Task(
    name="pca_wide_fit",
    title="Find principal components of a wide table",
    question=pca_fit.TASK.question,
    scores=pca_fit.TASK.scores,
    cases=(
        Case(
            "500 x 20k, 20 components",
            partial(pca_fit.make_table, n_rows=500, n_columns=20_000, k=20),
            bounds=pca_fit.bounds(covariance=False),
            equals=pca_fit.AS_EXACT,
        ),
    ),
    judge=pca_fit.judge,
)
