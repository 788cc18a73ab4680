"""Acts of the exchange in the day: rules, groups, rates, blocks, forced closes, busts.

Spec: `spec/operator.md`. Each handler returns the reject reason, 0 if it is done.
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import emit, risk
from twinex.venue.core.accounts import position_row, reserve
from twinex.venue.core.bulk import cancel_collected, collect_member
from twinex.venue.core.entry import enter_book
from twinex.venue.core.limits import GROUPS_MAX, LEGS, NIL
from twinex.venue.core.matching import new_order, note_order
from twinex.venue.core.phases import is_product
from twinex.venue.core.placing import write_plain
from twinex.venue.core.reference import is_account, is_member
from twinex.venue.core.risk import is_contract, is_instrument
from twinex.venue.wire import codes

_INVALID = codes.REJECT_REFERENCE_INVALID
_UNKNOWN = codes.REJECT_REFERENCE_UNKNOWN


@inner
def is_reason(command):
    """Does the act name its reason?"""
    return 1 <= command["operator_reason"] <= codes.OPERATOR_NATURAL_PERSON


@apart
def define_group(core, command):
    number = np.int64(command["group"])
    if not 1 <= number <= GROUPS_MAX or command["self_trade_mode"] > codes.SELF_TRADE_REDUCE:
        return np.int64(_INVALID)
    core.groups[number] = 1 + np.int64(command["self_trade_mode"])
    emit.reference_changed(core, codes.GROUP_DEFINE, number)
    return np.int64(0)


@apart
def set_rate(core, command):
    number = np.int64(command["member"])
    if not is_member(core, number):
        return np.int64(_UNKNOWN)
    entries, cancels = np.int64(command["entries_max"]), np.int64(command["cancels_max"])
    window_ns = command["window_ns"]
    is_off = entries == 0 and cancels == 0 and window_ns == 0
    if not is_off and (entries < 0 or cancels < 0 or window_ns < 1):
        return np.int64(_INVALID)
    member = core.members[number]
    member["window_ns"] = window_ns
    member["entries_max"] = entries
    member["cancels_max"] = cancels
    member["window"] = -1
    member["entries"] = 0
    member["cancels"] = 0
    emit.reference_changed(core, codes.RATE_SET, number)
    return np.int64(0)


@apart
def set_block(core, command):
    number, account = np.int64(command["member"]), np.int64(command["account"])
    if command["blocked"] > 1 or not is_reason(command):
        return np.int64(_INVALID)
    if account == 0:
        if not is_member(core, number):
            return np.int64(_UNKNOWN)
        core.members[number]["blocked"] = command["blocked"]
    else:
        if number != 0 or not is_account(core, account):
            return np.int64(_UNKNOWN)
        core.accounts[account]["blocked"] = command["blocked"]
        number = core.accounts[account]["member"]
    emit.block_changed(core, command, number)
    return np.int64(0)


@apart
def cancel_on_behalf(core, command):
    """operator_cancel."""
    reason = _check_cancel(core, command)
    if reason != 0:
        return np.int64(reason)
    number, count = np.int64(command["member"]), np.int64(0)
    if number != 0:
        count = collect_member(core, command, number, count)
    else:
        for each in range(1, len(core.members)):
            count = collect_member(core, command, each, count)
    operator_reason = np.int64(command["operator_reason"])
    zero = np.int64(0)
    cancel_collected(core, count, codes.CANCEL_OPERATOR, zero, operator_reason)
    emit.mass_cancelled(core, command, number, zero, count, operator_reason)
    return zero


@inner
def _check_cancel(core, command):
    if (
        command["mass_side"] > codes.SIDE_NONE
        or command["mass_scope"] > codes.SCOPE_STOPS
        or not is_reason(command)
    ):
        return _INVALID
    if (
        (command["member"] != 0 and not is_member(core, np.int64(command["member"])))
        or (command["instrument"] != 0 and not is_instrument(core, np.int64(command["instrument"])))
        or (command["product"] != 0 and not is_product(core, np.int64(command["product"])))
        or (command["account"] != 0 and not is_account(core, np.int64(command["account"])))
    ):
        return _UNKNOWN
    return 0


@apart
def force_close(core, command):
    """forced_close: (reject reason, is the account known)."""
    account, number = np.int64(command["account"]), np.int64(command["instrument"])
    side, offset = np.int64(command["side"]), np.int64(command["offset"])
    hedge, quantity = np.int64(command["hedge"]), np.int64(command["quantity"])
    if (
        not is_reason(command)
        or side > codes.SIDE_SELL
        or not codes.OFFSET_CLOSE <= offset <= codes.OFFSET_CLOSE_TODAY
        or hedge > codes.HEDGE_MARKET_MAKER
    ):
        return np.int64(_INVALID)
    if not is_account(core, account) or not is_contract(core, number):
        return np.int64(_UNKNOWN)
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    price, row, zero = command["price"], position_row(core, account, number, hedge), np.int64(0)
    reason = np.int64(_check_close(product, instrument, command))
    if reason == 0:
        reason = np.int64(
            risk.check_order(core, product, instrument, row, command, quantity, price)
        )
    if reason != 0:
        return reason
    assert row != NIL
    core.positions[row]["ordered"] = 1
    slot = new_order(core, core.now[0]["sequence"] * LEGS)
    note_order(core, slot)
    write_plain(core, command, slot, row, zero, zero, side, offset, quantity)
    order = core.orders[slot]
    kind, day = np.int64(codes.KIND_LIMIT), np.int64(codes.TIME_DAY)
    emit.accepted(core, slot, kind, day, price, np.int64(command["operator_reason"]))
    reserve(core, product, instrument, order, quantity, price)
    enter_book(core, product, instrument, slot, (kind, day, zero, price, price, price))
    emit.positions_changed(core)
    return zero


@inner
def _check_close(product, instrument, command):
    """Checks 16 to 27 that a forced close goes through."""
    if not risk.is_offset_known(product, np.int64(command["offset"])):
        return codes.REJECT_OFFSET_UNSUPPORTED
    reason = risk.check_phase(product, instrument)
    if reason != 0:
        return reason
    reason = risk.check_price(instrument, command["price"])
    if reason != 0:
        return reason
    side = np.int64(command["side"])
    reason = risk.check_band(product, instrument, side, command["price"])
    if reason != 0:
        return reason
    return risk.check_quantity(product, codes.KIND_LIMIT, np.int64(command["quantity"]))


@inner
def _check_trade(core, command):
    if not is_reason(command):
        return _INVALID
    number = command["trade_id"]
    if number < 1 or number > core.now[0]["last_trade_id"]:
        return codes.REJECT_TRADE_UNKNOWN
    if core.trades[number]["instrument"] < 0:
        return codes.REJECT_TRADE_BUSTED
    return 0


@apart
def bust_trade(core, command):
    """trade_bust: the trade is void; clearing reverses it."""
    reason = _check_trade(core, command)
    if reason != 0:
        return np.int64(reason)
    trade = core.trades[command["trade_id"]]
    emit.trade_busted(core, command, trade)
    trade["instrument"] = -np.int64(trade["instrument"])
    return np.int64(0)


@apart
def correct_trade(core, command):
    """trade_correct: another price."""
    reason = _check_trade(core, command)
    if reason != 0:
        return np.int64(reason)
    trade = core.trades[command["trade_id"]]
    reason = risk.check_price(core.instruments[trade["instrument"]], command["price"])
    if reason != 0:
        return np.int64(reason)
    old_price = trade["price"]
    trade["price"] = command["price"]
    emit.trade_corrected(core, command, trade, old_price)
    return np.int64(0)
