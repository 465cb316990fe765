"""The network against its slow twin, and the loop: batches, patience, best weights, L-BFGS."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from mlx.callbacks import FitRounds
from mlx.neural_network import Adam
from mlx.neural_network.network import Network, draw_parameters, join, split
from mlx.neural_network.training import Limits, TrainingState, _batches, minimize_with_lbfgs, train
from tests.reference import neural_network as twin
from tests.reference.differences import central_difference, gradient_check_ratio

UNITS = (3, 4, 2, 2)
OUTPUTS = ["identity", "exp", "logistic", "softmax"]
ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]
WEIGHTS = np.array([1.0, 0.5, 2.0, 0.0, 3.0])


def table(output, n_samples=5):
    rng = np.random.default_rng(4)
    X = rng.standard_normal((n_samples, 3))
    if output == "identity":
        return X, rng.standard_normal((n_samples, 2))
    if output == "exp":
        return X, rng.poisson(2.0, (n_samples, 2)).astype(float)
    if output == "logistic":
        return X, rng.random((n_samples, 2)) < 0.5
    return X, np.eye(2, dtype=bool)[rng.integers(0, 2, n_samples)]


def network(activation="tanh", output="identity", alpha=0.3, units=UNITS):
    drawn = draw_parameters(units, activation, np.random.RandomState(0), np.dtype(np.float64))
    return Network(units, drawn, activation, output, alpha)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_loss_and_gradient_equal_the_slow_twins(activation, output, weighted):
    ours = network(activation, output)
    X, y = table(output)
    loss = ours.loss_and_gradient(X, y, WEIGHTS if weighted else None)
    expected, weight_gradients, bias_gradients = twin.loss_and_gradients(
        X.tolist(),
        y.astype(float).tolist(),
        WEIGHTS.tolist() if weighted else [1.0] * 5,
        [W.tolist() for W in ours.coefs],
        [b.tolist() for b in ours.intercepts],
        activation=activation,
        output=output,
        alpha=0.3,
    )
    assert loss == pytest.approx(expected, rel=1e-13)
    gradient = join([np.array(g) for g in weight_gradients], [np.array(g) for g in bias_gradients])
    np.testing.assert_allclose(ours.gradient, gradient, rtol=0, atol=1e-14)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_gradient_equals_central_differences_of_the_loss(activation, output):
    ours = network(activation, output)
    X, y = table(output)

    def loss(parameters):
        ours.parameters[:] = parameters
        return ours.loss_and_gradient(X, y, WEIGHTS)

    start = ours.parameters.copy()
    numeric = central_difference(loss, start)
    loss(start)
    if output == "identity":
        # The value is the mean over the two outputs, the gradient that of their sum; the penalty is in both once.
        penalty = np.concatenate([0.3 * W.ravel() / WEIGHTS.sum() for W in ours.coefs])
        numeric[: penalty.size] = 2 * (numeric[: penalty.size] - penalty) + penalty
        numeric[penalty.size :] *= 2
    assert gradient_check_ratio(ours.gradient, numeric) < 1e-8


@pytest.mark.parametrize(("activation", "variance"), [("tanh", 2 / 500), ("relu", 2 / 500), ("logistic", 2 / 1500)])
def test_first_weights_have_the_variance_of_glorot(activation, variance):
    drawn = draw_parameters((300, 200), activation, np.random.RandomState(0), np.dtype(np.float64))
    # 60,200 draws: their variance has a standard error of 0.4 %.
    assert drawn.var() == pytest.approx(variance, rel=0.02)


def test_join_and_split_are_inverse_and_split_gives_views():
    vector = np.arange(float(3 * 4 + 4 * 2 + 2 * 2 + 4 + 2 + 2))
    coefs, intercepts = split(vector, UNITS)
    assert [W.shape for W in coefs] == [(3, 4), (4, 2), (2, 2)]
    assert [b.shape for b in intercepts] == [(4,), (2,), (2,)]
    np.testing.assert_array_equal(join(coefs, intercepts), vector)
    assert all(np.shares_memory(array, vector) for array in (*coefs, *intercepts))


class Recorder:
    """Stands in for a network: writes down the batches it is given, and has the losses it is told to have."""

    def __init__(self, losses=()):
        self.parameters, self.gradient, self.batches = np.zeros(1), np.zeros(1), []
        self.losses = iter(losses)

    def loss_and_gradient(self, X, y, sample_weight):
        self.batches.append((np.array(X[:, 0] if not hasattr(X, "toarray") else X.toarray()[:, 0]), y[:, 0].copy()))
        return next(self.losses, 0.0)


class CountingStep:
    """Adds 1 to the parameter at each step; its rate can be lowered as often as it is told."""

    learning_rate = 1.0

    def __init__(self, lowerings=0):
        self.lowerings = lowerings

    def update(self, parameters, gradient, scratch):
        parameters += 1

    def end_epoch(self, n_samples_seen):
        pass

    def lower_rate(self):
        self.lowerings -= 1
        return self.lowerings >= 0


def run(recorder, *, X=None, step=None, state=None, scores=None, **limits):
    X = np.arange(10.0)[:, None] if X is None else X
    y = 100 + np.arange(10.0)[:, None]
    defaults = {"batch_size": 10, "max_epochs": 10, "shuffle": False, "tolerance": 0.1, "patience": 2, "verbose": False}
    limits = Limits(**{**defaults, **limits})
    state = state or TrainingState(best_parameters=recorder.parameters.copy())
    scores = None if scores is None else iter(scores)
    with FitRounds(None, max_rounds=limits.max_epochs) as rounds:
        result = train(
            recorder,
            X,
            y,
            None,
            step=step or CountingStep(),
            limits=limits,
            state=state,
            random_state=np.random.RandomState(0),
            rounds=rounds,
            validation_score=None if scores is None else (lambda: next(scores)),
        )
    return result, state


class TestBatches:
    @pytest.mark.parametrize("sparse", [False, True])
    def test_each_epoch_has_every_row_once_with_its_target(self, sparse):
        recorder = Recorder()
        X = np.arange(10.0)[:, None]
        _, state = run(recorder, X=csr_matrix(X) if sparse else X, batch_size=4, max_epochs=3, shuffle=True)
        assert [len(rows) for rows, _ in recorder.batches] == [4, 4, 2] * 3
        epochs = [np.concatenate([rows for rows, _ in recorder.batches[i : i + 3]]) for i in (0, 3, 6)]
        for rows in epochs:
            np.testing.assert_array_equal(np.sort(rows), np.arange(10))
        assert not np.array_equal(epochs[0], epochs[1])
        assert all(np.array_equal(rows + 100, targets) for rows, targets in recorder.batches)
        assert state.n_samples_seen == 30

    @pytest.mark.parametrize("shuffle", [False, True])
    def test_weights_go_with_their_rows(self, shuffle):
        X, y, weight = np.arange(10.0)[:, None], np.zeros((10, 1)), np.arange(10.0)
        limits = Limits(batch_size=4, max_epochs=1, shuffle=shuffle, tolerance=0, patience=1, verbose=False)
        order = np.random.RandomState(0).permutation(10)
        for X_batch, _, weight_batch in _batches(X, y, weight, order, limits):
            np.testing.assert_array_equal(X_batch[:, 0], weight_batch)

    def test_without_shuffling_rows_come_in_order(self):
        recorder = Recorder()
        run(recorder, batch_size=4, max_epochs=1)
        np.testing.assert_array_equal(np.concatenate([rows for rows, _ in recorder.batches]), np.arange(10))

    def test_loss_of_an_epoch_is_the_mean_over_rows_not_over_batches(self):
        result, _ = run(Recorder([1.0, 2.0, 6.0]), batch_size=4, max_epochs=1)
        assert result.loss == pytest.approx((4 * 1.0 + 4 * 2.0 + 2 * 6.0) / 10)


class TestEnd:
    def test_ends_when_the_loss_has_stalled_for_more_epochs_than_the_patience(self):
        result, state = run(Recorder([5.0, 4.0, 3.95, 3.94, 3.93, 0.0]), patience=2)
        # 3.95, 3.94 and 3.93 better 4.0 by less than the tolerance of 0.1; three exceed the patience of 2.
        assert (result.n_iter, result.converged) == (5, True)
        assert (state.best_loss, state.n_without_improvement) == (pytest.approx(3.93), 3)

    def test_slow_progress_counts_from_the_best_so_far(self):
        result, _ = run(Recorder([5.0, 4.95, 4.85, 4.7, 4.65, 4.6, 4.5]), patience=2, max_epochs=7)
        # 4.7 betters the best before it, 4.85, by more than the tolerance; the count starts anew.
        assert result.n_iter == 7

    def test_a_rate_that_can_be_lowered_prolongs_training(self):
        step = CountingStep(lowerings=1)
        result, _ = run(Recorder([1.0] * 20), step=step, patience=2, max_epochs=20)
        # Epochs 2 to 4 exhaust the patience and lower the rate, 5 to 7 exhaust it again.
        assert result.n_iter == 7

    def test_limit_of_epochs_is_no_convergence(self):
        result, _ = run(Recorder([3.0, 2.0, 1.0]), max_epochs=3)
        assert (result.n_iter, result.converged) == (3, False)
        assert "max_iter=3" in result.message

    def test_infinite_patience(self):
        assert run(Recorder([1.0] * 10), patience=np.inf)[0].n_iter == 10

    def test_scores_keep_the_parameters_of_the_best_epoch(self):
        recorder = Recorder()
        result, state = run(recorder, scores=[0.5, 0.9, 0.6, 0.95, 0.7, 0.7, 0.7], patience=2)
        # 0.95 betters 0.9 by less than the tolerance: it counts as a stall, and is kept as the best.
        assert result.n_iter == 5
        assert state.validation_scores == [0.5, 0.9, 0.6, 0.95, 0.7]
        assert state.best_score == 0.95
        np.testing.assert_array_equal(state.best_parameters, [4.0])
        np.testing.assert_array_equal(recorder.parameters, [5.0])

    def test_scores_of_nan_are_never_the_best(self):
        _, state = run(Recorder(), scores=[np.nan, np.nan], max_epochs=2)
        np.testing.assert_array_equal(state.best_parameters, [0.0])

    def test_state_goes_on_where_it_was(self):
        _, state = run(Recorder([3.0, 1.0]), max_epochs=2)
        result, state = run(Recorder([1.0, 1.0, 1.0]), state=state, patience=2)
        assert result.n_iter == 3
        assert state.loss_curve == [3.0, 1.0, 1.0, 1.0, 1.0]
        assert state.n_samples_seen == 50


class TestLbfgs:
    def search(self, ours, X, y, **options):
        defaults = {"max_iter": 500, "max_fun": 10_000, "gradient_tolerance": 1e-9}
        with FitRounds(None, max_rounds=None) as rounds:
            return minimize_with_lbfgs(ours, X, y, None, **{**defaults, **options}, rounds=rounds)

    def test_a_network_without_hidden_layers_is_ridge_regression(self):
        X, _ = table("identity", 40)
        y = X @ [[1.0], [-2.0], [0.5]] + np.sin(X[:, :1]) + 3.0
        ours = network("identity", "identity", alpha=2.0, units=(3, 1))
        result = self.search(ours, X, y)
        centred, target = X - X.mean(axis=0), y - y.mean()
        ridge = np.linalg.solve(centred.T @ centred + 2.0 * np.eye(3), centred.T @ target)
        assert result.converged
        # SciPy stops when a step lowers the loss by less than 2e-9 of it: a distance of √(2e-9) or so from the minimum.
        np.testing.assert_allclose(ours.coefs[0], ridge, rtol=0, atol=5e-5)
        np.testing.assert_allclose(ours.intercepts[0], y.mean() - X.mean(axis=0) @ ridge[:, 0], rtol=0, atol=5e-5)

    def test_gradient_is_zero_at_the_solution(self):
        X, y = table("softmax", 30)
        ours = network("tanh", "softmax", alpha=1.0)
        assert self.search(ours, X, y, gradient_tolerance=1e-6).converged
        ours.loss_and_gradient(X, y, None)
        assert np.abs(ours.gradient).max() < 1e-4

    @pytest.mark.parametrize("limit", [{"max_iter": 3}, {"max_fun": 4}])
    def test_limits_are_no_convergence(self, limit):
        X, y = table("softmax", 30)
        result = self.search(network("tanh", "softmax", alpha=1e-4), X, y, **limit)
        assert not result.converged
        assert next(iter(limit)) in result.message


def test_one_epoch_of_adam_equals_the_twins_step_by_step():
    """Two batches, each with the gradient at the parameters that the one before has left."""
    ours = network("tanh", "softmax", alpha=0.1)
    X, y = table("softmax", 6)
    start = ours.parameters.copy()
    gradients = []
    reference = network("tanh", "softmax", alpha=0.1)
    options = {"learning_rate": 0.05, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    for rows in (slice(0, 4), slice(4, 6)):
        _, by_weight, by_bias = twin.loss_and_gradients(
            X[rows].tolist(),
            y[rows].astype(float).tolist(),
            [1.0] * len(X[rows]),
            [W.tolist() for W in reference.coefs],
            [b.tolist() for b in reference.intercepts],
            activation="tanh",
            output="softmax",
            alpha=0.1,
        )
        gradients.append(join([np.array(g) for g in by_weight], [np.array(g) for g in by_bias]))
        reference.parameters[:] = [
            twin.adam_steps(start[j], [g[j] for g in gradients], **options) for j in range(start.size)
        ]
    with FitRounds(None, max_rounds=1) as rounds:
        train(
            ours,
            X,
            y,
            None,
            step=Adam(start.size, start.dtype, **options),
            limits=Limits(batch_size=4, max_epochs=1, shuffle=False, tolerance=0, patience=5, verbose=False),
            state=TrainingState(best_parameters=start.copy()),
            random_state=np.random.RandomState(0),
            rounds=rounds,
        )
    np.testing.assert_allclose(ours.parameters, reference.parameters, rtol=0, atol=1e-13)
