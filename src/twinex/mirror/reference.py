"""Reference data: what the exchange defines before and during the day (spec/phases.md, Day).

A handler of the exchange takes (market, record), says what comes of it, and answers the reject
reason, 0 where it was done. Bounds are those of phases.md.
"""

from __future__ import annotations

from twinex.mirror import events, messages
from twinex.mirror.checks import PRICE_MAX, side_total
from twinex.mirror.codes import Refused
from twinex.mirror.market import (
    COUNT_MAX,
    MONEY_MAX,
    Account,
    Group,
    Instrument,
    Market,
    Member,
    Product,
)
from twinex.mirror.messages import BLOCK

PRODUCT_MAX = 62
NUMBER_MAX = 1_000_000  # of instruments, members, seats, groups
ACCOUNT_MAX = 10_000_000
TICKS_MAX = 2**24  # between the limits
QUANTITY_MAX = 10**9


def open_day(market: Market, record: bytes) -> int:
    """day_open."""
    if market.state == 1:
        return Refused.DAY_ALREADY_OPEN
    (market.trading_day,) = messages.DAY_OPEN.unpack_from(record, BLOCK)
    market.state = 1
    market.first_sequence = market.sequence
    market.events.say(events.DAY_OPENED, market.trading_day)
    return 0


def changed(market: Market, number: int, template: int) -> int:
    market.events.say(events.REFERENCE_CHANGED, number, template)
    return 0


def define_product(market: Market, record: bytes) -> int:
    """product_define."""
    (number, product_class, price_rule, auction_rule, limit_priority, offset_rule,
     market_price_rule, kinds, times, amend, protection, funds, tick, multiplier, minimum,
     maximum_limit, maximum_market, step, position_limit,
     minimum_allowed) = messages.PRODUCT_DEFINE.unpack_from(record, BLOCK)  # fmt: skip
    product = Product(
        number=number, price_rule=price_rule, auction_rule=auction_rule,
        limit_priority=limit_priority, offset_rule=offset_rule,
        market_price_rule=market_price_rule, kinds_allowed=kinds, times_allowed=times,
        amend_allowed=amend, protection_allowed=protection, minimum_allowed=minimum_allowed,
        funds_checked=funds, tick=tick, multiplier=multiplier, quantity_minimum=minimum,
        quantity_maximum_limit=maximum_limit, quantity_maximum_market=maximum_market,
        quantity_step=step, position_limit=position_limit,
    )  # fmt: skip
    sound = (
        1 <= number <= PRODUCT_MAX and product_class <= 2 and price_rule <= 1
        and auction_rule <= 2 and limit_priority <= 2 and offset_rule <= 2
        and market_price_rule <= 1 and kinds_sound(kinds) and times_sound(times)
        and max(amend, protection, funds, minimum_allowed) <= 1
        and 1 <= tick <= 10**9 and 1 <= multiplier <= 10**6
        and quantities_sound(product) and position_limit >= 0
    )  # fmt: skip
    if not sound:
        return Refused.REFERENCE_INVALID
    if number in market.products:
        return Refused.REFERENCE_IN_USE
    market.products[number] = product
    return changed(market, number, 21)


def kinds_sound(bits: int) -> bool:
    return bits & 1 == 1 and 0 <= bits < 1 << 4


def times_sound(bits: int) -> bool:
    return bits & 1 == 1 and 0 <= bits < 1 << 5


def quantities_sound(product: Product) -> bool:
    """The quantity bounds of a product, which hang together."""
    return (
        1 <= product.quantity_minimum <= product.quantity_maximum_limit <= QUANTITY_MAX
        and 1 <= product.quantity_maximum_market <= QUANTITY_MAX
        and product.quantity_step >= 1
        and product.quantity_minimum % product.quantity_step == 0
    )


def limits_sound(product: Product, lower: int, upper: int) -> bool:
    """Price limits (涨跌停板) inside the bounds of instrument_define."""
    return (
        lower % product.tick == 0
        and upper % product.tick == 0
        and 0 < lower < upper < PRICE_MAX
        and (upper - lower) // product.tick < TICKS_MAX
        and value_sound(product, upper)
    )


def value_sound(product: Product, upper: int) -> bool:
    """The dearest order of a product at that upper limit can be counted."""
    lots = max(product.quantity_maximum_limit, product.quantity_maximum_market)
    return upper * product.multiplier * lots <= MONEY_MAX


def half_up(price: int, tick: int) -> int:
    """The price rounded to the tick (matching.md, Trade price)."""
    return (2 * price + tick) // (2 * tick) * tick


def define_instrument(market: Market, record: bytes) -> int:
    """instrument_define."""
    (product_of, number, lower, upper, settlement, close, position_limit, call_or_put,
     open_interest) = messages.INSTRUMENT_DEFINE.unpack_from(record, BLOCK)  # fmt: skip
    if not 1 <= number <= NUMBER_MAX:
        return Refused.REFERENCE_INVALID
    product = market.products.get(product_of)
    if product is None:
        return Refused.REFERENCE_UNKNOWN
    sound = (
        limits_sound(product, lower, upper) and 0 < settlement < PRICE_MAX
        and 0 <= close < PRICE_MAX and position_limit >= 0 and call_or_put <= 2
        and 0 <= open_interest <= MONEY_MAX
    )  # fmt: skip
    if not sound:
        return Refused.REFERENCE_INVALID
    if number in market.instruments:
        return Refused.REFERENCE_IN_USE
    instrument = Instrument(number, product, lower, upper)
    instrument.previous_settlement = settlement
    instrument.position_limit = position_limit
    instrument.open_interest = open_interest
    instrument.last_price = half_up(close or settlement, product.tick)
    market.instruments[number] = instrument
    return changed(market, number, 22)


def define_member(market: Market, record: bytes) -> int:
    """member_define: a new member, or another activity and credit."""
    number, active, credit = messages.MEMBER_DEFINE.unpack_from(record, BLOCK)
    if not (1 <= number <= NUMBER_MAX and active <= 1 and 0 <= credit <= MONEY_MAX):
        return Refused.REFERENCE_INVALID
    member = market.members.setdefault(number, Member(number))
    member.active = active
    member.credit = credit
    return changed(market, number, 23)


def define_seat(market: Market, record: bytes) -> int:
    """seat_define: a seat (席位), or its new owner."""
    member, number = messages.SEAT_DEFINE.unpack_from(record, BLOCK)
    if not 1 <= number <= NUMBER_MAX:
        return Refused.REFERENCE_INVALID
    if member not in market.members:
        return Refused.REFERENCE_UNKNOWN
    market.seats[number] = market.members[member]
    return changed(market, number, 24)


def define_account(market: Market, record: bytes) -> int:
    """account_define: an account (交易编码), or its new rights, activity and group."""
    (member_number, active, group_number, number, open_products,
     close_products) = messages.ACCOUNT_DEFINE.unpack_from(record, BLOCK)  # fmt: skip
    if not (1 <= number <= ACCOUNT_MAX and active <= 1):
        return Refused.REFERENCE_INVALID
    member = market.members.get(member_number)
    group = market.groups.get(group_number)
    if member is None or (group is None and group_number != 0):
        return Refused.REFERENCE_UNKNOWN
    account = market.accounts.get(number)
    if account is None:
        account = market.accounts[number] = Account(number, member)
    elif account.member is not member or (account.rows and account.group is not group):
        return Refused.REFERENCE_IN_USE
    account.active = active
    account.group = group
    account.open_products = open_products
    account.close_products = close_products
    return changed(market, number, 25)


def set_right(market: Market, record: bytes) -> int:
    """right_set: the right of an account in a product."""
    right, number, product = messages.RIGHT_SET.unpack_from(record, BLOCK)
    if right > 2:
        return Refused.REFERENCE_INVALID
    account = market.accounts.get(number)
    if account is None or product not in market.products:
        return Refused.REFERENCE_UNKNOWN
    bit = 1 << product
    account.open_products = account.open_products & ~bit | (bit if right == 2 else 0)
    account.close_products = account.close_products & ~bit | (bit if right else 0)
    return changed(market, number, 26)


def set_credit(market: Market, record: bytes) -> int:
    """credit_set."""
    number, credit = messages.CREDIT_SET.unpack_from(record, BLOCK)
    if not 0 <= credit <= MONEY_MAX:
        return Refused.REFERENCE_INVALID
    if number not in market.members:
        return Refused.REFERENCE_UNKNOWN
    market.members[number].credit = credit
    return changed(market, number, 27)


def set_position(market: Market, record: bytes) -> int:
    """position_set: yesterday's holdings of a row that no order has met today."""
    instrument_number, account_number, long, short, hedge = messages.POSITION_SET.unpack_from(
        record, BLOCK
    )
    if hedge > 3 or long < 0 or short < 0:
        return Refused.REFERENCE_INVALID
    instrument = market.instruments.get(instrument_number)
    account = market.accounts.get(account_number)
    if instrument is None or instrument.leg_1 is not None or account is None:
        return Refused.REFERENCE_UNKNOWN
    if instrument.product.offset_rule == 0:
        return Refused.REFERENCE_INVALID
    row = market.row_of(account, instrument, hedge)
    if row.ordered:
        return Refused.REFERENCE_IN_USE
    group = account.group
    rows = [row] if group is None else group.rows.get(instrument.number << 2 | hedge, [])
    longs = side_total(rows, 0) - row.long_yesterday + long
    shorts = side_total(rows, 1) - row.short_yesterday + short
    if max(longs, shorts) > COUNT_MAX:
        return Refused.REFERENCE_INVALID
    market.keep_row(row)
    row.long_yesterday = long
    row.short_yesterday = short
    return changed(market, instrument.number, 28)


def define_group(market: Market, record: bytes) -> int:
    """group_define: a group of related accounts (实际控制关系账户), or its new mode."""
    number, mode = messages.GROUP_DEFINE.unpack_from(record, BLOCK)
    if not 1 <= number <= NUMBER_MAX or mode > 4:
        return Refused.REFERENCE_INVALID
    group = market.groups.setdefault(number, Group(number, mode))
    group.self_trade_mode = mode
    return changed(market, number, 35)
