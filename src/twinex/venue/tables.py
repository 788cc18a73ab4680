"""Tables: arrays as compiled kernels pass them on, two words each instead of seven.

Numba hands an array from function to function as seven words, and the core is made of two dozen
arrays: most of a call would be copying. An entry kernel therefore turns its arrays into tables once
(`table`, `union_table`); what stands behind it reads `core.orders[slot]["quantity"]` as before.
A table knows its first element, how many there are and, in its type, the bytes from one to the
next; an index is never negative. In plain Python a table is the array itself.
"""

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from twinex.venue.compiler import PLAIN

LINE_BYTES = 64  # of the processor's caches
UNION_STRIDE = 8  # bytes from one row of a union view to the next


class Table(types.Type):
    """Numba's type of a table: what an element is, and the bytes from one to the next."""

    def __init__(self, dtype: Any, stride: int) -> None:
        self.dtype, self.stride = dtype, stride
        super().__init__(name=f"table({dtype}, {stride})")


@register_model(Table)
class _TableModel(models.StructModel):
    def __init__(self, manager: Any, kind: Table) -> None:
        super().__init__(manager, kind, [("first", types.voidptr), ("count", types.int64)])


def _make(array: Any, stride: int) -> Any:
    """Signature and code that turn an array into a table."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = context.make_array(array)(context, builder, arguments[0])
        made = cgutils.create_struct_proxy(signature.return_type)(context, builder)
        made.first = builder.bitcast(source.data, cgutils.voidptr_t)
        made.count = source.nitems
        return made._getvalue()

    return signature(Table(array.dtype, stride), array), generate


@intrinsic
def _table_compiled(typing_context: Any, array: Any) -> Any:
    return _make(array, _bytes_of(array.dtype))


@intrinsic
def _union_table_compiled(typing_context: Any, array: Any) -> Any:
    return _make(array, UNION_STRIDE)


def _bytes_of(dtype: Any) -> int:
    return int(dtype.size if isinstance(dtype, types.Record) else dtype.bitwidth // 8)


@intrinsic
def _prefetch_compiled(typing_context: Any, source: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = element_pointer(context, builder, source, *arguments)
        address = builder.bitcast(address, cgutils.voidptr_t)
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, word, word, word])
        called = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], kind)
        for line in range(0, source.stride, LINE_BYTES):
            start = builder.gep(address, [ir.IntType(64)(line)])
            builder.call(called, [start, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.none(source, types.int64), generate


def _prefetch_plain(source: Any, index: int) -> None:
    """Ask for `source[index]`, all its lines, to be brought into the cache; it must be a row."""


def _unchanged(array: Any) -> Any:
    return array


table = _unchanged if PLAIN else _table_compiled
union_table = _unchanged if PLAIN else _union_table_compiled
prefetch = _prefetch_plain if PLAIN else _prefetch_compiled


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], Table) and isinstance(args[1], types.Integer):
            return signature(args[0].dtype, args[0], types.int64)
        return None


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], Table) and isinstance(args[1], types.Integer):
            return signature(types.none, args[0], types.int64, args[0].dtype)
        return None


@infer_global(len)
class _Len(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], Table):
            return signature(types.int64, args[0])
        return None


def element_pointer(context: Any, builder: Any, kind: Table, value: Any, index: Any) -> Any:
    """Pointer to one element."""
    view = cgutils.create_struct_proxy(kind)(context, builder, value=value)
    offset = builder.mul(index, context.get_constant(types.int64, kind.stride))
    address = builder.gep(view.first, [offset], inbounds=True)
    return builder.bitcast(
        address, context.data_model_manager[kind.dtype].get_data_type().as_pointer()
    )


@lower_builtin(operator.getitem, Table, types.int64)
def _lower_getitem(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    kind = signature.args[0]
    address = element_pointer(context, builder, kind, *arguments)
    return context.unpack_value(builder, kind.dtype, address)


@lower_builtin(operator.setitem, Table, types.int64, types.Any)
def _lower_setitem(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    kind = signature.args[0]
    address = element_pointer(context, builder, kind, arguments[0], arguments[1])
    context.pack_value(builder, kind.dtype, arguments[2], address)
    return context.get_dummy_value()


@lower_builtin(len, Table)
def _lower_len(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return cgutils.create_struct_proxy(signature.args[0])(
        context, builder, value=arguments[0]
    ).count
