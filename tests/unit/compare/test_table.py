"""From a file to a table: what is read, what is decided, and that each decision is said."""

import gzip
import hashlib
import io

import numpy as np
import pandas as pd
import pytest

from mlx.compare.reading import BUNDLED, RawTable, read_bundled, read_table
from mlx.compare.table import TableError, closest, make_table

ROWS = 40


def _raw(**columns):
    return RawTable("made", pd.DataFrame(columns), "0" * 64, None, [])


def _table(column=None, **options):
    x = np.arange(ROWS) % 7 * 1.5
    columns = {"x": x} if column is None else {"x": x, "c": column}
    return make_table(_raw(**columns, y=["a", "b"] * (ROWS // 2)), **options)


def _says(table, text):
    return any(text in note for note in table.notes)


# Reading ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_is_worked_out_and_said(tmp_path, separator):
    path = tmp_path / "t.csv"
    path.write_text(f"a{separator}b\n1{separator}x\n2{separator}y\n")
    raw = read_table(str(path))
    assert list(raw.frame.columns) == ["a", "b"]
    assert any("separated" in note for note in raw.notes) == (separator != ",")


def test_gzip_and_plain_give_the_same_frame_and_their_own_digest(tmp_path):
    content = b"a,b\n1,2\n3,4\n"
    (tmp_path / "t.csv").write_bytes(content)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(content, mtime=0))
    plain, zipped = (read_table(str(tmp_path / name)) for name in ("t.csv", "t.csv.gz"))
    pd.testing.assert_frame_equal(plain.frame, zipped.frame)
    assert plain.sha256 == hashlib.sha256(content).hexdigest()
    assert plain.sha256 != zipped.sha256


def test_tab_may_be_written_as_in_a_shell(tmp_path):
    (tmp_path / "t.txt").write_text("a\tb\n1\t2\n")
    assert list(read_table(str(tmp_path / "t.txt"), r"\t").frame.columns) == ["a", "b"]


@pytest.mark.parametrize("separator", [",,", ""])
def test_separator_is_one_character(tmp_path, separator):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match="--sep must be one character"):
        read_table(str(tmp_path / "t.csv"), separator)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("5.1,3.5,rose\n4.9,3.0,lily\n", True),
        ("1,2\n3,4\n", False),  # they count the columns
        ("0,1\n3,4\n", False),
        ("2019,2020\n3,4\n", True),
        ("a,2020,c\n1,3,x\n", False),
        ("rose,lily\nx,y\n", False),  # nothing tells
    ],
)
def test_a_first_line_that_looks_like_a_row_is_told(text, says, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    raw = read_table(str(tmp_path / "t.csv"))
    assert any("--no-header" in note for note in raw.notes) == says
    assert len(raw.frame) == text.count("\n") - 1


def test_without_a_header_the_first_line_is_a_row(tmp_path):
    (tmp_path / "t.csv").write_text("5.1,3.5,rose\n4.9,3.0,lily\n")
    raw = read_table(str(tmp_path / "t.csv"), has_header=False)
    assert list(raw.frame.columns) == ["column_1", "column_2", "column_3"]
    assert raw.frame.to_numpy().tolist() == [[5.1, 3.5, "rose"], [4.9, 3.0, "lily"]]
    assert raw.notes == []
    raw.frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(TableError, match="--no-header is for texts"):
        read_table(str(tmp_path / "t.parquet"), has_header=False)


def test_columns_of_one_name_are_told_apart_and_said(tmp_path):
    (tmp_path / "t.csv").write_text('a, "a",y,,\n1,2,3,4,5\n')
    raw = read_table(str(tmp_path / "t.csv"))
    assert list(raw.frame.columns)[:3] == ["a", "a.1", "y"]
    assert raw.notes == ["2 columns are called 'a': the second is now 'a.1', and so on"]


def test_parquet_keeps_types(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"c": pd.Categorical(["u", "v"] * 20), "x": np.arange(40.0) ** 2, "y": [0, 1] * 20})
    frame.to_parquet(tmp_path / "t.parquet")
    table = make_table(read_table(str(tmp_path / "t.parquet")))
    assert table.levels == {0: ("u", "v")}
    assert table.task == "classification"


def test_standard_input(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b"a,b\n1,2\n")

    monkeypatch.setattr("sys.stdin", Stdin())
    assert read_table("-").name == "standard input"


def test_latin_1_is_read_and_said(tmp_path):
    (tmp_path / "t.csv").write_bytes("städte,y\nköln,1\n".encode("latin-1"))
    raw = read_table(str(tmp_path / "t.csv"))
    assert raw.frame.iloc[0, 0] == "köln"
    assert "Latin-1" in raw.notes[0]


def test_missing_values_in_all_their_spellings(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,y\n1,?,0\nNA,u,1\n,v, 0\n 4,n/a,1\n")
    frame = read_table(str(tmp_path / "t.csv")).frame
    assert frame.isna().sum().to_dict() == {"a": 2, "b": 2, "y": 0}
    assert frame["y"].dtype == np.int64


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_are_tables(name):
    table = make_table(read_bundled(name))
    assert table.target == "target"
    assert table.task == {"breast_cancer": "classification", "diabetes": "regression"}[name]


# Target and task ----------------------------------------------------------------------------------------------------


def test_target_is_a_usual_name_before_the_last_column():
    raw = _raw(label=["a", "b"] * 20, x=np.arange(40) * 1.5)
    table = make_table(raw)
    assert table.target == "label"
    assert _says(table, "usual name")


def test_target_is_the_last_column_otherwise():
    table = make_table(_raw(u=np.arange(40) * 1.5, v=["a", "b"] * 20))
    assert table.target == "v"
    assert _says(table, "last column")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"] * 20, "classification"),
        ([True, False] * 20, "classification"),
        ([0.0, 1.0] * 20, "classification"),
        ([1, 2, 3, 4] * 10, "classification"),
        ([0.5, 1.5, 2.5, 3.5] * 10, "regression"),
        (list(range(20)) * 2, "regression"),
        ([f"{i},000" for i in range(20)] * 2, "regression"),
    ],
)
def test_task_follows_from_the_target(values, task):
    table = make_table(_raw(x=np.arange(40) * 1.5, y=values))
    assert table.task == task
    assert _says(table, f"task is {task}")


def test_task_can_be_said():
    table = make_table(_raw(x=np.arange(40) * 1.5, y=[1, 2, 3, 4] * 10), task="regression")
    assert table.task == "regression"
    assert table.classes == ()
    assert table.y.dtype == np.float64


def test_rows_without_target_and_rare_classes_are_left_out():
    y = ["a"] * 18 + ["b"] * 18 + ["c"] * 2 + [None] * 2
    table = make_table(_raw(x=np.arange(40) * 1.5, y=y))
    assert table.classes == ("a", "b")
    assert len(table.y) == len(table.X) == 36
    assert table.y.tolist() == [0] * 18 + [1] * 18
    assert _says(table, "2 rows without a value")
    assert _says(table, "fewer than 5 rows left out: c")


def test_weights_are_taken_and_are_no_feature():
    weights = np.linspace(0.5, 2.0, ROWS)
    table = _table(weights, sample_weight="c")
    np.testing.assert_array_equal(table.weights, weights)
    assert table.columns == ("x",)


@pytest.mark.parametrize("values", [range(1, ROWS + 1), [7.0] * ROWS])
def test_weights_may_be_what_no_feature_may_be(values):
    np.testing.assert_array_equal(_table(list(values), sample_weight="c").weights, list(values))


@pytest.mark.parametrize("name", ["y", "heat_index"])
def test_a_quantity_that_counts_up_is_a_target_all_the_same(name):
    table = make_table(_raw(x=np.arange(40) % 7 * 1.5, **{name: range(100, 140)}))
    assert table.task == "regression"
    np.testing.assert_array_equal(table.y, range(100, 140))


def test_categories_that_no_row_has_are_no_classes():
    values = pd.Categorical(["u", "v"] * 20, categories=["u", "v", "w"])
    table = make_table(_raw(x=np.arange(40) % 7 * 1.5, y=values))
    assert table.classes == ("u", "v")
    assert not _says(table, "left out")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.5, 2.5, 3.5, np.inf] * 10, "10 values that are no finite number"),
        ([[1], [2]] * 20, "holds lists"),
        (pd.Categorical(["u"] * 40, categories=["u", "v"]), "one class only"),
    ],
)
def test_targets_that_are_none(values, message):
    with pytest.raises(TableError, match=message):
        make_table(_raw(x=np.arange(40) % 7 * 1.5, y=values))


def test_target_whose_name_stands_twice_once_spaces_are_gone(tmp_path):
    (tmp_path / "t.csv").write_text("x,y,y \n" + "1,0,1\n2,1,0\n" * 20)
    with pytest.raises(TableError, match="more than once"):
        make_table(read_table(str(tmp_path / "t.csv")))


def test_rows_are_drawn_with_a_seed():
    first, again, other = (_table(most_rows=20, seed=seed).X for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert len(first) == 20
    assert not np.array_equal(first, other)


# Columns ------------------------------------------------------------------------------------------------------------


def test_categories_become_sorted_codes_and_missing_stays_missing():
    table = _table(["v", "u", None, "u"] * 10)
    assert table.levels == {1: ("u", "v")}
    np.testing.assert_array_equal(table.X[:4, 1], [1, 0, np.nan, 0])


def test_numbers_written_as_text():
    table = _table(["$1,200", " 3 ", None, "40%"] * 10)
    np.testing.assert_array_equal(table.X[:4, 1], [1200, 3, np.nan, 40])
    assert _says(table, "numbers written as text")


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (["1,3", "-0,25", "1.200,5", "7"], [1.3, -0.25, 1200.5, 7]),  # a comma that is the decimal point
        (["1,300", "-2,250", "1,200,000", "7"], [1300, -2250, 1200000, 7]),
        (["1,300", "-2,250", "1,200,000.5", "7.25"], [1300, -2250, 1200000.5, 7.25]),
        (["1,3", "0.7", "2,5", "7"], [13, 0.7, 25, 7]),  # the point is one already
        (["1,23,456", "7", "8", "9"], [123456, 7, 8, 9]),
    ],
)
def test_commas_in_numbers(column, numbers):
    table = _table(column * 10)
    np.testing.assert_array_equal(table.X[:4, 1], numbers)
    assert _says(table, "decimal point") == (numbers[0] == 1.3)


@pytest.mark.parametrize(
    "column",
    [
        ["1970-01-02", "1970-01-11"] * 20,
        ["01/02/1970", "01/11/1970"] * 20,
        ["02.01.1970", "11.01.1970", "13.01.1970", "31.12.1970"] * 10,  # 13 is no month
        ["02/01/1970", "11/01/1970", "13/01/1970", "31/12/1970"] * 10,
        list(pd.to_datetime(["1970-01-02", "1970-01-11"] * 20)),
    ],
)
def test_dates_become_days(column):
    table = _table(column)
    np.testing.assert_array_equal(table.X[:2, 1], [1, 10])
    assert _says(table, "holds dates")


@pytest.mark.parametrize("kind", [list, pd.to_datetime])
def test_dates_far_away_and_missing_ones(kind):
    table = _table(kind(["1970-01-02", None, "9999-12-31", "1500-01-01"] * 10))
    np.testing.assert_array_equal(table.X[:4, 1], [1, np.nan, 2932896, -171664])


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ([7] * ROWS, "same value"),
        (["same"] * ROWS, "same value"),
        (list(range(100, 100 + ROWS)), "numbers the rows"),
        ([f"name {i}" for i in range(ROWS)], "different text in every row"),
        ([[1]] * ROWS, "lists"),
    ],
)
def test_columns_that_cannot_help_are_dropped_with_a_note(column, reason):
    table = _table(column)
    assert table.columns == ("x",)
    assert _says(table, reason)


def test_different_measurements_are_no_identifier():
    table = _table(np.random.default_rng(0).permutation(1000)[:ROWS])
    assert table.columns == ("x", "c")


def test_infinite_values_are_missing():
    table = _table([1.0, np.inf, 3.0, -np.inf] * 10)
    assert np.isnan(table.X[:, 1]).sum() == 20
    assert _says(table, "20 infinite")


# Hints --------------------------------------------------------------------------------------------------------------


def test_closest_name_is_found_whatever_the_case():
    assert closest("INCOM", ["age", "Income"]) == "; did you mean 'Income'?"
    assert closest("zzz", ["age", "Income"]) == ""


def test_wrong_column_names_the_columns_when_nothing_is_close():
    with pytest.raises(TableError, match="there are x, y"):
        _table(target="qqq")
