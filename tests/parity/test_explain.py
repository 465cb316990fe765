"""Explanations against shap and lime, where they must be the same numbers.

With shap: where all coalitions are asked, so that both solve the same system. With lime: everywhere, because
``sampling="random"`` takes lime's own draws.
"""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier

from mlx.explain import KernelExplainer, LimeTabularExplainer
from tests.tolerances import EXPLAIN_KERNEL_SHAP, EXPLAIN_LIME

pytestmark = [
    pytest.mark.parity,
    # lime uses names that its dependencies deprecate.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:lime"),
    pytest.mark.filterwarnings("ignore::FutureWarning:lime"),
]

shap = pytest.importorskip("shap")
lime_tabular = pytest.importorskip("lime.lime_tabular")


@pytest.fixture(scope="module")
def iris_forest():
    X, y = load_iris(return_X_y=True)
    return X, RandomForestClassifier(20, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def diabetes_boosting():
    X, y = load_diabetes(return_X_y=True, scaled=False)
    return X, GradientBoostingRegressor(random_state=0, n_estimators=50).fit(X, y)


def peers_values(model, background, rows, **settings):
    return shap.KernelExplainer(model, background, **settings.pop("of", {})).shap_values(rows, silent=True, **settings)


class TestKernelShapAtFullEnumeration:
    def test_three_classes(self, iris_forest, record_difference):
        X, forest = iris_forest
        ours = KernelExplainer(forest.predict_proba, X[::10]).shap_values(X[5:9], silent=True)
        theirs = peers_values(forest.predict_proba, X[::10], X[5:9], l1_reg=False)
        record_difference("Kernel SHAP iris forest", np.abs(ours - theirs).max(), EXPLAIN_KERNEL_SHAP)

    def test_regression(self, diabetes_boosting, record_difference):
        X, model = diabetes_boosting
        ours = KernelExplainer(model.predict, X[:10])
        theirs = peers_values(model.predict, X[:10], X[20:23], l1_reg=False)
        scale = np.abs(theirs).max()
        difference = np.abs(ours.shap_values(X[20:23], silent=True) - theirs).max() / scale
        record_difference("Kernel SHAP diabetes boosting", difference, EXPLAIN_KERNEL_SHAP)
        assert ours.expected_value == pytest.approx(shap.KernelExplainer(model.predict, X[:10]).expected_value)

    def test_logit_link(self, iris_forest, record_difference):
        X, forest = iris_forest

        def probability(rows):
            return 0.05 + 0.9 * forest.predict_proba(rows)[:, 1]

        ours = KernelExplainer(probability, X[::15], link="logit").shap_values(X[60:63], silent=True)
        theirs = peers_values(probability, X[::15], X[60:63], of={"link": "logit"}, l1_reg=False)
        record_difference("Kernel SHAP logit link", np.abs(ours - theirs).max(), EXPLAIN_KERNEL_SHAP)

    @pytest.mark.parametrize("l1_reg", ["num_features(3)", "num_features(10)", "aic", "bic", 0.001])
    def test_selection(self, l1_reg, diabetes_boosting, record_difference):
        X, model = diabetes_boosting
        ours = KernelExplainer(model.predict, X[:5]).shap_values(X[20:23], l1_reg=l1_reg, silent=True)
        theirs = peers_values(model.predict, X[:5], X[20:23], l1_reg=l1_reg)
        np.testing.assert_array_equal(ours != 0, theirs != 0)
        difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
        record_difference(f"Kernel SHAP l1_reg={l1_reg}", difference, EXPLAIN_KERNEL_SHAP)

    def test_weighted_background_of_shap_kmeans(self, diabetes_boosting, record_difference):
        X, model = diabetes_boosting
        background = shap.kmeans(X, 4)
        ours = KernelExplainer(model.predict, background).shap_values(X[:2], silent=True)
        theirs = peers_values(model.predict, background, X[:2], l1_reg=False)
        difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
        record_difference("Kernel SHAP weighted background", difference, EXPLAIN_KERNEL_SHAP)

    def test_shapes_are_shaps(self, iris_forest):
        X, forest = iris_forest
        for rows in (X[:2], X[0]):
            ours = KernelExplainer(forest.predict_proba, X[:3]).shap_values(rows, silent=True)
            assert ours.shape == peers_values(forest.predict_proba, X[:3], rows).shape


def test_explanation_draws_in_shap(iris_forest):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    X, forest = iris_forest
    explanation = KernelExplainer(forest.predict_proba, X[:5], feature_names=list("abcd"))(X[:6], silent=True)
    converted = explanation.to_shap()
    assert type(converted) is shap.Explanation
    np.testing.assert_array_equal(converted[:, "b", 1].values, explanation[:, "b", "1"].values)
    np.testing.assert_array_equal(converted.base_values, explanation.base_values)
    shap.plots.waterfall(explanation[0, :, 0].to_shap(), show=False)
    plt.close("all")


CLASSIFICATION = {
    "quartile": {},
    "decile": {"discretizer": "decile"},
    "entropy": {"discretizer": "entropy"},
    "not discretized": {"discretize_continuous": False},
    "around the row": {"discretize_continuous": False, "sample_around_instance": True},
    "narrow kernel": {"kernel_width": 0.7},
    "own kernel": {"kernel": lambda d, kernel_width: 1.0 / (1.0 + d / kernel_width)},
}


def both_lime(table, labels, predict, rows, settings, call, mode):
    """Weights of lime and ours, by label and feature, for each row in turn with explainers of the same seed."""
    settings = {"mode": mode, "training_labels": labels, **settings}
    theirs = lime_tabular.LimeTabularExplainer(table, random_state=3, **settings)
    ours = LimeTabularExplainer(table, random_state=3, sampling="random", **settings)
    for row in rows:
        yield ours.explain_instance(row, predict, **call), theirs.explain_instance(row, predict, **call)


def largest_lime_difference(ours, theirs):
    assert ours.as_map().keys() == theirs.as_map().keys()
    differences = [abs(ours.score - theirs.score), np.abs(ours.local_pred - theirs.local_pred).max()]
    for label, pairs in theirs.as_map().items():
        mine = dict(ours.as_map()[label])
        assert mine.keys() == {feature for feature, _ in pairs}
        differences += [abs(mine[feature] - weight) for feature, weight in pairs]
        differences.append(abs(ours.intercept[label] - theirs.intercept[label]))
    return max(differences)


class TestLimeWithItsOwnDraws:
    @pytest.mark.parametrize("case", CLASSIFICATION)
    @pytest.mark.parametrize("num_features", [3, 10])
    def test_classification(self, case, num_features, record_difference):
        X, y = load_wine(return_X_y=True)
        forest = RandomForestClassifier(10, random_state=0).fit(X, y)
        call = {"num_features": num_features, "num_samples": 500, "top_labels": 2}
        pairs = both_lime(X, y, forest.predict_proba, X[:120:60], CLASSIFICATION[case], call, "classification")
        for ours, theirs in pairs:
            assert ours.available_labels() == theirs.available_labels()
            np.testing.assert_array_equal(ours.predict_proba, theirs.predict_proba)
            for label in ours.available_labels():
                assert [name for name, _ in ours.as_list(label)] == [name for name, _ in theirs.as_list(label)]
            record_difference(f"LIME wine, {case}", largest_lime_difference(ours, theirs), EXPLAIN_LIME)

    @pytest.mark.parametrize("selection", ["auto", "none", "forward_selection", "highest_weights", "lasso_path"])
    def test_regression(self, selection, diabetes_boosting, record_difference):
        X, model = diabetes_boosting
        X = X / X.std(axis=0)

        def predict(rows):
            return model.predict(rows * X.std(axis=0)) / 100.0

        settings = {"feature_selection": selection}
        for ours, theirs in both_lime(X, None, predict, X[:2], settings, {"num_features": 4}, "regression"):
            assert ours.predicted_value == theirs.predicted_value
            assert (ours.min_value, ours.max_value) == (theirs.min_value, theirs.max_value)
            record_difference(f"LIME diabetes, {selection}", largest_lime_difference(ours, theirs), EXPLAIN_LIME)

    @pytest.mark.parametrize("discretize", [True, False])
    def test_categorical_columns(self, discretize, record_difference):
        rng = np.random.default_rng(0)
        table = np.column_stack([rng.normal(size=300), rng.integers(0, 3, 300), rng.exponential(size=300)])
        settings = {
            "categorical_features": [1],
            "categorical_names": {1: ["red", "green", "blue"]},
            "feature_names": ["size", "colour", "age"],
            "discretize_continuous": discretize,
        }

        def predict(rows):
            return rows[:, 0] + (rows[:, 1] == 2) * rows[:, 2]

        for ours, theirs in both_lime(table, None, predict, table[:3], settings, {"num_features": 3}, "regression"):
            assert [name for name, _ in ours.as_list()] == [name for name, _ in theirs.as_list()]
            record_difference("LIME categorical column", largest_lime_difference(ours, theirs), EXPLAIN_LIME)

    def test_other_distance_and_regressor(self, record_difference):
        from sklearn.linear_model import BayesianRidge

        X, y = load_breast_cancer(return_X_y=True)
        X = X[:, :8]
        forest = RandomForestClassifier(10, random_state=0).fit(X, y)
        call = {"distance_metric": "manhattan", "model_regressor": BayesianRidge(), "num_samples": 1000}
        for ours, theirs in both_lime(X, y, forest.predict_proba, X[:2], {}, call, "classification"):
            record_difference("LIME other regressor", largest_lime_difference(ours, theirs), EXPLAIN_LIME)

    def test_bins_without_width(self, record_difference):
        """A frequent smallest value: lime fills its bin with 0, and so does this mode."""
        rng = np.random.default_rng(1)
        table = np.column_stack([np.where(rng.random(200) < 0.6, 17.0, rng.normal(40, 5, 200)), rng.normal(size=200)])

        def predict(rows):
            return rows[:, 0] * rows[:, 1]

        for ours, theirs in both_lime(table, None, predict, table[:2], {}, {}, "regression"):
            record_difference("LIME bins without width", largest_lime_difference(ours, theirs), EXPLAIN_LIME)
