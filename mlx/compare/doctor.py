"""The command ``mlx doctor``: what is installed, how many threads, where compiled code goes, what is wrong."""

from __future__ import annotations

from ..environment import APPLE_REMEDY, apple_mlx_version, machine, thread_settings, versions

__all__ = ["run_doctor"]


def run_doctor() -> int:
    """Print the environment; 1 if something in it will not work, else 0."""
    from ..numeric.jit import FOLDER, cache_base
    from .report_json import environment_record

    for title, entries in (("Versions", versions()), ("Machine", machine())):
        print(title)
        for name, value in entries.items():
            print(f"  {name:<14} {value}")
    print("Threads")
    for pool in environment_record()["thread_pools"]:
        library = " ".join(filter(None, (pool["internal_api"], pool["version"])))
        print(f"  {pool['user_api']:<14} {pool['num_threads']} ({library})")
    for name, value in thread_settings().items():
        print(f"  {name}={value}")
    print("Compiled code")
    base = cache_base()
    folder = base / FOLDER if base else None
    print(f"  {folder or 'no folder can be written: kernels are compiled anew in each process; set MLX_CACHE_DIR'}")
    problems = _problems()
    print("Problems" if problems else "No problems found.")
    for problem in problems:
        print(f"  {problem}")
    return 1 if problems else 0


def _problems() -> list[str]:
    """What does not work, or will surprise."""
    found = versions()
    problems = []
    apple = apple_mlx_version()
    if apple is not None:
        problems.append(f"{APPLE_REMEDY} Found mlx {apple}.")
    if "xgboost" in found and "xgboost-cpu" in found:
        problems.append("xgboost and xgboost-cpu are both installed and share files: uninstall both, install one.")
    return problems
