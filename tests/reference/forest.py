"""Slow twins of what forests add to trees: proximities and fills from leaf numbers, pair by pair."""

import numpy as np


def proximity(leaves, others):
    """Share of the trees in which a row and one of the others are in the same leaf."""
    return np.array([[np.mean(own == other) for other in others] for own in leaves]).reshape(len(leaves), len(others))


def nearest(row, k):
    """Numbers of the k largest entries above 0, the smaller number first among equals."""
    return sorted((j for j in range(len(row)) if row[j] > 0), key=lambda j: (-row[j], j))[:k]


def outlier_scores(near, label):
    """Breiman's measure from the matrix of proximities."""
    n = len(near)
    raw = np.array([n / sum(near[i, j] ** 2 for j in range(n) if label[j] == label[i]) for i in range(n)])
    scores = np.empty(n)
    for i in range(n):
        own = raw[label == label[i]]
        scores[i] = (raw[i] - np.median(own)) / np.median(np.abs(own - np.median(own)))
    return scores


def proximity_average(values, near):
    """Average of the values that are there, weighted by proximity; NaN where no such row is near."""
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.array([(row[there] * values[there]).sum() / row[there].sum() for row in near])


def proximity_mode(values, near):
    """Value with the largest sum of proximities, the smallest among equals; NaN where no such row is near."""
    found = []
    for row in near:
        votes = {value: row[values == value].sum() for value in sorted(set(values[~np.isnan(values)]))}
        best = max(votes, key=lambda value: votes[value])
        found.append(best if votes[best] > 0 else np.nan)
    return np.array(found)
