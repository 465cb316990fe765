"""The study notes' boosting examples (E58 to E68) as `explain_node` writes them out, with the right values."""

import numpy as np
import pytest

from mlx.boosting import XGBClassifier, XGBRegressor
from tests.worked_examples.test_boosting import DOSAGE, DRUG, EFFECT, SPARSE_EFFECT, one_tree


def lines(working):
    """Text by the name at the head of its line."""
    return {line[2:14].strip(): line[14:] for line in str(working).splitlines()[1:]}


def test_e58_drug_table():
    working = one_tree().fit(DRUG, EFFECT).explain_node(0, 0)
    assert str(working).splitlines()[0] == "tree 0, node 0: f1<29 ?"
    assert lines(working) == {
        "sums": "G = 0, H = 4",
        "weight": "w = -G / (H + λ) = 0 / (4 + 0) = 0",
        "similarity": "G² / (H + λ) = 0² / (4 + 0) = 0",
        "left": "node 1: G = -2, H = 2, similarity G² / (H + λ) = (-2)² / (2 + 0) = 2",
        "right": "node 2: G = 2, H = 2, similarity G² / (H + λ) = 2² / (2 + 0) = 2",
        "gain": "2 + 2 - 0 = 4, at least γ = 0",
        "missing": "no row; a value that is missing later goes right",
        "runner-up": "f0<10 gains 1, 3 less",
    }


def test_e58_with_lambda():
    model = one_tree(1.0).fit(DRUG, EFFECT)
    assert lines(model.explain_node(0, 0))["gain"] == "1.33333 + 1.33333 - 0 = 2.66667, at least γ = 0"
    leaf = model.explain_node(0, 1)
    assert lines(leaf)["weight"] == "w = -G / (H + λ) = 2 / (2 + 1) = 0.666667"
    assert leaf.weight == pytest.approx(2 / 3, rel=1e-6)


@pytest.mark.parametrize(("reg_lambda", "gain"), [(0.0, "65.3333 + 100 - 4 = 161.333"), (1.0, "49 + 50 - 3.2 = 95.8")])
def test_e59_residuals_as_printed(reg_lambda, gain):
    """From residuals -1, -5, 10, -8, which are the targets of a model that starts at 0."""
    working = one_tree(reg_lambda, base_score=0.0).fit(DRUG[:, :1], [-1.0, -5.0, 10.0, -8.0]).explain_node(0, 0)
    assert lines(working)["gain"] == f"{gain}, at least γ = 0"
    assert lines(working)["runner-up"] == "no other column gains anything"


def test_e61_refused_split_is_told():
    """With gamma 5 the root stays a leaf, and says which split did not reach it."""
    working = one_tree(gamma=5.0).fit(DRUG, EFFECT).explain_node(0, 0)
    assert lines(working)["refused"] == "f1<29, the best split, gains 4, less than γ = 5"
    assert working.gain == 0.0


def test_e63_classification():
    """Leaf of one row at p = 0.5: its output -2 times η = 0.3 leads to the probability 0.354344."""
    model = XGBClassifier(n_estimators=1, max_depth=1, reg_lambda=0.0, min_child_weight=0.0)
    model.fit([[1.0], [2.0], [3.0], [4.0]], [0, 1, 1, 0])
    assert lines(model.explain_node(0, 0))["gain"] == "1 + 0.333333 - 0 = 1.33333, at least γ = 0"
    single = model.explain_node(0, 1)
    assert lines(single)["similarity"] == "G² / (H + λ) = 0.5² / (0.25 + 0) = 1"
    assert lines(single)["value"] == "η w = 0.3 · (-2) = -0.6"
    assert 1 / (1 + np.exp(0.6)) == pytest.approx(0.354344, rel=1e-5)


def test_e67_missing_dosages():
    """Threshold 20, and why missing values go right: 22.53 there, 14.45 on the left."""
    working = one_tree().fit(DOSAGE, SPARSE_EFFECT).explain_node(0, 0)
    assert lines(working)["missing"] == (
        "G = 1.8, H = 2: gain 14.45 on the left, gain 22.5333 on the right, so they go right"
    )
    assert (working.gain_missing_left, working.gain_missing_right) == pytest.approx((14.45, 22.533333), rel=1e-5)
    assert working.gain == pytest.approx(22.533333, rel=1e-5)


def test_e68_present_against_missing():
    """From the printed residuals the best split parts present from missing; the other side would leave one empty."""
    working = one_tree(base_score=0.0).fit(DOSAGE, [3.0, 4.0, -2.0, -6.0, -1.0]).explain_node(0, 0)
    assert lines(working)["missing"] == (
        "G = 7, H = 2: not allowed on the left, gain 32.0333 on the right, so they go right"
    )
    assert np.isnan(working.gain_missing_left)


def test_regressor_and_classifier_share_the_words():
    assert XGBRegressor.explain_node is XGBClassifier.explain_node
