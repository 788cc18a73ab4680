"""Memory that compiled functions find by address: tables and words there; huge pages for it."""

import mmap
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from twinex.venue.tables import Table


@intrinsic
def rows_at(typing_context: Any, address: Any, count: Any, dtype: Any) -> Any:
    """The table of `count` rows of `dtype` at `address`."""
    row = dtype.dtype
    size = row.size if isinstance(row, types.Record) else row.bitwidth // 8
    kind = Table(row, int(size))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        made = cgutils.create_struct_proxy(kind)(context, builder)  # type: ignore[no-untyped-call]
        made.first = builder.inttoptr(arguments[0], cgutils.voidptr_t)
        made.count = arguments[1]
        return made._getvalue()

    return kind(types.int64, types.int64, dtype), generate


@intrinsic
def words_at(typing_context: Any, address: Any, count: Any) -> Any:
    """The array of `count` int64 at `address`."""
    kind = types.Array(types.int64, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(kind)(context, builder)
        first = builder.inttoptr(arguments[0], array.data.type)
        eight = context.get_constant(types.intp, 8)
        arrayobj.populate_array(  # type: ignore[no-untyped-call]
            array, data=first, shape=[arguments[1]], strides=[eight], itemsize=eight, meminfo=None
        )
        return array._getvalue()

    return kind(types.int64, types.int64), generate


def huge_zeros(count: int, dtype: np.dtype) -> np.ndarray:
    """Zeros on huge pages where the system gives them, touched: no page fault comes later."""
    size = max(count * np.dtype(dtype).itemsize, mmap.PAGESIZE)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    octets = np.frombuffer(memory, np.uint8)
    octets[:: mmap.PAGESIZE] = 0
    return octets[: count * np.dtype(dtype).itemsize].view(dtype)
