"""Encoding gives each category of a column its code, and a frame that is predicted the codes of the training frame.

A data frame says itself what its categories are, and in which order: code k stands for element k of its dtype. Another
frame may have them in another order, so its codes are translated by the names of the categories::

    training frame    green red blue          codes 0 1 2, kept with the model
    another frame     blue green              codes 0 1, which become 2 0

An array has no names: columns that `feature_types` calls "c" hold codes already.

Departures from xgboost 3.2, which is silent in both places: a category that was not there at training is an error,
wherever its name would be in their order (the library takes some for the next one in alphabetical order); and so are
categories in a column that had numbers at training. A category that no row has does not matter, and names that are
whole numbers may have another width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ..tree.category_names import CategoryNames, WholeNumbers
from ..validation import naming
from .columns import checked_types, plain_table, type_of_column

if TYPE_CHECKING:
    from .continuation import EarlierModel

__all__ = [
    "CategoryColumns",
    "EncodesCategories",
    "check_codes",
    "columns_of",
    "learn_categories",
    "recoded",
    "translated",
]

# Codes of a column, with the one for missing values, fit in 16 bits.
MOST_CATEGORIES = 65_535

# Whole numbers are written to files as int64, or shorter.
LARGEST_NAME = np.iinfo(np.int64).max

Names = tuple[str, ...] | WholeNumbers


class CategoryColumns(NamedTuple):
    """What is known of the columns of a training table that hold categories.

    Attributes
    ----------
    types : tuple of str
        Of each column, in xgboost's words; "c" is one of categories.
    names : tuple, or None
        For each column its categories in the order of their codes, or None; None if no column has names.
    """

    types: tuple[str, ...]
    names: CategoryNames | None = None

    @property
    def is_category(self) -> NDArray[np.bool_]:
        """Which columns hold categories."""
        return np.array([kind == "c" for kind in self.types])


def columns_of(types: Sequence[str] | None, names: CategoryNames | None) -> CategoryColumns | None:
    """What a model knows of its columns; None if none holds categories."""
    return CategoryColumns(tuple(types), names) if types is not None and "c" in types else None


class EncodesCategories:
    """What the boosted estimators do about columns of categories; a part of `XGBModel`."""

    # Of the classes that this one is a part of.
    enable_categorical: bool
    feature_types: Any
    max_cat_to_onehot: int | None
    max_cat_threshold: int | None

    # What `fit` and `load_model` leave behind.
    _feature_types: tuple[str, ...] | None = None
    _category_names: CategoryNames | None = None

    @property
    def _categories(self) -> CategoryColumns | None:
        return columns_of(self._feature_types, self._category_names)

    def _learn_categories(self, X: Any, earlier: EarlierModel | None = None) -> Any:
        """A training table with codes in the place of categories, which are kept; codes of the model to go on from."""
        X = plain_table(X)
        if earlier is not None:
            known = earlier.categories
            self._feature_types, self._category_names = (_types_of(X), None) if known is None else known
            if self.feature_types is not None and tuple(self.feature_types) != self._feature_types:
                raise ValueError(
                    f"feature_types={self.feature_types!r}: those of xgb_model are {self._feature_types!r}"
                )
            return recoded(X, known, earlier.ensemble.feature_names)
        types = self.feature_types
        if types is not None:
            with naming("X"):
                shape = np.shape(X)
            types = tuple(checked_types(types, shape[1] if len(shape) == 2 else len(types)))
        coded, known = learn_categories(X, self.enable_categorical, types)
        types = _types_of(X) if types is None else types
        self._feature_types, self._category_names = (types, None) if known is None else known
        return coded

    def _recoded(self, X: Any, by_name: bool = True) -> Any:
        """Another table with the codes of the training table in the place of categories."""
        return recoded(plain_table(X), self._categories, getattr(self, "feature_names_in_", None) if by_name else None)

    def _category_rules(self) -> Any:
        """What growing is told of columns of categories: `CategoryRules`."""
        from .categories import CategoryRules

        given: dict[str, Any] = {
            "max_cat_to_onehot": self.max_cat_to_onehot,
            "max_cat_threshold": self.max_cat_threshold,
            "is_category": None if self._categories is None else self._categories.is_category,
        }
        return CategoryRules()._replace(**{name: value for name, value in given.items() if value is not None})


def learn_categories(
    X: Any, enable_categorical: bool, feature_types: Sequence[str] | None
) -> tuple[Any, CategoryColumns | None]:
    """A training table with codes in the place of categories, and what they stand for; None if it has none.

    Parameters
    ----------
    X : array-like or pandas.DataFrame
    enable_categorical : bool
        Whether a frame's columns of categories are taken.
    feature_types : sequence of str or None
        Types of the columns, in xgboost's words; in their place stand the frame's own types, or numbers.

    Raises
    ------
    ValueError
        If there are columns of categories which are not taken, or whose names are neither texts nor whole numbers;
        the message names the column.
    """
    columns = _category_columns(X)
    if columns and not enable_categorical:
        listed = ", ".join(repr(X.columns[j]) for j in columns)
        raise ValueError(f"X: columns of categories need enable_categorical=True: {listed}")
    if not columns and feature_types is None:
        return X, None
    n_features = np.shape(X)[1] if np.ndim(X) == 2 else 0
    names = tuple(_names_of(X, j) if j in columns else None for j in range(n_features))
    types = _types_of(X) or ("float",) * n_features
    if feature_types is not None:
        types = tuple(feature_types)
        names = tuple(own if kind == "c" else None for own, kind in zip(names, types))
    X = _with_codes(X, {j: _codes(X, j) for j in columns})
    if "c" not in types:
        return X, None
    return X, CategoryColumns(types, names if any(own is not None for own in names) else None)


def recoded(X: Any, known: CategoryColumns | None, feature_names: Sequence[str] | None) -> Any:
    """A table with the codes of the training table in the place of categories.

    Parameters
    ----------
    X : array-like or pandas.DataFrame
    known : CategoryColumns or None
        Of the training table.
    feature_names : sequence of str or None
        Names of its columns; other names and another order of columns are left for others to find.

    Raises
    ------
    ValueError
        If a row has a category that was not there at training, or if a column holds categories here and numbers
        there, or the other way round; the message names the column.
    """
    if not _is_frame(X):
        return X
    place = None if feature_names is None else {name: j for j, name in enumerate(feature_names)}
    there: Any = () if known is None else known.types
    codes = {}
    for j, column in enumerate(X.columns):
        k = j if place is None else place.get(column, len(there))
        is_category, was_category = j in _category_columns(X), k < len(there) and there[k] == "c"
        names = known.names[k] if known is not None and known.names is not None and was_category else None
        if is_category and not was_category and (place is None or column in place):
            raise ValueError(f"X: column {column!r} holds categories; it had numbers at training")
        if names is not None and not is_category:
            raise ValueError(f"X: column {column!r} holds no categories; it had some at training")
        if is_category:
            codes[j] = _codes(X, j) if names is None else translated(_codes(X, j), _names_of(X, j), names, column)
    return _with_codes(X, codes)


def check_codes(X: Any, known: CategoryColumns | None) -> None:
    """Raise an error if a column of categories of a training table holds something else than codes."""
    if known is not None and scipy.sparse.issparse(X):
        raise NotImplementedError("X: columns of categories in a sparse table are not supported")
    for j in np.flatnonzero(known.is_category) if known is not None else ():
        codes = X[:, j][~np.isnan(X[:, j])]
        if np.any(codes < 0) or np.any(codes != np.floor(codes)) or np.any(codes >= MOST_CATEGORIES):
            raise ValueError(f"X: column {j} must hold categories, whole numbers from 0 to {MOST_CATEGORIES - 1}")


def _is_frame(X: Any) -> bool:
    return hasattr(X, "dtypes") and hasattr(X, "iloc") and np.ndim(X) == 2


def _types_of(X: Any) -> tuple[str, ...] | None:
    """Types of the columns of a data frame, in xgboost's words; None of any other table."""
    return tuple(type_of_column(dtype) or "float" for dtype in X.dtypes) if _is_frame(X) else None


def _category_columns(X: Any) -> list[int]:
    """Columns of a data frame that hold categories."""
    return [j for j, dtype in enumerate(X.dtypes) if dtype.name == "category"] if _is_frame(X) else []


def _codes(X: Any, j: int) -> NDArray[np.float32]:
    """Codes of a column of a frame by its own dtype; NaN where a value is missing."""
    codes = X.iloc[:, j].cat.codes.to_numpy()
    return np.where(codes < 0, np.float32(np.nan), codes.astype(np.float32))


def _names_of(X: Any, j: int) -> Names:
    """Categories of a column of a frame in the order of their codes."""
    categories = X.dtypes.iloc[j].categories
    names = categories.tolist()
    if all(isinstance(name, str) for name in names):
        return tuple(names)
    if all(isinstance(name, int) and not isinstance(name, bool) and name <= LARGEST_NAME for name in names):
        # Nullable types of pandas are called as NumPy's, but with a capital letter.
        width = str(categories.dtype).lower()
        return WholeNumbers(names, width if "int" in width else np.int64)
    raise ValueError(f"X: categories of column {X.columns[j]!r} must be texts, or whole numbers of int64")


def _with_codes(X: Any, codes: dict[int, NDArray[np.float32]]) -> Any:
    """A frame with other columns in the place of some."""
    if codes:
        X = X.copy(deep=False)
        for j, column in codes.items():
            X.isetitem(j, column)
    return X


def translated(codes: NDArray[np.float32], own: Names, names: Names, column: Any) -> NDArray[np.float32]:
    """Codes of the training table for those of another one, whose code k stands for ``own[k]``."""
    place = {name: code for code, name in enumerate(names)}
    translation = np.array([place.get(name, -1) for name in own] + [np.nan], dtype=np.float32)
    its_codes = translation[np.where(np.isnan(codes), len(own), codes).astype(np.intp)]
    if np.any(its_codes < 0):
        unseen = own[int(codes[np.argmax(its_codes < 0)])]
        raise ValueError(f"X: column {column!r} has the category {unseen!r}, which was not there at training")
    return its_codes
