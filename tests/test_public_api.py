"""The names that a user may import, as a literal table: a name that comes or goes is a decision, not an accident."""

import importlib
import subprocess
import sys
import types
import zipfile

import pytest

from tests.inventory import PACKAGE, ROOT, all_modules, public_objects, subpackages

PUBLIC = {
    "boosting": {
        "Booster",
        "DMatrix",
        "QuantileDMatrix",
        "XGBClassifier",
        "XGBRFClassifier",
        "XGBRFRegressor",
        "XGBRanker",
        "XGBRegressor",
        "cv",
        "plot_importance",
        "plot_tree",
        "to_graphviz",
        "train",
    },
    "cluster": {"KMeans", "Summary", "k_means", "kmeans_plusplus", "summarize"},
    "decomposition": {"IncrementalPCA", "PCA"},
    "ensemble": {
        "AdaBoostClassifier",
        "AdaBoostRegressor",
        "ExtraTreesClassifier",
        "ExtraTreesRegressor",
        "ForestImputer",
        "RandomForestClassifier",
        "RandomForestRegressor",
    },
    "explain": {"Explanation", "Game", "KernelExplainer", "LimeExplanation", "LimeTabularExplainer"},
    "linear_model": {
        "ElasticNet",
        "ElasticNetCV",
        "Lasso",
        "LassoCV",
        "LinearRegression",
        "LogisticRegression",
        "LogisticRegressionCV",
        "Perceptron",
        "Ridge",
        "RidgeCV",
        "enet_path",
        "lasso_path",
    },
    "manifold": {"TSNE"},
    "neural_network": {
        "Activation",
        "Adam",
        "Dense",
        "MLPClassifier",
        "MLPRegressor",
        "MomentumDescent",
        "chain",
        "concatenate",
        "glorot_bound",
        "glorot_uniform",
        "residual",
    },
    "tree": {
        "DecisionTreeClassifier",
        "DecisionTreeRegressor",
        "ExtraTreeClassifier",
        "ExtraTreeRegressor",
        "Tree",
        "TreeEnsemble",
        "export_graphviz",
        "export_text",
        "plot_tree",
        "tree_ensemble_of",
    },
}
# Places that other code of the package imports from; users may, but nothing is promised to them.
INTERNAL = {"callbacks", "cli", "compare", "environment", "losses", "numeric", "plots", "validation"}


def test_every_place_is_listed():
    assert set(subpackages()) == PUBLIC.keys() | INTERNAL


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_names_are_exactly_these(name):
    module = importlib.import_module(f"mlx.{name}")
    assert set(module.__all__) == PUBLIC[name]
    assert len(module.__all__) == len(set(module.__all__))
    for public in module.__all__:
        assert getattr(module, public).__name__ == public


@pytest.mark.parametrize("name", subpackages())
def test_nothing_leaks(name):
    """A subpackage shows its public names and its own modules, nothing that it happens to import."""
    module = importlib.import_module(f"mlx.{name}")
    if not hasattr(module, "__path__"):
        pytest.skip("a module, not a subpackage: its names are its own file's business")
    shown = {key for key in dir(module) if not key.startswith("_")} - {"annotations"}
    own = {key for key in shown if isinstance(getattr(module, key), types.ModuleType)}
    assert all(getattr(module, key).__name__ == f"mlx.{name}.{key}" for key in own)
    assert shown - own == set(getattr(module, "__all__", ()))


@pytest.mark.parametrize("name", all_modules())
def test_all_is_true(name):
    """What `__all__` lists exists, and is no private name."""
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        assert hasattr(module, public)
        assert not public.startswith("_") or public == "__version__"


def test_the_package_itself_shows_its_version_only():
    code = "import mlx; print(*sorted(k for k in dir(mlx) if not k.startswith('_')))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(shown) <= {"environment", "warn_if_apple_mlx"}
    assert importlib.import_module("mlx").__all__ == ["__version__"]


def test_public_classes_say_where_they_live():
    """`__module__` stays inside the package, so that a pickle and an error message name it."""
    for dotted, value in public_objects().items():
        package = dotted.split(".")[1]
        if package in PUBLIC:
            assert value.__module__.startswith(f"mlx.{package}.")


def test_wheel_holds_the_package_and_its_type_marker(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith("ml_explained-")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "mlx/py.typed" in names
    packaged = {name for name in names if name.startswith("mlx/") and name.endswith(".py")}
    assert packaged == {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py")}
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"mlx"}
    (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
    assert "mlx = mlx.cli:main" in zipfile.ZipFile(wheel).read(entry_points).decode()
