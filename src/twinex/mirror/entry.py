"""Orders on behalf of members: order_enter, and what all entries share.

A handler of a member's command takes (market, record, member, seat), says what comes of it, and
answers the reject reason, 0 where it was done.
"""

from __future__ import annotations

from collections.abc import Sequence

from twinex.mirror import checks, codes, combinations
from twinex.mirror.codes import Refused
from twinex.mirror.market import Market, Member, Order
from twinex.mirror.matching import place, rest
from twinex.mirror.messages import BLOCK, ORDER_ENTER


def describe(order: Order, order_id: int, client_id: int, seat: int, fields: Sequence[int]) -> None:
    """Its ids, and what an order says of itself, from price to good_till_day as messages.xml has
    it."""
    order.order_id, order.client_id, order.seat = order_id, client_id, seat
    (order.price, order.quantity, order.minimum_quantity, order.side, order.kind,
     order.time_in_force, order.offset, order.hedge, order.post_only, order.display_quantity,
     order.good_till_day) = fields  # fmt: skip
    order.remaining = order.quantity
    order.shown = 0


def find(market: Market, order: Order, account: int, instrument: int) -> int:
    """[10 to 12 of risk.md] The order's account, which is its member's, and its instrument."""
    owned = market.accounts.get(account)
    if owned is None or owned.member is not order.member:
        return Refused.ACCOUNT_UNKNOWN
    order.account = owned
    reason = checks.account_active(owned, order.offset)
    if reason:
        return reason
    found = market.instruments.get(instrument)
    if found is None:
        return Refused.INSTRUMENT_UNKNOWN
    order.instrument = found
    return 0


def judge_holdings(market: Market, order: Order) -> int:
    """[28 to 30] The order is given its position row, none where the product keeps none, and the
    price at which its lots count (orders.md, Fields)."""
    instrument = order.instrument
    order.frozen_price = order.price
    if order.kind != codes.LIMIT and order.price == 0:
        buy = order.side == codes.BUY
        order.frozen_price = instrument.upper_limit if buy else instrument.lower_limit
    order.row = None
    if instrument.product.offset_rule:
        order.row = market.row_of(order.account, instrument, order.hedge)
    return checks.holdings(order)


def accept(market: Market, order: Order) -> None:
    """Count an order that passed all checks: its row is met today, its lots are frozen."""
    if order.row is not None:
        market.keep_row(order.row)
        order.row.ordered = 1
    order.freeze(order.remaining)
    market.orders_accepted += 1


def enter(market: Market, record: bytes, member: Member, seat: int) -> int:
    """order_enter."""
    client_id, instrument, account, *fields = ORDER_ENTER.unpack_from(record, BLOCK)
    order = Order()
    describe(order, market.sequence << 10, client_id, seat, fields)
    order.member = member
    reason = checks.in_enums(order) or find(market, order, account, instrument)
    if not reason:
        if order.instrument.leg_1 is not None:
            return combinations.enter(market, order)
        reason = judge(market, order)
    if reason:
        return market.refuse(1, seat, reason, member.number, client_id, instrument, account)
    accept(market, order)
    market.events.accepted(order, order.kind, order.price)
    settle_in(market, order)
    return 0


def judge(market: Market, order: Order) -> int:
    """[13 to 32] An order whose account and instrument are known."""
    product = order.instrument.product
    reason = (
        checks.permission(order.account, product, order.offset)
        or checks.kind(order, product)
        or checks.terms(order, product, market.trading_day)
        or checks.phase(order.instrument)
        or checks.auction(order)
        or checks.price(order)
        or checks.band(order)
        or checks.quantity(order, product)
    )
    return reason or judge_holdings(market, order) or checks.meeting(order)


def settle_in(market: Market, order: Order) -> None:
    """Match an accepted order, or in an auction let it rest."""
    if order.instrument.product.phase == codes.CONTINUOUS:
        place(market, order)
    else:
        rest(market, order)
