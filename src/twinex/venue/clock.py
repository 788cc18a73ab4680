"""The processor's cycle counter for compiled code, and what a tick of it is worth."""

import time
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from twinex.venue.compiler import PLAIN, inner, kernel


@intrinsic
def _read_counter(typing_context: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        counter = builder.module.declare_intrinsic(
            "llvm.readcyclecounter", fnty=ir.FunctionType(ir.IntType(64), [])
        )
        return builder.call(counter, [])

    return types.int64(), generate


@inner
def _ticks_compiled():
    return _read_counter()


ticks = time.perf_counter_ns if PLAIN else _ticks_compiled


@kernel
def _now():
    return ticks()


def ns_per_tick() -> float:
    """Nanoseconds of one tick, measured over 20 ms."""
    _now()  # compiled or loaded before the measurement begins
    started, first = time.perf_counter_ns(), _now()
    while time.perf_counter_ns() - started < 20_000_000:
        pass
    ended, last = time.perf_counter_ns(), _now()
    return (ended - started) / (last - first)
