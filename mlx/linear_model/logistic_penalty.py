"""Which penalty the parameters of a logistic regression ask for, in scikit-learn's old words and in its new ones.

Since scikit-learn 1.8 `C` and `l1_ratio` say it all::

    1/C ((1 - r)/2 ‖W‖² + r ‖W‖₁)         r: l1_ratio,    C = inf: no penalty

`penalty` said it before: 'l2' is r = 0, 'l1' is r = 1, None is C = inf, and 'elasticnet' takes r from `l1_ratio`.
"""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEPRECATED", "Grid", "Penalty", "SetDefaults", "check_solver", "grid_asked_for", "penalty_asked_for"]

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


class Grid(NamedTuple):
    """Penalties that cross-validation tries.

    Attributes
    ----------
    kind : str
        'l2', 'l1' or 'elasticnet'.
    Cs : ndarray of shape (n_cs,)
    l1_ratios : list
        Shares as they were given; [None] if they were not.
    effective_ratios : list of float
        What they mean.
    ratios_given : bool
    """

    kind: str
    Cs: NDArray[np.floating]
    l1_ratios: list
    effective_ratios: list[float]
    ratios_given: bool


class SetDefaults(NamedTuple):
    """Parameters of cross-validation whose defaults scikit-learn is about to change, with what they are until then."""

    l1_ratios: Any
    scoring: Any
    legacy: bool

    @classmethod
    def of(cls, l1_ratios: Any, scoring: Any, use_legacy_attributes: Any) -> SetDefaults:
        """Today's defaults for those that were not set, with scikit-learn's warnings."""
        if _not_set(l1_ratios):
            l1_ratios = None
            _warn("The default of l1_ratios changes from None to (0.0,) in scikit-learn 1.10; set l1_ratios=(0,)")
        if _not_set(scoring):
            scoring = None
            _warn(
                "The default of scoring changes from None, the accuracy, to 'neg_log_loss' in scikit-learn 1.11; set "
                "scoring='accuracy' or scoring='neg_log_loss'"
            )
        if _not_set(use_legacy_attributes):
            use_legacy_attributes = True
            _warn(
                "The default of use_legacy_attributes changes from True to False in scikit-learn 1.10, and with it the "
                "shapes of C_, l1_ratio_, coefs_paths_, scores_ and n_iter_; set it"
            )
        return cls(l1_ratios, scoring, bool(use_legacy_attributes))


def grid_asked_for(penalty: str, Cs: Any, l1_ratios: Any, none_was_set: bool) -> Grid:
    """The penalties that the parameters of cross-validation ask for, with scikit-learn's warnings about old words.

    Raises
    ------
    ValueError
        If `Cs` or `l1_ratios` have entries out of range, or none.
    """
    strengths = np.logspace(-4, 4, Cs) if isinstance(Cs, Integral) else _numbers("Cs", Cs)
    if not len(strengths) or not (strengths > 0).all():
        raise ValueError(f"Cs must be positive numbers, or how many of them to try; got Cs={Cs!r}")
    if none_was_set and penalty == DEPRECATED:
        _warn("'l1_ratios=None' was deprecated in scikit-learn 1.8; use l1_ratios=(0,)")
    ratios = [None] if l1_ratios is None else _numbers("l1_ratios", l1_ratios).tolist()
    shares = np.array([0.0 if ratio is None else ratio for ratio in ratios])
    if not len(shares) or not ((shares >= 0.0) & (shares <= 1.0)).all():
        raise ValueError(f"l1_ratios must be an array-like of numbers between 0 and 1; got l1_ratios={l1_ratios!r}")
    kind = "l2" if (shares == 0.0).all() else "l1" if (shares == 1.0).all() else "elasticnet"
    if penalty != DEPRECATED:
        _warn(
            "'penalty' was deprecated in scikit-learn 1.8 and is removed in 1.10; use l1_ratios=(0,) instead of "
            "penalty='l2', l1_ratios=(1,) instead of penalty='l1'"
        )
        if penalty == "elasticnet" and l1_ratios is None:
            raise ValueError("l1_ratios must be an array-like of numbers between 0 and 1 with penalty='elasticnet'")
        if penalty != "elasticnet" and l1_ratios is not None:
            _warn(
                f"l1_ratios parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})", UserWarning
            )
        kind = penalty
        if penalty != "elasticnet":
            shares = np.full(len(shares), 1.0 if penalty == "l1" else 0.0)
    return Grid(kind, strengths, ratios, shares.tolist(), l1_ratios is not None)


def _numbers(name: str, values: Any) -> NDArray[np.floating]:
    try:
        return np.asarray(values, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers, got {name}={values!r}") from error


def _not_set(value: Any) -> bool:
    return isinstance(value, str) and value == "warn"


def _warn(text: str, category: type[Warning] = FutureWarning) -> None:
    warnings.warn(text, category, stacklevel=FRAMES_TO_THE_USER)
