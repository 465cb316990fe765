"""Ordinary least squares: by hand, against slow twins, against 60 digits, and where designs are hard."""

from unittest import mock

import mpmath
import numpy as np
import pytest
from scipy import sparse

from mlx.linear_model import LinearRegression, by_singular_values, least_squares
from mlx.linear_model.least_squares import SAFE_RECIPROCAL_CONDITION, fit_least_squares
from mlx.linear_model.matrix_free import centred_rows, solve_lsqr
from mlx.numeric import moments
from mlx.numeric.linalg import gram_matrix, scaled_cholesky
from tests.reference.linear import least_squares_by_descent, least_squares_by_hand, solve_by_elimination


@pytest.fixture(params=[0.0, least_squares.SMALL_WORK], ids=["as large", "as small"], autouse=True)
def small_work(request, monkeypatch):
    """Every test sees both ways: tables here are small, and normal equations are for others."""
    monkeypatch.setattr(least_squares, "SMALL_WORK", request.param)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)) * [1.0, 10.0, 0.1, 1.0] + [0.0, 5.0, 0.0, -100.0]
    return X, X @ [1.0, -2.0, 3.0, 0.5] + 7.0 + rng.normal(size=60)


def test_five_rows_by_hand():
    # x̄ = 3, ȳ = 4, Σ(x - x̄)² = 10, Σ(x - x̄)(y - ȳ) = 6, so the slope is 0.6 and the intercept 4 - 0.6·3.
    model = LinearRegression().fit([[1], [2], [3], [4], [5]], [2, 4, 5, 4, 5])
    np.testing.assert_allclose([model.coef_[0], model.intercept_], [0.6, 2.2], rtol=1e-14)
    np.testing.assert_allclose(model.predict([[0], [10]]), [2.2, 8.2])
    assert model.rank_ == 1
    np.testing.assert_allclose(model.singular_, [np.sqrt(10.0)])
    # Without an intercept: Σxy / Σx² = 66 / 55.
    through_zero = LinearRegression(fit_intercept=False).fit([[1], [2], [3], [4], [5]], [2, 4, 5, 4, 5])
    assert through_zero.coef_[0] == pytest.approx(1.2) and through_zero.intercept_ == 0.0


def test_slow_twins(table):
    X, y = table
    model = LinearRegression().fit(X, y)
    coefficients, intercept = least_squares_by_hand(X, y)
    np.testing.assert_allclose(model.coef_, coefficients, rtol=1e-10)
    assert model.intercept_ == pytest.approx(intercept, rel=1e-10)


def test_limit_of_gradient_descent():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=200)
    model = LinearRegression().fit(X, y)
    distances = [np.abs(least_squares_by_descent(X, y, n)[0] - model.coef_).max() for n in (1, 20, 500)]
    assert distances[0] > distances[1] > distances[2] and distances[2] < 1e-12


def test_residuals_are_orthogonal_to_the_features(table):
    X, y = table
    residuals = y - LinearRegression().fit(X, y).predict(X)
    centred = X - X.mean(axis=0)
    assert abs(residuals.sum()) < 1e-10
    assert np.abs(centred.T @ residuals).max() < 1e-10 * np.linalg.norm(centred)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("as_sparse", [False, True])
def test_weights_are_repetitions(table, as_sparse, positive):
    if as_sparse and positive:
        pytest.skip("no such combination")
    X, y = table
    counts = np.random.default_rng(2).integers(0, 4, len(y))
    weighted = LinearRegression(positive=positive, tol=1e-12 if as_sparse else 1e-6)
    repeated = LinearRegression(positive=positive, tol=1e-12 if as_sparse else 1e-6)
    rows = sparse.csr_array if as_sparse else np.asarray
    weighted.fit(rows(X), y, counts)
    repeated.fit(rows(np.repeat(X, counts, axis=0)), np.repeat(y, counts))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-8)
    assert weighted.intercept_ == pytest.approx(repeated.intercept_, rel=1e-8)
    twin, _ = least_squares_by_hand(X, y, counts)
    if not positive:
        np.testing.assert_allclose(weighted.coef_, twin, rtol=1e-7)


@pytest.mark.parametrize("exponent", [2, 4, 5, 7, 8, 10, 12])
def test_sixty_digits_on_ill_conditioned_designs(exponent):
    design, target = ill_conditioned(exponent)
    truth = solution_in_sixty_digits(design, target)
    ours = LinearRegression().fit(design, target)
    error = np.abs(ours.coef_ - truth).max() / np.abs(truth).max()
    # A backward stable method loses the condition number, and its square times the (small) residual.
    assert error < 50 * 2.2e-16 * (10.0**exponent + 10.0 ** (2 * exponent) * 1e-10)
    assert ours.rank_ == design.shape[1]
    as_the_library = LinearRegression(solver="lstsq").fit(design, target)
    library_error = np.abs(as_the_library.coef_ - truth).max() / np.abs(truth).max()
    assert (library_error > 0.01) == (exponent > 6), "the cutoff of 1e-6 leaves directions out above 1e6"


def ill_conditioned(exponent):
    """Design of condition 10**exponent that no scaling of columns improves, and a target near its span."""
    rng = np.random.default_rng(0)
    left, _ = np.linalg.qr(rng.normal(size=(60, 6)))
    left -= left.mean(axis=0)
    right, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    design = left * np.geomspace(1.0, 10.0**-exponent, 6) @ right.T
    return design, design @ np.ones(6) + 1e-10 * rng.normal(size=60) * 10.0**-exponent


def solution_in_sixty_digits(design, target):
    with mpmath.workdps(60):
        X = [[mpmath.mpf(float(value)) for value in row] for row in design]
        y = [mpmath.mpf(float(value)) for value in target]
        n, p = len(X), len(X[0])
        means = [mpmath.fsum(row[j] for row in X) / n for j in range(p)]
        y_mean = mpmath.fsum(y) / n
        X = [[value - mean for value, mean in zip(row, means)] for row in X]
        y = [value - y_mean for value in y]
        system = [[mpmath.fsum(row[i] * row[j] for row in X) for j in range(p)] for i in range(p)]
        right = [mpmath.fsum(row[i] * value for row, value in zip(X, y)) for i in range(p)]
        return np.array([float(value) for value in solve_by_elimination(system, right)])


def deficient(kind):
    """Designs with fewer directions than columns, of entries that floats hold exactly."""
    rng = np.random.default_rng(4)
    X = rng.integers(-50, 50, size=(14, 4)) / 8.0
    return {
        "wide": rng.integers(-50, 50, size=(6, 11)) / 8.0,
        "wide, in other units": rng.integers(-50, 50, size=(6, 11)) * 2.0 ** rng.integers(-3, 4, size=11),
        "collinear": np.column_stack([X, X[:, 0] - 2.0 * X[:, 1], X[:, 2]]),
        "of no variance": np.insert(X, [0, 2], [7.5, 0.0], axis=1),
    }[kind]


@pytest.mark.parametrize("kind", ["wide", "wide, in other units", "collinear", "of no variance"])
def test_sixty_digits_on_designs_without_a_single_solution(kind):
    design = deficient(kind)
    target = np.random.default_rng(5).integers(-99, 99, size=len(design)) / 4.0
    model = LinearRegression().fit(design, target)
    truth, rank = shortest_solution_in_sixty_digits(design, target)
    assert model.rank_ == rank < design.shape[1]
    np.testing.assert_allclose(model.coef_, truth, rtol=0, atol=1e-13 * np.abs(truth).max())


def shortest_solution_in_sixty_digits(design, target):
    """Of all coefficients with the least squares those of least norm, and the rank of the centred design."""
    with mpmath.workdps(60):
        X, y = (mpmath.matrix(part.tolist()) for part in (design, target[:, None]))
        ones = mpmath.ones(len(target), 1) / len(target)
        X, y = X - mpmath.ones(len(target), 1) * (ones.T * X), y - mpmath.ones(len(target), 1) * (ones.T * y)
        U, s, V = mpmath.svd_r(X, full_matrices=False)
        kept = [i for i in range(len(s)) if s[i] > mpmath.mpf(10) ** -40 * s[0]]
        solution = mpmath.zeros(X.cols, 1)
        for i in kept:
            solution += V[i, :].T * ((U[:, i].T * y)[0] / s[i])
        return np.array([float(value) for value in solution]), len(kept)


def test_one_refinement_step_gives_back_what_the_gram_matrix_lost():
    design, target = ill_conditioned(3.5)
    truth = solution_in_sixty_digits(design, target)
    gram = gram_matrix(design, design.mean(axis=0))
    cholesky = scaled_cholesky(gram)
    assert cholesky.reciprocal_condition > SAFE_RECIPROCAL_CONDITION, "this design shall take the normal equations"
    centred = design - design.mean(axis=0)
    unrefined = cholesky.solve(centred.T @ (target - target.mean()))
    error = np.abs(fit_least_squares(design, target[:, None]).coefficients[:, 0] - truth).max()
    assert error < 1e-13 < 1e-12 < np.abs(unrefined - truth).max()


def test_units_of_the_columns_do_not_matter():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(500, 5))
    y = X.sum(axis=1) + rng.normal(size=500)
    units = np.array([1e-9, 1e-3, 1.0, 1e3, 1e9])
    np.testing.assert_allclose(
        LinearRegression().fit(X * units, y).coef_ * units, LinearRegression().fit(X, y).coef_, rtol=1e-10
    )


def test_collinear_and_constant_columns_share_the_shortest_solution(table):
    X, y = table
    doubled = np.column_stack([X, X, np.full(len(y), 0.1), np.zeros(len(y))])
    model = LinearRegression().fit(doubled, y)
    single = LinearRegression().fit(X, y)
    assert model.rank_ == 4 and len(model.singular_) == 10
    np.testing.assert_allclose(model.coef_[:4], single.coef_ / 2, rtol=1e-8)
    np.testing.assert_allclose(model.coef_[4:8], single.coef_ / 2, rtol=1e-8)
    assert (np.abs(model.coef_[8:]) < 1e-15).all()


def test_dependent_columns_share_as_their_units_say(table):
    """Of w_0 a + w_1 (3 a) + ..., the shortest w has w_1 = 3 w_0: in the units of the columns, not in their lengths."""
    X, y = table
    single = LinearRegression().fit(X, y)
    model = LinearRegression().fit(np.column_stack([X, 3.0 * X[:, 0], 1e-9 * X[:, 1]]), y)
    assert model.rank_ == 4
    expected = [single.coef_[0] / 10, *single.coef_[1:], 3 * single.coef_[0] / 10, 1e-9 * single.coef_[1]]
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-9)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_units_of_the_other_columns_do_not_matter_to_collinear_ones(weighted, fit_intercept):
    rng = np.random.default_rng(6)
    a, b, t = rng.normal(size=(3, 500))
    y = 2.0 * a - b + 0.5 * t + 0.01 * rng.normal(size=500)
    weights = rng.uniform(0.5, 2.0, 500) if weighted else None
    model = LinearRegression(fit_intercept=fit_intercept)
    single = LinearRegression(fit_intercept=fit_intercept).fit(np.column_stack([a, b, t]), y, weights)
    for unit in (1e-15, 1.0, 1e15):
        model.fit(np.column_stack([a, a, b, t * unit]), y, weights)
        assert model.rank_ == 3
        np.testing.assert_allclose(model.coef_ * [2.0, 2.0, 1.0, unit], single.coef_[[0, 0, 1, 2]], rtol=1e-10)


@pytest.mark.parametrize("unit", [1e-30, 1e-15, 1e15])
def test_two_pairs_of_equal_columns_in_units_far_apart(unit):
    a, b = np.random.default_rng(0).normal(size=(2, 200))
    y = 2.0 * a + 3.0 * b
    model = LinearRegression().fit(np.column_stack([a, b * unit, a, b * unit]), y)
    assert model.rank_ == 2
    np.testing.assert_allclose(model.coef_ * [1.0, unit, 1.0, unit], [1.0, 1.5, 1.0, 1.5], rtol=1e-12)


def test_a_column_stands_there_twice_beside_a_timestamp_in_nanoseconds():
    rng = np.random.default_rng(0)
    a, seconds = rng.normal(size=500), rng.uniform(0.0, 1e6, 500)
    X = np.column_stack([a, a, 1.7e18 + 1e9 * seconds])
    y = 2.0 * a + 1e-6 * seconds + 1e-3 * rng.normal(size=500)
    model = LinearRegression().fit(X, y)
    assert model.rank_ == 2
    np.testing.assert_allclose(model.coef_, [1.0, 1.0, 1e-15], rtol=1e-3)
    assert model.score(X, y) > 0.99999


def test_large_means_do_not_pass_for_a_direction():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(20, 50))
    y = rng.normal(size=20)
    shifted = LinearRegression().fit(X + 1e4, y)
    assert shifted.rank_ == 19, "twenty centred rows span nineteen directions"
    np.testing.assert_allclose(shifted.coef_, LinearRegression().fit(X, y).coef_, atol=1e-9)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_numbers_whose_squares_are_no_floats(scale):
    X = np.random.default_rng(0).normal(size=(60, 3)) + 1.0
    y = X @ [1.0, -2.0, 0.5] + 3.0
    model = LinearRegression().fit(X * scale, y)
    assert model.rank_ == 3
    np.testing.assert_allclose(model.coef_ * scale, [1.0, -2.0, 0.5], rtol=1e-12)
    assert model.intercept_ == pytest.approx(3.0, rel=1e-12)


@pytest.mark.parametrize("positive", [False, True])
def test_targets_whose_squares_are_no_floats(positive):
    X = np.random.default_rng(0).normal(size=(60, 3)) + 1.0
    y = 1e200 * (X @ [1.0, 2.0, 0.5] + 3.0)
    model = LinearRegression(positive=positive).fit(X, y)
    np.testing.assert_allclose(model.coef_, [1e200, 2e200, 0.5e200], rtol=1e-12)


def test_sparse_float32_rows_are_centred_in_float64():
    X = (np.random.default_rng(0).normal(size=(200, 2)) + 1000.0).astype(np.float32)
    y = X.astype(np.float64) @ [1.0, -2.0]
    rows = centred_rows(sparse.csr_array(X), y[:, None], None, fit_intercept=True)
    np.testing.assert_allclose(rows.x_mean, X.mean(axis=0, dtype=np.float64), rtol=1e-15)
    np.testing.assert_allclose(solve_lsqr(rows, tol=1e-14)[0][:, 0], [1.0, -2.0], rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_constant_column_changes_nothing_for_the_others(table, weighted):
    X, y = table
    weights = np.linspace(0.0, 2.0, len(y)) if weighted else None
    # Beside times in nanoseconds, with a cutoff on singular values, the other columns would pass for rounding.
    X = np.column_stack([np.random.default_rng(1).integers(16e17, 17e17, len(y)), X])
    wide = np.insert(X, [0, 3, 5], [7.0, 0.0, 1e12 / 3], axis=1)
    without, found = LinearRegression().fit(X, y, weights), LinearRegression().fit(wide, y, weights)
    assert found.rank_ == without.rank_ == 5
    np.testing.assert_array_equal(found.coef_[[0, 4, 7]], 0.0)
    np.testing.assert_allclose(found.coef_[[1, 2, 3, 5, 6]], without.coef_, rtol=1e-12)
    np.testing.assert_allclose(found.predict(wide), without.predict(X), rtol=1e-12)
    assert found.singular_.shape == (8,)
    np.testing.assert_allclose(found.singular_[:5], without.singular_, rtol=1e-12)


def test_several_targets_are_several_fits(table):
    X, y = table
    Y = np.column_stack([y, y**2, -y])
    together = LinearRegression().fit(X, Y)
    assert together.coef_.shape == (3, 4) and together.intercept_.shape == (3,)
    for k in range(3):
        alone = LinearRegression().fit(X, Y[:, k])
        np.testing.assert_allclose(together.coef_[k], alone.coef_, rtol=1e-10)
        assert together.intercept_[k] == pytest.approx(alone.intercept_, rel=1e-10)
    np.testing.assert_allclose(together.predict(X)[:, 0], LinearRegression().fit(X, y).predict(X))


def test_threads_over_blocks_do_not_change_bits():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60_000, 30)), rng.normal(size=60_000)
    found = []
    for n_threads in (1, 2, 3):
        with mock.patch.object(moments, "blas_threads", lambda n_threads=n_threads: n_threads):
            found.append(LinearRegression().fit(X, y))
    assert len({model.coef_.tobytes() + model.intercept_.tobytes() for model in found}) == 1


def test_positive_coefficients_meet_the_optimality_conditions(table):
    X, y = table
    model = LinearRegression(positive=True).fit(X, y)
    slopes = (X - X.mean(axis=0)).T @ (y - model.predict(X))
    assert (model.coef_ >= 0).all() and (model.coef_ == 0).any()
    np.testing.assert_allclose(slopes[model.coef_ > 0], 0.0, atol=1e-8)
    assert (slopes[model.coef_ == 0] <= 1e-8).all()


def test_threads_do_not_change_bits():
    rng = np.random.default_rng(5)
    X, Y = rng.normal(size=(50, 6)), rng.normal(size=(50, 4))
    for rows, positive in ((X, True), (sparse.csr_array(X), False)):
        one = LinearRegression(n_jobs=1, positive=positive).fit(rows, Y)
        two = LinearRegression(n_jobs=2, positive=positive).fit(rows, Y)
        assert one.coef_.tobytes() == two.coef_.tobytes()


def test_input_is_left_alone_unless_allowed(table):
    for solver, n in (("auto", 60), ("lstsq", 60), ("auto", 3)):
        X, y = table[0][:n], table[1][:n]
        before = X.copy()
        kept = LinearRegression(solver=solver).fit(X, y)
        np.testing.assert_array_equal(X, before)
        freed = LinearRegression(solver=solver, copy_X=False).fit(before, y)
        np.testing.assert_array_equal(kept.coef_, freed.coef_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"solver": "qr"}, "solver"),
        ({"tol": -1.0}, "tol"),
        ({"fit_intercept": "yes"}, "fit_intercept"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"positive": True, "solver": "lstsq"}, "solver"),
        ({"positive": True, "solver": "gd"}, "solver"),
        ({"solver": "gd", "learning_rate": 1e3}, "learning_rate"),
    ],
)
def test_bad_parameters_are_named(table, parameters, message):
    with pytest.raises(ValueError, match=message):
        LinearRegression(**parameters).fit(*table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y, s: (X * np.nan, y, s), "X contains NaN"),
        (lambda X, y, s: (np.full(X.shape, np.inf), y, s), "X contains infinity"),
        (lambda X, y, s: (X, y * np.nan, s), "y contains NaN"),
        (lambda X, y, s: (X, y[:-1], s), "inconsistent numbers of samples"),
        (lambda X, y, s: (X, y, s[:-1]), "sample_weight"),
        (lambda X, y, s: (X, y, s - 2), "[Nn]egative values.*sample_weight"),
        (lambda X, y, s: (X, y, s * np.nan), "sample_weight contains NaN"),
        (lambda X, y, s: (X[:0], y[:0], s[:0]), "0 sample"),
        (lambda X, y, s: (X[:, 0], y, s), "Expected 2D array"),
        (lambda X, y, s: (np.full(X.shape, "a"), y, s), "X"),
        (lambda X, y, s: (X, np.full(y.shape, "a"), s), "y: targets must be numbers"),
    ],
)
def test_bad_input_is_named(table, change, message):
    X, y = table
    X, y, weights = change(X, y, np.ones(len(y)))
    with pytest.raises(ValueError, match=message):
        LinearRegression().fit(X, y, weights)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_a_small_table_has_the_fit_and_the_inference_that_products_give(monkeypatch, weighted, fit_intercept):
    monkeypatch.setattr(least_squares, "SMALL_WORK", np.inf)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 5)) * 10.0 ** np.arange(-2, 3) + 3.0
    Y = X @ rng.normal(size=(5, 2)) + rng.normal(size=(80, 2))
    weights = rng.integers(0, 3, 80).astype(float) if weighted else None
    small = least_squares.fit_least_squares(X, Y, weights, fit_intercept=fit_intercept)
    monkeypatch.setattr(least_squares, "SMALL_WORK", 0.0)
    large = least_squares.fit_least_squares(X, Y, weights, fit_intercept=fit_intercept)
    assert small.rank == large.rank == 5
    np.testing.assert_allclose(small.coefficients, large.coefficients, rtol=1e-9)
    np.testing.assert_allclose(small.intercepts, large.intercepts, rtol=1e-9)
    np.testing.assert_allclose(small.singular_values, large.singular_values, rtol=1e-9)
    for one, other in zip(small.spread, large.spread, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize("collinearity", [0.0, 1e-13, 1e-9])
def test_substitution_leaves_directions_in_doubt_to_singular_values(collinearity):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    X[:, 2] = X[:, 0] + X[:, 1] + collinearity * rng.normal(size=60)
    design = np.linalg.qr(X - X.mean(axis=0), mode="r")
    noise = np.zeros(3)
    assert by_singular_values.solve_by_substitution(design, np.ones((3, 1)), noise) is None
    clear = np.linalg.qr(rng.normal(size=(60, 3)), mode="r")
    found = by_singular_values.solve_by_substitution(clear, np.ones((3, 1)), noise)
    np.testing.assert_allclose(clear @ found.solution, 1.0, rtol=1e-12)
    assert by_singular_values.solve_by_substitution(clear, np.ones((3, 1)), np.full(3, 100.0)) is None
