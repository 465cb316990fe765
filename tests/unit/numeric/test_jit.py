"""The compiler policy: what `kernel` promises, and a cache folder that works wherever the package is installed."""

import os
import shutil
import stat
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from mlx.numeric import jit
from mlx.numeric.jit import kernel
from tests.inventory import PACKAGE

as_root = hasattr(os, "geteuid") and os.geteuid() == 0
without_jit = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
needs_jit = pytest.mark.skipif(without_jit, reason="asks what the compiler does, and NUMBA_DISABLE_JIT turns it off")


@pytest.fixture
def fresh_bases():
    """Forgets the chosen folders before and after a test that changes the environment."""
    caches = (jit.cache_base, jit.cache_folder, jit.source_digest)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


# What the decorator promises --------------------------------------------------------------------------------


@kernel
def ratio(a, b):
    return a / b


@kernel
def total(values):
    result = 0.0
    for value in values:
        result += value
    return result


@kernel(reassociate=True)
def total_in_any_order(values):
    result = 0.0
    for value in values:
        result += value
    return result


@kernel(reassociate=True)
def count_missing(values):
    count = 0
    for value in values:
        if value != value:
            count += 1
    return count


@needs_jit
def test_division_by_zero_is_numpys():
    assert ratio(1.0, 0.0) == np.inf
    assert np.isnan(ratio(0.0, 0.0))


def test_sum_is_added_in_the_order_of_the_code():
    values = np.array([1.0, 1e100, 1.0, -1e100] * 7)
    in_order = 0.0
    for value in values:
        in_order += value
    assert total(values) == in_order


def test_reassociated_sum_is_close_and_keeps_nan_and_inf():
    values = np.random.default_rng(0).normal(size=1000)
    assert abs(total_in_any_order(values) - values.sum()) < 1e-12
    values[3], values[4] = np.nan, np.inf
    assert np.isnan(total_in_any_order(values))
    assert count_missing(values) == 1


@needs_jit
def test_kernel_releases_the_lock_and_uses_no_threading_layer():
    options = total.targetoptions
    assert options["nogil"] is True
    assert not options.get("parallel")
    assert options["fastmath"] is False
    assert total_in_any_order.targetoptions["fastmath"] == {"reassoc", "contract", "arcp", "nsz"}


@needs_jit
def test_users_own_cache_setting_is_put_back(monkeypatch):
    import numba.core.config

    monkeypatch.setattr(numba.core.config, "CACHE_DIR", "/users/own")
    kernel(lambda x: x)
    assert numba.core.config.CACHE_DIR == "/users/own"


def test_kernel_is_a_plain_function_without_the_compiler(tmp_path):
    path = tmp_path / "plain.py"
    path.write_text(
        "import types\n"
        "from mlx.numeric.jit import kernel\n"
        "@kernel\ndef f(x): return x + 1\n"
        "@kernel(inline=True)\ndef g(x): return f(x)\n"
        "assert isinstance(f, types.FunctionType)\n"
        "print(g('ab'.count('b')))"
    )
    told = run([sys.executable, str(path)], NUMBA_DISABLE_JIT="1", MLX_CACHE_DIR=str(tmp_path / "cache"))
    assert told.split() == ["2"]


def test_this_file_passes_without_the_compiler():
    if without_jit:
        pytest.skip("this is the run without the compiler")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    told = run([*command, "-k", "order or reassociated or digest or candidates"], NUMBA_DISABLE_JIT="1")
    assert "passed" in told


# The digest -------------------------------------------------------------------------------------------------


@pytest.fixture
def small_package(tmp_path, monkeypatch, fresh_bases):
    """A package of three floors with one file each."""
    for name in ("boosting", "tree", "numeric", "explain"):
        (tmp_path / "mlx" / name).mkdir(parents=True)
        (tmp_path / "mlx" / name / "kernels.py").write_text("x = 1\n")
    monkeypatch.setattr(jit, "PACKAGE_ROOT", tmp_path / "mlx")
    return tmp_path / "mlx"


@pytest.mark.parametrize(
    ("changed", "folders_that_move"),
    [
        ("boosting", {"boosting"}),
        ("tree", {"boosting", "tree", "numeric", "explain"}),
        ("numeric", {"boosting", "tree", "numeric", "explain"}),
        ("explain", {"explain"}),
    ],
)
def test_digest_moves_with_own_file_and_files_of_lower_floors(small_package, changed, folders_that_move):
    names = ("boosting", "tree", "numeric", "explain")
    before = {name: jit.source_digest(name) for name in names}
    (small_package / changed / "kernels.py").write_text("x = 2\n")
    jit.source_digest.cache_clear()
    assert {name for name in names if jit.source_digest(name) != before[name]} == folders_that_move


def test_digest_tells_content_from_names_and_order(small_package):
    before = jit.source_digest("boosting")
    (small_package / "boosting" / "kernels.py").rename(small_package / "boosting" / "renamed.py")
    jit.source_digest.cache_clear()
    assert jit.source_digest("boosting") != before


def test_digest_sees_files_in_subfolders(small_package):
    before = jit.source_digest("explain")
    (small_package / "explain" / "sampling").mkdir()
    (small_package / "explain" / "sampling" / "kernels.py").write_text("x = 1\n")
    jit.source_digest.cache_clear()
    assert jit.source_digest("explain") != before


# Where the compiled code goes -------------------------------------------------------------------------------


def test_candidates_come_in_the_promised_order(monkeypatch):
    for variable in ("MLX_CACHE_DIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, f"/{variable}")
    monkeypatch.setenv("HOME", "/home/somebody")
    told = [str(path) for path in jit._candidates()]
    assert told == ["/MLX_CACHE_DIR", "/NUMBA_CACHE_DIR", "/XDG_CACHE_HOME", "/home/somebody/.cache"]


def test_private_folder_is_only_this_users(tmp_path, monkeypatch, fresh_bases):
    monkeypatch.setattr(jit.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = jit._private_temporary_folder()
    assert folder == tmp_path / f"mlx-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_private_folder_that_others_can_write_is_refused(tmp_path, monkeypatch, mode):
    monkeypatch.setattr(jit.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = tmp_path / f"mlx-{os.getuid()}"
    folder.mkdir()
    folder.chmod(mode)
    assert jit._private_temporary_folder() is None


def test_private_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    """Whoever made it may have planted code: the owner is compared, whatever the permissions."""
    monkeypatch.setattr(jit.tempfile, "gettempdir", lambda: str(tmp_path))
    someone_else = os.getuid() + 1
    monkeypatch.setattr(jit.os, "getuid", lambda: someone_else)
    (tmp_path / f"mlx-{someone_else}").mkdir(mode=0o700)
    assert jit._private_temporary_folder() is None


@pytest.mark.parametrize("kind", ["link", "file"])
def test_private_folder_that_is_no_folder_is_refused(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(jit.tempfile, "gettempdir", lambda: str(tmp_path))
    place = tmp_path / f"mlx-{os.getuid()}"
    if kind == "link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.write_text("")
    assert jit._private_temporary_folder() is None


def test_stale_folders_are_removed_and_nothing_else(tmp_path, monkeypatch, fresh_bases):
    monkeypatch.setenv("MLX_CACHE_DIR", str(tmp_path))
    current = {jit.cache_folder("boosting"), jit.cache_folder("tree")}
    kernels = tmp_path / "mlx-kernels"
    stale = {kernels / f"{package}-{'0' * 16}" for package in ("boosting", "tree", "numeric", "neural_network")}
    spared = {
        kernels / name
        for name in ("boosting", f"boosting-{'0' * 15}", f"boosting-{'g' * 16}", f"no_package_of_ours-{'0' * 16}")
    }
    spared |= {kernels / f"old-boosting-{'0' * 16}", tmp_path / f"boosting-{'0' * 16}", tmp_path / "elsewhere"}
    for folder in stale | spared:
        (folder / "deeper").mkdir(parents=True)
        (folder / "deeper" / "kernel.nbi").touch()
    link, file = kernels / f"tree-{'1' * 16}", kernels / f"tree-{'2' * 16}"
    link.symlink_to(tmp_path / "elsewhere")
    file.touch()
    assert set(jit.remove_stale_folders()) == stale
    assert set(kernels.iterdir()) == current | {path for path in spared if path.parent == kernels} | {link, file}
    for folder in spared:
        assert (folder / "deeper" / "kernel.nbi").exists()
    assert jit.remove_stale_folders() == []


def test_nothing_is_removed_where_nothing_was_kept(tmp_path, monkeypatch, fresh_bases):
    monkeypatch.setenv("MLX_CACHE_DIR", str(tmp_path))
    assert jit.remove_stale_folders() == []
    jit.cache_base.cache_clear()
    monkeypatch.setattr(jit, "_candidates", lambda: iter(()))
    monkeypatch.setattr(jit, "_private_temporary_folder", lambda: None)
    assert jit.remove_stale_folders() == []


def test_nothing_writable_means_no_folder_and_no_error(monkeypatch, fresh_bases):
    monkeypatch.setattr(jit, "_is_writable", lambda folder: False)
    assert jit.cache_base() is None
    assert jit.cache_folder("numeric") is None
    assert kernel(lambda x: x + 1)(1) == 2


# Whole installations ----------------------------------------------------------------------------------------

# A kernel of the installed package, called once; prints what it gave, the folder, and the hits of its cache.
USE = """
import numpy as np
from mlx.boosting.kernels_for_test import probe
from mlx.numeric import jit
folder = jit.cache_folder("boosting")
print(probe(np.arange(4.0)), folder, sum(probe.stats.cache_hits.values()))
"""
KERNEL = """
from ..numeric.jit import kernel
from ..tree.callee_for_test import scaled

@kernel
def probe(values):
    total = 0.0
    for value in values:
        total += scaled(value)
    return total
"""
CALLEE = """
from ..numeric.jit import kernel

@kernel
def scaled(value):
    return FACTOR * value
"""


@pytest.fixture
def installation(tmp_path):
    """A copy of the package of its own, with a kernel in one file and its callee in another."""
    package = tmp_path / "site" / "mlx"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "boosting" / "__init__.py").write_text("")
    (package / "tree" / "__init__.py").write_text("")
    (package / "boosting" / "kernels_for_test.py").write_text(KERNEL)
    (package / "tree" / "callee_for_test.py").write_text(CALLEE.replace("FACTOR", "2.0"))
    (tmp_path / "tmp").mkdir()
    return tmp_path


def run(command, **environment):
    """Standard output of a command whose environment holds only what is given (and what Python needs)."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LD_LIBRARY_PATH") if key in os.environ}
    if "HOME" in os.environ and "HOME" not in environment:
        kept["HOME"] = os.environ["HOME"]
    environment = {key: value for key, value in {**kept, **environment}.items() if value is not None}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def use(installation, **environment):
    """Value, cache folder and cache hits of the probe kernel in a fresh process."""
    settings = {
        "PYTHONPATH": str(installation / "site"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(installation / "tmp"),
    }
    told = run(
        [sys.executable, "-P", "-W", "error", "-c", textwrap.dedent(USE)], **{**settings, "HOME": None, **environment}
    )
    value, folder, hits = told.split()
    return float(value), folder, int(hits)


def test_second_process_finds_what_the_first_compiled(installation):
    warm = {"MLX_CACHE_DIR": str(installation / "cache")}
    assert use(installation, **warm)[2] == 0
    value, folder, hits = use(installation, **warm)
    assert (value, hits) == (12.0, 1)
    assert folder.startswith(str(installation / "cache" / "mlx-kernels" / "boosting-"))


def test_changed_callee_is_noticed(installation):
    """Numba alone notices a change of the kernel's own file only, and would go on with the old factor."""
    warm = {"MLX_CACHE_DIR": str(installation / "cache")}
    assert use(installation, **warm)[0] == 12.0
    (installation / "site" / "mlx" / "tree" / "callee_for_test.py").write_text(CALLEE.replace("FACTOR", "3.0"))
    value, _, hits = use(installation, **warm)
    assert (value, hits) == (18.0, 0)


def test_read_only_installation_without_a_home(installation):
    """Nothing can be written beside the source nor at home: the private temporary folder holds the code."""
    site = installation / "site"
    for path in [site, *site.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        unusable = {"HOME": "/dev/null"}
        value, folder, _ = use(installation, **unusable)
        assert value == 12.0
        assert folder.startswith(str(installation / "tmp" / f"mlx-{os.getuid()}"))
        assert use(installation, **unusable)[2] == 1
        assert not list(site.rglob("*.nb[ci]"))
    finally:
        for path in [site, *site.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)


def test_temporary_folder_that_somebody_planted_is_not_used(installation):
    planted = installation / "tmp" / f"mlx-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    value, folder, _ = use(installation, HOME="/dev/null")
    assert (value, folder) == (12.0, "None")
    assert not list(planted.iterdir())


def test_warmed_cache_that_cannot_be_written_is_copied_once(installation):
    """An image warmed as one user and run as another; root can write to everything, so the folder is named."""
    warmed, home = installation / "warmed", installation / "home"
    use(installation, MLX_CACHE_DIR=str(warmed))
    refuse = (
        "from mlx.numeric import jit; from pathlib import Path; allowed = jit._is_writable; "
        f"jit._is_writable = lambda folder: Path(folder) != Path({str(warmed)!r}) and allowed(folder)\n"
    )
    settings = {"PYTHONPATH": str(installation / "site"), "MLX_CACHE_DIR": str(warmed), "HOME": str(home)}
    told = run([sys.executable, "-P", "-c", refuse + USE], **settings)
    value, folder, hits = told.split()
    assert (float(value), int(hits)) == (12.0, 1)
    assert folder.startswith(str(home / ".cache" / "mlx-kernels"))


@pytest.mark.skipif(as_root, reason="root can write to everything")
def test_warmed_cache_without_write_permission_is_copied(installation):
    warmed, home = installation / "warmed", installation / "home"
    use(installation, MLX_CACHE_DIR=str(warmed))
    for path in [warmed, *warmed.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    value, folder, hits = use(installation, MLX_CACHE_DIR=str(warmed), HOME=str(home))
    assert (value, hits) == (12.0, 1)
    assert folder.startswith(str(home))


def test_two_processes_compiling_at_once(installation):
    settings = {**os.environ, "PYTHONPATH": str(installation / "site"), "MLX_CACHE_DIR": str(installation / "cache")}
    command = [sys.executable, "-P", "-c", USE]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings) for _ in range(2)]
    told = [process.communicate(timeout=300)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert [float(words[0]) for words in told] == [12.0, 12.0]
    assert use(installation, MLX_CACHE_DIR=str(installation / "cache"))[2] == 1
