"""The elastic net in plain Python: coordinate descent until nothing moves, and how far a solution is from the best."""

import math


def soft_threshold(z, threshold):
    if z > threshold:
        return z - threshold
    if z < -threshold:
        return z + threshold
    return 0.0


def prepared(X, y, weights=None, fit_intercept=True):
    """Rows centred and multiplied by the roots of the weights, which add up to n; and the means."""
    n, p = len(X), len(X[0])
    weights = [1.0] * n if weights is None else [float(weight) for weight in weights]
    weights = [weight * n / math.fsum(weights) for weight in weights]
    x_mean, y_mean = [0.0] * p, 0.0
    if fit_intercept:
        x_mean = [math.fsum(s * float(row[j]) for s, row in zip(weights, X)) / n for j in range(p)]
        y_mean = math.fsum(s * float(target) for s, target in zip(weights, y)) / n
    rows = [[math.sqrt(s) * (float(row[j]) - x_mean[j]) for j in range(p)] for s, row in zip(weights, X)]
    targets = [math.sqrt(s) * (float(target) - y_mean) for s, target in zip(weights, y)]
    return rows, targets, x_mean, y_mean


def elastic_net_by_hand(X, y, alpha, l1_ratio, weights=None, fit_intercept=True, positive=False, n_sweeps=20_000):
    """Coefficients and intercept: each coefficient in turn to where the objective is smallest, until none moves."""
    rows, targets, x_mean, y_mean = prepared(X, y, weights, fit_intercept)
    n, p = len(rows), len(rows[0])
    l1, l2 = n * alpha * l1_ratio, n * alpha * (1.0 - l1_ratio)
    lengths = [math.fsum(row[j] ** 2 for row in rows) for j in range(p)]
    w, residual = [0.0] * p, list(targets)
    for _ in range(n_sweeps):
        change = 0.0
        for j in range(p):
            if lengths[j] == 0.0:
                continue
            z = math.fsum(row[j] * r for row, r in zip(rows, residual)) + lengths[j] * w[j]
            after = soft_threshold(z, l1) / (lengths[j] + l2)
            after = max(after, 0.0) if positive else after
            if after != w[j]:
                residual = [r - (after - w[j]) * row[j] for row, r in zip(rows, residual)]
                change = max(change, abs(after - w[j]))
                w[j] = after
        if change <= 1e-14 * max(map(abs, w), default=0.0):
            break
    return w, y_mean - math.fsum(a * b for a, b in zip(w, x_mean))


def objective(X, y, w, intercept, alpha, l1_ratio, weights=None):
    """(1/2n) Σ s (y - b - wᵀx)² + α ratio ‖w‖₁ + ½ α (1 - ratio) ‖w‖², as it is written."""
    n = len(X)
    weights = [1.0] * n if weights is None else [float(weight) for weight in weights]
    total = math.fsum(weights)
    errors = (
        s * (float(target) - float(intercept) - math.fsum(float(a) * float(b) for a, b in zip(w, row))) ** 2
        for s, target, row in zip(weights, y, X)
    )
    size = math.fsum(abs(float(a)) for a in w)
    square = math.fsum(float(a) ** 2 for a in w)
    return math.fsum(errors) / (2.0 * total) + alpha * l1_ratio * size + 0.5 * alpha * (1.0 - l1_ratio) * square


def duality_gap(X, y, w, alpha, l1_ratio, weights=None, fit_intercept=True, positive=False):
    """Primal value minus dual value at v = s r, each as it is defined, divided by n. Needs α ratio > 0.

    The rows √λ₂ I below X, with zeros below y, make a lasso of the elastic net; v and r have their parts there too.
    """
    rows, targets, _, _ = prepared(X, y, weights, fit_intercept)
    n, p = len(rows), len(rows[0])
    l1, l2 = n * alpha * l1_ratio, n * alpha * (1.0 - l1_ratio)
    w = [float(a) for a in w]
    rows = rows + [[math.sqrt(l2) if i == j else 0.0 for j in range(p)] for i in range(p)]
    targets = targets + [0.0] * p
    residual = [t - math.fsum(a * b for a, b in zip(w, row)) for t, row in zip(targets, rows)]
    products = [math.fsum(row[j] * r for row, r in zip(rows, residual)) for j in range(p)]
    steepest = max(products if positive else map(abs, products))
    scale = min(1.0, l1 / steepest) if steepest > 0.0 else 1.0
    v = [scale * r for r in residual]
    primal = 0.5 * math.fsum(r * r for r in residual) + l1 * math.fsum(map(abs, w))
    dual = 0.5 * math.fsum(t * t for t in targets) - 0.5 * math.fsum((t - a) ** 2 for t, a in zip(targets, v))
    return (primal - dual) / n


def conditions_missed(X, y, w, alpha, l1_ratio, weights=None, fit_intercept=True, positive=False):
    """Largest violation of the Karush-Kuhn-Tucker conditions, as a share of α ratio (of 1 without an L1 norm)."""
    rows, targets, _, _ = prepared(X, y, weights, fit_intercept)
    n, p = len(rows), len(rows[0])
    w = [float(a) for a in w]
    residual = [t - math.fsum(a * b for a, b in zip(w, row)) for t, row in zip(targets, rows)]
    strength, worst = alpha * l1_ratio, 0.0
    for j in range(p):
        slope = math.fsum(row[j] * r for row, r in zip(rows, residual)) / n - alpha * (1.0 - l1_ratio) * w[j]
        if w[j] != 0.0:
            missed = abs(slope - math.copysign(strength, w[j]))
        else:
            missed = max((slope if positive else abs(slope)) - strength, 0.0)
        worst = max(worst, missed / (strength or 1.0))
    return worst
