"""A run of the harness's messages through the venue's book: the functions that the C shim calls.

Each message is looked at, matched and answered before the next one is: nothing here reads ahead.
What the book does is `twinex.venue.core.book`'s; here stands what one message asks of it, which
report says so, and which slot an order id means.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types

from benchmarks.harness import names, ring
from benchmarks.harness.compiled import entry
from benchmarks.harness.memory import rows_at, words_at
from twinex.venue.compiler import inlined, inner
from twinex.venue.core.alone import BOOK_NOW, BOOK_ORDER, Book
from twinex.venue.core.book import (
    best_rank,
    give_slot,
    level_index,
    price_of,
    rank_of,
    rest,
    shrink,
    sweep_with,
    take_slot,
    unlink,
)
from twinex.venue.core.limits import NIL
from twinex.venue.core.state import INSTRUMENT, LEVEL, PRODUCT
from twinex.venue.wire.codes import SIDE_BUY

MESSAGE = np.dtype(
    {
        "names": ["type", "order_id", "sequence", "price", "quantity", "side", "ioc"],
        "formats": ["u1", "i8", "i8", "i8", "u4", "u1", "u1"],
        "offsets": [0, 8, 16, 24, 32, 36, 37],
        "itemsize": 40,
    }
)

# The harness's numbers of messages and reports.
NEW, CANCEL, MODIFY = 0, 1, 2
ACK, CANCEL_ACK, MODIFY_ACK, CANCEL_REJECT, MODIFY_REJECT = 0, 2, 3, 4, 5

# Where `places` says that a table is, and how many rows it has: two words each, in this order.
TABLES = {
    "now": BOOK_NOW,
    "products": PRODUCT,
    "instruments": INSTRUMENT,
    "levels": LEVEL,
    "bits": np.dtype("i8"),
    "orders": BOOK_ORDER,
    "scratch": np.dtype("i8"),
    "names": np.dtype("i4"),
    "names_now": names.NAMES_NOW,
    "ring": ring.ENTRY,
    "writer": ring.WRITER,
    "reader": ring.READER,
    "marks": np.dtype("i8"),
    "state": np.dtype("i8"),
}
PLACES_WORDS = 2 * len(TABLES)

_PRODUCTS, _INSTRUMENTS, _LEVELS, _BITS, _ORDERS, _SCRATCH = 2, 4, 6, 8, 10, 12
_NAMES, _NAMES_NOW, _RING, _WRITER, _READER, _MARKS, _STATE = 14, 16, 18, 20, 22, 24, 26
_NAME, _WORD = TABLES["names"], TABLES["state"]
_NAMES_ROW, _ENTRY, _WRITER_ROW, _READER_ROW = names.NAMES_NOW, ring.ENTRY, ring.WRITER, ring.READER
_REPORT = ring.REPORT

# Words of `state`: what a run stopped for, and the price for which the ladder is too narrow.
SHORT, NEEDED, STATE_WORDS = 0, 1, 8
SHORT_NOTHING, SHORT_ORDERS, SHORT_NAMES, SHORT_LEVELS, BAD_MESSAGE = range(5)

_NO_BID, _NO_ASK = -(1 << 63), (1 << 63) - 1

# Signatures: where `places` is and its words, then what the function is about.
_ONE_PLACE = types.int64(types.int64, types.int64, types.int64)
_TWO_PLACES = types.int64(types.int64, types.int64, types.int64, types.int64)


class Desk(NamedTuple):
    """The book, who is in it, and where reports go."""

    book: Any
    names: Any
    names_now: Any
    ring: Any
    writer: Any
    marks: Any


@inlined
def _desk(places):
    book = Book(
        rows_at(places[0], places[1], BOOK_NOW),
        rows_at(places[_PRODUCTS], places[_PRODUCTS + 1], PRODUCT),
        rows_at(places[_INSTRUMENTS], places[_INSTRUMENTS + 1], INSTRUMENT),
        rows_at(places[_LEVELS], places[_LEVELS + 1], LEVEL),
        rows_at(places[_BITS], places[_BITS + 1], _WORD),
        rows_at(places[_ORDERS], places[_ORDERS + 1], BOOK_ORDER),
        rows_at(places[_SCRATCH], places[_SCRATCH + 1], _WORD),
    )
    return Desk(
        book,
        rows_at(places[_NAMES], places[_NAMES + 1], _NAME),
        rows_at(places[_NAMES_NOW], places[_NAMES_NOW + 1], _NAMES_ROW),
        rows_at(places[_RING], places[_RING + 1], _ENTRY),
        rows_at(places[_WRITER], places[_WRITER + 1], _WRITER_ROW),
        words_at(places[_MARKS], places[_MARKS + 1]),
    )


@inlined
def _report(desk, kind, side, quantity, message, price):
    sequence, order_id = message["sequence"], message["order_id"]
    ring.put(desk.ring, desk.writer[0], kind, side, quantity, sequence, order_id, price)


@inlined
def _leave(desk, slot, place):
    """An order that has left its queue is forgotten; `place`: where its name stands."""
    orders = desk.book.orders
    names.remove(desk.names, desk.names_now[0], orders, place)
    orders[slot]["live"] = 0
    desk.book.now[0]["live_orders"] -= 1
    give_slot(desk.book, slot)


@inlined
def _meet(book, product, instrument, slot, resting, level, level_price, terms):
    """Trade `slot` with `resting`, the first order of a level, at that one's price."""
    desk, sequence = terms
    order, other = book.orders[slot], book.orders[resting]
    quantity = min(order["remaining"], other["remaining"])
    ring.ensure_room(desk.ring, desk.writer[0], desk.marks)
    taker, maker = order["order_id"], other["order_id"]
    ring.put_trade(desk.ring, desk.writer[0], quantity, sequence, taker, level_price, maker)
    order["remaining"] -= quantity
    other["remaining"] -= quantity
    if shrink(book, instrument, level, resting, quantity):
        _leave(desk, resting, names.find_slot(desk.names, desk.names_now[0], book.orders, resting))
    return False


_sweep_inlined = sweep_with(_meet)


@inner
def _sweep(desk, product, instrument, slot, limit_rank, sequence):
    every_level = instrument["ranks"]
    terms = (desk, sequence)
    return _sweep_inlined(desk.book, product, instrument, slot, limit_rank, every_level, terms)


@inlined
def _trade_and_rest(desk, product, instrument, slot, message, is_ioc):
    """Trade what the message's price allows; whether what is left of order `slot` rests."""
    order = desk.book.orders[slot]
    side, price = np.int64(order["side"]), message["price"]
    rank = rank_of(instrument, side, price)
    limit_rank = instrument["ranks"] - 1 - rank
    if best_rank(instrument, 1 - side) <= limit_rank:
        _sweep(desk, product, instrument, slot, limit_rank, message["sequence"])
        if order["remaining"] == 0:
            return False
    if is_ioc:
        _report(desk, CANCEL_ACK, side, order["remaining"], message, price)
        return False
    rest(desk.book, product, instrument, slot, rank)
    return True


@inlined
def _is_outside(instrument, price):
    return price < instrument["lower"] or price > instrument["upper"]


@inlined
def _new(desk, product, instrument, message):
    book, now = desk.book, desk.book.now[0]
    if message["side"] > 1:
        return BAD_MESSAGE
    if _is_outside(instrument, message["price"]):
        return SHORT_LEVELS
    if now["order_free"] == NIL and now["order_high"] + 1 >= len(book.orders):
        return SHORT_ORDERS
    if desk.names_now[0]["count"] * 2 > desk.names_now[0]["mask"]:
        if desk.names_now[0]["mask"] * 2 + 1 >= len(desk.names):
            return SHORT_NAMES
        names.widen(desk.names, desk.names_now[0], book.orders, now["order_high"])
    side, quantity = np.int64(message["side"]), np.int64(message["quantity"])
    _report(desk, ACK, side, quantity, message, message["price"])
    slot = take_slot(book)
    order = book.orders[slot]
    order["order_id"] = message["order_id"]
    order["side"] = side
    order["remaining"] = quantity
    if quantity > 0 and _trade_and_rest(
        desk, product, instrument, slot, message, message["ioc"] != 0
    ):
        order["live"] = 1
        now["live_orders"] += 1
        names.add(desk.names, desk.names_now[0], message["order_id"], slot)
    else:
        give_slot(book, slot)
    return SHORT_NOTHING


@inlined
def _cancel(desk, instrument, message):
    book = desk.book
    place = names.find(desk.names, desk.names_now[0], book.orders, message["order_id"])
    if place < 0:
        _report(desk, CANCEL_REJECT, 0, 0, message, 0)
        return SHORT_NOTHING
    slot = names.slot_at(desk.names, place)
    order = book.orders[slot]
    side = np.int64(order["side"])
    price = price_of(instrument, side, np.int64(order["rank"]))
    _report(desk, CANCEL_ACK, side, order["remaining"], message, price)
    unlink(book, instrument, slot)
    _leave(desk, slot, place)
    return SHORT_NOTHING


@inlined
def _modify(desk, product, instrument, message):
    """Out of its queue, and in again as if it were new, under its old name."""
    book = desk.book
    place = names.find(desk.names, desk.names_now[0], book.orders, message["order_id"])
    if place < 0:
        _report(desk, MODIFY_REJECT, 0, 0, message, 0)
        return SHORT_NOTHING
    if _is_outside(instrument, message["price"]):
        return SHORT_LEVELS
    slot, quantity = names.slot_at(desk.names, place), np.int64(message["quantity"])
    order = book.orders[slot]
    _report(desk, MODIFY_ACK, np.int64(order["side"]), quantity, message, message["price"])
    unlink(book, instrument, slot)
    order["remaining"] = quantity
    if quantity == 0 or not _trade_and_rest(desk, product, instrument, slot, message, False):
        _leave(desk, slot, names.find_slot(desk.names, desk.names_now[0], book.orders, slot))
    return SHORT_NOTHING


@inlined
def _apply(desk, product, instrument, message):
    """Do what one message asks; what is short if it cannot be done."""
    kind = message["type"]
    if kind == NEW:
        return _new(desk, product, instrument, message)
    if kind == CANCEL:
        return _cancel(desk, instrument, message)
    return _modify(desk, product, instrument, message)


@entry(_TWO_PLACES)
def run(address, words, messages, count):
    """Apply `count` messages in order; how many are done. If it is fewer, `state` says why.

    0 without a reason in `state` means that an assertion failed, which a cfunc cannot raise.
    """
    places = words_at(address, words)
    desk, state = _desk(places), words_at(places[_STATE], places[_STATE + 1])
    instrument, product = desk.book.instruments[0], desk.book.products[0]
    rows = rows_at(messages, count, MESSAGE)
    state[SHORT] = SHORT_NOTHING
    for number in range(count):
        message = rows[number]
        ring.ensure_room(desk.ring, desk.writer[0], desk.marks)
        short = BAD_MESSAGE
        if message["type"] <= MODIFY:
            short = _apply(desk, product, instrument, message)
        if short != SHORT_NOTHING:
            state[SHORT] = short
            state[NEEDED] = message["price"]
            ring.show(desk.writer[0], desk.marks, 1)
            return number
        ring.show(desk.writer[0], desk.marks, ring.PUBLISHED_EVERY)
    ring.show(desk.writer[0], desk.marks, 1)
    return count


@entry(_TWO_PLACES)
def drain(address, words, reports, most):
    """Copy up to `most` reports out of the ring, on the drainer's thread; how many."""
    places = words_at(address, words)
    entries = rows_at(places[_RING], places[_RING + 1], _ENTRY)
    reader = rows_at(places[_READER], places[_READER + 1], _READER_ROW)[0]
    marks = words_at(places[_MARKS], places[_MARKS + 1])
    return ring.drain(entries, reader, marks, rows_at(reports, most, _REPORT), most)


@entry(_ONE_PLACE)
def best_price(address, words, side):
    """The best price of a side, or the harness's sign that it is empty."""
    desk = _desk(words_at(address, words))
    instrument = desk.book.instruments[0]
    rank = best_rank(instrument, side)
    if rank >= instrument["ranks"]:
        return _NO_BID if side == SIDE_BUY else _NO_ASK
    return price_of(instrument, side, rank)


@entry(_TWO_PLACES)
def depth(address, words, price, side):
    """Lots that rest at a price."""
    desk = _desk(words_at(address, words))
    instrument = desk.book.instruments[0]
    if _is_outside(instrument, price):
        return 0
    rank = rank_of(instrument, side, price)
    return desk.book.levels[level_index(instrument, side, rank)]["volume"]
