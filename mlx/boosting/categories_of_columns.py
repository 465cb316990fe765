"""What a model or a matrix knows of its categories, as one thing that is handed on to code other tables by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..tree.category_names import CategoryNames, WholeNumbers

if TYPE_CHECKING:
    from .tables import Table

__all__ = ["Categories"]


class Categories:
    """Names of the categories of each column, in the order of their codes.

    Made by `DMatrix.get_categories` and `Booster.get_categories`, and taken by `DMatrix` as `feature_types`.

    Parameters
    ----------
    names : tuple, or None
        For each column its categories, or None.
    feature_names : sequence of str, or None
    n_features : int
    export_to_arrow : bool
        Whether `to_arrow` shall work.
    """

    def __init__(
        self, names: CategoryNames | None, feature_names: Sequence[str] | None, n_features: int, export_to_arrow: bool
    ) -> None:
        self.names = names
        self.feature_names = [str(j) for j in range(n_features)] if feature_names is None else list(feature_names)
        self._export_to_arrow = export_to_arrow

    def empty(self) -> bool:
        """Whether no column has names of categories."""
        return self.names is None

    def to_arrow(self) -> list[tuple[str, Any]]:
        """Name of each column, and its categories as an array of pyarrow; None for a column of numbers.

        Raises
        ------
        ValueError
            If they were not asked for with ``export_to_arrow=True``.
        ImportError
            If pyarrow is not installed.
        """
        if not self._export_to_arrow:
            raise ValueError("export_to_arrow: get_categories must be called with export_to_arrow=True")
        import pyarrow

        own = [None] * len(self.feature_names) if self.names is None else self.names
        types = [names.dtype if isinstance(names, WholeNumbers) else None for names in own]
        arrays = [
            None if names is None else pyarrow.array(names, None if dtype is None else pyarrow.from_numpy_dtype(dtype))
            for names, dtype in zip(own, types)
        ]
        return list(zip(self.feature_names, arrays))

    def coded(self, table: Table) -> Table:
        """The table with these codes in place of its own.

        Raises
        ------
        ValueError
            If the table is none of a data frame with these columns of categories, or has others: the message names
            the column.
        """
        if self.names is None:
            return table
        if table.types is None or table.rows.shape[1] != len(self.names):
            raise ValueError("feature_types: categories are known of a data frame with the same columns only")
        for column, kind, names in zip(table.names or (), table.types, self.names):
            if kind != "c" and names is not None:
                raise ValueError(f"data: column {column!r} holds no categories; feature_types has some of it")
        return table._replace(rows=table.rows_for(self.names), categories=self.names)
