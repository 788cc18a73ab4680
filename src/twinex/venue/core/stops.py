"""Stops: they wait outside the book until a trade price meets them (`spec/orders.md`, "Stops").

A waiting stop has an order row and stands in its member's list; its instrument links its stops in
order of acceptance. Two bounds, the lowest buy stop and the highest sell stop, let most trades pass
without a look at the list.
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import emit, risk
from twinex.venue.core.accounts import kept_row, meet_row, reserve
from twinex.venue.core.entry import cancel_incoming, enter_book, reach_of
from twinex.venue.core.limits import LEGS, NIL, PRICE_MAX
from twinex.venue.core.matching import (
    cancel_resting,
    list_order,
    new_order,
    note_order,
    unlist_order,
)
from twinex.venue.core.placing import freeze_price, write_extra, write_order
from twinex.venue.core.state import WAITING
from twinex.venue.wire import codes
from twinex.venue.wire.schema import EVENTS, HEADER_BYTES

_TRADE_WORDS = (HEADER_BYTES + EVENTS["trade"].block_length) // 8


@apart
def enter(core, command):
    """stop_enter."""
    reason = risk.check_stop(core, command)
    if reason != 0:
        return np.int64(reason)
    now = core.now[0]
    number = np.int64(command["instrument"])
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    side, quantity = np.int64(command["side"]), np.int64(command["quantity"])
    price = freeze_price(instrument, side, command["price"])
    row = kept_row(core, product, number, command)
    reason = risk.check_order(core, product, instrument, row, command, quantity, price)
    if reason != 0:
        return np.int64(reason)
    slot = new_order(core, now["sequence"] * LEGS)
    note_order(core, slot)
    row = meet_row(core, product, number, command, row)
    write_order(core, command, slot, row, now["seat"])
    wait(core, product, instrument, command, slot, risk.stop_price_of(instrument, command))
    return np.int64(0)


@inner
def wait(core, product, instrument, command, slot, stop_price):
    """Let the order written in `slot` wait at `stop_price`, its volume and credit frozen."""
    order, extra = core.orders[slot], core.extras[slot]
    write_extra(core, command, slot)
    order["flags"] |= WAITING
    price = freeze_price(instrument, np.int64(order["side"]), command["price"])
    extra["price"] = price
    extra["stop_price"] = stop_price
    extra["trail"] = command["trail"]
    reserve(core, product, instrument, order, np.int64(order["remaining"]), price)
    list_order(core, slot)
    queue_stop(core, instrument, slot)
    emit.stop_accepted(core, slot)


@inner
def queue_stop(core, instrument, slot):
    """Link a stop in, by order id: only those that come from the day before may not be the last."""
    order, extra = core.orders[slot], core.extras[slot]
    if instrument["first_stop"] == NIL:
        instrument["stop_buy_low"] = PRICE_MAX
        instrument["stop_sell_high"] = 0
    before, after = instrument["last_stop"], np.int64(NIL)
    while before != NIL and core.orders[before]["order_id"] > order["order_id"]:
        before, after = np.int64(core.extras[before]["previous_stop"]), before
    extra["previous_stop"] = before
    extra["next_stop"] = after
    if before == NIL:
        instrument["first_stop"] = slot
    else:
        core.extras[before]["next_stop"] = slot
    if after == NIL:
        instrument["last_stop"] = slot
    else:
        core.extras[after]["previous_stop"] = slot
    _count(core, instrument, slot, np.int64(1))
    _bound(instrument, np.int64(order["side"]), extra["stop_price"])


@inner
def _count(core, instrument, slot, one):
    """Count a stop in (1) or out (-1)."""
    instrument["stops"] += one
    core.now[0]["stops"] += one
    if core.extras[slot]["trail"] != 0:
        instrument["trailing_stops"] += one


@inner
def _bound(instrument, side, stop_price):
    if side == codes.SIDE_BUY:
        instrument["stop_buy_low"] = min(instrument["stop_buy_low"], stop_price)
    else:
        instrument["stop_sell_high"] = max(instrument["stop_sell_high"], stop_price)


@inner
def _unqueue(core, instrument, slot):
    extra = core.extras[slot]
    before, after = np.int64(extra["previous_stop"]), np.int64(extra["next_stop"])
    if before == NIL:
        instrument["first_stop"] = after
    else:
        core.extras[before]["next_stop"] = after
    if after == NIL:
        instrument["last_stop"] = before
    else:
        core.extras[after]["previous_stop"] = before
    _count(core, instrument, slot, np.int64(-1))


@inner
def cancel_live(core, slot, reason, request_id, operator_reason):
    """Cancel an order that rests or a stop that waits, with its event."""
    order = core.orders[slot]
    if order["flags"] & WAITING == 0:
        cancel_resting(core, slot, reason, request_id, operator_reason)
        return
    instrument = core.instruments[order["instrument"]]
    product = core.products[instrument["product"]]
    price = core.extras[slot]["price"]
    reserve(core, product, instrument, order, -np.int64(order["remaining"]), price)
    emit.cancelled(core, order, reason, price, request_id, operator_reason)
    _unqueue(core, instrument, slot)
    unlist_order(core, slot)


@apart
def judge_trades(core, start, end):
    """Set off the stops that the trades of these events have met: instruments ascending."""
    number = _next_traded(core, start, end, np.int64(0))
    while number != NIL:
        _judge(core, number, start, end, np.int64(0))
        number = _next_traded(core, start, end, number)


@apart
def judge_last_price(core, number):
    """Set off the stops of an instrument that its last price has met while none was judged."""
    instrument = core.instruments[number]
    if instrument["stops"] > 0 and instrument["halted"] == 0:
        zero = np.int64(0)
        _judge(core, number, zero, zero, instrument["last_price"])


@inner
def _is_price(event):
    """Is the event a trade whose price counts: not one of two orders of a combination?"""
    is_trade = event["template_id"] == codes.TRADE
    return is_trade and event["price_source"] != codes.SOURCE_COMBINATION


@inner
def _next_traded(core, start, end, above):
    """The lowest instrument above `above` that has stops and a trade in the events; NIL if none."""
    found = np.int64(NIL)
    position = start
    while position < end:
        event = core.events[position]
        number = np.int64(event["instrument"])
        is_judged = _is_price(event) and core.instruments[number]["stops"] > 0
        if is_judged and number > above and (found == NIL or number < found):
            found = number
        position += (HEADER_BYTES + np.int64(event["block_length"])) >> 3
    return found


@apart
def _judge(core, number, start, end, price):
    """Rounds of stops set off by the trades in the events (first by `price` alone, if not 0)."""
    now = core.now[0]
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    while instrument["stops"] > 0:
        count = _collect(core, instrument, number, start, end, price)
        if count == 0:
            return
        start, price = now["event_position"], np.int64(0)
        for at in range(count):
            _set_off(core, product, instrument, core.scratch[at])
        end = now["event_position"]


@apart
def _collect(core, instrument, number, start, end, price):
    """Take the stops that are met out of the instrument's list into `scratch`; how many."""
    low, high = _range(core, number, start, end, price)
    is_quiet = high < instrument["stop_buy_low"] and low > instrument["stop_sell_high"]
    if low == 0 or (is_quiet and instrument["trailing_stops"] == 0):
        return np.int64(0)
    count = np.int64(0)
    instrument["stop_buy_low"] = PRICE_MAX
    instrument["stop_sell_high"] = 0
    slot = instrument["first_stop"]
    while slot != NIL:
        extra, side = core.extras[slot], np.int64(core.orders[slot]["side"])
        following = np.int64(extra["next_stop"])
        if extra["trail"] != 0:
            is_off = _trail(core, extra, side, number, start, end, price)
        else:
            is_off = risk.is_met(side, extra["stop_price"], high if side == codes.SIDE_BUY else low)
        if is_off:
            _unqueue(core, instrument, slot)
            core.scratch[count] = slot
            count += 1
        else:
            _bound(instrument, side, extra["stop_price"])
        slot = following
    return count


@inner
def _range(core, number, start, end, price):
    """(lowest, highest) trade price of the instrument in the events; (0, 0) without a trade."""
    low, high = price, price
    position = start
    while position < end:
        event = core.events[position]
        if _is_price(event) and np.int64(event["instrument"]) == number:
            low = min(low, event["price"]) if low != 0 else event["price"]
            high = max(high, event["price"])
        position += (HEADER_BYTES + np.int64(event["block_length"])) >> 3
    return low, high


@inner
def _trail(core, extra, side, number, start, end, price):
    """Is a trailing stop met? Price by price: first tested, then it follows."""
    if price != 0:
        return _follow(extra, side, price)
    position = start
    while position < end:
        event = core.events[position]
        if (
            _is_price(event)
            and np.int64(event["instrument"]) == number
            and _follow(extra, side, event["price"])
        ):
            return True
        position += (HEADER_BYTES + np.int64(event["block_length"])) >> 3
    return False


@inner
def _follow(extra, side, price):
    if risk.is_met(side, extra["stop_price"], price):
        return True
    if side == codes.SIDE_BUY:
        extra["stop_price"] = min(extra["stop_price"], price + extra["trail"])
    else:
        extra["stop_price"] = max(extra["stop_price"], price - extra["trail"])
    return False


@apart
def _set_off(core, product, instrument, slot):
    """Let a stop enter as the order it describes."""
    order, extra = core.orders[slot], core.extras[slot]
    order["flags"] = np.int64(order["flags"]) & ~np.int64(WAITING)
    instrument["live_orders"] += 1
    emit.stop_triggered(core, slot)
    side, kind, price = np.int64(order["side"]), np.int64(extra["kind"]), extra["price"]
    sent = extra["sent_price"]
    if sent != 0 and risk.check_band(product, instrument, side, sent) != 0:
        cancel_incoming(core, product, instrument, slot, codes.CANCEL_OUTSIDE_BAND, price)
        return
    time_in_force, minimum = np.int64(extra["time_in_force"]), np.int64(extra["minimum"])
    own_price = freeze_price(instrument, side, sent)  # the limits may have moved since it froze
    reach = reach_of(product, instrument, side, kind, sent, own_price)
    terms = (kind, time_in_force, minimum, price, own_price, reach)
    enter_book(core, product, instrument, slot, terms)
    emit.positions_changed(core)
