"""Progress is one line on stderr while a comparison runs; where stderr is no terminal there is none."""

from __future__ import annotations

import sys
from typing import Any, Self

__all__ = ["Progress"]


class Progress:
    """A bar with a changing text, for work whose pieces have names.

    Parameters
    ----------
    total : int
        Pieces of work.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("reading", total=self._total)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, what: str) -> None:
        """Say what is being done."""
        if self._bar is not None:
            self._bar.update(self._task, description=what)

    def advance(self) -> None:
        """Count one piece of work as done."""
        if self._bar is not None:
            self._bar.advance(self._task)
