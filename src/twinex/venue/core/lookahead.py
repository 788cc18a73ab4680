"""Rows that the next commands will need, asked for while the present one runs.

A command's rows lie anywhere in large tables, and waiting for memory is a good part of its time.
In a batch the commands to come are known. Each stage asks for what it finds in the rows that the
stage before it has asked for, one command earlier: `fetch_ids` six commands ahead, `fetch_places`
five, `fetch_rows` four, `fetch_neighbours` three, `fetch_levels` two, `fetch_tail` one, so that
every wait has a command's time. Nothing here changes anything, and any bytes may stand in the
frames.
"""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.core.accounts import position_place
from twinex.venue.core.book import level_index, rank_of
from twinex.venue.core.ids import id_place, likely_place
from twinex.venue.core.limits import LEGS, NIL
from twinex.venue.tables import prefetch
from twinex.venue.wire import codes


@inner
def _member_of(core, frame):
    seat = np.int64(frame["seat"])
    return core.seats[seat] if 0 < seat < len(core.seats) else np.int64(NIL)


@inner
def _names_order(frame):
    """Does the command name an order, by its client id or by its order id?"""
    template = np.int64(frame["template_id"])
    return template == codes.ORDER_CANCEL or template == codes.ORDER_AMEND


@inner
def _is_order(core, frame):
    """Is it an order to enter, of an account and for an instrument that there may be?"""
    if np.int64(frame["template_id"]) != codes.ORDER_ENTER:
        return False
    is_account = 0 < np.int64(frame["account"]) < len(core.accounts)
    return is_account and 0 < np.int64(frame["instrument"]) < len(core.instruments)


@inlined
def fetch_ids(core, frame):
    """The rows of the client ids that a command brings and names; what notes an order id."""
    member, salt = _member_of(core, frame), core.now[0]["id_salt"]
    prefetch(core.ids, id_place(core.ids, salt, member, frame["client_id"]))
    if _names_order(frame):
        if frame["order_id"] == 0:
            prefetch(core.ids, id_place(core.ids, salt, member, frame["target_client_id"]))
        else:
            prefetch(core.slots, _slot_place(core, frame))


@inlined
def fetch_places(core, frame):
    """What leads to a command's position row, or to its order; instrument; a second id row.

    The fuller the table, the more client ids find another in their first row.
    Returns where the order that the command names is noted in `slots`; the first place if nowhere.
    """
    member, salt = _member_of(core, frame), core.now[0]["id_salt"]
    prefetch(core.ids, likely_place(core.ids, salt, member, frame["client_id"]))
    place = np.int64(0)
    if _is_order(core, frame):
        prefetch(core.position_index, _position_place(core, frame))
        prefetch(core.instruments, np.int64(frame["instrument"]))
    elif _names_order(frame):
        place = _slot_place(core, frame)
        if frame["order_id"] == 0:
            prefetch(core.slots, place)
    return place


@inlined
def fetch_rows(core, frame, place):
    """Position, account and level of an order to enter; the order to cancel or amend.

    `place`: what `fetch_places` returned. Returns the row of the order that the command names, or
    of another; NIL if there is none.
    """
    slot = np.int64(NIL)
    if _is_order(core, frame):
        prefetch(core.positions, np.int64(core.position_index[_position_place(core, frame)]))
        prefetch(core.levels, _level_place(core, frame))
        prefetch(core.accounts, np.int64(frame["account"]))
    elif _names_order(frame):
        slot = max(np.int64(core.slots[place]["slot"]), slot)
        prefetch(core.orders, slot)
    return slot


@inlined
def fetch_neighbours(core, frame, slot):
    """The order behind which one would queue; of one to cancel or amend instrument and links.

    `slot`: what `fetch_rows` returned.
    """
    if _is_order(core, frame):
        prefetch(core.orders, np.int64(core.levels[_level_place(core, frame)]["tail"]))
    elif _names_order(frame):
        order = core.orders[slot]
        prefetch(core.instruments, np.int64(order["instrument"]))
        prefetch(core.orders, np.int64(order["next"]))
        prefetch(core.orders, np.int64(order["previous"]))
        prefetch(core.positions, np.int64(order["position"]))
        prefetch(core.accounts, np.int64(order["account"]))
        if np.int64(frame["template_id"]) == codes.ORDER_CANCEL:
            prefetch(core.orders, np.int64(order["member_next"]))
            prefetch(core.orders, np.int64(order["member_previous"]))


@inlined
def fetch_levels(core, frame, slot):
    """The levels that an order leaves and comes to, and the words that mark them.

    `slot`: what `fetch_rows` returned. Returns the level behind whose orders an amended order may
    queue; the first row if there is none.
    """
    level = np.int64(0)
    if _names_order(frame):
        order = core.orders[slot]
        instrument = core.instruments[np.int64(order["instrument"])]
        side, rank = np.int64(order["side"]), np.int64(order["rank"])
        if rank < instrument["ranks"]:  # the limits may have moved since
            prefetch(core.levels, level_index(instrument, side, rank))
            prefetch(core.bits, _word_place(instrument, side, rank))
        price = frame["new_price"]
        if np.int64(frame["template_id"]) == codes.ORDER_AMEND and _has(instrument, price):
            rank = rank_of(instrument, side, price)
            level = level_index(instrument, side, rank)
            prefetch(core.levels, level)
            prefetch(core.bits, _word_place(instrument, side, rank))
    return level


@inlined
def fetch_tail(core, level):
    """The order behind which an amended one would queue. `level`: what `fetch_levels` returned."""
    prefetch(core.orders, np.int64(core.levels[level]["tail"]))


@inlined
def _position_place(core, frame):
    account, hedge = np.int64(frame["account"]), np.int64(frame["hedge"])
    return position_place(core.position_index, account, np.int64(frame["instrument"]), hedge)


@inlined
def _slot_place(core, frame):
    """Where the order that a command names is noted in `slots`; the first place if nowhere."""
    now = core.now[0]
    sequence = frame["order_id"] // LEGS
    if sequence == 0:
        member, named = _member_of(core, frame), frame["target_client_id"]
        sequence = core.ids[likely_place(core.ids, now["id_salt"], member, named)]["sequence"]
    place = sequence - now["first_sequence"]
    return place if 0 <= place < len(core.slots) else np.int64(0)


@inlined
def _level_place(core, frame):
    """Row of the level at an order's price; the first row if it has none."""
    instrument = core.instruments[np.int64(frame["instrument"])]
    side, price = np.int64(frame["side"]), frame["price"]
    if side <= 1 and _has(instrument, price):
        return level_index(instrument, side, rank_of(instrument, side, price))
    return np.int64(0)


@inlined
def _has(instrument, price):
    """Does the instrument's ladder have that price?"""
    return 0 < instrument["lower"] <= price <= instrument["upper"]


@inlined
def _word_place(instrument, side, rank):
    """Where the word lies that marks a level as holding orders."""
    return instrument["word_base"] + side * instrument["words_a_side"] + (rank >> 6)
