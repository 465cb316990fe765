import pickle

import numpy as np
import pandas as pd
import pytest

from mlx.explain import KernelExplainer
from mlx.losses import logit, sigmoid
from tests.reference.explain import interventional_shapley


def wavy(X):
    """Interactions of two and three features; row by row the same, whatever the batch."""
    return np.sin(X[:, 0] * X[:, 1]) + X[:, 2] * X[:, 3] * X[:, 1] + 0.5 * X[:, 4]


def smooth(n_features, seed=0):
    rng = np.random.default_rng(seed)
    inner, outer = rng.normal(size=(n_features, 8)), rng.normal(size=8)
    return lambda X: np.tanh(X @ inner / np.sqrt(n_features) * 1.5) @ outer


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return rng.normal(size=(7, 5)), rng.normal(size=(3, 5))


class TestExact:
    """Full enumeration against the average over all orders, to 1e-12."""

    def test_one_output(self, table):
        background, rows = table
        explanation = KernelExplainer(wavy, background)(rows, silent=True)
        expected = interventional_shapley(wavy, rows, background)
        np.testing.assert_allclose(explanation.values, expected, rtol=0, atol=1e-12)
        assert explanation.game.exact
        assert (explanation.standard_errors == 0).all()
        assert explanation.additivity_error < 1e-12

    def test_several_outputs(self, table):
        background, rows = table

        def model(X):
            return np.column_stack([wavy(X), X[:, 0] ** 2, np.ones(len(X))])

        explanation = KernelExplainer(model, background, output_names=["a", "b", "c"])(rows, silent=True)
        expected = interventional_shapley(model, rows, background)
        assert explanation.values.shape == (3, 5, 3)
        np.testing.assert_allclose(explanation.values, expected, rtol=0, atol=1e-12)
        assert (explanation[..., "c"].values == 0).all()

    def test_missing_values_reach_the_model(self, table):
        background, rows = table
        background[2, 0] = rows[1, 3] = np.nan

        def model(X):
            return np.where(np.isnan(X[:, 0]), 5.0, X[:, 0]) * np.where(np.isnan(X[:, 3]), -2.0, X[:, 3] + X[:, 2])

        values = KernelExplainer(model, background).shap_values(rows, silent=True)
        expected = interventional_shapley(model, rows, background)
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)

    def test_logit_link(self, table):
        background, rows = table

        def model(X):
            return sigmoid(wavy(X))

        explainer = KernelExplainer(model, background, link="logit")
        expected = interventional_shapley(model, rows, background, link=logit)
        np.testing.assert_allclose(explainer.shap_values(rows, silent=True), expected, rtol=0, atol=1e-12)
        assert explainer.expected_value == pytest.approx(logit(model(background).mean()))

    @pytest.mark.parametrize("as_frame", [False, True])
    def test_background_rows_without_weight_are_never_asked(self, table, as_frame):
        background, rows = table
        weights = np.array([3.0, 0.0, 1.0, 1.0, 2.0, 0.5, 1.0])
        background[1] = np.nan

        def model(X):
            X = np.asarray(X)
            assert np.isfinite(X).all()
            return wavy(X)

        data = pd.DataFrame(background) if as_frame else background
        values = KernelExplainer(model, data, weights=weights).shap_values(rows, silent=True)
        expected = interventional_shapley(wavy, rows, background[weights > 0], weights[weights > 0])
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)

    @pytest.mark.parametrize("as_frame", [False, True])
    def test_a_model_that_writes_into_its_rows_changes_nothing(self, table, as_frame):
        def writing(X):
            outputs = wavy(np.array(X))
            X[:] = 0.0
            return outputs

        data, X = (pd.DataFrame(part) for part in table) if as_frame else table
        data_before, X_before = data.copy(), X.copy()
        plain = KernelExplainer(wavy, table[0])(table[1], silent=True).values.copy()
        explanation = KernelExplainer(writing, data)(X, silent=True)
        np.testing.assert_array_equal(data, data_before)
        np.testing.assert_array_equal(X, X_before)
        np.testing.assert_array_equal(explanation.data, X_before)
        np.testing.assert_array_equal(explanation.values, plain)

    def test_weights_of_the_background(self, table):
        background, rows = table
        weights = np.array([3.0, 0.0, 1.0, 1.0, 2.0, 0.5, 1.0])
        values = KernelExplainer(wavy, background, weights=weights).shap_values(rows, silent=True)
        expected = interventional_shapley(wavy, rows, background, weights)
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)

    def test_groups_are_players(self, table):
        background, rows = table
        explainer = KernelExplainer(wavy, background, groups={"pair": ["x1", 3]})
        explanation = explainer(rows, silent=True)
        assert explanation.feature_names == ("x0", "pair", "x2", "x4")

        def with_group(players):
            # The group's columns, of which the second repeats the first player's presence.
            return np.column_stack([players[:, :2], players[:, 2], players[:, 1], players[:, 3]])

        for row, values in zip(rows, explanation.values):

            def game(presence, row=row):
                known = with_group(presence).astype(bool)
                return np.array([wavy(np.where(k, row, background)).mean() for k in known])

            expected = interventional_shapley(game, np.ones((1, 4)), np.zeros((1, 4)))[0]
            np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)

    def test_column_equal_to_all_background_rows_gets_zero_and_costs_nothing(self, table):
        background, rows = table
        background[:, 1] = rows[0, 1] = 0.25
        explanation = KernelExplainer(wavy, background)(rows[:1], silent=True)
        assert explanation.values[0, 1] == 0
        assert explanation.game.coalitions == 2**4 - 2

    def test_column_missing_everywhere_is_constant(self, table):
        background, rows = table
        background[:, 4] = rows[0, 4] = np.nan
        explanation = KernelExplainer(lambda X: X[:, 0] * X[:, 1], background)(rows[:1], silent=True)
        assert explanation.values[0, 4] == 0
        assert explanation.game.coalitions == 2**4 - 2

    def test_column_close_to_the_background_is_not_taken_for_constant(self):
        """The peer drops features within 1e-5 of the background; a steep model tells them apart."""
        values = KernelExplainer(lambda X: 1e6 * X[:, 0] + X[:, 1], np.array([[1.0, 0.0]]))
        np.testing.assert_allclose(values.shap_values([[1.000001, 1.0]], silent=True), [[1.0, 1.0]], rtol=1e-9)

    def test_evaluations_are_counted(self, table):
        background, rows = table
        seen = []

        def model(X):
            seen.append(len(X))
            return wavy(X)

        explainer = KernelExplainer(model, background)
        seen.clear()
        assert explainer(rows, silent=True).game.evaluations == sum(seen) == 3 + 3 * 30 * 7


class TestSampled:
    def test_standard_errors_cover_the_truth(self):
        n_features = 12
        rng = np.random.default_rng(0)
        model = smooth(n_features)
        background, rows = rng.normal(size=(20, n_features)), rng.normal(size=(2, n_features))
        truth = KernelExplainer(model, background).shap_values(rows, nsamples=2**n_features, silent=True)
        scores = []
        for seed in range(40):
            sampled = KernelExplainer(model, background, seed=seed)(rows, nsamples=200, silent=True)
            assert not sampled.game.exact
            assert sampled.additivity_error < 1e-12
            scores.append((sampled.values - truth) / sampled.standard_errors)
        scores = np.array(scores)
        # 40 draws of 24 values; the values of one draw are correlated, so the limits are wide.
        assert 0.91 < (np.abs(scores) < 1.96).mean() < 0.98
        assert 0.9 < scores.std() < 1.1

    @pytest.mark.parametrize("settings", [{}, {"link": "logit"}])
    def test_standard_errors_of_one_group_cover_the_truth(self, settings):
        n_features = 10
        rng = np.random.default_rng(1)
        raw = smooth(n_features)

        def model(X):
            return sigmoid(raw(X)) if settings else raw(X)

        background, rows = rng.normal(size=(6 if settings else 1, n_features)), rng.normal(size=(1, n_features))
        truth = KernelExplainer(model, background, **settings).shap_values(rows, silent=True)
        scores = []
        for seed in range(60):
            sampled = KernelExplainer(model, background, seed=seed, **settings)(rows, nsamples=150, silent=True)
            scores.append((sampled.values - truth) / sampled.standard_errors)
        assert 0.88 < (np.abs(scores) < 1.96).mean() < 0.985

    def test_error_falls_with_the_budget(self):
        n_features = 14
        rng = np.random.default_rng(2)
        model = smooth(n_features)
        background, rows = rng.normal(size=(10, n_features)), rng.normal(size=(3, n_features))
        explainer = KernelExplainer(model, background)
        truth = explainer.shap_values(rows, nsamples=2**n_features, silent=True)
        errors = [
            np.linalg.norm(explainer.shap_values(rows, nsamples=n, silent=True) - truth) for n in (100, 1000, 8000)
        ]
        assert errors[0] > 2.5 * errors[1] > 6 * errors[2]

    def test_same_seed_same_values_and_other_seed_other_values(self):
        rng = np.random.default_rng(3)
        background, rows = rng.normal(size=(4, 13)), rng.normal(size=(2, 13))
        first, again, other = (
            KernelExplainer(smooth(13), background, seed=seed).shap_values(rows, nsamples=100, silent=True)
            for seed in (0, 0, 1)
        )
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()

    def test_global_random_state_is_not_touched(self):
        np.random.seed(5)  # noqa: NPY002
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        KernelExplainer(smooth(13), np.zeros((1, 13))).shap_values(np.ones((1, 13)), nsamples=100, silent=True)
        np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002

    def test_selected_features_keep_efficiency(self):
        rng = np.random.default_rng(4)
        background, rows = rng.normal(size=(5, 13)), rng.normal(size=(2, 13))
        explainer = KernelExplainer(smooth(13), background)
        explanation = explainer(rows, "num_features(4)", True, nsamples=300)
        assert ((explanation.values != 0).sum(axis=1) <= 4).all()
        assert explanation.additivity_error < 1e-12
        assert (explanation.standard_errors[explanation.values == 0] == 0).all()


def test_explainer_is_picklable(table):
    background, rows = table
    explainer = KernelExplainer(wavy, background)
    values = explainer.shap_values(rows, silent=True)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(explainer)).shap_values(rows, silent=True), values)


class TestTables:
    @pytest.fixture
    def frame(self):
        return pd.DataFrame(
            {
                "age": [20, 30, 40, 50],
                "job": pd.Categorical(["a", "b", "a", "c"]),
                "city": ["x", "y", "y", "x"],
                "rate": [0.5, np.nan, 1.5, 2.0],
            }
        )

    def test_model_receives_the_frame_with_its_dtypes(self, frame):
        seen = []

        def model(rows):
            seen.append(rows)
            return rows["age"] * (rows["job"] == "a") + rows["rate"].fillna(9.0) * (rows["city"] == "x")

        explanation = KernelExplainer(model, frame)(frame.iloc[:2], silent=True)
        for rows in seen:
            assert list(rows.columns) == list(frame.columns)
            assert (rows.dtypes == frame.dtypes).all()
        assert explanation.feature_names == ("age", "job", "city", "rate")
        assert explanation.additivity_error < 1e-12
        codes = pd.DataFrame({name: frame[name].factorize()[0] for name in frame}).to_numpy(dtype=float)

        def coded(rows):
            picked = {name: frame[name].factorize()[1] for name in frame}
            table = {}
            for j, name in enumerate(frame):
                values = [picked[name][int(code)] if code >= 0 else np.nan for code in rows[:, j]]
                table[name] = values
            return model(pd.DataFrame(table)).to_numpy()

        expected = interventional_shapley(coded, codes[:2], codes)
        np.testing.assert_allclose(explanation.values, expected, rtol=0, atol=1e-12)

    def test_columns_in_another_order_and_one_row(self, frame):
        def model(rows):
            return rows["age"].to_numpy() * 2.0

        explainer = KernelExplainer(model, frame)
        whole = explainer(frame, silent=True)
        turned = explainer(frame[list(frame.columns)[::-1]], silent=True)
        np.testing.assert_array_equal(whole.values, turned.values)
        one = explainer(frame.iloc[1], silent=True)
        np.testing.assert_array_equal(one.values, whole[1].values)

    @pytest.mark.parametrize(
        ("column", "value"), [([1, 2, 3], 2.7), (np.arange(3, dtype=np.uint8), 300), ([True, False, True], 2.5)]
    )
    @pytest.mark.parametrize("form", [pd.DataFrame, pd.Series, np.array])
    def test_numbers_that_the_type_in_data_cannot_hold_are_explained_as_given(self, column, value, form):
        background = pd.DataFrame({"a": column, "b": [0.5, 1.5, 2.5]})
        explainer = KernelExplainer(lambda rows: rows["a"].to_numpy(dtype=float), background)
        row = {"a": [value], "b": [0.5]} if form is pd.DataFrame else [value, 0.5]
        row = form(row, index=["a", "b"]) if form is pd.Series else form(row)
        explanation = explainer(row, silent=True)
        np.testing.assert_allclose(explanation.values.ravel(), [value - np.mean(column), 0.0], rtol=0, atol=1e-12)
        assert explanation.data.ravel()[0] == value

    @pytest.mark.parametrize(("column", "value"), [("job", "z"), ("age", "many"), ("member", "many")])
    def test_values_that_data_cannot_have_are_refused(self, frame, column, value):
        background = frame.assign(member=True)
        explainer = KernelExplainer(lambda rows: rows["age"], background)
        with pytest.raises(ValueError, match=f"X: column '{column}'"):
            explainer(background.astype(object).assign(**{column: value}))

    def test_missing_whole_number_stays_missing(self, frame):
        explainer = KernelExplainer(lambda rows: rows["age"].isna().to_numpy(dtype=float), frame)
        for row in (frame.iloc[[0]].assign(age=np.nan), pd.Series({**frame.iloc[0], "age": None})):
            assert explainer(row, silent=True).values.ravel()[0] == 1.0

    def test_frame_without_a_column(self, frame):
        explainer = KernelExplainer(lambda rows: rows["age"], frame)
        with pytest.raises(ValueError, match="X has no column 'job'"):
            explainer(frame.drop(columns="job"))


class TestBadInput:
    @pytest.mark.parametrize(
        ("settings", "error", "text"),
        [
            ({"data": np.zeros(3)}, ValueError, "data must have two dimensions"),
            ({"data": np.zeros((0, 3))}, ValueError, "data must have"),
            ({"model": 3}, TypeError, "model must be callable"),
            ({"model": lambda X: X[:2]}, ValueError, "model returned an array of shape"),
            ({"model": lambda X: 1.0}, ValueError, "model returned an array of shape"),
            ({"model": lambda X: np.full(len(X), np.nan)}, ValueError, "model returned NaN"),
            ({"model": lambda X: np.full(len(X), "a")}, ValueError, "model must return numbers"),
            ({"feature_names": ["a"]}, ValueError, "feature_names has 1 names"),
            ({"link": "log"}, ValueError, "link must be"),
            ({"link": "logit"}, ValueError, "strictly between 0 and 1"),
            ({"weights": [1.0]}, ValueError, "weights must be 4"),
            ({"weights": [0.0] * 4}, ValueError, "weights must not all be zero"),
            ({"groups": {"g": ["no"]}}, ValueError, "groups"),
            ({"groups": {"g": [0], "h": [0]}}, ValueError, "groups"),
            ({"output_names": ["a", "b"]}, ValueError, "output_names"),
            ({"max_rows_per_call": 0}, ValueError, "max_rows_per_call"),
            ({"seed": -1}, ValueError, "seed"),
            ({"keep_index": True}, NotImplementedError, "keep_index"),
        ],
    )
    def test_of_the_explainer(self, settings, error, text):
        arguments = {"model": lambda X: X.sum(axis=1) + 2.0, "data": np.ones((4, 3)), **settings}
        with pytest.raises(error, match=text):
            KernelExplainer(**arguments)

    @pytest.mark.parametrize(
        ("rows", "settings", "error", "text"),
        [
            (np.zeros((2, 4)), {}, ValueError, "X must have"),
            (np.zeros((0, 3)), {}, ValueError, "X must have"),
            ([["a", "b", "c"]], {}, ValueError, "X must hold numbers"),
            (np.zeros((1, 3)), {"nsamples": 0}, ValueError, "nsamples"),
            (np.zeros((1, 3)), {"nsamples": 2.5}, ValueError, "nsamples"),
            (np.zeros((1, 3)), {"nsamples": 3}, ValueError, "nsamples=3 is too small"),
            (np.zeros((1, 3)), {"l1_reg": "top"}, ValueError, "l1_reg"),
            (np.zeros((1, 3)), {"l1_reg": -1.0}, ValueError, "l1_reg"),
            (np.zeros((1, 3)), {"l1_reg": "auto"}, NotImplementedError, "l1_reg"),
            (np.zeros((1, 3)), {"gc_collect": True}, NotImplementedError, "gc_collect"),
        ],
    )
    def test_of_the_call(self, rows, settings, error, text):
        explainer = KernelExplainer(lambda X: X.sum(axis=1), np.ones((4, 3)))
        with pytest.raises(error, match=text):
            explainer.shap_values(rows, silent=True, **settings)

    def test_sparse(self):
        from scipy.sparse import csr_matrix

        with pytest.raises(NotImplementedError, match="data: sparse"):
            KernelExplainer(lambda X: X, csr_matrix(np.eye(3)))
