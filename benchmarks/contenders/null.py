"""The contender that does nothing: its time is what the harness itself costs, its score is that of no answer."""

from __future__ import annotations

import numpy as np

from ..definitions import NULL_MODULE, Contender
from ..tasks.booster_fit import Answer, BoosterWork
from ..tasks.kernel_shap import Attributions, ExplanationWork


def fit_nothing(work: BoosterWork, threads: int) -> Answer:
    return lambda X: np.zeros(len(X))


def explain_nothing(work: ExplanationWork, threads: int) -> Attributions:
    return Attributions(np.zeros(work.rows.shape), model_rows=0)


CONTENDERS = {
    "booster_fit": (Contender("null", NULL_MODULE, fit_nothing),),
    "kernel_shap": (Contender("null", NULL_MODULE, explain_nothing),),
}
