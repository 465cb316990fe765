"""Boxes: intersection over union against its definition, medians, anchors, what is no box."""

import numpy as np
import pytest
from scipy import sparse

from mlx.cluster import KMeans
from mlx.cluster.boxes import distances, intersection_over_union, weighted_median
from tests.reference.kmeans import intersection_over_union as iou_of_two

ANCHORS = np.array([[10.0, 13.0], [33.0, 23.0], [30.0, 61.0], [62.0, 45.0], [116.0, 90.0]])


def shapes(n=300, seed=0, spread=0.2):
    """Widths and heights around five anchors."""
    rng = np.random.default_rng(seed)
    return np.concatenate([anchor * np.exp(spread * rng.normal(size=(n, 2))) for anchor in ANCHORS])


def test_iou_is_that_of_every_pair():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 10, size=(2, 20, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(0.5, 8, size=(2, 20, 2))], axis=2)
    found = intersection_over_union(*boxes)
    expected = [[iou_of_two(a, b) for b in boxes[1]] for a in boxes[0]]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (found == 0.0).any() and (found > 0.3).any()


def test_of_shapes_one_corner_is_common():
    first, second = shapes(10), shapes(4, seed=1)
    expected = [[iou_of_two((0, 0, *a), (0, 0, *b)) for b in second] for a in first]
    np.testing.assert_allclose(1.0 - distances(first, second), expected, rtol=1e-12)
    np.testing.assert_allclose(distances(7.0 * first, 7.0 * second), distances(first, second), atol=1e-14)


def test_weighted_median():
    values = np.random.default_rng(0).normal(size=11)
    assert weighted_median(values, np.ones(11)) == np.median(values)
    assert weighted_median(values[:10], np.ones(10)) == np.median(values[:10])
    repeats = np.random.default_rng(1).integers(0, 4, 11)
    assert weighted_median(values, repeats.astype(float)) == np.median(np.repeat(values, repeats))


def test_anchors_are_found():
    model = KMeans(5, metric="iou", random_state=0).fit(shapes())
    found = model.cluster_centers_[np.argsort(model.cluster_centers_.prod(axis=1))]
    expected = ANCHORS[np.argsort(ANCHORS.prod(axis=1))]
    np.testing.assert_allclose(found, expected, rtol=0.15)


def test_fitted_attributes_belong_together():
    X = shapes()
    weights = np.random.default_rng(0).uniform(size=len(X))
    model = KMeans(4, metric="iou", random_state=0).fit(X, sample_weight=weights)
    apart = model.transform(X)
    np.testing.assert_array_equal(apart, distances(X, model.cluster_centers_))
    np.testing.assert_array_equal(model.labels_, apart.argmin(axis=1))
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    assert model.inertia_ == pytest.approx(apart.min(axis=1) @ weights)
    assert model.score(X, sample_weight=weights) == pytest.approx(-model.inertia_)


def test_the_mean_overlap_grows_with_the_number_of_anchors():
    X = np.exp(np.random.default_rng(0).normal(size=(800, 2))) * 30
    overlaps = [1.0 - KMeans(k, metric="iou", n_init=3, random_state=0).fit(X).inertia_ / len(X) for k in range(1, 10)]
    assert (np.diff(overlaps) > 0.0).all()


@pytest.mark.parametrize("max_iter", [1, 4, 50])
def test_no_run_ends_worse_than_it_began(max_iter):
    X = np.exp(np.random.default_rng(0).normal(size=(600, 2))) * 30
    begin = distances(X, X[:9]).min(axis=1).sum()
    ends = [KMeans(9, metric="iou", init=X[:9], max_iter=n, tol=0.0).fit(X).inertia_ for n in range(1, max_iter + 1)]
    assert (np.diff([begin, *ends]) <= 0.0).all()


def test_the_iteration_that_counts_is_the_best_not_the_last(capsys):
    X = np.exp(np.random.default_rng(0).normal(size=(600, 2))) * 30
    model = KMeans(9, metric="iou", random_state=0, tol=0.0, verbose=1).fit(X)
    inertias = [float(line.split("inertia ")[1].rstrip(".")) for line in capsys.readouterr().out.splitlines()[1:]]
    assert len(inertias) == model.n_iter_
    assert model.inertia_ == min(inertias)
    assert (np.diff(inertias) > 0.0).any(), "a step that raises the sum, or this test shows nothing"


def test_an_empty_cluster_gets_the_farthest_box():
    X = np.array([[10.0, 10.0], [11.0, 10.0], [10.0, 11.0], [1.0, 90.0]])
    init = np.array([[10.0, 10.0], [1e-6, 1e-6]])
    model = KMeans(2, metric="iou", init=init).fit(X)
    np.testing.assert_array_equal(model.cluster_centers_[1], [1.0, 90.0])
    assert len(set(model.labels_)) == 2


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((9, 3)), "X must have two columns"),
        (np.array([[1.0, 2.0]] * 8 + [[0.0, 2.0]]), "X must hold positive"),
        (np.array([[1.0, -2.0]] * 9), "X must hold positive"),
    ],
)
def test_what_is_no_box_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        KMeans(2, metric="iou").fit(X)


def test_what_does_not_fit_boxes_is_refused():
    with pytest.raises(ValueError, match="algorithm='elkan' needs metric='euclidean'"):
        KMeans(2, metric="iou", algorithm="elkan").fit(shapes(5))
    with pytest.raises(ValueError, match="init: X must hold positive"):
        KMeans(2, metric="iou", init=-np.ones((2, 2))).fit(shapes(5))
    with pytest.raises(TypeError, match="X must be dense"):
        KMeans(2, metric="iou").fit(sparse.csr_array(shapes(5)))
