"""Events of orders as what happens to the public book, order by order (`spec/feed.md`, L3)."""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.feed.output import begin
from twinex.venue.feed.queues import (
    NIL,
    forget_order,
    know_order,
    level_row,
    order_row,
    place_behind,
    put,
    show,
    touch_instrument,
)
from twinex.venue.feed.schema import (
    ORDER_ADDED,
    ORDER_EXECUTED,
    ORDER_REDUCED,
    ORDER_REMOVED,
)
from twinex.venue.wire import codes


@inlined
def accepted(books, event):
    """An order, or a stop: it is not in the book yet."""
    row = know_order(books, event["order_id"], event["instrument"], event["side"])
    books.orders[row]["offset"] = event["offset"]
    books.orders[row]["display"] = event["display_quantity"]


@inlined
def rested(books, output, event):
    """It comes to rest, or an iceberg shows lots anew."""
    row = order_row(books, event["order_id"])
    level = level_row(books, event["instrument"], event["side"], event["price"])
    before = place_behind(books, row, books.levels[level])
    after = put(books, row, level, before, event["quantity"])
    added = output.rows[begin(output, ORDER_ADDED, event["time_ns"], event["instrument"])]
    added["side"] = event["side"]
    added["order_id"] = event["order_id"]
    added["price"] = event["price"]
    added["quantity"] = event["quantity"]
    added["ahead_of"] = 0 if after == NIL else books.orders[after]["first"]


@inlined
def _remove(books, output, row, time_ns):
    """Out of the book, whatever it shows."""
    order = books.orders[row]
    removed = output.rows[begin(output, ORDER_REMOVED, time_ns, order["instrument"])]
    removed["side"] = order["side"]
    removed["order_id"] = order["first"]
    show(books, row, np.int64(0))


@inner
def cancelled(books, output, event):
    """It is done: out of the book, if it is there."""
    row = order_row(books, event["order_id"])
    if books.orders[row]["shown"] > 0:
        _remove(books, output, row, event["time_ns"])
    forget_order(books, row)


@inlined
def _left_to_show(order, event):
    """Lots that a resting order shows behind a fill. In an auction an iceberg fills whole."""
    remaining = np.int64(event["remaining"])
    if event["role"] == codes.ROLE_AUCTION:
        display = np.int64(order["display"])
        return remaining if display == 0 else min(display, remaining)
    return np.int64(order["shown"]) - np.int64(event["quantity"])


@inlined
def filled(books, output, event):
    """An order in the book trades, resting, in an auction, or with legs that came within reach."""
    row = order_row(books, event["order_id"])
    order = books.orders[row]
    if order["shown"] > 0:
        left = _left_to_show(order, event)
        executed = output.rows[begin(output, ORDER_EXECUTED, event["time_ns"], order["instrument"])]
        executed["side"] = order["side"]
        executed["order_id"] = event["order_id"]
        executed["price"] = event["price"]
        executed["quantity"] = event["quantity"]
        executed["remaining"] = left
        executed["trade_id"] = event["trade_id"]
        show(books, row, left)
    if event["remaining"] == 0:
        forget_order(books, row)
    _count_combination(books, event)


@inner
def _count_combination(books, event):
    """A combination makes no trades of its own: one fill of each of its steps counts."""
    number = np.int64(event["instrument"])
    if books.instruments[number]["combination"] != 0 and event["role"] == codes.ROLE_INCOMING:
        count_trade(books, number, event, True)


@inner
def count_trade(books, number, event, is_priced):
    """A trade in the instrument's figures. Derived prices (`is_priced` false) move no last price.

    See `spec/combinations.md`: trades between two orders of a combination.
    """
    instrument, price = books.instruments[number], event["price"]
    instrument["volume"] += np.int64(event["quantity"])
    instrument["trades"] += 1
    instrument["traded"] = 1
    touch_instrument(books, number)
    if not is_priced:
        return
    if instrument["priced"] == 0:
        instrument["priced"] = 1
        instrument["open"] = price
        instrument["high"] = price
        instrument["low"] = price
    instrument["last"] = price
    instrument["high"] = max(instrument["high"], price)
    instrument["low"] = min(instrument["low"], price)


@inner
def shrunk(books, output, event):
    """Fewer lots at the same place (an iceberg loses what it hides first); not in the book: none.

    order_reduced, and order_amended that keeps its priority.
    """
    row = order_row(books, event["order_id"])
    order = books.orders[row]
    left = min(np.int64(order["shown"]), np.int64(event["remaining"]))
    if left == order["shown"]:
        return
    reduced = output.rows[begin(output, ORDER_REDUCED, event["time_ns"], order["instrument"])]
    reduced["side"] = order["side"]
    reduced["order_id"] = event["order_id"]
    reduced["quantity"] = np.int64(order["shown"]) - left
    reduced["remaining"] = left
    show(books, row, left)


@inlined
def amended(books, output, event):
    """Without its priority it leaves the book: it rests again by an event of its own."""
    if event["priority_kept"] != 0:
        shrunk(books, output, event)
        return
    row = order_row(books, event["order_id"])
    if books.orders[row]["shown"] > 0:
        _remove(books, output, row, event["time_ns"])
