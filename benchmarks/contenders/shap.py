"""shap, as it comes and without its selection of ten features."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..definitions import Contender
from ..tasks.kernel_shap import Attributions, CountingModel, ExplanationWork


def explain(work: ExplanationWork, threads: int, **options: Any) -> Attributions:
    import shap

    np.random.seed(work.seed)  # noqa: NPY002 (the stream that shap draws its coalitions from)
    model = CountingModel(work.model)
    explainer = shap.KernelExplainer(model, work.background)
    values = explainer.shap_values(work.rows, nsamples=work.coalitions, silent=True, **options)
    return Attributions(values, model.rows)


CONTENDERS = {
    "kernel_shap": (
        Contender("shap", "shap", explain),
        Contender("shap l1_reg=False", "shap", partial(explain, l1_reg=False)),
    )
}
