"""Functions that C calls, compiled and cached under a hash of all sources they are made of."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import config as _numba_config

from twinex.venue.compiler import CACHE_DIRECTORY

_CONFIG: Any = _numba_config


def _directory() -> Path:
    """Below the venue's cache, which its own hash names; Numba would only look at one file."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return CACHE_DIRECTORY / f"harness-{digest.hexdigest()[:16]}"


_DIRECTORY = _directory()


def entry(signature: Any) -> Callable[[Any], Any]:
    """A C function of this signature; its `address` is what C calls."""

    def compiled(function: Any) -> Any:
        before, _CONFIG.CACHE_DIR = _CONFIG.CACHE_DIR, str(_DIRECTORY)
        try:
            return numba.cfunc(signature, cache=True)(function)
        finally:
            _CONFIG.CACHE_DIR = before

    return compiled
