import numpy as np
import pandas as pd
import pytest

from mlx.explain import LimeTabularExplainer
from mlx.explain.local_model import fit_local_model, replicate_errors, select_features
from tests.reference.explain import forward_selection, weighted_ridge


def model(X):
    return X[:, 0] * 2.0 + X[:, 1] * X[:, 2]


def probabilities(X):
    p = 1.0 / (1.0 + np.exp(-model(X)))
    return np.column_stack([1.0 - p, p])


@pytest.fixture(scope="module")
def table():
    return np.random.default_rng(0).normal(size=(300, 4))


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(1)
    agreement = rng.integers(0, 2, size=(200, 6)).astype(float)
    return agreement, agreement @ rng.normal(size=6) + rng.normal(size=200), rng.uniform(0.2, 1.0, 200)


class TestLocalModel:
    def test_ridge(self, sample):
        features = np.array([4, 0, 2])
        fitted = fit_local_model(*sample, features)
        coefficients, intercept = weighted_ridge(sample[0][:, features], sample[1], sample[2], 1.0)
        np.testing.assert_allclose(fitted.coefficients, coefficients, rtol=0, atol=1e-12)
        assert fitted.intercept == pytest.approx(intercept, abs=1e-12)

    @pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
    def test_score_of_a_constant_model_is_that_of_a_perfect_one(self, sample, scale):
        agreement, outputs, proximity = sample
        for constant in (0.0, 0.1, 1.0 / 3.0, 0.7):
            fitted = fit_local_model(agreement, np.full(len(outputs), constant * scale), proximity, np.arange(6))
            assert fitted.score == 1.0

    @pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
    def test_score_of_a_model_that_hardly_varies(self, sample, scale):
        agreement, outputs, proximity = sample
        fitted = fit_local_model(agreement, (1.0 + 1e-9 * outputs) * scale, proximity, np.arange(3))
        assert fitted.score == pytest.approx(
            fit_local_model(agreement, outputs, proximity, np.arange(3)).score, abs=1e-6
        )
        assert fitted.score < 0.9

    @pytest.mark.parametrize("count", [1, 3, 6])
    def test_forward_selection(self, sample, count):
        assert select_features(*sample, count, "forward_selection").tolist() == forward_selection(*sample, count)

    def test_forward_selection_leaves_repeated_columns_to_the_end(self, sample):
        doubled = np.concatenate([sample[0], sample[0]], axis=1)
        chosen = select_features(doubled, *sample[1:], 6, "forward_selection")
        assert sorted(chosen % 6) == list(range(6))

    def test_standard_errors_cover_the_truth(self):
        """Over many samples of eight replicates the spread of the weights is what their errors say."""
        rng = np.random.default_rng(2)
        features = np.arange(3)
        weights, errors = [], []
        for _ in range(400):
            agreement = rng.integers(0, 2, size=(8 * 128, 3)).astype(float)
            outputs = agreement @ [1.0, -2.0, 0.5] + agreement[:, 0] * agreement[:, 1] + rng.normal(size=len(agreement))
            proximity = np.exp(-(3.0 - agreement.sum(axis=1)) / 4)
            weights.append(fit_local_model(agreement, outputs, proximity, features).coefficients)
            errors.append(replicate_errors(agreement, outputs, proximity, features, 8))
        spread = np.std(weights, axis=0)
        np.testing.assert_allclose(np.sqrt(np.mean(np.square(errors), axis=0)), spread, rtol=0.12)
        # Eight replicates: Student's t with 7 degrees of freedom.
        scores = np.abs(np.array(weights) - np.mean(weights, axis=0)) / np.array(errors)
        assert 0.93 < (scores < 2.365).mean() < 0.97


class TestFixedPoints:
    def test_weights_spread_less_than_random_ones(self, table):
        settings = {"mode": "regression", "feature_selection": "none"}
        limit = dict(
            LimeTabularExplainer(table, **settings).explain_instance(table[0], model, num_samples=2**17).as_map()[1]
        )

        def error(explanation):
            return sum((weight - limit[j]) ** 2 for j, weight in explanation.as_map()[1])

        fixed = error(LimeTabularExplainer(table, **settings).explain_instance(table[0], model, num_samples=4096))
        drawn = np.mean(
            [
                error(
                    LimeTabularExplainer(table, random_state=seed, sampling="random", **settings).explain_instance(
                        table[0], model, num_samples=4096
                    )
                )
                for seed in range(10)
            ]
        )
        assert fixed < drawn / 2

    def test_one_call_for_all_rows(self, table):
        calls = []

        def counted(X):
            calls.append(len(X))
            return model(X)

        explanations = LimeTabularExplainer(table, mode="regression").explain_instances(table[:7], counted)
        assert calls == [4096 + 7]
        assert len(explanations) == 7

    def test_bin_without_width_is_filled_with_its_bound(self):
        rng = np.random.default_rng(1)
        table = np.column_stack([np.where(rng.random(200) < 0.6, 17.0, rng.normal(40, 5, 200)), rng.normal(size=200)])
        seen = []

        def watch(X):
            seen.append(X)
            return X[:, 0]

        LimeTabularExplainer(table, mode="regression").explain_instance(table[0], watch)
        assert seen[0][:, 0].min() >= 17.0


class TestResult:
    def test_classification(self, table):
        explainer = LimeTabularExplainer(table, class_names=["no", "yes"], feature_names=["a", "b", "c", "d"])
        explanation = explainer.explain_instance(table[0], probabilities, top_labels=2)
        assert sorted(explanation.available_labels()) == [0, 1]
        first = dict(explanation.as_list(1))
        assert [name.count("a") for name in first][:1] == [1]
        np.testing.assert_allclose(
            sorted(weight for _, weight in explanation.as_list(0)), sorted(-w for w in first.values()), atol=1e-12
        )
        html = explanation.as_html()
        assert len(html) < 10_000
        assert "&lt;" in html
        assert "script" not in html
        converted = explanation.to_explanation(1)
        assert converted.output_names == "yes"
        assert float(converted.base_values) == explanation.intercept[1]
        assert converted.values.sum() + converted.base_values == pytest.approx(explanation.local_pred[0], abs=1e-9) or (
            explanation.available_labels()[0] == 1
        )
        assert (converted.standard_errors > 0).all()

    def test_regression(self, table, tmp_path):
        explanation = LimeTabularExplainer(table, mode="regression").explain_instance(table[0], model, num_features=2)
        assert [(j, -w) for j, w in explanation.as_map()[1]] == explanation.as_map()[0]
        assert len(explanation.as_list()) == 2
        with pytest.raises(NotImplementedError):
            explanation.available_labels()
        explanation.save_to_file(tmp_path / "lime.html")
        assert (tmp_path / "lime.html").read_text().startswith("<html>")
        converted = explanation.to_explanation()
        assert (converted.values == 0).sum() == 2
        assert "training rows" in repr(converted)

    def test_label_that_was_not_explained(self, table):
        explanation = LimeTabularExplainer(table).explain_instance(table[0], probabilities)
        with pytest.raises(KeyError, match="label 0"):
            explanation.as_list(0)

    def test_verbose_prints(self, table, capsys):
        LimeTabularExplainer(table, mode="regression", verbose=True).explain_instance(table[0], model)
        assert "Intercept" in capsys.readouterr().out


def test_data_frames_keep_their_columns():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, 200),
            "job": pd.Categorical(rng.choice(["clerk", "cook"], 200)),
            "city": rng.choice(np.array(["x", "y", "z"]), 200),
            "member": rng.random(200) < 0.5,
        }
    )
    seen = []

    def predict(rows):
        seen.append(rows)
        return rows["age"] * (rows["job"] == "cook") + 20.0 * rows["member"] + 5.0 * (rows["city"] == "x")

    explainer = LimeTabularExplainer(frame, mode="regression")
    explanation = explainer.explain_instance(frame.iloc[0], predict)
    rows = seen[0]
    assert list(rows.columns) == list(frame.columns)
    assert (rows.dtypes[["job", "city", "member"]] == frame.dtypes[["job", "city", "member"]]).all()
    assert f"job={frame['job'].iloc[0]}" in dict(explanation.as_list())
    same = explainer.explain_instance(frame.iloc[[0]], predict)
    assert same.as_map() == explanation.as_map()


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"training_data": np.zeros(3)}, ValueError, "training_data"),
        ({"training_data": np.full((3, 2), np.nan)}, ValueError, "training_data has a missing"),
        ({"training_data": [["a", "b"]]}, ValueError, "training_data must hold numbers"),
        ({"mode": "ranking"}, ValueError, "mode"),
        ({"feature_selection": "best"}, ValueError, "feature_selection"),
        ({"discretizer": "ternary"}, ValueError, "discretizer"),
        ({"discretizer": object()}, NotImplementedError, "discretizer"),
        ({"discretizer": "entropy"}, ValueError, "training_labels"),
        ({"training_data_stats": {}}, NotImplementedError, "training_data_stats"),
        ({"sampling": "halton"}, ValueError, "sampling"),
        ({"kernel_width": -1.0}, ValueError, "kernel_width"),
        ({"feature_names": ["a"]}, ValueError, "feature_names"),
        ({"categorical_features": [9]}, ValueError, "categorical_features"),
    ],
)
def test_bad_settings(table, settings, error, text):
    with pytest.raises(error, match=text):
        LimeTabularExplainer(**{"training_data": table, **settings})


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"data_row": np.zeros(3)}, ValueError, "data_row must have 4"),
        ({"data_row": np.zeros((2, 4))}, ValueError, "data_row must be one row"),
        ({"data_row": [0, 1, np.nan, 2]}, ValueError, "data_row has a missing"),
        ({"predict_fn": 3}, TypeError, "predict_fn"),
        ({"predict_fn": model}, NotImplementedError, "predict_proba"),
        ({"predict_fn": lambda X: probabilities(X)[:3]}, ValueError, "predict_fn returned"),
        ({"predict_fn": lambda X: probabilities(X) * np.nan}, ValueError, "predict_fn returned NaN"),
        ({"labels": (5,)}, ValueError, "labels: 5"),
        ({"num_features": 0}, ValueError, "num_features"),
        ({"num_samples": 5}, ValueError, "num_samples"),
        ({"top_labels": 0}, ValueError, "top_labels"),
    ],
)
def test_bad_calls(table, settings, error, text):
    explainer = LimeTabularExplainer(table)
    with pytest.raises(error, match=text):
        explainer.explain_instance(**{"data_row": table[0], "predict_fn": probabilities, **settings})


def test_probabilities_that_do_not_sum_to_one(table):
    with pytest.warns(UserWarning, match="do not sum to 1"):
        LimeTabularExplainer(table).explain_instance(table[0], lambda X: probabilities(X) * 2)
