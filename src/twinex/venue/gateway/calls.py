"""What compiled code asks of the operating system: sockets, epoll, clocks, memory by address.

Each is a function of the C library called by name, so kernels that use them can be cached; a call
that fails answers -errno. Plain mode has its twins over `ctypes`.
"""

import ctypes
import platform
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from twinex.venue.compiler import PLAIN, inlined, kernel

EAGAIN, EINTR = 11, 4
EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP = 1, 4, 8, 16
MODIFY = 3
_QUIETLY = 0x40 | 0x4000  # MSG_DONTWAIT, MSG_NOSIGNAL
_REALTIME, _MONOTONIC = 0, 1
_SECOND = 1_000_000_000

# struct epoll_event: packed on x86-64, aligned elsewhere. `user` is the lower half of its data.
_PACKED = platform.machine() == "x86_64"
_FIELDS = [("events", "u4"), ("user", "u4"), ("unused", "u4")]
READY = np.dtype(_FIELDS if _PACKED else [_FIELDS[0], ("gap", "u4"), *_FIELDS[1:]])

_libc = ctypes.CDLL(None, use_errno=True)
_KINDS = {types.int32: ctypes.c_int32, types.int64: ctypes.c_int64}


def _of_the_library(name: str, result: Any, *arguments: Any) -> Any:
    """The C library's function; plain: with the errno of a failure in `errno_of`'s hands."""
    if not PLAIN:
        return types.ExternalFunction(name, result(*arguments))
    function = getattr(_libc, name)
    function.restype = _KINDS[result]
    function.argtypes = [_KINDS[each] for each in arguments]
    return function


_recv = _of_the_library("recv", types.int64, types.int32, types.int64, types.int64, types.int32)
_send = _of_the_library("send", types.int64, types.int32, types.int64, types.int64, types.int32)
_epoll_wait = _of_the_library(
    "epoll_wait", types.int32, types.int32, types.int64, types.int32, types.int32
)
_epoll_ctl = _of_the_library(
    "epoll_ctl", types.int32, types.int32, types.int32, types.int32, types.int64
)
_clock_gettime = _of_the_library("clock_gettime", types.int32, types.int32, types.int64)
_memcpy = _of_the_library("memcpy", types.int64, types.int64, types.int64, types.int64)
_errno_location = _of_the_library("__errno_location", types.int64)


def _peek(bits: int) -> Any:
    """An intrinsic that loads a signed word of so many bits from an address."""
    kind = types.int32 if bits == 32 else types.int64

    @intrinsic
    def peek(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = builder.inttoptr(arguments[0], ir.IntType(bits).as_pointer())
            return builder.load(pointer)

        return kind(types.int64), generate

    return peek


_peek_word, _peek_half = _peek(64), _peek(32)


@intrinsic
def _address_compiled(typing_context: Any, octets: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, arguments[0])
        pointer = cgutils.get_item_pointer(context, builder, kind, array, [arguments[1]])
        return builder.ptrtoint(pointer, ir.IntType(64))

    return types.int64(octets, types.intp), generate


def _address_plain(octets: np.ndarray, index: int) -> int:
    return int(octets.ctypes.data) + int(index) * octets.itemsize


def _word_plain(address: int) -> int:
    return ctypes.c_int64.from_address(int(address)).value


def _errno_plain() -> int:
    return ctypes.get_errno()


@inlined
def _errno_compiled():
    return np.int64(_peek_half(_errno_location()))


# The address of an element of an array, and the int64 that lies at an address.
address_of: Any = _address_plain if PLAIN else _address_compiled
word_at: Any = _word_plain if PLAIN else _peek_word
_errno: Any = _errno_plain if PLAIN else _errno_compiled


@inlined
def copy(target, source, count):
    """`count` bytes from one address to another."""
    _memcpy(target, source, count)


@inlined
def receive(fd, address, count):
    """Bytes received, 0 at the end of the stream, or -errno (-EAGAIN: none are there)."""
    done = _recv(np.int32(fd), address, count, np.int32(_QUIETLY))
    return np.int64(done) if done >= 0 else -_errno()


@inlined
def transmit(fd, address, count):
    """Bytes sent, or -errno (-EAGAIN: there is no room for them)."""
    done = _send(np.int32(fd), address, count, np.int32(_QUIETLY))
    return np.int64(done) if done >= 0 else -_errno()


@inlined
def wait(epoll, ready, timeout_ms):
    """Fill `ready` (an array of READY) with what happened; how many rows, 0 for none.

    Only a signal may interrupt it: any other failure would be a loop that spins for ever.
    """
    done = _epoll_wait(
        np.int32(epoll), address_of(ready, 0), np.int32(len(ready)), np.int32(timeout_ms)
    )
    assert done >= 0 or _errno() == EINTR
    return max(np.int64(done), np.int64(0))


@inlined
def watch_for(epoll, fd, wish, events, user):
    """From now on wake for these events of a socket. `wish`: an array of READY to write it in."""
    wish[0]["events"], wish[0]["user"], wish[0]["unused"] = events, user, 0
    _epoll_ctl(np.int32(epoll), np.int32(MODIFY), np.int32(fd), address_of(wish, 0))


@inlined
def _read_clock(which, scratch):
    _clock_gettime(np.int32(which), address_of(scratch, 0))
    return scratch[0] * np.int64(_SECOND) + scratch[1]


@inlined
def real_time(scratch):
    """ns since the epoch. `scratch`: int64[2] of the caller's."""
    return _read_clock(_REALTIME, scratch)


@inlined
def steady_time(scratch):
    """ns of a clock that never jumps."""
    return _read_clock(_MONOTONIC, scratch)


@kernel
def modify(epoll, fd, wish, events, user):
    """`watch_for` for callers in Python."""
    watch_for(epoll, fd, wish, events, user)
