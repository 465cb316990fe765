"""A generated table of seven classes, made like that of forest covers: ten measures, and two categories as 0 and 1.

Measures are whole numbers. The categories have 4 and 40 levels, a column for each; the second one matters.
"""

from __future__ import annotations

import numpy as np

N_CLASSES = 7
N_MEASURES, LEVELS = 10, (4, 40)


def make(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """X as float32 of shape (n_rows, 54) and y in {0, ..., 6}."""
    rng = np.random.default_rng(seed)
    measures = np.round(100 * rng.standard_normal((n_rows, N_MEASURES)))
    levels = [rng.integers(n_levels, size=n_rows) for n_levels in LEVELS]
    ones = [np.eye(n_levels)[level] for n_levels, level in zip(LEVELS, levels)]
    X = np.concatenate([measures, *ones], axis=1).astype(np.float32)
    of_measures = [
        np.sin(measures[:, k] / 80) * measures[:, k + 1] / 60 + measures[:, k + 2] / 100 for k in range(N_CLASSES)
    ]
    of_levels = rng.standard_normal((LEVELS[1], N_CLASSES))[levels[1]]
    # The largest of scores with Gumbel noise: classes as a softmax of the scores draws them.
    scores = np.stack(of_measures, axis=1) + of_levels + rng.gumbel(scale=0.7, size=(n_rows, N_CLASSES))
    return X, np.argmax(scores, axis=1)
