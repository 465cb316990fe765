"""What is written is true: docstrings match signatures, examples run, links lead somewhere, commands are there."""

import doctest
import importlib
import inspect
import re
import subprocess
import sys

import numpy as np
import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc
from sklearn.base import is_classifier

from tests.inventory import ROOT, all_modules, estimator_classes, explainer_classes, public_objects
from tests.test_contract import seeded, table

PUBLIC = public_objects()
CLASSES = {name: value for name, value in PUBLIC.items() if inspect.isclass(value)}
# Networks are trained for a few epochs only: whether they settle is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def public_methods(cls):
    """Methods that a class defines, itself or in a base class of this package; none that it inherits from elsewhere."""
    for name, value in inspect.getmembers(cls, inspect.isroutine):
        own = getattr(value, "__module__", "") or ""
        if (not name.startswith("_") or name == "__call__") and own.startswith("mlx."):
            yield name, value


# What a user imports instead of the peer's class: documented in full.
ALGORITHM_NAMES = estimator_classes().keys() | explainer_classes().keys()
METHODS = [(f"{name}.{method}", value) for name, cls in CLASSES.items() for method, value in public_methods(cls)]
FUNCTIONS = [(name, value) for name, value in PUBLIC.items() if inspect.isfunction(value)]


def documented(section):
    """Names in a section of a docstring; `a, b : int` documents two."""
    return [name.strip().lstrip("*") for entry in section for name in entry.name.split(",")]


def accepted(function):
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


# Docstrings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSES)
def test_class_documents_its_parameters_in_order(name):
    cls = CLASSES[name]
    doc = ClassDoc(cls, config={"show_class_members": False})
    assert "".join(doc["Summary"]).strip()
    expected = accepted(cls.__init__) if "__init__" in vars(cls) or cls.__name__ in ALGORITHM_NAMES else []
    listed = documented(doc["Parameters"]) or documented(doc["Attributes"])
    assert listed[: len(expected)] == expected
    assert not doc["Parameters"] or listed == expected


@pytest.mark.parametrize(("name", "function"), METHODS + FUNCTIONS, ids=[name for name, _ in METHODS + FUNCTIONS])
def test_function_documents_its_parameters_in_order(name, function):
    doc = FunctionDoc(function)
    assert "".join(doc["Summary"]).strip(), "has no summary"
    if doc["Parameters"]:
        assert documented(doc["Parameters"]) == accepted(function)
    if name.split(".")[-2] not in ALGORITHM_NAMES:
        return  # of a part, one sentence may say it all
    assert doc["Parameters"] or not accepted(function)
    returns_nothing = inspect.signature(function).return_annotation in (None, "None")
    assert doc["Returns"] or doc["Yields"] or returns_nothing or not accepted(function)


@pytest.mark.parametrize("name", sorted(estimator_classes()))
def test_every_fitted_attribute_is_documented(name):
    cls = estimator_classes()[name]
    fitted = seeded(name).fit(*table(name))
    found = {key for key in vars(fitted) if key.endswith("_") and not key.startswith("_")}
    found |= {
        key
        for key, value in inspect.getmembers(cls)
        if isinstance(value, property) and key.endswith("_") and not key.startswith("_")
    }
    assert found <= set(documented(ClassDoc(cls)["Attributes"]))


@pytest.mark.parametrize("name", sorted(estimator_classes()))
def test_every_documented_attribute_is_there(name):
    """In some fit: an attribute may belong to another solver, but not to none."""
    cls = estimator_classes()[name]
    X, y = table(name)
    fits = [seeded(name).fit(X, y)]
    if "early_stopping" in fits[0].get_params():
        fits.append(seeded(name).set_params(early_stopping=True).fit(X, y))
    if fits[0].get_params().get("bootstrap"):
        fits.append(seeded(name).set_params(oob_score=True, n_estimators=30).fit(X, y))
    if name == "RidgeCV":
        fits.append(cls(store_cv_results=True).fit(X, y))
    if name == "LinearRegression":
        fits.append(cls(solver="gd").fit(X, y))
    for attribute in documented(ClassDoc(cls, config={"show_class_members": False})["Attributes"]):
        assert any(hasattr(fitted, attribute) for fitted in fits), attribute


ALGORITHMS = sorted(name for name, cls in CLASSES.items() if cls.__name__ in ALGORITHM_NAMES)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_algorithm_names_its_source(name):
    """In the class, or at the head of one of the package's files, where the formula stands."""
    texts = [CLASSES[name].__doc__]
    package = importlib.import_module(CLASSES[name].__module__.rpartition(".")[0])
    texts += [inspect.getdoc(importlib.import_module(m)) for m in all_modules() if m.startswith(package.__name__)]
    assert any(re.search(r"\bReferences?\b|\bSee Also\b", text or "") for text in texts)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_algorithm_shows_an_example(name):
    assert ">>> " in CLASSES[name].__doc__


@pytest.mark.parametrize("name", all_modules())
def test_examples_run(name):
    module = importlib.import_module(name)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    with np.printoptions(legacy=False):
        failed, _ = doctest.testmod(module, optionflags=flags, verbose=False)
    assert failed == 0


@pytest.mark.parametrize("name", all_modules())
def test_file_opens_with_what_it_is(name):
    """One sentence for a newcomer, at the head of every file."""
    first = (importlib.import_module(name).__doc__ or "").strip().split("\n\n")[0]
    assert first.endswith((".", ":", "::")), f"{name} opens with {first!r}"


# Pages ----------------------------------------------------------------------------------------------------------------

PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/**/*.md")])
page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())


def fences(path, *languages):
    """Bodies of the fenced blocks of a page in one of the languages."""
    pattern = rf"^```(?:{'|'.join(languages)})\n(.*?)^```"
    return re.findall(pattern, path.read_text(), flags=re.MULTILINE | re.DOTALL)


@page
def test_links_lead_to_files(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if not re.match(r"[a-z]+:|#", target):
            assert (path.parent / target.split("#")[0]).exists(), target


@page
def test_named_files_exist(path):
    """Paths in backticks with a slash and a suffix are files of this repository."""
    for target in re.findall(r"`((?:mlx|tests|docs|benchmarks|notebooks)/[\w/.-]+\.\w+)`", path.read_text()):
        assert (ROOT / target).exists(), target


@page
def test_python_on_the_page_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # examples write files
    namespace = {"__name__": "page"}
    for block in fences(path, "python", "py"):
        exec(compile(block, str(path), "exec"), namespace)


def test_readme_has_the_two_commands():
    """The first block sets up and runs the main job, the second sets up and passes the tests."""
    job, tests = fences(ROOT / "README.md", "bash", "sh", "shell", "console")[:2]
    for block in (job, tests):
        assert "venv" in block
        assert "pip install" in block
    assert re.search(r"^mlx compare\b", job, flags=re.MULTILINE)
    assert re.search(r'^python -m pytest -m "not slow"', tests, flags=re.MULTILINE)


def test_ci_runs_readmes_own_command():
    text = (ROOT / ".ci" / "run").read_text()
    assert "readme_block 2" in text
    assert "set -euo pipefail" in text
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


@page
def test_commands_on_the_page_exist(path):
    """`mlx <word>` in a shell block or in backticks is a command of ours."""
    text = "\n".join(fences(path, "bash", "sh", "shell", "console")) + "\n"
    text += "\n".join(re.findall(r"`(mlx [^`]+)`", path.read_text()))
    words = set(re.findall(r"^mlx (\w+)", text, flags=re.MULTILINE))
    command = [sys.executable, "-c", "from mlx.cli import main; main()", "--help"]  # the script need not be on PATH
    help_text = subprocess.run(command, capture_output=True, text=True).stdout if words else ""
    assert words <= set(re.findall(r"\w+", help_text))


def test_changelog_tells_of_the_version():
    import mlx

    text = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in text or f"## [{mlx.__version__}]" in text


# The whole tree -------------------------------------------------------------------------------------------------------


def tracked_files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


# Written so that this file does not find itself.
OF_THIS_MACHINE = [re.escape(text) for text in ("/work" + "/", "/tmp" + "/w/", "/root" + "/", "/home" + "/runner")]
LEFT_OVER = [rf"\b{word}\b" for word in ("proto" + "type", "work" + "place", "brief" + "ing")]


def test_no_path_of_a_machine_and_no_left_over_in_the_tree():
    found = []
    for path in tracked_files():
        if path.suffix in (".png", ".parquet", ".gz", ".lock", ".json", ".ipynb") and path.suffix != ".ipynb":
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            found += [
                f"{path.relative_to(ROOT)}:{number} {line.strip()[:80]}"
                for pattern in OF_THIS_MACHINE + LEFT_OVER
                if re.search(pattern, line)
            ]
    assert found == []


def test_a_planted_path_is_found():
    assert any(re.search(pattern, "see /wo" + "rk/main/x.py") for pattern in OF_THIS_MACHINE)


def test_kinds_are_not_mixed_up():
    """The tables that the tests above use hold classifiers and others alike."""
    kinds = {is_classifier(cls()) for cls in estimator_classes().values()}
    assert kinds == {True, False}
