"""The environment is everything about a machine that can change a result or a time.

``mlx doctor`` prints it, every report and every benchmark result carries it. Nothing here imports a
numerical library: versions are read from the metadata of installed distributions.
"""

from __future__ import annotations

import os
import platform
import sys
import warnings
from pathlib import Path

# Distributions whose version decides what a comparison means.
DISTRIBUTIONS = (
    "ml-explained",
    "numpy",
    "scipy",
    "scikit-learn",
    "numba",
    "llvmlite",
    "joblib",
    "threadpoolctl",
    "pandas",
    "rich",
    "matplotlib",
    "pyarrow",
    "xgboost",
    "xgboost-cpu",
    "lightgbm",
    "shap",
    "lime",
)

# The variables through which a user caps threads; printed because an unnoticed one explains many a time.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

APPLE_REMEDY = (
    "Apple's array framework 'mlx' is installed in this environment too, and both own the import name 'mlx': "
    "files of one overwrite files of the other. Uninstall both and keep one per environment "
    "('pip uninstall mlx ml-explained', then 'pip install ml-explained')."
)


def versions() -> dict[str, str]:
    """Versions of Python and of every installed distribution in `DISTRIBUTIONS`."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str | int | float | None]:
    """Processor, cores, memory in GiB and operating system of this machine."""
    return {
        "system": platform.platform(terse=True),
        "processor": _processor_name(),
        "cores": available_cores(),
        "memory_gib": _memory_gib(),
    }


def thread_settings() -> dict[str, str]:
    """Thread-related environment variables that are set, by name."""
    return {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ}


def available_cores() -> int:
    """Number of cores that this process may use, not the number that the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def apple_mlx_version(search_path: list[str] | None = None) -> str | None:
    """Version of Apple's distribution ``mlx`` on the search path, or None.

    Looks for the folder ``mlx-<version>.dist-info`` by name, a few directory listings instead of the
    import of `importlib.metadata`, because this runs at every ``import mlx``.
    """
    for entry in sys.path if search_path is None else search_path:
        try:
            names = os.listdir(entry or ".")
        except OSError:
            continue
        for name in names:
            if name.startswith("mlx-") and name.endswith(".dist-info"):
                return name.removeprefix("mlx-").removesuffix(".dist-info")
    return None


def warn_if_apple_mlx(search_path: list[str] | None = None) -> None:
    """Warn, once per process and place, if Apple's ``mlx`` shares this environment."""
    version = apple_mlx_version(search_path)
    if version is not None:
        warnings.warn(f"{APPLE_REMEDY} Found mlx {version}.", ImportWarning if _quiet() else UserWarning, stacklevel=3)


def _quiet() -> bool:
    """Whether the user has read the warning and asked for silence with ``MLX_IGNORE_APPLE=1``."""
    return os.environ.get("MLX_IGNORE_APPLE", "") not in ("", "0")


def _processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    except (AttributeError, ValueError, OSError):  # not a POSIX system
        return None
