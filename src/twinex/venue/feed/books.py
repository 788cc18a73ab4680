"""The books that the feed shows: orders in their queues, levels, instruments; row 0 is nobody.

A table of its own, made from events alone: nothing of it is looked up in a core. Orders that are
known but not in a book (on their way in, or stops that wait) have a row too: what they show, and
whether they close, decides where they come to stand.
"""

from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import inner, kernel
from twinex.venue.feed import hashing
from twinex.venue.tables import table

ORDER = np.dtype(
    [
        ("first", "i8"),  # order id: the key, with `second` 0
        ("second", "i8"),
        ("shown", "i4"),  # lots in the book; 0 = not in it
        ("display", "i4"),  # the most that an iceberg shows; 0 = all
        ("level", "i4"),
        ("previous", "i4"),
        ("next", "i4"),  # of a free row: the next free one
        ("instrument", "i4"),
        ("side", "u1"),
        ("offset", "u1"),
        ("unused", "u1", (6,)),
    ]
)
LEVEL = np.dtype(
    [
        ("first", "i8"),  # 2 * instrument + side
        ("second", "i8"),  # price
        ("volume", "i8"),
        ("told_volume", "i8"),
        ("orders", "i4"),
        ("told_orders", "i4"),
        ("head", "i4"),
        ("tail", "i4"),
        ("closing_tail", "i4"),  # last of the privileged at the head, as far as known
        ("better", "i4"),
        ("worse", "i4"),
        ("next_touched", "i4"),  # of a free row: the next free one
        ("touched", "u1"),
        ("unused", "u1", (7,)),
    ]
)
INSTRUMENT = np.dtype(
    [
        ("product", "i4"),  # 0 = not defined
        ("best", "i4", (2,)),  # level rows, by side
        ("next_touched", "i4"),
        ("tick", "i8"),
        ("lower", "i8"),
        ("upper", "i8"),
        ("last", "i8"),
        ("open", "i8"),
        ("high", "i8"),
        ("low", "i8"),
        ("volume", "i8"),
        ("turnover", "i8"),
        ("open_interest", "i8"),
        ("trades", "i8"),
        ("told", "i8", (4,)),  # bid price and volume, ask price and volume
        ("combination", "u1"),
        ("halted", "u1"),
        ("touched", "u1"),
        ("traded", "u1"),  # since its top was told
        ("priced", "u1"),  # it has a last price
        ("by_clock", "u1"),  # its top was told since `tell_tops`
        ("unused", "u1", (2,)),
    ]
)
PRODUCT = np.dtype([("limit_priority", "i4"), ("phase", "i4")])
NOW = np.dtype(
    [
        ("sequence", "i8"),  # of the command whose events come; 0 = none is open
        ("time_ns", "i8"),
        ("orders_free", "i8"),
        ("levels_free", "i8"),
        ("orders", "i8"),  # rows in use
        ("levels", "i8"),
        ("first_level", "i8"),  # touched by the command, in the order of the first touch
        ("last_level", "i8"),
        ("first_instrument", "i8"),
        ("last_instrument", "i8"),
        ("trading_day", "i8"),  # yyyymmdd
        ("ended", "i8"),  # 1 behind day_ended
        ("levels_touched", "i8"),
        ("instruments_touched", "i8"),
    ]
)
PRODUCTS = 64  # numbers up to 62, spec/phases.md


class Books(NamedTuple):
    """All of it, as arrays; `now` is one row."""

    now: np.ndarray
    orders: np.ndarray
    levels: np.ndarray
    instruments: np.ndarray
    products: np.ndarray
    order_slots: np.ndarray  # int32: rows of `orders` by hash
    level_slots: np.ndarray


def empty_books(orders: int = 1024, levels: int = 1024, instruments: int = 64) -> Books:
    """Books without orders; sizes are powers of two."""
    books = Books(
        np.zeros(1, NOW),
        np.zeros(1, ORDER),
        np.zeros(1, LEVEL),
        np.zeros(instruments, INSTRUMENT),
        np.zeros(PRODUCTS, PRODUCT),
        np.zeros(2, np.int32),
        np.zeros(2, np.int32),
    )
    return with_levels(with_orders(books, orders), levels)


def _larger(array: np.ndarray, rows: int) -> np.ndarray:
    made = np.zeros(rows, array.dtype)
    made[: len(array)] = array
    return made


def with_orders(books: Books, rows: int) -> Books:
    """The same with room for `rows` - 1 orders (a power of two)."""
    orders, slots = _larger(books.orders, rows), np.zeros(2 * rows, np.int32)
    free = np.arange(len(books.orders), rows)
    orders["next"][free] = [*free[1:], books.now[0]["orders_free"]]
    books.now["orders_free"] = free[0]
    _hash_again(slots, orders)
    return books._replace(orders=orders, order_slots=slots)


def with_levels(books: Books, rows: int) -> Books:
    """The same with room for `rows` - 1 levels (a power of two)."""
    levels, slots = _larger(books.levels, rows), np.zeros(2 * rows, np.int32)
    free = np.arange(len(books.levels), rows)
    levels["next_touched"][free] = [*free[1:], books.now[0]["levels_free"]]
    books.now["levels_free"] = free[0]
    _hash_again(slots, levels)
    return books._replace(levels=levels, level_slots=slots)


def with_instrument(books: Books, number: int) -> Books:
    """The same with a row for instrument `number`."""
    if number < len(books.instruments):
        return books
    rows = 1 << number.bit_length()
    return books._replace(instruments=_larger(books.instruments, rows))


@kernel
def _hash_again(slots, rows):
    """Every row in use (its key is not 0) into an empty hash."""
    for row in range(1, len(rows)):
        if rows[row]["first"] != 0:
            hashing.enter(slots, rows, row)


@inner
def book_tables(books):
    """The books as kernels hand them on."""
    return Books(
        table(books.now),
        table(books.orders),
        table(books.levels),
        table(books.instruments),
        table(books.products),
        table(books.order_slots),
        table(books.level_slots),
    )
