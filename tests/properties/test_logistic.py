"""Logistic regression with lengths in the penalty on any table: every fit has its certificate."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx.linear_model import LogisticRegression
from tests.reference.linear import logistic_violation_by_hand


@st.composite
def tables(draw):
    """Rows in many units, with ties, constant and equal columns, classes of any size, weights with zeros."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, p = draw(st.integers(6, 40)), draw(st.integers(1, 5))
    n_classes = draw(st.integers(2, 4))
    X = np.round(rng.normal(size=(n, p)), draw(st.integers(0, 3))) * 10.0 ** rng.integers(-3, 4, size=p)
    if draw(st.booleans()):
        X[:, 0] = draw(st.sampled_from([0.0, 1.0, 1e4]))
    if draw(st.booleans()):
        X[:, -1] = X[:, 0]
    y = np.r_[np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)]
    weights = rng.choice([0.0, 0.5, 1.0, 3.0], size=n)
    weights[:n_classes] = 1.0
    return X, y, weights


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from([0.01, 1.0, 30.0]), st.sampled_from([0.2, 0.9, 1.0]), st.booleans())
def test_conditions_of_a_minimum_hold(table, C, l1_ratio, liblinear):
    X, y, weights = table
    if liblinear:
        y, l1_ratio = np.minimum(y, 1), 1.0
    solver = "liblinear" if liblinear else "saga"
    model = LogisticRegression(C=C, l1_ratio=l1_ratio, solver=solver).fit(X, y, weights)
    scaling = 1.0 if liblinear else None
    found = logistic_violation_by_hand(model.coef_, model.intercept_, X, y, C, weights, l1_ratio, scaling)
    assert found <= 1e-4 and model.kkt_residual_ <= 1e-4
