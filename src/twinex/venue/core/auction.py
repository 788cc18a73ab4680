"""Call auctions: the price by three rules, and uncrossing (`spec/auctions.md`)."""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import emit
from twinex.venue.core.accounts import settle
from twinex.venue.core.book import best_rank, level_index, next_level, price_of, rank_of, unlink
from twinex.venue.core.limits import NIL
from twinex.venue.core.matching import count_trade, delist
from twinex.venue.core.state import ICEBERG
from twinex.venue.wire import codes


@inner
def is_collecting(phase):
    """Phases in which orders collect for an auction."""
    return (
        phase == codes.PHASE_AUCTION_ORDERING
        or phase == codes.PHASE_AUCTION_BALANCE
        or phase == codes.PHASE_AUCTION_NO_CANCEL
    )


@inner
def is_crossed(instrument):
    """Is there a bid at or above an ask?"""
    return instrument["best_buy"] + instrument["best_sell"] < instrument["ranks"]


@inner
def volume_at(core, instrument, side, price):
    """Lots of `side` at exactly `price`."""
    return core.levels[level_index(instrument, side, rank_of(instrument, side, price))]["volume"]


@inner
def _volume_to(core, instrument, side, price):
    """Lots of `side` at `price` or better."""
    last = rank_of(instrument, side, price)
    rank = best_rank(instrument, side)
    volume = np.int64(0)
    while rank <= last and rank < instrument["ranks"]:
        volume += core.levels[level_index(instrument, side, rank)]["volume"]
        rank = next_level(core, instrument, side, rank + 1)
    return volume


@apart
def auction_price(core, product, instrument):
    """(price, volume, surplus) of an auction held now; price 0 if nothing crosses."""
    zero = np.int64(0)
    if not is_crossed(instrument):
        return zero, zero, zero
    if product["auction_rule"] == codes.AUCTION_RULE_PAIRING:
        price = _pairing_price(core, instrument)
    elif product["auction_rule"] == codes.AUCTION_RULE_BETTER_PRICED_FILL:
        price = _better_priced_fill_price(core, instrument)
    else:
        price = _nearest_settlement_price(core, instrument)
    demand = _volume_to(core, instrument, codes.SIDE_BUY, price)
    supply = _volume_to(core, instrument, codes.SIDE_SELL, price)
    return price, min(demand, supply), demand - supply


@inner
def _nearest_settlement_price(core, instrument):
    """Rule A: largest volume, smallest surplus, nearest to the previous settlement, the higher."""
    price = price_of(instrument, codes.SIDE_SELL, instrument["best_sell"])
    last = price_of(instrument, codes.SIDE_BUY, instrument["best_buy"])
    demand = _volume_to(core, instrument, codes.SIDE_BUY, price)
    supply = volume_at(core, instrument, codes.SIDE_SELL, price)
    best = price
    best_volume, best_surplus, best_distance = np.int64(-1), np.int64(0), np.int64(0)
    while price <= last:
        volume = min(demand, supply)
        surplus = abs(demand - supply)
        distance = abs(price - instrument["previous_settlement"])
        if volume > best_volume or (
            volume == best_volume
            and (surplus < best_surplus or (surplus == best_surplus and distance <= best_distance))
        ):
            best, best_volume, best_surplus, best_distance = price, volume, surplus, distance
        demand -= volume_at(core, instrument, codes.SIDE_BUY, price)
        price += instrument["tick"]
        if price <= last:
            supply += volume_at(core, instrument, codes.SIDE_SELL, price)
    return best


@inner
def _better_priced_fill_price(core, instrument):
    """Rule C: entered prices; better-priced orders fill whole; least surplus; the middle."""
    price = price_of(instrument, codes.SIDE_SELL, instrument["best_sell"])
    last = price_of(instrument, codes.SIDE_BUY, instrument["best_buy"])
    demand = _volume_to(core, instrument, codes.SIDE_BUY, price)
    below = np.int64(0)
    lowest, highest = price, price
    best_volume, best_surplus = np.int64(-1), np.int64(0)
    while price <= last:
        bids = volume_at(core, instrument, codes.SIDE_BUY, price)
        asks = volume_at(core, instrument, codes.SIDE_SELL, price)
        supply = below + asks
        volume = min(demand, supply)
        surplus = abs(demand - supply)
        if (bids > 0 or asks > 0) and demand - bids <= volume and below <= volume:
            if volume > best_volume or (volume == best_volume and surplus < best_surplus):
                lowest, highest = price, price
                best_volume, best_surplus = volume, surplus
            elif volume == best_volume and surplus == best_surplus:
                highest = price
        demand -= bids
        below = supply
        price += instrument["tick"]
    tick = instrument["tick"]
    return (lowest + highest) // 2 // tick * tick


@inner
def _head(core, instrument, side, rank):
    """The first order of a level; NIL behind the last level."""
    if rank >= instrument["ranks"]:
        return np.int64(NIL)
    return np.int64(core.levels[level_index(instrument, side, rank)]["head"])


@inner
def _after(core, instrument, side, slot):
    """The order behind `slot` in price-time order of its side; NIL behind the last."""
    following = np.int64(core.orders[slot]["next"])
    if following != NIL:
        return following
    rank = next_level(core, instrument, side, np.int64(core.orders[slot]["rank"]) + 1)
    return _head(core, instrument, side, rank)


@inner
def _pairing_price(core, instrument):
    """Rule B: pair best with best; the last pair's average, or the price of its unfilled order."""
    buy_side, sell_side = np.int64(codes.SIDE_BUY), np.int64(codes.SIDE_SELL)
    buy = _head(core, instrument, buy_side, instrument["best_buy"])
    sell = _head(core, instrument, sell_side, instrument["best_sell"])
    buy_left = np.int64(core.orders[buy]["remaining"])
    sell_left = np.int64(core.orders[sell]["remaining"])
    price = np.int64(0)
    tick = instrument["tick"]
    while buy != NIL and sell != NIL:
        bid = price_of(instrument, buy_side, np.int64(core.orders[buy]["rank"]))
        ask = price_of(instrument, sell_side, np.int64(core.orders[sell]["rank"]))
        if bid < ask:
            break
        paired = min(buy_left, sell_left)
        buy_left -= paired
        sell_left -= paired
        if buy_left == 0 and sell_left == 0:
            price = (bid + ask) // 2 // tick * tick
        else:
            price = bid if buy_left > 0 else ask
        if buy_left == 0:
            buy = _after(core, instrument, buy_side, buy)
            buy_left = np.int64(core.orders[buy]["remaining"])
        if sell_left == 0:
            sell = _after(core, instrument, sell_side, sell)
            sell_left = np.int64(core.orders[sell]["remaining"])
    return price


@apart
def uncross(core, product, instrument, number):
    """Hold the auction of one instrument: fills head to head at one price, then its result."""
    price, volume, surplus = auction_price(core, product, instrument)
    left = volume
    while left > 0:
        buy = _head(core, instrument, np.int64(codes.SIDE_BUY), instrument["best_buy"])
        sell = _head(core, instrument, np.int64(codes.SIDE_SELL), instrument["best_sell"])
        quantity = min(
            left,
            min(np.int64(core.orders[buy]["remaining"]), np.int64(core.orders[sell]["remaining"])),
        )
        _auction_fill(core, product, instrument, buy, sell, quantity, price)
        left -= quantity
    assert not is_crossed(instrument)
    emit.auction(core, codes.AUCTION_MATCHED, number, price, volume, surplus)


@inner
def _auction_fill(core, product, instrument, buy_slot, sell_slot, quantity, price):
    buy = core.orders[buy_slot]
    sell = core.orders[sell_slot]
    _take(core, product, instrument, buy_slot, quantity, price)
    _take(core, product, instrument, sell_slot, quantity, price)
    number = np.int64(buy["instrument"])
    trade_id = count_trade(core, product, instrument, number, buy, sell, quantity, price)
    source = codes.SOURCE_AUCTION
    emit.filled(core, buy, codes.ROLE_AUCTION, quantity, price, source, trade_id)
    emit.filled(core, sell, codes.ROLE_AUCTION, quantity, price, source, trade_id)
    side = codes.SIDE_NONE
    emit.trade(core, instrument, number, buy, sell, side, quantity, price, source, trade_id)
    _leave_if_filled(core, instrument, buy_slot)
    _leave_if_filled(core, instrument, sell_slot)


@inner
def _take(core, product, instrument, slot, quantity, price):
    order = core.orders[slot]
    side = np.int64(order["side"])
    rank = np.int64(order["rank"])
    own_price = price_of(instrument, side, rank)
    settle(core, product, instrument, order, quantity, price, own_price)
    core.levels[level_index(instrument, side, rank)]["volume"] -= quantity
    if order["flags"] & ICEBERG != 0:
        extra = core.extras[slot]
        extra["shown"] = min(np.int64(extra["display"]), np.int64(order["remaining"]))


@inner
def _leave_if_filled(core, instrument, slot):
    if core.orders[slot]["remaining"] == 0:
        unlink(core, instrument, slot)
        delist(core, instrument, slot)


@inner
def _is_held(instrument, product):
    """Does the instrument have auctions now: one of `product`, not halted, no combination?"""
    is_meant = instrument["product"] == product and instrument["leg_1"] == NIL
    return is_meant and instrument["halted"] == 0


@apart
def match_product(core, product, number):
    """Hold the auctions of product `number`: instruments ascending, then the positions."""
    for at in range(1, core.now[0]["instrument_high"] + 1):
        instrument = core.instruments[at]
        if not _is_held(instrument, number):
            continue
        if instrument["live_orders"] > 0:
            uncross(core, product, instrument, at)
    emit.positions_changed(core)


@apart
def indicate_product(core, product, number):
    """Indicative prices of product `number`'s instruments that hold orders."""
    if not is_collecting(product["phase"]):
        return
    for at in range(1, core.now[0]["instrument_high"] + 1):
        instrument = core.instruments[at]
        if not _is_held(instrument, number):
            continue
        if instrument["live_orders"] > 0:
            price, volume, surplus = auction_price(core, product, instrument)
            emit.auction(core, codes.AUCTION_INDICATED, at, price, volume, surplus)


@apart
def is_product_crossed(core, number):
    """Does any instrument of product `number` that is not halted hold a crossed book?"""
    for at in range(1, core.now[0]["instrument_high"] + 1):
        instrument = core.instruments[at]
        if _is_held(instrument, number) and is_crossed(instrument):
            return True
    return False
