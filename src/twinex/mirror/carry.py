"""Orders that the exchange enters: order_carry and forced_close (spec/orders.md, operator.md)."""

from __future__ import annotations

from twinex.mirror import checks, codes, stops
from twinex.mirror.codes import Refused
from twinex.mirror.entry import accept, describe, judge_holdings, settle_in
from twinex.mirror.market import MONEY_MAX, Instrument, Market, Order, Stop
from twinex.mirror.matching import rest
from twinex.mirror.messages import BLOCK, FORCED_CLOSE, ORDER_CARRY

FORCED_CLOSE_ID, ORDER_CARRY_ID = 39, 42


def contract(market: Market, number: int) -> Instrument | None:
    """An instrument that is no combination."""
    instrument = market.instruments.get(number)
    return None if instrument is None or instrument.leg_1 is not None else instrument


def refuse(
    market: Market, template: int, reason: int, account: int, instrument: int,
    order: Order | None = None,
) -> int:  # fmt: skip
    """The refusal shows what is defined of the order, and of a carried one whom to tell."""
    owned = market.accounts.get(account)
    client_id, order_id, seat = (
        (order.client_id, order.order_id, order.seat) if order is not None else (0, 0, 0)
    )
    market.refuse(
        template, seat, reason, owned.member.number if owned else 0, client_id,
        instrument if instrument in market.instruments else 0, account if owned else 0, order_id,
    )  # fmt: skip
    return 0


def force_close(market: Market, record: bytes) -> int:
    """forced_close: a limit order, good for the day, that closes for an account."""
    (instrument_number, account_number, price, quantity, side, offset, hedge,
     operator_reason) = FORCED_CLOSE.unpack_from(record, BLOCK)  # fmt: skip
    order = Order()
    fields = (price, quantity, 0, side, codes.LIMIT, codes.DAY, offset, hedge, 0, 0, 0)
    describe(order, market.sequence << 10, 0, 0, fields)
    account = market.accounts.get(account_number)
    instrument = contract(market, instrument_number)
    if not 1 <= operator_reason <= 7 or side > 1 or not 1 <= offset <= 2 or hedge > 3:
        reason = Refused.REFERENCE_INVALID
    elif account is None or instrument is None:
        reason = Refused.REFERENCE_UNKNOWN
    else:
        order.account, order.member, order.instrument = account, account.member, instrument
        reason = judge_forced(market, order)
    if reason:
        return refuse(market, FORCED_CLOSE_ID, reason, account_number, instrument_number)
    accept(market, order)
    market.events.accepted(order, codes.LIMIT, price, operator_reason)
    settle_in(market, order)
    return 0


def judge_forced(market: Market, order: Order) -> int:
    """[16, 18 to 20 and 22 to 28]"""
    product = order.instrument.product
    reason = (
        checks.offset_known(order.offset, product)
        or checks.phase(order.instrument)
        or checks.auction(order)
        or checks.price(order)
        or checks.band(order)
        or checks.quantity(order, product)
    )
    return reason or judge_holdings(market, order)


def carry(market: Market, record: bytes) -> int:
    """order_carry: an order of the day before, with the lots it has left."""
    fields = ORDER_CARRY.unpack_from(record, BLOCK)
    client_id, instrument_number, account_number, *described = fields[:14]
    stop_price, trail, order_id, remaining, seat = fields[14:]
    order = Stop() if stop_price > 0 else Order()
    describe(order, order_id, client_id, seat, described)
    order.remaining = remaining
    account = market.accounts.get(account_number)
    instrument = contract(market, instrument_number)
    sound = (
        order.time_in_force in (codes.GTD, codes.GTC) and 0 < remaining <= order.quantity
        and 0 < order_id < market.first_sequence << 10 and order_id % 1024 == 0
        and stop_price >= 0 and (stop_price > 0 or (order.kind == codes.LIMIT and trail == 0))
    )  # fmt: skip
    if not sound:
        reason = Refused.REFERENCE_INVALID
    elif account is None or instrument is None or market.seats.get(seat) is not account.member:
        reason = Refused.REFERENCE_UNKNOWN
    elif order_id in market.carried:
        reason = Refused.REFERENCE_IN_USE
    elif instrument.upper_limit * instrument.product.multiplier * remaining > MONEY_MAX:
        reason = Refused.REFERENCE_INVALID
    elif instrument.product.phase != codes.BEFORE_TRADING:
        reason = Refused.PHASE_TRANSITION
    else:
        order.account, order.member, order.instrument = account, account.member, instrument
        if isinstance(order, Stop):
            order.stop_price, order.trail = stop_price, trail
        reason = judge_carried(market, order)
    if reason:
        return refuse(market, ORDER_CARRY_ID, reason, account_number, instrument_number, order)
    market.carried[order_id] = order.member.number
    accept(market, order)
    if isinstance(order, Stop):
        stops.wait(market, order)
    else:
        market.events.accepted(order, order.kind, order.price)
        rest(market, order)
    return 0


def judge_carried(market: Market, order: Order) -> int:
    """[9, 11 to 17c, 21 to 24, 24b, 28 to 31 for the lots that remain] as its owner's would be."""
    product = order.instrument.product
    stop = order if isinstance(order, Stop) else None
    reason = (
        checks.in_enums(order)
        or checks.account_active(order.account, order.offset)
        or checks.permission(order.account, product, order.offset)
        or checks.kind(order, product)
        or (stops.allowed(stop) if stop is not None else 0)
        or checks.terms(order, product, market.trading_day)
        or checks.price(order)
        or (stops.distance(stop) or stops.reach(stop) if stop is not None else 0)
    )
    reason = reason or judge_holdings(market, order)
    return reason or (checks.self_trade(order) if stop is None else 0)
