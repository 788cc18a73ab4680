"""The checks, in the order of `spec/risk.md`: the first that fails names the reason.

Checks only look; nothing here changes the state.
"""

import numpy as np

from twinex.venue.compiler import inner
from twinex.venue.core.accounts import closeable, uses_credit
from twinex.venue.core.limits import NIL
from twinex.venue.wire import codes

POSITION_MAX = (1 << 31) - 1  # a holding is an int32

_HEDGE_LAST = codes.HEDGE_MARKET_MAKER
_KIND_LAST = codes.KIND_FIVE_LEVELS
_TIME_LAST = codes.TIME_FOK
_OFFSET_LAST = codes.OFFSET_CLOSE_TODAY


@inner
def takes_entry(phase):
    """Phases that accept orders (`spec/phases.md`)."""
    return (
        phase == codes.PHASE_CONTINUOUS
        or phase == codes.PHASE_AUCTION_ORDERING
        or phase == codes.PHASE_AUCTION_NO_CANCEL
    )


@inner
def takes_cancel(phase):
    """Phases that accept cancels."""
    return phase == codes.PHASE_CONTINUOUS or phase == codes.PHASE_AUCTION_ORDERING


@inner
def check_enter(core, command):
    """Checks 9 to 27 of an order_enter; 28 to 30 need its position row (`check_holdings`)."""
    reason = _check_fields(command)
    if reason != 0:
        return reason
    reason = _check_account(core, command)
    if reason != 0:
        return reason
    number = np.int64(command["instrument"])
    if number <= 0 or number >= len(core.instruments):
        return codes.REJECT_INSTRUMENT_UNKNOWN
    instrument = core.instruments[number]
    if instrument["product"] == NIL:
        return codes.REJECT_INSTRUMENT_UNKNOWN
    product = core.products[instrument["product"]]
    account = core.accounts[command["account"]]
    offset = np.int64(command["offset"])
    reason = check_right(product, instrument["product"], account, offset)
    if reason != 0:
        return reason
    reason = _check_capabilities(product, command)
    if reason != 0:
        return reason
    reason = _check_phase(product, instrument, command)
    if reason != 0:
        return reason
    reason = _check_entry_price(product, instrument, command)
    if reason != 0:
        return reason
    return check_quantity(product, np.int64(command["kind"]), np.int64(command["quantity"]))


@inner
def _check_fields(command):
    if (
        command["side"] > codes.SIDE_SELL
        or command["kind"] > _KIND_LAST
        or command["time_in_force"] > _TIME_LAST
        or command["offset"] > _OFFSET_LAST
        or command["hedge"] > _HEDGE_LAST
    ):
        return codes.REJECT_FIELD_INVALID
    return 0


@inner
def owns_account(core, account):
    """Is `account` a trading code of the command's member?"""
    if account <= 0 or account >= len(core.accounts):
        return False
    return core.accounts[account]["member"] == core.now[0]["member"]


@inner
def _check_account(core, command):
    if not owns_account(core, np.int64(command["account"])):
        return codes.REJECT_ACCOUNT_UNKNOWN
    active = core.accounts[command["account"]]["active"]
    if active == 0 and command["offset"] == codes.OFFSET_OPEN:
        return codes.REJECT_ACCOUNT_INACTIVE
    return 0


@inner
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


@inner
def _check_capabilities(product, command):
    if (product["kinds_allowed"] >> np.int64(command["kind"])) & 1 == 0:
        return codes.REJECT_KIND_UNSUPPORTED
    if (product["times_allowed"] >> np.int64(command["time_in_force"])) & 1 == 0:
        return codes.REJECT_TIME_IN_FORCE_UNSUPPORTED
    offset = command["offset"]
    rule = product["offset_rule"]
    if offset != codes.OFFSET_OPEN and (
        rule == codes.OFFSET_RULE_NONE
        or (offset == codes.OFFSET_CLOSE_TODAY and rule != codes.OFFSET_RULE_TODAY_YESTERDAY)
    ):
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


@inner
def _check_phase(product, instrument, command):
    phase = product["phase"]
    if not takes_entry(phase):
        return codes.REJECT_PHASE_NO_ENTRY
    if instrument["halted"] != 0:
        return codes.REJECT_HALTED
    if phase != codes.PHASE_CONTINUOUS and (
        command["kind"] != codes.KIND_LIMIT or command["time_in_force"] != codes.TIME_DAY
    ):
        return codes.REJECT_NOT_IN_AUCTION
    return 0


@inner
def _check_entry_price(product, instrument, command):
    price = command["price"]
    if command["kind"] != codes.KIND_LIMIT:
        if price == 0:
            return 0
        if product["protection_allowed"] == 0:
            return codes.REJECT_PRICE_NOT_ALLOWED
    return check_price(instrument, price)


@inner
def check_price(instrument, price):
    """Checks 22 to 24."""
    if price % instrument["tick"] != 0:
        return codes.REJECT_PRICE_OFF_TICK
    if price > instrument["upper"]:
        return codes.REJECT_PRICE_ABOVE_LIMIT
    if price < instrument["lower"]:
        return codes.REJECT_PRICE_BELOW_LIMIT
    return 0


@inner
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


@inner
def check_holdings(core, product, instrument, row, member, side, offset, quantity, price):
    """Checks 28 to 30: closeable volume, position limit, credit. `row` NIL: an empty position."""
    rule = product["offset_rule"]
    if rule != codes.OFFSET_RULE_NONE:
        position = core.positions[row]
        if offset != codes.OFFSET_OPEN:
            if quantity > closeable(position, rule, 1 - side, offset):
                return _insufficient(rule, offset)
            return 0
        if quantity > position_room(product, instrument, position, side):
            return codes.REJECT_POSITION_LIMIT
    if uses_credit(product, offset):
        value = price * instrument["multiplier"] * quantity
        if value > core.members[member]["credit"] - core.members[member]["used"]:
            return codes.REJECT_FUNDS_INSUFFICIENT
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
        limit = np.int64(POSITION_MAX)
    held = np.int64(position["today"][side]) + np.int64(position["yesterday"][side])
    return limit - held - np.int64(position["opening"][side])


@inner
def check_amend(core, product, instrument, order, new_quantity):
    """Checks 11 to 15 of an order_amend."""
    if product["amend_allowed"] == 0:
        return codes.REJECT_AMEND_UNSUPPORTED
    account = core.accounts[order["account"]]
    offset = np.int64(order["offset"])
    if account["active"] == 0 and offset == codes.OFFSET_OPEN:
        return codes.REJECT_ACCOUNT_INACTIVE
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
