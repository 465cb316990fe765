"""Compiled gradients beside the losses in NumPy, starts by hand, and targets and parameters that are refused."""

import dataclasses

import numpy as np
import pytest

from mlx import losses
from mlx.boosting import XGBClassifier, XGBRegressor
from mlx.boosting.metrics import METRICS, RANKING_METRICS
from mlx.boosting.objective import newton_start
from mlx.boosting.objectives import OBJECTIVES, objective_of, own_objective
from mlx.boosting.objectives_classes import LEAST_HESSIAN, LEAST_HINGE_HESSIAN
from mlx.boosting.objectives_quantiles import quantile_of, with_quantile_leaves
from mlx.boosting.prediction import mean_of, predicted
from mlx.tree.xgboost_document import OBJECTIVES as LINKS
from mlx.tree.xgboost_document import margin_of

# Those whose targets are one number per row, and whose rows have gradients of their own.
ROWS_APART = sorted(name for name, own in OBJECTIVES.items() if own.rows_apart and name != "survival:aft")

ALPHAS = [0.1, 0.5, 0.8]
GIVEN = {"quantile_alpha": ALPHAS, "huber_slope": 0.7, "tweedie_variance_power": 1.3, "max_delta_step": 0.4}


def gradients(objective, margin, y, weight):
    out = np.empty((*margin.shape, 2), dtype=weight.dtype)
    objective.gradients(np.array([0, len(y)]), margin, y, weight, out)
    return out


def of_losses(name, f, y):
    """Gradient and Hessian of each objective, float64; f has shape (n_outputs, n_samples)."""
    one = np.ones_like(f)
    if name in ("reg:logistic", "binary:logistic", "binary:logitraw"):
        return losses.binary_log_loss_gradient(f, y), losses.binary_log_loss_hessian(f)
    if name.startswith("multi:"):
        codes = y.astype(int)
        h = 2 * losses.multinomial_log_loss_hessian_diagonal(f.T).T
        return losses.multinomial_log_loss_gradient(f.T, codes).T, h
    if name == "reg:quantileerror":
        return np.stack([losses.pinball_loss_gradient(row, y, a) for row, a in zip(f, ALPHAS)]), one
    if name == "binary:hinge":
        gradient = losses.hinge_loss_gradient(f, y)
        return gradient, np.where(gradient == 0, 0.0, 1.0)
    if name == "reg:squaredlogerror":
        hessian = np.maximum(losses.half_squared_log_error_hessian(f, y), 1e-6)
        return losses.half_squared_log_error_gradient(f, y), hessian
    return {
        "reg:squarederror": lambda: (f - y, one),
        "reg:absoluteerror": lambda: (losses.absolute_error_gradient(f, y), one),
        "reg:pseudohubererror": lambda: (
            losses.pseudo_huber_error_gradient(f, y, 0.7),
            losses.pseudo_huber_error_hessian(f, y, 0.7),
        ),
        "count:poisson": lambda: (
            losses.half_poisson_deviance_gradient(f, y),
            losses.half_poisson_deviance_hessian(f + 0.4),
        ),
        "reg:gamma": lambda: (losses.half_gamma_deviance_gradient(f, y), losses.half_gamma_deviance_hessian(f, y)),
        "reg:tweedie": lambda: (
            losses.half_tweedie_deviance_gradient(f, y, 1.3),
            losses.half_tweedie_deviance_hessian(f, y, 1.3),
        ),
    }[name]()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ROWS_APART)
def test_gradients_are_those_of_the_losses(name, dtype):
    rng = np.random.default_rng(0)
    n_outputs = 4 if name.startswith("multi") else 3 if name == "reg:quantileerror" else 1
    margin = (3 * rng.normal(size=(n_outputs, 200))).astype(np.float32)
    y = rng.integers(0, max(2, n_outputs), 200).astype(np.float32)
    if name == "reg:gamma":
        y += np.float32(0.5)
    if name == "reg:squaredlogerror":
        margin = np.abs(margin) - np.float32(0.9)
    weight = rng.uniform(0.5, 3, 200).astype(dtype)
    out = gradients(objective_of(name, GIVEN), margin, y, weight)
    g, h = of_losses(name, margin.astype(float), y)
    np.testing.assert_allclose(out[..., 0], g * weight, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(out[..., 1], h * weight, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["binary:logistic", "multi:softprob"])
def test_extreme_margins_stay_finite(name):
    margin = np.array([[-3e38, -200.0, 200.0, 3e38]] * (2 if name.startswith("multi") else 1), dtype=np.float32)
    out = gradients(OBJECTIVES[name], margin, np.float32([0, 1, 0, 1]), np.ones(4, dtype=np.float32))
    assert np.isfinite(out).all()
    assert (out[..., 1] >= LEAST_HESSIAN).all()


def test_squared_log_error_below_its_domain():
    out = gradients(
        OBJECTIVES["reg:squaredlogerror"], np.float32([[-5.0, 1e6]]), np.float32([1, 1]), np.float32([1, 1])
    )
    assert np.isfinite(out).all()
    assert (out[..., 1] >= np.float32(1e-6)).all()


def test_hinge_beyond_its_margin():
    out = gradients(OBJECTIVES["binary:hinge"], np.float32([[2, -2, 1]]), np.float32([1, 0, 1]), np.float32([1, 1, 1]))
    assert (out[0, :, 0] == 0).all()
    assert (out[0, :, 1] == LEAST_HINGE_HESSIAN).all()


def test_only_the_rows_asked_for_are_written():
    row, one = np.zeros(4, dtype=np.float32), np.ones(4, dtype=np.float32)
    for name in ROWS_APART:
        out = np.full((1, 4, 2), 9.0, dtype=np.float32)
        objective_of(name, {**GIVEN, "quantile_alpha": 0.5}).gradients(np.array([1, 3]), row[None], one, one, out)
        assert (out[0, [0, 3]] == 9.0).all(), name
        assert (out[0, 1:3] != 9.0).all(), name


def test_names_links_and_metrics():
    for name, objective in OBJECTIVES.items():
        assert objective.name == name
        assert objective.link == LINKS[name]
        assert objective.metric in METRICS | RANKING_METRICS
    assert objective_of("reg:tweedie", GIVEN).metric == "tweedie-nloglik@1.3"


def start(name, y, weight, n_outputs=1):
    objective = objective_of(name, GIVEN)
    return objective.start(y, weight, objective.value, n_outputs)


def test_starts():
    y, weight = np.float32([0, 1, 1, 1]), np.float32([3, 1, 1, 1])
    for name in ("reg:squarederror", "binary:logistic", "binary:logitraw", "count:poisson", "reg:tweedie"):
        assert start(name, y, weight) == pytest.approx([0.5])
        assert start(name, y, None) == pytest.approx([0.75])
    softmax = start("multi:softprob", np.float32([0, 1, 1, 2]), np.float32([1, 1, 1, 2]), 3)
    assert softmax == pytest.approx(np.log([0.2, 0.4, 0.4]) - np.log([0.2, 0.4, 0.4]).mean(), abs=1e-5)
    y = np.arange(1, 10, dtype=np.float32)
    assert start("reg:absoluteerror", y, None) == 5
    assert start("reg:quantileerror", y, None, 3).tolist() == [1, 5, 8]


def test_newton_starts():
    """One step -G / H from 0, and then the inverse link."""
    y, weight = np.float32([0, 1, 1, 1]), np.float32([3, 1, 1, 1])
    one = np.ones(4, dtype=np.float32)
    assert newton_start(objective_of("reg:pseudohubererror", {}), y, one, 1) == pytest.approx(
        [3 / 2**0.5 / (1 + 3 / 2**1.5)], rel=1e-6
    )
    assert newton_start(OBJECTIVES["binary:hinge"], y, one, 1) == [1]
    assert newton_start(OBJECTIVES["binary:hinge"], y, weight, 1) == [0]
    assert newton_start(OBJECTIVES["reg:gamma"], np.float32([2, 4]), one[:2], 1) == pytest.approx([np.exp(2 / 3)])


def test_margins_of_starts():
    assert margin_of(np.float32([0.75]), "logit") == pytest.approx(losses.logit(np.array([0.75])), rel=1e-6)
    assert np.isfinite(margin_of(np.float32([0.0, 1.0]), "logit")).all()
    assert margin_of(np.float32([2.0]), "log") == pytest.approx([np.log(2)])


def test_inverse_links():
    margin = np.float32([[0.3, -2.0, 80.0]])
    np.testing.assert_array_equal(mean_of(margin, "identity"), margin)
    np.testing.assert_allclose(mean_of(margin, "logit"), losses.sigmoid(margin.astype(float)), rtol=1e-6)
    np.testing.assert_allclose(mean_of(margin, "log"), np.exp(margin.astype(float)), rtol=1e-6)
    np.testing.assert_allclose(mean_of(margin, "softmax").sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(predicted(margin, "binary:hinge", "identity"), [[1, 0, 1]])
    np.testing.assert_array_equal(predicted(margin, "binary:logitraw", "identity"), margin)


class TestQuantiles:
    """Quantiles of residuals as leaf values."""

    @pytest.mark.parametrize("alpha", [0.0, 0.05, 0.1, 0.37, 0.5, 0.9, 1.0])
    @pytest.mark.parametrize("n", [1, 2, 9, 100])
    def test_without_weights_is_weibulls(self, n, alpha):
        values = np.random.default_rng(n).normal(size=n).astype(np.float32)
        expected = np.quantile(values.astype(float), np.float32(alpha), method="weibull")
        assert quantile_of(values, None, np.float32(alpha)) == pytest.approx(expected, rel=1e-5, abs=1e-6)

    def test_with_weights_is_a_value(self):
        values, weight = np.float32([3, 1, 2]), np.float32([1, 1, 2])
        for alpha, expected in [(0.0, 1), (0.25, 1), (0.3, 2), (0.75, 2), (0.8, 3), (1.0, 3)]:
            assert quantile_of(values, weight, np.float32(alpha)) == expected

    def test_leaves(self):
        """Each leaf's value is the quantile of its own rows; inner nodes, and leaves without rows, stay."""
        rng = np.random.default_rng(0)
        X, y = rng.integers(0, 9, size=(80, 2)).astype(float), rng.normal(size=80).astype(np.float32)
        tree = XGBRegressor(n_estimators=1, max_depth=2).fit(X, y).tree_ensemble_.trees[0]
        leaves = np.flatnonzero(tree.is_leaf)
        rows = [np.arange(k, 80, len(leaves)) for k in range(len(leaves))]
        rows[0] = np.arange(0)
        refitted = with_quantile_leaves(tree, rows, y, None, np.float32(0.5), np.float32(0.1))
        for leaf, of_leaf in list(zip(leaves, rows))[1:]:
            assert refitted.value[leaf] == pytest.approx(0.1 * np.median(y[of_leaf]), rel=1e-6)
        kept = np.append(np.flatnonzero(~tree.is_leaf), leaves[0])
        np.testing.assert_array_equal(refitted.value[kept], tree.value[kept])
        same = dataclasses.replace(refitted, value=tree.value)
        np.testing.assert_array_equal(same.gain, tree.gain)


def data(n=60):
    rng = np.random.default_rng(0)
    return rng.integers(0, 9, size=(n, 2)).astype(float), rng.integers(0, 2, n).astype(float)


@pytest.mark.parametrize(
    ("objective", "wrong"),
    [
        ("reg:squaredlogerror", -1.0),
        ("reg:logistic", 1.5),
        ("binary:logistic", -0.1),
        ("binary:logitraw", 2.0),
        ("binary:hinge", 0.5),
        ("reg:gamma", 0.0),
        ("reg:tweedie", -1.0),
        ("count:poisson", -0.5),
    ],
)
def test_targets_outside_of_the_domain(objective, wrong):
    X, y = data()
    if objective == "reg:gamma":
        y += 1
    y[7] = wrong
    with pytest.raises(ValueError, match=rf"y: {objective} needs targets .* but y\[7\] is {wrong:.6g} \(1 such"):
        XGBRegressor(objective=objective).fit(X, y)


@pytest.mark.parametrize("objective", ["count:poisson", "reg:tweedie"])
def test_a_mean_of_zero_has_no_logarithm(objective):
    X, y = data()
    with pytest.raises(ValueError, match=f"y: {objective} .* mean of the targets is 0"):
        XGBRegressor(objective=objective).fit(X, 0 * y)


@pytest.mark.parametrize(
    ("parameters", "named", "error"),
    [
        ({"objective": "reg:quantileerror"}, "quantile_alpha", ValueError),
        ({"objective": "reg:quantileerror", "quantile_alpha": [0.5, 1.2]}, "quantile_alpha", ValueError),
        ({"objective": "reg:quantileerror", "quantile_alpha": []}, "quantile_alpha", ValueError),
        ({"objective": "reg:quantileerror", "quantile_alpha": ["a"]}, "quantile_alpha", ValueError),
        ({"objective": "reg:quantileerror", "quantile_alpha": [[0.5]]}, "quantile_alpha", ValueError),
        ({"objective": "reg:tweedie", "tweedie_variance_power": 2.5}, "tweedie_variance_power", ValueError),
        ({"objective": "reg:pseudohubererror", "huber_slope": 0.0}, "huber_slope", ValueError),
        ({"huber_slope": 2.0}, "huber_slope", NotImplementedError),
        ({"objective": "reg:gamma", "tweedie_variance_power": 1.2}, "tweedie_variance_power", NotImplementedError),
        ({"objective": "count:poisson", "scale_pos_weight": 2.0}, "scale_pos_weight", NotImplementedError),
        ({"objective": "count:poisson", "base_score": 0.0}, "base_score", ValueError),
        ({"objective": "reg:logistic", "base_score": 1.0}, "base_score", ValueError),
        ({"objective": "rank:ndcg"}, "objective='rank:ndcg'", NotImplementedError),
        ({"objective": "multi:softprob"}, "objective='multi:softprob'", NotImplementedError),
    ],
    ids=str,
)
def test_parameters_that_an_objective_cannot_have(parameters, named, error):
    X, y = data()
    with pytest.raises(error, match=named):
        XGBRegressor(**parameters).fit(X, y + 1 if parameters.get("objective") == "reg:gamma" else y)


@pytest.mark.parametrize("objective", ["binary:hinge", "binary:logitraw"])
def test_binary_objectives_want_two_classes(objective):
    X, _ = data()
    with pytest.raises(ValueError, match=f"objective='{objective}'"):
        XGBClassifier(objective=objective).fit(X, np.arange(60) % 3)


def test_raw_logits_in_the_classifier_are_logits():
    X, y = data()
    model = XGBClassifier(objective="binary:logitraw", n_estimators=5).fit(X, y)
    margin = model.predict(X, output_margin=True)
    np.testing.assert_array_equal(model.predict(X), margin > 0)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], losses.sigmoid(margin.astype(float)), rtol=1e-6)


class TestOwnObjective:
    """A user's function."""

    @staticmethod
    def squared(y_true, y_pred, sample_weight=None):
        weight = np.ones_like(y_true) if sample_weight is None else sample_weight
        return (y_pred - y_true) * weight, weight

    @pytest.mark.parametrize("weighted", [False, True])
    def test_squared_error_again(self, weighted):
        X, y = data()
        weight = np.linspace(1, 2, 60) if weighted else None
        own = XGBRegressor(objective=self.squared, n_estimators=5).fit(X, y, sample_weight=weight)
        named = XGBRegressor(n_estimators=5, base_score=0.5).fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(own.predict(X), named.predict(X), rtol=1e-5, atol=1e-6)
        assert own.intercept_ == 0.5

    def test_weights_need_a_parameter(self):
        X, y = data()
        with pytest.raises(ValueError, match="sample_weight"):
            XGBRegressor(objective=lambda y, f: (f - y, y * 0 + 1)).fit(X, y, sample_weight=y + 1)

    @pytest.mark.parametrize(
        "returned",
        [1.0, ([1.0], [1.0]), (np.zeros(60),), (np.zeros(60), np.full(60, np.nan)), (np.zeros(59), np.zeros(59)), "ab"],
        ids=["number", "short", "one", "nan", "59", "text"],
    )
    def test_what_is_no_gradient(self, returned):
        X, y = data()
        with pytest.raises(ValueError, match="objective: the function"):
            XGBRegressor(objective=lambda y, f: returned).fit(X, y)

    def test_it_cannot_change_the_data(self):
        def spoiling(y_true, y_pred):
            y_pred[:] = y_true
            y_true[:] = 0
            return y_pred - 1, np.ones_like(y_pred)

        objective = own_objective(spoiling, None)
        y, margin = np.float32([1, 2]), np.float32([[3, 4]])
        out = gradients(objective, margin, y, np.float32([1, 1]))
        assert out[0, :, 0].tolist() == [0, 1]
        assert y.tolist() == [1, 2]
        assert margin.tolist() == [[3, 4]]
