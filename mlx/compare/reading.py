"""Reading turns a file, standard input or a bundled set into one data frame, or into one line that says why not."""

from __future__ import annotations

import collections
import csv
import hashlib
import io
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BUNDLED", "RawTable", "TableError", "read_bundled", "read_table"]

# What stands for a missing value besides pandas' own list (empty, NA, N/A, NaN, null, None, ...).
MISSING = ["?", "-", "--", ".", "missing", "Missing", "MISSING"]

SEPARATORS = ",;\t|"

# scikit-learn's bundled sets that a run without arguments compares on: real, offline, one for each task, and small
# enough that the first result is there within a minute and a half of the first start.
BUNDLED = {"breast_cancer": "malignant or benign, 30 measurements of cell nuclei", "diabetes": "progression in a year"}


class TableError(Exception):
    """What is wrong with the data or the command line, in one line for the user."""


class RawTable(NamedTuple):
    """A table as it was read.

    Attributes
    ----------
    name : str
        Name for reports.
    frame : pandas.DataFrame
        Columns as the reader typed them.
    sha256 : str
        Digest of the bytes read (of the values, for a bundled set).
    target : str or None
        Target, where the source says which column it is.
    notes : list of str
        What the reader decided on its own.
    """

    name: str
    frame: pd.DataFrame
    sha256: str
    target: str | None
    notes: list[str]


def read_table(path: str, separator: str | None = None, has_header: bool = True) -> RawTable:
    """Read csv, tsv or txt, plain or gzipped, or parquet; ``-`` is standard input.

    Parameters
    ----------
    path : str
    separator : str, optional
        Of the columns of a text; None works it out.
    has_header : bool, default=True
        Whether the first line of a text holds names; if not, the columns are called "column_1" and so on.

    Raises
    ------
    TableError
        If it cannot be read, or holds no rows.
    """
    if path == "-":
        content, name, suffixes = sys.stdin.buffer.read(), "standard input", [".csv"]
    else:
        content, name = _bytes_of(path), Path(path).name
        suffixes = [suffix.lower() for suffix in Path(path).suffixes[-2:]]
    notes: list[str] = []
    if content[:2] == b"\x1f\x8b":
        content_to_parse = _unzipped(content, name)
        suffixes = [suffix for suffix in suffixes if suffix != ".gz"]
    else:
        content_to_parse = content
    kind = suffixes[-1] if suffixes else ".csv"
    if kind in (".parquet", ".pq") or content_to_parse[:4] == b"PAR1":
        if not has_header:
            raise TableError(f"--no-header is for texts; {name!r} is a parquet file, whose columns have names")
        frame = _parse_parquet(content_to_parse, name)
    elif kind in (".csv", ".tsv", ".txt", ".data", ".dat"):
        frame = _parse_text(content_to_parse, name, separator, has_header, notes)
    else:
        raise TableError(f"cannot read {name!r}: files ending in {kind} are not read; use csv, csv.gz or parquet")
    if len(frame) == 0:
        raise TableError(f"{name!r} holds no rows")
    frame.columns = [str(column).strip() for column in frame.columns]
    return RawTable(name, frame, hashlib.sha256(content).hexdigest(), None, notes)


def read_bundled(name: str) -> RawTable:
    """One of scikit-learn's bundled sets, with its target as the last column ``target``."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame.copy()
    if hasattr(bunch, "target_names"):
        frame["target"] = [str(bunch.target_names[code]) for code in bunch.target]
    digest = hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
    return RawTable(f"{name} (bundled with scikit-learn)", frame, digest, "target", [])


def _bytes_of(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise TableError(f"no such file: {path!r}") from None
    except IsADirectoryError:
        raise TableError(f"{path!r} is a folder, not a file") from None
    except OSError as error:
        raise TableError(f"cannot read {path!r}: {error.strerror}") from None


def _unzipped(content: bytes, name: str) -> bytes:
    import gzip
    import zlib

    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"cannot unzip {name!r}: {error}") from None


def _parse_parquet(content: bytes, name: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(io.BytesIO(content))
    except ImportError:
        raise TableError("reading parquet needs pyarrow: pip install 'ml-explained[compare]'") from None
    except Exception as error:
        raise TableError(f"cannot read {name!r} as parquet: {_first_line(error)}") from None


def _parse_text(content: bytes, name: str, separator: str | None, has_header: bool, notes: list[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        if b"\x00" in content[:4096]:
            raise TableError(f"cannot read {name!r}: it is not a text file") from None
        text = content.decode("latin-1")
        notes.append("the file is not UTF-8; read as Latin-1")
    if not text.strip():
        raise TableError(f"{name!r} is empty")
    if "\x00" in text[:4096]:
        raise TableError(f"cannot read {name!r}: it is not a text file")
    first_line = text.lstrip().split("\n", 1)[0]
    if separator is None:
        separator = _separator_of(first_line)
        if separator != ",":
            notes.append(f"columns are separated by {separator!r} (as the first line suggests)")
    elif separator == r"\t":  # what a shell passes on for '\t'
        separator = "\t"
    elif len(separator) != 1:
        raise TableError(f"--sep must be one character, or \\t for a tab; it is {separator!r}")
    try:
        # A row that is longer than the header shifts pandas' columns and raises a warning only.
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=separator,
                header="infer" if has_header else None,
                na_values=MISSING,
                skipinitialspace=True,
                index_col=False,
                low_memory=False,
                engine="c",
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, csv.Error, ValueError) as error:
        raise TableError(f"cannot read {name!r} as csv: {_first_line(error)}") from None
    if not has_header:
        frame.columns = [f"column_{number}" for number in range(1, frame.shape[1] + 1)]
        return frame
    names = next(csv.reader([first_line.rstrip("\r")], delimiter=separator, skipinitialspace=True))
    if _looks_like_a_row(names, frame):
        notes.append("the first line was taken for names, but looks like a row: if it is one, give --no-header")
    for column, count in collections.Counter(filter(None, names)).items():
        if count > 1:
            notes.append(f"{count} columns are called {column!r}: the second is now {column + '.1'!r}, and so on")
    return frame


def _looks_like_a_row(names: Sequence[str], frame: pd.DataFrame) -> bool:
    """Whether numbers stand above all columns of numbers; not if they count the columns."""
    numbers = [name for name, dtype in zip(names, frame.dtypes) if dtype.kind in "iuf"]
    counts = [str(number) for number in range(len(names) + 1)]
    return bool(numbers) and all(map(_is_number, numbers)) and names not in (counts[:-1], counts[1:])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _separator_of(header: str) -> str:
    """The separator that cuts the header into the most columns; a comma if none cuts it."""
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([header], delimiter=separator))))


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].removeprefix("Error tokenizing data. C error: ")
