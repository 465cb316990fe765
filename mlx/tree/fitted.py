"""A fitted model is read by its attributes, none of which is believed before it is looked at.

`Fitted` is an object together with the path that leads to it. A reader asks it for what it expects ("an array of seven
integers"), and gets that or a `ModelFormatError` that names the path, as `mlx.tree.document.Place` does for files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from .document import ModelFormatError
from .tree import Tree

__all__ = ["Fitted"]


@dataclass(frozen=True)
class Fitted:
    """An object and the path to it, as in ``RandomForestClassifier.estimators_[3].tree_``.

    Parameters
    ----------
    value : object
    path : str
    """

    value: Any
    path: str

    def refuse(self, message: str) -> NoReturn:
        """Raise `ModelFormatError` that names this place."""
        raise ModelFormatError(f"{self.path}: {message}")

    def child(self, name: str) -> Fitted:
        """Attribute of the object; it must be there."""
        if not hasattr(self.value, name):
            self.refuse(f"has no attribute {name!r}; is the model fitted?")
        return Fitted(getattr(self.value, name), f"{self.path}.{name}")

    def optional(self, name: str) -> Fitted | None:
        """Attribute of the object, or None if it is not there or None."""
        return self.child(name) if getattr(self.value, name, None) is not None else None

    def items(self) -> Iterator[Fitted]:
        """Elements of a sequence, each with its path; there must be one at least."""
        if not isinstance(self.value, list | tuple | np.ndarray) or len(self.value) == 0:
            self.refuse("must be a sequence that is not empty")
        for number, value in enumerate(self.value):
            yield Fitted(value, f"{self.path}[{number}]")

    def call(self, **arguments: Any) -> Any:
        """What the value, a method of a model, returns; its errors are those of a model that is not fitted."""
        try:
            return self.value(**arguments)
        except Exception as error:
            self.refuse(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")

    def integer(self, least: int) -> int:
        """The value as an integer of at least so much."""
        if not isinstance(self.value, int | np.integer) or isinstance(self.value, bool) or self.value < least:
            self.refuse(f"must be an integer of at least {least}, not {self.value!r}")
        return int(self.value)

    def one_of(self, choices: Any) -> Any:
        """The value, which must be one of some texts."""
        if not isinstance(self.value, str) or self.value not in choices:
            self.refuse(f"{self.value!r} is none of {', '.join(map(repr, choices))}")
        return self.value

    def array(self, kinds: str, *shape: int | None) -> NDArray[Any]:
        """The value as an array of NumPy's kinds of numbers and of a shape, None for any length; all are finite."""
        values = np.asarray(self.value)
        right = values.ndim == len(shape) and all(n in (None, own) for n, own in zip(shape, values.shape))
        if not right or values.dtype.kind not in kinds:
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            self.refuse(f"must be an array of shape ({wanted}), not {values.dtype} of shape {values.shape}")
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            self.refuse("is not finite")
        return values

    def tree(self, **arrays: Any) -> Tree:
        """Tree of arrays that belong to this object."""
        try:
            return Tree(**arrays)
        except ValueError as error:
            self.refuse(str(error))

    def feature_names(self, n_features: int) -> tuple[str, ...] | None:
        """Names of the columns, if the model has seen some."""
        names = self.optional("feature_names_in_")
        return None if names is None else tuple(names.array("OUT", n_features).tolist())
