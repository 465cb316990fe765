"""A round is one pass of an iterative fit (an epoch, a tree); this file says who watches the rounds and may stop them.

Three watchers, none of which changes a result:

`progress`
    A progress bar on stderr.
`InterruptGuard`
    Ctrl-C ends the fit after the current round and keeps the rounds that are finished.
`FitRounds`
    Ctrl-C and scikit-learn's callbacks together: what the loop of an estimator's ``fit`` talks to. With it,
    ``estimator.set_callbacks(ProgressBar(), ScoringMonitor(scoring="accuracy"))`` works as on scikit-learn's own
    estimators. Unlike scikit-learn 1.9's estimators, ours stop when a hook returns True.

scikit-learn calls its callback protocol experimental: it may change without a deprecation. So its parts are checked
when this module is imported; where they are missing, everything else works and ``set_callbacks`` says what is wrong.
"""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType
from typing import Any, Self, TypeVar

import sklearn

try:
    from sklearn.callback import CallbackSupportMixin as _SklearnMixin
    from sklearn.callback import with_callbacks as _sklearn_with_callbacks
    from sklearn.callback._callback_context import CallbackContext as _SklearnContext
except ImportError:  # the protocol has moved or is gone
    _SklearnMixin = _sklearn_with_callbacks = _SklearnContext = None

__all__ = [
    "SUPPORTS_CALLBACKS",
    "CallbackSupportMixin",
    "FitRounds",
    "InterruptGuard",
    "progress",
    "with_callbacks",
]

Item = TypeVar("Item")
FittedAttributes = Callable[[], Mapping[str, Any]]

# What `FitRounds` calls; a scikit-learn that renames one of these has changed the protocol.
_MIXIN_METHODS = ("set_callbacks", "_init_callback_context")
_CONTEXT_METHODS = ("subcontext", "call_on_fit_task_begin", "call_on_fit_task_end")

SUPPORTS_CALLBACKS: bool = all(hasattr(_SklearnMixin, name) for name in _MIXIN_METHODS) and all(
    hasattr(_SklearnContext, name) for name in _CONTEXT_METHODS
)


class _NoCallbackSupport:
    """Stands in for scikit-learn's mixin where its callback protocol is not the one this file knows."""

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Refuse callbacks; an empty call is allowed, as it asks for none."""
        if callbacks:
            raise NotImplementedError(
                f"callbacks need the callback protocol of scikit-learn 1.9; scikit-learn {sklearn.__version__} "
                "has another one"
            )
        return self


def _unchanged(method: Callable) -> Callable:
    return method


CallbackSupportMixin: Any = _SklearnMixin if SUPPORTS_CALLBACKS else _NoCallbackSupport
with_callbacks: Callable[[Callable], Callable] = _sklearn_with_callbacks if SUPPORTS_CALLBACKS else _unchanged


def progress(
    iterable: Iterable[Item], total: float | None = None, description: str = "", enabled: bool = True
) -> Iterator[Item]:
    """Items of an iterable, with a progress bar on stderr while they are consumed.

    Nothing is drawn, and rich is not imported, if stderr is not a terminal: logs and pipes stay clean.

    Parameters
    ----------
    iterable : iterable
        What is iterated over.
    total : float, optional
        Number of items; by default ``len(iterable)`` where it has one.
    description : str, default=""
        Text in front of the bar.
    enabled : bool, default=True
        Whether a bar is wanted at all.

    Yields
    ------
    object
        The items, unchanged and in order.

    Examples
    --------
    >>> from mlx.callbacks import progress
    >>> sum(progress([1, 2, 3], description="adding"))
    6
    """
    # stderr is None in a Python without a console.
    if not enabled or sys.stderr is None or not sys.stderr.isatty():
        yield from iterable
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(iterable, total=total, description=description)


class InterruptGuard:
    """Context in which Ctrl-C lets the current round finish and keeps the rounds that are done.

    The first Ctrl-C sets a flag, which `round_finished` returns when the current round is over; a warning then says
    how many rounds were kept. A second Ctrl-C raises KeyboardInterrupt at once, and so does the first one while no
    round is finished, because there is nothing to keep.

    Parameters
    ----------
    round_name : str, default="round"
        What a round is called in the warning.

    Attributes
    ----------
    n_finished : int
        Rounds finished so far.
    interrupted : bool
        Whether Ctrl-C was pressed.

    Notes
    -----
    Python runs signal handlers in the main thread only. In another thread the guard does nothing, and Ctrl-C goes
    to the main thread as always. It also does nothing where the program has a handler of its own, or ignores
    SIGINT: that is the program's decision.

    Examples
    --------
    >>> from mlx.callbacks import InterruptGuard
    >>> with InterruptGuard("epoch") as guard:
    ...     for epoch in range(3):
    ...         if guard.round_finished():
    ...             break
    >>> guard.n_finished
    3
    """

    def __init__(self, round_name: str = "round") -> None:
        self.round_name = round_name
        self.n_finished = 0
        self.interrupted = False
        self._installed = False

    def __enter__(self) -> Self:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            try:
                signal.signal(signal.SIGINT, self._on_interrupt)
            except ValueError:  # not the main thread
                return self
            self._installed = True
        return self

    def __exit__(self, exception_type: type[BaseException] | None, *_: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._installed = False
        if self.interrupted and exception_type is None:
            plural = "" if self.n_finished == 1 else "s"
            warnings.warn(
                f"Interrupted by the user: the model keeps the {self.n_finished} {self.round_name}{plural} finished "
                "so far.",
                UserWarning,
                stacklevel=2,
            )

    def round_finished(self) -> bool:
        """Count a round as finished; True if the loop shall stop."""
        self.n_finished += 1
        return self.interrupted

    def _on_interrupt(self, signal_number: int, frame: FrameType | None) -> None:
        if self.interrupted or self.n_finished == 0:
            raise KeyboardInterrupt
        self.interrupted = True


class FitRounds:
    """The rounds of one fit: counts them, tells scikit-learn's callbacks of them, and says when to stop.

    Parameters
    ----------
    estimator : estimator or None
        The estimator being fitted; with None, or without callbacks set, only Ctrl-C is attended to.
    max_rounds : int or None
        Most rounds there can be; None if that is not known.
    round_name : str, default="round"
        What a round is called, in a progress bar and in the warning after Ctrl-C.
    X, y : array-like, optional
        Validated training data as callbacks shall see them; y in the user's labels, not encoded.
    sample_weight : ndarray, optional
        Weights of the rows, handed to callbacks as metadata.

    Attributes
    ----------
    n_finished : int
        Rounds finished so far.
    interrupted : bool
        Whether Ctrl-C was pressed.
    stop_requested : bool
        Whether `end` has said that the loop shall stop.

    Notes
    -----
    The method in which it stands must be decorated with scikit-learn's ``_fit_context`` or with `with_callbacks`,
    which tear the callbacks down.

    Examples
    --------
    >>> from mlx.callbacks import FitRounds
    >>> with FitRounds(None, max_rounds=3, round_name="tree") as rounds:
    ...     for _ in range(3):
    ...         rounds.begin()
    ...         if rounds.end():
    ...             break
    >>> rounds.n_finished
    3
    """

    def __init__(
        self,
        estimator: Any,
        *,
        max_rounds: int | None,
        round_name: str = "round",
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
    ) -> None:
        self._estimator = estimator
        self._max_rounds = max_rounds
        self._round_name = round_name
        self._guard = InterruptGuard(round_name)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._fit_task: Any = None
        self._round_task: Any = None
        self.stop_requested = False

    @property
    def n_finished(self) -> int:
        """Rounds finished so far."""
        return self._guard.n_finished

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._guard.interrupted

    def __enter__(self) -> Self:
        if SUPPORTS_CALLBACKS and self._estimator is not None:
            # Called without callbacks too: a search or pipeline around the fit may hold some.
            self._fit_task = self._estimator._init_callback_context(max_subtasks=self._max_rounds)
            self._fit_task.call_on_fit_task_begin(**self._data)
            if not getattr(self._estimator, "_skl_callbacks", None):
                self._fit_task = None
        self._guard.__enter__()
        return self

    def __exit__(self, exception_type: type[BaseException] | None, *details: object) -> None:
        try:
            if exception_type is None:
                if self._round_task is not None:  # begun, but the loop stopped before it was over
                    self._round_task.call_on_fit_task_end(estimator=self._estimator)
                if self._fit_task is not None:
                    self._fit_task.call_on_fit_task_end(**self._data)
        finally:
            self._guard.__exit__(exception_type, *details)

    def begin(self) -> None:
        """Say that a round begins."""
        if self._fit_task is not None:
            self._round_task = self._fit_task.subcontext(task_name=self._round_name)
            self._round_task.call_on_fit_task_begin(**self._data)

    def end(self, fitted_attributes: FittedAttributes | None = None) -> bool:
        """Say that the round is over.

        Parameters
        ----------
        fitted_attributes : callable, optional
            Returns the fitted attributes by name as they would be if the fit stopped here; called only if a
            callback asks for the fitted estimator.

        Returns
        -------
        bool
            True if the loop shall stop: Ctrl-C was pressed, or a callback asked for it.
        """
        self.stop_requested = self._guard.round_finished()
        if self._round_task is not None:
            task, self._round_task = self._round_task, None
            self.stop_requested |= task.call_on_fit_task_end(**self._data, reconstruction_attributes=fitted_attributes)
        return self.stop_requested
