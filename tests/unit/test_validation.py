"""Errors name the argument; a parameter that is not supported is refused, whatever equals its default."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import sklearn.utils.validation
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin

from mlx.validation import check_sample_weight, column_names, refuse_unsupported, validate_data


class Model(BaseEstimator):
    """Stands for an estimator."""


X = np.arange(12.0).reshape(4, 3)
Y = np.arange(4.0)


@pytest.mark.parametrize(
    ("table", "targets", "named"),
    [
        (X[:, 0], Y, "X"),
        (X[None], Y, "X"),
        (np.empty((0, 3)), np.empty(0), "X"),
        (np.empty((4, 0)), Y, "X"),
        (np.full((4, 3), "text"), Y, "X"),
        (np.where(X == 5, np.nan, X), Y, "X"),
        (X * 1j, Y, "X"),
        (sparse.csr_array(X), Y, "X"),
        ("a text", Y, "X"),
        (None, Y, "X"),
        (X, Y[:3], "X and y"),
        (X, np.where(Y == 2, np.inf, Y), "y"),
        (X, X, "y"),
        (X, np.array(["a", "b", "c", "d"], dtype=object), "y"),
        (X, np.array(["a", "b", "c", "d"]), "y"),
        (X, np.array(["1", "2", "3", "4"]), "y"),
    ],
)
def test_error_names_the_argument(table, targets, named):
    with pytest.raises((ValueError, TypeError)) as caught:
        validate_data(Model(), table, targets, y_numeric=True)
    assert re.search(rf"(^|Input |passed for ){named}\b(?! and)", str(caught.value))


def test_text_of_scikit_learn_is_kept():
    """The common checks look for scikit-learn's words."""
    with pytest.raises(ValueError, match=r"^X: Expected 2D array, got 1D array instead"):
        validate_data(Model(), X[:, 0])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        validate_data(Model(), np.full((2, 2), np.nan))


def test_right_input_passes_unchanged():
    model = Model()
    table, targets = validate_data(model, pd.DataFrame(X, columns=list("abc")), Y)
    np.testing.assert_array_equal(table, X)
    np.testing.assert_array_equal(targets, Y)
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    model = Model()
    validate_data(model, X)
    assert validate_data(model, X, reset=False).shape == (4, 3)
    with pytest.raises(ValueError, match="X has 2 features"):
        validate_data(model, X[:, :2], reset=False)


READ_ONLY = X.copy()
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    ("table", "targets", "options", "is_plain"),
    [
        (X, Y, {}, True),
        (X, Y.astype(int), {"y_numeric": True, "multi_output": True}, True),
        (X.astype(np.float32), Y > 1, {"dtype": [np.float64, np.float32], "accept_sparse": ["csr"]}, True),
        (np.asfortranarray(X), Y, {"dtype": np.float64}, True),
        (X[::2], Y[:2], {"force_writeable": True}, True),
        (READ_ONLY, Y, {}, True),
        (READ_ONLY, Y, {"force_writeable": True}, False),
        (X.astype(np.float32), Y, {"dtype": np.float64}, False),
        (X.astype(int), Y, {}, False),
        (X.astype(">f8"), Y, {"dtype": np.float64}, False),
        (X, Y[::-1], {}, False),
        (X, Y[:, None], {"multi_output": True}, False),
        (X, X, {"multi_output": True}, False),
        (X, list(Y), {}, False),
        (X, np.array(list("abcd")), {}, False),
        (X.tolist(), Y, {}, False),
        (np.full((4, 3), 1e308), Y, {}, False),
        (np.where(X == 5, np.nan, X), Y, {"ensure_all_finite": "allow-nan"}, False),
        (np.where(X == 5, np.nan, X), Y, {"ensure_all_finite": False}, True),
        (X, Y, {"order": "C"}, False),
        (X[:, ::-1], Y, {"order": "F"}, False),
        (X, Y, {"copy": True}, False),
        (sparse.csr_array(X), Y, {"accept_sparse": True}, False),
    ],
)
def test_plain_arrays_pass_without_scikit_learn_as_they_would_with_it(monkeypatch, table, targets, options, is_plain):
    asked = []
    theirs = sklearn.utils.validation.validate_data

    def listening(*arguments, **keywords):
        asked.append(keywords)
        return theirs(*arguments, **keywords)

    expected_model, model = Model(), Model()
    expected = theirs(expected_model, table, targets, **options)
    monkeypatch.setattr(sklearn.utils.validation, "validate_data", listening)
    found = validate_data(model, table, targets, **options)
    assert bool(asked) != is_plain
    for array, right, given in zip(found, expected, (table, targets), strict=True):
        assert array.dtype == right.dtype and type(array) is type(right)
        assert (array is given or not is_plain) and np.shares_memory(array, given) == np.shares_memory(right, given)
        if isinstance(array, np.ndarray):
            assert array.flags == right.flags or array.shape[1:] == ()
            np.testing.assert_array_equal(array, right)
    assert vars(model) == vars(expected_model)


def test_what_an_estimator_knows_of_its_columns_is_compared_with_plain_arrays_too():
    model = Model()
    validate_data(model, X)
    for table in (X, X[:1]):
        assert validate_data(model, table, reset=False) is table
    with pytest.raises(ValueError, match="X has 2 features, but Model is expecting 3"):
        validate_data(model, X[:, :2].copy(), reset=False)
    with pytest.raises(ValueError, match=r"minimum of 5 is required"):
        validate_data(model, X, ensure_min_samples=5)
    validate_data(model, X[:, :2].copy())
    assert model.n_features_in_ == 2
    validate_data(model, pd.DataFrame(X, columns=list("abc")))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        validate_data(model, X, reset=False)
    validate_data(model, X)
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize("targets", [None, "no_validation?", np.array([0.0, 1.0, np.nan, 3.0])])
def test_targets_that_are_none_are_refused_beside_a_plain_table(targets):
    class Regressor(RegressorMixin, BaseEstimator):
        """Needs targets."""

    with pytest.raises((ValueError, TypeError), match="y"):
        validate_data(Regressor(), X, targets, y_numeric=True)


@pytest.mark.parametrize(
    "weights",
    [
        np.ones(3),
        np.ones((4, 1)),
        np.zeros(4),
        [1.0, -1.0, 1.0, 1.0],
        [1.0, np.nan, 1.0, 1.0],
        [1.0, np.inf, 1.0, 1.0],
        ["a", "b", "c", "d"],
        [1.0, 1j, 1.0, 1.0],
    ],
    ids=["length", "two-dimensional", "zeros", "negative", "nan", "inf", "text", "complex"],
)
def test_bad_weights_are_named(weights):
    with pytest.raises((ValueError, TypeError), match="sample_weight"):
        check_sample_weight(weights, X)


def test_good_weights():
    assert check_sample_weight(None, X) is None
    weights = check_sample_weight([1, 2, 0, 3], X)
    assert weights.dtype == np.float64
    np.testing.assert_array_equal(weights, [1.0, 2.0, 0.0, 3.0])
    assert check_sample_weight(np.ones(4), X, dtype=np.float32).dtype == np.float32
    np.testing.assert_array_equal(check_sample_weight(2.0, X), np.full(4, 2.0))


def test_column_names():
    assert column_names(pd.DataFrame(X, columns=["a", "b", "c"])) == ["a", "b", "c"]
    assert column_names(pd.DataFrame(X)) is None
    assert column_names(X) is None


@pytest.mark.parametrize(
    ("value", "default"), [(1, None), ("a", "b"), (1, True), (1.0, 1), ([1], None), (2.0, np.nan), (None, "auto")]
)
def test_other_value_is_refused_by_name(value, default):
    with pytest.raises(NotImplementedError, match=r"SimpleNamespace: parameter size=.* is not supported.* Use width\."):
        refuse_unsupported(SimpleNamespace(size=value), {"size": default}, {"size": "Use width."})


@pytest.mark.parametrize("value", [None, "auto", 1, 1.5, True, np.nan])
def test_default_is_accepted(value):
    refuse_unsupported(SimpleNamespace(size=value), {"size": value})


def test_nan_from_anywhere_is_the_default_nan():
    refuse_unsupported(SimpleNamespace(missing=float("nan")), {"missing": np.nan})


def test_table_is_not_compared_with_the_default():
    """`array == default` is an array: its truth would be an error of its own."""
    with pytest.raises(NotImplementedError, match="size"):
        refuse_unsupported(SimpleNamespace(size=np.ones(3)), {"size": None})
