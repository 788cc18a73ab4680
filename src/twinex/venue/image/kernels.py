"""Compiled walks between a core's tables and an image's rows."""

import numpy as np

from twinex.venue.compiler import kernel
from twinex.venue.core.book import level_index, next_level, rest
from twinex.venue.core.ids import find_id
from twinex.venue.core.limits import NIL
from twinex.venue.core.matching import enlist
from twinex.venue.core.state import tables_of
from twinex.venue.wire import codes

DONE_SLOT = 1  # where the index says a done order lives: any row but 0, it holds another order


@kernel
def collect_queues(core, slots):
    """Slots of all orders in books, in the order of the image; how many."""
    core = tables_of(core)
    count = np.int64(0)
    for number in range(1, core.now[0]["instrument_high"] + 1):
        instrument = core.instruments[number]
        if instrument["product"] == NIL:
            continue
        for side in range(2):
            rank = next_level(core, instrument, side, np.int64(0))
            while rank < instrument["ranks"]:
                slot = np.int64(core.levels[level_index(instrument, side, rank)]["head"])
                while slot != NIL:
                    slots[count] = slot
                    count += 1
                    slot = np.int64(core.orders[slot]["next"])
                rank = next_level(core, instrument, side, rank + 1)
    return count


@kernel
def collect_commands(ids, first_sequence, rows):
    """Every used client id into the row of the command that used it; how many."""
    count = np.int64(0)
    for place in range(len(ids)):
        used = ids[place]
        if used["client_id"] == 0:
            continue
        row = rows[used["sequence"] - first_sequence]
        row["client_id"] = used["client_id"]
        row["body_crc"] = used["body_crc"]
        row["member"] = used["member"]
        row["command"] = used["command"]
        row["reject_reason"] = used["reject_reason"]
        count += 1
    return count


@kernel
def enter_commands(core, rows):
    """Client ids and the members of orders from an image's commands; how many, -1: one twice."""
    core = tables_of(core)
    salt, first_sequence = core.now[0]["id_salt"], core.now[0]["first_sequence"]
    count = np.int64(0)
    for place in range(len(rows)):
        row = rows[place]
        client_id = row["client_id"]
        if client_id == 0:
            continue
        member = np.int64(row["member"])
        used = core.ids[find_id(core.ids, salt, member, client_id)]
        if used["client_id"] != 0:
            return np.int64(-1)
        used["client_id"] = client_id
        used["sequence"] = first_sequence + place
        used["body_crc"] = row["body_crc"]
        used["member"] = member
        used["reject_reason"] = row["reject_reason"]
        used["command"] = row["command"]
        count += 1
        if row["reject_reason"] == 0 and row["command"] == codes.ORDER_ENTER:
            entry = core.slots[place]
            entry["slot"] = DONE_SLOT
            entry["member"] = member
    return count


@kernel
def queue_orders(core, count):
    """Rest the orders in slots 1..count, one behind the other, at the ranks that they carry."""
    core = tables_of(core)
    for slot in range(1, count + 1):
        order = core.orders[slot]
        instrument = core.instruments[np.int64(order["instrument"])]
        product = core.products[instrument["product"]]
        rest(core, product, instrument, np.int64(slot), np.int64(order["rank"]))


@kernel
def enlist_orders(core, slots):
    """Count live orders and put them into their members' lists, in the order of `slots`."""
    core = tables_of(core)
    for place in range(len(slots)):
        slot = slots[place]
        enlist(core, core.instruments[np.int64(core.orders[slot]["instrument"])], slot)
