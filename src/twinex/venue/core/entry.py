"""An order enters the market: matches, and what is left of it rests or is cancelled.

Common to orders as members send them, stops that are set off, legs of quotes and forced closes.
Spec: `spec/orders.md`, `spec/matching.md`.
"""

import numpy as np

from twinex.venue.compiler import apart, inlined, inner
from twinex.venue.core import emit
from twinex.venue.core.accounts import uses_credit
from twinex.venue.core.book import best_rank, fillable, rank_of, rest
from twinex.venue.core.matching import (
    check_uncrossed,
    enlist,
    fillable_by_others,
    leave,
    release,
    resting_price_of_market,
    self_trade_mode,
    sweep,
)
from twinex.venue.wire import codes

EVERY_LEVEL = (1 << 31) - 1


@inlined
def trade(core, product, instrument, slot, terms):
    """Match the order in `slot`; rest or cancel what is left.

    `terms`: kind, time in force, minimum volume; the price at which it is frozen; what it offers
    under the middle rule (the same, unless limits moved while a stop waited); the worst price that
    it may pay (the same, or nearer).
    """
    kind, time_in_force, minimum, price, own_price, reach = terms
    order = core.orders[slot]
    side = np.int64(order["side"])
    before = _filled(order)
    limit_rank = rank_of(instrument, 1 - side, reach)
    rule = product["price_rule"] if kind == codes.KIND_LIMIT else product["market_price_rule"]
    levels_max = np.int64(EVERY_LEVEL)
    if kind == codes.KIND_BEST:
        levels_max = np.int64(1)
    elif kind == codes.KIND_FIVE_LEVELS:
        levels_max = np.int64(5)
    if best_rank(instrument, 1 - side) <= limit_rank:
        short = _short_of_minimum(
            core, product, instrument, order, time_in_force, minimum, limit_rank, levels_max
        )
        if short != 0:
            cancel_incoming(core, product, instrument, slot, short, price)
            return
        if sweep(core, product, instrument, slot, rule, own_price, limit_rank, levels_max, price):
            cancel_incoming(core, product, instrument, slot, codes.CANCEL_SELF_TRADE, price)
            return
        if order["remaining"] == 0:
            leave(core, instrument, slot)
            return
    elif time_in_force == codes.TIME_FOK:
        cancel_incoming(core, product, instrument, slot, codes.CANCEL_FOK_UNFILLED, price)
        return
    elif minimum > 0:
        cancel_incoming(core, product, instrument, slot, codes.CANCEL_MINIMUM_UNFILLED, price)
        return
    _leave_rest(core, product, instrument, slot, kind, time_in_force, price, before)


@inlined
def _short_of_minimum(
    core, product, instrument, order, time_in_force, minimum, limit_rank, levels_max
):
    """Cancel reason if fok or a minimum volume cannot be met at once; 0 if it can."""
    if time_in_force == codes.TIME_FOK:
        wanted = np.int64(order["remaining"])
        reason = codes.CANCEL_FOK_UNFILLED
    else:
        wanted = minimum
        reason = codes.CANCEL_MINIMUM_UNFILLED
    if wanted == 0:
        return 0
    other = 1 - np.int64(order["side"])
    mode = self_trade_mode(core, product, np.int64(order["account"]))
    if mode == codes.SELF_TRADE_ALLOW:
        found = fillable(core, instrument, other, limit_rank, levels_max, wanted)
    else:
        found = fillable_by_others(
            core, product, instrument, other, limit_rank, levels_max, wanted, order, mode
        )
    return reason if found < wanted else 0


@inlined
def _filled(order):
    """Lots that have traded: what prevention takes off an order, its total loses too."""
    return np.int64(order["quantity"]) - np.int64(order["remaining"])


@inlined
def _leave_rest(core, product, instrument, slot, kind, time_in_force, price, before):
    """What is left of an order after its sweep rests or is cancelled (table in orders.md).

    `before`: lots that it had filled before: those of a stop that was carried over night.
    """
    order = core.orders[slot]
    if kind == codes.KIND_LIMIT:
        if is_resting_time(time_in_force):
            rest_at(core, product, instrument, slot, price)
        else:
            cancel_incoming(core, product, instrument, slot, codes.CANCEL_FAK_REMAINDER, price)
    elif not is_resting_time(time_in_force):
        cancel_incoming(core, product, instrument, slot, codes.CANCEL_MARKET_REMAINDER, price)
    elif _filled(order) == before:
        cancel_incoming(core, product, instrument, slot, codes.CANCEL_MARKET_NO_FILL, price)
    else:
        resting = resting_price_of_market(core, instrument, np.int64(order["side"]))
        if uses_credit(product, np.int64(order["offset"])):
            member = core.members[core.accounts[order["account"]]["member"]]
            value = instrument["multiplier"] * np.int64(order["remaining"])
            member["used"] += (resting - price) * value
        rest_at(core, product, instrument, slot, resting)


@inlined
def is_resting_time(time_in_force):
    """Does an order of this time in force rest (day, gtd, gtc)?"""
    return time_in_force != codes.TIME_FAK and time_in_force != codes.TIME_FOK


@inlined
def rest_at(core, product, instrument, slot, price):
    """Queue the order in `slot` at `price`, with its event."""
    side = np.int64(core.orders[slot]["side"])
    rest(core, product, instrument, slot, rank_of(instrument, side, price))
    enlist(core, instrument, slot)
    emit.rested(core, instrument, slot)
    if product["phase"] == codes.PHASE_CONTINUOUS:
        assert check_uncrossed(instrument)


@inner
def cancel_incoming(core, product, instrument, slot, reason, price):
    """Cancel what is left of an order that is in no queue."""
    order = core.orders[slot]
    release(core, product, instrument, order, np.int64(order["remaining"]), price)
    emit.cancelled(core, order, reason, price, np.int64(0), np.int64(0))
    leave(core, instrument, slot)


@apart
def enter_book(core, product, instrument, slot, terms):
    """`trade` in continuous trading; else the order rests where it is frozen."""
    if product["phase"] == codes.PHASE_CONTINUOUS:
        trade(core, product, instrument, slot, terms)
    else:
        rest_at(core, product, instrument, slot, terms[3])


@inlined
def band_limit(product, instrument, side):
    """The worst price inside the dynamic band and the limits (`spec/risk.md` 24a)."""
    limit = instrument["upper"] if side == codes.SIDE_BUY else instrument["lower"]
    if product["band_ticks"] == 0:
        return limit
    width = product["band_ticks"] * instrument["tick"]
    if side == codes.SIDE_BUY:
        return min(limit, instrument["last_price"] + width)
    return max(limit, instrument["last_price"] - width)


@inlined
def reach_of(product, instrument, side, kind, sent_price, price):
    """The worst price an order may pay: inside the band where it names none itself."""
    if kind == codes.KIND_LIMIT or sent_price != 0:
        return price
    worst = band_limit(product, instrument, side)
    return min(price, worst) if side == codes.SIDE_BUY else max(price, worst)
