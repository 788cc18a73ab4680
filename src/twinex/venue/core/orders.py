"""Members' commands: enter, cancel, amend, mass cancel (`spec/orders.md`).

Each handler checks first (`risk`), then does what must succeed, and returns the reject reason (0 =
done, its events are written).
"""

import numpy as np

from twinex.venue.compiler import apart, inlined, inner
from twinex.venue.core import emit, risk
from twinex.venue.core.accounts import kept_row, meet_row, reserve
from twinex.venue.core.book import level_index, price_of, rank_of, unlink
from twinex.venue.core.bulk import cancel_collected, collect_member
from twinex.venue.core.carried import find_carried
from twinex.venue.core.entry import EVERY_LEVEL, cancel_incoming, reach_of, rest_at, trade
from twinex.venue.core.ids import find_id
from twinex.venue.core.limits import LEGS, NIL
from twinex.venue.core.matching import (
    count_slices,
    delist,
    new_order,
    note_order,
    sweep,
)
from twinex.venue.core.placing import freeze_price, write_extra, write_order
from twinex.venue.core.state import HAS_EXTRA, ICEBERG, LIVE, POST_ONLY
from twinex.venue.core.stops import cancel_live
from twinex.venue.wire import codes


@inlined
def enter(core, command):
    """order_enter."""
    reason = np.int64(risk.check_enter(core, command))
    if reason != 0:
        return reason
    now = core.now[0]
    number = np.int64(command["instrument"])
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    side = np.int64(command["side"])
    quantity = np.int64(command["quantity"])
    kind, time_in_force = np.int64(command["kind"]), np.int64(command["time_in_force"])
    price = freeze_price(instrument, side, command["price"])
    row, zero = kept_row(core, product, number, command), np.int64(0)
    reason = _check_entry(core, product, instrument, command, row, price)
    if reason != 0:
        return reason

    row = meet_row(core, product, number, command, row)
    slot = new_order(core, now["sequence"] * LEGS)
    note_order(core, slot)
    write_order(core, command, slot, row, now["seat"])
    if core.orders[slot]["flags"] & HAS_EXTRA != 0:
        write_extra(core, command, slot)
    emit.accepted(core, slot, kind, time_in_force, command["price"], zero)
    reserve(core, product, instrument, core.orders[slot], quantity, price)
    if product["phase"] == codes.PHASE_CONTINUOUS:
        minimum = np.int64(command["minimum_quantity"])
        reach = reach_of(product, instrument, side, kind, command["price"], price)
        terms = (kind, time_in_force, minimum, price, price, reach)
        trade(core, product, instrument, slot, terms)
        emit.positions_changed(core)
    else:
        rest_at(core, product, instrument, slot, price)
    return zero


@inlined
def _check_entry(core, product, instrument, command, row, price):
    """Checks 28 to 32 of an order_enter."""
    account, side = np.int64(command["account"]), np.int64(command["side"])
    quantity, zero = np.int64(command["quantity"]), np.int64(0)
    reason = np.int64(risk.check_order(core, product, instrument, row, command, quantity, price))
    if reason != 0:
        return reason
    if command["post_only"] != 0 or product["phase"] != codes.PHASE_CONTINUOUS:
        post_only = command["post_only"] != 0
        return np.int64(
            risk.check_meeting(
                core, product, instrument, account, side, price, post_only, np.int64(NIL)
            )
        )
    return zero


@inlined
def find_target(core, command):
    """(slot, order id) of the order that a cancel or amend names; slot NIL: none of this member.

    The order may be done: its slot may hold a later order (`is_live`). A slot below 0 is a quote:
    minus its position row, or MASS_QUOTED; an order id that is not 0 then names one of its legs.
    """
    now = core.now[0]
    none = np.int64(NIL)
    order_id = command["order_id"]
    if order_id == 0:
        if command["target_client_id"] <= 0:
            return none, none
        named = command["target_client_id"]
        used = core.ids[find_id(core.ids, now["id_salt"], now["member"], named)]
        if used["client_id"] == 0 or used["reject_reason"] != 0:
            return none, none
        template = np.int64(used["command"])
        if template == codes.QUOTE_ENTER:
            return np.int64(core.slots[used["sequence"] - now["first_sequence"]]["slot"]), none
        if template != codes.ORDER_ENTER and template != codes.STOP_ENTER:
            return none, none
        order_id = used["sequence"] * LEGS
    place = order_id // LEGS - now["first_sequence"]
    if place < 0:
        return find_carried(core, now["member"], order_id), order_id
    if order_id // LEGS >= now["sequence"]:
        return none, order_id
    entry = core.slots[place]
    slot = np.int64(entry["slot"])
    if np.int64(entry["member"]) != now["member"] or (slot < 0) != (order_id % LEGS != 0):
        return none, order_id
    return slot, order_id


@inlined
def is_live(core, slot, order_id):
    """Is the order in the book, or a waiting stop?"""
    return core.orders[slot]["order_id"] == order_id and core.orders[slot]["flags"] & LIVE != 0


@inlined
def cancel(core, command, slot, order_id):
    """order_cancel of the target found."""
    if not is_live(core, slot, order_id):
        return np.int64(codes.REJECT_ORDER_DONE)
    instrument = core.instruments[core.orders[slot]["instrument"]]
    if not risk.takes_cancel(core.products[instrument["product"]]["phase"]):
        return np.int64(codes.REJECT_PHASE_NO_CANCEL)
    cancel_live(core, slot, codes.CANCEL_MEMBER, command["client_id"], np.int64(0))
    return np.int64(0)


@inlined
def amend(core, command, slot, order_id):
    """order_amend of the target found: the three cases of `spec/orders.md`."""
    if not is_live(core, slot, order_id):
        return np.int64(codes.REJECT_ORDER_DONE)
    order = core.orders[slot]
    instrument = core.instruments[order["instrument"]]
    product = core.products[instrument["product"]]
    quantity = np.int64(command["new_quantity"])
    reason = risk.check_amend(core, product, instrument, order, quantity)
    if reason != 0:
        return np.int64(reason)
    price = price_of(instrument, np.int64(order["side"]), np.int64(order["rank"]))
    filled = np.int64(order["quantity"]) - np.int64(order["remaining"])
    if quantity <= filled:
        cancel_live(core, slot, codes.CANCEL_AMENDED_AWAY, command["client_id"], np.int64(0))
        return np.int64(0)
    if command["new_price"] == price and quantity <= order["quantity"]:
        keep_place(core, product, instrument, slot, quantity - filled, command["client_id"])
        return np.int64(0)
    return _requeue(core, product, instrument, command, slot, quantity - filled, price)


@inner
def keep_place(core, product, instrument, slot, remaining, request_id):
    """Same price, `remaining` lots left, no more than before: the order keeps its place."""
    order = core.orders[slot]
    less = np.int64(order["remaining"]) - remaining
    assert less >= 0
    rank = np.int64(order["rank"])
    price = price_of(instrument, np.int64(order["side"]), rank)
    reserve(core, product, instrument, order, -less, price)
    core.levels[level_index(instrument, np.int64(order["side"]), rank)]["volume"] -= less
    order["quantity"] -= less
    order["remaining"] = remaining
    if order["flags"] & ICEBERG != 0:
        core.extras[slot]["shown"] = min(np.int64(core.extras[slot]["shown"]), remaining)
        count_slices(core, instrument, slot)
    emit.amended(core, order, 1, price, request_id)


@inlined
def _check_requeue(core, product, instrument, order, command, remaining):
    """Checks 22 to 32 of an amend whose own reservations are free."""
    account, side = np.int64(order["account"]), np.int64(order["side"])
    price, row = command["new_price"], np.int64(order["position"])
    reason = risk.check_order(core, product, instrument, row, order, remaining, price)
    if reason != 0:
        return np.int64(reason)
    post_only = order["flags"] & POST_ONLY != 0
    reason = risk.check_meeting(
        core, product, instrument, account, side, price, post_only, np.int64(NIL)
    )
    return np.int64(reason)


@inlined
def _requeue(core, product, instrument, command, slot, remaining, price):
    """Another price or a larger size: checked with its own reservations free, queued anew."""
    order = core.orders[slot]
    side = np.int64(order["side"])
    new_price, was_remaining = command["new_price"], np.int64(order["remaining"])
    reason = np.int64(risk.check_price(instrument, new_price))
    if reason == 0:
        reason = np.int64(risk.check_band(product, instrument, side, new_price))
    if reason == 0:
        quantity = np.int64(command["new_quantity"])
        reason = np.int64(risk.check_quantity(product, codes.KIND_LIMIT, quantity))
    if reason != 0:
        return reason
    reserve(core, product, instrument, order, -was_remaining, price)
    reason = _check_requeue(core, product, instrument, order, command, remaining)
    if reason != 0:
        reserve(core, product, instrument, order, was_remaining, price)
        return reason
    unlink(core, instrument, slot)
    order["quantity"] = command["new_quantity"]
    order["remaining"] = remaining
    reserve(core, product, instrument, order, remaining, new_price)
    emit.amended(core, order, 0, new_price, command["client_id"])
    stopped = False
    if product["phase"] == codes.PHASE_CONTINUOUS:
        limit_rank = rank_of(instrument, 1 - side, new_price)
        rule = product["price_rule"]
        stopped = sweep(
            core, product, instrument, slot, rule, new_price, limit_rank, EVERY_LEVEL, new_price
        )
    if stopped:
        cancel_incoming(core, product, instrument, slot, codes.CANCEL_SELF_TRADE, new_price)
    elif order["remaining"] == 0:
        delist(core, instrument, slot)
    else:
        rest_at(core, product, instrument, slot, new_price)
    emit.positions_changed(core)
    return np.int64(0)


@apart
def mass_cancel(core, command):
    """mass_cancel: the member's matching orders in ascending order id, then the count."""
    now = core.now[0]
    reason = _check_mass(core, command)
    if reason != 0:
        return np.int64(reason)
    count = collect_member(core, command, now["member"], np.int64(0))
    cancel_collected(core, count, codes.CANCEL_MASS, command["client_id"], np.int64(0))
    zero = np.int64(0)
    emit.mass_cancelled(core, command, now["member"], command["client_id"], count, zero)
    return zero


@inner
def _check_mass(core, command):
    if command["mass_side"] > codes.SIDE_NONE or command["mass_scope"] > codes.SCOPE_STOPS:
        return codes.REJECT_FIELD_INVALID
    number = np.int64(command["instrument"])
    if number != 0 and (
        number < 0 or number >= len(core.instruments) or core.instruments[number]["product"] == NIL
    ):
        return codes.REJECT_INSTRUMENT_UNKNOWN
    product = np.int64(command["product"])
    if product != 0 and (
        product < 0 or product >= len(core.products) or core.products[product]["defined"] == 0
    ):
        return codes.REJECT_PRODUCT_NOT_PERMITTED
    if command["account"] != 0 and not risk.owns_account(core, np.int64(command["account"])):
        return codes.REJECT_ACCOUNT_UNKNOWN
    return 0
