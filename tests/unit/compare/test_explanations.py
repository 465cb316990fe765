"""The explanation of the best model: the function that is explained, and how the sides agree on it."""

import sys

import numpy as np
import pytest

from mlx.compare import explanations
from mlx.compare.explanations import Answer, explain_best


def test_both_methods_agree_on_a_linear_model(comparison):
    shapley, lime = comparison.explanation.agreements
    assert (shapley.method, lime.method) == ("Kernel SHAP", "LIME")
    # Three columns: all coalitions are asked on both sides.
    assert shapley.largest_difference < 1e-9
    assert shapley.rank_correlation > 0.999
    assert lime.rank_correlation > 0.9
    assert shapley.rows == 3


def test_values_add_up_to_the_model(comparison):
    explanation, example = comparison.explanation, comparison.best().example
    output = example.work.predict_columns(example.fitted, explanation.data)
    np.testing.assert_allclose(explanation.base_value + explanation.values.sum(axis=1), output, atol=1e-9)


def test_categories_count_as_one_feature(comparison):
    assert comparison.explanation.columns == ("<b>u</b>", "v", "c")
    assert comparison.explanation.values.shape == (9, 3)


def test_planted_disagreement_is_reported(comparison, monkeypatch):
    before = comparison.explanation

    def shifted(question):
        answer = explanations._our_shap(question)
        values = answer.values[: question.n_compared].copy()
        values[0, 1] += 0.25 * question.spread
        return answer._replace(values=values)

    monkeypatch.setattr(explanations, "_their_shap", shifted)
    monkeypatch.setattr(explanations, "_their_lime", lambda question: Answer(np.zeros((1, 3)), 0.0, 0.0, 0.0, 0))
    try:
        explain_best(comparison)
        assert comparison.explanation.agreements[0].largest_difference == pytest.approx(0.25)
    finally:
        comparison.explanation = before


def test_missing_library_is_named_and_ours_is_kept(comparison, monkeypatch):
    before = comparison.explanation
    monkeypatch.setitem(sys.modules, "shap", None)
    monkeypatch.setitem(sys.modules, "lime.lime_tabular", None)
    try:
        explain_best(comparison)
        assert comparison.explanation.agreements == ()
        assert [text.split(":")[0] for text in comparison.explanation.failures] == [
            "shap is not installed",
            "lime is not installed",
        ]
        assert len(comparison.explanation.values) == 9
    finally:
        comparison.explanation = before


def test_global_random_stream_is_left_alone(comparison):
    before, state = comparison.explanation, np.random.get_state()  # noqa: NPY002
    try:
        explain_best(comparison)
    finally:
        comparison.explanation = before
    np.testing.assert_array_equal(np.random.get_state()[1], state[1])  # noqa: NPY002


def test_missing_values_are_avoided_or_replaced_by_observed_ones():
    notes = []
    training = np.array([[0.0, 1.0], [np.nan, 2.0], [2.0, np.nan], [2.0, 3.0]])
    filled, held_out = explanations._without_missing(training, training[1:2], notes)
    np.testing.assert_array_equal(filled[1:3], [[2.0, 2.0], [2.0, 2.0]])
    np.testing.assert_array_equal(held_out, [[2.0, 2.0]])
    assert "replaced" in notes[0]
    many = np.vstack([np.ones((60, 2)), [[np.nan, 1.0]]])
    assert len(explanations._without_missing(many, many, notes)[0]) == 60
