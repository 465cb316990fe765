"""Which penalty the parameters of a logistic regression ask for, in scikit-learn's old words and in its new ones.

Since scikit-learn 1.8 `C` and `l1_ratio` say it all::

    1/C ((1 - r)/2 ‖W‖² + r ‖W‖₁)         r: l1_ratio,    C = inf: no penalty

`penalty` said it before: 'l2' is r = 0, 'l1' is r = 1, None is C = inf, and 'elasticnet' takes r from `l1_ratio`.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

__all__ = ["DEPRECATED", "Penalty", "check_solver", "penalty_asked_for"]

# scikit-learn's marker of a parameter that is not set any more.
DEPRECATED = "deprecated"

# Frames from a warning to the user's call: two of this file's, the private method's, `fit`, and its wrapper's.
FRAMES_TO_THE_USER = 6


class Penalty(NamedTuple):
    """Strength and kind of a penalty.

    Attributes
    ----------
    kind : str or None
        'l2', 'l1', 'elasticnet', or None.
    C : float
    l1_ratio : float
    """

    kind: str | None
    C: float
    l1_ratio: float


def penalty_asked_for(penalty: str | None, C: float, l1_ratio: float | None) -> Penalty:
    """The penalty that the three parameters ask for, with scikit-learn's warnings about old words.

    Raises
    ------
    ValueError
        If penalty='elasticnet' comes without an `l1_ratio`.
    """
    if penalty == DEPRECATED:
        if l1_ratio is None:
            _warn("'l1_ratio=None' was deprecated in scikit-learn 1.8; use 0", FutureWarning)
        ratio = float(l1_ratio or 0.0)
        kind = {0.0: "l2", 1.0: "l1"}.get(ratio, "elasticnet")
        return Penalty(None if np.isinf(C) else kind, float(C), ratio)
    _warn(
        "'penalty' was deprecated in scikit-learn 1.8 and is removed in 1.10; use l1_ratio=0 instead of penalty='l2', "
        "l1_ratio=1 instead of penalty='l1', and C=np.inf instead of penalty=None",
        FutureWarning,
    )
    if penalty == "elasticnet" and l1_ratio is None:
        raise ValueError("l1_ratio must be specified when penalty is elasticnet.")
    if penalty != "elasticnet" and l1_ratio is not None and 0 < l1_ratio < 1:
        _warn(f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})", UserWarning)
    if (penalty == "l2" and l1_ratio != 0) or (penalty == "l1" and l1_ratio != 1):
        _warn(f"Inconsistent values: penalty={penalty} with l1_ratio={l1_ratio}; penalty is used", UserWarning)
    if penalty is None:
        if C != 1.0:
            _warn("Setting penalty=None will ignore the C and l1_ratio parameters", UserWarning)
        return Penalty(None, np.inf, 0.0)
    ratio = {"l2": 0.0, "l1": 1.0}.get(penalty, float(l1_ratio or 0.0))
    return Penalty(penalty, float(C), ratio)


def check_solver(solver: str, kind: str | None, dual: bool) -> None:
    """Refuse the combinations that scikit-learn refuses.

    Raises
    ------
    ValueError
        Naming the parameters.
    """
    if solver not in ("liblinear", "saga") and kind not in ("l2", None):
        raise ValueError(
            f"solver={solver!r} supports only 'l2' or None penalties, got {kind!r} (l1_ratio above 0); solver='saga' "
            "takes every penalty"
        )
    if solver != "liblinear" and dual:
        raise ValueError(f"solver={solver!r} supports only dual=False, got dual={dual}")
    if kind == "elasticnet" and solver != "saga":
        raise ValueError(
            f"Only solver='saga' supports an elasticnet penalty (l1_ratio between 0 and 1), got {solver!r}"
        )
    if solver == "liblinear" and kind is None:
        raise ValueError("C=np.inf as well as penalty=None is not supported for the liblinear solver")
    if dual and kind == "l1":
        raise ValueError("dual=True needs the squared length as penalty (l1_ratio=0), got l1_ratio=1")


def _warn(text: str, category: type[Warning]) -> None:
    warnings.warn(text, category, stacklevel=FRAMES_TO_THE_USER)
