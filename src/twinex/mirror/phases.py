"""Phases (合约状态), halts, price limits and the end of the day (spec/phases.md)."""

from __future__ import annotations

from twinex.mirror import codes, combinations, events, reference
from twinex.mirror.auction import compute, contracts, crossed, has_orders, match
from twinex.mirror.codes import Cancelled, Refused
from twinex.mirror.market import BY_ID, Instrument, Market, Order, Product
from twinex.mirror.matching import cancel_resting, show_rows
from twinex.mirror.messages import BLOCK, HALT_SET, LIMITS_SET, PHASE_SET, TIMER
from twinex.mirror.stops import judge_all

COLLECTING = (codes.AUCTION_ORDERING, codes.AUCTION_BALANCE, codes.AUCTION_NO_CANCEL)
PHASE_SET_ID, HALT_SET_ID, TIMER_ID = 30, 31, 32


def products_of(market: Market, number: int) -> list[Product]:
    """The product of that number, or for 0 every one, ascending."""
    return [market.products[each] for each in sorted(market.products) if number in (0, each)]


def can_follow(product: Product, phase: int) -> bool:
    if phase == product.phase:
        return True
    if product.phase == codes.CLOSED:
        return phase == codes.PROCESSING
    if product.phase == codes.PROCESSING:
        return False
    return phase != codes.AUCTION_MATCH or product.phase in COLLECTING


def set_phase(market: Market, record: bytes) -> int:
    """phase_set."""
    number, phase = PHASE_SET.unpack_from(record, BLOCK)
    products = products_of(market, number)
    if number and not products:
        return Refused.REFERENCE_UNKNOWN
    if phase > codes.AUCTION_NO_CANCEL:
        return Refused.REFERENCE_INVALID
    if not all(can_follow(product, phase) for product in products):
        return Refused.PHASE_TRANSITION
    for product in products:
        change_phase(market, product, phase)
    if not products:
        market.events.say(events.REFERENCE_CHANGED, number, PHASE_SET_ID)
    return 0


def change_phase(market: Market, product: Product, phase: int) -> None:
    """The event, then what the phase sets off; the same phase again sets nothing off."""
    market.events.say(events.PHASE_CHANGED, product.number, phase)
    before, product.phase = product.phase, phase
    if before == phase:
        return
    instruments = [each for each in contracts(market, product.number) if each.leg_1 is None]
    if phase == codes.AUCTION_MATCH:
        match(market, instruments)
        show_rows(market)
    elif phase == codes.CLOSED or (phase == codes.PROCESSING and before != codes.CLOSED):
        expire(market, product)
    elif phase == codes.CONTINUOUS:
        if any(crossed(each) and not each.halted for each in instruments):
            match(market, instruments)
            show_rows(market)
        judge_by_last(market, instruments)


def judge_by_last(market: Market, instruments: list[Instrument]) -> None:
    """Stops waited while nothing judged them: now cp does, contract by contract."""
    for instrument in instruments:
        if not instrument.halted and instrument.stops:
            judge_all(market, instrument, [instrument.last_price])


def expire(market: Market, product: Product) -> None:
    """Cancel every live order of the product that does not outlive the day."""

    def expires(order: Order) -> bool:
        if order.instrument.product is not product:
            return False
        lasts = order.time_in_force == codes.GTC or (
            order.time_in_force == codes.GTD and order.good_till_day > market.trading_day
        )
        return not lasts or order.offset == codes.CLOSE_TODAY

    for order in sorted(filter(expires, market.live()), key=BY_ID):
        cancel_resting(market, order, Cancelled.EXPIRED)


def set_halt(market: Market, record: bytes) -> int:
    """halt_set."""
    number, product, halted = HALT_SET.unpack_from(record, BLOCK)
    if (number and number not in market.instruments) or (
        product and product not in market.products
    ):
        return Refused.REFERENCE_UNKNOWN
    if halted > 1:
        return Refused.REFERENCE_INVALID
    named = [market.instruments[number]] if number else contracts(market, product or None)
    freed = [each for each in named if each.halted and not halted]
    for instrument in named:
        instrument.halted = halted
        market.events.say(events.HALT_CHANGED, instrument.number, halted)
    if not named:
        market.events.say(events.REFERENCE_CHANGED, product, HALT_SET_ID)
    trading = [
        each for each in freed if each.product.phase == codes.CONTINUOUS and each.leg_1 is None
    ]
    match(market, [each for each in trading if crossed(each)])
    show_rows(market)
    judge_by_last(market, trading)
    return 0


def set_limits(market: Market, record: bytes) -> int:
    """limits_set, and the limits of combinations that move with them."""
    number, lower, upper = LIMITS_SET.unpack_from(record, BLOCK)
    instrument = market.instruments.get(number)
    if instrument is None:
        return Refused.REFERENCE_UNKNOWN
    product = instrument.product
    if product.phase in (codes.AUCTION_MATCH, codes.CLOSED, codes.PROCESSING):
        return Refused.PHASE_TRANSITION
    if instrument.leg_1 is not None or not reference.limits_sound(product, lower, upper):
        return Refused.LIMITS_INVALID
    moved = combinations.moved_limits(market, instrument, lower, upper)
    if not all(combinations.limits_sound(each.product, *limits) for each, *limits in moved):
        return Refused.LIMITS_INVALID
    change_limits(market, instrument, lower, upper)
    for combination, low, high in moved:
        change_limits(market, combination, low, high)
    return 0


def change_limits(market: Market, instrument: Instrument, lower: int, upper: int) -> None:
    """The event, then the orders, and stops, that lie outside the new limits are cancelled."""
    instrument.lower_limit, instrument.upper_limit = lower, upper
    market.events.say(events.LIMITS_CHANGED, instrument.number, lower, upper)
    outside = [
        order for order in (*instrument.sides[0], *instrument.sides[1])
        if not lower <= order.price <= upper
    ]  # fmt: skip
    outside += [
        stop for stop in instrument.stops.values()
        if not (lower <= stop.stop_price <= upper and lower <= stop.frozen_price <= upper)
    ]  # fmt: skip
    for order in sorted(outside, key=BY_ID):
        cancel_resting(market, order, Cancelled.OUTSIDE_LIMITS)


def run_timer(market: Market, record: bytes) -> int:
    """timer: the indication of what a match would give now."""
    number, kind = TIMER.unpack_from(record, BLOCK)
    if number and number not in market.products:
        return Refused.REFERENCE_UNKNOWN
    if kind != 0:
        return Refused.REFERENCE_INVALID
    shown = [
        each for product in products_of(market, number) if product.phase in COLLECTING
        for each in contracts(market, product.number)
        if each.leg_1 is None and has_orders(each) and not each.halted
    ]  # fmt: skip
    for instrument in shown:
        market.events.say(events.AUCTION_INDICATED, instrument.number, *compute(instrument))
    if not shown:
        market.events.say(events.REFERENCE_CHANGED, number, TIMER_ID)
    return 0


def end_day(market: Market, record: bytes) -> int:
    """day_end: products still open are closed, then the day's counts."""
    for product in products_of(market, 0):
        if product.phase not in (codes.CLOSED, codes.PROCESSING):
            change_phase(market, product, codes.CLOSED)
    market.state = 2
    market.events.say(
        events.DAY_ENDED, market.trading_day, market.orders_accepted, len(market.trades),
        market.volume, market.rejects,
    )  # fmt: skip
    return 0
