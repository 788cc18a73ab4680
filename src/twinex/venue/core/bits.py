"""Which ranks of a ladder hold orders, in three layers of 64-bit words.

The next marked rank is found in a few steps, however far away it lies.

A side of a ladder has `words_for(ranks)` words: one bit a rank, then one bit a word of that layer,
then one bit a word of the second.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from twinex.venue.compiler import PLAIN, inlined, inner


def _trailing_zeros_plain(word: int) -> int:
    """How many zero bits stand below the lowest set bit of a non-zero word."""
    word = int(word)
    return (word & -word).bit_length() - 1


@intrinsic
def _cttz(typing_context: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], context.get_constant(types.boolean, 1))

    return types.int64(types.int64), generate


@inner
def _trailing_zeros_compiled(word):
    return _cttz(word)


trailing_zeros = _trailing_zeros_plain if PLAIN else _trailing_zeros_compiled


def words_for(ranks: int) -> int:
    """Words that one side of a ladder of `ranks` levels needs."""
    first = (ranks + 63) >> 6
    second = (first + 63) >> 6
    third = (second + 63) >> 6
    return first + second + third


words_for_ranks = inner(words_for)


@inlined
def set_bit(bits, base, ranks, rank):
    """Mark `rank` as holding orders; `base` is the side's first word."""
    first = (ranks + 63) >> 6
    second = (first + 63) >> 6
    bits[base + (rank >> 6)] |= np.int64(1) << (rank & 63)
    bits[base + first + (rank >> 12)] |= np.int64(1) << ((rank >> 6) & 63)
    bits[base + first + second + (rank >> 18)] |= np.int64(1) << ((rank >> 12) & 63)


@inlined
def clear_bit(bits, base, ranks, rank):
    """Mark `rank` as empty."""
    word = base + (rank >> 6)
    bits[word] &= ~(np.int64(1) << (rank & 63))
    if bits[word] != 0:
        return
    first = (ranks + 63) >> 6
    word = base + first + (rank >> 12)
    bits[word] &= ~(np.int64(1) << ((rank >> 6) & 63))
    if bits[word] == 0:
        second = (first + 63) >> 6
        bits[base + first + second + (rank >> 18)] &= ~(np.int64(1) << ((rank >> 12) & 63))


@inlined
def next_rank(bits, base, ranks, rank):
    """The lowest marked rank at or above `rank`; `ranks` if there is none."""
    if rank >= ranks:
        return ranks
    word = bits[base + (rank >> 6)] & (np.int64(-1) << (rank & 63))
    if word != 0:
        return (rank & ~np.int64(63)) + trailing_zeros(word)
    first = (ranks + 63) >> 6
    at = _next_word(bits, base + first, first, (rank >> 6) + 1)
    if at >= first:
        return ranks
    return (at << 6) + trailing_zeros(bits[base + at])


@inlined
def _next_word(bits, base, count, at):
    """The lowest non-zero word at or above `at` of the first layer; `count` if there is none."""
    if at >= count:
        return count
    word = bits[base + (at >> 6)] & (np.int64(-1) << (at & 63))
    if word != 0:
        return (at & ~np.int64(63)) + trailing_zeros(word)
    second = (count + 63) >> 6
    third_base = base + second
    middle = (at >> 6) + 1
    while middle < second:
        word = bits[third_base + (middle >> 6)] & (np.int64(-1) << (middle & 63))
        if word != 0:
            middle = (middle & ~np.int64(63)) + trailing_zeros(word)
            return (middle << 6) + trailing_zeros(bits[base + middle])
        middle = (middle & ~np.int64(63)) + 64
    return count
