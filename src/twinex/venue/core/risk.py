"""The checks, in the order of `spec/risk.md`: the first that fails names the reason.

Checks only look; nothing here changes the state.
"""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.core.accounts import HOLDING_MAX, closeable, limit_row, uses_credit
from twinex.venue.core.book import best_rank, level_index, next_level, rank_of
from twinex.venue.core.entry import band_limit, is_resting_time
from twinex.venue.core.limits import NIL, PRICE_MAX
from twinex.venue.core.matching import self_trade_mode
from twinex.venue.core.state import COMBINATION, WAITING
from twinex.venue.wire import codes

_HEDGE_LAST = codes.HEDGE_MARKET_MAKER
_KIND_LAST = codes.KIND_FIVE_LEVELS
_TIME_LAST = codes.TIME_GTC
_NO_STOPS = 3  # more than any product allows
_OFFSET_LAST = codes.OFFSET_CLOSE_TODAY


@inlined
def takes_entry(phase):
    """Phases that accept orders (`spec/phases.md`)."""
    return (
        phase == codes.PHASE_CONTINUOUS
        or phase == codes.PHASE_AUCTION_ORDERING
        or phase == codes.PHASE_AUCTION_NO_CANCEL
    )


@inlined
def takes_cancel(phase):
    """Phases that accept cancels."""
    return phase == codes.PHASE_CONTINUOUS or phase == codes.PHASE_AUCTION_ORDERING


@inlined
def check_enter(core, command):
    """Checks 9 to 27 of an order_enter; 28 to 32 need its position row (`check_holdings`)."""
    reason = check_terms(core, command, np.int64(0))
    if reason != 0:
        return reason
    instrument = core.instruments[command["instrument"]]
    product = core.products[instrument["product"]]
    reason = check_phase(product, instrument)
    if reason != 0:
        return reason
    if product["phase"] != codes.PHASE_CONTINUOUS and (
        command["kind"] != codes.KIND_LIMIT
        or not is_resting_time(command["time_in_force"])
        or command["post_only"] != 0
    ):
        return codes.REJECT_NOT_IN_AUCTION
    reason = check_entry_price(product, instrument, command)
    if reason != 0:
        return reason
    if product["band_ticks"] != 0 and command["price"] != 0:
        reason = check_band(product, instrument, np.int64(command["side"]), command["price"])
        if reason != 0:
            return reason
    return check_quantity(product, np.int64(command["kind"]), np.int64(command["quantity"]))


@inlined
def check_terms(core, command, stops):
    """Checks 9 to 17c; `stops`: what `stops_allowed` must be at least."""
    reason = check_fields(command)
    if reason != 0:
        return reason
    reason = check_account(core, np.int64(command["account"]), np.int64(command["offset"]))
    if reason != 0:
        return reason
    number = np.int64(command["instrument"])
    if not is_instrument(core, number):
        return codes.REJECT_INSTRUMENT_UNKNOWN
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    if stops != 0 and instrument["leg_1"] != NIL:
        stops = np.int64(_NO_STOPS)
    account = core.accounts[command["account"]]
    reason = check_right(product, instrument["product"], account, np.int64(command["offset"]))
    if reason != 0:
        return reason
    reason = _check_capabilities(product, command, stops)
    if reason != 0:
        return reason
    return _check_attributes(core, product, command, stops)


@inlined
def is_instrument(core, number):
    """Is there an instrument of this number?"""
    return 0 < number < len(core.instruments) and core.instruments[number]["product"] != NIL


@inner
def is_contract(core, number):
    """Is there an instrument of this number that is no combination?"""
    return is_instrument(core, number) and core.instruments[number]["leg_1"] == NIL


@inlined
def check_fields(command):
    if (
        command["side"] > codes.SIDE_SELL
        or command["kind"] > _KIND_LAST
        or command["time_in_force"] > _TIME_LAST
        or command["offset"] > _OFFSET_LAST
        or command["hedge"] > _HEDGE_LAST
        or command["post_only"] > 1
    ):
        return codes.REJECT_FIELD_INVALID
    return 0


@inlined
def owns_account(core, account):
    """Is `account` a trading code of the command's member?"""
    if account <= 0 or account >= len(core.accounts):
        return False
    return core.accounts[account]["member"] == core.now[0]["member"]


@inlined
def check_account(core, account, offset):
    """Checks 10 to 11a."""
    if not owns_account(core, account):
        return codes.REJECT_ACCOUNT_UNKNOWN
    return check_activity(core.accounts[account], offset)


@inlined
def check_activity(account, offset):
    """Checks 11 and 11a."""
    if account["active"] == 0 and offset == codes.OFFSET_OPEN:
        return codes.REJECT_ACCOUNT_INACTIVE
    if account["blocked"] != 0:
        return codes.REJECT_ACCOUNT_BLOCKED
    return 0


@inlined
def check_right(product, number, account, offset):
    """Check 13: may the account open, or close, in product `number`?"""
    bit = np.int64(1) << number
    opens = offset == codes.OFFSET_OPEN or product["offset_rule"] == codes.OFFSET_RULE_NONE
    if opens:
        if account["open_products"] & bit != 0:
            return 0
        if account["close_products"] & bit != 0:
            return codes.REJECT_CLOSE_ONLY
        return codes.REJECT_PRODUCT_NOT_PERMITTED
    if account["close_products"] & bit != 0:
        return 0
    return codes.REJECT_PRODUCT_NOT_PERMITTED


@inlined
def _check_capabilities(product, command, stops):
    """Checks 14 to 17."""
    if (product["kinds_allowed"] >> np.int64(command["kind"])) & 1 == 0:
        return codes.REJECT_KIND_UNSUPPORTED
    if product["stops_allowed"] < stops:
        return codes.REJECT_STOP_UNSUPPORTED
    if (product["times_allowed"] >> np.int64(command["time_in_force"])) & 1 == 0:
        return codes.REJECT_TIME_IN_FORCE_UNSUPPORTED
    if not is_offset_known(product, np.int64(command["offset"])):
        return codes.REJECT_OFFSET_UNSUPPORTED
    minimum = np.int64(command["minimum_quantity"])
    if minimum != 0 and (
        minimum < 0
        or minimum > np.int64(command["quantity"])
        or command["time_in_force"] != codes.TIME_FAK
        or product["minimum_allowed"] == 0
    ):
        return codes.REJECT_MINIMUM_INVALID
    return 0


@inlined
def is_offset_known(product, offset):
    """Check 16: does the product's offset rule know the offset?"""
    rule = product["offset_rule"]
    return offset == codes.OFFSET_OPEN or (
        rule != codes.OFFSET_RULE_NONE
        and (offset != codes.OFFSET_CLOSE_TODAY or rule == codes.OFFSET_RULE_TODAY_YESTERDAY)
    )


@inlined
def _check_attributes(core, product, command, stops):
    """Checks 17a to 17c."""
    rests = command["kind"] == codes.KIND_LIMIT and is_resting_time(command["time_in_force"])
    if command["post_only"] != 0 and (product["post_only_allowed"] == 0 or not rests or stops != 0):
        return codes.REJECT_POST_ONLY_UNSUPPORTED
    display = np.int64(command["display_quantity"])
    if display != 0 and not (rests and _display_fits(product, display, command["quantity"])):
        return codes.REJECT_DISPLAY_INVALID
    day = np.int64(command["good_till_day"])
    if command["time_in_force"] == codes.TIME_GTD:
        if day < core.now[0]["trading_day"]:
            return codes.REJECT_GOOD_TILL_INVALID
    elif day != 0:
        return codes.REJECT_GOOD_TILL_INVALID
    return 0


@inner
def _display_fits(product, display, quantity):
    """Check 17b of an order that rests."""
    return (
        0 < product["display_minimum"] <= display <= np.int64(quantity)
        and display % product["quantity_step"] == 0
    )


@inlined
def check_phase(product, instrument):
    """Checks 18 and 19."""
    if not takes_entry(product["phase"]):
        return codes.REJECT_PHASE_NO_ENTRY
    if instrument["halted"] != 0:
        return codes.REJECT_HALTED
    return 0


@inlined
def check_entry_price(product, instrument, command):
    """Checks 21 to 24."""
    price = command["price"]
    if command["kind"] != codes.KIND_LIMIT:
        if price == 0:
            return 0
        if product["protection_allowed"] == 0:
            return codes.REJECT_PRICE_NOT_ALLOWED
    return check_price(instrument, price)


@inner
def check_band(product, instrument, side, price):
    """Check 24a of an order that names its price."""
    if product["band_ticks"] == 0 or product["phase"] != codes.PHASE_CONTINUOUS:
        return 0
    worst = band_limit(product, instrument, side)
    if side == codes.SIDE_BUY and price > worst:
        return codes.REJECT_PRICE_ABOVE_BAND
    if side == codes.SIDE_SELL and price < worst:
        return codes.REJECT_PRICE_BELOW_BAND
    return 0


@inlined
def check_price(instrument, price):
    """Checks 22 to 24."""
    if price % instrument["tick"] != 0:
        return codes.REJECT_PRICE_OFF_TICK
    if price > instrument["upper"]:
        return codes.REJECT_PRICE_ABOVE_LIMIT
    if price < instrument["lower"]:
        return codes.REJECT_PRICE_BELOW_LIMIT
    return 0


@inlined
def check_quantity(product, kind, quantity):
    """Checks 25 to 27."""
    if quantity < product["quantity_minimum"]:
        return codes.REJECT_QUANTITY_BELOW_MINIMUM
    maximum = product["quantity_maximum_market"]
    if kind == codes.KIND_LIMIT:
        maximum = product["quantity_maximum_limit"]
    if quantity > maximum:
        return codes.REJECT_QUANTITY_ABOVE_MAXIMUM
    step = product["quantity_step"]
    if step != 1 and quantity % step != 0:
        return codes.REJECT_QUANTITY_OFF_STEP
    return 0


@inlined
def check_order(core, product, instrument, row, order, quantity, price):
    """Checks 28 to 30 of an order judged by itself; `order`: it, or the command that brings it."""
    number, zero = np.int64(order["instrument"]), np.int64(0)
    side, offset = np.int64(order["side"]), np.int64(order["offset"])
    return check_holdings(
        core, product, instrument, number, row, order, side, offset, quantity, price, zero, zero
    )


@inlined
def check_holdings(
    core, product, instrument, number, row, order, side, offset, quantity, price, lots, value
):
    """Checks 28 to 30: closeable volume, position limit, opening cap, credit.

    `row` NIL: an empty position; `order`: a row with account and hedge; `lots`, `value`: what an
    order judged together with this one opens and uses.
    """
    rule = product["offset_rule"]
    if rule != codes.OFFSET_RULE_NONE:
        if offset != codes.OFFSET_OPEN:
            if quantity > closeable(core.positions[row], rule, 1 - side, offset):
                return _insufficient(rule, offset)
            return 0
        account, hedge = np.int64(order["account"]), np.int64(order["hedge"])
        position = core.positions[limit_row(core, account, number, hedge, row)]
        if quantity > position_room(product, instrument, position, side):
            return codes.REJECT_POSITION_LIMIT
        if product["opening_cap"] != 0 and hedge == codes.HEDGE_SPECULATION:
            opening = np.int64(position["opening"][0]) + np.int64(position["opening"][1])
            opened = np.int64(position["opened"]) + opening + lots
            if opened + quantity > product["opening_cap"]:
                return codes.REJECT_OPENING_CAP
    if uses_credit(product, offset):
        member = core.members[core.accounts[order["account"]]["member"]]
        room = member["credit"] - member["used"] - value
        if price * instrument["multiplier"] * quantity > room:
            return codes.REJECT_FUNDS_INSUFFICIENT
    return 0


@inlined
def check_meeting(core, product, instrument, account, side, price, post_only, spared):
    """Checks 31 and 32: what stands on the other side, but for the order in slot `spared`."""
    if product["phase"] != codes.PHASE_CONTINUOUS:
        return check_own_group(core, product, instrument, account, side, price, spared)
    limit_rank = rank_of(instrument, 1 - side, price)
    if post_only and best_rank(instrument, 1 - side) <= limit_rank:
        return codes.REJECT_POST_ONLY_WOULD_TRADE
    return 0


@inner
def check_own_group(core, product, instrument, account, side, price, spared):
    """Check 31: would the order cross one of its own group, but for `spared`?"""
    if self_trade_mode(core, product, account) == codes.SELF_TRADE_ALLOW:
        return 0
    group = core.accounts[account]["group"]
    limit_rank = rank_of(instrument, 1 - side, price)
    rank = best_rank(instrument, 1 - side)
    while rank <= limit_rank and rank < instrument["ranks"]:
        slot = np.int64(core.levels[level_index(instrument, 1 - side, rank)]["head"])
        while slot != NIL:
            owner = core.orders[slot]["account"]
            if slot != spared and core.accounts[owner]["group"] == group:
                return codes.REJECT_SELF_TRADE
            slot = np.int64(core.orders[slot]["next"])
        rank = next_level(core, instrument, 1 - side, rank + 1)
    return 0


@inner
def _insufficient(rule, offset):
    if rule == codes.OFFSET_RULE_OPEN_CLOSE:
        return codes.REJECT_POSITION_INSUFFICIENT
    if offset == codes.OFFSET_CLOSE_TODAY:
        return codes.REJECT_POSITION_TODAY_INSUFFICIENT
    return codes.REJECT_POSITION_YESTERDAY_INSUFFICIENT


@inner
def position_room(product, instrument, position, side):
    """Lots that may still be opened on `side` of the row."""
    limit = instrument["position_limit"]
    if limit == 0:
        limit = product["position_limit"]
    if limit == 0:
        limit = np.int64(HOLDING_MAX)
    held = np.int64(position["today"][side]) + np.int64(position["yesterday"][side])
    return limit - held - np.int64(position["opening"][side])


@inlined
def check_amend(core, product, instrument, order, new_quantity):
    """Checks 11 to 15 of an order_amend."""
    if product["amend_allowed"] == 0 or order["flags"] & (WAITING | COMBINATION) != 0:
        return codes.REJECT_AMEND_UNSUPPORTED
    account = core.accounts[order["account"]]
    offset = np.int64(order["offset"])
    reason = check_activity(account, offset)
    if reason != 0:
        return reason
    reason = check_right(product, instrument["product"], account, offset)
    if reason != 0:
        return reason
    if not takes_entry(product["phase"]):
        return codes.REJECT_PHASE_NO_ENTRY
    if not takes_cancel(product["phase"]):
        return codes.REJECT_PHASE_NO_CANCEL
    if instrument["halted"] != 0:
        return codes.REJECT_HALTED
    if new_quantity <= 0:
        return codes.REJECT_QUANTITY_BELOW_MINIMUM
    return 0


@inner
def check_stop(core, command):
    """Checks 9 to 27 of a stop_enter."""
    stops = np.int64(2 if command["trail"] > 0 else 1)
    reason = check_terms(core, command, stops)
    if reason != 0:
        return reason
    instrument = core.instruments[command["instrument"]]
    product = core.products[instrument["product"]]
    reason = check_phase(product, instrument)
    if reason != 0:
        return reason
    reason = check_entry_price(product, instrument, command)
    if reason != 0:
        return reason
    reason = check_stop_price(instrument, command)
    if reason != 0:
        return reason
    return check_quantity(product, np.int64(command["kind"]), np.int64(command["quantity"]))


@inner
def stop_price_of(instrument, command):
    """Where a new stop waits: as sent, or `trail` away from the last price."""
    if command["trail"] == 0:
        return command["stop_price"]
    if command["side"] == codes.SIDE_BUY:
        return instrument["last_price"] + command["trail"]
    return instrument["last_price"] - command["trail"]


@inner
def check_stop_price(instrument, command):
    """Checks 24b and 24c."""
    trail = command["trail"]
    if trail < 0 or trail >= PRICE_MAX or trail % instrument["tick"] != 0:
        return codes.REJECT_STOP_PRICE_INVALID
    if trail != 0 and command["stop_price"] != 0:
        return codes.REJECT_STOP_PRICE_INVALID
    stop_price = stop_price_of(instrument, command)
    if check_price(instrument, stop_price) != 0:
        return codes.REJECT_STOP_PRICE_INVALID
    if trail == 0 and is_met(np.int64(command["side"]), stop_price, instrument["last_price"]):
        return codes.REJECT_STOP_PRICE_MET
    return 0


@inner
def is_met(side, stop_price, price):
    """Does a trade at `price` set a stop off?"""
    return price >= stop_price if side == codes.SIDE_BUY else price <= stop_price
