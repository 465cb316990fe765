"""Ctrl-C ends a comparison for certain, also where a model would catch it and go on with an unfinished fit."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

__all__ = ["Interruption"]


class Interruption:
    """Context in which the first Ctrl-C is remembered and raised; a second one raises at once, wherever it falls.

    scikit-learn's networks turn a KeyboardInterrupt into a warning and keep the epochs done, and ours keep finished
    rounds. In a comparison such a fit must not count: `check` after each piece of work raises what was swallowed.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: Any = None
        self._installed = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_interrupt)
            self._installed = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._before)

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self.requested:
            raise KeyboardInterrupt

    def _on_interrupt(self, signal_number: int, frame: FrameType | None) -> None:
        self.requested = True
        raise KeyboardInterrupt
