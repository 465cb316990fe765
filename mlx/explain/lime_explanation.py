"""The result of LIME: for each label the features of a local linear model and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .explanation import NEGATIVE, POSITIVE, Explanation, Game

__all__ = ["LimeExplanation"]

# Label under which lime keeps the explanation of a regression.
REGRESSION_LABEL = 1


@dataclass(eq=False, repr=False)
class LimeExplanation:
    """Local linear models of one row, with lime's names for what they hold.

    Attributes
    ----------
    mode : {"classification", "regression"}
    class_names : list of str
        ["negative", "positive"] for a regression, as in lime.
    conditions : tuple of str
        What each feature's weight refers to: "age <= 28.00", "job=clerk", or the name of a number.
    row : ndarray of shape (n_features,)
        The explained row.
    game : Game
        Training rows, points and evaluations that the explanation rests on.
    local_exp : dict of int to list of (int, float)
        By label: features and weights, the largest weight first.
    standard_errors : dict of int to dict of int to float
        By label and feature; empty for sampling="random".
    intercept : dict of int to float
    score : float
        R² of the local model, of the label explained last.
    local_pred : ndarray of shape (1,)
        Prediction of that local model for the row.
    predict_proba : ndarray of shape (n_classes,) or None
        The model's probabilities for the row (classification).
    predicted_value, min_value, max_value : float or None
        The model's prediction for the row, and the range over the sample (regression).
    top_labels : list of int or None
        If the labels with the highest probabilities were asked for: these, the highest first.
    """

    mode: str
    class_names: list[str]
    conditions: tuple[str, ...]
    row: NDArray[Any]
    game: Game
    local_exp: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    standard_errors: dict[int, dict[int, float]] = field(default_factory=dict)
    intercept: dict[int, float] = field(default_factory=dict)
    score: float | None = None
    local_pred: NDArray[np.float64] | None = None
    predict_proba: NDArray[np.float64] | None = None
    predicted_value: float | None = None
    min_value: float | None = None
    max_value: float | None = None
    top_labels: list[int] | None = None

    def available_labels(self) -> list[int]:
        """Labels that were explained.

        Raises
        ------
        NotImplementedError
            For a regression, as in lime.
        """
        if self.mode != "classification":
            raise NotImplementedError("available_labels is not supported for explanations of regressions.")
        return list(self.top_labels or self.local_exp)

    def as_list(self, label: int = 1) -> list[tuple[str, float]]:
        """Conditions and weights, the largest weight first.

        Parameters
        ----------
        label : int, default=1
            Which label; not looked at for a regression.
        """
        return [(self.conditions[feature], float(weight)) for feature, weight in self._of(label)]

    def as_map(self) -> dict[int, list[tuple[int, float]]]:
        """Features and weights by label."""
        return self.local_exp

    def as_pyplot_figure(self, label: int = 1) -> Any:
        """Bars of the weights.

        Parameters
        ----------
        label : int, default=1
            Which label; not looked at for a regression.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from ..plots import effect_bars

        pairs = self._of(label)
        known = self.standard_errors.get(self._key(label), {})
        title = f"Local explanation for class {self.class_names[label]}" if self.mode == "classification" else ""
        ax = effect_bars(
            [self.conditions[feature] for feature, _ in pairs],
            [weight for _, weight in pairs],
            standard_errors=[known.get(feature, 0.0) for feature, _ in pairs],
            title=title or "Local explanation",
        )
        return ax.figure

    def as_html(
        self, labels: Sequence[int] | None = None, predict_proba: bool = True, show_predicted_value: bool = True
    ) -> str:
        """A small page without scripts: the weights of each label as bars.

        Parameters
        ----------
        labels : sequence of int, optional
            Default: all that were explained.
        predict_proba : bool, default=True
            List the model's probabilities (classification).
        show_predicted_value : bool, default=True
            Show the model's prediction (regression).
        """
        parts = []
        if self.mode == "classification":
            if predict_proba and self.predict_proba is not None:
                pairs = zip(self.class_names, self.predict_proba)
                parts.append("<p>" + escape(", ".join(f"{name} {p:.3f}" for name, p in pairs)) + "</p>")
            shown = list(labels) if labels is not None else self.available_labels()
        else:
            if show_predicted_value and self.predicted_value is not None:
                parts.append(f"<p>predicted {self.predicted_value:.4g}</p>")
            shown = [REGRESSION_LABEL]
        parts += [self._table(label) for label in shown]
        return f'<html><head><meta charset="utf-8"></head><body>{"".join(parts)}</body></html>'

    def save_to_file(
        self,
        file_path: str | Path,
        labels: Sequence[int] | None = None,
        predict_proba: bool = True,
        show_predicted_value: bool = True,
    ) -> None:
        """Write `as_html` to a file.

        Parameters
        ----------
        file_path : str or Path
        labels, predict_proba, show_predicted_value
            As in `as_html`.
        """
        Path(file_path).write_text(self.as_html(labels, predict_proba, show_predicted_value), encoding="utf-8")

    def to_explanation(self, label: int = 1) -> Explanation:
        """The weights as an `Explanation` of one row; features that were not selected have 0.

        Parameters
        ----------
        label : int, default=1
            Which label; not looked at for a regression.

        Notes
        -----
        The base value is the local model's intercept. Its `additivity_error` is the distance between the model's
        output and the intercept plus all weights: LIME's weights need not add up to the output.
        """
        key = self._key(label)
        values = np.zeros(len(self.conditions))
        errors = np.zeros(len(self.conditions))
        for feature, weight in self._of(label):
            values[feature] = weight
            errors[feature] = self.standard_errors.get(key, {}).get(feature, np.nan)
        output = self.predict_proba[label] if self.predict_proba is not None else self.predicted_value
        gap = abs(float(output) - self.intercept[key] - values.sum()) if output is not None else 0.0
        return Explanation(
            values=values,
            base_values=np.asarray(self.intercept[key]),
            data=self.row,
            feature_names=self.conditions,
            output_names=str(self.class_names[label]) if self.mode == "classification" else None,
            standard_errors=None if np.isnan(errors).any() else errors,
            method="LIME",
            game=self.game,
            additivity_error=float(gap),
        )

    def __repr__(self) -> str:
        labels = f" of labels {self.available_labels()}" if self.mode == "classification" else ""
        return f"<LimeExplanation{labels}: {self.game}; R² {self.score:.3f}>"

    def _repr_html_(self) -> str:
        return self.as_html()

    def _key(self, label: int) -> int:
        return label if self.mode == "classification" else REGRESSION_LABEL

    def _of(self, label: int) -> list[tuple[int, float]]:
        key = self._key(label)
        if key not in self.local_exp:
            raise KeyError(f"label {label} was not explained; there are {sorted(self.local_exp)}")
        return self.local_exp[key]

    def _table(self, label: int) -> str:
        pairs = self._of(label)
        known = self.standard_errors.get(self._key(label), {})
        largest = max((abs(weight) for _, weight in pairs), default=0.0) or 1.0
        lines = []
        for feature, weight in pairs:
            error = f" ± {known[feature]:.2g}" if feature in known else ""
            colour = POSITIVE if weight >= 0 else NEGATIVE
            bar = f"background:{colour};height:0.8em;width:{8 * abs(weight) / largest:.2f}em"
            lines.append(
                f"<tr><td>{escape(self.conditions[feature])}</td><td>{weight:+.4g}{error}</td>"
                f'<td><div style="{bar}"></div></td></tr>'
            )
        name = f"class {escape(str(self.class_names[label]))}" if self.mode == "classification" else "prediction"
        return f"<h4>Weights for {name}</h4><table>{''.join(lines)}</table>"
