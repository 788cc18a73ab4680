"""rule_set: a product's rules change in the day (`spec/operator.md`)."""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import emit
from twinex.venue.core.limits import LEVELS_MAX, QUANTITY_MAX, VALUE_MAX
from twinex.venue.core.phases import is_product
from twinex.venue.core.risk import is_contract
from twinex.venue.wire import codes

_LIMIT_MAX = (1 << 31) - 1
_INTERVAL_MAX = 86_400 * 10**9


@apart
def set_rule(core, command):
    number, rule, value = (
        np.int64(command["product"]),
        np.int64(command["rule"]),
        command["value"],
    )
    if not is_product(core, number):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    of_instrument = np.int64(command["instrument"])
    if of_instrument != 0 and (
        rule != codes.RULE_POSITION_LIMIT
        or not is_contract(core, of_instrument)
        or core.instruments[of_instrument]["product"] != number
    ):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    if not _fits(core, number, rule, value):
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    if of_instrument != 0:
        core.instruments[of_instrument]["position_limit"] = value
    else:
        _store(core.products[number], rule, value)
    emit.rule_changed(core, command)
    return np.int64(0)


@inner
def _fits(core, number, rule, value):
    """Is there such a rule, and is the value inside its bounds?"""
    if rule < codes.RULE_AMEND_ALLOWED or rule > codes.RULE_REQUEST_INTERVAL_NS:
        return False
    if rule == codes.RULE_KINDS_ALLOWED:
        return 0 <= value < 16 and value & 1 == 1
    if rule == codes.RULE_TIMES_ALLOWED:
        return 0 <= value < 32 and value & 1 == 1
    if (
        rule == codes.RULE_QUANTITY_MINIMUM
        or rule == codes.RULE_QUANTITY_MAXIMUM_LIMIT
        or rule == codes.RULE_QUANTITY_MAXIMUM_MARKET
    ):
        return _size_fits(core, number, rule, value)
    return 0 <= value <= _largest(rule)


@inner
def _largest(rule):
    """The largest value of a rule whose smallest is 0."""
    if rule == codes.RULE_POSITION_LIMIT or rule == codes.RULE_OPENING_CAP:
        return _LIMIT_MAX
    if (
        rule == codes.RULE_BAND_TICKS
        or rule == codes.RULE_QUOTE_WIDTH_TICKS
        or rule == codes.RULE_REQUEST_WIDTH_TICKS
    ):
        return LEVELS_MAX
    if rule == codes.RULE_STOPS_ALLOWED:
        return 2
    if rule == codes.RULE_QUOTE_RULE:
        return codes.QUOTE_RULE_ONE_SIDE_ALLOWED
    if rule == codes.RULE_DISPLAY_MINIMUM or rule == codes.RULE_QUOTE_MINIMUM:
        return QUANTITY_MAX
    if rule == codes.RULE_REQUEST_INTERVAL_NS:
        return _INTERVAL_MAX
    return 1


@inner
def _size_fits(core, number, rule, value):
    """Does a size fit the product's others, and values the largest price that there is?"""
    product = core.products[number]
    minimum, limit = product["quantity_minimum"], product["quantity_maximum_limit"]
    market = product["quantity_maximum_market"]
    if rule == codes.RULE_QUANTITY_MINIMUM:
        minimum = value
    elif rule == codes.RULE_QUANTITY_MAXIMUM_LIMIT:
        limit = value
    else:
        market = value
    if not (
        1 <= minimum <= limit <= QUANTITY_MAX
        and 1 <= market <= QUANTITY_MAX
        and minimum % product["quantity_step"] == 0
    ):
        return False
    highest = VALUE_MAX // (product["multiplier"] * max(limit, market))
    for at in range(1, core.now[0]["instrument_high"] + 1):
        instrument = core.instruments[at]
        if instrument["product"] == number and instrument["upper"] > highest:
            return False
    return True


@inner
def _store(product, rule, value):
    if rule == codes.RULE_AMEND_ALLOWED:
        product["amend_allowed"] = value
    elif rule == codes.RULE_KINDS_ALLOWED:
        product["kinds_allowed"] = value
    elif rule == codes.RULE_TIMES_ALLOWED:
        product["times_allowed"] = value
    elif rule == codes.RULE_PROTECTION_ALLOWED:
        product["protection_allowed"] = value
    elif rule == codes.RULE_MINIMUM_ALLOWED:
        product["minimum_allowed"] = value
    elif rule == codes.RULE_QUANTITY_MINIMUM:
        product["quantity_minimum"] = value
    elif rule == codes.RULE_QUANTITY_MAXIMUM_LIMIT:
        product["quantity_maximum_limit"] = value
    elif rule == codes.RULE_QUANTITY_MAXIMUM_MARKET:
        product["quantity_maximum_market"] = value
    elif rule == codes.RULE_POSITION_LIMIT:
        product["position_limit"] = value
    else:
        _store_later(product, rule, value)


@inner
def _store_later(product, rule, value):
    """Rules that product_define does not carry."""
    if rule == codes.RULE_OPENING_CAP:
        product["opening_cap"] = value
    elif rule == codes.RULE_BAND_TICKS:
        product["band_ticks"] = value
    elif rule == codes.RULE_POST_ONLY_ALLOWED:
        product["post_only_allowed"] = value
    elif rule == codes.RULE_STOPS_ALLOWED:
        product["stops_allowed"] = value
    elif rule == codes.RULE_DISPLAY_MINIMUM:
        product["display_minimum"] = value
    elif rule == codes.RULE_SELF_TRADE_CHECKED:
        product["self_trade_checked"] = value
    elif rule == codes.RULE_QUOTE_RULE:
        product["quote_rule"] = value
    elif rule == codes.RULE_QUOTE_WIDTH_TICKS:
        product["quote_width_ticks"] = value
    elif rule == codes.RULE_QUOTE_MINIMUM:
        product["quote_minimum"] = value
    elif rule == codes.RULE_REQUEST_WIDTH_TICKS:
        product["request_width_ticks"] = value
    else:
        assert rule == codes.RULE_REQUEST_INTERVAL_NS
        product["request_interval_ns"] = value
