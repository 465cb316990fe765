"""The estimators as a user holds them: bad input, warm starts, Ctrl-C, callbacks, threads, files."""

import io
import os
import pickle
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import skops.io
from scipy.sparse import csr_array, csr_matrix
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import scale

from mlx.neural_network import MLPClassifier, MLPRegressor

unsettled = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IRIS_X, IRIS_Y = load_iris(return_X_y=True)
IRIS_X = scale(IRIS_X)
DIABETES_X, DIABETES_Y = load_diabetes(return_X_y=True)
DIABETES_X, DIABETES_Y = scale(DIABETES_X), scale(DIABETES_Y)
both_classes = pytest.mark.parametrize(
    ("cls", "X", "y"), [(MLPClassifier, IRIS_X, IRIS_Y), (MLPRegressor, DIABETES_X, DIABETES_Y)]
)
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}


def weights(model):
    return np.concatenate([array.ravel() for array in (*model.coefs_, *model.intercepts_)])


class TestLearning:
    def test_separates_what_no_line_can(self):
        """Exclusive or, four points: a linear model is right on at most three of them."""
        X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
        model = MLPClassifier((4,), activation="tanh", solver="lbfgs", alpha=0, random_state=0).fit(X, y)
        assert model.score(X, y) == 1.0
        assert MLPClassifier((), solver="lbfgs", random_state=0).fit(X, y).score(X, y) <= 0.75

    @unsettled
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_training_lowers_the_loss(self, solver):
        first = MLPRegressor(solver=solver, max_iter=1, random_state=0, learning_rate_init=0.01)
        longer = clone(first).set_params(max_iter=30)
        assert longer.fit(DIABETES_X, DIABETES_Y).loss_ < 0.8 * first.fit(DIABETES_X, DIABETES_Y).loss_

    @unsettled
    def test_probabilities(self):
        model = MLPClassifier(**SMALL).fit(IRIS_X, IRIS_Y)
        P = model.predict_proba(IRIS_X)
        np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-14)
        np.testing.assert_array_equal(np.log(P), model.predict_log_proba(IRIS_X))
        np.testing.assert_array_equal(model.classes_[P.argmax(axis=1)], model.predict(IRIS_X))

    def test_log_of_probability_zero_is_minus_infinity_without_a_warning(self):
        model = MLPClassifier((), solver="lbfgs", alpha=0).fit([[-1.0], [1.0]], [0, 1])
        assert model.predict_log_proba([[-1e6]])[0, 1] == -np.inf

    @unsettled
    @pytest.mark.parametrize("sparse", [csr_matrix, csr_array])
    def test_sparse_rows_give_the_same_model(self, sparse):
        dense = MLPClassifier(**SMALL).fit(IRIS_X, IRIS_Y)
        ours = MLPClassifier(**SMALL).fit(sparse(IRIS_X), IRIS_Y)
        np.testing.assert_allclose(weights(ours), weights(dense), rtol=0, atol=1e-12)
        np.testing.assert_allclose(ours.predict_proba(sparse(IRIS_X)), dense.predict_proba(IRIS_X), atol=1e-12)

    @unsettled
    def test_early_stopping_keeps_the_best_weights_of_all_calls(self):
        """scikit-learn's second call changes the weights that it calls best; ours must not."""
        model = MLPClassifier((8,), early_stopping=True, warm_start=True, max_iter=40, random_state=0)
        model.fit(IRIS_X, IRIS_Y)
        best, kept = model.best_validation_score_, weights(model).copy()
        model.set_params(max_iter=2, learning_rate_init=10.0).fit(IRIS_X, IRIS_Y)
        assert model.best_validation_score_ == best
        np.testing.assert_array_equal(weights(model), kept)


NAN_X = IRIS_X.copy()
NAN_X[3, 1] = np.nan
INF_X = IRIS_X.copy()
INF_X[3, 1] = np.inf


class TestBadInput:
    @both_classes
    @pytest.mark.parametrize(
        ("parameters", "named"),
        [
            ({"hidden_layer_sizes": (5, 0)}, "hidden_layer_sizes"),
            ({"hidden_layer_sizes": -3}, "hidden_layer_sizes"),
            ({"hidden_layer_sizes": (2.5,)}, "hidden_layer_sizes"),
            ({"hidden_layer_sizes": ("ten",)}, "hidden_layer_sizes"),
            ({"hidden_layer_sizes": (True,)}, "hidden_layer_sizes"),
            ({"hidden_layer_sizes": "10"}, "hidden_layer_sizes"),
            ({"hidden_layer_sizes": None}, "hidden_layer_sizes"),
            ({"solver": "newton"}, "solver"),
            ({"activation": "gelu"}, "activation"),
            ({"alpha": -1.0}, "alpha"),
            ({"batch_size": 0}, "batch_size"),
            ({"learning_rate": "linear"}, "learning_rate"),
            ({"learning_rate_init": 0.0}, "learning_rate_init"),
            ({"momentum": 1.5}, "momentum"),
            ({"beta_1": 1.0}, "beta_1"),
            ({"max_iter": 0}, "max_iter"),
            ({"early_stopping": True, "validation_fraction": 0.001}, "validation_fraction"),
            ({"random_state": "seed"}, "random_state"),
        ],
    )
    def test_parameters(self, cls, X, y, parameters, named):
        with pytest.raises(ValueError, match=named):
            cls(**parameters).fit(X, y)

    @pytest.mark.parametrize(
        ("X", "y", "named"),
        [
            (NAN_X, IRIS_Y, "Input X contains NaN"),
            (INF_X, IRIS_Y, "Input X contains infinity"),
            (IRIS_X.astype(str).astype(object).tolist() and [["a", "b"]] * 150, IRIS_Y, "could not convert string"),
            (IRIS_X[:0], IRIS_Y[:0], "0 sample"),
            (IRIS_X[:, :0], IRIS_Y, "0 feature"),
            (IRIS_X, IRIS_Y[:-1], "inconsistent numbers of samples"),
            (IRIS_X[:, 0], IRIS_Y, "Expected 2D array"),
            (IRIS_X, np.zeros(150, dtype=int), "y has one class only"),
            (IRIS_X, IRIS_X[:, 0], "Unknown label type"),
            (IRIS_X, np.column_stack([IRIS_Y, IRIS_Y]), "Multioutput target"),
            (IRIS_X, None, "y"),
        ],
    )
    def test_tables_of_the_classifier(self, X, y, named):
        with pytest.raises(ValueError, match=named):
            MLPClassifier().fit(X, y)

    @pytest.mark.parametrize(
        ("y", "named"),
        [
            (np.where(np.arange(150) == 5, np.nan, 1.0), "Input y contains NaN"),
            (np.where(np.arange(150) == 5, np.inf, 1.0), "Input y contains infinity"),
            (np.array(["a", "b", "c"] * 50), "y: targets must be numbers"),
        ],
    )
    def test_targets_of_the_regressor(self, y, named):
        with pytest.raises(ValueError, match=named):
            MLPRegressor().fit(IRIS_X, y)

    def test_poisson_refuses_negative_targets(self):
        with pytest.raises(ValueError, match="y has negative entries"):
            MLPRegressor(loss="poisson").fit(DIABETES_X, DIABETES_Y)

    @both_classes
    @pytest.mark.parametrize(
        ("sample_weight", "named"),
        [
            (np.ones(3), "sample_weight"),
            (-1.0, "sample_weight"),
            (np.nan, "sample_weight"),
            (0.0, "sample_weight|Sample weights"),
        ],
    )
    def test_sample_weight(self, cls, X, y, sample_weight, named):
        if np.ndim(sample_weight) == 0:
            sample_weight = np.full(len(y), sample_weight)
        with pytest.raises(ValueError, match=named):
            cls(**SMALL).fit(X, y, sample_weight=sample_weight)

    @both_classes
    def test_prediction_before_the_fit_and_with_other_columns(self, cls, X, y):
        with pytest.raises(NotFittedError):
            cls().predict(X)
        with pytest.warns(ConvergenceWarning):
            model = cls(**SMALL).fit(X, y)
        with pytest.raises(ValueError, match=r"X has \d+ features"):
            model.predict(X[:, :2])

    @unsettled
    @both_classes
    @pytest.mark.parametrize("solver", ["adam", "sgd"])
    def test_a_batch_without_weight_makes_no_step(self, cls, X, y, solver):
        model = cls(**SMALL, solver=solver, batch_size=10, shuffle=False)
        order = np.random.default_rng(0).permutation(len(y))[:40]
        X, y, weight = X[order], y[order], np.repeat([0.0, 1.0], 20)
        without = clone(model).fit(X[20:], y[20:])
        model.fit(X, y, sample_weight=weight)
        np.testing.assert_array_equal(weights(model), weights(without))
        assert model.loss_curve_ == without.loss_curve_

    @both_classes
    def test_early_stopping_names_weights_that_leave_one_part_without_any(self, cls, X, y):
        messages = set()
        for row in range(30):  # one row with weight: it is trained on or held out, never both
            with pytest.raises(
                ValueError, match=r"sample_weight is zero in all rows to .* validation_fraction"
            ) as error:
                cls(**SMALL, early_stopping=True).fit(X, y, sample_weight=np.arange(len(y)) == row)
            messages.add("train" in str(error.value))
        assert messages == {True, False}

    @pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
    def test_weights_beyond_all_bounds(self):
        with pytest.raises(ValueError, match="learning_rate_init"):
            MLPRegressor(solver="sgd", learning_rate_init=1e6, random_state=0).fit(1e6 * DIABETES_X, DIABETES_Y)

    def test_batches_larger_than_the_table_are_cut_with_a_warning(self):
        with pytest.warns(UserWarning, match="batch_size=151"), pytest.warns(ConvergenceWarning):
            whole = MLPClassifier(**SMALL, batch_size=151).fit(IRIS_X, IRIS_Y)
        with pytest.warns(ConvergenceWarning):
            np.testing.assert_array_equal(
                weights(whole), weights(MLPClassifier(**SMALL, batch_size=150).fit(IRIS_X, IRIS_Y))
            )

    @both_classes
    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    def test_convergence_warning_names_the_limit(self, cls, X, y, solver):
        with pytest.warns(ConvergenceWarning, match="max_iter=2"):
            cls(solver=solver, max_iter=2).fit(X, y)


@unsettled
class TestGoingOn:
    def test_warm_start_with_other_layers_is_refused(self):
        model = MLPClassifier(**SMALL, warm_start=True).fit(IRIS_X, IRIS_Y)
        with pytest.raises(ValueError, match="hidden_layer_sizes"):
            model.set_params(hidden_layer_sizes=(4,)).fit(IRIS_X, IRIS_Y)

    @pytest.mark.parametrize("other", [np.where(IRIS_Y == 2, 3, IRIS_Y), np.minimum(IRIS_Y, 1)])
    def test_warm_start_with_other_classes_is_refused(self, other):
        model = MLPClassifier(**SMALL, warm_start=True).fit(IRIS_X, IRIS_Y)
        with pytest.raises(ValueError, match="y must have the classes"):
            model.fit(IRIS_X, other)

    def test_without_warm_start_everything_is_forgotten(self):
        model = MLPClassifier(**SMALL).fit(IRIS_X, np.minimum(IRIS_Y, 1))
        model.fit(IRIS_X, IRIS_Y)
        np.testing.assert_array_equal(weights(model), weights(MLPClassifier(**SMALL).fit(IRIS_X, IRIS_Y)))
        assert (len(model.classes_), model.t_, len(model.loss_curve_)) == (3, 5 * 150, 5)

    def test_warm_start_may_change_the_solver(self):
        model = MLPClassifier(**{**SMALL, "solver": "lbfgs"}, warm_start=True).fit(IRIS_X, IRIS_Y)
        before = model.loss_
        model.set_params(solver="adam").fit(IRIS_X, IRIS_Y)
        assert model.loss_ < 1.1 * before
        assert len(model.loss_curve_) == 5

    @both_classes
    def test_going_on_with_other_columns_is_refused(self, cls, X, y):
        model = cls(**SMALL, warm_start=True).fit(X, y)
        for method in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match=r"X has 2 features"):
                method(X[:, :2], y)
        assert model.n_features_in_ == X.shape[1]

    def test_partial_fit_wants_all_classes_first(self):
        with pytest.raises(ValueError, match="classes must be passed"):
            MLPClassifier().partial_fit(IRIS_X, IRIS_Y)
        model = MLPClassifier().partial_fit(IRIS_X[:50], IRIS_Y[:50], classes=[0, 1])
        with pytest.raises(ValueError, match="y must have the classes"):
            model.partial_fit(IRIS_X, IRIS_Y)

    def test_fit_after_a_partial_fit_that_failed_takes_the_new_classes(self):
        model = MLPClassifier(**SMALL)
        with pytest.raises(ValueError, match="Input X contains NaN"):
            model.partial_fit(NAN_X, IRIS_Y, classes=[7, 8, 9])
        np.testing.assert_array_equal(model.fit(IRIS_X, IRIS_Y).classes_, [0, 1, 2])

    def test_partial_fit_on_labels(self):
        labels = np.column_stack([IRIS_Y == 0, IRIS_Y > 0]).astype(int)
        model = MLPClassifier(**SMALL).partial_fit(IRIS_X, labels, classes=[0, 1])
        assert model.predict(IRIS_X).shape == (150, 2)

    @both_classes
    def test_partial_fit_is_absent_for_lbfgs(self, cls, X, y):
        model = cls(solver="lbfgs")
        assert not hasattr(model, "partial_fit")
        with pytest.raises(AttributeError):
            model.partial_fit(X, y)

    @both_classes
    def test_partial_fit_refuses_early_stopping(self, cls, X, y):
        classes = {"classes": [0, 1, 2]} if cls is MLPClassifier else {}
        with pytest.raises(ValueError, match="early_stopping"):
            cls(early_stopping=True).partial_fit(X, y, **classes)


class Interrupting:
    """scikit-learn callback that presses Ctrl-C during a given round."""

    def __init__(self, round_number, times=1):
        self.round_number, self.times, self.seen = round_number, times, 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.seen += context.parent is not None
        if context.parent is not None and self.seen == self.round_number:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)

    def on_fit_task_end(self, estimator, context):
        pass


@pytest.fixture
def default_sigint():
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("default_sigint")
class TestInterruption:
    @both_classes
    def test_ctrl_c_keeps_the_finished_epochs(self, cls, X, y):
        model = cls(hidden_layer_sizes=(5,), random_state=0).set_callbacks(Interrupting(3))
        with pytest.warns(UserWarning, match="keeps the 3 epochs finished"):
            model.fit(X, y)
        assert model.n_iter_ == len(model.loss_curve_) == 3
        with pytest.warns(ConvergenceWarning):
            three = cls(hidden_layer_sizes=(5,), random_state=0, max_iter=3).fit(X, y)
        np.testing.assert_array_equal(model.predict(X), three.predict(X))

    def test_ctrl_c_during_lbfgs(self):
        model = MLPClassifier((5,), solver="lbfgs", random_state=0).set_callbacks(Interrupting(4))
        with pytest.warns(UserWarning, match="keeps the 4 iterations finished"):
            model.fit(IRIS_X, IRIS_Y)
        assert model.n_iter_ == 4
        with pytest.warns(ConvergenceWarning):
            four = MLPClassifier((5,), solver="lbfgs", random_state=0, max_iter=4).fit(IRIS_X, IRIS_Y)
        np.testing.assert_array_equal(weights(model), weights(four))

    def test_ctrl_c_in_the_first_epoch_raises(self):
        model = MLPClassifier().set_callbacks(Interrupting(1))
        with pytest.raises(KeyboardInterrupt):
            model.fit(IRIS_X, IRIS_Y)
        assert not hasattr(model, "coefs_")

    def test_second_ctrl_c_raises(self):
        with pytest.raises(KeyboardInterrupt):
            MLPClassifier().set_callbacks(Interrupting(2, times=2)).fit(IRIS_X, IRIS_Y)

    def test_ctrl_c_from_a_timer_ends_a_long_fit(self):
        model = MLPClassifier((5,), max_iter=10_000_000, n_iter_no_change=np.inf, random_state=0)
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.warns(UserWarning, match="epochs finished"):
            model.fit(IRIS_X, IRIS_Y)
        timer.join()
        assert 1 <= model.n_iter_ < 10_000_000
        assert model.score(IRIS_X, IRIS_Y) > 0.5


@unsettled
class TestCallbacks:
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_scoring_monitor_sees_the_model_of_each_round(self, solver):
        monitor = ScoringMonitor(scoring="accuracy")
        model = MLPClassifier(**{**SMALL, "solver": solver}).set_callbacks(monitor).fit(IRIS_X, IRIS_Y)
        log = monitor.get_logs().data
        name = "iteration" if solver == "lbfgs" else "epoch"
        scores = [row["accuracy"] for row in log if row["task_name"] == name]
        shorter = [MLPClassifier(**{**SMALL, "solver": solver, "max_iter": n}) for n in range(1, 6)]
        assert scores[:5] == [accuracy_score(IRIS_Y, m.fit(IRIS_X, IRIS_Y).predict(IRIS_X)) for m in shorter]
        assert model.score(IRIS_X, IRIS_Y) == scores[4]

    @both_classes
    def test_watching_does_not_change_the_model(self, cls, X, y, capsys):
        score = "accuracy" if cls is MLPClassifier else "r2"
        watched = cls(**SMALL).set_callbacks(ProgressBar(), ScoringMonitor(scoring=score)).fit(X, y)
        assert cls.__name__ in capsys.readouterr().out
        np.testing.assert_array_equal(weights(watched), weights(cls(**SMALL).fit(X, y)))

    def test_partial_fit_leaves_nothing_behind(self):
        model = MLPRegressor(**SMALL).partial_fit(DIABETES_X, DIABETES_Y)
        assert not [name for name in vars(model) if "callback" in name]


@unsettled
class TestFiles:
    @both_classes
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_pickle_joblib_skops(self, cls, X, y, solver):
        model = cls(**{**SMALL, "solver": solver}).fit(X, y)
        copies = [pickle.loads(pickle.dumps(model))]
        buffer = io.BytesIO()
        joblib.dump(model, buffer)
        buffer.seek(0)
        copies.append(joblib.load(buffer))
        dumped = skops.io.dumps(model)
        copies.append(skops.io.loads(dumped, trusted=skops.io.get_untrusted_types(data=dumped)))
        for copy in copies:
            np.testing.assert_array_equal(copy.predict(X), model.predict(X))

    def test_a_copy_goes_on_like_the_original(self):
        model = MLPRegressor(**SMALL).partial_fit(DIABETES_X, DIABETES_Y)
        copy = pickle.loads(pickle.dumps(model))
        for each in (model, copy):
            each.partial_fit(DIABETES_X, DIABETES_Y)
        np.testing.assert_array_equal(weights(copy), weights(model))


@unsettled
def test_two_threads_fit_at_once_and_eight_predict():
    expected = weights(MLPClassifier(**SMALL).fit(IRIS_X, IRIS_Y))
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: MLPClassifier(**SMALL).fit(IRIS_X, IRIS_Y), range(2)))
        for model in models:
            np.testing.assert_array_equal(weights(model), expected)
        predictions = list(pool.map(lambda _: models[0].predict_proba(IRIS_X), range(8)))
    assert all(np.array_equal(predictions[0], p) for p in predictions)


@unsettled
def test_verbose_lbfgs_prints_a_line_per_iteration(capsys):
    MLPClassifier(**{**SMALL, "solver": "lbfgs"}, verbose=True).fit(IRIS_X, IRIS_Y)
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        f"Iteration {n}" for n in range(1, 6)
    ]
