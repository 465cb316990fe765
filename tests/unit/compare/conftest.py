"""A finished comparison with a failure, a difference and an explanation, made once and written by all reports."""

import numpy as np
import pandas as pd
import pytest

from mlx.compare.explanations import explain_best
from mlx.compare.progress import Progress
from mlx.compare.reading import RawTable
from mlx.compare.results import Plan
from mlx.compare.run import compare_on
from mlx.compare.table import make_table


@pytest.fixture(scope="session")
def comparison():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"<b>u</b>": rng.normal(size=90), "v": rng.normal(size=90), "c": list("abc") * 30})
    frame["y"] = frame["v"] + 0.3 * rng.normal(size=90)
    table = make_table(RawTable("made & planted", frame, "0" * 64, None, []))
    with Progress(1) as progress:
        done = compare_on(table, Plan(folds=2, models=["linear", "pca"], explained_rows=3), progress)
    explain_best(done)
    failed = next(result for result in done.results if result.contender.name == "PCA")
    failed.ours.failure = "fold 2: ValueError: planted"
    return done
