"""The approximate median significance beside its formula, row by row."""

import math

import numpy as np
import pytest

from mlx.boosting.metrics import metric


def significance(signal, background):
    """√(2 ((s + b) log(1 + s / b) - s)), b with the 10 events that are always added."""
    b = background + 10.0
    return math.sqrt(2.0 * ((signal + b) * math.log(1.0 + signal / b) - signal))


def twin(y, p, weight, ratio):
    """Highest predictions first; the last row is left out, as in the library."""
    order = sorted(range(len(y)), key=lambda i: -p[i])
    n_top = int(ratio * len(y))
    s = b = best = 0.0
    for place, i in enumerate(order[:-1]):
        if y[i] > 0.5:
            s += weight[i]
        else:
            b += weight[i]
        if place == n_top - 1:
            return significance(s, b)
        if p[i] != p[order[place + 1]]:
            best = max(best, significance(s, b))
    return best


def test_by_hand():
    # Two signals and a background row are the highest three of four.
    y, p = np.array([1.0, 0.0, 1.0, 0.0]), np.array([[0.9], [0.7], [0.8], [0.1]])
    assert metric("ams@0.5")(y, p, None) == pytest.approx(significance(2, 0), rel=1e-14)
    assert metric("ams@0.75")(y, p, None) == pytest.approx(significance(2, 1), rel=1e-14)
    assert metric("ams@0")(y, p, None) == pytest.approx(significance(2, 0), rel=1e-14)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("ratio", [0, 0.01, 0.25, 0.5, 0.99, 1])
def test_rows_by_falling_prediction(ratio, weighted):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 80).astype(float)
    p = np.round(0.4 * y + rng.random(80), 1)  # ties
    weight = rng.exponential(size=80) if weighted else None
    expected = twin(y, p, np.ones(80) if weight is None else weight, ratio)
    assert metric(f"ams@{ratio}")(y, p[:, np.newaxis], weight) == pytest.approx(expected, rel=1e-13)


def test_larger_is_better_and_a_number_is_needed():
    assert metric("ams@0.1").larger_is_better
    for name in ("ams", "ams@", "ams@x"):
        with pytest.raises(ValueError, match="eval_metric"):
            metric(name)
