"""Filling by column and by proximity: what is filled, when it has settled, and what new rows get."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.pipeline import make_pipeline

from mlx.ensemble import ExtraTreesRegressor, ForestImputer, RandomForestClassifier, RandomForestRegressor
from tests.reference import forest as slow

WHOLE, LABELS = load_iris(return_X_y=True)
GAPS = np.random.default_rng(0).random(WHOLE.shape) < 0.2
X = np.where(GAPS, np.nan, WHOLE)
SMALL = RandomForestClassifier(30, random_state=0)


def error(filled):
    """Root mean square of the error of the fills, in standard deviations."""
    return np.sqrt(np.mean(((filled - WHOLE) / WHOLE.std(axis=0))[GAPS] ** 2))


@pytest.fixture(scope="module")
def settled():
    imputer = ForestImputer(random_state=0)
    return imputer, imputer.fit_transform(X, LABELS)


def test_median_and_mode_by_hand():
    table = [[1.0, 2.0, np.nan], [3.0, 2.0, 7.0], [np.nan, np.nan, 9.0], [10.0, 1.0, 8.0]]
    filled = ForestImputer("median", categorical_features=[1]).fit_transform(table)
    np.testing.assert_array_equal(filled, [[1, 2, 8], [3, 2, 7], [3, 2, 9], [10, 1, 8]])
    np.testing.assert_array_equal(ForestImputer("median").fit(table).statistics_, [3, 2, 8])
    equal = ForestImputer("median", categorical_features=[0]).fit([[5.0], [4.0], [np.nan], [4.0], [5.0]])
    assert equal.statistics_ == [4]


def test_first_round_is_the_slow_twins():
    """One round from the medians: grow, see who shares leaves, average."""
    imputer = ForestImputer(estimator=SMALL, max_iter=1, tol=1e9, random_state=3, categorical_features=[3])
    table = X.copy()
    table[:, 3] = np.round(table[:, 3])
    filled = imputer.fit_transform(table, LABELS)
    begin = ForestImputer("median", categorical_features=[3]).fit_transform(table)
    forest = RandomForestClassifier(30, random_state=np.random.RandomState(3).randint(2**31 - 1)).fit(begin, LABELS)
    near = forest.proximity(begin)
    for f in range(4):
        rows = GAPS[:, f]
        fill = slow.proximity_mode if f == 3 else slow.proximity_average
        # Votes as whole numbers: equal ones may differ in the last bit as shares.
        expected = fill(table[:, f], np.round(near[rows] * 30) if f == 3 else near[rows])
        np.testing.assert_allclose(filled[rows, f], expected, rtol=1e-12)
        np.testing.assert_array_equal(filled[~rows, f], table[~rows, f])


def test_proximity_fills_better_than_the_median_where_columns_tell_of_each_other(settled):
    _, filled = settled
    assert error(filled) < 0.6 * error(ForestImputer("median").fit_transform(X))
    np.testing.assert_array_equal(filled[~GAPS], WHOLE[~GAPS])


def test_it_settles_within_a_few_rounds_and_not_before(settled):
    imputer, _ = settled
    assert 3 <= imputer.n_iter_ <= 8
    assert len(imputer.changes_) == imputer.n_iter_
    assert imputer.changes_[-1] <= imputer.tol
    assert np.all(imputer.changes_[:-1] > imputer.tol)
    with pytest.warns(ConvergenceWarning, match="not settled after max_iter=2 rounds"):
        assert ForestImputer(random_state=0, max_iter=2).fit(X, LABELS).n_iter_ == 2


def test_same_bits_again_and_for_two_threads(settled):
    _, filled = settled
    np.testing.assert_array_equal(ForestImputer(random_state=0, n_jobs=2).fit_transform(X, LABELS), filled)
    assert not np.array_equal(ForestImputer(random_state=1).fit_transform(X, LABELS), filled)


def test_new_rows_are_filled_one_by_one(settled):
    imputer, _ = settled
    filled = imputer.transform(X[:40])
    np.testing.assert_array_equal(filled, np.concatenate([imputer.transform(X[i : i + 1]) for i in range(40)]))
    assert not np.isnan(filled).any()
    np.testing.assert_array_equal(filled[~GAPS[:40]], WHOLE[:40][~GAPS[:40]])
    np.testing.assert_array_equal(imputer.transform(WHOLE), WHOLE)
    medians = ForestImputer("median").fit(X)
    np.testing.assert_array_equal(medians.transform(X[:40]), medians.fit_transform(X)[:40])
    rows = np.flatnonzero(GAPS[:, 2] & ~GAPS[:, 3])
    by_median, by_proximity = (np.abs(m.transform(X)[rows, 2] - WHOLE[rows, 2]).mean() for m in (medians, imputer))
    assert by_proximity < 0.5 * by_median


def test_nothing_missing_is_nothing_changed():
    imputer = ForestImputer(random_state=0)
    np.testing.assert_array_equal(imputer.fit_transform(WHOLE, LABELS), WHOLE)
    assert imputer.n_iter_ == 1
    # A forest is there all the same: new rows may have gaps.
    assert not np.isnan(imputer.transform(X)).any()


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (LABELS, RandomForestClassifier),
        (np.array(list("abc"))[LABELS], RandomForestClassifier),
        (WHOLE[:, 0] + 0.01, RandomForestRegressor),
    ],
)
def test_forest_goes_by_the_targets(y, kind):
    imputer = ForestImputer(random_state=0, tol=1e9).fit(X, y)
    assert type(imputer.estimator_) is kind


def test_forest_of_the_user_is_copied():
    own = ExtraTreesRegressor(7, max_depth=3)
    imputer = ForestImputer(estimator=own, random_state=0).fit(X, LABELS)
    assert type(imputer.estimator_) is ExtraTreesRegressor
    assert len(imputer.estimator_.estimators_) == 7
    assert not hasattr(own, "estimators_")


@pytest.mark.parametrize(
    "columns", [[1, 3], [False, True, False, True], np.array(["b", "d"]), ["d", "b"], []], ids=lambda c: str(c)
)
def test_columns_of_categories_by_number_mask_and_name(columns):
    frame = pd.DataFrame(np.round(X), columns=list("abcd"))
    imputer = ForestImputer(categorical_features=columns, estimator=SMALL, tol=1e9, random_state=0)
    filled = imputer.fit_transform(frame, LABELS)
    whole = [f for f in range(4) if np.array_equal(filled[:, f], np.round(filled[:, f]))]
    assert whole == ([1, 3] if len(columns) else [])


def test_float32_stays_and_names_come_out(settled):
    imputer = ForestImputer("median").set_output(transform="pandas")
    frame = imputer.fit_transform(pd.DataFrame(X.astype(np.float32), columns=list("abcd")))
    assert list(frame.columns) == list("abcd")
    assert set(frame.dtypes) == {np.dtype(np.float32)}


def test_in_a_pipeline():
    model = make_pipeline(ForestImputer(random_state=0), RandomForestClassifier(random_state=0)).fit(X, LABELS)
    assert model.score(X, LABELS) > 0.95


@pytest.mark.parametrize(
    ("parameters", "data", "message"),
    [
        ({}, (X, None), "strategy='proximity' requires y to be passed, but the target y is None"),
        ({}, (np.where(np.arange(4) == 2, np.nan, X), LABELS), "X: column 2 has no value at all"),
        ({"strategy": "mean"}, (X, LABELS), "The 'strategy' parameter of ForestImputer"),
        ({"max_iter": 0}, (X, LABELS), "The 'max_iter' parameter of ForestImputer"),
        ({"tol": -1.0}, (X, LABELS), "The 'tol' parameter of ForestImputer"),
        ({"estimator": "forest"}, (X, LABELS), "The 'estimator' parameter of ForestImputer"),
        ({"categorical_features": [4]}, (X, LABELS), "categorical_features=.* must be numbers of columns from 0 to 3"),
        ({"categorical_features": [0.5]}, (X, LABELS), "categorical_features=.* must be numbers of columns"),
        ({"categorical_features": [True]}, (X, LABELS), "categorical_features=.* or 4 booleans"),
        ({"categorical_features": ["a"]}, (X, LABELS), "categorical_features: X has no column named 'a'"),
        ({}, (np.where(GAPS, np.inf, X), LABELS), "Input X contains infinity"),
        ({}, (X, LABELS[:9]), "inconsistent numbers of samples"),
    ],
)
def test_what_makes_no_sense_is_named(parameters, data, message):
    with pytest.raises(ValueError, match=message):
        ForestImputer(**parameters).fit(*data)


def test_unfitted_imputer_says_so():
    with pytest.raises(NotFittedError):
        ForestImputer().transform(X)
