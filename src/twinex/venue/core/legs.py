"""What an order of a combination freezes and fills in its two legs (`spec/combinations.md`).

Leg 1 has the order's side, leg 2 the other one. The prices at which the legs are frozen stand
beside the order: `price` of leg 1, `sent_price` of leg 2.
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core.accounts import (
    fill_group,
    fill_position,
    freeze,
    kept_row,
    touch,
    uses_credit,
)
from twinex.venue.core.limits import LEGS, NIL, VALUE_MAX
from twinex.venue.wire import codes


@inner
def is_combination(core, number):
    """Is there an instrument of this number, and is it a combination?"""
    return 0 < number < len(core.instruments) and core.instruments[number]["leg_1"] != NIL


@inner
def slot_of(core, order):
    """Row of an order of today."""
    place = order["order_id"] // LEGS - core.now[0]["first_sequence"]
    return np.int64(core.slots[place]["slot"])


@inner
def leg_row(core, number, order):
    """Position row of an order's account in leg `number`; NIL where no positions are kept."""
    return kept_row(core, core.products[core.instruments[number]["product"]], number, order)


@inner
def _group_row(core, order, row):
    """Row of the group of an order's account beside its own `row`; NIL if it is of none."""
    if row == NIL or core.accounts[order["account"]]["group"] == 0:
        return np.int64(NIL)
    return np.int64(core.holders[row]["group_row"])


@apart
def reserve_legs(core, order, quantity):
    """Freeze (negative quantity: release) position volume and credit in both legs."""
    instrument = core.instruments[order["instrument"]]
    extra, side = core.extras[slot_of(core, order)], np.int64(order["side"])
    _reserve_leg(core, instrument["leg_1"], order, side, quantity, extra["price"])
    _reserve_leg(core, instrument["leg_2"], order, 1 - side, quantity, extra["sent_price"])


@inner
def _reserve_leg(core, number, order, side, quantity, price):
    leg, offset = core.instruments[number], np.int64(order["offset"])
    row = leg_row(core, number, order)
    if row != NIL:
        freeze(core.positions[row], side, offset, quantity)
        together = _group_row(core, order, row)
        if together != NIL and offset == codes.OFFSET_OPEN:
            freeze(core.positions[together], side, offset, quantity)
    if uses_credit(core.products[leg["product"]], offset):
        member = core.members[core.accounts[order["account"]]["member"]]
        member["used"] += price * leg["multiplier"] * quantity


@inner
def settle_leg(core, number, order, side, quantity, price, frozen_price):
    """What a fill in leg `number` does to the position and credit of a combination's order."""
    leg, offset = core.instruments[number], np.int64(order["offset"])
    product = core.products[leg["product"]]
    row = leg_row(core, number, order)
    if row != NIL:
        fill_position(core.positions[row], product["offset_rule"], side, offset, quantity)
        touch(core, row)
        together = _group_row(core, order, row)
        if together != NIL:
            fill_group(core.positions[together], side, offset, quantity)
    if uses_credit(product, offset):
        member = core.members[core.accounts[order["account"]]["member"]]
        more = (price - frozen_price) * leg["multiplier"] * quantity
        member["used"] += min(more, max(np.int64(0), VALUE_MAX - member["used"]))


@inner
def settle_both(core, order, quantity, price_1, price_2):
    """What one step does to a combination's order, in both legs."""
    instrument = core.instruments[order["instrument"]]
    extra, side = core.extras[slot_of(core, order)], np.int64(order["side"])
    order["remaining"] -= quantity
    assert order["remaining"] >= 0
    frozen_1, frozen_2 = extra["price"], extra["sent_price"]
    settle_leg(core, instrument["leg_1"], order, side, quantity, price_1, frozen_1)
    settle_leg(core, instrument["leg_2"], order, 1 - side, quantity, price_2, frozen_2)
