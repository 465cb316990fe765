"""K-means in plain NumPy: every distance is computed, every center is a mean, every draw is spelled out."""

import numpy as np


def squared_distances(X, centers):
    """‖x - c‖² of every row and every center."""
    return np.array([[np.sum((x - c) ** 2) for c in centers] for x in X])


def plus_plus(X, n_clusters, weights, random_state):
    """Numbers of the rows that greedy k-means++ chooses (Arthur & Vassilvitskii 2007)."""
    n_trials = 2 + int(np.log(n_clusters))
    chosen = [random_state.choice(len(X), p=weights / weights.sum())]
    while len(chosen) < n_clusters:
        nearest = squared_distances(X, X[chosen]).min(axis=1)
        sums = np.cumsum(weights * nearest)
        levels = random_state.uniform(size=n_trials) * sums[-1]
        candidates = [min(int(np.searchsorted(sums, level)), len(X) - 1) for level in levels]
        left = [np.sum(weights * np.minimum(nearest, squared_distances(X, X[[row]])[:, 0])) for row in candidates]
        chosen.append(candidates[int(np.argmin(left))])
    return chosen


def lloyd(X, weights, centers, max_iter, tolerance):
    """Labels, centers, inertia after each assignment, and the number of iterations; no cluster may become empty."""
    labels, inertias, n_iter = None, [], 0
    for _ in range(max_iter):
        n_iter += 1
        distances = squared_distances(X, centers)
        before, labels = labels, distances.argmin(axis=1)
        inertias.append(float(np.sum(weights * distances.min(axis=1))))
        means = np.array(
            [np.average(X[labels == j], axis=0, weights=weights[labels == j]) for j in range(len(centers))]
        )
        shift = np.sum((means - centers) ** 2)
        centers = means
        if before is not None and np.array_equal(labels, before):
            break
        if shift <= tolerance:
            break
    distances = squared_distances(X, centers)
    labels = distances.argmin(axis=1)
    inertias.append(float(np.sum(weights * distances[np.arange(len(X)), labels])))
    return labels, centers, inertias, n_iter


def kmeans(X, n_clusters, weights=None, seed=0, max_iter=300, tol=1e-4):
    """One run from k-means++, around the mean of the rows."""
    X = np.asarray(X, dtype=float)
    weights = np.ones(len(X)) if weights is None else weights
    mean = X.mean(axis=0)
    rows = X - mean
    centers = rows[plus_plus(rows, n_clusters, weights, np.random.RandomState(seed))]
    tolerance = tol * X.var(axis=0).mean()
    labels, centers, inertias, n_iter = lloyd(rows, weights, centers, max_iter, tolerance)
    return labels, centers + mean, inertias, n_iter


def intersection_over_union(a, b):
    """IoU of two boxes x1, y1, x2, y2."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = width * height if width > 0 and height > 0 else 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return common / (areas[0] + areas[1] - common)
