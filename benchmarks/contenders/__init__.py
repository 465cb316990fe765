"""Contenders, one file for each library: how that library answers each task.

A file defines ``CONTENDERS``, from the name of a task to its contenders there. The files import their library
inside functions only, so that a library that is not installed is listed as missing and stops nobody.
"""

from __future__ import annotations

import importlib
import pkgutil

from ..definitions import Contender


def contenders_of(task_name: str) -> list[Contender]:
    """Contenders of a task: ours first, then the libraries by name, then the one that does nothing."""
    files = sorted((found.name for found in pkgutil.iter_modules(__path__)), key=_place)
    modules = [importlib.import_module(f"{__name__}.{name}") for name in files]
    return [contender for module in modules for contender in module.CONTENDERS.get(task_name, ())]


def _place(file_name: str) -> tuple[int, str]:
    return {"mlx": 0, "null": 2}.get(file_name, 1), file_name
