"""Training that goes on gives what one long training gives, whatever the model comes in."""

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from tests.unit.boosting.test_booster import same_trees

RNG = np.random.default_rng(0)
X = RNG.integers(0, 30, size=(400, 5)).astype(np.float32)
Y = X[:, 0] - X[:, 1] * (X[:, 2] > 9) + RNG.normal(size=400)
LABELS = np.array(["low", "middle", "high"])[np.digitize(Y, [-9, 9])]

SAMPLED = {"subsample": 0.6, "colsample_bylevel": 0.7, "colsample_bynode": 0.7, "random_state": 3}


def regressor(n_estimators, **parameters):
    return XGBRegressor(n_estimators=n_estimators, max_depth=3, **parameters)


@pytest.mark.parametrize("parameters", [{}, SAMPLED, {**SAMPLED, "num_parallel_tree": 2}], ids=str)
def test_two_fits_are_one_long_fit(parameters):
    whole = regressor(7, **parameters).fit(X, Y)
    first = regressor(4, **parameters).fit(X, Y)
    second = regressor(3, **parameters).fit(X, Y, xgb_model=first)
    same_trees(second.tree_ensemble_.trees, whole.tree_ensemble_.trees)
    np.testing.assert_array_equal(second.intercept_, whole.intercept_)
    assert first.tree_ensemble_.n_trees * 7 == whole.tree_ensemble_.n_trees * 4


@pytest.mark.parametrize("name", ["model.json", "model.ubj"])
def test_a_file_goes_on_as_the_model_does(name, tmp_path):
    first = XGBClassifier(n_estimators=2, max_depth=3).fit(X, LABELS)
    first.save_model(tmp_path / name)
    expected = XGBClassifier(n_estimators=2, max_depth=3).fit(X, LABELS, xgb_model=first)
    for source in (tmp_path / name, str(tmp_path / name), (tmp_path / name).read_bytes()):
        second = XGBClassifier(n_estimators=2, max_depth=3).fit(X, LABELS, xgb_model=source)
        same_trees(second.tree_ensemble_.trees, expected.tree_ensemble_.trees)
        np.testing.assert_array_equal(second.classes_, first.classes_)


def test_labels_of_the_model_are_kept():
    first = XGBClassifier(n_estimators=2, max_depth=3).fit(X, LABELS)
    some = LABELS != "middle"
    second = XGBClassifier(n_estimators=2, max_depth=3).fit(X[some], LABELS[some], xgb_model=first)
    assert second.classes_.tolist() == ["high", "low", "middle"]
    assert second.tree_ensemble_.n_trees == 12
    with pytest.raises(ValueError, match="'lowest' is not among"):
        second.fit(X, np.where(LABELS == "low", "lowest", LABELS), xgb_model=first)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: regressor(2).fit(X[:, :4], Y), "has 4 columns, not 5"),
        (lambda: regressor(2, num_parallel_tree=2).fit(X, Y), "num_parallel_tree"),
        (lambda: regressor(2, objective="reg:quantileerror", quantile_alpha=[0.2, 0.7]).fit(X, Y), "2 outputs"),
        (lambda: regressor(2, objective="count:poisson").fit(X, Y - Y.min()), "link"),
        (lambda: 7, "xgb_model: must be a fitted estimator"),
        (lambda: b"nonsense", "."),
    ],
)
def test_models_of_another_kind_are_refused(other, message):
    with pytest.raises(ValueError, match=message):
        regressor(2).fit(X, Y, xgb_model=other())
