"""A kernel is a function of arrays and scalars that Numba compiles to machine code; this file is its one policy.

Every kernel of the package is decorated with `kernel`, so that what follows is decided once:

``nogil=True``
    Kernels run side by side under a `ThreadPoolExecutor` (`mlx.numeric.threads`). No threading layer of Numba
    is used: ``omp`` kills a child forked after a parallel call, ``workqueue`` aborts the process when two
    Python threads call at once.
``error_model="numpy"``
    A division by zero gives inf or nan as in NumPy, and the check for it does not keep loops from vectorising.
``fastmath=False``
    Sums are added in the order that the code says: results are the same bits on every run. A kernel that may
    reorder its sums says ``kernel(reassociate=True)``; nan and inf keep their meaning there too.
``cache=True``
    Compiled code is kept between processes, in a folder that this file chooses.
Called by a kernel
    The callee is compiled as a part of its caller only (`mlx.numeric.linking`): half the time of compiling.

The cache folder
----------------
Numba keeps compiled code beside the source, which fails in a read-only installation, and it notices a change of
the file that holds a kernel but not of the files whose kernels it calls. So compiled code goes to::

    <base>/mlx-kernels/<package>-<digest>/

where ``digest`` covers the sources of every file whose kernels could be called from that package (its own,
``tree/`` and ``numeric/``: imports only go down), and ``base`` is the first of these that can be written:

1. ``$MLX_CACHE_DIR``, and ``$NUMBA_CACHE_DIR``
2. the user's cache folder, ``$XDG_CACHE_HOME`` or ``~/.cache``
3. a private folder in the temporary folder

Folders of older sources stay until `remove_stale_folders` is called.

If none can, kernels are compiled anew in each process. A ``$MLX_CACHE_DIR`` that can be read but not written
(an image warmed with ``mlx warmup`` and run as another user) is copied to the next base once.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numba.core.config

try:
    from . import linking
except ImportError:  # a Numba that it was not tried with
    linking = None  # type: ignore[assignment]

__all__ = ["cache_base", "cache_folder", "kernel", "remove_stale_folders"]

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
FOLDER = "mlx-kernels"

# Name of a folder of compiled kernels; nothing else is ever removed.
FOLDER_NAME = re.compile(r"(?P<package>[a-z_]+)-(?P<digest>[0-9a-f]{16})")

# Packages whose kernels any other package may call.
LOWER_FLOORS = ("tree", "numeric")

# The flags of LLVM's fast-math that leave nan and inf their meaning: without nnan and ninf, `x != x` stays a test.
REASSOCIATE = {"reassoc", "contract", "arcp", "nsz"}

# Numba's settings are attributes that it sets at run time; `Any` because no type checker can see them.
_settings: Any = numba.core.config
_lock = threading.Lock()


def kernel(function: Callable | None = None, *, reassociate: bool = False, inline: bool = False) -> Any:
    """Compile a function of arrays and scalars at its first call, under the policy of this file.

    Parameters
    ----------
    function : callable
        Function in the subset of Python that Numba compiles.
    reassociate : bool, default=False
        Let the compiler reorder sums, to vectorise them. The last bits then depend on the processor.
    inline : bool, default=False
        Paste the body into the callers, for kernels of a few operations that take whole arrays.

    Returns
    -------
    callable
        Numba's dispatcher; the plain function if ``NUMBA_DISABLE_JIT`` is set.
    """
    if function is None:
        return functools.partial(kernel, reassociate=reassociate, inline=inline)
    folder = cache_folder(_package_of(function))
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": REASSOCIATE if reassociate else False,
        "inline": "always" if inline else "never",
        "no_cfunc_wrapper": True,  # an entry from C, which nobody uses
    }
    if linking is None or _settings.DISABLE_JIT:
        return _dispatcher(function, folder, options)
    entry = _dispatcher(function, folder, {**options, "pipeline_class": linking.EntryCompiler})
    linking.show_callee(entry, function, options)
    return entry


def _dispatcher(function: Callable, folder: Path | None, options: dict[str, Any]) -> Any:
    """Numba's object that compiles the function when it is called, and keeps the code in the folder."""
    if folder is None:
        return numba.njit(**options)(function)
    # Numba reads its setting when the function is decorated. It is the user's setting too: put it back.
    with _lock:
        users_own = _settings.CACHE_DIR
        _settings.CACHE_DIR = str(folder)
        try:
            return numba.njit(cache=True, **options)(function)
        finally:
            _settings.CACHE_DIR = users_own


@functools.cache
def cache_folder(package: str) -> Path | None:
    """Folder of the compiled kernels of one subpackage, made if need be; None if nothing can be written."""
    base = cache_base()
    if base is None:
        return None
    folder = base / FOLDER / f"{package}-{source_digest(package)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def remove_stale_folders() -> list[Path]:
    """Remove the compiled kernels of sources that are not those of this installation, from the folder in use.

    Only subfolders of ``mlx-kernels`` that are named after a subpackage of this one and a digest are looked at, and
    links are not followed. Another installation that shares the folder compiles its kernels once more.

    Returns
    -------
    list of Path
        The folders that are gone.
    """
    base = cache_base()
    if base is None or not (base / FOLDER).is_dir():
        return []
    removed = []
    for folder in sorted((base / FOLDER).iterdir()):
        name = FOLDER_NAME.fullmatch(folder.name)
        if name is None or folder.is_symlink() or not folder.is_dir():
            continue
        known = (PACKAGE_ROOT / name["package"]).is_dir()
        if known and name["digest"] != source_digest(name["package"]):
            shutil.rmtree(folder, ignore_errors=True)  # what cannot be removed costs only its space
            if not folder.exists():
                removed.append(folder)
    return removed


@functools.cache
def cache_base() -> Path | None:
    """First folder that can be written, of those that the file's docstring lists."""
    for base in _candidates():
        if _is_writable(base):
            _copy_read_only_cache(base)
            return base
    return _private_temporary_folder()


@functools.cache
def source_digest(package: str) -> str:
    """Digest of the sources of a subpackage and of the floors below it: changed code, other folder."""
    digest = hashlib.sha256()
    for name in dict.fromkeys((package, *LOWER_FLOORS)):
        for path in sorted((PACKAGE_ROOT / name).rglob("*.py")):
            digest.update(path.relative_to(PACKAGE_ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _package_of(function: Callable) -> str:
    """Name of the folder directly under ``mlx/`` that the function stands in."""
    path = Path(function.__code__.co_filename).resolve()
    if path.is_relative_to(PACKAGE_ROOT) and path.parent != PACKAGE_ROOT:
        return path.relative_to(PACKAGE_ROOT).parts[0]
    return "numeric"


def _candidates() -> Iterator[Path]:
    for variable in ("MLX_CACHE_DIR", "NUMBA_CACHE_DIR"):
        if os.environ.get(variable):
            yield Path(os.environ[variable])
    if os.environ.get("XDG_CACHE_HOME"):
        yield Path(os.environ["XDG_CACHE_HOME"])
    try:
        yield Path.home() / ".cache"
    except RuntimeError:  # no home folder
        return


def _is_writable(folder: Path) -> bool:
    """Whether a file can be made in the folder: permission bits alone lie on read-only and full disks."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _copy_read_only_cache(base: Path) -> None:
    """Bring a warmed cache that cannot be written to where it can be: Numba writes beside what it reads."""
    warmed = os.environ.get("MLX_CACHE_DIR")
    source, target = Path(warmed or "") / FOLDER, base / FOLDER
    if warmed and base != Path(warmed) and source.is_dir() and not target.exists():
        with tempfile.TemporaryDirectory(dir=base) as half_done:
            whole = shutil.copytree(source, Path(half_done) / FOLDER)
            try:
                whole.rename(target)
            except OSError:  # another process was first
                return


def _private_temporary_folder() -> Path | None:
    """Folder that only this user can write: compiled code is executed, so nobody else may plant it."""
    if not hasattr(os, "getuid"):
        return None
    folder = Path(tempfile.gettempdir()) / f"mlx-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    private = status.st_uid == os.getuid() and stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022
    if not private or not _is_writable(folder):
        return None
    _copy_read_only_cache(folder)
    return folder
