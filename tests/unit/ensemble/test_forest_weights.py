"""Weights of rows in a random forest: rows drawn as often as they weigh. That is equal in distribution, not in bits.

scikit-learn's common checks ask that a row of weight 2 be two rows, and one of weight 0 none, in bits; a forest that
draws its rows cannot answer that, and scikit-learn lists both checks as failing. Here the means over many seeds are
compared, with their standard errors.
"""

import numpy as np
import pytest
from scipy import sparse

from mlx.ensemble import RandomForestClassifier, RandomForestRegressor

SEEDS = range(60)
rng = np.random.default_rng(0)
X = np.round(rng.standard_normal((40, 3)), 1)
WEIGHTS = rng.integers(0, 5, 40)
SCORES = X[:, 0] + 0.5 * rng.standard_normal(40)
REPEATED = np.repeat(np.arange(40), WEIGHTS)


def answers(forest, rows, y, weights=None):
    """Predictions for the first rows by forests of every seed, shape (n_seeds, 8)."""
    found = []
    for seed in SEEDS:
        model = forest(5, max_samples=60, random_state=seed).fit(rows, y, weights)
        found.append(model.predict_proba(X[:8])[:, 1] if hasattr(model, "predict_proba") else model.predict(X[:8]))
    return np.array(found)


def distance(one, other):
    """Largest difference of the means over seeds, in its standard errors."""
    error = np.sqrt((one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)) / len(SEEDS))
    return np.max(np.abs(one.mean(axis=0) - other.mean(axis=0)) / np.maximum(error, 1e-3))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("forest", [RandomForestClassifier, RandomForestRegressor], ids=lambda cls: cls.__name__)
def test_a_row_of_weight_two_is_two_rows_in_the_mean(forest, form):
    y = (SCORES > 0).astype(int) if forest is RandomForestClassifier else SCORES
    weighted = answers(forest, form(X), y, WEIGHTS)
    repeated = answers(forest, form(X[REPEATED]), y[REPEATED])
    # Of eight differences of independent means the largest is above 4 once in two thousand times.
    assert distance(weighted, repeated) < 4
    # And it would be noticed if the weights were left out.
    assert distance(weighted, answers(forest, form(X), y)) > 6


def test_rows_of_weight_zero_are_not_drawn():
    y = (SCORES > 0).astype(int)
    model = RandomForestClassifier(20, random_state=0).fit(X, y, WEIGHTS)
    drawn = np.unique(np.concatenate(model.estimators_samples_))
    assert np.all(WEIGHTS[drawn] > 0)
