"""One training step of a multilayer perceptron in plain Python, one number at a time.

Lists of floats instead of arrays, loops instead of products, no vector of all parameters, no closure: the chain rule
is written out. Slow on purpose; this is what the package's networks must equal.
"""

import math

ACTIVATIONS = {
    "identity": lambda x: x,
    "logistic": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "relu": lambda x: max(0.0, x),
}
# Derivatives at the input x.
SLOPES = {
    "identity": lambda x: 1.0,
    "logistic": lambda x: ACTIVATIONS["logistic"](x) * (1 - ACTIVATIONS["logistic"](x)),
    "tanh": lambda x: 1 - math.tanh(x) ** 2,
    "relu": lambda x: 1.0 if x > 0 else 0.0,
}


def output_of(raw, output):
    """Predictions of one row from what enters the output activation."""
    if output == "softmax":
        powers = [math.exp(f) for f in raw]
        return [power / sum(powers) for power in powers]
    if output == "exp":
        return [math.exp(f) for f in raw]
    return [ACTIVATIONS[output](f) for f in raw]


def loss_of_row(predicted, target, output):
    """Loss of one row; the squared error is the mean over outputs, the other losses the sum."""
    if output == "identity":
        return sum(0.5 * (p - t) ** 2 for p, t in zip(predicted, target)) / len(target)
    if output == "exp":
        return sum((t * math.log(t / p) if t > 0 else 0.0) - t + p for p, t in zip(predicted, target))
    if output == "logistic":
        return -sum(t * math.log(p) + (1 - t) * math.log(1 - p) for p, t in zip(predicted, target))
    return -sum(math.log(p) for p, t in zip(predicted, target) if t == 1)


def forward(row, coefs, intercepts, activation):
    """What enters and what leaves each layer for one row: lists `entering` (after the first) and `leaving`."""
    entering, leaving = [], [list(row)]
    for layer, (weights, bias) in enumerate(zip(coefs, intercepts)):
        sums = [
            bias[unit] + sum(leaving[-1][i] * weights[i][unit] for i in range(len(weights)))
            for unit in range(len(bias))
        ]
        entering.append(sums)
        is_last = layer == len(coefs) - 1
        leaving.append(sums if is_last else [ACTIVATIONS[activation](x) for x in sums])
    return entering, leaving


def loss_and_gradients(X, Y, row_weights, coefs, intercepts, *, activation, output, alpha):
    """Regularised mean loss of a batch, and its gradients as nested lists shaped as the weights and the biases."""
    weight_gradients = [[[0.0 for _ in row] for row in weights] for weights in coefs]
    bias_gradients = [[0.0 for _ in bias] for bias in intercepts]
    loss, total_weight = 0.0, sum(row_weights)
    for x, y, row_weight in zip(X, Y, row_weights):
        entering, leaving = forward(x, coefs, intercepts, activation)
        predicted = output_of(entering[-1], output)
        loss += row_weight * loss_of_row(predicted, y, output)
        delta = [row_weight * (p - t) for p, t in zip(predicted, y)]
        for layer in reversed(range(len(coefs))):
            for unit, d in enumerate(delta):
                bias_gradients[layer][unit] += d
                for i, value in enumerate(leaving[layer]):
                    weight_gradients[layer][i][unit] += value * d
            if layer > 0:
                delta = [
                    SLOPES[activation](x_in) * sum(coefs[layer][i][unit] * d for unit, d in enumerate(delta))
                    for i, x_in in enumerate(entering[layer - 1])
                ]
    for gradients, weights in zip(weight_gradients, coefs):
        for i, row in enumerate(weights):
            for unit, w in enumerate(row):
                loss += 0.5 * alpha * w * w
                gradients[i][unit] = (gradients[i][unit] + alpha * w) / total_weight
    bias_gradients = [[g / total_weight for g in gradients] for gradients in bias_gradients]
    return loss / total_weight, weight_gradients, bias_gradients


def momentum_steps(parameter, gradients, *, learning_rate, momentum, nesterov):
    """One number after gradient descent with momentum through a list of gradients."""
    velocity = 0.0
    for g in gradients:
        velocity = momentum * velocity - learning_rate * g
        parameter += momentum * velocity - learning_rate * g if nesterov else velocity
    return parameter


def adam_steps(parameter, gradients, *, learning_rate, beta_1, beta_2, epsilon):
    """One number after Adam through a list of gradients: algorithm 1 of Kingma & Ba, with ε as in their section 2."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g * g
        rate = learning_rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        parameter -= rate * m / (math.sqrt(v) + epsilon)
    return parameter
