"""The report for machines: everything that was measured, fold by fold, with all that is needed to repeat it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..environment import machine, thread_settings, versions
from .metrics import metrics_of
from .report_text import failure_lines, warning_lines
from .results import Comparison, ModelResult, SideResult

__all__ = ["FORMAT", "as_record", "environment_record", "write_json"]

# Raised when a field changes its name or meaning; new fields do not count.
FORMAT = "mlx-compare/1"


def write_json(path: Path, comparisons: Sequence[Comparison], command: str) -> None:
    """Write the report of all tables to one file."""
    record = as_record(comparisons, command)
    path.write_text(json.dumps(record, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")


def as_record(comparisons: Sequence[Comparison], command: str) -> dict[str, Any]:
    """The report as nested dictionaries and lists; nan and infinities are null."""
    record = {
        "format": FORMAT,
        "mlx": __version__,
        "command": command,
        "environment": environment_record(),
        "tables": [_table(comparison) for comparison in comparisons],
    }
    return _finite(record)


def environment_record() -> dict[str, Any]:
    """Machine, versions, thread variables and thread pools."""
    from threadpoolctl import threadpool_info

    pools = [
        {name: pool.get(name) for name in ("user_api", "internal_api", "version", "num_threads")}
        for pool in threadpool_info()
    ]
    return {"machine": machine(), "versions": versions(), "thread_variables": thread_settings(), "thread_pools": pools}


def _table(comparison: Comparison) -> dict[str, Any]:
    table, plan = comparison.table, comparison.plan
    return {
        "data": {
            "name": table.name,
            "sha256": table.sha256,
            "rows": len(table.y),
            "columns": list(table.columns),
            "categories": {table.columns[j]: len(texts) for j, texts in table.levels.items()},
            "target": table.target,
            "classes": list(table.classes),
            "task": table.task,
            "weighted": table.weights is not None,
            "notes": list(table.notes),
        },
        "plan": plan._asdict(),
        "metric": {"name": comparison.metric.name, "sign": comparison.metric.sign, "reason": comparison.metric.reason},
        "folds_done": comparison.folds_done,
        "seconds": comparison.seconds,
        "stopped": comparison.stopped,
        "models": [_model(comparison, result) for result in comparison.results],
        "failures": list(failure_lines(comparison)),
        "warnings": [line for result in comparison.results for line in warning_lines(result)],
        "explanation": _explanation(comparison),
    }


def _model(comparison: Comparison, result: ModelResult) -> dict[str, Any]:
    record: dict[str, Any] = {
        "name": result.contender.name,
        "kind": result.contender.kind,
        "matrix": result.contender.matrix,
        "expected_difference": result.contender.expected,
        "ours": _side(comparison, result.ours),
    }
    if result.library is None:
        return record
    interval, won = comparison.paired(result.ours, result.library)
    record |= {
        "library": _side(comparison, result.library),
        "largest_difference": result.largest_difference(),
        "difference_by_fold": [result.differences[number] for number in sorted(result.differences)],
        "as_library": {
            "parameters": dict(result.contender.as_library),
            "largest_difference": result.largest_difference_as_library(),
        },
        "advantage": {**interval._asdict(), "folds_won": won.won, "folds": won.folds},
    }
    for stage in ("fit", "predict"):
        ratio = result.time_ratio(stage)
        record[f"{stage}_time_ratio"] = None if ratio is None else ratio._asdict()
    return record


def _side(comparison: Comparison, side: SideResult) -> dict[str, Any]:
    return {
        "label": side.label,
        "parameters": side.parameters,
        "failure": side.failure,
        "compile_seconds": side.compile_seconds,
        "mean_scores": {
            metric.name: side.mean(metric) for metric in metrics_of(comparison.table.task) if side.scores(metric)
        },
        "folds": [fold._asdict() for fold in side.folds],
        "warnings": side.warnings,
    }


def _explanation(comparison: Comparison) -> dict[str, Any] | None:
    explanation = comparison.explanation
    if explanation is None:
        return None
    return {
        "model": explanation.model,
        "output": explanation.output,
        "base_value": explanation.base_value,
        "values": explanation.values.tolist(),
        "data": explanation.data.tolist(),
        "agreements": [agreement._asdict() for agreement in explanation.agreements],
        "failures": list(explanation.failures),
        "notes": list(explanation.notes),
    }


def _finite(value: Any) -> Any:
    """The same nested value with null for numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
