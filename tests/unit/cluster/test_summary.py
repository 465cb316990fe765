"""Summaries: rows of the table's own values, weights, missing numbers, bad input, and an explainer that takes them."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_wine

from mlx.cluster import KMeans, summarize
from mlx.explain import KernelExplainer


def test_rows_are_centers_rounded_to_values_of_the_columns():
    X = np.random.default_rng(0).integers(0, 4, size=(200, 3)).astype(float)
    model = KMeans(5, n_init=10, random_state=0).fit(X)
    plain, rounded = summarize(X, 5, round_values=False), summarize(X, 5)
    np.testing.assert_allclose(plain.data, model.cluster_centers_, rtol=1e-12)
    np.testing.assert_array_equal(rounded.data, np.round(plain.data))  # no half in these
    np.testing.assert_allclose(rounded.weights, np.bincount(model.labels_) / 200)
    assert rounded.group_names == ["0", "1", "2"]


def test_every_row_of_a_small_table_can_stand_for_itself():
    X = np.arange(6.0).reshape(3, 2)
    found = summarize(X, 3)
    np.testing.assert_array_equal(found.data[np.argsort(found.data[:, 0])], X)
    np.testing.assert_allclose(found.weights, 1 / 3)


def test_missing_numbers_are_means_of_their_columns():
    X = load_wine().data
    X[::9, 3] = np.nan
    filled = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    np.testing.assert_allclose(summarize(X, 4).data, summarize(filled, 4).data, rtol=1e-12)
    thin = sparse.csr_array(np.where(np.arange(13) % 3 == 0, X, 0.0))
    dense = thin.toarray()
    np.testing.assert_allclose(summarize(thin, 4).data, summarize(dense, 4).data, rtol=1e-9)


def test_names_are_those_of_a_frame():
    frame = load_wine(as_frame=True).data
    assert summarize(frame, 2).group_names == list(frame.columns)


def test_an_explainer_takes_a_summary_for_its_data():
    X = load_wine().data[:, :4]
    summary = summarize(X, 5)
    explanation = KernelExplainer(lambda rows: rows @ np.arange(4.0), summary)(X[:2])
    expected = (X[:2] - summary.weights @ summary.data) * np.arange(4.0)
    np.testing.assert_allclose(explanation.values, expected, atol=1e-10)


@pytest.mark.parametrize("k", [0, -1, 5, 1.5, "two", None, True])
def test_a_number_of_rows_that_is_none_is_named(k):
    with pytest.raises(ValueError, match="k="):
        summarize(np.eye(4), k)


@pytest.mark.parametrize(
    "X", [np.empty((0, 2)), [1.0, 2.0], [["a", "b"]], [[np.inf, 1.0]], [[np.nan, 1.0], [np.nan, 2.0]]]
)
def test_a_table_that_is_none_is_named(X):
    with pytest.raises(ValueError, match=r"\bX\b"):
        summarize(X, 1)
