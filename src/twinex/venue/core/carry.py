"""order_carry: an order that outlived its day comes back (`spec/orders.md`, good till)."""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import emit, risk
from twinex.venue.core.accounts import kept_row, meet_row, reserve
from twinex.venue.core.carried import is_carried, note_carried
from twinex.venue.core.entry import rest_at
from twinex.venue.core.limits import LEGS, NIL, PRICE_MAX, VALUE_MAX
from twinex.venue.core.matching import new_order
from twinex.venue.core.placing import freeze_price, write_extra, write_order
from twinex.venue.core.reference import is_account
from twinex.venue.core.risk import is_contract
from twinex.venue.core.stops import wait
from twinex.venue.wire import codes


@apart
def carry(core, command):
    """order_carry."""
    reason = np.int64(_check_form(core, command))
    if reason != 0:
        return reason
    now = core.now[0]
    account, number = np.int64(command["account"]), np.int64(command["instrument"])
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    now["member"] = core.accounts[account]["member"]  # the checks are those of its owner's order
    reason = np.int64(_check_order(core, product, instrument, command))
    now["member"] = NIL
    if reason != 0:
        return reason
    order_id = command["carried_order_id"]
    row = meet_row(core, product, number, command, kept_row(core, product, number, command))
    slot = new_order(core, order_id)
    note_carried(core, order_id, slot, core.accounts[account]["member"])
    write_order(core, command, slot, row, command["carried_seat"])
    order = core.orders[slot]
    order["remaining"] = command["carried_remaining"]
    if command["stop_price"] > 0:
        wait(core, product, instrument, command, slot, command["stop_price"])
        return np.int64(0)
    write_extra(core, command, slot)
    price = command["price"]
    kind, time_in_force = np.int64(command["kind"]), np.int64(command["time_in_force"])
    emit.accepted(core, slot, kind, time_in_force, price, np.int64(0))
    reserve(core, product, instrument, order, np.int64(order["remaining"]), price)
    rest_at(core, product, instrument, slot, price)
    return np.int64(0)


@inner
def _check_form(core, command):
    """What the exchange itself may have got wrong (`spec/risk.md`, the exchange's commands)."""
    quantity, remaining = np.int64(command["quantity"]), np.int64(command["carried_remaining"])
    time_in_force = np.int64(command["time_in_force"])
    order_id = command["carried_order_id"]
    waits = command["stop_price"] > 0
    if command["stop_price"] < 0 or (
        not waits and (command["kind"] != codes.KIND_LIMIT or command["trail"] != 0)
    ):
        return codes.REJECT_REFERENCE_INVALID
    if (
        (time_in_force != codes.TIME_GTD and time_in_force != codes.TIME_GTC)
        or not 0 < remaining <= quantity
        or order_id <= 0
        or order_id % LEGS != 0
        or order_id // LEGS >= core.now[0]["first_sequence"]
    ):
        return codes.REJECT_REFERENCE_INVALID
    account, number = np.int64(command["account"]), np.int64(command["instrument"])
    if not is_account(core, account) or not is_contract(core, number):
        return codes.REJECT_REFERENCE_UNKNOWN
    seat = np.int64(command["carried_seat"])
    if not 0 < seat < len(core.seats) or core.seats[seat] != core.accounts[account]["member"]:
        return codes.REJECT_REFERENCE_UNKNOWN
    if is_carried(core, order_id):
        return codes.REJECT_REFERENCE_IN_USE
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    if instrument["upper"] > VALUE_MAX // (product["multiplier"] * remaining):
        return codes.REJECT_REFERENCE_INVALID
    if product["phase"] != codes.PHASE_BEFORE_TRADING:
        return codes.REJECT_PHASE_TRANSITION
    return 0


@inner
def _check_order(core, product, instrument, command):
    """The checks of its owner's order_enter or stop_enter that a carried order goes through."""
    stops = np.int64(0)
    if command["stop_price"] > 0:
        stops = np.int64(2 if command["trail"] > 0 else 1)
    reason = risk.check_terms(core, command, stops)
    if reason != 0:
        return reason
    reason = risk.check_entry_price(product, instrument, command)
    if reason != 0:
        return reason
    trail = command["trail"]
    if stops != 0 and (
        risk.check_price(instrument, command["stop_price"]) != 0
        or not 0 <= trail < PRICE_MAX
        or trail % instrument["tick"] != 0
    ):
        return codes.REJECT_STOP_PRICE_INVALID
    account, number = np.int64(command["account"]), np.int64(command["instrument"])
    side, remaining = np.int64(command["side"]), np.int64(command["carried_remaining"])
    price = freeze_price(instrument, side, command["price"])
    row = kept_row(core, product, number, command)
    reason = risk.check_order(core, product, instrument, row, command, remaining, price)
    if reason != 0 or stops != 0:
        return reason
    return risk.check_own_group(core, product, instrument, account, side, price, np.int64(NIL))
