"""What the package offers, found by looking: tests that go over all estimators start here and forget none."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import mlx

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mlx"


def subpackages():
    """Names of the subpackages and modules directly under mlx, imported by nobody yet."""
    return sorted(module.name for module in pkgutil.iter_modules(mlx.__path__))


def all_modules():
    """Dotted names of every module of the package, deepest included."""
    return sorted(module.name for module in pkgutil.walk_packages(mlx.__path__, "mlx."))


def public_objects():
    """Objects that a user imports, by dotted name: what each subpackage's `__all__` lists."""
    found = {}
    for name in subpackages():
        module = importlib.import_module(f"mlx.{name}")
        for public in getattr(module, "__all__", ()):
            found[f"mlx.{name}.{public}"] = getattr(module, public)
    return found


def estimator_classes():
    """Every public class with fit, by name."""
    from sklearn.base import BaseEstimator

    return _classes(lambda cls: issubclass(cls, BaseEstimator) and hasattr(cls, "fit"))


def fitting_classes():
    """The same, ready for fit(X, y): one that needs to be told of groups makes some itself."""
    from tests.ranked import XGBRanker

    return estimator_classes() | {"XGBRanker": XGBRanker}


def explainer_classes():
    """Every public class whose name ends in Explainer, by name."""
    return _classes(lambda cls: cls.__name__.endswith("Explainer"))


def _classes(wanted):
    return {
        cls.__name__: cls
        for cls in sorted(
            {value for value in public_objects().values() if inspect.isclass(value)}, key=lambda cls: cls.__name__
        )
        if wanted(cls)
    }
