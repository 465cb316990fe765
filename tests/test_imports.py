"""What an import costs and what it touches. Every test here runs in a fresh process."""

import functools
import json
import os
import subprocess
import sys

import pytest

from tests.inventory import all_modules, estimator_classes, explainer_classes, public_objects

HEAVY = {"numba", "llvmlite", "pandas", "pyarrow", "matplotlib", "rich", "xgboost", "shap", "lime", "dask", "torch"}
# Internal places whose import must stay free of Numba too.
WITHOUT_NUMBA = ("cli", "compare", "callbacks", "environment", "losses", "plots", "validation")
# What a user of the same model imports today from scikit-learn: the yardstick of an import's cost.
PEER_IMPORT = {
    "boosting": "sklearn.ensemble",
    "cluster": "sklearn.cluster",
    "decomposition": "sklearn.decomposition",
    "ensemble": "sklearn.ensemble",
    "explain": "sklearn.linear_model",
    "linear_model": "sklearn.linear_model",
    "manifold": "sklearn.manifold",
    "neural_network": "sklearn.neural_network",
    "tree": "sklearn.tree",
}
# The classes that stand for a peer's; the parts beside them come from the same modules.
PUBLIC_NAMES = [
    (name.split(".")[1], name.split(".")[2])
    for name, value in public_objects().items()
    if value in {*estimator_classes().values(), *explainer_classes().values()}
]
LARGEST_EXTRA_SECONDS = 0.1


def run_python(code, *options, environment=(), **keywords):
    """Standard output of a fresh interpreter; its standard error fails the test if it exits badly."""
    result = subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **dict(environment)},
        **keywords,
    )
    assert result.returncode == 0, result.stderr
    return result


@functools.cache
def loaded_by(statement):
    """Top-level names of the modules that a statement loads, beside the interpreter's own."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    modules = run_python(code).stdout.split()
    return {name.split(".")[0] for name in modules} - sys.stdlib_module_names, frozenset(modules)


@functools.cache
def by_scikit_learn(module="sklearn.base"):
    """What scikit-learn loads itself (1.9 loads pandas and, for its callbacks, rich): not our doing."""
    return loaded_by(f"import {module}")[0]


def test_import_mlx_loads_the_standard_library_only():
    top, modules = loaded_by("import mlx")
    assert top == {"mlx"}
    assert modules >= {"mlx", "mlx.environment"}


@pytest.mark.parametrize("package", PEER_IMPORT)
def test_import_adds_no_library_to_scikit_learns(package):
    """The deterministic twin of the cost: beyond what the peer's module loads, nothing but this package.

    One process for all names of a package: none of them may add anything, so none can hide what another adds.
    """
    names = [name for other, name in PUBLIC_NAMES if other == package]
    code = f"import {PEER_IMPORT[package]}, sys; before = set(sys.modules)\n"
    for name in names:
        code += f"from mlx.{package} import {name}; print({name!r}, *sorted(set(sys.modules) - before))\n"
    for line in run_python(code).stdout.splitlines():
        name, *modules = line.split()
        assert {module.split(".")[0] for module in modules} - sys.stdlib_module_names <= {"mlx"}, name


def test_every_package_has_its_peer():
    assert {package for package, _ in PUBLIC_NAMES} == set(PEER_IMPORT)


@pytest.mark.parametrize("name", WITHOUT_NUMBA)
def test_internal_module_loads_no_heavy_library(name):
    top, _ = loaded_by(f"import mlx.{name}")
    # scikit-learn's callback protocol brings rich along, as most of scikit-learn does that imports it.
    assert not (top & HEAVY) - by_scikit_learn("sklearn.callback" if name == "callbacks" else "sklearn.base")


@pytest.mark.slow
@pytest.mark.parametrize(("package", "name"), PUBLIC_NAMES)
def test_import_costs_at_most_a_tenth_of_a_second_more(package, name):
    """What ours adds once the peer's module is loaded: CPU time of one process, the least of up to three.

    Two processes, one for each, would differ by more than what is measured: the same libraries loaded in another
    order meet Python's garbage collector at other moments, which alone is worth 0.1 s. The only assertion about time
    in these tests.
    """
    code = (
        f"import time, {PEER_IMPORT[package]}; start = time.process_time(); "
        f"from mlx.{package} import {name}; print(time.process_time() - start)"
    )
    seconds = []
    while not seconds or (min(seconds) > LARGEST_EXTRA_SECONDS and len(seconds) < 3):
        seconds.append(float(run_python(code).stdout))
    assert min(seconds) <= LARGEST_EXTRA_SECONDS


# Everything that an import could change behind the user's back. Libraries are imported first: what they
# change themselves is not this package's doing.
SNAPSHOT = """
import importlib, json, locale, logging, os, random, signal, sys, threading, warnings
import joblib, matplotlib, numba, numba.core.config, pandas, scipy, sklearn, sklearn.ensemble, threadpoolctl
import numpy as np

def snapshot():
    handlers = {int(s): repr(signal.getsignal(s)) for s in signal.valid_signals()}
    return {
        "random": repr(random.getstate()),
        "numpy random": repr([np.asarray(part).tolist() for part in np.random.get_state()]),
        "warnings": repr(warnings.filters),
        "showwarning": repr(warnings.showwarning),
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": handlers,
        "environment": dict(os.environ),
        "numba": {k: repr(v) for k, v in sorted(vars(numba.core.config).items()) if k.isupper()},
        "numpy errors": np.geterr(),
        "numpy print": repr(np.get_printoptions()),
        "scikit-learn": repr(sklearn.get_config()),
        "pandas": repr([pandas.get_option(k) for k in ("mode.copy_on_write", "display.max_rows", "display.width")]),
        "matplotlib": repr(sorted((k, repr(v)) for k, v in dict.items(matplotlib.rcParams))),
        "path": list(sys.path),
        "hooks": repr([sys.excepthook, sys.displayhook, sys.gettrace(), threading.excepthook]),
        "limits": [sys.getrecursionlimit(), sys.getswitchinterval()],
        "threads": threading.active_count(),
        "logging": repr([logging.root.handlers, logging.root.level, logging.getLogger("numba").level]),
        "blas": repr(sorted((d["filepath"], d["num_threads"]) for d in threadpoolctl.threadpool_info())),
        "working folder": os.getcwd(),
    }
"""


def changes_after(statement):
    code = f"{SNAPSHOT}\nbefore = snapshot()\n{statement}\nafter = snapshot()\n"
    code += "print(json.dumps([key for key in before if before[key] != after[key]]))"
    return json.loads(run_python(code).stdout.splitlines()[-1])


def test_importing_every_module_changes_no_global_state():
    assert changes_after(f"for name in {all_modules()!r}: importlib.import_module(name)") == []


# One change of each kind; each must be seen by itself, so they are made one after the other.
PLANTED = {
    "random": "random.seed(0)",
    "numpy random": "np.random.seed(0)",
    "warnings": "warnings.simplefilter('ignore')",
    "signals": "signal.signal(signal.SIGINT, lambda *_: None)",
    "environment": "os.environ['OMP_NUM_THREADS'] = '1'",
    "numba": "numba.core.config.CACHE_DIR = '/nowhere'",
    "numpy errors": "np.seterr(all='raise')",
    "matplotlib": "matplotlib.rcParams['lines.linewidth'] = 9",
}


def test_the_snapshot_sees_a_change_of_each_kind():
    code = f"{SNAPSHOT}\nseen = {{}}\n"
    for key, statement in PLANTED.items():
        code += f"before = snapshot()\n{statement}\nafter = snapshot()\n"
        code += f"seen[{key!r}] = [key for key in before if before[key] != after[key]]\n"
    code += "print(json.dumps(seen))"
    seen = json.loads(run_python(code).stdout.splitlines()[-1])
    assert {key for key, changed in seen.items() if key in changed} == set(PLANTED)


# Apple's array framework in the same environment ------------------------------------------------------------


@pytest.fixture
def with_apple(tmp_path):
    """Environment whose search path holds the metadata of Apple's distribution."""
    (tmp_path / "mlx-0.32.4.dist-info").mkdir()
    (tmp_path / "mlx-0.32.4.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mlx\nVersion: 0.32.4\n")
    return {"PYTHONPATH": str(tmp_path)}


def test_one_warning_when_apples_framework_is_there(with_apple):
    code = "import mlx, mlx.losses, importlib; importlib.import_module('mlx')"
    result = run_python(code, environment=with_apple)
    assert result.stderr.count("UserWarning") == 1
    assert "0.32.4" in result.stderr
    assert "pip uninstall mlx ml-explained" in result.stderr


def test_the_warning_can_be_silenced(with_apple):
    assert run_python("import mlx", environment={**with_apple, "MLX_IGNORE_APPLE": "1"}).stderr == ""


def test_no_warning_otherwise(tmp_path):
    """Distributions whose names only begin alike are other people's."""
    (tmp_path / "mlx_lm-0.2.dist-info").mkdir()
    (tmp_path / "mlxtend-0.23.dist-info").mkdir()
    assert run_python("import mlx", "-W", "error", environment={"PYTHONPATH": str(tmp_path)}).stderr == ""


def test_doctor_tells_of_apples_framework(with_apple):
    """As a problem, with an exit status that a script can ask for."""
    code = "from mlx.cli import main; print(main(['doctor']))"
    told = run_python(code, "-W", "ignore", environment=with_apple).stdout
    assert "0.32.4" in told
    assert "Apple" in told
    assert told.split()[-1] == "1"
    healthy = run_python(code).stdout
    assert "Apple" not in healthy
    assert healthy.split()[-1] == "0"
