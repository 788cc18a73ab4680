"""The engine behind the C shim: its tables, and what a run does when one of them is short."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the harness measures two threads, not more

import numpy as np

from benchmarks.harness import matcher, names, ring
from benchmarks.harness.memory import huge_zeros
from twinex.venue.core.alone import Book, empty_book, widened, with_orders

_PRICES = 1 << 17  # ladder at the start: 0 to $655 in half cents; it widens when a price asks
_ORDERS = 1 << 17
_NAMES = 1 << 20


class EngineError(Exception):
    """The matcher stopped for what no room can cure; the text says why."""


class Engine:
    """Tables of one book, one ring, and their addresses in `places`."""

    def __init__(self, capacity: int) -> None:
        """A ring for `capacity` reports."""
        self._book = empty_book(0, _PRICES - 1, orders=_ORDERS, allocate=huge_zeros)
        self._others = {
            "names": huge_zeros(_NAMES, np.dtype("i4")),
            "names_now": huge_zeros(1, names.NAMES_NOW),
            "ring": huge_zeros(ring.entries_for(capacity), ring.ENTRY),
            "writer": huge_zeros(1, ring.WRITER),
            "reader": huge_zeros(1, ring.READER),
            "marks": huge_zeros(ring.MARKS, np.dtype("i8")),
            "state": huge_zeros(matcher.STATE_WORDS, np.dtype("i8")),
        }
        self._others["names_now"][0]["mask"] = names.START_MASK
        self._others["writer"][0]["limit"] = ring.first_limit(len(self._others["ring"]))
        self.places = np.zeros(matcher.PLACES_WORDS, np.int64)
        self._note()

    def _note(self) -> None:
        """Write down where every table is."""
        tables = self._book._asdict() | self._others
        for at, name in enumerate(matcher.TABLES):
            self.places[2 * at] = tables[name].ctypes.data
            self.places[2 * at + 1] = len(tables[name])

    def make_room(self) -> None:
        """Enlarge what the last run was short of. Raises `EngineError`, `LadderError`."""
        state = self._others["state"]
        short = int(state[matcher.SHORT])
        if short == matcher.SHORT_LEVELS:
            self._book = _wide_enough(self._book, int(state[matcher.NEEDED]))
        elif short == matcher.SHORT_ORDERS:
            count = 2 * len(self._book.orders)
            if count > names.SLOTS_MAX + 1:
                raise EngineError(f"more than {names.SLOTS_MAX} live orders")
            self._book = with_orders(self._book, count, allocate=huge_zeros)
        elif short == matcher.SHORT_NAMES:
            entries = huge_zeros(2 * len(self._others["names"]), np.dtype("i4"))
            entries[: len(self._others["names"])] = self._others["names"]
            self._others["names"] = entries
        elif short == matcher.BAD_MESSAGE:
            raise EngineError("a message is of no known type or side")
        else:
            raise EngineError("an assertion of the book failed")
        self._note()


def _wide_enough(book: Book, price: int) -> Book:
    """The book on a ladder that holds `price`, twice as wide at least."""
    lower, upper = (int(book.instruments[0][end]) for end in ("lower", "upper"))
    width = upper - lower + 1
    if price < lower:
        lower = min(price, lower - width)
    else:
        upper = max(price, upper + width)
    return widened(book, lower, upper, allocate=huge_zeros)


def functions() -> tuple[int, ...]:
    """Addresses of run, drain, best_price and depth."""
    entries = (matcher.run, matcher.drain, matcher.best_price, matcher.depth)
    return tuple(int(entry.address) for entry in entries)
