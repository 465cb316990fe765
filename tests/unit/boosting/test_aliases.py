"""Parameters by the names of the library's engine, which code for it often has."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from mlx.boosting import XGBClassifier, XGBRanker, XGBRegressor, XGBRFClassifier, XGBRFRegressor

ENGINE = {"eta": 0.2, "lambda": 3.0, "alpha": 0.5, "min_split_loss": 1.0, "seed": 7, "nthread": 1}
OWN = {"learning_rate": 0.2, "reg_lambda": 3.0, "reg_alpha": 0.5, "gamma": 1.0, "random_state": 7, "n_jobs": 1}
CLASSES = [XGBClassifier, XGBRegressor, XGBRanker, XGBRFClassifier, XGBRFRegressor]

rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3))
y = X[:, 0] + X[:, 1] ** 2


@pytest.mark.parametrize("cls", CLASSES)
def test_names_of_the_engine_are_taken(cls):
    by_engine, by_own = cls(**ENGINE), cls(**OWN)
    assert repr(by_engine) == repr(by_own) == repr(clone(by_engine)) == repr(cls().set_params(**ENGINE))
    assert not set(ENGINE) & set(inspect.signature(cls).parameters)
    assert not set(ENGINE) & set(by_engine.get_params())


def test_they_do_what_they_say():
    by_engine = XGBRegressor(n_estimators=3, subsample=0.7, **ENGINE).fit(X, y).predict(X)
    np.testing.assert_array_equal(by_engine, XGBRegressor(n_estimators=3, subsample=0.7, **OWN).fit(X, y).predict(X))
    assert not np.array_equal(by_engine, XGBRegressor(n_estimators=3, subsample=0.7).fit(X, y).predict(X))
    searched = GridSearchCV(XGBRegressor(n_estimators=2), {"eta": [0.1, 0.9]}, cv=2).fit(X, y)
    assert searched.best_estimator_.learning_rate == searched.best_params_["eta"]


@pytest.mark.parametrize("cls", CLASSES)
def test_a_parameter_that_is_not_known_is_named(cls):
    with pytest.raises(TypeError, match=rf"{cls.__name__}: unknown parameter 'use_no_such_thing'"):
        cls(use_no_such_thing=False)
    with pytest.raises(ValueError, match="'use_no_such_thing'"):
        cls().set_params(use_no_such_thing=False)


@pytest.mark.parametrize("names", [("eta", "learning_rate"), ("learning_rate", "eta")])
def test_two_names_of_one_parameter_are_refused(names):
    two = dict(zip(names, (0.1, 0.2)))
    with pytest.raises(TypeError, match="eta: is another name of the parameter learning_rate"):
        XGBRegressor(**two)
    with pytest.raises(TypeError, match="eta: is another name"):
        XGBRegressor().set_params(**two)


def test_what_the_library_once_had_is_not_used_and_said_so():
    with pytest.warns(UserWarning, match='Parameters: { "use_label_encoder" } are not used'):
        model = XGBClassifier(use_label_encoder=False, n_estimators=2)
    assert repr(model) == repr(XGBClassifier(n_estimators=2))
    with pytest.warns(UserWarning, match="use_label_encoder"):
        model.set_params(use_label_encoder=True)
