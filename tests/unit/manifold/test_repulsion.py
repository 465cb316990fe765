"""Each way to repulsion against the definition, with the size of its error; and the tree's own rules."""

import numpy as np
import pytest

from mlx.manifold import repulsion_fft
from mlx.manifold.repulsion_barnes_hut import BarnesHutTree, build_cells
from mlx.manifold.repulsion_exact import STRIP, AllPairs
from mlx.manifold.repulsion_fft import Mesh, spline, spline_slopes
from mlx.manifold.stages import run_stages
from tests.reference import tsne as reference


def run(function, tasks):
    return [function(task) for task in tasks]


def forces_of(repulsion, charges, points=None):
    """R of shape (m, d) and m of shape (m,)."""
    charges = np.ascontiguousarray(charges.T, dtype=np.float32)
    points = charges if points is None else np.ascontiguousarray(points.T, dtype=np.float32)
    force, similarity = np.empty_like(points), np.empty(points.shape[1])
    run_stages(run, 1, repulsion.place(charges), [])
    middle = points.shape[1] // 3
    repulsion.repel(points, 0, middle, force, similarity)
    repulsion.repel(points, middle, points.shape[1], force, similarity)
    return force.T, similarity


def errors_of(repulsion, charges, freedom, points=None):
    """Error of R relative to the length of all R, and of Σ m relative to itself."""
    charges = np.float32(charges).astype(np.float64)
    points = charges if points is None else np.float32(points).astype(np.float64)
    expected, expected_m = reference.repulsion(points, charges, freedom)
    found, found_m = forces_of(repulsion, charges, points if points is not charges else None)
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    return error, abs(found_m.sum() - expected_m.sum()) / expected_m.sum()


def clusters(n, d, extent, seed=0):
    """What maps look like: groups of points, and some between them."""
    generator = np.random.default_rng(seed)
    centres = generator.uniform(-0.5, 0.5, size=(8, d))
    Y = centres[generator.integers(0, 8, size=n)] + 0.06 * generator.normal(size=(n, d))
    return extent * Y


@pytest.mark.parametrize("extent", [1e-4, 0.1, 3.0, 60.0])
@pytest.mark.parametrize(("d", "freedom"), [(2, 1), (3, 2), (4, 3), (5, 4), (3, 1)])
def test_all_pairs(d, freedom, extent):
    error, error_of_sum = errors_of(AllPairs(freedom), clusters(STRIP + 100, d, extent), freedom)
    assert error < 2e-6
    assert error_of_sum < 1e-6


@pytest.mark.parametrize(("extent", "largest"), [(0.015, 1e-3), (0.021, 5e-4), (0.1, 5e-4), (1.0, 5e-4), (60.0, 1e-2)])
@pytest.mark.parametrize("d", [1, 2])
def test_mesh(d, extent, largest):
    """Its error is largest where points are few and a map large: there, few pairs at distances of one cell count."""
    Y = clusters(1000, 2, extent)
    Y[:, d:] = 0.0
    error, error_of_sum = errors_of(Mesh(), Y, 1)
    assert error < largest
    assert error_of_sum < largest


def test_mesh_of_smaller_cells_errs_with_the_fourth_power():
    Y = clusters(1000, 2, 60.0)
    coarse, fine = (errors_of(Mesh(cell), Y, 1)[0] for cell in (0.5, 0.25))
    assert 8 < coarse / fine < 32


def test_mesh_is_nearer_than_the_tree_at_its_usual_angle():
    """The claim under which `auto` takes the mesh where scikit-learn has the tree."""
    for extent in (5.0, 30.0, 60.0):
        Y = clusters(1500, 2, extent)
        of_mesh, of_tree = errors_of(Mesh(), Y, 1), errors_of(BarnesHutTree(0.5, 1), Y, 1)
        assert of_mesh[0] < of_tree[0], extent
        assert of_mesh[1] < of_tree[1], extent


def test_mesh_takes_points_beyond_its_edge():
    Y = clusters(300, 2, 30.0)
    points = np.array([[1e6, 0.0], [-1e6, -1e6], [0.0, 0.0]])
    force, similarity = forces_of(Mesh(), Y, points)
    assert np.isfinite(force).all()
    assert (similarity > 0).all()


@pytest.mark.parametrize("extent", [1e5, 1e8])
def test_mesh_of_a_map_that_flies_apart_stays_small(extent, monkeypatch):
    monkeypatch.setattr(repulsion_fft, "MOST_NODES", 2**16)
    mesh = Mesh()
    forces_of(mesh, clusters(100, 2, extent))
    assert mesh.potential.size <= 2**17


def test_splines_are_a_partition_of_one_and_slopes_are_their_derivatives():
    step = np.float32(2**-8)
    for t in np.linspace(0.01, 0.98, 30, dtype=np.float32):
        weights, slopes = np.array(spline(t)), np.array(spline_slopes(t))
        assert weights.sum() == pytest.approx(1.0, abs=1e-6)
        assert weights @ np.arange(-1, 3) == pytest.approx(t, abs=1e-6)
        above, below = np.array(spline(t + step)), np.array(spline(t - step))
        np.testing.assert_allclose(slopes, (above - below) / (2 * step), atol=1e-4)


@pytest.mark.parametrize("extent", [0.1, 3.0, 60.0])
@pytest.mark.parametrize(("d", "freedom"), [(1, 1), (2, 1), (3, 2), (3, 1)])
@pytest.mark.parametrize(("angle", "largest"), [(0.0, 2e-6), (0.2, 5e-3), (0.5, 5e-2), (0.8, 0.15)])
def test_tree(angle, largest, d, freedom, extent):
    error, error_of_sum = errors_of(BarnesHutTree(angle, freedom), clusters(800, d, extent), freedom)
    assert error < largest
    assert error_of_sum < largest


@pytest.mark.parametrize("repulsion", [AllPairs(1), Mesh(), BarnesHutTree(0.3, 1)])
def test_points_that_are_no_charges(repulsion):
    Y, points = clusters(1000, 2, 20.0), clusters(150, 2, 18.0, seed=1)
    error, error_of_sum = errors_of(repulsion, Y, 1, points)
    assert error < 2e-2
    assert error_of_sum < 5e-3
    alone, _ = forces_of(repulsion, Y, points[:4])
    np.testing.assert_array_equal(alone, forces_of(repulsion, Y, points)[0][:4])


@pytest.mark.parametrize("repulsion", [AllPairs(1), Mesh(), BarnesHutTree(0.5, 1), BarnesHutTree(1.0, 1)])
def test_charges_at_the_same_place(repulsion):
    """Nothing loops for ever, and points that are nowhere apart push nowhere."""
    force, similarity = forces_of(repulsion, np.full((50, 2), 3.0))
    np.testing.assert_allclose(force, 0.0, atol=1e-4)
    np.testing.assert_allclose(similarity, 50.0, rtol=1e-6)
    Y = np.repeat(clusters(40, 2, 10.0), 5, axis=0)
    error, _ = errors_of(repulsion, Y, 1)
    assert error < 0.2


def test_cells_hold_their_charges():
    """Each cell comes before its parts, which share out its charges; its place is their mean."""
    Y = np.concatenate([clusters(400, 3, 20.0), np.full((5, 3), 1.5)])
    charges = np.ascontiguousarray(Y.T, dtype=np.float32)
    cells = build_cells(charges)
    n_cells = len(cells.skips)
    np.testing.assert_array_equal(np.sort(cells.order), np.arange(len(Y)))
    for cell in range(n_cells):
        first, last = cells.ranges[cell]
        inside = charges[:, cells.order[first:last]].T
        np.testing.assert_allclose(cells.places[cell], inside.mean(axis=0), rtol=1e-5, atol=1e-5)
        parts, at = [], cell + 1
        while at < cells.skips[cell]:
            parts.append(at)
            at = cells.skips[at]
        assert at == cells.skips[cell]
        if cells.squared_widths[cell] > 0:
            assert sum(np.diff(cells.ranges[part])[0] for part in parts) == last - first
            assert (np.ptp(inside, axis=0) <= np.sqrt(cells.squared_widths[cell]) * 1.0001).all()
        else:
            assert parts == []
            assert (inside == inside[0]).all()


@pytest.mark.parametrize("offset", [0.0, 0.05, 0.11, 0.21, 0.3])
def test_mesh_leaves_a_charge_alone_with_itself(offset):
    """Far from the others a charge feels next to nothing; its own slope in the mesh would be 0.006."""
    Y = np.array([[-30.0, -30.0], [30.0, 30.0], [offset, 0.6 * offset + 0.07]])
    force, similarity = forces_of(Mesh(), Y)
    expected, expected_m = reference.repulsion(Y, Y)
    np.testing.assert_allclose(force, expected, atol=1e-4)
    np.testing.assert_allclose(similarity, expected_m, atol=1e-4)
