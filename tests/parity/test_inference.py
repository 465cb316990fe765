"""Inference of least squares against statsmodels' OLS and WLS."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_linnerud

from mlx.compare.parity import largest_difference
from mlx.linear_model import LinearRegression
from tests import tolerances

pytestmark = pytest.mark.parity
sm = pytest.importorskip("statsmodels.api", reason="statsmodels is the peer of summary() and is not installed")

THEIR_NAMES = {
    "coefficients": "params",
    "standard_errors": "bse",
    "t_values": "tvalues",
    "p_values": "pvalues",
    "residual_variance": "scale",
    "r_squared": "rsquared",
    "adjusted_r_squared": "rsquared_adj",
    "f_statistic": "fvalue",
    "f_p_value": "f_pvalue",
    "log_likelihood": "llf",
    "aic": "aic",
    "bic": "bic",
    "n_rows": "nobs",
    "residual_degrees": "df_resid",
    "model_degrees": "df_model",
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("load", [load_diabetes, load_linnerud, load_breast_cancer])
def test_summary(load, fit_intercept, weighted, record_difference):
    X, y = load(return_X_y=True)
    X, y = X[:, :8], y[:, 0] if y.ndim == 2 else y
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y)) if weighted else None
    ours = LinearRegression(fit_intercept=fit_intercept).fit(X, y, weights).summary(confidence=0.9)
    design = np.column_stack([np.ones(len(X)), X]) if fit_intercept else X
    theirs = (sm.WLS(y, design, weights=weights) if weighted else sm.OLS(y, design)).fit()
    for name, their_name in THEIR_NAMES.items():
        mine, peers = getattr(ours, name), getattr(theirs, their_name)
        # Each entry relative to itself: a standard error of 1e-5 is as good as one of 1e3.
        difference = largest_difference(np.asarray(mine) / np.asarray(peers), np.ones(np.shape(peers)))
        record_difference(f"summary: {name}", difference, tolerances.LINEAR_INFERENCE)
    difference = largest_difference(ours.intervals, theirs.conf_int(alpha=0.1))
    record_difference("summary: intervals", difference, tolerances.LINEAR_INFERENCE)
