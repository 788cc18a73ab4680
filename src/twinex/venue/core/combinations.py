"""Combinations: how they are defined, their limits, and their orders' way in.

Spec: `spec/combinations.md`.
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import bulk, emit, risk
from twinex.venue.core.accounts import meet_row
from twinex.venue.core.entry import cancel_incoming, rest_at
from twinex.venue.core.implied import is_open, match_incoming
from twinex.venue.core.ladder import lay_ladder, move_ladder
from twinex.venue.core.legs import leg_row, reserve_legs
from twinex.venue.core.limits import INSTRUMENTS_MAX, LEGS, LEVELS_MAX, NIL, PRICE_MAX
from twinex.venue.core.matching import leave, new_order, note_order
from twinex.venue.core.placing import freeze_price, write_extra, write_order
from twinex.venue.core.state import COMBINATION
from twinex.venue.wire import codes


@inner
def _limits_fit(lower, upper, tick):
    return -PRICE_MAX < lower < upper < PRICE_MAX and (upper - lower) // tick < LEVELS_MAX


@inner
def _legs_fit(core, one, two):
    """Do the two instruments make a combination?"""
    leg_1, leg_2 = core.instruments[one], core.instruments[two]
    if one == two or leg_1["leg_1"] != NIL or leg_2["leg_1"] != NIL:
        return False
    product_1, product_2 = core.products[leg_1["product"]], core.products[leg_2["product"]]
    lower, upper = leg_1["lower"] - leg_2["upper"], leg_1["upper"] - leg_2["lower"]
    return (
        product_1["tick"] == product_2["tick"]
        and product_1["multiplier"] == product_2["multiplier"]
        and product_1["offset_rule"] == product_2["offset_rule"]
        and product_1["funds_checked"] == product_2["funds_checked"]
        and _limits_fit(lower, upper, product_1["tick"])
    )


@apart
def define(core, command):
    """combination_define."""
    number = np.int64(command["instrument"])
    one, two = np.int64(command["leg_1"]), np.int64(command["leg_2"])
    if not 1 <= number <= INSTRUMENTS_MAX:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    if not risk.is_instrument(core, one) or not risk.is_instrument(core, two):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    if not _legs_fit(core, one, two):
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    instrument = core.instruments[number]
    if instrument["product"] != NIL:
        return np.int64(codes.REJECT_REFERENCE_IN_USE)
    leg_1, leg_2 = core.instruments[one], core.instruments[two]
    instrument["product"] = leg_1["product"]
    instrument["leg_1"] = one
    instrument["leg_2"] = two
    instrument["tick"] = leg_1["tick"]
    instrument["multiplier"] = leg_1["multiplier"]
    instrument["last_price"] = leg_1["last_price"] - leg_2["last_price"]
    lower, upper = leg_1["lower"] - leg_2["upper"], leg_1["upper"] - leg_2["lower"]
    lay_ladder(core, instrument, lower, upper)
    core.now[0]["instrument_high"] = max(core.now[0]["instrument_high"], number)
    note_combination(core, number)
    emit.reference_changed(core, codes.COMBINATION_DEFINE, number)
    return np.int64(0)


@inner
def note_combination(core, number):
    """Enter a combination into the table of them, ascending."""
    now = core.now[0]
    at = now["combination_count"]
    while at > 0 and core.combinations[at - 1] > number:
        core.combinations[at] = core.combinations[at - 1]
        at -= 1
    core.combinations[at] = number
    now["combination_count"] += 1


@inner
def _is_leg(instrument, number):
    return instrument["leg_1"] == number or instrument["leg_2"] == number


@inner
def _limits_with(core, instrument, number, lower, upper):
    """(lower, upper) limit of a combination if leg `number` has these."""
    one, two = core.instruments[instrument["leg_1"]], core.instruments[instrument["leg_2"]]
    if instrument["leg_1"] == number:
        return lower - two["upper"], upper - two["lower"]
    return one["lower"] - upper, one["upper"] - lower


@inner
def would_fit(core, number, lower, upper):
    """Would every combination of leg `number` have possible limits, if it had these?"""
    for at in range(core.now[0]["combination_count"]):
        instrument = core.instruments[core.combinations[at]]
        if _is_leg(instrument, number):
            low, high = _limits_with(core, instrument, number, lower, upper)
            if not _limits_fit(low, high, instrument["tick"]):
                return False
    return True


@apart
def follow_limits(core, number):
    """The limits of leg `number` have moved: so do its combinations'."""
    leg, zero = core.instruments[number], np.int64(0)
    for at in range(core.now[0]["combination_count"]):
        combination = core.combinations[at]
        instrument = core.instruments[combination]
        if not _is_leg(instrument, number):
            continue
        lower, upper = _limits_with(core, instrument, number, leg["lower"], leg["upper"])
        emit.limits_changed(core, combination, lower, upper)
        count = bulk.collect_outside(core, instrument, zero, lower, upper)
        bulk.cancel_collected(core, count, codes.CANCEL_OUTSIDE_LIMITS, zero, zero)
        move_ladder(core, core.products[instrument["product"]], instrument, lower, upper)


@apart
def enter(core, command):
    """order_enter of an order of a combination."""
    reason = np.int64(_check(core, command))
    if reason != 0:
        return reason
    number, zero = np.int64(command["instrument"]), np.int64(0)
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    side, quantity = np.int64(command["side"]), np.int64(command["quantity"])
    price = command["price"]
    _meet_leg(core, command, instrument["leg_1"])
    _meet_leg(core, command, instrument["leg_2"])
    now = core.now[0]
    slot = new_order(core, now["sequence"] * LEGS)
    note_order(core, slot)
    write_order(core, command, slot, np.int64(NIL), now["seat"])
    write_extra(core, command, slot)
    order, extra = core.orders[slot], core.extras[slot]
    order["flags"] |= COMBINATION
    extra["price"] = _leg_price(core, instrument["leg_1"], side)
    extra["sent_price"] = _leg_price(core, instrument["leg_2"], 1 - side)
    kind, time_in_force = np.int64(codes.KIND_LIMIT), np.int64(command["time_in_force"])
    emit.accepted(core, slot, kind, time_in_force, price, zero)
    reserve_legs(core, order, quantity)
    if match_incoming(core, product, instrument, slot, price):
        cancel_incoming(core, product, instrument, slot, codes.CANCEL_SELF_TRADE, price)
    elif order["remaining"] == 0:
        leave(core, instrument, slot)
    elif time_in_force == codes.TIME_FAK:
        cancel_incoming(core, product, instrument, slot, codes.CANCEL_FAK_REMAINDER, price)
    else:
        rest_at(core, product, instrument, slot, price)
    emit.positions_changed(core)
    return zero


@inner
def _meet_leg(core, command, number):
    product = core.products[core.instruments[number]["product"]]
    meet_row(core, product, number, command, leg_row(core, number, command))


@inner
def _leg_price(core, number, side):
    """What a leg freezes at: the limit of its side."""
    return freeze_price(core.instruments[number], side, np.int64(0))


@inner
def _check(core, command):
    """Checks 9 to 30."""
    reason = risk.check_fields(command)
    if reason != 0:
        return reason
    account, offset = np.int64(command["account"]), np.int64(command["offset"])
    reason = risk.check_account(core, account, offset)
    if reason != 0:
        return reason
    instrument = core.instruments[command["instrument"]]
    one, two = core.instruments[instrument["leg_1"]], core.instruments[instrument["leg_2"]]
    product_1, product_2 = core.products[one["product"]], core.products[two["product"]]
    reason = risk.check_right(product_1, one["product"], core.accounts[account], offset)
    if reason == 0:
        reason = risk.check_right(product_2, two["product"], core.accounts[account], offset)
    if reason == 0:
        reason = _check_terms(product_1, command)
    if reason == 0:
        reason = _check_phases(core, instrument, product_1, product_2)
    if reason == 0:
        reason = risk.check_price(instrument, command["price"])
    quantity = np.int64(command["quantity"])
    if reason == 0:
        reason = risk.check_quantity(product_1, codes.KIND_LIMIT, quantity)
    if reason == 0:
        reason = risk.check_quantity(product_2, codes.KIND_LIMIT, quantity)
    if reason == 0:
        reason = _check_legs(core, command, instrument)
    return reason


@inner
def _check_terms(product, command):
    """Checks 14 to 17c."""
    if command["kind"] != codes.KIND_LIMIT:
        return codes.REJECT_KIND_UNSUPPORTED
    time_in_force = np.int64(command["time_in_force"])
    if (time_in_force != codes.TIME_DAY and time_in_force != codes.TIME_FAK) or (
        product["times_allowed"] >> time_in_force
    ) & 1 == 0:
        return codes.REJECT_TIME_IN_FORCE_UNSUPPORTED
    if not risk.is_offset_known(product, np.int64(command["offset"])):
        return codes.REJECT_OFFSET_UNSUPPORTED
    if command["minimum_quantity"] != 0:
        return codes.REJECT_MINIMUM_INVALID
    if command["post_only"] != 0:
        return codes.REJECT_POST_ONLY_UNSUPPORTED
    if command["display_quantity"] != 0:
        return codes.REJECT_DISPLAY_INVALID
    if command["good_till_day"] != 0:
        return codes.REJECT_GOOD_TILL_INVALID
    return 0


@inner
def _check_phases(core, instrument, product_1, product_2):
    """Checks 18 to 20."""
    if not risk.takes_entry(product_1["phase"]) or not risk.takes_entry(product_2["phase"]):
        return codes.REJECT_PHASE_NO_ENTRY
    one, two = core.instruments[instrument["leg_1"]], core.instruments[instrument["leg_2"]]
    if instrument["halted"] != 0 or one["halted"] != 0 or two["halted"] != 0:
        return codes.REJECT_HALTED
    if not is_open(core, instrument):
        return codes.REJECT_NOT_IN_AUCTION
    return 0


@inner
def _check_legs(core, command, instrument):
    """Checks 28 to 30 of leg 1, then of leg 2 with the value of leg 1 counted."""
    side, zero = np.int64(command["side"]), np.int64(0)
    one, two = instrument["leg_1"], instrument["leg_2"]
    reason = _check_leg(core, command, one, side, zero)
    if reason != 0:
        return reason
    price = _leg_price(core, one, side)
    value = price * core.instruments[one]["multiplier"] * np.int64(command["quantity"])
    return _check_leg(core, command, two, 1 - side, value)


@inner
def _check_leg(core, command, number, side, value):
    leg = core.instruments[number]
    product = core.products[leg["product"]]
    row = leg_row(core, number, command)
    offset, quantity = np.int64(command["offset"]), np.int64(command["quantity"])
    price = _leg_price(core, number, side)
    return risk.check_holdings(
        core, product, leg, number, row, command, side, offset, quantity, price, np.int64(0), value
    )
