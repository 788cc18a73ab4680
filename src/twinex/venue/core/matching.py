"""Continuous matching (`spec/matching.md`): what a fill does, and the sweep of an order."""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.core import emit
from twinex.venue.core.accounts import fill_position, touch, uses_credit
from twinex.venue.core.book import best_rank, give_slot, price_of, shrink, sweep_with, take_slot
from twinex.venue.core.limits import NIL, VALUE_MAX
from twinex.venue.wire import codes


@inner
def new_order(core, order_id):
    """A free slot, noted under `order_id`."""
    now = core.now[0]
    slot = take_slot(core)
    core.orders[slot]["order_id"] = order_id
    entry = core.slots[now["sequence"] - now["first_sequence"]]
    entry["slot"] = slot
    entry["member"] = now["member"]
    return slot


@inner
def free_order(core, slot):
    """Give an order that is in no queue and no member's list back."""
    core.orders[slot]["live"] = 0
    give_slot(core, slot)


@inner
def enlist(core, instrument, slot):
    """Count a resting order as live, at the end of its member's list."""
    order = core.orders[slot]
    member = core.members[core.accounts[order["account"]]["member"]]
    order["member_previous"] = member["last_order"]
    order["member_next"] = NIL
    if member["last_order"] == NIL:
        member["first_order"] = slot
    else:
        core.orders[member["last_order"]]["member_next"] = slot
    member["last_order"] = slot
    instrument["live_orders"] += 1
    core.now[0]["live_orders"] += 1


@inner
def delist(core, instrument, slot):
    """Take an order out of its member's list and free it."""
    order = core.orders[slot]
    member = core.members[core.accounts[order["account"]]["member"]]
    before = np.int64(order["member_previous"])
    after = np.int64(order["member_next"])
    if before == NIL:
        member["first_order"] = after
    else:
        core.orders[before]["member_next"] = after
    if after == NIL:
        member["last_order"] = before
    else:
        core.orders[after]["member_previous"] = before
    instrument["live_orders"] -= 1
    core.now[0]["live_orders"] -= 1
    free_order(core, slot)


@inner
def trade_price(instrument, rule, resting_side, buy_price, sell_price):
    """Price and its source of one fill (`spec/matching.md`, rulebook 2.3)."""
    if rule == codes.PRICE_RULE_RESTING:
        if resting_side == codes.SIDE_BUY:
            return buy_price, np.int64(codes.SOURCE_BUY)
        return sell_price, np.int64(codes.SOURCE_SELL)
    last = instrument["last_price"]
    if last <= sell_price:
        return sell_price, np.int64(codes.SOURCE_SELL)
    if last >= buy_price:
        return buy_price, np.int64(codes.SOURCE_BUY)
    return last, np.int64(codes.SOURCE_LAST)


@inlined
def settle(core, product, instrument, order, quantity, price, frozen_price):
    """What a fill does to one order: its remaining lots, position and credit."""
    order["remaining"] -= quantity
    assert order["remaining"] >= 0
    offset = np.int64(order["offset"])
    side = np.int64(order["side"])
    row = np.int64(order["position"])
    if row != NIL:
        fill_position(core.positions[row], product["offset_rule"], side, offset, quantity)
        touch(core, row)
    if uses_credit(product, offset):
        member = core.members[core.accounts[order["account"]]["member"]]
        more = (price - frozen_price) * instrument["multiplier"] * quantity
        member["used"] = min(member["used"] + more, VALUE_MAX)


@inlined
def count_trade(core, product, instrument, buy, sell, quantity, price):
    """Trade number, volume, open interest and last price; returns the trade id."""
    now = core.now[0]
    now["last_trade_id"] += 1
    now["volume"] += quantity
    instrument["last_price"] = price
    if product["offset_rule"] != codes.OFFSET_RULE_NONE:
        buyer_opens = buy["offset"] == codes.OFFSET_OPEN
        seller_opens = sell["offset"] == codes.OFFSET_OPEN
        if buyer_opens and seller_opens:
            instrument["open_interest"] += quantity
        elif not buyer_opens and not seller_opens:
            instrument["open_interest"] -= quantity
    return now["last_trade_id"]


@inlined
def _fill(core, product, instrument, slot, resting, quantity, price, source, frozen_price):
    """One fill of the incoming order `slot` against `resting`, with its three events."""
    order = core.orders[slot]
    other = core.orders[resting]
    side = np.int64(order["side"])
    resting_price = price_of(instrument, 1 - side, np.int64(other["rank"]))
    settle(core, product, instrument, order, quantity, price, frozen_price)
    settle(core, product, instrument, other, quantity, price, resting_price)
    buy = order if side == codes.SIDE_BUY else other
    sell = other if side == codes.SIDE_BUY else order
    trade_id = count_trade(core, product, instrument, buy, sell, quantity, price)
    emit.filled(core, order, codes.ROLE_INCOMING, quantity, price, source, trade_id)
    emit.filled(core, other, codes.ROLE_RESTING, quantity, price, source, trade_id)
    emit.trade(core, instrument, buy, sell, side, quantity, price, source, trade_id)


@inlined
def _meet(core, product, instrument, slot, resting, level, level_price, terms):
    """Trade `slot` with `resting`, the first order of a level; never ends the sweep."""
    rule, own_price, frozen_price = terms
    order, other = core.orders[slot], core.orders[resting]
    side = np.int64(order["side"])
    buy_price = own_price if side == codes.SIDE_BUY else level_price
    sell_price = level_price if side == codes.SIDE_BUY else own_price
    quantity = min(np.int64(order["remaining"]), np.int64(other["remaining"]))
    price, source = trade_price(instrument, rule, 1 - side, buy_price, sell_price)
    _fill(core, product, instrument, slot, resting, quantity, price, source, frozen_price)
    if shrink(core, instrument, level, resting, quantity):
        delist(core, instrument, resting)
    return False


_sweep = sweep_with(_meet)


@inlined
def sweep(core, product, instrument, slot, rule, own_price, limit_rank, levels_max, frozen_price):
    """Trade `slot` with opposite levels up to `limit_rank`, at most `levels_max` of them.

    `own_price` is what the order offers under the middle rule. Returns lots filled.
    """
    started = np.int64(core.orders[slot]["remaining"])
    terms = (rule, own_price, frozen_price)
    _sweep(core, product, instrument, slot, limit_rank, levels_max, terms)
    return started - np.int64(core.orders[slot]["remaining"])


@inner
def resting_price_of_market(core, instrument, side):
    """Where a market kind's remainder rests: the last price, or one tick short of crossing."""
    price = instrument["last_price"]
    other = best_rank(instrument, 1 - side)
    if other >= instrument["ranks"]:
        return price
    best = price_of(instrument, 1 - side, other)
    if side == codes.SIDE_BUY:
        return min(price, best - instrument["tick"])
    return max(price, best + instrument["tick"])


@inner
def check_uncrossed(instrument):
    """The book never crosses: the best buy stands below the best sell."""
    return instrument["best_buy"] + instrument["best_sell"] >= instrument["ranks"]
