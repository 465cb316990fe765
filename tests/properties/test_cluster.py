"""Properties of k-means on tables that Hypothesis draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlx.cluster import KMeans
from tests.reference.kmeans import squared_distances

# Drawn tables have fewer different rows than clusters, and one cluster is asked of "elkan": both are warned of.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:algorithm='elkan' doesn't make sense:RuntimeWarning"),
]

# Halves are exact in float64, and so is much of what is made of them: ties and duplicates occur.
TABLES = st.tuples(st.integers(6, 40), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(-20, 20).map(lambda number: number / 2))
)


@settings(deadline=None, max_examples=60)
@given(TABLES, st.integers(1, 6), st.sampled_from(["lloyd", "elkan"]))
def test_inertia_never_rises_and_labels_are_nearest(X, k, algorithm):
    inertias = []
    for max_iter in range(1, 8):
        model = KMeans(k, init=X[:k], max_iter=max_iter, tol=0.0, algorithm=algorithm, n_jobs=1).fit(X)
        inertias.append(model.inertia_)
        distances = squared_distances(X, model.cluster_centers_)
        own = distances[np.arange(len(X)), model.labels_]
        # Of equally near centers rounding may take either.
        np.testing.assert_allclose(own, distances.min(axis=1), atol=1e-9)
        np.testing.assert_allclose(model.inertia_, own.sum(), atol=1e-9)
    assert (np.diff(inertias) <= 1e-9).all()


@settings(deadline=None, max_examples=40)
@given(TABLES, st.integers(2, 5))
def test_both_algorithms_find_the_same(X, k):
    X = X + np.random.default_rng(0).uniform(-0.1, 0.1, X.shape)  # no ties
    lloyd, elkan = (KMeans(k, random_state=0, algorithm=name, n_jobs=1).fit(X) for name in ("lloyd", "elkan"))
    np.testing.assert_array_equal(lloyd.labels_, elkan.labels_)
    np.testing.assert_array_equal(lloyd.cluster_centers_, elkan.cluster_centers_)
