"""A feature map is a file that names the columns of a model, a line each: number, name and type.

::

    0	age	q            a number; "float" says the same
    1	rooms	int          a whole number
    2	is_new	i            true or false
    3	colour	c            a category; also "categorical"
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["read_feature_map"]

TYPES = {"i": "i", "q": "q", "int": "int", "float": "float", "c": "c", "categorical": "c"}


def read_feature_map(path: str | os.PathLike, n_features: int) -> tuple[list[str], list[str]]:
    """Names and types of the columns, those of xgboost where the file has no line: ``f3`` and "q".

    Raises
    ------
    ValueError
        If a line is none of a feature map: the message shows it.
    """
    names, types = [f"f{j}" for j in range(n_features)], ["q"] * n_features
    lines = Path(path).expanduser().read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(line for line in lines if line.strip()):
        parts = line.split()
        if len(parts) != 3 or parts[0] != str(number) or parts[2] not in TYPES or number >= n_features:
            raise ValueError(f"fmap: line {line!r} must be {number}, a name and a type, for {n_features} columns")
        names[number], types[number] = parts[1], TYPES[parts[2]]
    return names, types
