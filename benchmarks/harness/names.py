"""Which slot an order id stands for: an open-addressing table of the live orders alone.

A table by id would be as large as the ids ever given, and every new order would write to a line of
it that no cache holds. This one is as large as the book, and takes any id. An entry is a slot and
seven bits of its id's hash; the order's own row has the last word. Steps of one; a removal closes
its gap, so that no tombstones stay.
"""

import numpy as np

from twinex.venue.compiler import inlined, inner

SLOT_BITS = 24
SLOTS_MAX = (1 << SLOT_BITS) - 1
START_MASK = (1 << 12) - 1

NAMES_NOW = np.dtype([("mask", "i8"), ("count", "i8")])

_TAG_MAX = 127  # an entry stays below 2^31
_LOW = 0x7FFFFFFF
_FACTOR = 1540483477  # odd, of 31 bits: products stay inside int64

assert SLOT_BITS + _TAG_MAX.bit_length() == 31


@inlined
def _mixed(order_id):
    """62 bits: the home in the upper half, the tag below it."""
    return ((order_id ^ (order_id >> 31)) & _LOW) * _FACTOR


@inlined
def _tag(product):
    return (product >> 24) & _TAG_MAX


@inlined
def slot_at(names, place):
    """The slot that stands at `place`."""
    return np.int64(names[place]) & SLOTS_MAX


@inlined
def find(names, now, orders, order_id):
    """Where the live order `order_id` stands; -1 if there is none."""
    mask, product = now["mask"], _mixed(order_id)
    place, tag = (product >> 31) & mask, _tag(product)
    while True:
        entry = np.int64(names[place])
        if entry == 0:
            return np.int64(-1)
        if entry >> SLOT_BITS == tag and orders[entry & SLOTS_MAX]["order_id"] == order_id:
            return place
        place = (place + 1) & mask


@inlined
def find_slot(names, now, orders, slot):
    """Where `slot`, which stands in the table, stands."""
    mask = now["mask"]
    place = (_mixed(orders[slot]["order_id"]) >> 31) & mask
    while slot_at(names, place) != slot:
        assert names[place] != 0
        place = (place + 1) & mask
    return place


@inlined
def add(names, now, order_id, slot):
    """Note that `order_id` is in `slot`."""
    mask, product = now["mask"], _mixed(order_id)
    place = (product >> 31) & mask
    while names[place] != 0:
        place = (place + 1) & mask
    names[place] = slot | _tag(product) << SLOT_BITS
    now["count"] += 1


@inlined
def remove(names, now, orders, place):
    """Empty the entry at `place`; entries behind it that may stand there move up."""
    mask, gap = now["mask"], place
    place = (place + 1) & mask
    while names[place] != 0:
        home = (_mixed(orders[slot_at(names, place)]["order_id"]) >> 31) & mask
        if (place - home) & mask >= (place - gap) & mask:
            names[gap] = names[place]
            gap = place
        place = (place + 1) & mask
    names[gap] = 0
    now["count"] -= 1


@inner
def widen(names, now, orders, slots):
    """Use twice as many entries, and enter the live orders among the first `slots` anew."""
    now["mask"] = now["mask"] * 2 + 1
    now["count"] = 0
    for place in range(now["mask"] + 1):
        names[place] = 0
    for slot in range(1, slots + 1):
        if orders[slot]["live"] != 0:
            add(names, now, orders[slot]["order_id"], slot)
