"""Packets back into books, compiled: what a receiver does that is faster than plain Python.

rebuilt = Rebuilt()
rebuilt.load(snapshot_messages, next_sequence)
done = rebuilt.apply(packets, lengths, count)      # fewer than `count`: there is a gap
"""

import numpy as np

from twinex.venue.compiler import inlined, inner, kernel
from twinex.venue.feed import hashing
from twinex.venue.feed.books import (
    Books,
    book_tables,
    empty_books,
    with_instrument,
    with_levels,
    with_orders,
)
from twinex.venue.feed.mold import HEAD, head
from twinex.venue.feed.queues import (
    NIL,
    drop_level,
    forget_order,
    know_order,
    level_row,
    order_row,
    put,
    show,
)
from twinex.venue.feed.schema import (
    FEED,
    INSTRUMENT_DEFINED,
    LAST,
    ORDER_ADDED,
    ORDER_EXECUTED,
    ORDER_REDUCED,
    ORDER_REMOVED,
)
from twinex.venue.tables import table, union_table
from twinex.venue.wire.schema import union_view

_ADDED, _EXECUTED = ORDER_ADDED[0], ORDER_EXECUTED[0]
_REDUCED, _REMOVED, _DEFINED = ORDER_REDUCED[0], ORDER_REMOVED[0], INSTRUMENT_DEFINED[0]
_HEAD_BYTES = HEAD.size
_MESSAGES_A_PACKET = 60_000
_APPLIED, _GAP, _TABLES_FULL, _INSTRUMENTS_FULL, _BROKEN = range(5)
_INSTRUMENTS_MAX = 1_000_000  # spec/phases.md, Day

STATE = np.dtype(
    [
        ("next_sequence", "i8"),
        ("changes", "i8"),  # messages that changed a book
        ("messages", "i8"),
        ("duplicates", "i8"),  # packets without anything new
        ("wanted", "i8"),  # instrument for which there is no row
    ]
)


@inner
def _add(books, message):
    row = know_order(books, message["order_id"], message["instrument"], message["side"])
    level = level_row(books, message["instrument"], message["side"], message["price"])
    before = np.int64(books.levels[level]["tail"])
    if message["ahead_of"] != 0:
        before = np.int64(books.orders[order_row(books, message["ahead_of"])]["previous"])
    put(books, row, level, before, message["quantity"])


@inner
def _show(books, order_id, lots):
    row = order_row(books, order_id)
    show(books, row, np.int64(lots))
    if lots == 0:
        forget_order(books, row)


@inner
def _drop_empty(books):
    """Behind a whole command: levels that it has emptied leave."""
    now = books.now[0]
    row = np.int64(now["first_level"])
    while row != NIL:
        level = books.levels[row]
        following = np.int64(level["next_touched"])
        level["touched"] = 0
        if level["orders"] == 0:
            drop_level(books, row)
        row = following
    now["first_level"] = NIL
    now["last_level"] = NIL


@inlined
def _change(books, message, kind):
    """A message that changes a book; False for any other."""
    if kind == _ADDED:
        _add(books, message)
    elif kind in (_EXECUTED, _REDUCED):
        _show(books, message["order_id"], message["remaining"])
    elif kind == _REMOVED:
        _show(books, message["order_id"], np.int64(0))
    else:
        return False
    return True


@inner
def _apply_message(books, state, message):
    """Why it could not be applied, or _APPLIED."""
    kind = np.int64(message["template_id"])
    if books.now[0]["orders_free"] == NIL or books.now[0]["levels_free"] == NIL:
        return _TABLES_FULL
    number = np.int64(message["instrument"])
    if kind == _DEFINED:
        if not 0 < number <= _INSTRUMENTS_MAX:
            return _BROKEN
        if number >= len(books.instruments):
            state["wanted"] = number
            return _INSTRUMENTS_FULL
        books.instruments[number]["product"] = message["product"]
        books.instruments[number]["tick"] = message["tick"]
    elif kind == _ADDED and not 0 < number < len(books.instruments):
        return _BROKEN
    elif _change(books, message, kind):
        state["changes"] += 1
    if message["flags"] & LAST:
        _drop_empty(books)
    return _APPLIED


@inlined
def _big_endian(octets, place, count):
    value = np.int64(0)
    for index in range(count):
        value = (value << 8) | np.int64(octets[place + index])
    return value


@inner
def _apply_packet(books, state, scratch, scratch_rows, packet, size):
    """Messages from `next_sequence` on; those before are known already."""
    sequence, count = _big_endian(packet, 10, 8), _big_endian(packet, 18, 2)
    if sequence > state["next_sequence"]:
        return _GAP
    if count == 0xFFFF or sequence + count <= state["next_sequence"]:
        state["duplicates"] += 1
        return _APPLIED
    place = np.int64(_HEAD_BYTES)
    for number in range(sequence, sequence + count):
        length = _big_endian(packet, place, 2) if place + 2 <= size else size
        if place + 2 + length > size or length > len(scratch):
            return _BROKEN
        if number == state["next_sequence"]:
            for index in range(length):  # where fields lie at multiples of their sizes
                scratch[index] = packet[place + 2 + index]
            why = _apply_message(books, state, scratch_rows[0])
            if why != _APPLIED:
                return why
            state["next_sequence"] += 1
            state["messages"] += 1
        place += 2 + length
    return _APPLIED


@kernel
def _apply(books, states, scratch, scratch_rows, packets, lengths, start, stop):
    """Packets `start` to `stop`; (why it ended, the packet it ended at)."""
    books, scratch, scratch_rows = book_tables(books), table(scratch), union_table(scratch_rows)
    states = table(states)
    for index in range(start, stop):
        if lengths[index] < _HEAD_BYTES:
            continue
        why = _apply_packet(books, states[0], scratch, scratch_rows, packets[index], lengths[index])
        if why != _APPLIED:
            return why, index
    return _APPLIED, stop


@kernel
def _queue(books, first, price, found):
    """Ids and lots of a level's orders in their priority; how many."""
    row = np.int64(hashing.find(books.level_slots, books.levels, first, price))
    if row == NIL:
        return 0
    order, count = np.int64(books.levels[row]["head"]), 0
    while order != NIL and count < len(found):
        found[count, 0] = books.orders[order]["first"]
        found[count, 1] = books.orders[order]["shown"]
        order = np.int64(books.orders[order]["next"])
        count += 1
    return count


class Rebuilt:
    """The books of an L3 session. `next_sequence`, `changes`, `messages`: so far."""

    def __init__(self) -> None:
        self.books: Books = empty_books()
        self.state = np.zeros(1, STATE)
        self._scratch = np.zeros(2 * FEED.itemsize, np.uint8)
        self._rows = union_view(self._scratch, FEED)

    @property
    def next_sequence(self) -> int:
        """Of the message to come."""
        return int(self.state[0]["next_sequence"])

    @property
    def changes(self) -> int:
        """Messages that changed a book."""
        return int(self.state[0]["changes"])

    def load(self, messages: list[bytes], next_sequence: int) -> None:
        """A snapshot's messages into empty books; the stream goes on at `next_sequence`."""
        self.books = empty_books()
        self.state["next_sequence"] = 1
        framed = [len(one).to_bytes(2, "big") + one for one in messages]
        for start in range(0, len(framed), _MESSAGES_A_PACKET):
            part = framed[start : start + _MESSAGES_A_PACKET]
            octets = head(b" " * 10, start + 1, len(part)) + b"".join(part)
            packet = np.frombuffer(octets, np.uint8).reshape(1, -1)
            done = self.apply(packet, np.array([packet.size]), 1)
            assert done == 1
        self.state["next_sequence"] = next_sequence

    def apply(self, packets: np.ndarray, lengths: np.ndarray, count: int) -> int:
        """Whole packets, one a row of `packets` (uint8); how many until one leaves a gap.

        A packet shorter than a head is passed over. Raises ValueError for a packet whose lengths
        do not fit it, or that names what cannot be; AssertionError where orders do not follow.
        """
        done, why = 0, _GAP
        while done < count:
            why, done = _apply(
                self.books, self.state, self._scratch, self._rows, packets, lengths, done, count
            )
            if why == _GAP:
                break
            self._grow(why)
        return int(done)

    def _grow(self, why: int) -> None:
        if why == _BROKEN:
            raise ValueError(f"message {self.next_sequence} is none of the feed")
        if why == _INSTRUMENTS_FULL:
            self.books = with_instrument(self.books, int(self.state[0]["wanted"]))
        elif why == _TABLES_FULL and self.books.now[0]["orders_free"] == NIL:
            self.books = with_orders(self.books, 2 * len(self.books.orders))
        elif why == _TABLES_FULL:
            self.books = with_levels(self.books, 2 * len(self.books.levels))

    def queue(self, instrument: int, side: int, price: int) -> list[tuple[int, int]]:
        """(order id, lots shown) of a level, the first to trade first."""
        found = np.zeros((int(self.books.now[0]["orders"]), 2), np.int64)
        count = _queue(self.books, 2 * instrument + side, price, found)
        return [(order_id, lots) for order_id, lots in found[:count].tolist()]
