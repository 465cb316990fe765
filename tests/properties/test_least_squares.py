"""What least squares and ridge regression must obey on any table: tall or wide, dependent or empty columns, weights."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlx.linear_model import LinearRegression, Ridge

SEEDS = st.integers(0, 2**32 - 1)
QUICK = settings(max_examples=40, deadline=None)


def table(seed, n, p, spoil):
    """Columns of whole numbers, some of which are copies, sums, constant or empty if asked for; a target, weights."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, size=(n, p)).astype(float)
    if spoil:
        for j in range(1, p):
            X[:, j] = [X[:, j], X[:, j - 1], X[:, :j].sum(axis=1), np.full(n, 2.0), np.zeros(n)][rng.integers(5)]
    return X, rng.integers(-5, 6, size=n).astype(float), rng.integers(0, 3, size=n) + (np.arange(n) == 0)


@QUICK
@given(SEEDS, st.integers(2, 12), st.integers(1, 8), st.booleans(), st.booleans())
def test_residuals_are_orthogonal_and_the_solution_has_least_norm(seed, n, p, spoil, fit_intercept):
    X, y, s = table(seed, n, p, spoil)
    model = LinearRegression(fit_intercept=fit_intercept).fit(X, y, s)
    residuals = s * (y - model.predict(X))
    centred = X - np.average(X, axis=0, weights=s) if fit_intercept else X
    np.testing.assert_allclose(centred.T @ residuals, 0.0, atol=1e-9)
    if fit_intercept:
        assert abs(residuals.sum()) < 1e-9
    # A solution of least norm is a sum of rows: what is orthogonal to all rows has no part in it.
    weighted = np.sqrt(s)[:, None] * centred
    directions = np.linalg.svd(weighted)[2]
    null = directions[np.linalg.matrix_rank(weighted) :]
    np.testing.assert_allclose(null @ model.coef_, 0.0, atol=1e-9)
    assert model.rank_ == np.linalg.matrix_rank(weighted)


@QUICK
@given(SEEDS, st.integers(2, 12), st.integers(1, 8), st.booleans())
def test_positive_coefficients_cannot_be_bettered(seed, n, p, spoil):
    X, y, s = table(seed, n, p, spoil)
    model = LinearRegression(positive=True).fit(X, y, s)
    slopes = (X - np.average(X, axis=0, weights=s)).T @ (s * (y - model.predict(X)))
    assert (model.coef_ >= 0.0).all()
    assert (slopes < 1e-9).all()
    np.testing.assert_allclose(slopes[model.coef_ > 0.0], 0.0, atol=1e-9)


@QUICK
@given(SEEDS, st.integers(2, 12), st.integers(1, 8), st.booleans(), st.floats(1e-2, 1e2), st.booleans())
def test_ridge_is_least_squares_on_more_rows(seed, n, p, spoil, alpha, positive):
    X, y, s = table(seed, n, p, spoil)
    ridge = Ridge(alpha, fit_intercept=False, positive=positive).fit(X, y, s)
    more = np.vstack([X, np.sqrt(alpha) * np.eye(p)])
    least = LinearRegression(fit_intercept=False, positive=positive)
    least.fit(more, np.concatenate([y, np.zeros(p)]), np.concatenate([s, np.ones(p)]))
    np.testing.assert_allclose(ridge.coef_, least.coef_, rtol=1e-8, atol=1e-10)


@QUICK
@given(SEEDS, st.integers(2, 12), st.integers(1, 8), st.booleans())
def test_larger_penalties_give_shorter_coefficients(seed, n, p, spoil):
    X, y, s = table(seed, n, p, spoil)
    lengths = [np.linalg.norm(Ridge(alpha).fit(X, y, s).coef_) for alpha in (0.0, 0.1, 1.0, 10.0)]
    assert (np.diff(lengths) <= 1e-9).all()


@QUICK
@given(SEEDS, st.integers(2, 12), st.integers(1, 8), st.booleans(), st.sampled_from([0.0, 1.0]))
def test_a_sum_of_targets_has_the_sum_of_the_coefficients(seed, n, p, spoil, alpha):
    X, y, s = table(seed, n, p, spoil)
    Y = np.column_stack([y, np.roll(y, 1), 2.0 * y - 3.0 * np.roll(y, 1)])
    W = Ridge(alpha).fit(X, Y, s).coef_
    np.testing.assert_allclose(W[2], 2.0 * W[0] - 3.0 * W[1], atol=1e-9)


@QUICK
@given(SEEDS, st.integers(9, 14), st.integers(1, 4), st.lists(st.integers(-40, 40), min_size=4, max_size=4))
def test_units_change_nothing_but_units(seed, n, p, exponents):
    """Powers of two: exact in floats. Which columns depend on each other is no question of units."""
    X, y, _ = table(seed, n, p, spoil=False)
    assume(np.linalg.matrix_rank(X - X.mean(axis=0)) == p)
    s = np.arange(1.0, n + 1.0)
    units = 2.0 ** np.array(exponents[:p])
    plain, scaled = LinearRegression().fit(X, y, s), LinearRegression().fit(X * units, y, s)
    assert scaled.rank_ == plain.rank_ == p
    np.testing.assert_allclose(scaled.coef_ * units, plain.coef_, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(scaled.predict(X * units), plain.predict(X), atol=1e-10)
