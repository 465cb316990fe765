"""Slow twin of the booster: the same trees by plain loops, written to be read. No histograms, no bins, no Numba.

Every cut of every column is tried on the node's own rows; sums are Python floats, similarities float32 as in the
library.
"""

import numpy as np

f32 = np.float32


def cuts_of(column, weight, max_bin):
    """Cuts as `mlx.boosting.quantiles` defines them, counted by hand."""
    present = ~np.isnan(column)
    values = sorted(set(column[present].tolist()))
    if not values:
        return []
    if len(values) <= max_bin:
        inner = values[1:]
    else:
        up_to = [sum(w for x, w in zip(column, weight) if x <= v) for v in values]
        inner = [next(v for v, c in zip(values, up_to) if c * max_bin > k * up_to[-1]) for k in range(1, max_bin)]
        inner = sorted(set(inner) - {values[0]})
    return [*inner, float(f32(values[-1] + (abs(values[-1]) + float(f32(1e-5)))))]


def similarity(G, H, reg_lambda):
    return f32(G * G) / f32(H + reg_lambda) if H > 0 else f32(0)


class Node:
    """A node while it grows: its rows, and its question once it has one."""

    def __init__(self, rows, G, H):
        self.rows, self.G, self.H = rows, G, H
        self.feature, self.threshold, self.missing_left, self.gain = -1, 0.0, False, f32(0)
        self.left = self.right = None


def best_split(node, X, g, h, cuts, reg_lambda, min_child_weight):
    """(gain, feature, threshold, missing_left, left rows) of the best candidate; the first of equals."""
    best = (f32(0), -1, 0.0, False, None)
    parent = similarity(node.G, node.H, reg_lambda)
    for f in range(X.shape[1]):
        missing = [i for i in node.rows if np.isnan(X[i, f])]
        present = [i for i in node.rows if not np.isnan(X[i, f])]
        candidates = [(cut, False) for cut in cuts[f][: len(cuts[f]) if missing else -1]]
        if missing:
            candidates += [(cut, True) for cut in reversed(cuts[f][:-1])]
        for cut, missing_left in candidates:
            left = [i for i in present if X[i, f] < cut] + (missing if missing_left else [])
            G_left, H_left = sum(float(g[i]) for i in left), sum(float(h[i]) for i in left)
            G_right, H_right = node.G - G_left, node.H - H_left
            if H_left < min_child_weight or H_right < min_child_weight:
                continue
            gain = similarity(G_left, H_left, reg_lambda) + similarity(G_right, H_right, reg_lambda) - parent
            if gain > best[0]:
                best = (gain, f, cut, missing_left, set(left))
    return best


def grow(X, g, h, cuts, *, max_depth, reg_lambda, gamma, min_child_weight):
    """Nodes of one tree, level by level from left to right."""
    rows = list(range(len(X)))
    level = [Node(rows, sum(float(v) for v in g), sum(float(v) for v in h))]
    nodes = list(level)
    for _ in range(max_depth):
        following = []
        for node in level:
            gain, f, cut, missing_left, left = best_split(node, X, g, h, cuts, reg_lambda, min_child_weight)
            if f < 0 or not gain > f32(1e-6) or gain < gamma:
                continue
            node.feature, node.threshold, node.missing_left, node.gain = f, cut, missing_left, gain
            for name, inside in (("left", True), ("right", False)):
                part = [i for i in node.rows if (i in left) == inside]
                child = Node(part, sum(float(g[i]) for i in part), sum(float(h[i]) for i in part))
                setattr(node, name, child)
                following.append(child)
        nodes += following
        level = following
    return nodes


def gradients_of(objective, margin, y, weight):
    """Gradients and Hessians of each row and output, shape (n_outputs, n_samples)."""
    if objective == "reg:squarederror":
        g, h = margin - y, np.ones_like(margin)
    elif objective == "binary:logistic":
        p = 1 / (1 + np.exp(-margin))
        g, h = p - y, p * (1 - p)
    else:
        p = np.exp(margin - margin.max(axis=0))
        p /= p.sum(axis=0)
        g, h = p - (y == np.arange(len(margin))[:, None]), 2 * p * (1 - p)
    return g * weight, h * weight


def boost(X, y, weight, objective, base_margin, *, n_rounds, learning_rate, max_bin=256, **settings):
    """Trees as lists of nodes, each with its `value`; X float32, the rest float64."""
    cuts = [cuts_of(X[:, f].astype(float), weight, max_bin) for f in range(X.shape[1])]
    margin = np.repeat(np.asarray(base_margin, dtype=float)[:, None], len(X), axis=1)
    trees = []
    for _ in range(n_rounds):
        g, h = gradients_of(objective, margin, y, weight)
        for k in range(len(margin)):
            nodes = grow(X, g[k], h[k], cuts, **settings)
            for node in nodes:
                enough = settings["min_child_weight"] <= node.H and node.H > 0
                node.value = -node.G / (node.H + settings["reg_lambda"]) * learning_rate if enough else 0.0
                if node.left is None:
                    margin[k, node.rows] += node.value
            trees.append(nodes)
    return trees
