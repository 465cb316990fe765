"""Every pullback against central differences, layer by layer and for combinations of them."""

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_matrix

from mlx.neural_network import Activation, Dense, chain, concatenate, residual
from mlx.neural_network.layers import ACTIVATIONS
from tests.reference.differences import central_difference, gradient_check_ratio

# Rounding of a central difference with a step of 1e-6 is 1e-10 of the gradient; a wrong formula is off by 1e-3 or more.
RIGHT = 1e-8


def draw(seed, *shape):
    # Away from 0, where relu has a kink that no difference may straddle.
    values = np.random.default_rng(seed).uniform(0.1, 1.5, shape)
    return values * np.random.default_rng(seed + 1).choice([-1.0, 1.0], shape)


def dense(n_inputs, n_units, seed=0, **options):
    return Dense(draw(seed, n_inputs, n_units), draw(seed + 10, n_units), **options)


def two_hidden_layers():
    layers = [dense(4, 5), Activation("tanh"), dense(5, 3, 1), Activation("logistic"), dense(3, 2, 2)]
    return chain(*layers)


def in_place_like_the_perceptrons():
    return chain(dense(4, 5), Activation("tanh", in_place=True), dense(5, 3, 1), Activation("softmax"))


def residual_block():
    return residual(chain(dense(4, 6), Activation("tanh"), dense(6, 4, 1)))


def inception_block():
    wide = chain(dense(4, 3), Activation("logistic"), dense(3, 2, 1))
    return concatenate(dense(4, 3, 2), wide, Activation("identity"), residual(dense(4, 4, 3)))


def nested():
    return chain(inception_block(), Activation("tanh"), dense(13, 4, 5), residual_block(), Activation("softmax"))


def relu_behind_dense():
    # Biases of ±5 keep every unit clear of the kink.
    return chain(Dense(draw(0, 4, 3), np.array([5.0, -5.0, 5.0])), Activation("relu"), dense(3, 2, 4))


NETWORKS = {
    "dense": lambda: dense(4, 3),
    **{name: (lambda name=name: Activation(name)) for name in ACTIVATIONS},
    "two hidden layers": two_hidden_layers,
    "in place": in_place_like_the_perceptrons,
    "relu behind dense": relu_behind_dense,
    "residual": residual_block,
    "inception": inception_block,
    "nested": nested,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_pullback_equals_central_differences(name):
    network, X = NETWORKS[name](), draw(7, 6, 4)
    Y, pullback = network.forward(X.copy())
    direction = draw(9, *Y.shape)

    def loss(X):
        return float(np.sum(direction * network.forward(X.copy())[0]))

    def loss_with(parameter, values):
        parameter[...] = values
        return loss(X)

    dX, gradients = pullback(direction.copy())
    assert gradient_check_ratio(dX, central_difference(loss, X)) < RIGHT
    assert len(gradients) == len(network.parameters)
    for parameter, gradient in zip(network.parameters, gradients):
        assert gradient.shape == parameter.shape
        kept = parameter.copy()
        numeric = central_difference(lambda values, p=parameter: loss_with(p, values), kept)
        parameter[...] = kept
        assert gradient_check_ratio(gradient, numeric) < RIGHT


@pytest.mark.parametrize("sparse", [csr_matrix, csc_array])
def test_dense_takes_sparse_rows(sparse):
    X = draw(3, 6, 4) * (draw(5, 6, 4) > 0)
    layer, direction = dense(4, 3), draw(6, 6, 3)
    Y, pullback = layer.forward(X)
    Y_sparse, pullback_sparse = layer.forward(sparse(X))
    np.testing.assert_allclose(Y_sparse, Y, rtol=0, atol=1e-14)
    for ours, theirs in zip(pullback_sparse(direction)[1], pullback(direction)[1]):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)


def test_first_layer_can_save_the_gradient_of_its_input():
    _, pullback = dense(4, 3, input_gradient=False).forward(draw(0, 6, 4))
    dX, gradients = pullback(draw(1, 6, 3))
    assert dX is None
    assert len(gradients) == 2


def test_gradients_are_written_where_asked():
    into = (np.zeros((4, 3)), np.zeros(3))
    _, pullback = dense(4, 3, gradients=into).forward(draw(0, 6, 4))
    _, gradients = pullback(draw(1, 6, 3))
    assert gradients[0] is into[0]
    assert gradients[1] is into[1]
    assert np.all(into[0] != 0)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_leaves_its_arguments_alone_unless_in_place(name):
    X, direction = draw(0, 5, 3), draw(1, 5, 3)
    X_kept, direction_kept = X.copy(), direction.copy()
    Y, pullback = Activation(name).forward(X)
    dX, _ = pullback(direction)
    np.testing.assert_array_equal(X, X_kept)
    np.testing.assert_array_equal(direction, direction_kept)
    Y_in_place, pullback_in_place = Activation(name, in_place=True).forward(X)
    assert Y_in_place is X
    assert pullback_in_place(direction)[0] is direction
    np.testing.assert_array_equal(Y_in_place, Y)
    np.testing.assert_array_equal(direction, dX)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_dtype_is_kept(name):
    Y, pullback = Activation(name).forward(draw(0, 5, 3).astype(np.float32))
    assert Y.dtype == pullback(np.ones((5, 3), dtype=np.float32))[0].dtype == np.float32


@pytest.mark.filterwarnings("ignore:overflow encountered in exp:RuntimeWarning")
@pytest.mark.parametrize("name", ["logistic", "tanh", "relu", "softmax", "identity"])
def test_extreme_inputs_give_finite_outputs_and_gradients(name):
    Y, pullback = Activation(name).forward(np.array([[1e3, -1e3, 0.0]]))
    assert np.isfinite(Y).all()
    assert np.isfinite(pullback(np.ones((1, 3)))[0]).all()


def test_relu_passes_no_gradient_where_it_is_off_however_large():
    _, pullback = Activation("relu").forward(np.array([[-1.0, 0.0, 2.0]]))
    np.testing.assert_array_equal(pullback(np.array([[np.inf, np.inf, 3.0]]))[0], [[0.0, 0.0, 3.0]])


def test_softmax_after_scores_pulls_log_loss_back_to_probability_minus_target():
    scores, onehot = draw(0, 4, 3), np.eye(3)[[0, 2, 1, 1]]
    P, pullback = Activation("softmax").forward(scores)
    np.testing.assert_allclose(pullback(-onehot / P)[0], P - onehot, rtol=0, atol=1e-15)


def test_parameters_of_a_combination_are_those_of_its_layers_in_order():
    first, second = dense(4, 5), dense(5, 3)
    network = chain(first, Activation("relu"), second)
    expected = [*first.parameters, *second.parameters]
    assert all(ours is theirs for ours, theirs in zip(network.parameters, expected, strict=True))
