"""CRC-32 and the rolling chain of `spec/journal.md`, callable from compiled code.

The CRC is zlib's, sixteen bytes a step: by multiplying them (`carryless`), or, on a processor that
cannot, by "slicing by 16": the lookups of one step do not wait for each other, only the steps do.
Results are int64: a CRC is in [0, 2^32), a chain is the int64 with the bits of the spec's uint64.
"""

import numpy as np

from twinex.venue.compiler import PLAIN, inlined, inner
from twinex.venue.journal.carryless import CARRYLESS, fold_three, fold_words

_POLYNOMIAL = 0xEDB88320  # CRC-32 of ISO 3309, reflected, as in zlib
_SLICES = 16
_ALL_ONES = 0xFFFFFFFF
_CHAIN_FACTOR = 0x9E3779B97F4A7C15  # spec/journal.md, Record
_CHAIN_FACTOR_SIGNED = _CHAIN_FACTOR - (1 << 64)


def _make_table() -> np.ndarray:
    """Entry `256 * k + b`: the CRC register after byte `b` and `k` zero bytes."""
    table = np.zeros((_SLICES, 256), dtype=np.uint32)
    for byte in range(256):
        register = byte
        for _ in range(8):
            register = (register >> 1) ^ (_POLYNOMIAL if register & 1 else 0)
        table[0, byte] = register
    for slice_ in range(1, _SLICES):
        before = table[slice_ - 1]
        table[slice_] = (before >> 8) ^ table[0][before & 0xFF]
    return table.ravel()


TABLE = _make_table()  # uint32[4096]: 16 KiB, so it stays in the first-level cache


@inner
def _eight(word: int, table: np.ndarray) -> int:
    """What the eight bytes of `word` do to a register that ends right behind them."""
    lookups = (
        (table[0x700 + (word & 0xFF)] ^ table[0x600 + ((word >> 8) & 0xFF)])
        ^ (table[0x500 + ((word >> 16) & 0xFF)] ^ table[0x400 + ((word >> 24) & 0xFF)])
    ) ^ (
        (table[0x300 + ((word >> 32) & 0xFF)] ^ table[0x200 + ((word >> 40) & 0xFF)])
        ^ (table[0x100 + ((word >> 48) & 0xFF)] ^ table[(word >> 56) & 0xFF])
    )
    return int(np.int64(lookups))


@inner
def _eight_before_eight(word: int, table: np.ndarray) -> int:
    """As `_eight`, for a register that ends eight bytes further on."""
    lookups = (
        (table[0xF00 + (word & 0xFF)] ^ table[0xE00 + ((word >> 8) & 0xFF)])
        ^ (table[0xD00 + ((word >> 16) & 0xFF)] ^ table[0xC00 + ((word >> 24) & 0xFF)])
    ) ^ (
        (table[0xB00 + ((word >> 32) & 0xFF)] ^ table[0xA00 + ((word >> 40) & 0xFF)])
        ^ (table[0x900 + ((word >> 48) & 0xFF)] ^ table[0x800 + ((word >> 56) & 0xFF)])
    )
    return int(np.int64(lookups))


@inlined
def _slice_words(
    words: np.ndarray, place: int, count: int, register: int, table: np.ndarray
) -> int:
    """As `carryless.fold_words`, by the table; any count."""
    for _ in range(count >> 1):
        register = _eight(words[place + 1], table) ^ _eight_before_eight(
            words[place] ^ register, table
        )
        place += 2
    if count & 1:
        register = _eight(words[place] ^ register, table)
    return register


@inlined
def crc32(words: np.ndarray, place: int, count: int, seed: int, table: np.ndarray) -> int:
    """zlib.crc32 of `count` words (int64) from `place` on, continued from `seed`; in [0, 2^32).

    `table` is `TABLE`.
    """
    register = seed ^ _ALL_ONES
    if CARRYLESS and count >= 2:
        register = fold_words(words, place, count, register)
    else:
        register = _slice_words(words, place, count, register, table)
    return int(np.int64(register ^ _ALL_ONES))


@inlined
def crc32_of_three(first: int, second: int, third: int, seed: int, table: np.ndarray) -> int:
    """As `crc32`, of three words that are at hand: what was just stored is slow to load again."""
    register = seed ^ _ALL_ONES
    if CARRYLESS:
        register = fold_three(first, second, third, register)
    else:
        register = _eight(second, table) ^ _eight_before_eight(first ^ register, table)
        register = _eight(third ^ register, table)
    return int(np.int64(register ^ _ALL_ONES))


def chain_next_plain(chain: int, crc: int) -> int:
    """The chain after a record with checksum `crc`, in Python integers; int64 in, int64 out."""
    mixed = ((int(chain) ^ int(crc)) * _CHAIN_FACTOR) & 0xFFFFFFFFFFFFFFFF
    return mixed - (1 << 64) if mixed >> 63 else mixed


@inner
def _chain_next_compiled(chain: int, crc: int) -> int:
    return (chain ^ crc) * _CHAIN_FACTOR_SIGNED  # int64 wraps when compiled, as wanted


chain_next = chain_next_plain if PLAIN else _chain_next_compiled
