import weakref

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from mlx.boosting import DMatrix, QuantileDMatrix, train
from mlx.boosting.matrix import DataSplitMode
from mlx.boosting.tables import table_of

X = np.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0], [0.0, 8.0, 9.0], [1.0, 2.0, 3.0]])


def test_table_is_copied_once_to_float32():
    for given in (X, X.astype(np.float32), np.asfortranarray(X.astype(np.float32))):
        before = given.copy()
        rows = DMatrix(given, missing=1.0).rows
        assert rows.dtype == np.float32
        assert rows.flags.c_contiguous
        assert not np.shares_memory(rows, given)
        np.testing.assert_array_equal(given, before)
        assert np.isnan(rows[0, 0])


def test_missing_values_of_sparse_tables_are_not_stored():
    rows = DMatrix(scipy.sparse.csr_matrix([[0.0, 2.0, np.nan], [3.0, 0.0, 2.0]]), missing=2.0)
    np.testing.assert_array_equal(rows.get_data().toarray(), [[0, 0, 0], [3, 0, 0]])
    assert rows.num_nonmissing() == 1


def test_data_of_an_array_is_what_is_there():
    data = DMatrix(X).get_data()
    assert data.nnz == 11
    np.testing.assert_array_equal(data.toarray(), np.nan_to_num(X))


def test_infinite_values_may_mark_missing_ones():
    assert DMatrix([[np.inf, 1.0]], missing=np.inf).num_nonmissing() == 1
    for given in ([[np.inf]], [[1e300]]):
        with pytest.raises(ValueError, match="data: has infinite"):
            DMatrix(given)


@pytest.mark.parametrize("given", ["rows.csv", b"bytes", None, object(), 3.0])
def test_what_is_no_table_is_refused(given):
    kind = NotImplementedError if isinstance(given, str) else TypeError
    with pytest.raises(kind, match="data"):
        DMatrix(given)


def test_iterators_are_refused():
    class Batches:
        def next(self, put):
            return False

        def reset(self):
            pass

    with pytest.raises(NotImplementedError, match="iterators"):
        DMatrix(Batches())


def test_the_librarys_own_file_is_refused():
    with pytest.raises(NotImplementedError, match=r"save_binary.*npz"):
        DMatrix(X).save_binary("rows.buffer")


def test_cuts_are_known_after_a_training_that_made_some():
    matrix = DMatrix(np.nan_to_num(X), label=[0.0, 1.0, 0.0, 2.0])
    for method in (None, "exact"):
        if method:
            train({"tree_method": method}, matrix, 1)
        with pytest.raises(ValueError, match="get_quantile_cut"):
            matrix.get_quantile_cut()
    train({"max_bin": 2}, matrix, 1)
    start, cuts = matrix.get_quantile_cut()
    np.testing.assert_array_equal(start, [0, 3, 6, 9])
    # The median of 0, 1, 1, 4: of two bins as heavy as can be.
    np.testing.assert_allclose(cuts[:3], [-1e-5, 1, 8.00001], rtol=1e-6)


def test_a_quantile_matrix_knows_cuts_before_any_training():
    matrix = QuantileDMatrix(X, max_bin=2, weight=[1.0, 1.0, 1.0, 9.0])
    start, cuts = matrix.get_quantile_cut()
    # The last row weighs more than the others together, so that no cut lies above its 1, 2 and 3; 2 and 3 are lowest.
    np.testing.assert_array_equal(start, [0, 3, 5, 7])
    np.testing.assert_allclose(cuts[:3], [-1e-5, 1, 8.00001], rtol=1e-6)
    np.testing.assert_array_equal(QuantileDMatrix(X, ref=matrix).get_quantile_cut()[1], cuts)
    sparse = QuantileDMatrix(scipy.sparse.csr_matrix(np.nan_to_num(X)), max_bin=2).get_quantile_cut()
    assert sparse[0][-1] == len(sparse[1])


def frame(order):
    colours = pd.Categorical(["red", "green", "red", None], categories=order)
    return pd.DataFrame({"colour": colours, "size": pd.Categorical([10, 20, 10, 30]), "x": [1.0, 2.0, 3.0, 4.0]})


def test_a_table_is_coded_by_the_categories_of_another():
    first = DMatrix(frame(["red", "green"]), enable_categorical=True)
    known = first.get_categories()
    assert not known.empty()
    other = DMatrix(frame(["blue", "green", "red"]), enable_categorical=True, feature_types=known)
    np.testing.assert_array_equal(other.rows, first.rows)
    assert other.feature_types == ["c", "c", "float"]
    assert other.categories == first.categories
    one = DMatrix(
        pd.DataFrame({"colour": pd.Categorical(["green"]), "size": pd.Categorical([10]), "x": 0.0}),
        enable_categorical=True,
    )
    with pytest.raises(ValueError, match=r"'colour' has the category 'red'"):
        DMatrix(
            frame(["red", "green"]),
            enable_categorical=True,
            feature_types=one.get_categories(),
        )
    with pytest.raises(ValueError, match="'size' holds no categories"):
        DMatrix(frame(["red", "green"]).assign(size=1.0), enable_categorical=True, feature_types=known)
    with pytest.raises(ValueError, match="feature_types"):
        DMatrix(X, feature_types=known)


def test_categories_as_arrays_of_arrow():
    pyarrow = pytest.importorskip("pyarrow")
    matrix = DMatrix(frame(["red", "green"]).astype({"x": "float32"}), enable_categorical=True)
    told = matrix.get_categories(export_to_arrow=True).to_arrow()
    assert told == [
        ("colour", pyarrow.array(["red", "green"])),
        ("size", pyarrow.array([10, 20, 30], pyarrow.int64())),
        ("x", None),
    ]
    with pytest.raises(ValueError, match="export_to_arrow"):
        matrix.get_categories().to_arrow()
    empty = DMatrix(X).get_categories(export_to_arrow=True)
    assert empty.empty()
    assert empty.to_arrow() == [("0", None), ("1", None), ("2", None)]


def test_names_and_types():
    rows = DMatrix(X, feature_names=["a", "b", "c"], feature_types=["int", "q", "i"])
    rows.feature_names = None
    assert rows.feature_names is None
    rows.feature_names = "xyz"
    assert rows.feature_names == ["x", "y", "z"]
    rows.feature_types = None
    assert rows.feature_types is None
    for names, kind in (
        (["a"], ValueError),
        (["a", "a", "b"], ValueError),
        (["<", "b", "c"], ValueError),
        (3, TypeError),
    ):
        with pytest.raises(kind, match="feature_names"):
            rows.feature_names = names
    with pytest.raises(ValueError, match="feature_types: 'z'"):
        rows.feature_types = ["q", "q", "z"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("label", [1, 2, 3]),
        ("label", [1, 2, 3, np.nan]),
        ("label", ["a", "b", "c", "d"]),
        ("weight", [1, 2, 3, -1]),
        ("weight", [1, 2, 3, np.inf]),
        ("base_margin", [1, 2, 3]),
        ("label_lower_bound", [1, 2]),
        ("label_upper_bound", [1, 2, 3, np.nan]),
        ("feature_weights", [1, 2]),
        ("feature_weights", [1, 2, -1]),
        ("group", [1, 2]),
        ("group", [1.5, 2.5]),
        ("qid", [0, 1, 0, 1]),
        ("qid", [0, 1]),
    ],
)
def test_wrong_information_is_refused_by_name(field, values):
    with pytest.raises(ValueError, match=field):
        DMatrix(X, **{field: values})


def test_interval_may_have_no_end():
    assert DMatrix(X, label_upper_bound=[1, 2, 3, np.inf]).get_float_info("label_upper_bound")[-1] == np.inf


def test_groups_from_sizes_or_numbers():
    for known in ({"group": [1, 3]}, {"qid": [4, 7, 7, 7]}):
        rows = DMatrix(X, **known)
        np.testing.assert_array_equal(rows.get_group(), [1, 3])
        np.testing.assert_array_equal(rows.get_uint_info("group_ptr"), [0, 1, 4])
    with pytest.raises(ValueError, match="group, qid"):
        DMatrix(X, group=[4], qid=[0, 0, 0, 0])


def test_setters_take_what_the_constructor_takes():
    rows, known = DMatrix(X), DMatrix(X, [1, 2, 3, 4], weight=[1, 1, 2, 2], base_margin=np.arange(8.0), group=[2, 2])
    rows.set_label([1, 2, 3, 4])
    rows.set_weight([1, 1, 2, 2])
    rows.set_base_margin(np.arange(8.0))
    rows.set_group([2, 2])
    for method in ("get_label", "get_weight", "get_base_margin", "get_group"):
        np.testing.assert_array_equal(getattr(rows, method)(), getattr(known, method)())
    assert rows.get_base_margin().shape == (4, 2)
    rows.set_info(label=[0, 0, 0, 0], feature_names=["a", "b", "c"])
    assert not rows.get_label().any()
    rows.set_float_info_npy2d("label", [5, 5, 5, 5])
    assert rows.get_label().tolist() == [5, 5, 5, 5]
    for method in ("set_float_info", "set_uint_info"):
        with pytest.raises(ValueError, match="field"):
            getattr(rows, method)("colour", [1])
    for method in ("get_float_info", "get_uint_info"):
        with pytest.raises(ValueError, match="field"):
            getattr(rows, method)("colour")


def test_what_is_read_cannot_change_the_matrix():
    rows = DMatrix(X, [1, 2, 3, 4])
    rows.get_label()[:] = 9
    assert rows.get_label().tolist() == [1, 2, 3, 4]


def test_slice():
    rows = DMatrix(X, [1, 2, 3, 4], weight=[1, 2, 3, 4], feature_names=["a", "b", "c"], feature_weights=[1, 2, 3])
    part = rows.slice([2, 0])
    np.testing.assert_array_equal(part.rows, X[[2, 0]].astype(np.float32))
    assert part.get_label().tolist() == part.get_weight().tolist() == [3, 1]
    assert part.feature_names == ["a", "b", "c"]
    assert part.get_float_info("feature_weights").tolist() == [1, 2, 3]
    with pytest.raises(IndexError, match="row 7"):
        rows.slice([7])
    for wrong in ([-1], [0.5], [True, False, True, True]):
        with pytest.raises(ValueError, match="rindex"):
            rows.slice(wrong)
    grouped = DMatrix(X, group=[2, 2], weight=[1, 2])
    with pytest.raises(ValueError, match="allow_groups"):
        grouped.slice([0])
    assert grouped.slice([0], allow_groups=True).get_group().size == 0
    assert grouped.slice([0], allow_groups=True).get_weight().tolist() == [1, 2]


def test_data_split_mode():
    assert DMatrix(X).data_split_mode() is DataSplitMode.ROW
    with pytest.raises(NotImplementedError, match="data_split_mode"):
        DMatrix(X, data_split_mode=DataSplitMode.COL)


def test_threads_and_silence_change_nothing():
    np.testing.assert_array_equal(DMatrix(X, nthread=2, silent=True).rows, DMatrix(X).rows)


def test_quantile_matrix():
    rows = DMatrix(X)
    quantiles = QuantileDMatrix(X, max_bin=16, ref=rows, max_quantile_batches=3)
    assert quantiles.max_bin == 16
    assert quantiles.ref is weakref.ref(rows)
    assert QuantileDMatrix(X).ref is None
    with pytest.raises(NotImplementedError, match="slice"):
        quantiles.slice([0])
    for wrong in ({"ref": X}, {"max_bin": 1}, {"ref": DMatrix(X[:, :2])}):
        with pytest.raises((TypeError, ValueError), match=next(iter(wrong))):
            QuantileDMatrix(X, **wrong)


def test_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, None], ("c", "d"): [True, False]})
    table = table_of(frame, np.nan)
    assert table.names == ["a", "b", "c d"]
    assert table.types == ["int", "float", "i"]
    np.testing.assert_array_equal(table.rows, np.array([[1, 0.5, 1], [2, np.nan, 0]], dtype=np.float32))
    frame = pandas.DataFrame({"f": pandas.Categorical(["x", "y", None]), "g": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match=r"data: .*enable_categorical=True: 'f'"):
        DMatrix(frame)
    coded = DMatrix(frame, enable_categorical=True)
    assert coded.feature_types == ["c", "float"]
    assert coded.categories == (("x", "y"), None)
    np.testing.assert_array_equal(coded.rows[:, 0], [0, 1, np.nan])
    np.testing.assert_array_equal(coded.rows_for((("z", "y", "x"), None))[:, 0], [2, 1, np.nan])
    for names in ((("x",), None), None):
        with pytest.raises(ValueError, match="'f'"):
            coded.rows_for(names)
    with pytest.raises(ValueError, match="'e'"):
        table_of(pandas.DataFrame({"e": ["x", "y"]}), np.nan)
