"""Stops (spec/orders.md, Stops): they wait out of the book until a trade price meets them."""

from __future__ import annotations

from itertools import groupby

from twinex.mirror import checks, codes
from twinex.mirror.codes import Cancelled, Refused
from twinex.mirror.entry import accept, describe, find, judge_holdings
from twinex.mirror.events import STOP_ACCEPTED, STOP_TRIGGERED, named
from twinex.mirror.market import BY_ID, Instrument, Market, Member, Stop
from twinex.mirror.matching import drop, place, show_rows
from twinex.mirror.messages import BLOCK, STOP_ENTER


def enter_stop(market: Market, record: bytes, member: Member, seat: int) -> int:
    """stop_enter."""
    client_id, instrument, account, *fields = STOP_ENTER.unpack_from(record, BLOCK)
    stop = Stop()
    describe(stop, market.sequence << 10, client_id, seat, fields[:-2])
    stop.member = member
    stop.stop_price, stop.trail = fields[-2:]
    reason = checks.in_enums(stop) or find(market, stop, account, instrument) or judge(market, stop)
    if reason:
        return market.refuse(5, seat, reason, member.number, client_id, instrument, account)
    accept(market, stop)
    wait(market, stop)
    return 0


def judge(market: Market, stop: Stop) -> int:
    """[13 to 30] as risk.md has them of a stop. A trailing one is given its stop price."""
    product = stop.instrument.product
    return (
        checks.permission(stop.account, product, stop.offset)
        or checks.kind(stop, product)
        or allowed(stop)
        or checks.terms(stop, product, market.trading_day)
        or checks.phase(stop.instrument)
        or checks.price(stop)
        or distance(stop)
        or start(stop)
        or reach(stop)
        or not_met(stop)
        or checks.quantity(stop, product)
        or judge_holdings(market, stop)
    )


def allowed(stop: Stop) -> int:
    """The product has such stops; a combination has none."""
    needed = 2 if stop.trail > 0 else 1
    if stop.instrument.product.stops_allowed < needed or stop.instrument.leg_1 is not None:
        return Refused.STOP_UNSUPPORTED
    return 0


def distance(stop: Stop) -> int:
    """[24b] The trail is in its bounds, on the tick."""
    inside = 0 <= stop.trail < checks.PRICE_MAX
    on_tick = stop.trail % stop.instrument.product.tick == 0
    return 0 if inside and on_tick else Refused.STOP_PRICE_INVALID


def start(stop: Stop) -> int:
    """[24b] A stop has a trail or a stop price; with a trail it is given where that starts."""
    if stop.trail == 0:
        return 0
    if stop.stop_price:
        return Refused.STOP_PRICE_INVALID
    last = stop.instrument.last_price
    stop.stop_price = last + stop.trail if stop.side == codes.BUY else last - stop.trail
    return 0


def reach(stop: Stop) -> int:
    """[24b] The stop price is on the tick, inside the limits."""
    instrument = stop.instrument
    price = stop.stop_price
    inside = instrument.lower_limit <= price <= instrument.upper_limit
    return 0 if inside and price % instrument.product.tick == 0 else Refused.STOP_PRICE_INVALID


def not_met(stop: Stop) -> int:
    """[24c] The last price does not meet it already."""
    if stop.trail:
        return 0
    last = stop.instrument.last_price
    met = last >= stop.stop_price if stop.side == codes.BUY else last <= stop.stop_price
    return Refused.STOP_PRICE_MET if met else 0


def wait(market: Market, stop: Stop) -> None:
    """Let an accepted stop wait."""
    stop.member.orders[stop.order_id] = stop
    stop.instrument.stops[stop.order_id] = stop
    stop.instrument.waiting[stop.side].add(stop)
    market.events.say(
        STOP_ACCEPTED, *named(stop), stop.kind, stop.time_in_force, stop.offset, stop.hedge,
        stop.quantity, stop.price, stop.display_quantity, stop.good_till_day, stop.stop_price,
        stop.trail,
    )  # fmt: skip


def judge_traded(market: Market) -> bool:
    """Judge the stops of every instrument with trade prices they have not seen, in ascending
    number, each through all its rounds; True if one was set off.

    Prices of an instrument that is halted, or not in continuous trading, count later by cp.
    """
    any_set_off = False
    for number in sorted(market.traded):
        instrument = market.traded.pop(number)
        prices, instrument.traded = instrument.traded, []
        if instrument.product.phase == codes.CONTINUOUS and not instrument.halted:
            any_set_off |= judge_all(market, instrument, prices)
    return any_set_off


def judge_all(market: Market, instrument: Instrument, prices: list[int]) -> bool:
    """Judge the stops of one instrument by these prices, then those that wait still by the trades
    of those set off, until none is; True if one was."""
    any_set_off = False
    while prices:
        due: list[Stop] = []
        for price, _ in groupby(prices):  # the same price again meets nobody
            for side in instrument.waiting:
                due += side.take(price)
        any_set_off |= bool(due)
        for stop in sorted(due, key=BY_ID):
            set_off(market, stop)
        prices, instrument.traded = instrument.traded, []
        market.traded.pop(instrument.number, None)
    return any_set_off


def set_off(market: Market, stop: Stop) -> None:
    """The stop enters as the order it describes; no check is repeated but that of the band."""
    del stop.member.orders[stop.order_id]
    del stop.instrument.stops[stop.order_id]
    market.events.say(STOP_TRIGGERED, *named(stop), stop.remaining, stop.price, stop.stop_price)
    if checks.band(stop):
        drop(market, stop, Cancelled.OUTSIDE_BAND)
    else:
        place(market, stop)
    show_rows(market)
