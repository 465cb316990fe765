"""A column becomes numbers in one of four ways: as it is, as parsed text, as days since 1970, as codes of levels.

Columns that cannot help a model, or would let it cheat, are dropped: one value everywhere, row numbers and other
identifiers, free text.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "as_column"]

# Share of the texts of a column that must parse before the column counts as numbers or dates.
ENOUGH_PARSED = 0.95

# A column with at least this many values, all different, can be an identifier; in a shorter one chance is enough.
FEWEST_FOR_IDENTIFIER = 20

# Above this share of different texts (in a column of at least 100) a column is free text rather than categories.
FREE_TEXT = 0.5
FEWEST_FOR_FREE_TEXT = 100

IDENTIFIER_NAME = re.compile(r"(^|[_\W])(id|idx|index|key|uuid|guid|rowid|row|unnamed: \d+)$", re.IGNORECASE)
DATE_LIKE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d{2}")
DECORATION = r"[\s$€£%_]"

# Numbers whose commas stand between thousands, and numbers in which a comma is what others write as a point.
COMMA_OF_THOUSANDS = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"
COMMA_OF_DECIMALS = r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d*)(?:,\d+)?(?:[eE][+-]?\d+)?"

# The first two of three numbers of a date: one above 12 is the day.
DAY_AND_MONTH = r"^(\d{1,2})[-/.](\d{1,2})[-/.]\d"
MONTHS = 12


class Column(NamedTuple):
    """A column in numbers.

    Attributes
    ----------
    values : ndarray of shape (n_rows,), float64
        Numbers, or codes of levels; nan where missing.
    levels : tuple of str or None
        Texts of the codes, sorted; None for a column of numbers.
    """

    values: NDArray[np.float64]
    levels: tuple[str, ...] | None


def as_column(name: str, values: pd.Series, notes: list[str], *, keep: bool = False) -> Column | None:
    """Column in numbers, or None if it is dropped; what was decided is added to `notes`.

    With `keep` a column is dropped only if it cannot become numbers: a target or a weight may be constant, or number
    the rows.
    """
    from pandas.api import types

    present = values.dropna()
    if present.map(lambda value: isinstance(value, list | dict | set | np.ndarray | bytes)).any():
        notes.append(f"{name!r} dropped: its values are lists or bytes")
        return None
    if not keep and present.nunique() <= 1 and not values.isna().any():
        notes.append(f"{name!r} dropped: the same value in every row")
        return None
    if types.is_bool_dtype(values.dtype):
        return Column(values.to_numpy(dtype=np.float64, na_value=np.nan), None)
    if types.is_numeric_dtype(values.dtype):
        return _number_column(name, values.to_numpy(dtype=np.float64, na_value=np.nan), notes, keep)
    if types.is_datetime64_any_dtype(values.dtype):
        return _date_column(name, values, notes)
    if types.is_timedelta64_dtype(values.dtype):
        notes.append(f"{name!r} holds durations: taken as days")
        return Column(values.dt.total_seconds().to_numpy(dtype=np.float64) / 86_400.0, None)
    return _text_column(name, values.astype("string").str.strip(), notes, keep)


def _number_column(name: str, numbers: NDArray[np.float64], notes: list[str], keep: bool) -> Column | None:
    infinite = np.isinf(numbers)
    if infinite.any():
        notes.append(f"{name!r}: {int(infinite.sum())} infinite values taken as missing")
        numbers = np.where(infinite, np.nan, numbers)
    if not keep and _is_identifier(name, numbers):
        notes.append(f"{name!r} dropped: it numbers the rows")
        return None
    return Column(numbers, None)


def _is_identifier(name: str, numbers: NDArray[np.float64]) -> bool:
    """Whether whole numbers, all different, count up by one from row to row or bear an identifier's name."""
    if len(numbers) < FEWEST_FOR_IDENTIFIER or np.isnan(numbers).any() or not np.all(numbers == np.round(numbers)):
        return False
    if len(np.unique(numbers)) < len(numbers):
        return False
    return bool(np.all(np.diff(numbers) == 1)) or IDENTIFIER_NAME.search(name) is not None


def _text_column(name: str, texts: pd.Series, notes: list[str], keep: bool) -> Column | None:
    import pandas as pd

    present = texts.dropna()
    plain, how = _plain_numbers(texts)
    parsed = pd.to_numeric(plain, errors="coerce")
    if parsed.notna().sum() >= ENOUGH_PARSED * len(present):
        lost = int(len(present) - parsed.notna().sum())
        notes.append(f"{name!r} holds numbers written as text: read as numbers{how}{_lost(lost)}")
        return _number_column(name, parsed.to_numpy(dtype=np.float64, na_value=np.nan), notes, keep)
    if present.head(1000).str.contains(DATE_LIKE).mean() >= ENOUGH_PARSED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # pandas says that it guesses the format; a note says so too
            dates = pd.to_datetime(texts, errors="coerce", format="mixed", utc=True, dayfirst=_day_comes_first(present))
        if dates.notna().sum() >= ENOUGH_PARSED * len(present):
            return _date_column(name, dates, notes, lost=int(len(present) - dates.notna().sum()))
    distinct = present.nunique()
    if not keep and len(present) >= FEWEST_FOR_IDENTIFIER and distinct == len(present):
        notes.append(f"{name!r} dropped: a different text in every row")
        return None
    if not keep and len(present) >= FEWEST_FOR_FREE_TEXT and distinct > FREE_TEXT * len(present):
        notes.append(f"{name!r} dropped: free text ({distinct:,} different texts in {len(present):,} rows)")
        return None
    levels = sorted(present.unique())
    codes = pd.Categorical(texts, categories=levels).codes
    return Column(np.where(codes < 0, np.nan, codes).astype(np.float64), tuple(str(level) for level in levels))


def _plain_numbers(texts: pd.Series) -> tuple[pd.Series, str]:
    """Texts without currency signs, spaces and commas of thousands, and a remark if a comma was read as the point.

    A comma is the decimal one if no text speaks against it and one at least cannot be a comma of thousands.
    """
    bare = texts.str.replace(DECORATION, "", regex=True)
    with_marks = bare[bare.str.contains("[,.]", regex=True).fillna(False).astype(bool)]
    with_comma = with_marks[with_marks.str.contains(",", regex=False).astype(bool)]
    if (
        len(with_comma)
        and with_marks.str.fullmatch(COMMA_OF_DECIMALS).all()
        and not with_comma.str.fullmatch(COMMA_OF_THOUSANDS).all()
    ):
        plain = bare.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        return plain, ", a comma as the decimal point"
    return bare.str.replace(",", "", regex=False), ""


def _day_comes_first(texts: pd.Series) -> bool:
    """Whether dates such as 13/02/2020 show that the day stands before the month."""
    numbers = texts.str.extract(DAY_AND_MONTH).dropna().astype("int64")
    return bool((numbers[0] > MONTHS).any() and not (numbers[1] > MONTHS).any())


def _date_column(name: str, dates: pd.Series, notes: list[str], lost: int = 0) -> Column:
    import pandas as pd

    notes.append(f"{name!r} holds dates: taken as days since 1970{_lost(lost)}")
    if dates.dt.tz is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    days = (dates - pd.Timestamp(0, unit="s")) / pd.Timedelta(days=1)
    return Column(np.asarray(days, dtype=np.float64), None)


def _lost(count: int) -> str:
    return f", {count} of them unreadable and taken as missing" if count else ""
