"""Elementary functions beside 50 digits."""

import mpmath
import numpy as np

from mlx.numeric.functions import exp32
from mlx.numeric.jit import kernel


@kernel
def exp_of(x, out):
    for i in range(len(x)):
        out[i] = exp32(x[i])


def values_of(x):
    out = np.empty_like(x)
    exp_of(x, out)
    return out


def test_exp_is_the_nearest_float32_but_for_one_in_ten_thousand():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(scale=8, size=4000), rng.uniform(-88, 88.7, size=4000)]).astype(np.float32)
    with mpmath.workdps(50):
        exact = [mpmath.exp(mpmath.mpf(float(number))) for number in x]
        nearest = np.array([float(number) for number in exact]).astype(np.float32)
    found = values_of(x)
    assert np.mean(found != nearest) <= 1e-3
    np.testing.assert_array_less(np.abs(found - nearest), 1.5 * np.spacing(nearest))


def test_exp_at_its_ends():
    x = np.float32([-np.inf, -200, -104, -103, 0, 88.72, 89, 500, np.inf, np.nan])
    found = values_of(x)
    assert found[:3].tolist() == [0, 0, 0]
    assert found[3] == np.nextafter(np.float32(0), np.float32(1))
    assert found[4] == 1
    assert 3.3e38 < found[5] < np.inf
    assert found[6:9].tolist() == [np.inf] * 3
    assert np.isnan(found[9])
