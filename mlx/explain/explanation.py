"""An explanation is a share of the model's output for each feature, and the record of how sure these shares are.

Explainers return `Explanation`; it slices like an array, becomes a table, a picture or an object of shap, and
names the game that was played: what was asked of the model, how often, and how far off the answer can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .arguments import as_array, as_numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Explanation", "Game"]

# Bars in the summary that notebooks show.
HTML_ROWS = 10
POSITIVE, NEGATIVE = "#d1495b", "#2a6f97"


@dataclass(frozen=True)
class Game:
    """What was asked of the model to find an explanation.

    Attributes
    ----------
    name : str
        "interventional": unknown features take values of background rows, whatever the known ones are; or
        "local linear model".
    background_rows : int
        Number of background rows, or of training rows that a local model's sampling rests on.
    exact : bool
        Whether every coalition was asked, so that no sampling error is left.
    coalitions : int
        Coalitions (or sampled points) per explained row and background group.
    evaluations : int
        Rows that the model was called on, for all explained rows together.
    link : str
        Scale on which the values add up: "identity" or "logit".
    """

    name: str
    background_rows: int
    exact: bool
    coalitions: int
    evaluations: int
    link: str = "identity"

    def __str__(self) -> str:
        scale = "" if self.link == "identity" else f", {self.link} scale"
        spent = f"{self.coalitions:,} {{}} per row, {self.evaluations:,} model evaluations"
        if self.name == "interventional":
            rows = f"{self.background_rows:,} background row{'s' if self.background_rows != 1 else ''}"
            how = "exact" if self.exact else "sampled"
            return f"{self.name}, {rows}, {how} ({spent.format('coalitions')}){scale}"
        return f"{self.name}, {self.background_rows:,} training rows ({spent.format('points')}){scale}"


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Shares of a model's output for each feature of each row.

    The values of a row and its base value add up to the model's output, on the scale of ``game.link``.

    Parameters
    ----------
    values : ndarray of float64
        Of shape (n_rows, n_features), or (n_rows, n_features, n_outputs) for a model with several outputs. An axis
        that was sliced away by a single row, feature or output is missing.
    base_values : ndarray of float64 of shape (n_rows,) or (n_rows, n_outputs)
        Expected output of the model when no feature is known.
    data : ndarray of shape (n_rows, n_features)
        The rows that were explained.
    feature_names : tuple of str, or str
        One per feature; a single text if one feature was sliced out.
    output_names : tuple of str, or str, optional
        One per output; None for a model with one output; a single text if one output was sliced out.
    standard_errors : ndarray of float64, optional
        Of the shape of `values`: standard deviation of each value over repeated sampling; 0 where the value is
        exact. None if the method does not know it.
    method : str
        What computed the values.
    game : Game, optional
        What was asked of the model.
    additivity_error : float
        Largest difference between a model's output and base value plus values.
    seconds : float
        Time that the computation took.

    Raises
    ------
    ValueError
        If shapes do not agree.

    Examples
    --------
    >>> import numpy as np
    >>> from mlx.explain import KernelExplainer
    >>> explainer = KernelExplainer(lambda X: X @ [1.0, 2.0], np.zeros((1, 2)), feature_names=["a", "b"])
    >>> explanation = explainer([[3.0, 4.0]])
    >>> explanation[0].values
    array([3., 8.])
    >>> explanation[:, "b"].values
    array([8.])
    """

    values: NDArray[np.float64]
    base_values: NDArray[np.float64]
    data: NDArray[Any]
    feature_names: tuple[str, ...] | str
    output_names: tuple[str, ...] | str | None = None
    standard_errors: NDArray[np.float64] | None = None
    method: str = ""
    game: Game | None = None
    additivity_error: float = 0.0
    seconds: float = field(default=0.0, compare=False)

    def __post_init__(self) -> None:
        for name in ("feature_names", "output_names"):
            names = getattr(self, name)
            if isinstance(names, list | np.ndarray):
                object.__setattr__(self, name, tuple(map(str, names)))
            elif not isinstance(names, str | tuple) and (names is not None or name == "feature_names"):
                raise ValueError(f"{name} must be names or one name, not {names!r}.")
        if not isinstance(self.game, Game | None):
            raise ValueError(f"game must be a Game, not {self.game!r}.")
        values = as_numbers(self.values, "values")
        rows = values.ndim - self._has_features - self._has_outputs
        if rows not in (0, 1):
            raise ValueError(f"values of shape {values.shape} do not fit the feature_names and output_names given.")
        if self._has_features and values.shape[rows] != len(self.feature_names):
            outputs = f" and {len(self.output_names or ())} output_names" if self._has_outputs else ""
            raise ValueError(f"{len(self.feature_names)} feature_names{outputs} for values of shape {values.shape}.")
        if self._has_outputs and values.shape[-1] != len(self.output_names or ()):
            raise ValueError(f"{len(self.output_names or ())} output_names for values of shape {values.shape}.")
        base = as_numbers(self.base_values, "base_values")
        expected = values.shape[:rows] + values.shape[rows + self._has_features :]
        if base.shape != expected:
            raise ValueError(
                f"base_values of shape {base.shape} for values of shape {values.shape}: {expected} needed."
            )
        data = as_array(self.data, "data")
        if data.shape != values.shape[: rows + self._has_features]:
            raise ValueError(f"data of shape {data.shape} for values of shape {values.shape}.")
        errors = None if self.standard_errors is None else as_numbers(self.standard_errors, "standard_errors")
        if errors is not None and errors.shape != values.shape:
            raise ValueError(f"standard_errors of shape {errors.shape} for values of shape {values.shape}.")
        for name, array in (("values", values), ("base_values", base), ("data", data), ("standard_errors", errors)):
            object.__setattr__(self, name, array)

    @property
    def _has_features(self) -> bool:
        return not isinstance(self.feature_names, str)

    @property
    def _has_outputs(self) -> bool:
        return isinstance(self.output_names, tuple)

    @property
    def _has_rows(self) -> bool:
        return np.ndim(self.values) > self._has_features + self._has_outputs

    @property
    def _output_name(self) -> str | None:
        return self.output_names if isinstance(self.output_names, str) else None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `values`."""
        return self.values.shape

    @property
    def plot(self) -> ExplanationPlots:
        """Pictures: ``.plot.waterfall(ax=...)`` of one row, ``.plot.beeswarm(ax=...)`` of many."""
        return ExplanationPlots(self)

    def __len__(self) -> int:
        if not self._has_rows:
            raise TypeError("an explanation of one row has no length")
        return len(self.values)

    def __getitem__(self, key: Any) -> Explanation:
        """Rows, features and outputs, in this order, by position, slice, list, mask or (the latter two) name.

        ``e[0]``, ``e[:, "age"]``, ``e[..., "yes"]``, ``e[:5, ["age", "hours"], 1]``.
        """
        index = self._index(key)
        axes = [name for name in ("rows", "features", "outputs") if getattr(self, f"_has_{name}")]
        by_axis = dict(zip(axes, index))

        def take(array: Any, names: Sequence[str]) -> Any:
            # One axis at a time, the last first: a removed axis then does not shift those still to come, and two
            # lists select a block, not a diagonal.
            for axis in reversed(range(len(names))):
                array = array[(slice(None),) * axis + (by_axis.get(names[axis], slice(None)),)]
            return array

        return replace(
            self,
            values=take(self.values, axes),
            base_values=take(self.base_values, [a for a in axes if a != "features"]),
            data=take(self.data, [a for a in axes if a != "outputs"]),
            standard_errors=None if self.standard_errors is None else take(self.standard_errors, axes),
            feature_names=_take_names(self.feature_names, by_axis.get("features")) or (),
            output_names=_take_names(self.output_names, by_axis.get("outputs")),
        )

    def _index(self, key: Any) -> list[Any]:
        parts = list(key) if isinstance(key, tuple) else [key]
        ndim = self.values.ndim
        dots = [i for i, part in enumerate(parts) if part is Ellipsis]
        if len(dots) > 1 or len(parts) - len(dots) > ndim:
            raise IndexError(f"{len(parts)} indices for an explanation of shape {self.shape}")
        if dots:
            parts[dots[0] : dots[0] + 1] = [slice(None)] * (ndim - len(parts) + 1)
        parts += [slice(None)] * (ndim - len(parts))
        names: list[tuple[str, ...] | None] = [None] if self._has_rows else []
        names += [tuple(self.feature_names)] if self._has_features else []
        names += [self.output_names] if isinstance(self.output_names, tuple) else []
        return [_position(part, known) for part, known in zip(parts, names)]

    def to_frame(self) -> pd.DataFrame:
        """One line per row, feature and output.

        Returns
        -------
        DataFrame
            With columns row, feature, output (if the model has several), data, value, and standard_error (if
            known). ``frame.pivot(index="row", columns="feature", values="value")`` gives the array back.
        """
        import pandas as pd

        shape = self.shape
        axes = list(np.indices(shape).reshape(len(shape), self.values.size))
        row = axes.pop(0) if self._has_rows else np.zeros(self.values.size, dtype=np.intp)
        feature = axes.pop(0) if self._has_features else None
        names = np.asarray(self.feature_names, dtype=object)
        columns: dict[str, Any] = {"row": row, "feature": names[feature] if feature is not None else str(names)}
        if self._has_outputs:
            columns["output"] = np.asarray(self.output_names, dtype=object)[axes.pop(0)]
        data = self.data.reshape(self.data.shape + (1,) * (self.values.ndim - self.data.ndim))
        columns["data"] = np.broadcast_to(data, shape).ravel()
        columns["value"] = self.values.ravel()
        if self.standard_errors is not None:
            columns["standard_error"] = np.asarray(self.standard_errors).ravel()
        return pd.DataFrame(columns, index=pd.RangeIndex(self.values.size))

    def to_shap(self) -> Any:
        """The same explanation as a `shap.Explanation`, for shap's plots; needs shap."""
        import shap

        def listed(names: Any) -> Any:
            return list(names) if isinstance(names, tuple) else names

        base = self.base_values if self.base_values.ndim else float(self.base_values)
        return shap.Explanation(
            self.values,
            base_values=base,
            data=self.data,
            feature_names=listed(self.feature_names),
            # shap cannot take the name of a single output.
            output_names=listed(self.output_names) if self._has_outputs else None,
            error_std=self.standard_errors,
            compute_time=self.seconds,
        )

    def __repr__(self) -> str:
        return f"<Explanation: {self._summary()}>"

    def _summary(self) -> str:
        parts = [f"{self.shape[0]} rows" if self._has_rows else "1 row"]
        parts.append(f"{len(self.feature_names)} features" if self._has_features else f"feature {self.feature_names}")
        if self._has_outputs:
            parts.append(f"{len(self.output_names or ())} outputs")
        elif self.output_names is not None:
            parts.append(f"output {self.output_names}")
        text = " × ".join(parts) + (f", {self.method}" if self.method else "")
        if self.game is not None:
            text += f"; {self.game}"
        if self.standard_errors is not None and np.size(self.standard_errors) and np.max(self.standard_errors) > 0:
            text += f"; standard error at most {np.max(self.standard_errors):.2g}"
        return text + f"; additivity error {self.additivity_error:.1g}; {self.seconds:.2g} s"

    def _repr_html_(self) -> str:
        """The largest values as bars, in plain HTML."""
        if not self._has_features or self._has_outputs:
            return f"<p>{escape(self._summary())}</p>"
        single = not self._has_rows
        sizes = self.values if single else np.abs(self.values).mean(axis=0)
        order = np.argsort(-np.abs(sizes), kind="stable")[:HTML_ROWS]
        largest = max(float(np.abs(sizes).max(initial=0.0)), np.finfo(float).tiny)
        lines = []
        for j in order:
            colour = POSITIVE if sizes[j] >= 0 else NEGATIVE
            name = self.feature_names[j] + (f" = {self.data[j]}" if single else "")
            bar = f'<div style="background:{colour};height:0.8em;width:{8 * abs(sizes[j]) / largest:.2f}em"></div>'
            lines.append(f"<tr><td>{escape(name)}</td><td>{sizes[j]:+.4g}</td><td>{bar}</td></tr>")
        title = f"values; base value {float(self.base_values):.4g}" if single else "mean of |values|"
        left_out = len(sizes) - len(order)
        more = f"<tr><td>and {left_out} more</td><td></td><td></td></tr>" if left_out else ""
        return (
            f"<p>{escape(self._summary())}</p><table><thead><tr><th>feature</th><th colspan=2>{title}</th></tr></thead>"
            f"<tbody>{''.join(lines)}{more}</tbody></table>"
        )


class ExplanationPlots:
    """Pictures of one explanation; reached as ``explanation.plot``."""

    def __init__(self, explanation: Explanation) -> None:
        self._explanation = explanation

    def waterfall(self, *, ax: Any = None, max_display: int = 10) -> Any:
        """From the base value to the model's output, feature by feature; see `mlx.plots.waterfall`."""
        from ..plots import waterfall

        one = self._one_output()
        if one._has_rows:
            if len(one) != 1:
                raise ValueError(f"a waterfall shows one row; choose one of {len(one)}: e[0].plot.waterfall()")
            one = one[0]
        return waterfall(
            one.values,
            float(one.base_values),
            list(one.data),
            one.feature_names,
            standard_errors=one.standard_errors,
            output_name=one._output_name,
            max_display=max_display,
            ax=ax,
        )

    def beeswarm(self, *, ax: Any = None, max_display: int = 10) -> Any:
        """One dot per row and feature; see `mlx.plots.beeswarm`."""
        from ..plots import beeswarm

        many = self._one_output()
        if not many._has_rows:
            raise ValueError("a beeswarm shows many rows; this explanation has one: use plot.waterfall()")
        return beeswarm(
            many.values, many.data, many.feature_names, output_name=many._output_name, max_display=max_display, ax=ax
        )

    def _one_output(self) -> Explanation:
        explanation = self._explanation
        if not explanation._has_features:
            raise ValueError("a plot needs all features; this explanation was sliced to one")
        if isinstance(explanation.output_names, tuple):
            if len(explanation.output_names) != 1:
                names = ", ".join(map(repr, explanation.output_names))
                raise ValueError(f"a plot shows one output; choose one of {names}: explanation[..., name].plot")
            return explanation[..., 0]
        return explanation


def _position(part: Any, names: tuple[str, ...] | None) -> Any:
    """A position, slice or array for an index that may be a name or a list of names."""
    if isinstance(part, str):
        if names is None or part not in names:
            raise KeyError(f"no {part!r} here" + (f"; there are {', '.join(map(repr, names))}" if names else ""))
        return names.index(part)
    if isinstance(part, list | tuple) and part and all(isinstance(item, str) for item in part):
        return np.array([_position(item, names) for item in part], dtype=np.intp)
    return np.asarray(part) if isinstance(part, list) else part


def _take_names(names: tuple[str, ...] | str | None, part: Any) -> tuple[str, ...] | str | None:
    if not isinstance(names, tuple) or part is None:
        return names
    if isinstance(part, slice):
        return names[part]
    taken = np.asarray(names, dtype=object)[part]
    return str(taken) if np.ndim(part) == 0 else tuple(taken)
