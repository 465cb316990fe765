"""Gradients in fixed point: sums that no order changes, and trees that no parting of the rows changes."""

from fractions import Fraction

import numpy as np
import pytest

from mlx.boosting.binning import bin_table
from mlx.boosting.fixed_point import in_units, unit_of
from mlx.boosting.frontier import Workspace
from mlx.boosting.growing import Growth, GrowthSettings
from mlx.boosting.grown_tree import trees_of_nodes
from mlx.boosting.row_owner import RowOwner
from mlx.boosting.splitting import Penalty
from mlx.numeric.threads import run_tasks, thread_team


def run(function, tasks):
    return run_tasks(function, tasks, 1)


def gradients_of(n, dtype, seed=0):
    """Numbers of very different sizes."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, 2)) * np.exp(rng.normal(scale=6, size=(n, 2)))).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_are_whole_units_and_their_sums_exact(dtype):
    gradients = gradients_of(3000, dtype)
    rounded = in_units(gradients, run)
    assert rounded.dtype == dtype
    for column in range(2):
        unit = unit_of(float(np.abs(gradients[:, column]).max()), len(gradients))
        whole = [Fraction(float(value)) / Fraction(unit) for value in rounded[:, column]]
        assert all(value.denominator == 1 for value in whole)
        assert sum(map(abs, whole)) <= 2**52
        nearest = [round(Fraction(float(value)) / Fraction(unit)) for value in gradients[:, column]]
        assert whole == nearest


def test_no_order_changes_a_sum():
    gradients = gradients_of(5000, np.float32)
    rounded, order = in_units(gradients, run).astype(float), np.random.default_rng(1).permutation(5000)
    one_by_one = np.add.accumulate
    assert one_by_one(gradients.astype(float))[-1].tolist() != one_by_one(gradients[order].astype(float))[-1].tolist()
    assert one_by_one(rounded)[-1].tolist() == one_by_one(rounded[order])[-1].tolist()


@pytest.mark.parametrize("value", [0.0, 1e-45, 3e38])
def test_extreme_sizes(value):
    gradients = np.array([[value, 1.0], [-value, 0.5]], dtype=np.float32)
    np.testing.assert_array_equal(in_units(gradients, run), gradients)


def test_the_tree_does_not_depend_on_who_owns_which_rows():
    """Rows in three parts, in another order: the histograms added at the seam are the same to the last bit."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(4000, 5)).astype(np.float32)
    X[rng.random(X.shape) < 0.1] = np.nan
    gradients = gradients_of(4000, np.float32, seed=3)
    gradients[:, 1] = np.abs(gradients[:, 1])
    settings = GrowthSettings(Penalty(1.0, 0.0, 0.0, 1.0), np.float32(0), 6, np.float32(0.3))
    order = rng.permutation(4000)
    parts = [order[:500], order[500:3000], order[3000:]]

    def trees(own):
        with thread_team(2) as team:
            table = bin_table(X, None, 64, 2, team)
            grown = []
            for rows in ([np.arange(4000)], parts):
                tables = [table._replace(codes=np.ascontiguousarray(table.codes[:, r])) for r in rows]
                owners = [RowOwner(t, team, 2) for t in tables]
                workspace = Workspace(int(table.start[-1]), table.n_features)
                growth = Growth(owners, workspace, settings, team, 2)
                grown += trees_of_nodes([growth.tree([own[r] for r in rows])])
        return grown

    one, several = trees(in_units(gradients, run))
    assert one.n_nodes > 30
    for part in ("left", "feature", "threshold", "missing_left", "value", "cover", "gain"):
        np.testing.assert_array_equal(getattr(one, part), getattr(several, part))
    np.testing.assert_array_equal(one.record.sums, several.record.sums)
    # The test sees what it is about: without fixed point the last bits differ.
    one, several = trees(gradients)
    assert one.n_nodes != several.n_nodes or not np.array_equal(one.record.sums, several.record.sums)
