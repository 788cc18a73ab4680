"""What the exchange does in the day (spec/operator.md): rules, rates, blocks, cancels on behalf,
busts and corrections."""

from __future__ import annotations

from twinex.mirror import events, messages, reference
from twinex.mirror.cancel import selection
from twinex.mirror.codes import Cancelled, Refused
from twinex.mirror.market import COUNT_MAX, Market, Product
from twinex.mirror.matching import cancel_resting
from twinex.mirror.messages import BLOCK

REASON_MAX = 7
RATE_SET_ID = 36
POSITION_LIMIT = 9
QUANTITIES = (6, 7, 8)  # judged together with the product's other values
RULES: dict[int, tuple[str, int]] = {  # by Rule: the product's field, and its greatest value
    1: ("amend_allowed", 1),
    2: ("kinds_allowed", 15),
    3: ("times_allowed", 31),
    4: ("protection_allowed", 1),
    5: ("minimum_allowed", 1),
    6: ("quantity_minimum", reference.QUANTITY_MAX),
    7: ("quantity_maximum_limit", reference.QUANTITY_MAX),
    8: ("quantity_maximum_market", reference.QUANTITY_MAX),
    9: ("position_limit", COUNT_MAX),
    10: ("opening_cap", COUNT_MAX),
    11: ("band_ticks", 2**24),
    12: ("post_only_allowed", 1),
    13: ("stops_allowed", 2),
    14: ("display_minimum", 10**9),
    15: ("self_trade_checked", 1),
    16: ("quote_rule", 3),
    17: ("quote_width_ticks", 2**24),
    18: ("quote_minimum", 10**9),
    19: ("request_width_ticks", 2**24),
    20: ("request_interval_ns", 86_400 * 10**9),
}


def set_rule(market: Market, record: bytes) -> int:
    """rule_set."""
    number, product_number, rule, value = messages.RULE_SET.unpack_from(record, BLOCK)
    product = market.products.get(product_number)
    if product is None:
        return Refused.REFERENCE_UNKNOWN
    instrument = market.instruments.get(number)
    if number and (
        instrument is None or instrument.product is not product
        or instrument.leg_1 is not None or rule != POSITION_LIMIT
    ):  # fmt: skip
        return Refused.REFERENCE_UNKNOWN
    if rule not in RULES or not value_sound(market, product, rule, value):
        return Refused.REFERENCE_INVALID
    if instrument is not None:
        instrument.position_limit = value
    else:
        setattr(product, RULES[rule][0], value)
    market.events.say(events.RULE_CHANGED, number, product_number, rule, value)
    return 0


def value_sound(market: Market, product: Product, rule: int, value: int) -> bool:
    """The value is inside the rule's bounds; a quantity with the product's other values, too."""
    name, maximum = RULES[rule]
    if not 0 <= value <= maximum:
        return False
    if rule == 2:
        return reference.kinds_sound(value)
    if rule == 3:
        return reference.times_sound(value)
    if rule not in QUANTITIES:
        return True
    before = getattr(product, name)
    setattr(product, name, value)
    sound = reference.quantities_sound(product) and all(
        reference.value_sound(product, each.upper_limit)
        for each in market.instruments.values()
        if each.product is product and each.leg_1 is None
    )
    setattr(product, name, before)
    return sound


def set_rate(market: Market, record: bytes) -> int:
    """rate_set: the rates of a member; counting starts afresh."""
    number, entries_max, cancels_max, window_ns = messages.RATE_SET.unpack_from(record, BLOCK)
    member = market.members.get(number)
    if member is None:
        return Refused.REFERENCE_UNKNOWN
    none = entries_max == cancels_max == window_ns == 0
    if not none and (entries_max < 0 or cancels_max < 0 or window_ns < 1):
        return Refused.REFERENCE_INVALID
    member.entries_max, member.cancels_max = entries_max, cancels_max
    member.window_ns = window_ns
    member.window = member.entries = member.cancels = 0
    market.events.say(events.REFERENCE_CHANGED, number, RATE_SET_ID)
    return 0


def set_block(market: Market, record: bytes) -> int:
    """block_set: a member, or an account, enters nothing from now on, or may again."""
    member_number, blocked, account_number, reason = messages.BLOCK_SET.unpack_from(record, BLOCK)
    if blocked > 1 or not 1 <= reason <= REASON_MAX:
        return Refused.REFERENCE_INVALID
    member = market.members.get(member_number)
    account = market.accounts.get(account_number)
    if account is not None and member_number == 0:
        account.blocked = blocked
        member_number = account.member.number
    elif member is not None and account_number == 0:
        member.blocked = blocked
    else:
        return Refused.REFERENCE_UNKNOWN
    market.events.say(events.BLOCK_CHANGED, 0, blocked, account_number, member_number, reason)
    return 0


def cancel_orders(market: Market, record: bytes) -> int:
    """operator_cancel: a mass cancel on behalf, whatever the phase."""
    member, instrument, account, product, side, scope, reason = (
        messages.OPERATOR_CANCEL.unpack_from(record, BLOCK)
    )
    if side > 2 or scope > 3 or not 1 <= reason <= REASON_MAX:
        return Refused.REFERENCE_INVALID
    named = (
        (member, market.members), (instrument, market.instruments),
        (product, market.products), (account, market.accounts),
    )  # fmt: skip
    if any(number and number not in table for number, table in named):
        return Refused.REFERENCE_UNKNOWN
    meant = selection(market, member, instrument, product, account, side, scope)
    for order in meant:
        cancel_resting(market, order, Cancelled.OPERATOR, 0, reason)
    market.events.say(
        events.MASS_CANCELLED, instrument, product, 0, account, member, 0, reason, len(meant)
    )
    return 0


def bust_trade(market: Market, record: bytes) -> int:
    """trade_bust: a trade of the day is void. Positions stay as they are."""
    trade_id, reason = messages.TRADE_BUST.unpack_from(record, BLOCK)
    refused = judge_trade(market, trade_id, reason)
    if refused:
        return refused
    price, lots, instrument = market.trades[trade_id - 1]
    market.trades[trade_id - 1] = (price, lots, -instrument)
    market.events.say(events.TRADE_BUSTED, instrument, reason, lots, price, trade_id)
    return 0


def correct_trade(market: Market, record: bytes) -> int:
    """trade_correct: a trade of the day gets its right price."""
    trade_id, price, reason = messages.TRADE_CORRECT.unpack_from(record, BLOCK)
    refused = judge_trade(market, trade_id, reason)
    if refused:
        return refused
    old_price, lots, number = market.trades[trade_id - 1]
    instrument = market.instruments[number]
    if price % instrument.product.tick:
        return Refused.PRICE_OFF_TICK
    if price > instrument.upper_limit:
        return Refused.PRICE_ABOVE_LIMIT
    if price < instrument.lower_limit:
        return Refused.PRICE_BELOW_LIMIT
    market.trades[trade_id - 1] = (price, lots, number)
    market.events.say(events.TRADE_CORRECTED, number, reason, lots, price, trade_id, old_price)
    return 0


def judge_trade(market: Market, trade_id: int, reason: int) -> int:
    """The trade is one of today, not busted."""
    if not 1 <= reason <= REASON_MAX:
        return Refused.REFERENCE_INVALID
    if not 1 <= trade_id <= len(market.trades):
        return Refused.TRADE_UNKNOWN
    return Refused.TRADE_BUSTED if market.trades[trade_id - 1][2] < 0 else 0
