"""CRC-32 by carry-less multiplication, on processors that have it: sixteen bytes a step, no table.

The bytes are a polynomial over GF(2); what stands sixteen bytes further on weighs x^128 times less.
A step multiplies the two halves of what is there by their weights modulo the CRC's polynomial and
adds the next sixteen bytes; the last 128 bits are reduced by Barrett's method. After V. Gopal et
al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009. All
polynomials are bit-reflected, as the CRC is.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.core.codegen import get_host_cpu_features
from numba.extending import intrinsic

from twinex.venue.compiler import PLAIN
from twinex.venue.tables import Table, element_pointer

_POLYNOMIAL = 0x104C11DB7  # CRC-32 of ISO 3309, x^32 included
_WORD = ir.IntType(64)
_PAIR = ir.VectorType(_WORD, 2)
_BYTE = ir.IntType(8)


def _reflected(polynomial: int, bits: int) -> int:
    return int(f"{polynomial:0{bits}b}"[::-1], 2)


def _divided(power: int) -> tuple[int, int]:
    """Quotient and remainder of x^`power` by the polynomial."""
    quotient, rest = 0, 1 << power
    for place in range(power - 32, -1, -1):
        if rest >> (place + 32) & 1:
            quotient |= 1 << place
            rest ^= _POLYNOMIAL << place
    return quotient, rest


def _weight(power: int) -> int:
    """x^`power` modulo the polynomial, reflected, one bit up: a product of reflected is short."""
    return _reflected(_divided(power)[1], 32) << 1


_AHEAD_192 = _weight(128 + 32)  # what moves the first half of sixteen bytes by sixteen
_AHEAD_128 = _weight(128 - 32)  # the second half, or the first half by eight
_AHEAD_64 = _weight(64)
_QUOTIENT = _reflected(_divided(64)[0], 33)
_DIVISOR = _reflected(_POLYNOMIAL, 33)


def _is_there() -> bool:
    """Do kernels run on a processor, and are compiled for one, that has the instruction?"""
    features = config.CPU_FEATURES  # type: ignore[attr-defined]
    if features is None:
        features = "" if config.CPU_NAME else get_host_cpu_features()  # type: ignore[attr-defined,no-untyped-call]
    return not PLAIN and "+pclmul" in features.split(",")


CARRYLESS = _is_there()


class _Writer:
    """Writes the LLVM code of one CRC."""

    def __init__(self, builder: Any, words: Any) -> None:
        self.builder, self.words = builder, words

    def product(self, left: Any, right: Any, halves: int) -> Any:
        """128 bits: a half of `left` (bit 0 of `halves`) times a half of `right` (bit 4)."""
        kind = ir.FunctionType(_PAIR, [_PAIR, _PAIR, _BYTE])
        name = "llvm.x86.pclmulqdq"
        multiply = cgutils.get_or_insert_function(self.builder.module, kind, name)  # type: ignore[no-untyped-call]
        return self.builder.call(multiply, [left, right, _BYTE(halves)])

    def two_words(self, place: Any) -> Any:
        """The sixteen bytes from word `place` on."""
        pointer = self.builder.bitcast(self.words(place), _PAIR.as_pointer())
        pair = self.builder.load(pointer)
        pair.align = 8
        return pair

    def pair(self, low: Any, high: Any) -> Any:
        pair = self.builder.insert_element(_PAIR(ir.Undefined), low, _BYTE(0))
        return self.builder.insert_element(pair, high, _BYTE(1))

    def ahead_by_sixteen(self, pair: Any, following: Any) -> Any:
        weights = _PAIR([_AHEAD_192, _AHEAD_128])
        first, second = self.product(pair, weights, 0x00), self.product(pair, weights, 0x11)
        return self.builder.xor(self.builder.xor(first, second), following)

    def ahead_by_eight(self, pair: Any, following: Any) -> Any:
        """The second half, and eight bytes (a word) behind it."""
        moved = self.product(pair, _PAIR([_AHEAD_128, 0]), 0x00)
        second = self.builder.extract_element(pair, _BYTE(1))
        return self.builder.xor(moved, self.pair(second, following))

    def reduced(self, pair: Any) -> Any:
        """The register (a word) behind the bytes that `pair` stands for."""
        builder, low_32 = self.builder, _PAIR([0xFFFFFFFF, 0])
        pair = self.ahead_by_eight(pair, _WORD(0))
        shifted = builder.bitcast(builder.lshr(self.wide(pair), self.wide(32)), _PAIR)
        pair = self.product(builder.and_(pair, low_32), _PAIR([_AHEAD_64, 0]), 0x00)
        pair = builder.xor(pair, shifted)
        barrett = _PAIR([_DIVISOR, _QUOTIENT])
        whole = self.product(builder.and_(pair, low_32), barrett, 0x10)
        whole = self.product(builder.and_(whole, low_32), barrett, 0x00)
        rest = builder.extract_element(builder.xor(whole, pair), _BYTE(0))
        return builder.lshr(rest, _WORD(32))

    def wide(self, value: Any) -> Any:
        kind = ir.IntType(128)
        return kind(value) if isinstance(value, int) else self.builder.bitcast(value, kind)


@intrinsic
def _fold_three(typing_context: Any, first: Any, second: Any, third: Any, register: Any) -> Any:
    """The CRC's register (int64) behind three words (int64)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        write = _Writer(builder, None)
        first, second, third, register = arguments
        pair = write.pair(builder.xor(first, register), second)
        return write.reduced(write.ahead_by_eight(pair, third))

    return types.int64(types.int64, types.int64, types.int64, types.int64), generate


@intrinsic
def _fold_words(typing_context: Any, words: Any, place: Any, count: Any, register: Any) -> Any:
    """The CRC's register (int64) behind `count` (2 or more) of `words` (int64) from `place` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, start, count, register = arguments

        def pointer(index: Any) -> Any:
            if isinstance(words, Table):
                return element_pointer(context, builder, words, source, index)
            array = context.make_array(words)(context, builder, source)
            return cgutils.get_item_pointer(context, builder, words, array, [index])  # type: ignore[no-untyped-call]

        write = _Writer(builder, pointer)
        first = builder.xor(write.two_words(start), write.pair(register, _WORD(0)))
        state = cgutils.alloca_once_value(builder, first)  # type: ignore[no-untyped-call]
        end = builder.add(start, count)
        with cgutils.for_range_slice(
            builder, builder.add(start, _WORD(2)), builder.sub(end, _WORD(1)), _WORD(2), _WORD
        ) as (at, _):
            following = write.two_words(at)
            builder.store(write.ahead_by_sixteen(builder.load(state), following), state)
        with builder.if_then(builder.trunc(count, ir.IntType(1))):
            following = builder.load(pointer(builder.sub(end, _WORD(1))))
            builder.store(write.ahead_by_eight(builder.load(state), following), state)
        return write.reduced(builder.load(state))

    return types.int64(words, types.int64, types.int64, types.int64), generate


fold_three: Any = _fold_three
fold_words: Any = _fold_words
