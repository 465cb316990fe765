"""Principal components and k-means on five rows, and the overlap of two boxes, by hand."""

import numpy as np
import pytest

from mlx.cluster import KMeans
from mlx.cluster.boxes import intersection_over_union
from mlx.decomposition import PCA, IncrementalPCA


def test_principal_components_of_five_rows():
    """Standardise, covariance S = XᵀX/(n - 1), eigenpairs S v = λ v, the largest first (systems, row 27)."""
    table = np.array([[2.0, 1.0], [3.0, 5.0], [5.0, 4.0], [7.0, 8.0], [8.0, 7.0]])
    X = (table - table.mean(axis=0)) / table.std(axis=0, ddof=1)
    # Of two standardised columns S = [[1, r], [r, 1]]: eigenvalues 1 ± r along the diagonals.
    r = 24.0 / np.sqrt(26.0 * 30.0)
    for model in (PCA(), IncrementalPCA()):
        model.fit(X)
        np.testing.assert_allclose(model.explained_variance_, [1.0 + r, 1.0 - r], rtol=1e-12)
        np.testing.assert_allclose(np.abs(model.components_), np.sqrt(0.5), rtol=1e-12)
        np.testing.assert_allclose(model.components_ @ model.components_.T, np.eye(2), atol=1e-14)
        # Share of variance λ_j / Σλ (row 28), and the way back (row 31): lossless with all components, lossy with one.
        np.testing.assert_allclose(model.explained_variance_ratio_, [(1.0 + r) / 2.0, (1.0 - r) / 2.0], rtol=1e-12)
        np.testing.assert_allclose(model.inverse_transform(model.transform(X)), X, atol=1e-14)
    one = PCA(1).fit(X)
    lost = np.sum((one.inverse_transform(one.transform(X)) - X) ** 2)
    assert lost == pytest.approx(4.0 * (1.0 - r))


def test_the_first_component_lies_nearest_to_the_rows_across_and_the_line_of_regression_upwards():
    """Orthogonal distance and vertical error (systems, row 30; claims, C5)."""
    X = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0], [3.0, 4.0], [4.0, 3.0]])
    Z = X - X.mean(axis=0)
    across, upwards = PCA(1).fit(X).components_[0], np.array([1.0, (Z[:, 0] @ Z[:, 1]) / (Z[:, 0] @ Z[:, 0])])

    def orthogonal(line):
        unit = line / np.linalg.norm(line)
        return np.sum(Z**2) - np.sum((Z @ unit) ** 2)

    def vertical(line):
        return np.sum((Z[:, 1] - Z[:, 0] * line[1] / line[0]) ** 2)

    # Both variances are 10: the component is the diagonal, the slope of least squares is 8/10.
    np.testing.assert_allclose(across, np.sqrt([0.5, 0.5]))
    assert upwards[1] == pytest.approx(0.8)
    assert orthogonal(across) == pytest.approx(2.0) and vertical(upwards) == pytest.approx(3.6)
    assert orthogonal(across) < orthogonal(upwards) and vertical(upwards) < vertical(across)


def test_k_means_of_five_rows():
    """From the first two rows: (1, 2), (2, 1) and (9, 9), (10, 8), (8, 10) in two steps."""
    X = np.array([[1.0, 2.0], [9.0, 9.0], [2.0, 1.0], [10.0, 8.0], [8.0, 10.0]])
    # Step 1: rows 0 and 2 are nearest to (1, 2), rows 1, 3, 4 to (9, 9); the means are (1.5, 1.5) and (9, 9).
    model = KMeans(2, init=X[:2]).fit(X)
    np.testing.assert_array_equal(model.labels_, [0, 1, 0, 1, 1])
    np.testing.assert_allclose(model.cluster_centers_, [[1.5, 1.5], [9.0, 9.0]], rtol=1e-14)
    # Inertia: two times ½ on one side, 0 + 2 + 2 on the other.
    assert model.inertia_ == pytest.approx(5.0)
    # Step 2 changes no label.
    assert model.n_iter_ == 2


def test_overlap_of_two_boxes():
    """(2, 1, 4, 3) and (1, 2, 3, 4): 1 of 7 (example 113; the notes' 'min' of the tops would give a third)."""
    assert intersection_over_union([[2, 1, 4, 3]], [[1, 2, 3, 4]])[0, 0] == pytest.approx(1 / 7)


def test_anchors_of_five_boxes():
    """Anchor shapes by k-means with the distance 1 - IoU (systems, row 415)."""
    boxes = np.array([[10.0, 10.0], [12.0, 10.0], [11.0, 12.0], [40.0, 20.0], [44.0, 24.0]])
    model = KMeans(2, metric="iou", init=boxes[[0, 3]]).fit(boxes)
    np.testing.assert_array_equal(model.labels_, [0, 0, 0, 1, 1])
    np.testing.assert_allclose(model.cluster_centers_, [[11.0, 10.0], [42.0, 22.0]])
    # Overlaps with (11, 10): 100/110, 110/120, 110/132; with (42, 22): 800/924 and 924/1056.
    expected = 5.0 - (100 / 110 + 110 / 120 + 110 / 132 + 800 / 924 + 924 / 1056)
    assert model.inertia_ == pytest.approx(expected)
