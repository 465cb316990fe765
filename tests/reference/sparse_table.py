"""Slow twin of the sparse table: rows as dictionaries, one loop for each question."""

import numpy as np


def entries_of(X):
    """For each row of a canonical CSR matrix, its values by column."""
    rows = [range(X.indptr[i], X.indptr[i + 1]) for i in range(X.shape[0])]
    return [{int(X.indices[e]): X.data[e] for e in row} for row in rows]


def bin_of(value, cuts):
    """The number of cuts that are not above the value; the last cut parts nothing."""
    return sum(bool(cut <= value) for cut in cuts[:-1])


def histogram_of(entries, rows, gradients, cuts):
    """{(column, bin): (G, H)} of some rows, added up in their order; the bin of missing values is ``len(cuts)``."""
    sums = {}
    for f, own in enumerate(cuts):
        for i in rows:
            b = bin_of(entries[i][f], own) if f in entries[i] else len(own)
            G, H = sums.get((f, b), (0.0, 0.0))
            sums[f, b] = (G + float(gradients[i][0]), H + float(gradients[i][1]))
    return sums


def goes_left(entries, rows, feature, split_bin, missing_left, cuts):
    """Whether each row goes left."""
    return np.array(
        [
            bin_of(entries[i][feature], cuts[feature]) <= split_bin if feature in entries[i] else missing_left
            for i in rows
        ]
    )
