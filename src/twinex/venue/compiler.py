"""How kernels are compiled: two decorators, and a cache that cannot go stale.

Numba's own file cache looks only at the file a function stands in; a callee that changed elsewhere
would be missed. So the cache directory is named by a hash of every source file of the venue, the
message schema, the versions of Numba and NumPy and the processor. With `NUMBA_DISABLE_JIT=1` the
same functions run as plain Python: integer overflow then raises instead of wrapping.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
import numpy as np
from numba.core import config as _numba_config

from twinex.venue import linking
from twinex.venue.wire.schema import spec_directory

if not __debug__:
    raise RuntimeError("the core's assertions guard the market: start Python without -O")

Function = TypeVar("Function", bound=Callable[..., Any])

_CONFIG: Any = _numba_config
PLAIN = bool(_CONFIG.DISABLE_JIT)
_KEPT_CACHES = 4
_SCHEMAS = ("messages.xml", "feed.xml")

FUNCTIONS: list[str] = []  # every kernel and inner function defined so far


def _source_hash() -> bytes:
    """SHA-256 of the venue's sources and of the schemas whose numbers kernels carry."""
    digest = hashlib.sha256()
    here = Path(__file__).resolve().parent
    for source in [*sorted(here.rglob("*.py")), *(spec_directory() / name for name in _SCHEMAS)]:
        digest.update(source.read_bytes())
    return digest.digest()


SOURCE_HASH = _source_hash()


def _fingerprint() -> str:
    digest = hashlib.sha256()
    digest.update(f"{numba.__version__} {np.__version__}".encode())
    digest.update(llvmlite.binding.get_host_cpu_name().encode())
    digest.update(SOURCE_HASH)
    return digest.hexdigest()[:16]


def _cache_root() -> Path:
    base = os.environ.get("TWINEX_CACHE") or os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "twinex"


def _forget_old_caches(root: Path, keep: Path) -> None:
    """Remove all but the newest few caches: every edit of a kernel makes a new one."""
    import shutil

    others = [entry for entry in root.iterdir() if entry.is_dir() and entry != keep]
    others.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in others[_KEPT_CACHES:]:
        shutil.rmtree(entry, ignore_errors=True)


CACHE_DIRECTORY = _cache_root() / _fingerprint()
if PLAIN:
    np.seterr(over="raise")
else:
    CACHE_DIRECTORY.mkdir(parents=True, exist_ok=True)
    _CONFIG.CACHE_DIR = str(CACHE_DIRECTORY)
    linking.install()
    _forget_old_caches(CACHE_DIRECTORY.parent, CACHE_DIRECTORY)


def _compiled(function: Function, **options: bool) -> Function:
    """Without reference counting (`_nrt`): nothing here allocates."""
    njit: Any = numba.njit
    return cast(Function, njit(_nrt=False, **options)(function))


def kernel(function: Function) -> Function:
    """An entry point: called from Python, cached on disk, runs without the interpreter lock."""
    FUNCTIONS.append(function.__qualname__)
    return _compiled(function, nogil=True, cache=True)


def _part(function: Function, *, force: bool) -> Function:
    """A function for other compiled ones: no wrapper, no machine code of its own.

    `forceinline` is said outright, for a function inherits it of its first caller.
    """
    FUNCTIONS.append(function.__qualname__)
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=force)


def inner(function: Function) -> Function:
    """Called from kernels only; LLVM decides whether it becomes part of its callers."""
    linking.wait(function)
    return _part(function, force=False)


def apart(function: Function) -> Function:
    """As `inner`, and never made part of its callers: what is rare leaves what is common small."""
    linking.wait(function, apart=True)
    return _part(function, force=False)


def inlined(function: Function) -> Function:
    """As `inner`, and always made part of its callers: for what is common."""
    linking.wait(function)
    return _part(function, force=True)
