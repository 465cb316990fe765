"""scikit-learn's common checks for the solver that is not the default; tests/test_contract.py has the default one."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlx.neural_network import MLPClassifier, MLPRegressor

# A few iterations only: whether the search settles is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@parametrize_with_checks(
    [
        MLPClassifier(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=50),
        MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=50),
    ]
)
def test_common_checks(estimator, check):
    check(estimator)
