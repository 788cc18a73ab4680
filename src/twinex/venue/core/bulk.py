"""Many orders leave at once: collected in `scratch`, then cancelled in ascending order id.

Spec: `spec/orders.md`, mass_cancel; `spec/phases.md`; semantics 15.
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import risk
from twinex.venue.core.book import level_index, next_level, price_of
from twinex.venue.core.limits import NIL
from twinex.venue.core.state import LASTING, QUOTE, WAITING
from twinex.venue.core.stops import cancel_live
from twinex.venue.wire import codes


@apart
def collect_member(core, command, member, count):
    """Append the member's live orders that a mass cancel means; the new count."""
    of_member = core.now[0]["seat"] != 0
    slot = core.members[member]["first_order"]
    while slot != NIL:
        order = core.orders[slot]
        if _is_meant(core, command, order) and (not of_member or _is_takeable(core, order)):
            core.scratch[count] = slot
            count += 1
        slot = np.int64(order["member_next"])
    return count


@inner
def _is_takeable(core, order):
    """May a member's mass cancel take it: the phase allows it, and it is not the exchange's?"""
    product = core.products[core.instruments[order["instrument"]]["product"]]
    return order["seat"] != 0 and risk.takes_cancel(product["phase"])


@inner
def _is_meant(core, command, order):
    """Does a mass cancel reach this order?"""
    product = core.instruments[order["instrument"]]["product"]
    return (
        (command["instrument"] == 0 or command["instrument"] == order["instrument"])
        and (command["product"] == 0 or np.int64(command["product"]) == product)
        and (command["account"] == 0 or command["account"] == order["account"])
        and (command["mass_side"] == codes.SIDE_NONE or command["mass_side"] == order["side"])
        and _is_in_scope(np.int64(command["mass_scope"]), np.int64(order["flags"]))
    )


@inner
def _is_in_scope(scope, flags):
    if scope == codes.SCOPE_QUOTES:
        return flags & QUOTE != 0
    if scope == codes.SCOPE_STOPS:
        return flags & WAITING != 0
    return scope == codes.SCOPE_ALL or flags & (QUOTE | WAITING) == 0


@inner
def outlives_day(core, slot):
    """Does the order stay when the day ends (`spec/orders.md`, good till)?"""
    order = core.orders[slot]
    if order["flags"] & LASTING == 0 or order["offset"] == codes.OFFSET_CLOSE_TODAY:
        return False
    extra = core.extras[slot]
    is_due = np.int64(extra["good_till_day"]) <= core.now[0]["trading_day"]
    return extra["time_in_force"] == codes.TIME_GTC or not is_due


@apart
def collect_expiring(core, instrument, count):
    """Append the instrument's orders and waiting stops that do not outlive the day."""
    for side in range(2):
        rank = next_level(core, instrument, side, np.int64(0))
        while rank < instrument["ranks"]:
            slot = np.int64(core.levels[level_index(instrument, side, rank)]["head"])
            while slot != NIL:
                if not outlives_day(core, slot):
                    core.scratch[count] = slot
                    count += 1
                slot = np.int64(core.orders[slot]["next"])
            rank = next_level(core, instrument, side, rank + 1)
    slot = instrument["first_stop"]
    while slot != NIL:
        if not outlives_day(core, slot):
            core.scratch[count] = slot
            count += 1
        slot = np.int64(core.extras[slot]["next_stop"])
    return count


@apart
def collect_outside(core, instrument, count, lower, upper):
    """Append the orders and waiting stops of an instrument that lie outside `lower`..`upper`."""
    for side in range(2):
        rank = next_level(core, instrument, side, np.int64(0))
        while rank < instrument["ranks"]:
            price = price_of(instrument, side, rank)
            if price < lower or price > upper:
                slot = np.int64(core.levels[level_index(instrument, side, rank)]["head"])
                while slot != NIL:
                    core.scratch[count] = slot
                    count += 1
                    slot = np.int64(core.orders[slot]["next"])
            rank = next_level(core, instrument, side, rank + 1)
    slot = instrument["first_stop"]
    while slot != NIL:
        extra = core.extras[slot]
        lowest = min(extra["stop_price"], extra["price"])
        highest = max(extra["stop_price"], extra["price"])
        if lowest < lower or highest > upper:
            core.scratch[count] = slot
            count += 1
        slot = np.int64(extra["next_stop"])
    return count


@apart
def cancel_collected(core, count, reason, request_id, operator_reason):
    """Cancel the orders in `scratch`, in ascending order id."""
    _sort(core.orders, core.scratch, count)
    for at in range(count):
        cancel_live(core, core.scratch[at], reason, request_id, operator_reason)


@inner
def _sift(orders, slots, root, count):
    while True:
        child = 2 * root + 1
        if child >= count:
            return
        if child + 1 < count and _id(orders, slots, child + 1) > _id(orders, slots, child):
            child += 1
        if _id(orders, slots, root) >= _id(orders, slots, child):
            return
        slots[root], slots[child] = slots[child], slots[root]
        root = child


@inner
def _id(orders, slots, at):
    return orders[slots[at]]["order_id"]


@apart
def _sort(orders, slots, count):
    """Heapsort of slots[:count] by order id, in place: kernels allocate nothing."""
    is_sorted = True
    for at in range(1, count):
        is_sorted = is_sorted and _id(orders, slots, at - 1) < _id(orders, slots, at)
    if is_sorted:
        return
    for root in range(count // 2 - 1, -1, -1):
        _sift(orders, slots, root, count)
    for last in range(count - 1, 0, -1):
        slots[0], slots[last] = slots[last], slots[0]
        _sift(orders, slots, 0, last)
