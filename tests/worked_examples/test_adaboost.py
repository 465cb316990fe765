"""The study notes' examples of AdaBoost (E51 to E56), with the right values where theirs are wrong."""

import numpy as np
import pytest

from mlx.ensemble import AdaBoostClassifier
from mlx.ensemble.adaboost_rounds import BoostingRound, RoundWorking, amount_of_say

F1 = np.array([1, 0, 1, 1, 0])  # yes, no, yes, yes, no
F2 = np.array([0, 1, 0, 2, 2])
LABEL = np.array(["yes", "yes", "no", "no", "no"])
TABLE = np.column_stack([F1, F2])


def impurities(X):
    """Gini impurity before and after the first stump's cut."""
    tree = AdaBoostClassifier(n_estimators=1).fit(X, LABEL)[0].tree_
    shares = tree.weighted_n_node_samples / tree.weighted_n_node_samples[0]
    return tree.impurity[0], shares[1:] @ tree.impurity[1:]


def working(weights, wrong):
    """Working of a round in which these rows are wrong."""
    weights, wrong = np.asarray(weights, dtype=float), np.asarray(wrong)
    error = weights[wrong].sum()
    y = np.ones(len(weights), dtype=int)
    return RoundWorking.of(BoostingRound.of(0, error, 2 * amount_of_say(error)), y, np.where(wrong, 0, 1), weights)


def test_e51_stump_for_each_feature():
    """The notes create a stump per feature and check Gini, without values."""
    assert impurities(F1[:, None]) == pytest.approx((0.48, 0.466667), abs=5e-7)
    assert impurities(F2[:, None] > 0.5) == pytest.approx((0.48, 0.466667), abs=5e-7)
    assert impurities(F2[:, None] > 1.5) == pytest.approx((0.48, 0.266667), abs=5e-7)
    model = AdaBoostClassifier(n_estimators=1).fit(TABLE, LABEL)
    assert (model[0].tree_.feature[0], model[0].tree_.threshold[0]) == (1, 1.5)
    np.testing.assert_array_equal(model[0].predict(TABLE) != LABEL, [False, False, True, False, False])


def test_e52_total_error():
    """The notes print 1/8 + 1/8 = 1/4 for five rows of weight 1/5, of which the last two are wrong: it is 2/5."""
    found = working([0.2] * 5, [False, False, False, True, True]).round
    assert found.total_error == pytest.approx(0.4)
    assert found.amount_of_say == pytest.approx(0.202733, abs=5e-7)


def test_e53_new_weights():
    rows = working([0.2] * 5, [False, False, False, True, True])
    np.testing.assert_allclose(rows.raised, [0.163299, 0.163299, 0.163299, 0.244949, 0.244949], atol=5e-7)
    assert rows.raised.sum() == pytest.approx(0.979796, abs=5e-7)
    np.testing.assert_allclose(rows.new_weights, [1 / 6, 1 / 6, 1 / 6, 0.25, 0.25])
    # A stump is no better than chance on the weights that follow it.
    assert rows.new_weights[rows.wrong].sum() == pytest.approx(0.5)


def test_e54_best_stump():
    model = AdaBoostClassifier(n_estimators=3).fit(TABLE, LABEL)
    rows = model.explain_round(TABLE, LABEL, 0)
    assert rows.round == model.rounds_[0]
    assert rows.round.total_error == pytest.approx(0.2)
    assert rows.round.amount_of_say == pytest.approx(0.693147, abs=5e-7)
    assert model.estimator_weights_[0] == 2 * rows.round.amount_of_say
    np.testing.assert_allclose(rows.raised, [0.1, 0.1, 0.4, 0.1, 0.1])
    assert rows.raised.sum() == pytest.approx(0.8)
    np.testing.assert_allclose(rows.new_weights, [0.125, 0.125, 0.5, 0.125, 0.125])
    # And so the next round begins, though only wrong rows are multiplied there.
    np.testing.assert_allclose(model.explain_round(TABLE, LABEL, 1).weights, rows.new_weights, rtol=1e-14)


def test_e54_prints_as_the_table():
    model = AdaBoostClassifier(n_estimators=1).fit(TABLE, LABEL)
    title, _, headings, _, *rows = str(model.explain_round(TABLE, LABEL, 0)).splitlines()
    assert title == "round 0: total error 0.2, amount of say 0.693147"
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in (headings, rows[2], rows[3])]
    assert cells == [
        ["row", "y", "predicted", "weight", "times e^±say", "new weight"],
        ["2", "no", "yes *", "0.200000", "0.400000", "0.500000"],
        ["3", "no", "no", "0.200000", "0.100000", "0.125000"],
    ]


def test_e55_eight_rows():
    rows = working([1 / 8] * 8, [True, True] + [False] * 6)
    assert rows.round.total_error == 0.25
    assert rows.round.amount_of_say == pytest.approx(0.549306, abs=5e-7)
    np.testing.assert_allclose(rows.raised, [0.216506] * 2 + [0.072169] * 6, atol=5e-7)
    np.testing.assert_allclose(rows.new_weights, [0.25] * 2 + [0.083333] * 6, atol=5e-7)


@pytest.mark.parametrize(
    ("total_error", "say"),
    [(1.0, -np.inf), (0.0, np.inf), (0.5, 0.0), (0.1, 1.098612), (0.25, 0.549306), (0.75, -0.549306)],
)
def test_e56_limits_of_the_amount_of_say(total_error, say):
    assert amount_of_say(total_error) == pytest.approx(say, abs=5e-7)


def test_more_error_is_less_say():
    """The notes close with 'total error large: wrong points are increased more'; it is the other way round."""
    small, large = (working(np.full(10, 0.1), np.arange(10) < n_wrong) for n_wrong in (1, 4))
    assert small.round.amount_of_say > large.round.amount_of_say
    assert small.raised[0] > large.raised[0]
