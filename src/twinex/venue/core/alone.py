"""A book without a market around it: its tables, for benchmarks, adapters and research.

The functions of `book` and `ladder` ask of `core` no more than what stands here. A row of an order
is half a cache line, because nobody owns it; prices may be negative.
"""

from typing import Any, NamedTuple

import numpy as np

from twinex.venue.compiler import inner, kernel
from twinex.venue.core.bits import words_for
from twinex.venue.core.ladder import lay_ladder, move_ladder
from twinex.venue.core.limits import LEVELS_MAX
from twinex.venue.core.state import INSTRUMENT, LEVEL, PRODUCT
from twinex.venue.tables import table

BOOK_NOW = np.dtype(
    [
        ("order_free", "i8"),  # head of the free list, linked by `next`
        ("order_high", "i8"),  # slots ever used
        ("level_count", "i8"),
        ("word_count", "i8"),
        ("live_orders", "i8"),  # counted by who uses the book
    ]
)

BOOK_ORDER = np.dtype(
    [
        ("order_id", "i8"),
        ("remaining", "i8"),
        ("next", "i4"),
        ("previous", "i4"),
        ("rank", "i4"),
        ("side", "u1"),
        ("offset", "u1"),
        ("live", "u1"),  # kept by who uses the book
        ("spare", "u1"),
    ]
)

assert BOOK_ORDER.itemsize == 32, "two orders a cache line"


class Book(NamedTuple):
    """One instrument (row 0) of a product (row 0) whose limit prices know no privilege."""

    now: np.ndarray  # one row of BOOK_NOW
    products: np.ndarray
    instruments: np.ndarray
    levels: np.ndarray
    bits: np.ndarray
    orders: np.ndarray  # row 0 is nobody
    scratch: np.ndarray  # as long as `orders`: what stands in the book while its ladder moves


class LadderError(Exception):
    """Prices that lie further apart than a ladder has levels."""


@inner
def tables_of_book(book):
    """The book as kernels pass it on."""
    return Book(
        table(book.now),
        table(book.products),
        table(book.instruments),
        table(book.levels),
        table(book.bits),
        table(book.orders),
        table(book.scratch),
    )


@kernel
def _lay(book, lower, upper):
    tables = tables_of_book(book)
    lay_ladder(tables, tables.instruments[0], lower, upper)


@kernel
def _move(book, lower, upper):
    tables = tables_of_book(book)
    move_ladder(tables, tables.products[0], tables.instruments[0], lower, upper)


def _check(lower: int, upper: int, tick: int) -> int:
    """Levels between two prices."""
    ranks = (upper - lower) // tick + 1
    if not 2 <= ranks <= LEVELS_MAX:
        raise LadderError(f"{ranks} levels from {lower} to {upper}: a ladder has 2 to {LEVELS_MAX}")
    return ranks


def empty_book(
    lower: int, upper: int, *, tick: int = 1, orders: int = 1 << 16, allocate: Any = np.zeros
) -> Book:
    """A book for prices `lower`..`upper` (multiples of `tick`) and up to `orders` - 1 live orders.

    `allocate(count, dtype)` gives zeros. Raises `LadderError`.
    """
    ranks = _check(lower, upper, tick)
    book = Book(
        now=allocate(1, BOOK_NOW),
        products=allocate(1, PRODUCT),
        instruments=allocate(1, INSTRUMENT),
        levels=allocate(2 * ranks, LEVEL),
        bits=allocate(2 * words_for(ranks), np.dtype(np.int64)),
        orders=allocate(orders, BOOK_ORDER),
        scratch=allocate(orders, np.dtype(np.int64)),
    )
    book.instruments[0]["tick"] = tick
    _lay(book, lower, upper)
    return book


def widened(book: Book, lower: int, upper: int, *, allocate: Any = np.zeros) -> Book:
    """The same orders on a ladder `lower`..`upper`, which holds the present one.

    Raises `LadderError`, and `ValueError` for limits inside the present ones.
    """
    row = book.instruments[0]
    if lower > row["lower"] or upper < row["upper"]:
        raise ValueError(f"{lower}..{upper} does not hold {row['lower']}..{row['upper']}")
    ranks = _check(lower, upper, int(row["tick"]))
    levels = allocate(int(book.now[0]["level_count"]) + 2 * ranks, LEVEL)
    bits = allocate(int(book.now[0]["word_count"]) + 2 * words_for(ranks), np.dtype(np.int64))
    levels[: len(book.levels)] = book.levels
    bits[: len(book.bits)] = book.bits
    book = book._replace(levels=levels, bits=bits)
    _move(book, lower, upper)
    return book


def with_orders(book: Book, count: int, *, allocate: Any = np.zeros) -> Book:
    """The same book with room for `count` - 1 live orders."""
    orders = allocate(count, BOOK_ORDER)
    orders[: len(book.orders)] = book.orders
    return book._replace(orders=orders, scratch=allocate(count, np.dtype(np.int64)))
