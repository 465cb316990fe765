"""t-SNE from its definitions, in plain NumPy: all pairs, float64, one formula at a time.

Points Y are of shape (n, d) here, one row each.
"""

import numpy as np


def squared_distances(X, Y=None):
    Y = X if Y is None else Y
    return ((X[:, None, :] - Y[None, :, :]) ** 2).sum(axis=2)


def nearest(X, k, queries=None):
    """For each row the k nearest others, of equal ones the first, in the order of their numbers."""
    D = squared_distances(X if queries is None else queries, X)
    if queries is None:
        np.fill_diagonal(D, np.inf)
    order = np.sort(np.argsort(D, axis=1, kind="stable")[:, :k], axis=1)
    return order, np.take_along_axis(D, order, axis=1)


def entropy(p):
    p = p[p > 0]
    return -(p * np.log(p)).sum()


def conditional(distances, perplexity):
    """Probabilities of one row's neighbours, by bisection of log β."""
    low, high = -60.0, 60.0
    distances = distances - distances.min()
    for _ in range(200):
        middle = (low + high) / 2
        p = np.exp(-np.exp(middle) * distances)
        p /= p.sum()
        if entropy(p) > np.log(perplexity):
            low = middle
        else:
            high = middle
    return p


def joint(X, perplexity, k):
    """p_ij of all rows from the k nearest of each, shape (n, n)."""
    n = len(X)
    columns, distances = nearest(X, k)
    P = np.zeros((n, n))
    for i in range(n):
        P[i, columns[i]] = conditional(distances[i], perplexity)
    return (P + P.T) / (2 * n)


def similarities(Y, freedom):
    """w_ij, 0 on the diagonal."""
    w = (1 + squared_distances(Y) / freedom) ** (-(freedom + 1) / 2)
    np.fill_diagonal(w, 0.0)
    return w


def divergence(P, Y, freedom=1):
    """KL(P‖Q) = Σ p log(p / q)."""
    w = similarities(np.asarray(Y, dtype=np.float64), freedom)
    Q = w / w.sum()
    some = P > 0
    return (P[some] * np.log(P[some] / Q[some])).sum()


def gradient(P, Y, freedom=1):
    """∂KL/∂y_i = 2 (ν + 1) / ν Σ_j (p_ij - q_ij) (1 + r²/ν)⁻¹ (y_i - y_j)."""
    w = similarities(Y, freedom)
    near = (P - w / w.sum()) / (1 + squared_distances(Y) / freedom)
    return 2 * (freedom + 1) / freedom * (near[:, :, None] * (Y[:, None, :] - Y[None, :, :])).sum(axis=1)


def repulsion(Y, charges, freedom=1):
    """R_i = Σ_j w_ij t_ij⁻¹ (y_i - c_j) and m_i = Σ_j w_ij, with the charge at the place of the point itself."""
    t = 1 + squared_distances(Y, charges) / freedom
    w = t ** (-(freedom + 1) / 2)
    return ((w / t)[:, :, None] * (Y[:, None, :] - charges[None, :, :])).sum(axis=1), w.sum(axis=1)


def attraction(P, Y, charges, freedom=1):
    """A_i = Σ_j p_ij t_ij⁻¹ (y_i - c_j)."""
    t = 1 + squared_distances(Y, charges) / freedom
    return ((P / t)[:, :, None] * (Y[:, None, :] - charges[None, :, :])).sum(axis=1)


def descend(P, Y, n_iter, *, learning_rate, exaggeration, momentum, freedom=1):
    """Some iterations of one phase."""
    velocity, gains = np.zeros_like(Y), np.ones_like(Y)
    for _ in range(n_iter):
        g = gradient(exaggeration * P, Y, freedom)
        gains = np.maximum(np.where(velocity * g < 0, gains + 0.2, gains * 0.8), 0.01)
        velocity = momentum * velocity - learning_rate * gains * g
        Y = Y + velocity
        Y = Y - Y.mean(axis=0)
    return Y


def placed(p, charges, start, freedom=1, n_iter=20_000, rate=0.05):
    """Minimum of one new row's divergence near the start, by plain gradient descent."""
    y = np.array(start, dtype=np.float64)
    for _ in range(n_iter):
        t = 1 + ((y - charges) ** 2).sum(axis=1) / freedom
        w = t ** (-(freedom + 1) / 2)
        y -= rate * (freedom + 1) / freedom * (((p - w / w.sum()) / t)[:, None] * (y - charges)).sum(axis=0)
    return y
