"""statsmodels, which people use for inference."""

from __future__ import annotations

import numpy as np

from ..definitions import Contender
from ..tasks.least_squares import RegressionWork


def infer(work: RegressionWork, threads: int) -> np.ndarray:
    import statsmodels.api as sm

    found = sm.OLS(work.y, sm.add_constant(work.X)).fit()
    assert len(found.tvalues) == len(found.pvalues) == len(found.conf_int())  # they are computed when asked for
    return found.bse


CONTENDERS = {"inference": (Contender("statsmodels", "statsmodels.api", infer),)}
