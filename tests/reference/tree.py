"""Slow twin of prediction with trees: one row, one tree, one question at a time."""

import numpy as np


def leaf_of(tree, row, comparison="<", unlisted_category="left"):
    """Number of the leaf that a row reaches."""
    node = 0
    while tree.left[node] >= 0:
        x = row[tree.feature[node]]
        listed = []
        if tree.category_start is not None:
            listed = tree.categories[tree.category_start[node] : tree.category_start[node + 1]].tolist()
        if np.isnan(x):
            left = tree.missing_left[node]
        elif listed:
            left = (0 <= x < 2**24 and int(x) in listed) == (unlisted_category == "right")
        elif comparison == "<":
            left = x < tree.threshold[node]
        else:
            left = x <= tree.threshold[node]
        node = tree.left[node] if left else tree.right[node]
    return node


def margin(ensemble, X):
    """Margins of shape (n_samples, n_outputs), added up in float64."""
    X = np.asarray(X, dtype=ensemble.input_dtype)
    total = np.zeros((len(X), ensemble.n_outputs))
    weight_of_output = np.zeros(ensemble.n_outputs)
    for tree, weight, output in zip(ensemble.trees, ensemble.tree_weight, ensemble.tree_output):
        columns = slice(None) if output < 0 else output
        weight_of_output[columns] += weight
        for i, row in enumerate(X):
            total[i, columns] += (
                weight * tree.value[leaf_of(tree, row, ensemble.comparison, ensemble.unlisted_category)]
            )
    if ensemble.aggregation == "mean":
        total /= weight_of_output
    return ensemble.base_score + total
