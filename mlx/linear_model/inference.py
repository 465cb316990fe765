"""Inference asks how far the coefficients of least squares could be from those of the population.

Under the model y = b + wᵀx + noise, with noise of variance σ² / s_i that is independent between rows and normal, and
with k coefficients (the intercept among them) for n rows::

    σ²       estimated by  RSS / (n - k),   RSS = Σ s_i (y_i - ŷ_i)²
    Var(w)   = σ² G⁻¹,      Var(b) = σ² (1 / Σ s + mᵀ G⁻¹ m)          G, m of `least_squares`
    t        = w / √Var(w), which has Student's distribution with n - k degrees of freedom if the true w is 0
    R²       = 1 - RSS / TSS,   TSS = Σ s_i (y_i - ȳ)², or Σ s_i y_i² without an intercept
    R² adj.  = 1 - (1 - R²)(n - 1) / (n - k), with n in place of n - 1 without an intercept
    F        = ((TSS - RSS) / q) / (RSS / (n - k)), with q slopes: the chance of it if all slopes are 0
    log L    = -(n / 2)(log(2π RSS / n) + 1) + ½ Σ log s_i
    AIC      = 2 k - 2 log L,   BIC = k log n - 2 log L

Weights say how exact a row is (weight 4: half the standard deviation), as in statsmodels' WLS; they are no counts, and
a row of weight 4 stays one row in n. Rows of weight 0 do not count.

Reference: D. Montgomery, E. Peck & G. Vining, Introduction to Linear Regression Analysis, 5th ed., 2.3, 3.3 and 5.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RegressionSummary", "summarise"]

Array = NDArray[np.floating]


class RegressionSummary(NamedTuple):
    """What least squares tells about the population; `print` shows it as a table.

    Attributes
    ----------
    names : list of str
        Of the coefficients: "intercept" first, if there is one, and the columns.
    coefficients, standard_errors, t_values, p_values : ndarray of shape (k,)
        One for each name. All but the coefficient are nan where the rows do not determine it (collinear columns).
    intervals : ndarray of shape (k, 2)
        Lower and upper ends of the confidence intervals.
    confidence : float
        Their probability.
    n_rows : int
        Rows of positive weight.
    residual_degrees, model_degrees : int
        n - k, and the number of slopes; columns that the rows do not determine do not count.
    residual_variance : float
        Estimate of σ².
    r_squared, adjusted_r_squared : float
    f_statistic, f_p_value : float
        Of all slopes together.
    log_likelihood, aic, bic : float
    """

    names: list[str]
    coefficients: Array
    standard_errors: Array
    t_values: Array
    p_values: Array
    intervals: Array
    confidence: float
    n_rows: int
    residual_degrees: int
    model_degrees: int
    residual_variance: float
    r_squared: float
    adjusted_r_squared: float
    f_statistic: float
    f_p_value: float
    log_likelihood: float
    aic: float
    bic: float

    def to_frame(self) -> pd.DataFrame:
        """One row for each coefficient."""
        import pandas as pd

        tail = (1.0 - self.confidence) / 2.0
        return pd.DataFrame(
            {
                "coefficient": self.coefficients,
                "standard error": self.standard_errors,
                "t": self.t_values,
                "P>|t|": self.p_values,
                f"[{tail:.3g}": self.intervals[:, 0],
                f"{1.0 - tail:.3g}]": self.intervals[:, 1],
            },
            index=self.names,
        )

    def __str__(self) -> str:
        facts = [
            ("rows", f"{self.n_rows}", "R²", f"{self.r_squared:.4f}"),
            ("slopes", f"{self.model_degrees}", "adjusted R²", f"{self.adjusted_r_squared:.4f}"),
            ("residual degrees", f"{self.residual_degrees}", "F", f"{self.f_statistic:.4g}"),
            ("residual variance", f"{self.residual_variance:.5g}", "P(F)", f"{self.f_p_value:.3g}"),
            ("log likelihood", f"{self.log_likelihood:.2f}", "AIC, BIC", f"{self.aic:.2f}, {self.bic:.2f}"),
        ]
        lines = [f"{a:<18}{b:>12}    {c:<12}{d:>24}" for a, b, c, d in facts]
        table = self.to_frame().to_string(float_format=lambda value: f"{value:.4g}")
        return "\n".join(["Least squares", *lines, "", table])


def summarise(
    names: list[str],
    coefficients: Array,
    variance_factors: Array,
    *,
    has_intercept: bool,
    rank: int,
    n_rows: int,
    log_weights: float,
    residual_squares: float,
    total_squares: float,
    confidence: float,
) -> RegressionSummary:
    """The summary of one target.

    Parameters
    ----------
    names : list of str
        Of the coefficients, the intercept first if there is one.
    coefficients, variance_factors : ndarray of shape (k,)
        w and b, and the diagonal of their covariance in units of σ².
    has_intercept : bool
    rank : int
        Slopes that the rows determine.
    n_rows : int
        Rows of positive weight.
    log_weights : float
        Σ log s_i over them.
    residual_squares, total_squares : float
        RSS and TSS.
    confidence : float
        Probability of the intervals.
    """
    n, k = n_rows, rank + has_intercept
    degrees = n - k
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.divide(residual_squares, degrees) if degrees > 0 else np.nan
        standard_errors = np.sqrt(variance * variance_factors)
        t_values = coefficients / standard_errors
        explained = np.divide(total_squares - residual_squares, rank)
        r_squared = 1.0 - np.divide(residual_squares, total_squares)
        f_statistic = explained / variance
        log_likelihood = -0.5 * n * (np.log(2.0 * np.pi * np.divide(residual_squares, n)) + 1.0) + 0.5 * log_weights
        adjusted = 1.0 - (1.0 - r_squared) * np.divide(n - has_intercept, degrees) if degrees > 0 else np.nan
    reach = stats.t.ppf(0.5 + 0.5 * confidence, degrees) if degrees > 0 else np.nan
    return RegressionSummary(
        names=names,
        coefficients=coefficients,
        standard_errors=standard_errors,
        t_values=t_values,
        p_values=2.0 * stats.t.sf(np.abs(t_values), max(degrees, 1)),
        intervals=np.column_stack([coefficients - reach * standard_errors, coefficients + reach * standard_errors]),
        confidence=confidence,
        n_rows=n,
        residual_degrees=degrees,
        model_degrees=rank,
        residual_variance=float(variance),
        r_squared=float(r_squared),
        adjusted_r_squared=float(adjusted),
        f_statistic=float(f_statistic),
        f_p_value=float(stats.f.sf(f_statistic, rank, degrees)) if degrees > 0 and rank > 0 else np.nan,
        log_likelihood=float(log_likelihood),
        aic=float(2.0 * k - 2.0 * log_likelihood),
        bic=float(k * np.log(n) - 2.0 * log_likelihood),
    )
