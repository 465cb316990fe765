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
