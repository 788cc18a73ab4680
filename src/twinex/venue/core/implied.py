"""Matching of combinations: with their own book and with the books of their legs.

Spec: `spec/combinations.md`.
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import emit, stops
from twinex.venue.core.accounts import settle
from twinex.venue.core.book import best_rank, level_index, price_of, rank_of, shrink
from twinex.venue.core.legs import settle_both
from twinex.venue.core.limits import NIL, STEPS_MAX
from twinex.venue.core.matching import (
    count_trade,
    delist,
    is_own_group,
    melt,
    prevent,
    self_trade_mode,
    trade_price,
)
from twinex.venue.core.state import ICEBERG
from twinex.venue.wire import codes


@inner
def _head(core, instrument, side):
    """First order of the best level of `side`; NIL if there is none."""
    rank = best_rank(instrument, side)
    if rank >= instrument["ranks"]:
        return np.int64(NIL)
    return np.int64(core.levels[level_index(instrument, side, rank)]["head"])


@inner
def _price_at(core, instrument, slot):
    """Price of a resting order."""
    order = core.orders[slot]
    return price_of(instrument, np.int64(order["side"]), np.int64(order["rank"]))


@inner
def _heads(core, instrument, order):
    """The resting orders that `order` would trade with in leg 1 and leg 2; NIL twice if none."""
    one, two = core.instruments[instrument["leg_1"]], core.instruments[instrument["leg_2"]]
    side, none = np.int64(order["side"]), np.int64(NIL)
    first, second = _head(core, one, 1 - side), _head(core, two, side)
    if first == NIL or second == NIL:
        return none, none
    if _is_shut(core, one, order, first) or _is_shut(core, two, order, second):
        return none, none
    return first, second


@inner
def _is_shut(core, leg, order, head):
    """Does self-trade prevention keep `order` from the first order of a leg?"""
    product, account = core.products[leg["product"]], np.int64(order["account"])
    if self_trade_mode(core, product, account) == codes.SELF_TRADE_ALLOW:
        return False
    return is_own_group(core, order, core.orders[head])


@inner
def _implied_price(core, instrument, first, second):
    """What the legs' orders offer together."""
    one, two = core.instruments[instrument["leg_1"]], core.instruments[instrument["leg_2"]]
    return _price_at(core, one, first) - _price_at(core, two, second)


@inner
def _is_at_least(side, price, other):
    """Is `price`, for an order of `side`, as good as `other` or better?"""
    return price <= other if side == codes.SIDE_BUY else price >= other


@apart
def match_incoming(core, product, instrument, slot, price):
    """Trade an incoming order at `price` or better; does self-trade prevention cancel the rest?."""
    order = core.orders[slot]
    side = np.int64(order["side"])
    limit_rank = rank_of(instrument, 1 - side, price)
    while order["remaining"] > 0:
        rank = best_rank(instrument, 1 - side)
        is_own = rank <= limit_rank and rank < instrument["ranks"]
        own_price = price_of(instrument, 1 - side, rank)
        first, second = _heads(core, instrument, order)
        is_implied = False
        if first != NIL:
            implied = _implied_price(core, instrument, first, second)
            is_implied = _is_at_least(side, implied, price) and not (
                is_own and _is_at_least(side, own_price, implied)
            )
        if is_implied:
            _trade_with_legs(core, instrument, slot, first, second)
        elif not is_own:
            return False
        elif _meet_own(core, product, instrument, slot, price):
            return True
    return False


@inner
def _meet_own(core, product, instrument, slot, price):
    """Trade with the first order of the own book; does self-trade prevention end it?"""
    order = core.orders[slot]
    side = np.int64(order["side"])
    resting = _head(core, instrument, 1 - side)
    other = core.orders[resting]
    mode = self_trade_mode(core, product, np.int64(order["account"]))
    if mode != codes.SELF_TRADE_ALLOW and is_own_group(core, order, other):
        return prevent(core, product, instrument, slot, resting, mode, price)
    level_price = _price_at(core, instrument, resting)
    buy_price = price if side == codes.SIDE_BUY else level_price
    sell_price = level_price if side == codes.SIDE_BUY else price
    rule = product["price_rule"]
    price, source = trade_price(instrument, rule, 1 - side, buy_price, sell_price)
    _trade_own(core, instrument, slot, resting, price, source)
    return False


@inner
def _trade_own(core, instrument, slot, resting, price, source):
    """One step of two orders of a combination: both legs trade between them."""
    order, other = core.orders[slot], core.orders[resting]
    one, two = core.instruments[instrument["leg_1"]], core.instruments[instrument["leg_2"]]
    side, quantity = (
        np.int64(order["side"]),
        min(np.int64(order["remaining"]), np.int64(other["remaining"])),
    )
    price_2 = _second_price(one, two, price)
    price_1 = price + price_2
    settle_both(core, order, quantity, price_1, price_2)
    settle_both(core, other, quantity, price_1, price_2)
    instrument["last_price"] = price
    trade_id = core.now[0]["last_trade_id"] + 1
    emit.filled(core, order, codes.ROLE_INCOMING, quantity, price, source, trade_id)
    emit.filled(core, other, codes.ROLE_RESTING, quantity, price, source, trade_id)
    buy = order if side == codes.SIDE_BUY else other
    sell = other if side == codes.SIDE_BUY else order
    _trade_derived(core, instrument["leg_1"], buy, sell, side, quantity, price_1)
    _trade_derived(core, instrument["leg_2"], sell, buy, 1 - side, quantity, price_2)
    level = core.levels[level_index(instrument, 1 - side, np.int64(other["rank"]))]
    if shrink(core, instrument, level, resting, quantity):
        delist(core, instrument, resting)


@inner
def _second_price(one, two, price):
    """Leg 2 trades at its last price, moved as little as the limits of both legs ask for."""
    lowest = max(two["lower"], one["lower"] - price)
    highest = min(two["upper"], one["upper"] - price)
    return min(max(two["last_price"], lowest), highest)


@inner
def _trade_derived(core, number, buy, sell, side, quantity, price):
    """Trade of a leg between two orders of a combination: the leg's last price stays."""
    leg = core.instruments[number]
    product, last_price = core.products[leg["product"]], leg["last_price"]
    trade_id = count_trade(core, product, leg, number, buy, sell, quantity, price)
    leg["last_price"] = last_price
    source = codes.SOURCE_COMBINATION
    emit.trade(core, leg, number, buy, sell, side, quantity, price, source, trade_id)


@inner
def _shown(core, slot):
    """Lots of a resting order that can trade now."""
    order = core.orders[slot]
    if order["flags"] & ICEBERG != 0:
        return np.int64(core.extras[slot]["shown"])
    return np.int64(order["remaining"])


@inner
def _trade_with_legs(core, instrument, slot, first, second):
    """One step of a combination's order with a resting order in each leg."""
    order, side = core.orders[slot], np.int64(core.orders[slot]["side"])
    one, two = core.instruments[instrument["leg_1"]], core.instruments[instrument["leg_2"]]
    price_1, price_2 = _price_at(core, one, first), _price_at(core, two, second)
    quantity = min(_shown(core, first), _shown(core, second))
    quantity = min(quantity, np.int64(order["remaining"]))
    settle_both(core, order, quantity, price_1, price_2)
    price, trade_id = price_1 - price_2, core.now[0]["last_trade_id"] + 1
    instrument["last_price"] = price
    source = codes.SOURCE_COMBINATION
    emit.filled(core, order, codes.ROLE_INCOMING, quantity, price, source, trade_id)
    _fill_leg(core, instrument["leg_1"], order, first, side, quantity, price_1)
    _fill_leg(core, instrument["leg_2"], order, second, 1 - side, quantity, price_2)


@inner
def _fill_leg(core, number, order, resting, side, quantity, price):
    """The resting order of leg `number` fills against `order`, which has `side` there."""
    leg, other = core.instruments[number], core.orders[resting]
    product = core.products[leg["product"]]
    settle(core, product, leg, other, quantity, price, price)
    buy = order if side == codes.SIDE_BUY else other
    sell = other if side == codes.SIDE_BUY else order
    trade_id = count_trade(core, product, leg, number, buy, sell, quantity, price)
    source = codes.SOURCE_SELL if side == codes.SIDE_BUY else codes.SOURCE_BUY
    emit.filled(core, other, codes.ROLE_RESTING, quantity, price, source, trade_id)
    emit.trade(core, leg, number, buy, sell, side, quantity, price, source, trade_id)
    level = core.levels[level_index(leg, 1 - side, np.int64(other["rank"]))]
    if shrink(core, leg, level, resting, quantity):
        delist(core, leg, resting)
    elif other["flags"] & ICEBERG != 0:
        melt(core, product, leg, resting, quantity)


@inner
def is_open(core, instrument):
    """May orders of the combination trade: continuous trading in both legs, nothing halted?"""
    one, two = core.instruments[instrument["leg_1"]], core.instruments[instrument["leg_2"]]
    return (
        core.products[one["product"]]["phase"] == codes.PHASE_CONTINUOUS
        and core.products[two["product"]]["phase"] == codes.PHASE_CONTINUOUS
        and instrument["halted"] == 0
        and one["halted"] == 0
        and two["halted"] == 0
    )


@apart
def judge(core, judges_stops):
    """Behind a command: what rests trades where legs are within reach; then the command's stops."""
    now, left = core.now[0], np.int64(STEPS_MAX)
    start = now["event_start"] if judges_stops else now["event_position"]
    while True:
        left = _judge_resting(core, left)
        if now["stops"] == 0:
            return
        before = now["event_position"]
        stops.judge_trades(core, start, before)
        start = now["event_position"]
        if start == before:
            return


@inner
def _judge_resting(core, left):
    """Combinations in ascending number, over and over, at most `left` steps; how many are left."""
    before = left + 1
    while left > 0 and left < before:
        before = left
        for at in range(core.now[0]["combination_count"]):
            instrument = core.instruments[core.combinations[at]]
            if instrument["live_orders"] > 0 and is_open(core, instrument):
                left = _judge_side(core, instrument, np.int64(codes.SIDE_BUY), left)
                left = _judge_side(core, instrument, np.int64(codes.SIDE_SELL), left)
    emit.positions_changed(core)
    return left


@inner
def _judge_side(core, instrument, side, left):
    """Trade the best resting order of `side` with the legs while they reach it."""
    while left > 0:
        slot = _head(core, instrument, side)
        if slot == NIL:
            break
        first, second = _heads(core, instrument, core.orders[slot])
        if first == NIL:
            break
        implied = _implied_price(core, instrument, first, second)
        if not _is_at_least(side, implied, _price_at(core, instrument, slot)):
            break
        level = core.levels[level_index(instrument, side, np.int64(core.orders[slot]["rank"]))]
        was_remaining = np.int64(core.orders[slot]["remaining"])
        _trade_with_legs(core, instrument, slot, first, second)
        quantity = was_remaining - np.int64(core.orders[slot]["remaining"])
        if shrink(core, instrument, level, slot, quantity):
            delist(core, instrument, slot)
        left -= 1
    return left
