"""Compiled walks between a core's tables and an image's rows."""

import numpy as np

from twinex.venue.compiler import inner, kernel
from twinex.venue.core.book import level_index, next_level, rest
from twinex.venue.core.carried import note_carried
from twinex.venue.core.ids import find_id, id_place
from twinex.venue.core.limits import NIL
from twinex.venue.core.matching import count_slices, list_order
from twinex.venue.core.state import ICEBERG, MASS_QUOTED, WAITING, tables_of
from twinex.venue.core.stops import queue_stop
from twinex.venue.tables import prefetch
from twinex.venue.wire import codes

_AHEAD = 16  # rows: their places in a large table are asked for so early
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
def collect_commands(ids, slots, first_sequence, rows):
    """Every used client id into the row of the command that used it; how many.

    `quote` of a quote_enter is its position row here, and becomes its place among the quotes.
    """
    count = np.int64(0)
    for place in range(len(ids)):
        used = ids[place]
        if used["client_id"] == 0:
            continue
        place = used["sequence"] - first_sequence
        row, slot = rows[place], np.int64(slots[place]["slot"])
        row["client_id"] = used["client_id"]
        row["body_crc"] = used["body_crc"]
        row["member"] = used["member"]
        row["command"] = used["command"]
        row["reject_reason"] = used["reject_reason"]
        if slot == MASS_QUOTED:
            row["quote"] = 1 if used["command"] == codes.MASS_QUOTE else 0
        elif slot < 0:
            row["quote"] = -slot
        count += 1
    return count


@inner
def _slot_of(row, quote_rows):
    """What the index says of a command's order: done until it is found alive; 0 = made none."""
    if row["reject_reason"] != 0:
        return np.int64(NIL)
    command, quote = np.int64(row["command"]), np.int64(row["quote"])
    if command == codes.ORDER_ENTER or command == codes.STOP_ENTER:
        return np.int64(DONE_SLOT)
    if command == codes.QUOTE_ENTER:
        return -quote_rows[quote] if quote != 0 else np.int64(MASS_QUOTED)
    return np.int64(MASS_QUOTED if quote != 0 else NIL)


@kernel
def enter_commands(core, rows, quote_rows):
    """Client ids and the members of orders from an image's commands; how many, -1: one twice.

    `quote_rows` (int64): the position row of each quote of the image, from 1.
    """
    core = tables_of(core)
    salt, first_sequence = core.now[0]["id_salt"], core.now[0]["first_sequence"]
    count = np.int64(0)
    for place in range(len(rows)):
        row = rows[place]
        if place + _AHEAD < len(rows):
            later = rows[place + _AHEAD]
            prefetch(
                core.ids, id_place(core.ids, salt, np.int64(later["member"]), later["client_id"])
            )
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
        slot = _slot_of(row, quote_rows)
        if slot != NIL:
            core.slots[place]["slot"] = slot
            core.slots[place]["member"] = member
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
    """Count live orders into lists, in this order: members', and instruments' waiting stops."""
    core = tables_of(core)
    for place in range(len(slots)):
        slot = slots[place]
        instrument = core.instruments[np.int64(core.orders[slot]["instrument"])]
        list_order(core, slot)
        if np.int64(core.orders[slot]["flags"]) & WAITING != 0:
            queue_stop(core, instrument, slot)
            continue
        instrument["live_orders"] += 1
        if np.int64(core.orders[slot]["flags"]) & ICEBERG != 0:
            count_slices(core, instrument, slot)


@kernel
def note_carried_orders(core, order_ids, slots, members):
    """Orders of earlier days, each with the slot where it lives, or `DONE_SLOT`."""
    core = tables_of(core)
    for at in range(len(order_ids)):
        note_carried(core, order_ids[at], slots[at], members[at])
