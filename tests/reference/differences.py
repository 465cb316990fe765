"""Derivatives by differences: the specification of every gradient."""

import numpy as np

# Half the step of a central difference: the error is step² |f'''| / 6 from the formula and 1e-16 |f| / step from
# rounding; at 1e-6 they are about equal for functions and arguments of the size of one.
STEP = 1e-6


def central_difference(f, x, step=STEP):
    """Gradient of a scalar function at x, entry by entry: (f(x + step) - f(x - step)) / (2 step)."""
    x = np.array(x, dtype=np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        there = x[index]
        x[index] = there + step
        above = f(x)
        x[index] = there - step
        gradient[index] = (above - f(x)) / (2 * step)
        x[index] = there
    return gradient


def one_sided_difference(f, x, step):
    """(f(x + step) - f(x)) / step for a function of one number."""
    return (f(x + step) - f(x)) / step


def gradient_check_ratio(analytic, numeric):
    """||analytic - numeric|| / (||analytic|| + ||numeric||): right below 1e-7, doubtful near 1e-5, wrong above 1e-3."""
    analytic, numeric = np.ravel(analytic), np.ravel(numeric)
    scale = np.linalg.norm(analytic) + np.linalg.norm(numeric)
    return 0.0 if scale == 0 else float(np.linalg.norm(analytic - numeric) / scale)
