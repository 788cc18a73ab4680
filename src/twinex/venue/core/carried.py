"""Orders of earlier days: an order_carry brings one back at the day's opening.

Spec: `spec/orders.md`, "Good till date, good till cancelled". Their ids lead to sequences of
earlier days, so an open-addressing hash finds them.
"""

import numpy as np

from twinex.venue.compiler import inner, kernel
from twinex.venue.core.limits import LEGS, NIL

_FACTOR = 2654435761


@inner
def _place(carried, order_id):
    """Where an id stands, or the empty place for it."""
    mask = len(carried) - 1
    place = ((order_id // LEGS & 0x7FFFFFFF) * _FACTOR >> 16) & mask
    for _ in range(mask + 1):
        known = carried[place]["order_id"]
        if known == 0 or known == order_id:
            return place
        place = (place + 1) & mask
    return np.int64(-1)


@inner
def find_carried(core, member, order_id):
    """Slot of the member's carried order; NIL if there is none."""
    if order_id <= 0:
        return np.int64(NIL)
    entry = core.carried[_place(core.carried, order_id)]
    if entry["order_id"] != order_id or np.int64(entry["member"]) != member:
        return np.int64(NIL)
    return np.int64(entry["slot"])


@inner
def is_carried(core, order_id):
    """Was the order carried into this day already?"""
    return core.carried[_place(core.carried, order_id)]["order_id"] == order_id


@inner
def note_carried(core, order_id, slot, member):
    entry = core.carried[_place(core.carried, order_id)]
    assert entry["order_id"] == 0
    entry["order_id"] = order_id
    entry["slot"] = slot
    entry["member"] = member
    core.now[0]["carried_count"] += 1


@kernel
def move_carried(old, new):
    """Put every entry of `old` into the larger, empty table `new`."""
    for row in range(len(old)):
        order_id = old[row]["order_id"]
        if order_id != 0:
            place = _place(new, order_id)
            assert place >= 0
            new[place] = old[row]
