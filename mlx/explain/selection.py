"""Selection keeps the few features that an L1 penalty finds; the others get a value of exactly 0.

Kernel SHAP was published with it as a remedy for too few evaluations. It changes the question: what is returned
is no longer the Shapley value. shap selects ten features unless told otherwise; here nothing is selected unless
asked for.

The penalised regression has two rows per coalition S, so that the constraint on the sum is felt::

    weight k (d − |S|):   v(S) − v(∅)  on  z        weight k |S|:   v(S) − v(N)  on  z − 1
"""

from __future__ import annotations

import re
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["check_l1_reg", "selected_players"]

NUM_FEATURES = re.compile(r"num_features\(\s*0*([1-9]\d*)\s*\)")


def check_l1_reg(l1_reg: Any) -> str | float | bool:
    """The argument, False for every way of saying "none".

    Raises
    ------
    ValueError
        If it is none of those that `KernelExplainer.shap_values` lists.
    NotImplementedError
        For shap's deprecated "auto".
    """
    if l1_reg is None or (isinstance(l1_reg, bool | np.bool_ | Real) and l1_reg == 0):
        return False
    if isinstance(l1_reg, str) and l1_reg == "auto":
        raise NotImplementedError('l1_reg="auto" is deprecated in shap and not supported; use "aic".')
    if isinstance(l1_reg, str):
        known = l1_reg in ("aic", "bic") or bool(NUM_FEATURES.fullmatch(l1_reg))
    else:
        known = isinstance(l1_reg, Real) and not isinstance(l1_reg, bool) and 0 < float(l1_reg) < np.inf
    if not known:
        raise ValueError(f'l1_reg must be False, "num_features(k)", "aic", "bic" or a positive number, not {l1_reg!r}.')
    return l1_reg


def selected_players(
    l1_reg: str | float | bool,
    coalitions: NDArray[np.bool_],
    weights: NDArray[np.float64],
    gains: NDArray[np.float64],
    total: float,
) -> NDArray[np.intp]:
    """Players that the penalised regression keeps, in increasing order.

    Parameters
    ----------
    l1_reg : str or float
        "num_features(k)": the first k on the LARS path; "aic", "bic": the step of the path with the best
        criterion; a number: the penalty of a lasso.
    coalitions : ndarray of bool of shape (n_coalitions, n_players)
    weights : ndarray of shape (n_coalitions,)
        Shapley kernel; scaled to sum 1, which a fixed penalty refers to.
    gains : ndarray of shape (n_coalitions,)
        v(S) − v(∅).
    total : float
        v(N) − v(∅).
    """
    from sklearn.linear_model import Lasso, LassoLarsIC, lars_path
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    members = coalitions.astype(np.float64)
    sizes = members.sum(axis=1)
    weights = weights / weights.sum()
    root = np.sqrt(np.concatenate([weights * (members.shape[1] - sizes), weights * sizes]))
    design = root[:, None] * np.concatenate([members, members - 1.0])
    targets = root * np.concatenate([gains, gains - total])
    if isinstance(l1_reg, str):
        fixed = NUM_FEATURES.fullmatch(l1_reg)
        if fixed:
            return np.sort(np.asarray(lars_path(design, targets, max_iter=int(fixed[1]))[1], dtype=np.intp))
        model = make_pipeline(StandardScaler(with_mean=False), LassoLarsIC(criterion=l1_reg))
        return np.flatnonzero(model.fit(design, targets)[1].coef_)
    return np.flatnonzero(Lasso(alpha=float(l1_reg)).fit(design, targets).coef_)
