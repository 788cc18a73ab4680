"""Reference commands: products, instruments, members, seats, accounts, rights, positions.

Bounds: `spec/phases.md`. Each handler returns the reject reason, 0 if it is done.
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import emit
from twinex.venue.core.accounts import HOLDING_MAX, limit_row, make_position, position_row
from twinex.venue.core.ladder import lay_ladder
from twinex.venue.core.limits import (
    ACCOUNTS_MAX,
    INSTRUMENTS_MAX,
    MEMBERS_MAX,
    MULTIPLIER_MAX,
    NIL,
    PRICE_MAX,
    PRODUCTS_MAX,
    QUANTITY_MAX,
    SEATS_MAX,
    TICK_MAX,
    VALUE_MAX,
)
from twinex.venue.core.phases import is_product, limits_fit
from twinex.venue.core.risk import is_contract
from twinex.venue.wire import codes


@inner
def _rules_fit(command):
    """Are all enums and switches of a product_define known?"""
    return (
        command["product_class"] <= codes.CLASS_STOCK
        and command["price_rule"] <= codes.PRICE_RULE_MIDDLE
        and command["auction_rule"] <= codes.AUCTION_RULE_BETTER_PRICED_FILL
        and command["limit_priority"] <= codes.PRIORITY_CLOSING_FIRST_EXCEPT_TODAY
        and command["offset_rule"] <= codes.OFFSET_RULE_TODAY_YESTERDAY
        and command["market_price_rule"] <= codes.PRICE_RULE_MIDDLE
        and command["kinds_allowed"] & 1 == 1
        and command["kinds_allowed"] < 16
        and command["times_allowed"] & 1 == 1
        and command["times_allowed"] < 32
        and command["amend_allowed"] <= 1
        and command["protection_allowed"] <= 1
        and command["minimum_allowed"] <= 1
        and command["funds_checked"] <= 1
    )


@inner
def _sizes_fit(command):
    """Are tick, multiplier, sizes and position limit of a product_define inside their bounds?"""
    minimum, step = np.int64(command["quantity_minimum"]), np.int64(command["quantity_step"])
    limit = np.int64(command["quantity_maximum_limit"])
    market = np.int64(command["quantity_maximum_market"])
    return (
        1 <= command["tick"] <= TICK_MAX
        and 1 <= command["multiplier"] <= MULTIPLIER_MAX
        and step >= 1
        and 1 <= minimum <= limit
        and limit <= QUANTITY_MAX
        and 1 <= market <= QUANTITY_MAX
        and minimum % step == 0
        and command["position_limit"] >= 0
    )


@apart
def define_product(core, command):
    number = np.int64(command["product"])
    if not 1 <= number <= PRODUCTS_MAX:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    if not _rules_fit(command) or not _sizes_fit(command):
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    product = core.products[number]
    if product["defined"] != 0:
        return np.int64(codes.REJECT_REFERENCE_IN_USE)
    product["defined"] = 1
    product["phase"] = codes.PHASE_BEFORE_TRADING
    product["price_rule"] = command["price_rule"]
    product["auction_rule"] = command["auction_rule"]
    product["limit_priority"] = command["limit_priority"]
    product["offset_rule"] = command["offset_rule"]
    product["market_price_rule"] = command["market_price_rule"]
    product["kinds_allowed"] = command["kinds_allowed"]
    product["times_allowed"] = command["times_allowed"]
    product["amend_allowed"] = command["amend_allowed"]
    product["protection_allowed"] = command["protection_allowed"]
    product["minimum_allowed"] = command["minimum_allowed"]
    product["funds_checked"] = command["funds_checked"]
    product["tick"] = command["tick"]
    product["multiplier"] = command["multiplier"]
    product["quantity_minimum"] = command["quantity_minimum"]
    product["quantity_maximum_limit"] = command["quantity_maximum_limit"]
    product["quantity_maximum_market"] = command["quantity_maximum_market"]
    product["quantity_step"] = command["quantity_step"]
    product["position_limit"] = command["position_limit"]
    emit.reference_changed(core, codes.PRODUCT_DEFINE, number)
    return np.int64(0)


@inner
def _instrument_fits(product, command):
    return (
        limits_fit(product, command["lower_limit"], command["upper_limit"])
        and 0 < command["previous_settlement"] < PRICE_MAX
        and 0 <= command["previous_close"] < PRICE_MAX
        and command["instrument_position_limit"] >= 0
        and 0 <= command["open_interest"] <= VALUE_MAX
        and command["call_or_put"] <= 2
    )


@apart
def define_instrument(core, command):
    number, owner = np.int64(command["instrument"]), np.int64(command["product_of"])
    if not 1 <= number <= INSTRUMENTS_MAX:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    if not is_product(core, owner):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    product = core.products[owner]
    if not _instrument_fits(product, command):
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    instrument = core.instruments[number]
    if instrument["product"] != NIL:
        return np.int64(codes.REJECT_REFERENCE_IN_USE)
    tick = product["tick"]
    instrument["product"] = owner
    instrument["tick"] = tick
    instrument["multiplier"] = product["multiplier"]
    instrument["previous_settlement"] = command["previous_settlement"]
    instrument["position_limit"] = command["instrument_position_limit"]
    instrument["open_interest"] = command["open_interest"]
    reference = command["previous_close"]
    if reference == 0:
        reference = command["previous_settlement"]
    instrument["last_price"] = (reference * 2 + tick) // (2 * tick) * tick
    lay_ladder(core, instrument, command["lower_limit"], command["upper_limit"])
    now = core.now[0]
    now["instrument_high"] = max(now["instrument_high"], number)
    emit.reference_changed(core, codes.INSTRUMENT_DEFINE, number)
    return np.int64(0)


@inner
def is_member(core, number):
    """Is there a member of this number?"""
    return 0 < number < len(core.members) and core.members[number]["defined"] != 0


@inner
def define_member(core, command):
    number = np.int64(command["member"])
    if (
        not 1 <= number <= MEMBERS_MAX
        or command["active"] > 1
        or not 0 <= command["credit"] <= VALUE_MAX
    ):
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    member = core.members[number]
    member["defined"] = 1
    member["active"] = command["active"]
    member["credit"] = command["credit"]
    emit.reference_changed(core, codes.MEMBER_DEFINE, number)
    return np.int64(0)


@inner
def define_seat(core, command):
    number = np.int64(command["seat_number"])
    if not 1 <= number <= SEATS_MAX:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    if not is_member(core, np.int64(command["member"])):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    core.seats[number] = command["member"]
    emit.reference_changed(core, codes.SEAT_DEFINE, number)
    return np.int64(0)


@inner
def _is_group(core, number):
    return 0 < number < len(core.groups) and core.groups[number] != 0


@apart
def define_account(core, command):
    number, member = np.int64(command["account"]), np.int64(command["member"])
    if not 1 <= number <= ACCOUNTS_MAX or command["active"] > 1:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    if not is_member(core, member):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    account, group = core.accounts[number], np.int64(command["group"])
    if group != 0 and not _is_group(core, group):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    if account["member"] != NIL and account["member"] != member:
        return np.int64(codes.REJECT_REFERENCE_IN_USE)
    if account["group"] != group and account["has_position"] != 0:
        return np.int64(codes.REJECT_REFERENCE_IN_USE)
    account["member"] = member
    account["group"] = group
    account["active"] = command["active"]
    account["open_products"] = command["open_products"]
    account["close_products"] = command["close_products"]
    emit.reference_changed(core, codes.ACCOUNT_DEFINE, number)
    return np.int64(0)


@inner
def is_account(core, number):
    """Is there an account of this number?"""
    return 0 < number < len(core.accounts) and core.accounts[number]["member"] != NIL


@inner
def set_right(core, command):
    number, product = np.int64(command["account"]), np.int64(command["product"])
    if command["right"] > codes.RIGHT_FULL:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    if not is_account(core, number) or not is_product(core, product):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    account = core.accounts[number]
    bit = np.int64(1) << product
    account["open_products"] &= ~bit
    account["close_products"] &= ~bit
    if command["right"] == codes.RIGHT_FULL:
        account["open_products"] |= bit
    if command["right"] != codes.RIGHT_NONE:
        account["close_products"] |= bit
    emit.reference_changed(core, codes.RIGHT_SET, number)
    return np.int64(0)


@inner
def set_credit(core, command):
    number = np.int64(command["member"])
    if not 0 <= command["credit"] <= VALUE_MAX:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    if not is_member(core, number):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    core.members[number]["credit"] = command["credit"]
    emit.reference_changed(core, codes.CREDIT_SET, number)
    return np.int64(0)


@apart
def set_position(core, command):
    number, account = np.int64(command["instrument"]), np.int64(command["account"])
    hedge = np.int64(command["position_hedge"])
    long, short = np.int64(command["long_yesterday"]), np.int64(command["short_yesterday"])
    if hedge > codes.HEDGE_MARKET_MAKER or long < 0 or short < 0:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    if not is_contract(core, number) or not is_account(core, account):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    product = core.products[core.instruments[number]["product"]]
    if product["offset_rule"] == codes.OFFSET_RULE_NONE:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    row = position_row(core, account, number, hedge)
    if row != NIL and core.positions[row]["ordered"] != 0:
        return np.int64(codes.REJECT_REFERENCE_IN_USE)
    if not _holds_group(core, account, number, hedge, row, long, short):
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    row = make_position(core, account, number, hedge)
    position = core.positions[row]
    if core.accounts[account]["group"] != 0:
        together = core.positions[core.holders[row]["group_row"]]
        together["today"][0] += long - np.int64(position["yesterday"][0])
        together["today"][1] += short - np.int64(position["yesterday"][1])
    position["yesterday"][0] = long
    position["yesterday"][1] = short
    emit.reference_changed(core, codes.POSITION_SET, number)
    return np.int64(0)


@inner
def _holds_group(core, account, number, hedge, row, long, short):
    """Do holdings and live openings of the account's group, with these, fit into 32 bits?"""
    limited = limit_row(core, account, number, hedge, row)
    if core.accounts[account]["group"] == 0 or limited == NIL:
        return True
    position, together = core.positions[row], core.positions[limited]
    more_long = long - np.int64(position["yesterday"][0])
    more_short = short - np.int64(position["yesterday"][1])
    return (
        np.int64(together["today"][0]) + np.int64(together["opening"][0]) + more_long <= HOLDING_MAX
        and np.int64(together["today"][1]) + np.int64(together["opening"][1]) + more_short
        <= HOLDING_MAX
    )
