"""Metrics against scikit-learn's, with and without weights, and what counts as a difference."""

import numpy as np
import pytest
from sklearn import metrics as theirs

from mlx.compare.metrics import METRICS, default_metric, difference_of_predictions, metrics_of, with_signs_of

RNG = np.random.default_rng(0)
N = 60
PROBABILITIES = RNG.dirichlet([1.0, 1.0, 1.0], size=N)
CLASSES = np.arange(N) % 3
VALUES, TRUTH = RNG.normal(size=N), RNG.normal(size=N)
WEIGHTS = [None, RNG.uniform(0.1, 2.0, size=N)]


@pytest.mark.parametrize("weights", WEIGHTS, ids=["plain", "weighted"])
def test_classification_metrics(weights):
    score = {metric.name: metric.score(CLASSES, PROBABILITIES, weights) for metric in metrics_of("classification")}
    assert score["log_loss"] == pytest.approx(theirs.log_loss(CLASSES, PROBABILITIES, sample_weight=weights))
    predicted = PROBABILITIES.argmax(axis=1)
    assert score["accuracy"] == pytest.approx(theirs.accuracy_score(CLASSES, predicted, sample_weight=weights))
    if weights is None:
        assert score["roc_auc"] == pytest.approx(theirs.roc_auc_score(CLASSES, PROBABILITIES, multi_class="ovr"))


@pytest.mark.parametrize("weights", WEIGHTS, ids=["plain", "weighted"])
def test_regression_metrics(weights):
    score = {metric.name: metric.score(TRUTH, VALUES, weights) for metric in metrics_of("regression")}
    assert score["r2"] == pytest.approx(theirs.r2_score(TRUTH, VALUES, sample_weight=weights))
    assert score["rmse"] == pytest.approx(theirs.root_mean_squared_error(TRUTH, VALUES, sample_weight=weights))
    assert score["mae"] == pytest.approx(theirs.mean_absolute_error(TRUTH, VALUES, sample_weight=weights))


def test_sure_mistake_has_a_finite_loss():
    loss = METRICS["log_loss"].score(np.array([0]), np.array([[0.0, 1.0]]), None)
    assert loss == pytest.approx(-np.log(1e-15))


@pytest.mark.parametrize(
    ("task", "n_classes", "name"),
    [("classification", 2, "roc_auc"), ("classification", 3, "log_loss"), ("regression", 0, "r2")],
)
def test_main_metric_by_task(task, n_classes, name):
    assert default_metric(task, n_classes).name == name


def test_difference_is_the_largest_in_the_given_unit():
    assert difference_of_predictions(np.array([1.0, 5.0]), np.array([1.5, 3.0]), unit=4.0) == 0.5


@pytest.mark.parametrize("ours", [np.array([1.0]), np.array([1.0, np.nan])])
def test_what_cannot_be_compared_is_no_equality(ours):
    with pytest.raises(ValueError, match="predictions"):
        difference_of_predictions(ours, np.array([1.0, 2.0]), 1.0)


def test_a_component_may_point_either_way():
    theirs = np.array([[1.0, -2.0, 0.0], [3.0, 4.0, 0.0]])
    ours = theirs * [1.0, -1.0, 1.0] + [[0.0, 0.5, 0.0], [0.0, 0.0, 0.0]]
    np.testing.assert_array_equal(with_signs_of(theirs, ours), [[1.0, -2.5, 0.0], [3.0, 4.0, 0.0]])
    # Only whole columns are turned round: two entries of different signs remain a difference.
    assert difference_of_predictions(with_signs_of(theirs, np.abs(theirs)), theirs, 1.0) == 4.0
    assert with_signs_of(theirs, theirs[:, :2]).shape == (2, 2)
