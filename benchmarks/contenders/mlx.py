"""Our models."""

from __future__ import annotations

from ..definitions import Contender
from ..tasks.booster_fit import Answer, BoosterWork
from ..tasks.kernel_shap import Attributions, CountingModel, ExplanationWork


def fit_booster(work: BoosterWork, threads: int) -> Answer:
    from mlx.boosting import XGBClassifier

    model = XGBClassifier(tree_method="hist", n_jobs=threads, **work.parameters).fit(work.X, work.y)
    return lambda X: model.predict_proba(X)[:, 1]


def explain(work: ExplanationWork, threads: int) -> Attributions:
    from mlx.explain import KernelExplainer

    model = CountingModel(work.model)
    explainer = KernelExplainer(model, work.background, seed=work.seed)
    values = explainer.shap_values(work.rows, nsamples=work.coalitions, silent=True)
    return Attributions(values, model.rows)


CONTENDERS = {
    "booster_fit": (Contender("mlx", "mlx.boosting", fit_booster),),
    "kernel_shap": (Contender("mlx", "mlx.explain", explain),),
}
