"""Pictures of a report as SVG text that takes the colours of the page it stands on, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .explanations import BestModelExplanation
from .results import Comparison, ModelResult, SideResult
from .statistics import corrected_interval

__all__ = ["Picture", "pictures_of"]

# Colours of `mlx.plots` for text, lines, paper and the two sides, and the page's own variables for them.
PAGE_COLOURS = {
    "#222222": "var(--ink)",
    "#777777": "var(--soft)",
    "#dddddd": "var(--line)",
    "#fefefe": "var(--paper)",
    "#0072b2": "var(--ours)",
    "#d55e00": "var(--theirs)",
}

MOST_FEATURES = 10

# Inches: a point of text becomes about one and a third pixels of the page.
WIDTH = 10.2


class Picture(NamedTuple):
    """One picture.

    Attributes
    ----------
    key : str
        Which picture it is.
    svg : str
        The picture as an ``<svg>`` element.
    alt : str
        What it shows, for those who cannot see it.
    on_white : bool
        Whether its colours need white paper, also on a dark page.
    """

    key: str
    svg: str
    alt: str
    on_white: bool = False


def pictures_of(comparison: Comparison) -> list[Picture]:
    """All pictures that there is something to show in; none without matplotlib."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return []
    pictures = [_scores(comparison), _times(comparison), _differences(comparison)]
    if comparison.explanation is not None and len(comparison.explanation.values):
        pictures += _explanation(comparison.explanation)
    return [picture for picture in pictures if picture is not None]


def _scores(comparison: Comparison) -> Picture | None:
    from ..plots.comparison import score_plot

    # Beside the baseline all models would lie on one spot; the table has its score.
    ranked = [result for result in comparison.ranked() if result.contender.kind == "predictor"]
    if not ranked:
        return None
    ours = [_score_range(comparison, result.ours) for result in ranked]
    theirs = [
        _score_range(comparison, result.library) if result.library and result.library.folds else None
        for result in ranked
    ]
    names = [result.contender.name for result in ranked]
    svg = _drawn(lambda: score_plot(names, ours, theirs, comparison.metric.label, ax=_axes(len(names))))
    return Picture("scores", svg, f"Mean {comparison.metric.label} of each model with its interval, best on top")


def _score_range(comparison: Comparison, side: SideResult) -> Any:
    from ..plots.comparison import Range

    scores = list(side.scores(comparison.metric).values())
    return Range(*corrected_interval(scores, 1.0 / (comparison.plan.folds - 1)))


def _times(comparison: Comparison) -> Picture | None:
    from ..plots.comparison import time_ratio_plot

    compared = [result for result in _in_order(comparison) if result.time_ratio("fit")]
    if not compared:
        return None
    names = [result.contender.name for result in compared]
    fit, predict = ([_ratio_range(result, stage) for result in compared] for stage in ("fit", "predict"))
    svg = _drawn(lambda: time_ratio_plot(names, fit, predict, ax=_axes(len(names))))
    return Picture("times", svg, "Time of mlx divided by the time of the library, for fit and predict")


def _ratio_range(result: ModelResult, stage: str) -> Any:
    from ..plots.comparison import Range

    ratio = result.time_ratio(stage)
    return None if ratio is None else Range(ratio.median, ratio.lower, ratio.upper)


def _differences(comparison: Comparison) -> Picture | None:
    from ..plots.comparison import difference_plot

    largest = {result.contender.name: result.largest_difference() for result in _in_order(comparison)}
    known = {name: difference for name, difference in largest.items() if difference is not None}
    if not known:
        return None
    names, values = list(known), list(known.values())
    unit = "of probabilities" if comparison.table.task == "classification" else "in standard deviations of the target"
    svg = _drawn(lambda: difference_plot(names, values, unit, ax=_axes(len(names))))
    return Picture("differences", svg, "Largest difference of held-out predictions from the library, by model")


def _in_order(comparison: Comparison) -> list[ModelResult]:
    """Ranked models, then those without a score."""
    ranked = comparison.ranked()
    return [*ranked, *(result for result in comparison.results if result not in ranked)]


def _explanation(explanation: BestModelExplanation) -> list[Picture]:
    from ..plots import beeswarm, waterfall

    clearest = int(np.abs(explanation.values).sum(axis=1).argmax())
    shown = [
        explanation.levels[j][int(value)] if j in explanation.levels else float(value)
        for j, value in enumerate(explanation.data[clearest])
    ]
    columns = list(explanation.columns)
    swarm = _drawn(
        lambda: beeswarm(
            explanation.values,
            explanation.data,
            columns,
            output_name=explanation.output,
            max_display=MOST_FEATURES,
            ax=_axes(min(MOST_FEATURES, len(columns))),
        )
    )
    fall = _drawn(
        lambda: waterfall(
            explanation.values[clearest],
            explanation.base_value,
            shown,
            columns,
            output_name=explanation.output,
            max_display=MOST_FEATURES,
            ax=_axes(min(MOST_FEATURES, len(columns))),
        )
    )
    return [
        Picture("beeswarm", swarm, "Shapley values of the explained rows, by feature", on_white=True),
        Picture("waterfall", fall, "From the average output to the output of the row with the largest effects"),
    ]


def _axes(n_rows: int) -> Any:
    """Axes as wide as the page's column, so that its text is about as large as the page's."""
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(WIDTH, 0.8 + 0.42 * n_rows), layout="constrained")[1]


def _drawn(draw: Callable[[], Any]) -> str:
    """The figure of the Axes that a function returns, as an SVG element without fixed size."""
    import matplotlib as mpl

    # Text stays text (it can be searched, and takes the page's font); ids do not depend on the run.
    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "mlx",
        "font.size": 9,
        "savefig.transparent": True,
    }
    with mpl.rc_context(settings):
        from matplotlib import pyplot

        # A window system is not needed to write a file, and must not be started on a server.
        backend = mpl.get_backend()
        pyplot.switch_backend("svg")
        try:
            figure = draw().figure
            text = io.StringIO()
            figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
            pyplot.close(figure)
        finally:
            pyplot.switch_backend(backend)
    return _for_page(text.getvalue())


def _for_page(svg: str) -> str:
    """Drop what is for files only (prologue, metadata, namespaces, size) and use the page's colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" role="img">', svg, count=1)
    svg = svg.replace("xlink:href", "href")
    svg = re.sub(r"font: (?:[\w.]+ )?([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
    for fixed, variable in PAGE_COLOURS.items():
        svg = svg.replace(fixed, variable)
    return svg.replace("#000000", "var(--ink)")
