"""Outputs are called after the classes of the model that is explained, if it says which."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlx.explain import KernelExplainer, LimeTabularExplainer

X = np.random.default_rng(0).normal(size=(60, 3))
LABELS = np.array(["lily", "rose", "tulip"])[np.digitize(X[:, 0], [-0.5, 0.5])]


@pytest.fixture(scope="module")
def model():
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, LABELS)


def test_shapley_values_name_the_classes(model):
    assert KernelExplainer(model.predict_proba, X[:5]).output_names == ("lily", "rose", "tulip")
    assert KernelExplainer(model.decision_function, X[:5]).output_names == ("lily", "rose", "tulip")
    assert KernelExplainer(model.predict_proba, X[:5], output_names=list("abc")).output_names == ("a", "b", "c")


def test_other_functions_have_numbers(model):
    assert KernelExplainer(lambda rows: model.predict_proba(rows), X[:5]).output_names == ("0", "1", "2")
    assert KernelExplainer(lambda rows: rows[:, 0], X[:5]).output_names is None
    both = LinearRegression().fit(X, np.stack([X[:, 0], X[:, 1]], axis=1))
    assert KernelExplainer(both.predict, X[:5]).output_names == ("0", "1")


def test_lime_names_the_classes(model):
    explainer = LimeTabularExplainer(X)
    assert explainer.explain_instance(X[0], model.predict_proba).class_names == ["lily", "rose", "tulip"]
    named = LimeTabularExplainer(X, class_names=["a", "b", "c"])
    assert named.explain_instance(X[0], model.predict_proba).class_names == ["a", "b", "c"]
    other = explainer.explain_instance(X[0], lambda rows: model.predict_proba(rows))
    assert other.class_names == ["0", "1", "2"]


@pytest.mark.parametrize("discretize", [False, True])
@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("sampling", ["sobol", "random"])
def test_a_model_that_writes_to_its_rows_changes_nothing(sampling, around, discretize, model):
    def careless(rows):
        answer = model.predict_proba(rows)
        rows[:] = 0.0
        return answer

    settings = {"sampling": sampling, "discretize_continuous": discretize, "random_state": 0}
    settings["sample_around_instance"] = around
    first, second = (
        LimeTabularExplainer(X, **settings).explain_instance(X[0], function, labels=(1,))
        for function in (model.predict_proba, careless)
    )
    assert first.local_exp == second.local_exp
    np.testing.assert_array_equal(first.row, X[0])
    np.testing.assert_array_equal(second.row, X[0])
