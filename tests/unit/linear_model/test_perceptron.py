"""The perceptron: its rule by hand and by the slow twin, Novikoff's bound, stopping, weights, calls in parts."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning

from mlx.linear_model import Perceptron
from mlx.linear_model.perceptron_epoch import shuffle_rows
from tests.reference.perceptron import perceptron_epochs, shuffled

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def two_classes(n=60, p=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, np.where(X[:, 0] + rng.normal(size=n) > 0, 1, -1), rng.uniform(0.0, 2.0, n)


def seed_of_the_order(random_state=0):
    draws = np.random.RandomState(random_state)
    draws.randint(1, 2**31 - 1)
    return draws.randint(2**31 - 1)


def test_the_order_is_that_of_the_twin():
    for n, seed in ((1, 3), (2, 5), (50, 2**31 - 5), (50, 0)):
        order = np.arange(n)
        shuffle_rows(order, np.uint32(seed))
        assert order.tolist() == shuffled(range(n), seed)


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(
    ("penalty", "l2", "l1"), [(None, 0.0, 0.0), ("l2", 0.05, 0.0), ("l1", 0.0, 0.05), ("elasticnet", 0.0375, 0.0125)]
)
def test_epochs_are_those_of_the_twin(penalty, l2, l1, shuffle, as_sparse):
    X, y, weights = two_classes()
    model = Perceptron(
        penalty=penalty, alpha=0.05, l1_ratio=0.25, eta0=0.3, max_iter=4, tol=None, shuffle=shuffle, fit_intercept=False
    )
    model.fit(sparse.csr_array(X) if as_sparse else X, y, sample_weight=weights)
    seed = seed_of_the_order() if shuffle else None
    w, b = perceptron_epochs(X, y, 4, seed=seed, eta=0.3, weights=weights, l2=l2, l1=l1, fit_intercept=False)
    np.testing.assert_allclose(model.coef_[0], w, rtol=1e-11)
    assert model.intercept_[0] == b == 0.0


def test_the_intercept_moves_a_hundredth_as_far_on_sparse_rows():
    X, y = [[1.0, 0.0], [0.0, 1.0]], [1, 0]
    dense = Perceptron(max_iter=1, tol=None, shuffle=False).fit(X, y)
    thin = Perceptron(max_iter=1, tol=None, shuffle=False).fit(sparse.csr_array(X), y)
    # Row 0: f = 0, not above 0, so w = (1, 0) and b = 1; row 1: f = b > 0 for the lower class, so w = (1, -1).
    np.testing.assert_array_equal(dense.coef_, [[1.0, -1.0]])
    np.testing.assert_array_equal(thin.coef_, [[1.0, -1.0]])
    assert dense.intercept_[0] == 0.0 and thin.intercept_[0] == pytest.approx(0.0, abs=1e-17)
    one_row = Perceptron(max_iter=1, tol=None, shuffle=False).fit(sparse.csr_array([[1.0], [-1.0]]), [1, 0])
    assert one_row.intercept_[0] == 0.01


def test_separable_rows_are_separated_within_novikoffs_bound():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(80, 3))
    X = X[np.abs(X[:, 0]) > 0.3]
    y = np.where(X[:, 0] > 0, 1, -1)
    model = Perceptron(fit_intercept=False, tol=0.0, shuffle=False, n_iter_no_change=1).fit(X, y)
    assert model.score(X, y) == 1.0
    # (R / margin)² steps at most, each a mistake: w is a sum of as many signed rows, so wᵀu ≥ steps * margin.
    radius, margin = np.linalg.norm(X, axis=1).max(), np.abs(X[:, 0]).min()
    assert np.linalg.norm(model.coef_) <= radius * (radius / margin)
    assert model.coef_[0, 0] / margin <= (radius / margin) ** 2


def test_a_loss_of_nothing_ends_after_epochs_without_change():
    X, y = [[-1.0], [1.0]], [0, 1]
    for patience in (1, 3):
        model = Perceptron(n_iter_no_change=patience, shuffle=False).fit(X, y)
        # The first epoch turns the plane and finds loss 0: no later one can find less.
        assert model.n_iter_ == 1 + patience and model.t_ == 1 + 2 * model.n_iter_


def test_all_epochs_are_taken_without_a_tolerance_and_a_warning_says_when_they_do_not_suffice():
    X, y, _ = two_classes()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        assert Perceptron(tol=None, max_iter=7).fit(X, y).n_iter_ == 7
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        Perceptron(max_iter=2).fit(X, y)


def test_rows_set_aside_teach_nothing():
    X, y, _ = two_classes(200)
    model = Perceptron(early_stopping=True, max_iter=3, tol=None, fit_intercept=False, shuffle=False).fit(X, y)
    held_out = Perceptron(early_stopping=True)._held_out(y.astype(float), np.ones(200))
    assert held_out.sum() == 20
    w, _ = perceptron_epochs(X[~held_out], y[~held_out], 3, fit_intercept=False)
    np.testing.assert_allclose(model.coef_[0], w, rtol=1e-12)


def test_weights_are_factors_of_steps_and_zero_is_no_row():
    X, y, weights = two_classes()
    weights[::3] = 0.0
    weighted = Perceptron(shuffle=False, max_iter=3, tol=None).fit(X, y, sample_weight=weights)
    left = weights > 0
    fewer = Perceptron(shuffle=False, max_iter=3, tol=None).fit(X[left], y[left], sample_weight=weights[left])
    np.testing.assert_array_equal(weighted.coef_, fewer.coef_)
    by_class = Perceptron(class_weight={1: 3.0}).fit(X, y)
    by_row = Perceptron().fit(X, y, sample_weight=np.where(y == 1, 3.0, 1.0))
    np.testing.assert_array_equal(by_class.coef_, by_row.coef_)


def test_each_class_is_a_plane_of_its_own_and_threads_change_nothing():
    X, y = load_iris(return_X_y=True)
    one = Perceptron(tol=None, max_iter=5, shuffle=False, class_weight="balanced").fit(X, y)
    two = Perceptron(tol=None, max_iter=5, shuffle=False, class_weight="balanced", n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(one.coef_, two.coef_)
    for k in range(3):
        alone = Perceptron(tol=None, max_iter=5, shuffle=False).fit(X, y == k)
        np.testing.assert_array_equal(one.coef_[k], alone.coef_[0])
    assert one.decision_function(X).shape == (150, 3)
    assert (one.predict(X) == one.decision_function(X).argmax(axis=1)).all()


def test_fitting_in_parts_and_from_given_coefficients():
    X, y, _ = two_classes()
    whole = Perceptron(tol=None, max_iter=3, shuffle=False).fit(X, y)
    parts = Perceptron(shuffle=False)
    for _ in range(3):
        parts.partial_fit(X, y, classes=[-1, 1])
    np.testing.assert_array_equal(whole.coef_, parts.coef_)
    assert parts.t_ == whole.t_ == 181.0 and parts.n_iter_ == 1
    two = Perceptron(tol=None, max_iter=2, shuffle=False).fit(X, y)
    given = two.coef_.copy()
    third = Perceptron(tol=None, max_iter=1, shuffle=False).fit(X, y, coef_init=given, intercept_init=two.intercept_)
    np.testing.assert_array_equal(third.coef_, whole.coef_)
    np.testing.assert_array_equal(given, two.coef_)  # what was given stays as it was
    warm = two.set_params(warm_start=True, max_iter=1).sparsify().fit(X, y)
    np.testing.assert_array_equal(warm.coef_, whole.coef_)


def test_what_cannot_be_is_said():
    X, y, _ = two_classes()
    with pytest.raises(ValueError, match="early_stopping"):
        Perceptron(early_stopping=True).partial_fit(X, y, classes=[-1, 1])
    with pytest.raises(ValueError, match="class_weight"):
        Perceptron(class_weight="balanced").partial_fit(X, y, classes=[-1, 1])
    with pytest.raises(ValueError, match="classes"):
        Perceptron().partial_fit(X, y)
    with pytest.raises(ValueError, match="coef_init"):
        Perceptron().fit(X, y, coef_init=np.zeros((1, 9)))
    with pytest.raises(ValueError, match="intercept_init"):
        Perceptron().fit(X, y, intercept_init=np.zeros(3))
    with pytest.raises(ValueError, match="sample_weight"):
        Perceptron(early_stopping=True).fit(X, y, sample_weight=np.zeros(60))
    with pytest.raises(ValueError, match=r"X: Floating-point under-/overflow occurred at epoch #\d"):
        Perceptron(tol=None, eta0=1e300).fit(X * 1e10, y)


def test_verbose_tells_of_each_epoch(capsys):
    X, y = load_breast_cancer(return_X_y=True)
    Perceptron(verbose=1, max_iter=2, tol=None).fit(X, y)
    Perceptron(verbose=1, max_iter=2, tol=None, early_stopping=True).fit(X, y)
    printed = capsys.readouterr().out
    assert printed.count("epoch 2") == 2 and printed.count("score") == 2
