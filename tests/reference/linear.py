"""Least squares, logistic regression and principal components, one formula at a time."""

import math

import numpy as np


def least_squares_by_hand(X, y, weights=None):
    """Coefficients and intercept from the normal equations of [X 1], solved by elimination, in plain Python."""
    rows = [[*map(float, row), 1.0] for row in X]
    weights = [1.0] * len(rows) if weights is None else weights
    size = len(rows[0])
    system = [[sum(s * row[i] * row[j] for s, row in zip(weights, rows)) for j in range(size)] for i in range(size)]
    right = [sum(s * row[i] * float(target) for s, row, target in zip(weights, rows, y)) for i in range(size)]
    solution = solve_by_elimination(system, right)
    return solution[:-1], solution[-1]


def ridge_by_hand(X, y, alpha, weights=None, *, fit_intercept=True):
    """Coefficients and intercept from the normal equations of [X 1], with the penalty on all but the last."""
    rows = [[*map(float, row), 1.0 if fit_intercept else 0.0] for row in X]
    weights = [1.0] * len(rows) if weights is None else weights
    size = len(rows[0])
    system = [[sum(s * row[i] * row[j] for s, row in zip(weights, rows)) for j in range(size)] for i in range(size)]
    for i in range(size - fit_intercept):
        system[i][i] += alpha
    if not fit_intercept:
        system[-1][-1] = 1.0
    right = [sum(s * row[i] * float(target) for s, row, target in zip(weights, rows, y)) for i in range(size)]
    solution = solve_by_elimination(system, right)
    return solution[:-1], solution[-1]


def leave_one_out_by_hand(X, y, alpha, weights=None, *, fit_intercept=True):
    """Error of each row under the ridge regression that is fitted without it."""
    errors, n = [], len(X)
    for i in range(n):
        rest = [j for j in range(n) if j != i]
        some = None if weights is None else [weights[j] for j in rest]
        w, b = ridge_by_hand([X[j] for j in rest], [y[j] for j in rest], alpha, some, fit_intercept=fit_intercept)
        errors.append(y[i] - b - sum(c * x for c, x in zip(w, X[i])))
    return errors


def solve_by_elimination(system, right):
    """Gaussian elimination with the largest pivot, for numbers of any type (float, mpmath)."""
    size = len(right)
    table = [[*row, value] for row, value in zip(system, right)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(table[row][column]))
        table[column], table[pivot] = table[pivot], table[column]
        for row in range(column + 1, size):
            factor = table[row][column] / table[column][column]
            table[row] = [a - factor * b for a, b in zip(table[row], table[column])]
    solution = [0] * size
    for row in reversed(range(size)):
        known = sum(table[row][j] * solution[j] for j in range(row + 1, size))
        solution[row] = (table[row][size] - known) / table[row][row]
    return solution


def least_squares_by_descent(X, y, n_steps):
    """Gradient descent on half the mean squared error of centred data, step 1 / largest curvature."""
    x_mean, y_mean = X.mean(axis=0), y.mean()
    design, target = X - x_mean, y - y_mean
    curvature = np.linalg.eigvalsh(design.T @ design / len(y)).max()
    w = np.zeros(X.shape[1])
    for _ in range(n_steps):
        w = w - design.T @ (design @ w - target) / len(y) / curvature
    return w, y_mean - x_mean @ w


def descent_by_hand(X, y, learning_rate, n_steps, *, weights=None, fit_intercept=True):
    """Coefficients, intercept and mean squared errors of gradient descent from zero, one row at a time."""
    rows, targets = [[*map(float, row)] for row in X], [float(value) for value in y]
    weights = [1.0] * len(rows) if weights is None else [float(weight) for weight in weights]
    total, w, b, losses = sum(weights), [0.0] * len(rows[0]), 0.0, []
    for step in range(n_steps + 1):
        errors = [target - b - sum(c * x for c, x in zip(w, row)) for row, target in zip(rows, targets)]
        losses.append(sum(s * error**2 for s, error in zip(weights, errors)) / total)
        if step < n_steps:
            slopes = [
                -2 / total * sum(s * row[j] * e for s, row, e in zip(weights, rows, errors)) for j in range(len(w))
            ]
            slope_of_b = -2 / total * sum(s * e for s, e in zip(weights, errors))
            w = [c - learning_rate * slope for c, slope in zip(w, slopes)]
            b -= learning_rate * slope_of_b if fit_intercept else 0.0
    return w, b, losses


def inference_by_hand(X, y, weights=None, *, fit_intercept=True):
    """Standard errors, of the intercept first, and the variance of the noise, from the inverse of R in design = Q R."""
    design = np.column_stack([np.ones(len(X)), X]) if fit_intercept else np.asarray(X)
    s = np.ones(len(X)) if weights is None else weights
    Q, R = np.linalg.qr(np.sqrt(s)[:, None] * design)
    solution = np.linalg.solve(R, Q.T @ (np.sqrt(s) * y))
    variance = s @ (y - design @ solution) ** 2 / (len(X) - design.shape[1])
    inverse = np.linalg.inv(R)
    return np.sqrt(variance * np.diag(inverse @ inverse.T)), variance


def logistic_objective_by_hand(coefficients, intercepts, X, y, C, weights):
    """Penalised mean log loss, row by row; one row of coefficients for two classes."""
    total = 0.0
    for row, label, weight in zip(X, y, weights):
        scores = [sum(w * x for w, x in zip(ws, row)) + b for ws, b in zip(coefficients, intercepts)]
        if len(scores) == 1:
            scores = [0.0, scores[0]]
        top = max(scores)
        total += weight * (top + math.log(sum(math.exp(score - top) for score in scores)) - scores[label])
    squares = sum(w * w for ws in coefficients for w in ws)
    return total / sum(weights) + squares / (2.0 * C * sum(weights))


def components_by_covariance(X):
    """Variances, descending, and axes in rows, from the eigenvectors of the sample covariance matrix."""
    centred = X - X.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / (len(X) - 1))
    axes = []
    for vector in vectors.T[::-1]:
        largest = max(vector, key=abs)
        axes.append(-vector if largest < 0 else vector)
    return values[::-1], np.array(axes)


def gaussian_log_density(x, mean, covariance):
    """Log density of N(mean, covariance) at one point."""
    difference = x - mean
    sign, log_determinant = np.linalg.slogdet(covariance)
    assert sign > 0
    distance = difference @ np.linalg.solve(covariance, difference)
    return -0.5 * (distance + len(x) * math.log(2.0 * math.pi) + log_determinant)


def logistic_slopes_by_hand(coefficients, intercepts, X, y, C, weights, l1_ratio=0.0):
    """Derivatives of the penalised mean log loss but for the length, row by row: of coefficients and of intercepts.

    One row of coefficients for two classes.
    """
    total = sum(weights)
    of_w = [[(1.0 - l1_ratio) * w / (C * total) for w in ws] for ws in coefficients]
    of_b = [0.0 for _ in intercepts]
    for row, label, weight in zip(X, y, weights):
        scores = [sum(w * x for w, x in zip(ws, row)) + b for ws, b in zip(coefficients, intercepts)]
        shown = [0.0, scores[0]] if len(scores) == 1 else scores
        top = max(shown)
        parts = [math.exp(score - top) for score in shown]
        for k in range(len(scores)):
            of_class = 1 if len(scores) == 1 else k
            slope = weight / total * (parts[of_class] / sum(parts) - (label == of_class))
            of_b[k] += slope
            for j, x in enumerate(row):
                of_w[k][j] += slope * x
    return of_w, of_b


def logistic_violation_by_hand(coefficients, intercepts, X, y, C, weights, l1_ratio, intercept_scaling=None):
    """How far the Karush-Kuhn-Tucker conditions of the elastic net are missed, largest over all coefficients.

    An intercept is free, or penalised as the coefficient b / a of a column of constants a (liblinear's objective).
    """
    of_w, of_b = logistic_slopes_by_hand(coefficients, intercepts, X, y, C, weights, l1_ratio)
    length = l1_ratio / (C * sum(weights))
    largest = 0.0
    for ws, slopes in zip(coefficients, of_w):
        for w, slope in zip(ws, slopes):
            missed = max(0.0, abs(slope) - length) if w == 0 else abs(slope + math.copysign(length, w))
            largest = max(largest, missed)
    for b, slope in zip(intercepts, of_b):
        if intercept_scaling is None:
            largest = max(largest, abs(slope))
            continue
        a = intercept_scaling
        slope += (1.0 - l1_ratio) * b / (a * a * C * sum(weights))
        missed = max(0.0, abs(slope) - length / a) if b == 0 else abs(slope + math.copysign(length / a, b))
        largest = max(largest, missed)
    return largest
