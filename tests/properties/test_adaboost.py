"""Laws of AdaBoost, on tables that Hypothesis makes up, with the slow twin's arithmetic of a round."""

from math import log

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlx.ensemble import AdaBoostClassifier
from tests.reference import adaboost as slow

N_FEATURES = 2
# Few values: ties, and stumps that are as good as others, are common.
ROWS = st.lists(
    st.tuples(*[st.integers(-3, 3).map(float)] * N_FEATURES, st.integers(0, 2), st.integers(1, 3)),
    min_size=6,
    max_size=25,
)


@given(rows=ROWS, learning_rate=st.sampled_from([1.0, 0.5]))
@settings(deadline=None, max_examples=40)
def test_rounds_are_those_of_the_slow_twin(rows, learning_rate):
    """Weights sum to 1, no stump is better, and error, weight and next weights follow from its answers."""
    table = np.array(rows)
    X, y, weights = table[:, :N_FEATURES], table[:, N_FEATURES].astype(int), table[:, -1]
    n_classes = len(np.unique(y))
    assume(n_classes > 1)
    try:
        model = AdaBoostClassifier(n_estimators=4, learning_rate=learning_rate, random_state=0).fit(X, y, weights)
    except ValueError as error:
        assert "worse than random" in str(error)
        return
    now = weights / weights.sum()
    for number, (stump, found) in enumerate(zip(model.estimators_, model.rounds_)):
        told = model.explain_round(X, y, number, sample_weight=weights)
        np.testing.assert_allclose(told.weights, now, rtol=1e-9)
        assert told.weights.sum() == pytest.approx(1.0, abs=1e-12)
        assert told.new_weights.sum() == pytest.approx(1.0, abs=1e-12)
        best = min(
            (
                slow.weighted_impurity(column.tolist(), y.tolist(), now.tolist(), threshold)
                for column in X.T
                for threshold in slow.thresholds(column.tolist())
            ),
            default=None,
        )
        if stump.tree_.node_count == 3:
            column, threshold = X[:, stump.tree_.feature[0]], float(stump.tree_.threshold[0])
            own = slow.weighted_impurity(column.tolist(), y.tolist(), now.tolist(), threshold)
            assert own == pytest.approx(best, abs=1e-9)
        wrong = stump.predict(X) != y
        error = now[wrong].sum()
        assert found.total_error == pytest.approx(error, abs=1e-9)
        if error <= 0.0 or number + 1 == len(model.estimators_):
            break
        alpha = learning_rate * (log((1 - error) / error) + log(n_classes - 1))
        assert model.estimator_weights_[number] == pytest.approx(alpha, rel=1e-7)
        now = now * np.exp(alpha * wrong)
        now /= now.sum()
        np.testing.assert_allclose(told.new_weights, now, rtol=1e-7)
