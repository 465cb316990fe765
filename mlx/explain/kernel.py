"""Kernel SHAP explains any function: it asks the model about coalitions of features and solves for Shapley values.

The game of row x, with background rows b and their weights ω (they sum to 1), is interventional::

    v(S) = link( Σ_b ω_b f(x_S, b_¬S) )

where (x_S, b_¬S) has the values of x for the features in S and those of b elsewhere. If all coalitions of the
features that differ from the background fit the budget, the values are exact; otherwise a sample of coalitions is
asked (`coalitions.py`), a regression is solved, and each value carries a standard error (`shapley.py`).

Own coalitions for each group of background rows
------------------------------------------------
Without a link, v is the average of the games of single background rows, and Shapley values are linear in the
game. So the background is cut into groups, each group is asked its own coalitions, and the groups' solutions are
averaged. For the same number of model evaluations the sampling errors of the groups, being independent, average
out too. With the logit link v is not an average, and there is one group.

========== ================== ======================================================================
symbol     shape              meaning
========== ================== ======================================================================
n, d, k    scalars            explained rows, players that vary, outputs
m          scalar             background rows
C          scalar             coalitions asked per group and row (`nsamples`)
G          scalar             groups
v          (n, G C, k)        worth of each coalition asked
========== ================== ======================================================================

Where this departs from shap.KernelExplainer: `l1_reg` is False, not "num_features(10)", which returns other
numbers than Shapley values; sampling has a seed of its own; a feature is constant if it equals every background
row, not if it is within 1e-5 of it; small values are not rounded to 0; NaN in the model's output is an error.

References
----------
Lundberg, S. M. and Lee, S.-I. (2017). A unified approach to interpreting model predictions. NeurIPS,
arXiv:1705.07874.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..callbacks import progress
from ..numeric.threads import one_blas_thread
from .answers import ExplainedModel
from .arguments import check_choice, check_count, check_flag, check_names, known_classes
from .background import Background, is_frame, player_columns
from .explanation import Explanation, Game
from .questions import Questions, all_fit, draw_questions
from .selection import check_l1_reg
from .solving import solve_exactly, solve_groups, solve_selected

__all__ = ["KernelExplainer"]

# shap's budget: this many coalitions, and two more per player.
BASE_COALITIONS = 2048

# Largest table that one call of the model gets, in cells: 4 MiB of float64, which stays in the cache between the
# mixing and the model, and is many rows enough that the model's fixed cost does not count.
CELLS_PER_CALL = 2**19

# More groups than this gain no accuracy worth the time to draw their coalitions.
LARGEST_NUMBER_OF_GROUPS = 100

# Cells of Ω for all groups together: 128 MiB of float64.
SOLUTION_CELLS = 2**24


class KernelExplainer:
    """Shapley values of any function, exact where 2 ** n_features fits the budget, with standard errors elsewhere.

    Parameters
    ----------
    model : callable
        Gets rows like `data` (an array, or a data frame if `data` is one) and returns an array of shape (n_rows,)
        or (n_rows, n_outputs).
    data : array-like or DataFrame of shape (n_background, n_features)
        Background rows: a feature of which nothing is known takes their values. Also what `shap.kmeans` returns.
    feature_names : sequence of str, optional
        Default: columns of the data frame, or x0, x1, ...
    link : {"identity", "logit"}, default="identity"
        Scale on which the values add up; "logit" takes the log-odds of the averaged probability.
    keep_index, keep_index_ordered : bool, default=False
        Not supported.
    weights : array-like of shape (n_background,), optional
        Importance of each background row.
    groups : mapping of str to list of column names or positions, optional
        Columns that are known or unknown together and share one value, such as those of a one-hot code.
    output_names : sequence of str, optional
        Names of the model's outputs; by default the classes of a classifier whose method `model` is, or numbers.
    seed : int, default=0
        The same seed gives the same coalitions. Rows of one explanation share their coalitions.
    max_rows_per_call : int, optional
        Largest number of rows in one call of the model; default: what fits in 4 MiB. A coalition of all
        background rows is never cut.

    Attributes
    ----------
    expected_value : float or ndarray of shape (n_outputs,)
        Average output over the background, on the link's scale.

    Raises
    ------
    ValueError
        If an argument is wrong; the message names it.
    NotImplementedError
        For sparse data, keep_index and keep_index_ordered.

    Notes
    -----
    shap selects ten features by default (``l1_reg="num_features(10)"``). Here nothing is selected by default;
    the same argument restores shap's behaviour.

    References
    ----------
    Lundberg, S. M. and Lee, S.-I. (2017). A unified approach to interpreting model predictions. NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.explain import KernelExplainer
    >>> explainer = KernelExplainer(lambda X: X[:, 0] * X[:, 1], np.array([[0.0, 0.0], [2.0, 2.0]]))
    >>> explainer.expected_value
    2.0
    >>> explainer.shap_values(np.array([[3.0, 1.0]]), silent=True)
    array([[ 1.5, -0.5]])
    """

    def __init__(
        self,
        model: Callable[[Any], Any],
        data: Any,
        feature_names: Sequence[str] | None = None,
        link: str = "identity",
        *,
        keep_index: bool = False,
        keep_index_ordered: bool = False,
        weights: Any = None,
        groups: Mapping[str, Sequence[int | str]] | None = None,
        output_names: Sequence[str] | None = None,
        seed: int = 0,
        max_rows_per_call: int | None = None,
    ) -> None:
        if not callable(model):
            raise TypeError(f"model must be callable, such as model.predict; it is {type(model).__name__}.")
        check_choice("link", link, ("identity", "logit"))
        for name, value in (("keep_index", keep_index), ("keep_index_ordered", keep_index_ordered)):
            if value is not False:
                raise NotImplementedError(f"KernelExplainer: parameter {name}={value!r} is not supported.")
        self.model = model
        self.link = link
        self.seed = check_count("seed", seed, 0)
        self.background = Background(data, feature_names, weights)
        self.player_names, self._player = player_columns(groups, self.background.feature_names)
        cells = max(1, CELLS_PER_CALL // self.background.n_features)
        self._max_rows = cells if max_rows_per_call is None else check_count("max_rows_per_call", max_rows_per_call, 1)
        self._questions: dict[tuple[int, int, int], Questions] = {}
        self._answers = ExplainedModel(model, self.background, link)
        self.output_names = self._named_outputs(output_names)
        base = self._answers.base(np.flatnonzero(self.background.weights))
        self.expected_value = base if self._answers.is_vector else float(base[0])

    def __call__(
        self, X: Any, l1_reg: Any = False, silent: bool = False, *, nsamples: int | str = "auto"
    ) -> Explanation:
        """Explain rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features), or one row
            Rows to explain.
        l1_reg, silent, nsamples
            As in `shap_values`.

        Returns
        -------
        Explanation
            Of one row without a row axis if X is one row.
        """
        began = time.perf_counter()
        rows = self.background.matching(X)
        budget, l1_reg, silent = _check_budget(nsamples), check_l1_reg(l1_reg), check_flag("silent", silent)
        outputs = self._answers.outputs(rows.copy())  # a model may write into what it is given
        values, errors, game = self._explain(rows, self._answers.full(outputs), budget, l1_reg, silent)
        base = np.broadcast_to(np.atleast_1d(self.expected_value), outputs.shape)
        gap = float(np.abs(self._answers.linked(outputs) - base - values.sum(axis=1)).max())
        if not self._answers.is_vector:
            values, errors, base = values[..., 0], errors[..., 0], base[:, 0]
        explanation = Explanation(
            values=values,
            base_values=base.copy(),
            data=self._shown(rows),
            feature_names=self.player_names,
            output_names=self.output_names,
            standard_errors=errors,
            method="Kernel SHAP",
            game=game,
            additivity_error=gap,
            seconds=time.perf_counter() - began,
        )
        return explanation[0] if not is_frame(X) and np.ndim(X) == 1 else explanation

    def shap_values(
        self,
        X: Any,
        *,
        nsamples: int | str = "auto",
        l1_reg: Any = False,
        silent: bool = False,
        gc_collect: bool = False,
    ) -> NDArray[np.float64]:
        """Explain rows; only the values.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features), or one row
            Rows to explain.
        nsamples : "auto" or int, default="auto"
            Coalitions asked per row; each costs as many model evaluations as there are background rows. "auto" is
            2 d + 2048 for d features that vary. All 2 ** d are asked if they are no more than that.
        l1_reg : False, "num_features(k)", "aic", "bic" or float, default=False
            Features to keep, by an L1 penalty; the others get 0. shap's default is "num_features(10)".
            Standard errors are then those of the selected regression, as if the selection had been certain.
        silent : bool, default=False
            Show no progress bar.
        gc_collect : bool, default=False
            Not supported; memory is bounded without it.

        Returns
        -------
        ndarray of shape (n_rows, n_features) or (n_rows, n_features, n_outputs)
            Without the first axis if X is one row.
        """
        if gc_collect is not False:
            raise NotImplementedError(
                f"KernelExplainer.shap_values: parameter gc_collect={gc_collect!r} is not supported."
            )
        return self(X, l1_reg, silent, nsamples=nsamples).values

    def _explain(
        self, rows: Any, outputs: NDArray[np.float64], budget: int | None, l1_reg: Any, silent: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], Game]:
        """Values and standard errors, shape (n_rows, n_players, n_outputs), and the game."""
        varying = self._varying_players(rows)
        values = np.zeros((len(rows), len(self.player_names), outputs.shape[1]))
        errors = np.zeros_like(values)
        evaluations, exact, asked = len(rows), True, 0
        patterns, kind = np.unique(varying, axis=0, return_inverse=True)
        questions_of = [self._questions_for(int(p.sum()), budget, bool(l1_reg)) for p in patterns]
        work = [
            (pattern, batch)
            for pattern in range(len(patterns))
            for batch in self._batches(np.flatnonzero(kind.ravel() == pattern), questions_of[pattern])
        ]
        for pattern, batch in progress(work, description="Kernel SHAP", enabled=not silent):
            players, questions = np.flatnonzero(patterns[pattern]), questions_of[pattern]
            position = np.full(len(self.player_names), -1)
            position[players] = np.arange(len(players))
            worth = self._answers.worth(rows, batch, questions, position[self._player], self._max_rows)
            with one_blas_thread():
                found, error = self._solve(worth, outputs[batch], questions, l1_reg)
            values[np.ix_(batch, players)] = found
            errors[np.ix_(batch, players)] = error
            evaluations += len(batch) * len(questions.donors)
            exact = exact and questions.exact
            asked = max(asked, len(questions.coalitions) // max(1, len(questions.groups)))
        return values, errors, Game("interventional", len(self.background.rows), exact, asked, evaluations, self.link)

    def _varying_players(self, rows: Any) -> NDArray[np.bool_]:
        """Which players differ from some background row, shape (n_rows, n_players)."""
        constant = self.background.constant_columns(rows)
        varying = np.zeros((len(rows), len(self.player_names)), dtype=bool)
        for column, player in enumerate(self._player):
            varying[:, player] |= ~constant[:, column]
        return varying

    def _questions_for(self, n_players: int, budget: int | None, one_group: bool) -> Questions:
        """Coalitions to ask about rows in which this many players vary; drawn once per explainer."""
        n_coalitions = 2 * n_players + BASE_COALITIONS if budget is None else budget
        if all_fit(n_players, n_coalitions):
            n_coalitions, n_groups = 2**n_players - 2, 1
        else:
            if n_coalitions < 2 * n_players:
                raise ValueError(
                    f"nsamples={n_coalitions} is too small: {n_players} varying features need at least {2 * n_players}."
                )
            n_groups = 1 if one_group or self.link != "identity" else self._number_of_groups(n_players, n_coalitions)
        key = (n_players, n_coalitions, n_groups)
        if key not in self._questions:
            donors = np.flatnonzero(self.background.weights)
            # Products of this size lose more to a second BLAS thread than they gain.
            with one_blas_thread():
                self._questions[key] = draw_questions(donors, n_players, n_coalitions, n_groups, self.seed)
        return self._questions[key]

    def _number_of_groups(self, n_players: int, n_coalitions: int) -> int:
        fits = SOLUTION_CELLS // (n_players * (n_coalitions // 2))
        return max(1, min(int(np.count_nonzero(self.background.weights)), LARGEST_NUMBER_OF_GROUPS, fits))

    def _batches(self, rows: NDArray[np.intp], questions: Questions) -> Iterator[NDArray[np.intp]]:
        """Rows that are asked and solved together: as many as fit one call of the model, at least one."""
        size = max(1, self._max_rows // max(1, len(questions.donors)))
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    def _solve(
        self, worth: NDArray[np.float64], outputs: NDArray[np.float64], questions: Questions, l1_reg: Any
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values and standard errors of the players that vary, shape (n_batch, d, n_outputs)."""
        base = np.atleast_1d(self.expected_value)
        if l1_reg and questions.coalitions.shape[1] > 1:
            return solve_selected(questions, worth, base, outputs, l1_reg)
        if questions.exact:
            return solve_exactly(questions, worth, base, outputs)
        bases = [self._answers.base(group) for group in questions.groups]
        shares = [float(self.background.weights[group].sum()) for group in questions.groups]
        return solve_groups(questions, worth, bases, outputs, shares)

    def _named_outputs(self, output_names: Sequence[str] | None) -> tuple[str, ...] | str | None:
        count = self._answers.n_outputs
        if output_names is None and not self._answers.is_vector:
            return None
        if output_names is None:
            output_names = known_classes(self.model, list(map(str, range(count))))
        names = check_names("output_names", output_names, count, "outputs of model")
        return names if self._answers.is_vector else names[0]

    def _shown(self, rows: Any) -> NDArray[Any]:
        """The explained rows; of a group of several columns, the values as text."""
        table = rows.to_numpy() if self.background.is_frame else rows
        if len(self.player_names) == self.background.n_features:
            return table[:, np.argsort(self._player, kind="stable")]
        columns = []
        for player in range(len(self.player_names)):
            members = table[:, self._player == player]
            single = members.shape[1] == 1
            columns.append(members[:, 0] if single else [", ".join(map(str, row)) for row in members])
        shown = np.empty((len(table), len(columns)), dtype=object)
        for player, column in enumerate(columns):
            shown[:, player] = column
        return shown


def _check_budget(nsamples: int | str) -> int | None:
    if isinstance(nsamples, str) and nsamples == "auto":
        return None
    if isinstance(nsamples, bool) or not isinstance(nsamples, int | np.integer) or nsamples < 1:
        raise ValueError(f'nsamples must be "auto" or a positive whole number, not {nsamples!r}.')
    return int(nsamples)
