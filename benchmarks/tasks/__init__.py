"""Tasks, one file each: what is asked, on which work, and which scores make times comparable.

A file in this folder that defines ``TASK`` is a task; nothing else registers it.
"""

from __future__ import annotations

import importlib
import pkgutil

from ..definitions import Task


def all_tasks() -> dict[str, Task]:
    """Every task, by name."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return {module.TASK.name: module.TASK for module in modules}
