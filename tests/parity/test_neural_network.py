"""Multilayer perceptrons: with the same seed, the same training run as scikit-learn's, number by number."""

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.preprocessing import scale

import mlx.neural_network
from mlx.compare.cases_neural import CASES
from mlx.compare.parity import differences, largest_difference
from tests.tolerances import NEURAL_FLOAT32, NEURAL_TRAINING

pytestmark = [
    pytest.mark.parity,
    # The runs are short on purpose; both sides say so.
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

SMALL = {"hidden_layer_sizes": (6, 4), "random_state": 11, "max_iter": 15}


def both(class_name, **parameters):
    parameters = {**SMALL, **parameters}
    return [getattr(module, class_name)(**parameters) for module in (mlx.neural_network, sklearn.neural_network)]


def wine():
    X, y = load_wine(return_X_y=True)
    return scale(X), y


def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return scale(X), y / 100


def difference_of_weights(ours, theirs):
    assert [a.dtype for a in ours.coefs_] == [a.dtype for a in theirs.coefs_]
    pairs = zip((*ours.coefs_, *ours.intercepts_), (*theirs.coefs_, *theirs.intercepts_))
    return max(largest_difference(a, b) for a, b in pairs)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case, record_difference):
    for _, difference in differences(case):
        record_difference(case.name, difference, NEURAL_TRAINING)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("class_name", ["MLPClassifier", "MLPRegressor"])
def test_sample_weight(class_name, solver, record_difference):
    X, y = wine() if class_name == "MLPClassifier" else diabetes()
    weight = np.random.default_rng(0).uniform(0, 3, len(y))
    ours, theirs = (model.fit(X, y, sample_weight=weight) for model in both(class_name, solver=solver, batch_size=40))
    record_difference(f"{class_name} {solver}, weights", difference_of_weights(ours, theirs), NEURAL_TRAINING)
    assert largest_difference(ours.loss_, theirs.loss_) <= NEURAL_TRAINING


def test_sample_weight_with_early_stopping(record_difference):
    X, y = wine()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(y))
    ours, theirs = (m.fit(X, y, sample_weight=weight) for m in both("MLPClassifier", early_stopping=True))
    record_difference("MLPClassifier early stopping, weights", difference_of_weights(ours, theirs), NEURAL_TRAINING)
    assert largest_difference(ours.validation_scores_, theirs.validation_scores_) <= NEURAL_TRAINING


@pytest.mark.parametrize(
    ("class_name", "parameters"),
    [
        *((name, {"solver": s}) for name in ("MLPClassifier", "MLPRegressor") for s in ("adam", "sgd", "lbfgs")),
        # Only where every call betters the validation score: else scikit-learn returns weights that are not the best.
        ("MLPRegressor", {"early_stopping": True}),
    ],
)
def test_warm_start(class_name, parameters, record_difference):
    X, y = wine() if class_name == "MLPClassifier" else diabetes()
    models = both(class_name, warm_start=True, max_iter=4, **parameters)
    for model in models:
        for _ in range(3):
            model.fit(X, y)
    ours, theirs = models
    record_difference(f"{class_name} warm start {parameters}", difference_of_weights(ours, theirs), NEURAL_TRAINING)
    assert (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_)
    if parameters.get("solver") != "lbfgs":
        assert largest_difference(ours.loss_curve_, theirs.loss_curve_) <= NEURAL_TRAINING


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit(solver, record_difference):
    X, y = wine()
    batches = np.array_split(np.random.default_rng(0).permutation(len(y)), 5)
    models = both("MLPClassifier", solver=solver, learning_rate="invscaling")
    for model in models:
        for rows in batches:
            model.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
    ours, theirs = models
    record_difference(f"MLPClassifier {solver}, partial_fit", difference_of_weights(ours, theirs), NEURAL_TRAINING)
    assert (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_)
    assert largest_difference(ours.loss_curve_, theirs.loss_curve_) <= NEURAL_TRAINING


def test_partial_fit_after_fit_goes_on_with_the_same_memory(record_difference):
    X, y = diabetes()
    weight = np.arange(len(y)) % 3 + 1.0
    models = both("MLPRegressor", max_iter=3)
    for model in models:
        model.fit(X, y).partial_fit(X[:50], y[:50], sample_weight=weight[:50]).partial_fit(X, y)
    record_difference("MLPRegressor, fit then partial_fit", difference_of_weights(*models), NEURAL_TRAINING)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("class_name", ["MLPClassifier", "MLPRegressor"])
def test_float32_stays_float32(class_name, solver, record_difference):
    X, y = wine() if class_name == "MLPClassifier" else diabetes()
    X = X.astype(np.float32)
    ours, theirs = (model.fit(X, y) for model in both(class_name, solver=solver))
    assert ours.coefs_[0].dtype == np.float32
    assert ours.predict(X).dtype == theirs.predict(X).dtype
    record_difference(f"{class_name} {solver}, float32", difference_of_weights(ours, theirs), NEURAL_FLOAT32)


def test_float32_with_lbfgs_gives_float64_weights_as_good_as_theirs():
    X, y = wine()
    ours, theirs = (m.fit(X.astype(np.float32), y) for m in both("MLPClassifier", solver="lbfgs", max_iter=200))
    assert ours.coefs_[0].dtype == theirs.coefs_[0].dtype == np.float64
    # Both stop where no entry of the gradient exceeds tol=1e-4; the paths differ, since theirs rounds to float32.
    assert ours.loss_ == pytest.approx(theirs.loss_, abs=1e-3)


def test_a_fold_without_one_class_in_partial_fit():
    X, y = load_iris(return_X_y=True)
    ours, theirs = (m.partial_fit(X[:60], y[:60], classes=[0, 1, 2]) for m in both("MLPClassifier"))
    assert largest_difference(ours.predict_proba(X), theirs.predict_proba(X)) <= NEURAL_TRAINING
    assert np.array_equal(ours.predict(X), theirs.predict(X))


def test_random_state_instance_is_advanced_alike():
    X, y = load_iris(return_X_y=True)
    states = [np.random.RandomState(5), np.random.RandomState(5)]
    for model, state in zip(both("MLPClassifier"), states):
        model.set_params(random_state=state).fit(X, y)
    assert states[0].uniform() == states[1].uniform()


def test_verbose_prints_the_same_lines(capsys):
    X, y = wine()
    printed = []
    for model in both("MLPClassifier", verbose=True, early_stopping=True, max_iter=3):
        model.fit(X, y)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
