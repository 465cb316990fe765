"""Products with centred, weighted rows that are never written out, against the rows written out."""

import numpy as np
import pytest
from scipy import sparse

from mlx.linear_model.matrix_free import centred_rows


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("rows", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_products_are_those_of_the_rows_written_out(rows, weighted, fit_intercept):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(12, 4)) + 2.0, rng.normal(size=(12, 2))
    s = rng.uniform(0.0, 2.0, 12) if weighted else np.ones(12)
    found = centred_rows(rows(X), Y, s if weighted else None, fit_intercept=fit_intercept)
    Z, T = (table - s @ table / s.sum() if fit_intercept else table for table in (X, Y))
    Z, T = np.sqrt(s)[:, None] * Z, np.sqrt(s)[:, None] * T
    w, r = rng.normal(size=4), rng.normal(size=12)
    np.testing.assert_allclose(found.design @ w, Z @ w, atol=1e-13)
    np.testing.assert_allclose(found.design.T @ r, Z.T @ r, atol=1e-13)  # for any r, not only centred ones
    np.testing.assert_allclose(found.targets, T, atol=1e-13)
