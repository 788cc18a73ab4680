"""The checks of spec/risk.md, one service each, in their order.

Each is given an order as it would be, answers 0 or the reject reason of the first check that
fails, and changes nothing. Numbers in brackets are those of risk.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from twinex.mirror import codes
from twinex.mirror.codes import Refused
from twinex.mirror.market import (
    COUNT_MAX,
    Account,
    Group,
    Instrument,
    Member,
    Order,
    Position,
    Product,
    Stop,
)

ENTRY_PHASES = (codes.CONTINUOUS, codes.AUCTION_ORDERING, codes.AUCTION_NO_CANCEL)
CANCEL_PHASES = (codes.CONTINUOUS, codes.AUCTION_ORDERING)
PRICE_MAX = 10**11


def in_enums(order: Order) -> int:
    """[9] Every code is in its enum."""
    if (
        order.side > 1 or order.kind > 3 or order.time_in_force > 4
        or order.offset > 2 or order.hedge > 3 or order.post_only > 1
    ):  # fmt: skip
        return Refused.FIELD_INVALID
    return 0


def account_active(account: Account, offset: int) -> int:
    """[11, 11a] The account may enter such orders at all."""
    if not account.active and offset == 0:
        return Refused.ACCOUNT_INACTIVE
    return Refused.ACCOUNT_BLOCKED if account.blocked else 0


def permission(account: Account, product: Product, offset: int) -> int:
    """[13] The right (权限) to open, or to close, in the product."""
    may_open = account.open_products >> product.number & 1
    may_close = account.close_products >> product.number & 1
    if offset == 0 or product.offset_rule == 0:
        if may_open:
            return 0
        return Refused.CLOSE_ONLY if may_close else Refused.PRODUCT_NOT_PERMITTED
    return 0 if may_close else Refused.PRODUCT_NOT_PERMITTED


def kind(order: Order, product: Product) -> int:
    """[14]"""
    return 0 if product.kinds_allowed >> order.kind & 1 else Refused.KIND_UNSUPPORTED


def offset_known(offset: int, product: Product) -> int:
    """[16] The offset (开平) is one of the product's rule."""
    return 0 if offset <= product.offset_rule else Refused.OFFSET_UNSUPPORTED


def terms(order: Order, product: Product, trading_day: int) -> int:
    """[15 to 17c] Time in force, offset, and what an order may carry beside them."""
    if not product.times_allowed >> order.time_in_force & 1:
        return Refused.TIME_IN_FORCE_UNSUPPORTED
    if offset_known(order.offset, product):
        return Refused.OFFSET_UNSUPPORTED
    minimum = order.minimum_quantity
    fak = product.minimum_allowed and order.time_in_force == codes.FAK
    if minimum and not (fak and 0 < minimum <= order.quantity):
        return Refused.MINIMUM_INVALID
    rests = order.kind == codes.LIMIT and order.time_in_force in codes.LASTING
    plain = not isinstance(order, Stop)
    if order.post_only and not (product.post_only_allowed and rests and plain):
        return Refused.POST_ONLY_UNSUPPORTED
    display = order.display_quantity
    if display and not (
        rests and 0 < product.display_minimum <= display <= order.quantity
        and display % product.quantity_step == 0
    ):  # fmt: skip
        return Refused.DISPLAY_INVALID
    till = order.good_till_day
    if till < trading_day if order.time_in_force == codes.GTD else till != 0:
        return Refused.GOOD_TILL_INVALID
    return 0


def phase(instrument: Instrument) -> int:
    """[18, 19] The phase takes orders, and the contract is not halted."""
    if instrument.product.phase not in ENTRY_PHASES:
        return Refused.PHASE_NO_ENTRY
    return Refused.HALTED if instrument.halted else 0


def auction(order: Order) -> int:
    """[20] What a call auction takes."""
    if order.instrument.product.phase == codes.CONTINUOUS or (
        order.kind == codes.LIMIT and order.time_in_force in codes.LASTING and not order.post_only
    ):
        return 0
    return Refused.NOT_IN_AUCTION


def price(order: Order) -> int:
    """[21 to 24] Price (价格): that of a limit order, or the protection price of a market kind."""
    instrument = order.instrument
    product = instrument.product
    value = order.price
    if order.kind != codes.LIMIT:
        if value == 0:
            return 0
        if not product.protection_allowed:
            return Refused.PRICE_NOT_ALLOWED
    if value % product.tick:
        return Refused.PRICE_OFF_TICK
    if value > instrument.upper_limit:
        return Refused.PRICE_ABOVE_LIMIT
    return Refused.PRICE_BELOW_LIMIT if value < instrument.lower_limit else 0


def band(order: Order) -> int:
    """[24a] The dynamic band (价格保护带) about the last price, in continuous trading."""
    instrument = order.instrument
    product = instrument.product
    if not product.band_ticks or product.phase != codes.CONTINUOUS:
        return 0
    if order.kind != codes.LIMIT and order.price == 0:
        return 0
    width = product.band_ticks * product.tick
    if order.side == codes.BUY:
        return Refused.PRICE_ABOVE_BAND if order.price > instrument.last_price + width else 0
    return Refused.PRICE_BELOW_BAND if order.price < instrument.last_price - width else 0


def quantity(order: Order, product: Product) -> int:
    """[25 to 27] Quantity (数量), of the total."""
    lots = order.quantity
    if lots < product.quantity_minimum:
        return Refused.QUANTITY_BELOW_MINIMUM
    market = order.kind != codes.LIMIT
    if lots > (product.quantity_maximum_market if market else product.quantity_maximum_limit):
        return Refused.QUANTITY_ABOVE_MAXIMUM
    return Refused.QUANTITY_OFF_STEP if lots % product.quantity_step else 0


def position(row: Position, side: int, offset: int, lots: int) -> int:
    """[28 to 29a] Position (持仓): closeable lots, position limit, opening cap of the day."""
    instrument = row.instrument
    product = instrument.product
    if offset:
        if lots <= row.closeable(side, offset):
            return 0
        if product.offset_rule == 1:
            return Refused.POSITION_INSUFFICIENT
        if offset == 1:
            return Refused.POSITION_YESTERDAY_INSUFFICIENT
        return Refused.POSITION_TODAY_INSUFFICIENT
    total = opened = lots
    for each in (row,) if row.account.group is None else counted_together(row, row.account.group):
        total += each.side_total(side)
        opened += each.opened + each.opening_buys + each.opening_sells
    if total > (instrument.position_limit or product.position_limit or COUNT_MAX):
        return Refused.POSITION_LIMIT
    if opened > product.opening_cap > 0 and row.hedge == 0:
        return Refused.OPENING_CAP
    return 0


def counted_together(row: Position, group: Group) -> Sequence[Position]:
    """The row, and those of its group's other accounts. A row that is in no table yet may hold
    lots all the same: those of a quote's bid while the ask is judged."""
    rows = group.rows.get(row.instrument.number << 2 | row.hedge, [])
    return rows if row in rows else [*rows, row]


def funds(member: Member, value: int) -> int:
    """[30] Funds (资金): an opening order's value fits into the member's credit."""
    return Refused.FUNDS_INSUFFICIENT if member.used + value > member.credit else 0


def minding_group(order: Order) -> Group | None:
    """The order's group, where the product prevents self-trades and the group's mode does."""
    group = order.account.group
    if group is None or group.self_trade_mode == codes.ALLOW:
        return None
    return group if order.instrument.product.self_trade_checked else None


def self_trade(order: Order, gone: Iterable[Order] = ()) -> int:
    """[31] In an auction: it crosses none of its own group, but for those that it replaces."""
    group = minding_group(order)
    if group is None:
        return 0
    opposite = order.instrument.sides[1 - order.side]
    for key in opposite.keys_within(opposite.sign * order.price):
        for each in opposite.queue(key):
            if each.account.group is group and each not in gone:
                return Refused.SELF_TRADE
    return 0


def meeting(order: Order) -> int:
    """[31, 32] Whom the order must not meet."""
    if order.instrument.product.phase != codes.CONTINUOUS:
        return self_trade(order)
    if order.post_only:
        opposite = order.instrument.sides[1 - order.side]
        if opposite.keys and opposite.keys[-1] >= opposite.sign * order.price:
            return Refused.POST_ONLY_WOULD_TRADE
    return 0


def holdings(order: Order) -> int:
    """[28 to 30] Position and funds, for the lots that would be left."""
    product = order.instrument.product
    lots = order.remaining
    row = order.row
    reason = position(row, order.side, order.offset, lots) if row is not None else 0
    if reason or not product.funds_checked or (order.offset and product.offset_rule):
        return reason
    return funds(order.member, order.frozen_price * product.multiplier * lots)
