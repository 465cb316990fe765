"""What `mlx compare` says of the booster on a table whose columns have more values than there are bins."""

import pytest

from mlx.compare.progress import Progress
from mlx.compare.reading import RawTable
from mlx.compare.results import Plan
from mlx.compare.run import compare_on
from mlx.compare.table import make_table
from tests import tolerances

pytestmark = pytest.mark.parity

pytest.importorskip("xgboost")


@pytest.mark.parametrize("name", ["diabetes", "breast_cancer"])
def test_with_the_librarys_cuts_rounding_is_left(name, record_difference):
    from sklearn import datasets

    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    table = make_table(RawTable(name, frame, "0" * 64, None, []), target="target")
    with Progress(1) as progress:
        comparison = compare_on(table, Plan(folds=10, repeats=1, models=["xgb"], threads=1), progress)
    result = comparison.results[1]
    assert result.ours.failure is None
    assert result.largest_difference() > 1e-3
    difference = result.largest_difference_as_library()
    record_difference(f"compare, {name}, the library's cuts", difference, tolerances.BOOSTER_MARGIN)
