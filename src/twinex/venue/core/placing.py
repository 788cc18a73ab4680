"""Rows of a new order: what the command says, written down."""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.core.limits import NIL
from twinex.venue.core.state import ICEBERG, LASTING, LIVE, POST_ONLY
from twinex.venue.wire import codes


@inner
def freeze_price(instrument, side, price):
    """What an order freezes at: its price, or the limit of its side if it names none."""
    if price != 0:
        return price
    return instrument["upper"] if side == codes.SIDE_BUY else instrument["lower"]


@inlined
def write_order(core, command, slot, row, seat):
    """The order of an order_enter, stop_enter or order_carry, in `slot`; `row`: its position."""
    order = core.orders[slot]
    order["client_id"] = command["client_id"]
    order["remaining"] = command["quantity"]
    order["quantity"] = command["quantity"]
    order["account"] = command["account"]
    order["instrument"] = command["instrument"]
    order["position"] = row
    order["seat"] = seat
    order["side"] = command["side"]
    order["offset"] = command["offset"]
    order["hedge"] = command["hedge"]
    flags = np.int64(LIVE)
    if command["post_only"] != 0:
        flags |= POST_ONLY
    if command["display_quantity"] != 0:
        flags |= ICEBERG
    if command["time_in_force"] >= codes.TIME_GTD:
        flags |= LASTING
    order["flags"] = flags


@inner
def write_extra(core, command, slot):
    """What only icebergs, lasting orders and stops have."""
    extra = core.extras[slot]
    extra["stop_price"] = 0
    extra["trail"] = 0
    extra["price"] = 0
    extra["sent_price"] = command["price"]
    extra["display"] = command["display_quantity"]
    extra["shown"] = 0
    extra["slices"] = 0
    extra["good_till_day"] = command["good_till_day"]
    extra["minimum"] = command["minimum_quantity"]
    extra["next_stop"] = NIL
    extra["previous_stop"] = NIL
    extra["kind"] = command["kind"]
    extra["time_in_force"] = command["time_in_force"]


@inner
def write_plain(core, command, slot, row, seat, client_id, side, offset, quantity):
    """A limit order, good for the day, whose terms stand in a quote or a forced close."""
    order = core.orders[slot]
    order["client_id"] = client_id
    order["remaining"] = quantity
    order["quantity"] = quantity
    order["account"] = command["account"]
    order["instrument"] = command["instrument"]
    order["position"] = row
    order["seat"] = seat
    order["side"] = side
    order["offset"] = offset
    order["hedge"] = command["hedge"]
    order["flags"] = LIVE
