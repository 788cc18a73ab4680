"""Orders into and out of their queues: price, then time, closing orders first at limit prices."""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.feed import hashing
from twinex.venue.wire import codes

NIL = 0
_LOOKED_UP = 8  # prices beside a new level


@inner
def know_order(books, order_id, instrument, side):
    """A row for an order that may come to rest; the caller has seen that there is room."""
    now = books.now[0]
    row = np.int64(now["orders_free"])
    assert row != NIL
    order = books.orders[row]
    now["orders_free"] = order["next"]
    now["orders"] += 1
    order["first"] = order_id
    order["shown"] = 0
    order["display"] = 0
    order["level"] = NIL
    order["instrument"] = instrument
    order["side"] = side
    order["offset"] = codes.OFFSET_OPEN
    hashing.enter(books.order_slots, books.orders, row)
    return row


@inner
def forget_order(books, row):
    """An order that is done: it is in no queue."""
    now, order = books.now[0], books.orders[row]
    assert order["shown"] == 0
    hashing.forget(books.order_slots, books.orders, row)
    order["first"] = 0
    order["next"] = now["orders_free"]
    now["orders_free"] = row
    now["orders"] -= 1


@inlined
def order_row(books, order_id):
    """Of a known order. The feed has seen all events of the day, so it knows them all."""
    row = np.int64(hashing.find(books.order_slots, books.orders, order_id, np.int64(0)))
    assert row != NIL
    return row


@inlined
def _touch_level(books, row):
    level, now = books.levels[row], books.now[0]
    if level["touched"] != 0:
        return
    level["touched"] = 1
    level["next_touched"] = NIL
    if now["last_level"] == NIL:
        now["first_level"] = row
    else:
        books.levels[np.int64(now["last_level"])]["next_touched"] = row
    now["last_level"] = row
    now["levels_touched"] += 1


@inlined
def touch_instrument(books, number):
    """Its top may have changed: it is looked at when the command ends."""
    instrument, now = books.instruments[number], books.now[0]
    if instrument["touched"] != 0:
        return
    instrument["touched"] = 1
    instrument["next_touched"] = NIL
    if now["last_instrument"] == NIL:
        now["first_instrument"] = number
    else:
        books.instruments[np.int64(now["last_instrument"])]["next_touched"] = number
    now["last_instrument"] = number
    now["instruments_touched"] += 1


@inner
def _new_level(books, first, price):
    now = books.now[0]
    row = np.int64(now["levels_free"])
    assert row != NIL
    level = books.levels[row]
    now["levels_free"] = level["next_touched"]
    now["levels"] += 1
    level["first"] = first
    level["second"] = price
    level["volume"] = 0
    level["told_volume"] = 0
    level["orders"] = 0
    level["told_orders"] = 0
    level["head"] = NIL
    level["tail"] = NIL
    level["closing_tail"] = NIL
    level["touched"] = 0
    hashing.enter(books.level_slots, books.levels, row)
    _link_level(books, row)
    return row


@inner
def _better_level(books, level):
    """The level next to it on the better side; NIL = it is the best.

    The few prices beside it are looked up; where none of them has a level the book is sparse there,
    and the levels are walked from the best.
    """
    first, price = level["first"], level["second"]
    instrument = books.instruments[first >> 1]
    step = instrument["tick"] if first & 1 == 0 else -instrument["tick"]
    for away in range(1, _LOOKED_UP + 1):
        row = hashing.find(books.level_slots, books.levels, first, price + away * step)
        if row != NIL:
            return np.int64(row)
    better, worse = np.int64(NIL), np.int64(instrument["best"][first & 1])
    while worse != NIL and (books.levels[worse]["second"] < price) == (first & 1 == 1):
        better, worse = worse, np.int64(books.levels[worse]["worse"])
    return better


@inner
def _link_level(books, row):
    """Put a level among those of its side, the best first."""
    level = books.levels[row]
    instrument, side = books.instruments[level["first"] >> 1], level["first"] & 1
    better = _better_level(books, level)
    worse = np.int64(instrument["best"][side])
    if better != NIL:
        worse = np.int64(books.levels[better]["worse"])
    level["better"] = better
    level["worse"] = worse
    if better == NIL:
        instrument["best"][side] = row
    else:
        books.levels[better]["worse"] = row
    if worse != NIL:
        books.levels[worse]["better"] = row


@inner
def drop_level(books, row):
    """A level without orders leaves."""
    level, now = books.levels[row], books.now[0]
    assert level["orders"] == 0
    assert level["volume"] == 0
    better, worse = np.int64(level["better"]), np.int64(level["worse"])
    if better == NIL:
        books.instruments[level["first"] >> 1]["best"][level["first"] & 1] = worse
    else:
        books.levels[better]["worse"] = worse
    if worse != NIL:
        books.levels[worse]["better"] = better
    hashing.forget(books.level_slots, books.levels, row)
    level["first"] = 0
    level["next_touched"] = now["levels_free"]
    now["levels_free"] = row
    now["levels"] -= 1


@inlined
def level_row(books, instrument, side, price):
    """The level of a price, made where there is none."""
    first = 2 * np.int64(instrument) + np.int64(side)
    row = np.int64(hashing.find(books.level_slots, books.levels, first, price))
    return row if row != NIL else _new_level(books, first, price)


@inner
def _is_privileged(order, priority):
    """Does it go before opening orders at a limit price (rulebook 2.3)?"""
    if order["offset"] == codes.OFFSET_CLOSE:
        return True
    return order["offset"] == codes.OFFSET_CLOSE_TODAY and priority == codes.PRIORITY_CLOSING_FIRST


@inlined
def place_behind(books, row, level):
    """The order behind which order `row` queues at `level`; NIL = at its head."""
    order = books.orders[row]
    instrument = books.instruments[np.int64(order["instrument"])]
    priority = books.products[np.int64(instrument["product"])]["limit_priority"]
    price = level["second"]
    at_limit = price == instrument["lower"] or price == instrument["upper"]
    if priority == codes.PRIORITY_TIME or not at_limit or not _is_privileged(order, priority):
        return np.int64(level["tail"])
    before = np.int64(level["closing_tail"])
    after = np.int64(level["head"]) if before == NIL else np.int64(books.orders[before]["next"])
    while after != NIL and _is_privileged(books.orders[after], priority):
        before, after = after, np.int64(books.orders[after]["next"])
    level["closing_tail"] = row
    return before


@inlined
def put(books, row, level_row, before, lots):
    """Order `row` into a queue behind `before` (NIL = at the head), showing `lots`."""
    order, level = books.orders[row], books.levels[level_row]
    assert order["shown"] == 0
    assert lots > 0
    after = np.int64(level["head"]) if before == NIL else np.int64(books.orders[before]["next"])
    order["level"] = level_row
    order["shown"] = lots
    order["previous"] = before
    order["next"] = after
    if before == NIL:
        level["head"] = row
    else:
        books.orders[before]["next"] = row
    if after == NIL:
        level["tail"] = row
    else:
        books.orders[after]["previous"] = row
    level["volume"] += np.int64(lots)
    level["orders"] += 1
    _touch_level(books, level_row)
    touch_instrument(books, np.int64(order["instrument"]))
    return after


@inlined
def show(books, row, lots):
    """Let an order in its queue show `lots`; with none it leaves the queue."""
    order = books.orders[row]
    level = books.levels[np.int64(order["level"])]
    assert order["shown"] > 0
    assert lots >= 0
    level["volume"] += np.int64(lots) - np.int64(order["shown"])
    order["shown"] = lots
    _touch_level(books, np.int64(order["level"]))
    touch_instrument(books, np.int64(order["instrument"]))
    if lots == 0:
        _unlink(books, row, level)


@inlined
def _unlink(books, row, level):
    order = books.orders[row]
    before, after = np.int64(order["previous"]), np.int64(order["next"])
    if level["closing_tail"] == row:
        level["closing_tail"] = before
    if before == NIL:
        level["head"] = after
    else:
        books.orders[before]["next"] = after
    if after == NIL:
        level["tail"] = before
    else:
        books.orders[after]["previous"] = before
    level["orders"] -= 1
    order["level"] = NIL
