"""Rows that the next commands will need, asked for while the present one runs.

A command's rows lie anywhere in large tables, and waiting for memory is a good part of its time.
In a batch the commands to come are known: `fetch_ids` four commands ahead, `fetch_places` three,
`fetch_rows` two and `fetch_neighbours` one ask for what each will read, each through what the one
before has brought in. Nothing here changes anything, and any bytes may stand in the frames.
"""

import numpy as np

from twinex.venue.compiler import inner
from twinex.venue.core.accounts import position_place
from twinex.venue.core.book import level_index, rank_of
from twinex.venue.core.ids import id_place
from twinex.venue.core.limits import NIL
from twinex.venue.tables import prefetch
from twinex.venue.wire import codes


@inner
def _member_of(core, frame):
    seat = np.int64(frame["seat"])
    return core.seats[seat] if 0 < seat < len(core.seats) else np.int64(NIL)


@inner
def _names_order(frame):
    """Does the command name an order by its client id?"""
    template = np.int64(frame["template_id"])
    is_named = template == codes.ORDER_CANCEL or template == codes.ORDER_AMEND
    return is_named and frame["order_id"] == 0


@inner
def _is_order(core, frame):
    """Is it an order to enter, of an account and for an instrument that there may be?"""
    if np.int64(frame["template_id"]) != codes.ORDER_ENTER:
        return False
    is_account = 0 < np.int64(frame["account"]) < len(core.accounts)
    return is_account and 0 < np.int64(frame["instrument"]) < len(core.instruments)


@inner
def fetch_ids(core, frame):
    """The rows of the client ids that a command brings and names."""
    member, salt = _member_of(core, frame), core.now[0]["id_salt"]
    prefetch(core.ids, id_place(core.ids, salt, member, frame["client_id"]))
    if _names_order(frame):
        prefetch(core.ids, id_place(core.ids, salt, member, frame["target_client_id"]))


@inner
def fetch_places(core, frame):
    """The index entries that lead to a command's position row, or to its order."""
    if _is_order(core, frame):
        prefetch(core.position_index, _position_place(core, frame))
    elif _names_order(frame):
        place = _slot_place(core, frame)
        if place >= 0:
            prefetch(core.slots, place)


@inner
def fetch_rows(core, frame):
    """The position row and the level of an order to enter; the order to cancel or amend."""
    if _is_order(core, frame):
        prefetch(core.positions, np.int64(core.position_index[_position_place(core, frame)]))
        prefetch(core.levels, _level_place(core, frame))
    elif _names_order(frame):
        prefetch(core.orders, _order_slot(core, frame))


@inner
def fetch_neighbours(core, frame):
    """The order behind which one would queue; the neighbours and position of one to cancel."""
    if _is_order(core, frame):
        prefetch(core.orders, np.int64(core.levels[_level_place(core, frame)]["tail"]))
    elif _names_order(frame):
        order = core.orders[_order_slot(core, frame)]
        prefetch(core.orders, np.int64(order["next"]))
        prefetch(core.orders, np.int64(order["previous"]))
        prefetch(core.orders, np.int64(order["member_next"]))
        prefetch(core.orders, np.int64(order["member_previous"]))
        prefetch(core.positions, np.int64(order["position"]))


@inner
def _position_place(core, frame):
    account, hedge = np.int64(frame["account"]), np.int64(frame["hedge"])
    return position_place(core.position_index, account, np.int64(frame["instrument"]), hedge)


@inner
def _slot_place(core, frame):
    """Where the order that a command names is noted in `slots`; -1 if nowhere."""
    now = core.now[0]
    member, named = _member_of(core, frame), frame["target_client_id"]
    used = core.ids[id_place(core.ids, now["id_salt"], member, named)]
    place = used["sequence"] - now["first_sequence"]
    return place if 0 <= place < len(core.slots) else np.int64(-1)


@inner
def _order_slot(core, frame):
    """Row of the order that a command names; NIL if there is none."""
    place = _slot_place(core, frame)
    return max(np.int64(core.slots[place]["slot"]), np.int64(NIL)) if place >= 0 else np.int64(NIL)


@inner
def _level_place(core, frame):
    """Row of the level at an order's price; the first row if it has none."""
    instrument = core.instruments[np.int64(frame["instrument"])]
    price, side = frame["price"], np.int64(frame["side"])
    if side <= 1 and 0 < instrument["lower"] <= price <= instrument["upper"]:
        return level_index(instrument, side, rank_of(instrument, side, price))
    return np.int64(0)
