"""Ordered loads and stores of int64 array elements, for memory that another process reads.

A store by `store_release` becomes visible after everything stored before it; what is read after a
`load_acquire` is no older than the loaded value. Plain mode has its twins: CPython's own order of
evaluation on a processor that keeps stores in order (x86).
"""

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.extending import intrinsic

from twinex.venue.compiler import PLAIN


def _element(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Pointer to `arguments[0][arguments[1]]`."""
    kind = signature.args[0]
    array = context.make_array(kind)(context, builder, arguments[0])
    return cgutils.get_item_pointer(context, builder, kind, array, [arguments[1]])  # type: ignore[no-untyped-call]


@intrinsic
def _load_acquire(typing_context: Any, words: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _element(context, builder, signature, arguments)
        return builder.load_atomic(pointer, "acquire", 8)

    return types.int64(words, types.intp), generate


@intrinsic
def _store_release(typing_context: Any, words: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _element(context, builder, signature, arguments)
        builder.store_atomic(arguments[2], pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(words, types.intp, types.int64), generate


def _load_plain(words: np.ndarray, index: int) -> int:
    return int(words[index])


def _store_plain(words: np.ndarray, index: int, value: int) -> None:
    words[index] = value


load_acquire: Any = _load_plain if PLAIN else _load_acquire
store_release: Any = _store_plain if PLAIN else _store_release
