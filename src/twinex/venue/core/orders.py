"""Members' commands: enter, cancel, amend, mass cancel (`spec/orders.md`).

Each handler checks first (`risk`), then does what must succeed, and returns the reject reason (0 =
done, its events are written).
"""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.core import emit, risk
from twinex.venue.core.accounts import freeze, make_position, position_row, uses_credit
from twinex.venue.core.book import (
    best_rank,
    fillable,
    level_index,
    price_of,
    rank_of,
    rest,
    unlink,
)
from twinex.venue.core.ids import find_id
from twinex.venue.core.limits import LEGS, NIL
from twinex.venue.core.matching import (
    check_uncrossed,
    delist,
    enlist,
    free_order,
    new_order,
    resting_price_of_market,
    sweep,
)
from twinex.venue.wire import codes

_EVERY_LEVEL = (1 << 31) - 1


@inlined
def enter(core, command):
    """order_enter."""
    reason = risk.check_enter(core, command)
    if reason != 0:
        return reason
    now = core.now[0]
    number = np.int64(command["instrument"])
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    account = np.int64(command["account"])
    side, offset = np.int64(command["side"]), np.int64(command["offset"])
    hedge, quantity = np.int64(command["hedge"]), np.int64(command["quantity"])
    price = command["price"]
    if command["kind"] != codes.KIND_LIMIT and price == 0:
        price = instrument["upper"] if side == codes.SIDE_BUY else instrument["lower"]
    row = np.int64(NIL)
    if product["offset_rule"] != codes.OFFSET_RULE_NONE:
        row = position_row(core, account, number, hedge)
    reason = risk.check_holdings(
        core, product, instrument, row, now["member"], side, offset, quantity, price
    )
    if reason != 0:
        return reason

    if product["offset_rule"] != codes.OFFSET_RULE_NONE:
        if row == NIL:
            row = make_position(core, account, number, hedge)
        core.positions[row]["ordered"] = 1
    slot = new_order(core, now["sequence"] * LEGS)
    _write_order(core, command, slot, row)
    now["orders_accepted"] += 1
    emit.accepted(core, command, core.orders[slot]["order_id"])
    _reserve(core, product, instrument, slot, quantity, price)
    if product["phase"] == codes.PHASE_CONTINUOUS:
        _trade(core, product, instrument, command, slot, price)
        emit.positions_changed(core)
    else:
        _rest_at(core, product, instrument, slot, price)
    return np.int64(0)


@inlined
def _write_order(core, command, slot, row):
    order = core.orders[slot]
    order["client_id"] = command["client_id"]
    order["remaining"] = command["quantity"]
    order["quantity"] = command["quantity"]
    order["account"] = command["account"]
    order["instrument"] = command["instrument"]
    order["position"] = row
    order["seat"] = core.now[0]["seat"]
    order["side"] = command["side"]
    order["offset"] = command["offset"]
    order["hedge"] = command["hedge"]
    order["live"] = 1


@inlined
def _reserve(core, product, instrument, slot, quantity, price):
    """Freeze (negative quantity: release) position volume and credit for an order."""
    order = core.orders[slot]
    offset = np.int64(order["offset"])
    row = np.int64(order["position"])
    if row != NIL:
        freeze(core.positions[row], np.int64(order["side"]), offset, quantity)
    if uses_credit(product, offset):
        member = core.members[core.accounts[order["account"]]["member"]]
        member["used"] += price * instrument["multiplier"] * quantity


@inlined
def _trade(core, product, instrument, command, slot, price):
    """Match a new order; rest or cancel what is left. `price`: its limit or freeze price."""
    kind = np.int64(command["kind"])
    time_in_force = np.int64(command["time_in_force"])
    order = core.orders[slot]
    side = np.int64(order["side"])
    limit_rank = rank_of(instrument, 1 - side, price)
    rule = product["price_rule"] if kind == codes.KIND_LIMIT else product["market_price_rule"]
    levels_max = np.int64(_EVERY_LEVEL)
    if kind == codes.KIND_BEST:
        levels_max = np.int64(1)
    elif kind == codes.KIND_FIVE_LEVELS:
        levels_max = np.int64(5)
    if best_rank(instrument, 1 - side) <= limit_rank:
        short = _short_of_minimum(core, instrument, command, limit_rank, levels_max)
        if short != 0:
            _cancel_incoming(core, product, instrument, slot, short, price)
            return
        sweep(core, product, instrument, slot, rule, price, limit_rank, levels_max, price)
        if order["remaining"] == 0:
            free_order(core, slot)
            return
    elif time_in_force == codes.TIME_FOK:
        _cancel_incoming(core, product, instrument, slot, codes.CANCEL_FOK_UNFILLED, price)
        return
    elif command["minimum_quantity"] > 0:
        _cancel_incoming(core, product, instrument, slot, codes.CANCEL_MINIMUM_UNFILLED, price)
        return
    _leave_rest(core, product, instrument, slot, kind, time_in_force, price)


@inlined
def _short_of_minimum(core, instrument, command, limit_rank, levels_max):
    """Cancel reason if fok or a minimum volume cannot be met at once; 0 if it can."""
    if command["time_in_force"] == codes.TIME_FOK:
        wanted = np.int64(command["quantity"])
        reason = codes.CANCEL_FOK_UNFILLED
    else:
        wanted = np.int64(command["minimum_quantity"])
        reason = codes.CANCEL_MINIMUM_UNFILLED
    if wanted == 0:
        return 0
    other = 1 - np.int64(command["side"])
    if fillable(core, instrument, other, limit_rank, levels_max, wanted) < wanted:
        return reason
    return 0


@inlined
def _leave_rest(core, product, instrument, slot, kind, time_in_force, price):
    """What is left of an order after its sweep rests or is cancelled (table in orders.md)."""
    order = core.orders[slot]
    if kind == codes.KIND_LIMIT:
        if time_in_force == codes.TIME_DAY:
            _rest_at(core, product, instrument, slot, price)
        else:
            _cancel_incoming(core, product, instrument, slot, codes.CANCEL_FAK_REMAINDER, price)
    elif time_in_force != codes.TIME_DAY:
        _cancel_incoming(core, product, instrument, slot, codes.CANCEL_MARKET_REMAINDER, price)
    elif order["remaining"] == order["quantity"]:
        _cancel_incoming(core, product, instrument, slot, codes.CANCEL_MARKET_NO_FILL, price)
    else:
        resting = resting_price_of_market(core, instrument, np.int64(order["side"]))
        if uses_credit(product, np.int64(order["offset"])):
            member = core.members[core.accounts[order["account"]]["member"]]
            value = instrument["multiplier"] * np.int64(order["remaining"])
            member["used"] += (resting - price) * value
        _rest_at(core, product, instrument, slot, resting)


@inner
def _rest_at(core, product, instrument, slot, price):
    order = core.orders[slot]
    rest(core, product, instrument, slot, rank_of(instrument, np.int64(order["side"]), price))
    enlist(core, instrument, slot)
    emit.rested(core, instrument, order)
    if product["phase"] == codes.PHASE_CONTINUOUS:
        assert check_uncrossed(instrument)


@inner
def _cancel_incoming(core, product, instrument, slot, reason, price):
    """Cancel what is left of an order that never rested."""
    order = core.orders[slot]
    _reserve(core, product, instrument, slot, -np.int64(order["remaining"]), price)
    emit.cancelled(core, order, reason, price, 0)
    free_order(core, slot)


@inner
def cancel_resting(core, slot, reason, request_id):
    """Take a resting order out of the market, with its event."""
    order = core.orders[slot]
    instrument = core.instruments[order["instrument"]]
    product = core.products[instrument["product"]]
    price = price_of(instrument, np.int64(order["side"]), np.int64(order["rank"]))
    _reserve(core, product, instrument, slot, -np.int64(order["remaining"]), price)
    emit.cancelled(core, order, reason, price, request_id)
    unlink(core, instrument, slot)
    delist(core, instrument, slot)


@inner
def find_target(core, command):
    """(slot, order id) of the order that a cancel or amend names; slot NIL: none of this member.

    The order may be done: its slot may hold a later order (`is_live`).
    """
    now = core.now[0]
    none = np.int64(NIL)
    order_id = command["order_id"]
    if order_id == 0:
        if command["target_client_id"] <= 0:
            return none, none
        named = command["target_client_id"]
        used = core.ids[find_id(core.ids, now["id_salt"], now["member"], named)]
        if used["client_id"] == 0 or used["command"] != codes.ORDER_ENTER:
            return none, none
        order_id = used["sequence"] * LEGS
    place = order_id // LEGS - now["first_sequence"]
    if order_id % LEGS != 0 or place < 0 or order_id // LEGS >= now["sequence"]:
        return none, order_id
    entry = core.slots[place]
    if np.int64(entry["member"]) != now["member"]:
        return none, order_id
    return np.int64(entry["slot"]), order_id


@inner
def is_live(core, slot, order_id):
    """Is the order still in the book?"""
    return core.orders[slot]["order_id"] == order_id and core.orders[slot]["live"] != 0


@inlined
def cancel(core, command, slot, order_id):
    """order_cancel of the target found."""
    if not is_live(core, slot, order_id):
        return np.int64(codes.REJECT_ORDER_DONE)
    instrument = core.instruments[core.orders[slot]["instrument"]]
    if not risk.takes_cancel(core.products[instrument["product"]]["phase"]):
        return np.int64(codes.REJECT_PHASE_NO_CANCEL)
    cancel_resting(core, slot, codes.CANCEL_MEMBER, command["client_id"])
    return np.int64(0)


@inner
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
        cancel_resting(core, slot, codes.CANCEL_AMENDED_AWAY, command["client_id"])
        return np.int64(0)
    if command["new_price"] == price and quantity <= order["quantity"]:
        _reduce(core, product, instrument, command, slot, quantity - filled, price)
        return np.int64(0)
    return _requeue(core, product, instrument, command, slot, quantity - filled, price)


@inner
def _reduce(core, product, instrument, command, slot, remaining, price):
    """Same price, not larger: the order keeps its place."""
    order = core.orders[slot]
    less = np.int64(order["remaining"]) - remaining
    _reserve(core, product, instrument, slot, -less, price)
    rank = np.int64(order["rank"])
    core.levels[level_index(instrument, np.int64(order["side"]), rank)]["volume"] -= less
    order["quantity"] = command["new_quantity"]
    order["remaining"] = remaining
    emit.amended(core, order, 1, price, command["client_id"])


@inner
def _requeue(core, product, instrument, command, slot, remaining, price):
    """Another price or a larger size: checked with its own reservations free, queued anew."""
    order = core.orders[slot]
    side, offset = np.int64(order["side"]), np.int64(order["offset"])
    new_price, was_remaining = command["new_price"], np.int64(order["remaining"])
    reason = np.int64(risk.check_price(instrument, new_price))
    if reason == 0:
        quantity = np.int64(command["new_quantity"])
        reason = np.int64(risk.check_quantity(product, codes.KIND_LIMIT, quantity))
    if reason != 0:
        return reason
    _reserve(core, product, instrument, slot, -was_remaining, price)
    member = core.now[0]["member"]
    row = np.int64(order["position"])
    reason = np.int64(
        risk.check_holdings(
            core, product, instrument, row, member, side, offset, remaining, new_price
        )
    )
    if reason != 0:
        _reserve(core, product, instrument, slot, was_remaining, price)
        return reason
    unlink(core, instrument, slot)
    order["quantity"] = command["new_quantity"]
    order["remaining"] = remaining
    _reserve(core, product, instrument, slot, remaining, new_price)
    emit.amended(core, order, 0, new_price, command["client_id"])
    if product["phase"] == codes.PHASE_CONTINUOUS:
        limit_rank = rank_of(instrument, 1 - side, new_price)
        rule = product["price_rule"]
        sweep(core, product, instrument, slot, rule, new_price, limit_rank, _EVERY_LEVEL, new_price)
    if order["remaining"] == 0:
        delist(core, instrument, slot)
    else:
        rest(core, product, instrument, slot, rank_of(instrument, side, new_price))
        emit.rested(core, instrument, order)
    emit.positions_changed(core)
    return np.int64(0)


@inner
def mass_cancel(core, command):
    """mass_cancel: the member's matching orders in ascending order id, then the count."""
    now = core.now[0]
    reason = _check_mass(core, command)
    if reason != 0:
        return np.int64(reason)
    slot = core.members[now["member"]]["first_order"]
    count = np.int64(0)
    while slot != NIL:
        following = np.int64(core.orders[slot]["member_next"])
        if _is_meant(core, command, core.orders[slot]):
            cancel_resting(core, slot, codes.CANCEL_MASS, command["client_id"])
            count += 1
        slot = following
    emit.mass_cancelled(core, command, count)
    return np.int64(0)


@inner
def _check_mass(core, command):
    if command["mass_side"] > codes.SIDE_NONE:
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


@inner
def _is_meant(core, command, order):
    """Does a mass cancel reach this order?"""
    product = core.instruments[order["instrument"]]["product"]
    return (
        (command["instrument"] == 0 or command["instrument"] == order["instrument"])
        and (command["product"] == 0 or np.int64(command["product"]) == product)
        and (command["account"] == 0 or command["account"] == order["account"])
        and (command["mass_side"] == codes.SIDE_NONE or command["mass_side"] == order["side"])
        and risk.takes_cancel(core.products[product]["phase"])
    )
