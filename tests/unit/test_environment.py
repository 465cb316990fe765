"""What `mlx doctor` and every report say about the machine."""

import importlib.metadata
import os
import sys
import warnings

import pytest

from mlx import environment


def test_versions_are_those_of_the_metadata():
    versions = environment.versions()
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert versions["numpy"] == importlib.metadata.version("numpy")
    assert set(versions) <= {"python", *environment.DISTRIBUTIONS}
    assert {"ml-explained", "scikit-learn", "numba"} <= set(versions)


def test_missing_distribution_is_left_out(monkeypatch):
    monkeypatch.setattr(environment, "DISTRIBUTIONS", ("numpy", "no-such-distribution"))
    assert set(environment.versions()) == {"python", "numpy"}


def test_machine():
    machine = environment.machine()
    assert machine["cores"] == environment.available_cores() >= 1
    assert machine["memory_gib"] is None or machine["memory_gib"] > 0
    assert machine["system"]
    assert machine["processor"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot pin a process to a core")
def test_cores_are_those_that_the_process_may_use():
    mine = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(mine)})
        assert environment.available_cores() == 1
    finally:
        os.sched_setaffinity(0, mine)


def test_thread_settings(monkeypatch):
    for name in environment.THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert environment.thread_settings() == {}
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert environment.thread_settings() == {"OMP_NUM_THREADS": "3"}


@pytest.mark.parametrize(
    ("folder", "version"),
    [
        ("mlx-0.32.4.dist-info", "0.32.4"),
        ("mlx-1.0.0rc1.dist-info", "1.0.0rc1"),
        ("mlx-0.32.4.egg-info", None),
        ("mlx_lm-0.2.dist-info", None),
        ("mlxtend-0.23.dist-info", None),
        ("ml_explained-0.1.dist-info", None),
    ],
)
def test_apples_version(tmp_path, folder, version):
    (tmp_path / folder).mkdir()
    assert environment.apple_mlx_version([str(tmp_path)]) == version


def test_search_path_may_hold_anything(tmp_path):
    (tmp_path / "archive.zip").write_bytes(b"")
    assert environment.apple_mlx_version([str(tmp_path / "missing"), str(tmp_path / "archive.zip"), ""]) is None


def test_warning_names_both_and_the_remedy(tmp_path):
    (tmp_path / "mlx-0.32.4.dist-info").mkdir()
    with pytest.warns(UserWarning, match=r"pip uninstall mlx ml-explained.*0\.32\.4"):
        environment.warn_if_apple_mlx([str(tmp_path)])


def test_warning_can_be_silenced(tmp_path, monkeypatch):
    (tmp_path / "mlx-0.32.4.dist-info").mkdir()
    monkeypatch.setenv("MLX_IGNORE_APPLE", "1")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        environment.warn_if_apple_mlx([str(tmp_path)])
    assert [w.category for w in caught] in ([], [ImportWarning])


def test_no_warning_without_apple(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        environment.warn_if_apple_mlx([str(tmp_path)])
