"""Slow twin of trees with vectors in their leaves: raw rows, one node, one column, one cut at a time."""

import numpy as np


def weights(sums, penalty):
    """Weight of each output, from sums of shape (n_outputs, 2)."""
    result = []
    for G, H in sums:
        thresholded = np.sign(G) * max(abs(G) - penalty.reg_alpha, 0.0)
        w = 0.0 if penalty.min_child_weight > H or H <= 0 else -thresholded / (H + penalty.reg_lambda)
        limit = penalty.max_delta_step
        result.append(float(np.clip(w, -limit, limit)) if limit else w)
    return np.array(result)


def worth(sums, penalty):
    """How much lower the loss is with these weights than with none, twice, of all outputs together."""
    G = sums[:, 0]
    return float(
        -(np.float32(weights(sums, penalty)) * (np.sign(G) * np.maximum(np.abs(G) - penalty.reg_alpha, 0))).sum()
    )


def best_question(X, rows, gradients, cuts, penalty):
    """Gain, column, threshold and side of missing values of the best question; the first of equals."""
    total = gradients[rows].sum(axis=0)
    best = (np.float32(0), -1, 0.0, False)
    for f in range(X.shape[1]):
        x = X[rows, f]
        for missing_left in (False, True) if np.isnan(x).any() else (False,):
            for threshold in cuts[f][::-1] if missing_left else cuts[f]:
                left = (x < threshold) | (np.isnan(x) & missing_left)
                sums = gradients[rows[left]].sum(axis=0)
                if not sums[:, 1].any() or not (total - sums)[:, 1].any():
                    continue
                gain = np.float32(worth(sums, penalty) + worth(total - sums, penalty) - worth(total, penalty))
                if gain > best[0]:
                    best = (gain, f, threshold, missing_left)
    return best


def grow(X, gradients, cuts, penalty, max_depth, gamma=0.0):
    """Nodes level by level: (left child or -1, column, threshold, missing_left, gain, weights before the rate)."""
    nodes, waiting = [None], [(0, 0, np.arange(len(X)))]
    while waiting:
        number, depth, rows = waiting.pop(0)
        w = weights(gradients[rows].sum(axis=0), penalty)
        gain, f, threshold, missing_left = (
            best_question(X, rows, gradients, cuts, penalty) if depth < max_depth else (0, -1, 0.0, False)
        )
        if gain <= 1e-6 or gain < gamma:
            nodes[number] = (-1, -1, 0.0, False, 0.0, w)
            continue
        first = len(nodes)
        nodes[number] = (first, f, threshold, missing_left, gain, w)
        nodes += [None, None]
        left = (X[rows, f] < threshold) | (np.isnan(X[rows, f]) & missing_left)
        waiting += [(first, depth + 1, rows[left]), (first + 1, depth + 1, rows[~left])]
    return nodes
