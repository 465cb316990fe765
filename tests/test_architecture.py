"""The layers of the package, stated as data; a breach fails. Imports inside functions count as much as others.

Each rule is a function from the root of a package to a list of breaches, so that it can be shown a planted breach
too: a rule that cannot fail guards nothing.
"""

import ast
from pathlib import Path

import pytest

from tests.inventory import PACKAGE

# From the top floor down. A module imports only from floors below its own.
FLOORS = (
    ("cli",),
    ("compare",),
    ("distributed",),
    ("explain",),
    ("linear_model", "decomposition", "manifold", "cluster", "ensemble", "boosting", "neural_network"),
    ("tree",),
    ("losses",),
    ("callbacks", "validation"),
    ("plots",),
    ("numeric",),
    ("environment",),
)
FLOOR_OF = {name: len(FLOORS) - i for i, floor in enumerate(FLOORS) for name in floor}
ESTIMATOR_FLOOR = FLOOR_OF["linear_model"]

# explain/ knows no estimator class; of these it may call functions.
EXPLAIN_MAY_CALL_FUNCTIONS_OF = {"linear_model", "cluster"}

# The one Numba policy, and the intrinsics beside it.
NUMBA_FILES = {"numeric/jit.py", "numeric/linking.py", "numeric/intrinsics.py"}
NUMBA_NAMES = {"njit", "jit", "vectorize", "guvectorize", "stencil", "cfunc", "jitclass", "prange"}

# Third-party packages that only one package of ours may import, and only inside functions.
ONLY_IN = {
    "xgboost": "compare",
    "shap": "compare",
    "lime": "compare",
    "dask": "distributed",
    "distributed": "distributed",
}
# (package, file, class.function): the named exceptions to ONLY_IN.
MAY_IMPORT_TOO = {("shap", "explain/explanation.py", "Explanation.to_shap")}
# Heavy, or an optional dependency: never at import.
ONLY_INSIDE_FUNCTIONS = {"matplotlib", "rich", "pandas", "pyarrow", "xgboost", "shap", "lime", "dask", "skops", "torch"}

# Names that Apple's array framework has under `mlx`, and names that say nothing.
NAMES_OF_APPLE = {"core", "nn", "optimizers", "utils", "extension", "data", "_distributed_utils", "__main__"}
EMPTY_NAMES = {"utils", "util", "helpers", "misc", "common"}

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
# File, or file:function, with the reason why it is better long.
MAY_BE_LONG: dict[str, str] = {}


# Reading a package ------------------------------------------------------------------------------------------


class Import:
    """One import: what is imported, by which file, inside which function, and whether only for type checkers."""

    def __init__(self, file, line, module, names, function, for_types):
        self.file, self.line, self.module, self.names = file, line, module, names
        self.function, self.for_types = function, for_types

    def __str__(self):
        inside = f" (in {self.function})" if self.function else ""
        return f"{self.file}:{self.line} imports {self.module}{inside}"

    @property
    def top(self):
        return self.module.split(".")[0]


def files_of(root):
    return sorted(path for path in root.rglob("*.py"))


def imports_of(root):
    for path in files_of(root):
        file = path.relative_to(root).as_posix()
        yield from _Reader(root, file).read(ast.parse(path.read_text()))


class _Reader(ast.NodeVisitor):
    """Collects the imports of one file; relative ones are resolved to `mlx.<...>`."""

    def __init__(self, root, file):
        self.root, self.file = root, file
        self.package = ["mlx", *Path(file).parent.parts]
        self.scope, self.in_function, self.for_types, self.found = [], 0, 0, []

    def read(self, tree):
        self.visit(tree)
        return self.found

    def add(self, node, module, names=()):
        function = ".".join(self.scope) if self.in_function else ""
        self.found.append(Import(self.file, node.lineno, module, tuple(names), function, bool(self.for_types)))

    def visit_Import(self, node):
        for alias in node.names:
            self.add(node, alias.name)

    def visit_ImportFrom(self, node):
        base = self.package[: len(self.package) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        if module == "mlx":  # `from . import losses` names modules
            for alias in node.names:
                self.add(node, f"mlx.{alias.name}", (alias.name,))
        else:
            self.add(node, module, (alias.name for alias in node.names))

    def visit_Call(self, node):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in ("import_module", "__import__") and node.args:
            literal = isinstance(node.args[0], ast.Constant)
            self.add(node, str(node.args[0].value) if literal else "<computed>")
        self.generic_visit(node)

    def visit_If(self, node):
        for_types = "TYPE_CHECKING" in ast.unparse(node.test)
        self.for_types += for_types
        for child in node.body:
            self.visit(child)
        self.for_types -= for_types
        for child in node.orelse:
            self.visit(child)

    def visit_ClassDef(self, node):
        self.scope.append(node.name)
        self.generic_visit(node)
        self.scope.pop()

    def visit_FunctionDef(self, node):
        self.in_function += 1
        self.visit_ClassDef(node)
        self.in_function -= 1


def place_of(file):
    """Name directly under mlx that a file belongs to: its subpackage, or the module itself."""
    parts = Path(file).parts
    return parts[0] if len(parts) > 1 else Path(parts[0]).stem


# Rules ------------------------------------------------------------------------------------------------------


def unknown_places(root):
    """Every file stands on a floor of the table."""
    places = {place_of(path.relative_to(root)) for path in files_of(root)}
    return [f"{name} stands on no floor of the table" for name in sorted(places - {*FLOOR_OF, "__init__"})]


def upward_imports(root):
    """Imports only go down, and estimator packages do not import each other."""
    breaches = []
    for found in imports_of(root):
        if found.top != "mlx":
            continue
        here, there = place_of(found.file), (found.module.split(".") + ["__init__"])[1]
        if here == there or there not in FLOOR_OF:
            continue
        if here == "__init__":
            if there != "environment":
                breaches.append(f"{found}: the package itself imports only environment")
        elif here == "plots":
            breaches.append(f"{found}: plots imports nothing of mlx")
        elif FLOOR_OF[there] >= FLOOR_OF.get(here, 0):
            breaches.append(f"{found}: not a floor below")
        elif here == "explain" and FLOOR_OF[there] == ESTIMATOR_FLOOR:
            classes = [name for name in found.names if name[:1].isupper()]
            if there not in EXPLAIN_MAY_CALL_FUNCTIONS_OF or classes or not found.names:
                breaches.append(f"{found}: explain knows no estimator class")
    return breaches


def absolute_imports(root):
    """Imports inside the package are relative, without a star, and not computed outside compare."""
    breaches = []
    for path in files_of(root):
        file = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "mlx" for alias in node.names):
                breaches.append(f"{file}:{node.lineno} imports mlx absolutely")
            if isinstance(node, ast.ImportFrom):
                if not node.level and (node.module or "").split(".")[0] == "mlx":
                    breaches.append(f"{file}:{node.lineno} imports mlx absolutely")
                if any(alias.name == "*" for alias in node.names):
                    breaches.append(f"{file}:{node.lineno} imports a star")
    lazy = ("__getattr__",)  # how a package offers a name without importing its module
    breaches += [
        f"{found}: computed"
        for found in imports_of(root)
        if found.module == "<computed>" and place_of(found.file) != "compare" and found.function not in lazy
    ]
    return breaches


def stray_compilers(root):
    """Only the one policy file, and the files beside it, know Numba."""
    breaches = [
        str(found) for found in imports_of(root) if found.top in ("numba", "llvmlite") and found.file not in NUMBA_FILES
    ]
    for path in files_of(root):
        file = path.relative_to(root).as_posix()
        if file in NUMBA_FILES:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
            if name in NUMBA_NAMES and not (name == "vectorize" and ast.unparse(node) == "np.vectorize"):
                breaches.append(f"{file}:{node.lineno} uses {name}: decorate with `kernel`")
    return breaches


def misplaced_libraries(root):
    """The libraries compared with are named in compare alone; heavy libraries are imported inside functions."""
    breaches = []
    for found in imports_of(root):
        if found.for_types and found.top not in ONLY_IN:
            continue
        home = ONLY_IN.get(found.top)
        if home and place_of(found.file) != home and (found.top, found.file, found.function) not in MAY_IMPORT_TOO:
            breaches.append(f"{found}: only {home} may")
        if found.top in ONLY_INSIDE_FUNCTIONS and not found.function:
            breaches.append(f"{found}: only inside a function")
    return breaches


def names_taken(root):
    """No name that Apple's framework owns under `mlx`, and none that says nothing."""
    breaches = []
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).with_suffix("").parts
        if path.suffix not in ("", ".py") or "__pycache__" in parts:
            continue
        if len(parts) == 1 and parts[0] in NAMES_OF_APPLE:
            breaches.append(f"{path.name}: Apple's array framework owns mlx.{parts[0]}")
        if parts[-1] in EMPTY_NAMES:
            breaches.append(f"{'/'.join(parts)}: the name says nothing")
    return breaches


def long_places(root):
    """Files and functions that have grown too long to be read in one go, without a reason in MAY_BE_LONG."""
    breaches = []
    for path in files_of(root):
        file, text = path.relative_to(root).as_posix(), path.read_text()
        if text.count("\n") > LONGEST_FILE and file not in MAY_BE_LONG:
            breaches.append(f"{file}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _only_stores(node):
                continue
            lines = node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node, clean=False) or "").splitlines())
            if lines > LONGEST_FUNCTION and f"{file}:{node.name}" not in MAY_BE_LONG:
                breaches.append(f"{file}:{node.name} {lines} lines")
    return breaches


def _only_stores(function):
    """Whether a function is an estimator's `__init__`, one parameter a line: as long as the peer's signature."""
    return function.name == "__init__" and all(
        isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) for node in function.body
    )


def unfinished_places(root):
    """No left-overs in what is shipped."""
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")
    return [
        f"{path.relative_to(root)}:{number} {mark}"
        for path in files_of(root)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for mark in marks
        if mark in line.split() or mark + ":" in line
    ]


RULES = (
    unknown_places,
    upward_imports,
    absolute_imports,
    stray_compilers,
    misplaced_libraries,
    names_taken,
    long_places,
    unfinished_places,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_package_keeps(rule):
    assert rule(PACKAGE) == []


def test_reasons_for_length_are_not_stale():
    for place in MAY_BE_LONG:
        file, _, function = place.partition(":")
        text = (PACKAGE / file).read_text()
        assert f"def {function}" in text if function else text.count("\n") > LONGEST_FILE


# The rules themselves ---------------------------------------------------------------------------------------

PLANTED = [
    (unknown_places, "gadgets/thing.py", "x = 1"),
    (upward_imports, "tree/a.py", "from ..boosting import XGBClassifier"),
    (upward_imports, "tree/a.py", "def f():\n    from ..boosting.booster import train"),
    (upward_imports, "tree/a.py", "from .. import explain"),
    (upward_imports, "boosting/a.py", "from ..linear_model.ols import solve"),
    (upward_imports, "numeric/a.py", "from ..validation import column_names"),
    (upward_imports, "callbacks.py", "from .validation import column_names"),
    (upward_imports, "plots/a.py", "from ..numeric.threads import run_tasks"),
    (upward_imports, "explain/a.py", "from ..linear_model import Ridge"),
    (upward_imports, "explain/a.py", "from ..linear_model.ridge import solve, Ridge"),
    (upward_imports, "explain/a.py", "from ..boosting.booster import margins"),
    (upward_imports, "explain/a.py", "import importlib\nimportlib.import_module('mlx.compare')"),
    (upward_imports, "__init__.py", "from .linear_model import LinearRegression"),
    (upward_imports, "linear_model/a.py", "if TYPE_CHECKING:\n    from ..compare.peers import peer_of"),
    (absolute_imports, "tree/a.py", "from mlx.numeric.jit import kernel"),
    (absolute_imports, "tree/a.py", "def f():\n    import mlx.losses"),
    (absolute_imports, "tree/__init__.py", "from .tree import *"),
    (absolute_imports, "tree/a.py", "def f(name):\n    importlib.import_module(name)"),
    (stray_compilers, "tree/a.py", "import numba"),
    (stray_compilers, "tree/a.py", "def f():\n    from numba import types"),
    (stray_compilers, "tree/a.py", "@njit\ndef f(x):\n    return x"),
    (stray_compilers, "tree/a.py", "@nb.jit(nopython=True)\ndef f(x):\n    return x"),
    (stray_compilers, "numeric/linalg.py", "from numba.extending import intrinsic"),
    (stray_compilers, "tree/a.py", "from ..numeric import jit\n\n@jit.njit\ndef f(x):\n    return x"),
    (misplaced_libraries, "boosting/a.py", "def f():\n    import xgboost"),
    (misplaced_libraries, "explain/explanation.py", "class Explanation:\n    def of(self):\n        import shap"),
    (misplaced_libraries, "explain/kernel.py", "def to_shap():\n    import shap"),
    (misplaced_libraries, "compare/a.py", "import lime.lime_tabular"),
    (misplaced_libraries, "compare/a.py", "class A:\n    import lime"),
    (misplaced_libraries, "plots/a.py", "import matplotlib.pyplot as plt"),
    (misplaced_libraries, "callbacks.py", "from rich.progress import Progress"),
    (misplaced_libraries, "validation.py", "try:\n    import pandas\nexcept ImportError:\n    pass"),
    (misplaced_libraries, "compare/a.py", "def f():\n    import dask"),
    (names_taken, "nn/layers.py", "x = 1"),
    (names_taken, "core.py", "x = 1"),
    (names_taken, "data/__init__.py", ""),
    (names_taken, "__main__.py", "x = 1"),
    (names_taken, "tree/utils.py", "x = 1"),
    (long_places, "tree/a.py", "x = 1\n" * 401),
    (long_places, "tree/a.py", "def f():\n" + "    x = 1\n" * 60),
    (long_places, "tree/a.py", "class A:\n    def __init__(self):\n" + "        self.x = f(1)\n" * 61),
    (unfinished_places, "tree/a.py", "x = 1  # TO" + "DO: more"),
]

HARMLESS = {
    "__init__.py": "from .environment import warn_if_apple_mlx",
    "environment.py": "x = 1",
    "cli.py": "def main():\n    from .compare import run\n    from rich.console import Console",
    "compare/peers.py": "def f(name):\n    import xgboost\n    return importlib.import_module(name)",
    "explain/explanation.py": "class Explanation:\n    def to_shap(self):\n        import shap\n        return shap",
    "explain/lime.py": "from ..linear_model.ridge import solve_ridge\nfrom ..tree.tree import TreeEnsemble",
    "boosting/__init__.py": "def __getattr__(name):\n    return importlib.import_module(name)",
    "boosting/a.py": "from ..tree.tree import Tree\nfrom ..plots.tree import draw\nfrom ..numeric.jit import kernel",
    "numeric/jit.py": "import numba\n\nkernel = numba.njit",
    "plots/a.py": "if TYPE_CHECKING:\n    from matplotlib.axes import Axes\n\ndef f():\n    import matplotlib",
    "tree/tree.py": "class Tree:\n    def __init__(self, x):\n        self.x = x",
}


def _package(root, files):
    for file, text in files.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_harmless_package_has_no_breach(rule, tmp_path):
    assert rule(_package(tmp_path, HARMLESS)) == []


@pytest.mark.parametrize(
    ("rule", "file", "text"), PLANTED, ids=[f"{rule.__name__}-{i}" for i, (rule, _, _) in enumerate(PLANTED)]
)
def test_rule_finds_planted_breach(rule, file, text, tmp_path):
    breaches = rule(_package(tmp_path, {**HARMLESS, file: text}))
    assert len(breaches) >= 1
    assert all(file.split("/")[0].removesuffix(".py") in breach for breach in breaches)


def test_every_rule_has_a_planted_breach():
    assert {rule for rule, _, _ in PLANTED} == set(RULES)
