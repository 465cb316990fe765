"""Slow twins of the losses of times: the likelihoods by their definitions, for finite differences.

Cox, "Regression Models and Life-Tables", 1972, with Breslow's rule for ties; Barnwal, Cho and Hocking, "Survival
Regression with Accelerated Failure Time Model in XGBoost", 2022, section 2.
"""

import math

from scipy import stats

DISTRIBUTIONS = {"normal": stats.norm, "logistic": stats.logistic, "extreme": stats.gumbel_l}


def cox_loss(f, y):
    """Minus the log of the partial likelihood; y is a time, or minus a time without an event."""
    loss = 0.0
    for i, time in enumerate(y):
        if time > 0:
            at_risk = sum(math.exp(f[j]) for j in range(len(y)) if abs(y[j]) >= time)
            loss += math.log(at_risk) - f[i]
    return loss


def cox_gradients(f, y):
    """Its gradients and second derivatives, with xgboost's rule for ties: rows are sorted by time, ties in their order,
    and a row is at risk at the events up to its own place, so that of an event of its time only if that stands before.
    """
    order = sorted(range(len(y)), key=lambda i: abs(y[i]))
    gradients = []
    for k in range(len(y)):
        before = order[: order.index(k) + 1]
        at_risk = [sum(math.exp(f[j]) for j in range(len(y)) if abs(y[j]) >= y[i]) for i in before if y[i] > 0]
        share, square = sum(1 / r for r in at_risk), sum(1 / r**2 for r in at_risk)
        gradients.append((math.exp(f[k]) * share - (y[k] > 0), math.exp(f[k]) * share - math.exp(2 * f[k]) * square))
    return gradients


def aft_loss(f, lower, upper, distribution, scale):
    """Minus the log of the likelihood that a time lies between two bounds, log T = f + scale Z."""
    of = DISTRIBUTIONS[distribution]
    if lower == upper:
        return -math.log(of.pdf((math.log(lower) - f) / scale) / (scale * lower))
    up_to_upper = 1.0 if math.isinf(upper) else of.cdf((math.log(upper) - f) / scale)
    up_to_lower = 0.0 if lower <= 0 else of.cdf((math.log(lower) - f) / scale)
    return -math.log(up_to_upper - up_to_lower)
