"""Bad data for `mlx compare`: one clear line on standard error, exit status 2, no traceback, nothing on the way."""

import gzip

import numpy as np
import pytest

from mlx.cli import main

HEAD = "a,b,y\n"
GOOD = HEAD + "".join(f"{i * 1.5},{(-1) ** i * i},{'pq'[i % 2]}\n" for i in range(20))


def _constant_target(value):
    return HEAD + f"1.5,2,{value}\n2.5,1,{value}\n" * 10


# (name of the file, content, options, what the line must say)
CASES = {
    "no file": (None, None, [], "no such file: 'missing.csv'"),
    "folder": (".", None, [], "is a folder"),
    "empty file": ("t.csv", "", [], "is empty"),
    "only a header": ("t.csv", HEAD, [], "holds no rows"),
    "not text": ("t.csv", b"\x89PNG\x00\x00\x01\x02" * 50, [], "not a text file"),
    "broken gzip": ("t.csv.gz", gzip.compress(GOOD.encode())[:40], [], "cannot unzip"),
    "broken parquet": ("t.parquet", b"PAR1 and nothing", [], "as parquet"),
    "spreadsheet": ("t.xlsx", "a", [], "files ending in .xlsx are not read"),
    "ragged rows": ("t.csv", HEAD + "1,2,3\n1,2,3,4,5\n", [], "as csv"),
    "open quote": ("t.csv", HEAD + '1,"2,3\n', [], "as csv"),
    "wrong target": ("t.csv", GOOD, ["--target", "Y"], "column 'Y' is not in the file; did you mean 'y'?"),
    "wrong drop": ("t.csv", GOOD, ["--drop", "bb"], "column 'bb' is not in the file; did you mean 'b'?"),
    "wrong weight": ("t.csv", GOOD, ["--sample-weight", "zzz"], "column 'zzz' is not in the file; there are a, b, y"),
    "target dropped": ("t.csv", GOOD, ["--target", "y", "--drop", "y"], "cannot be both the target and dropped"),
    "target as weight": ("t.csv", GOOD, ["--target", "a", "--sample-weight", "a"], "both the target and the sample"),
    "weights of text": ("t.csv", GOOD, ["--target", "a", "--sample-weight", "y"], "sample weights in column 'y'"),
    "negative weights": ("t.csv", GOOD, ["--sample-weight", "b"], "sample weights in column 'b'"),
    "one class": ("t.csv", _constant_target("yes"), [], "target 'y' has one class only (yes)"),
    "constant target": ("t.csv", _constant_target(1.5), ["--task", "regression"], "same value in every row"),
    "empty target": ("t.csv", _constant_target(""), [], "target 'y' holds no values"),
    "text as regression": ("t.csv", GOOD, ["--task", "regression"], "holds texts, so the task cannot be regression"),
    "identifier as target": (
        "t.csv",
        HEAD + "".join(f"{i * 1.5},{i % 3},name {i}\n" for i in range(30)),
        [],
        "choose another --target",
    ),
    "all-missing column": (
        "t.csv",
        HEAD + "1.5,?,p\n2.5,,q\n" * 10,
        [],
        "column 'b' holds no values; leave it out with --drop b",
    ),
    "no feature left": ("t.csv", GOOD, ["--target", "y", "--drop", "a,b"], "no column is left to predict from"),
    "too few rows": ("t.csv", HEAD + "1,2,1.5\n2,1,2.5\n3,5,0.7\n", [], "3 usable rows are too few for 5 folds"),
    "unknown model": ("t.csv", GOOD, ["--models", "xbg"], "no model 'xbg' for this task; did you mean 'xgb'?"),
    "model of the other task": ("t.csv", GOOD, ["--models", "XGBRegressor"], "no model 'XGBRegressor'"),
    "metric of the other task": ("t.csv", GOOD, ["--metric", "rmse"], "metric 'rmse' does not fit the task class"),
    "no folder for the report": ("t.csv", GOOD, ["--html", "nowhere/r.html"], "there is no folder"),
    "folder as the report": ("t.csv", GOOD, ["--json", "."], "it is a folder"),
}


@pytest.mark.parametrize("case", CASES)
def test_one_clear_line(case, tmp_path, monkeypatch, capsys):
    name, content, options, text = CASES[case]
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["compare", name or "missing.csv", *options]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("mlx compare: ")
    assert text in captured.err
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_target_without_a_table(capsys):
    assert main(["compare", "--target", "y"]) == 2
    assert "--target needs a table" in capsys.readouterr().err


def test_debug_shows_where(tmp_path, capsys):
    assert main(["compare", str(tmp_path / "missing.csv"), "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_missing_pyarrow_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "t.parquet").write_bytes(b"PAR1" + bytes(np.arange(8, dtype=np.uint8)) + b"PAR1")
    monkeypatch.setattr("pandas.read_parquet", _raise_import_error)
    assert main(["compare", str(tmp_path / "t.parquet")]) == 2
    assert "needs pyarrow: pip install" in capsys.readouterr().err


def _raise_import_error(*arguments):
    raise ImportError("planted")
