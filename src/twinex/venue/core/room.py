"""Room for the next command: kernels allocate nothing, so what is short is found before it runs.

`shortage` looks at a record and the tables; `grow` (plain Python) makes larger tables.
"""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.core import limits, state
from twinex.venue.core.accounts import move_positions
from twinex.venue.core.bits import words_for_ranks
from twinex.venue.core.ids import find_id, move_ids
from twinex.venue.core.limits import (
    EVENT_BYTES_A_CANCEL,
    EVENT_BYTES_A_FILL,
    EVENT_BYTES_AN_INSTRUMENT,
    EVENT_BYTES_AN_ORDER,
    EVENT_BYTES_FIXED,
    LEGS,
    LEVELS_MAX,
    NIL,
    PRICE_MAX,
    PRODUCTS_MAX,
)
from twinex.venue.wire import codes
from twinex.venue.wire.schema import EVENT, union_view

_START_ORDERS = 1 << 12
_START_POSITIONS = 1 << 10
_START_IDS = 1 << 14
_START_SLOTS = 1 << 16
_START_LEVELS = 1 << 14
_START_WORDS = 1 << 10
_START_ROWS = 64
PAGE_BYTES = 4096


@inlined
def shortage(core, command):
    """What must grow before `command` may be applied; `now.needed` says to how much."""
    now = core.now[0]
    template = np.int64(command["template_id"])
    if _event_bytes(core, command, template) > (now["event_limit"] - now["event_position"]) * 8:
        now["needed"] = _event_bytes(core, command, template)
        return state.SHORT_EVENTS
    if template < codes.DAY_OPEN:
        return _shortage_of_member(core, command)
    return _shortage_of_exchange(core, command, template)


@inner
def _event_bytes(core, command, template):
    """An upper bound of the event bytes that `command` makes.

    It must be small for what any member can send at any time: a segment ends where it does not fit.
    """
    now = core.now[0]
    if template == codes.ORDER_ENTER:
        return EVENT_BYTES_FIXED + _fills_of_order(core, command) * EVENT_BYTES_A_FILL
    if template == codes.ORDER_AMEND:
        return EVENT_BYTES_FIXED + _fills_of_amend(core, command) * EVENT_BYTES_A_FILL
    if template == codes.MASS_CANCEL or template == codes.LIMITS_SET:
        return EVENT_BYTES_FIXED + now["live_orders"] * EVENT_BYTES_A_CANCEL
    each = (now["instrument_high"] + PRODUCTS_MAX) * EVENT_BYTES_AN_INSTRUMENT
    if template == codes.TIMER:
        return EVENT_BYTES_FIXED + each
    if template == codes.PHASE_SET or template == codes.HALT_SET or template == codes.DAY_END:
        return EVENT_BYTES_FIXED + each + now["live_orders"] * EVENT_BYTES_AN_ORDER
    return np.int64(EVENT_BYTES_FIXED)


@inner
def _fills_of_order(core, command):
    """Every fill of an order fills a resting order whole, but the last; too large a one none."""
    number, quantity = np.int64(command["instrument"]), np.int64(command["quantity"])
    if not 0 < number < len(core.instruments):
        return np.int64(0)
    product = core.products[core.instruments[number]["product"]]
    if quantity > max(product["quantity_maximum_limit"], product["quantity_maximum_market"]):
        return np.int64(0)
    return max(np.int64(0), min(quantity, core.instruments[number]["live_orders"]))


@inner
def _fills_of_amend(core, command):
    """As of an order, in the instrument of the order that is named."""
    named = command["order_id"] // LEGS
    if named == 0:
        seat = np.int64(command["seat"])
        member = core.seats[seat] if 0 < seat < len(core.seats) else np.int64(NIL)
        salt, client_id = core.now[0]["id_salt"], command["target_client_id"]
        named = core.ids[find_id(core.ids, salt, member, client_id)]["sequence"]
    place = named - core.now[0]["first_sequence"]
    if not 0 <= place < len(core.slots):
        return np.int64(0)
    order = core.orders[np.int64(core.slots[place]["slot"])]
    live = core.instruments[np.int64(order["instrument"])]["live_orders"]
    return max(np.int64(0), min(np.int64(command["new_quantity"]), live))


@inner
def _shortage_of_member(core, command):
    now = core.now[0]
    if now["order_free"] == NIL and now["order_high"] + 1 >= len(core.orders):
        return state.SHORT_ORDERS
    if now["position_count"] + 1 >= len(core.positions):
        return state.SHORT_POSITIONS
    if (now["id_count"] + 1) * 2 > len(core.ids):
        return state.SHORT_IDS
    place = command["sequence"] - now["first_sequence"]
    if now["day"] == 1 and place >= len(core.slots):
        now["needed"] = place + 1
        return state.SHORT_SLOTS
    return state.SHORT_NOTHING


@inner
def _short_of(core, table, number, most, code):
    """A table indexed by `number` must hold it, if it is a number the spec allows."""
    if number >= len(table) and number <= most:
        core.now[0]["needed"] = number + 1
        return code
    return state.SHORT_NOTHING


@inner
def _shortage_of_exchange(core, command, template):
    if template == codes.MEMBER_DEFINE:
        number = np.int64(command["member"])
        return _short_of(core, core.members, number, limits.MEMBERS_MAX, state.SHORT_MEMBERS)
    if template == codes.SEAT_DEFINE:
        number = np.int64(command["seat_number"])
        return _short_of(core, core.seats, number, limits.SEATS_MAX, state.SHORT_SEATS)
    if template == codes.ACCOUNT_DEFINE:
        number = np.int64(command["account"])
        return _short_of(core, core.accounts, number, limits.ACCOUNTS_MAX, state.SHORT_ACCOUNTS)
    is_full = core.now[0]["position_count"] + 1 >= len(core.positions)
    if template == codes.POSITION_SET and is_full:
        return state.SHORT_POSITIONS
    if template == codes.INSTRUMENT_DEFINE:
        number = np.int64(command["instrument"])
        short = _short_of(
            core, core.instruments, number, limits.INSTRUMENTS_MAX, state.SHORT_INSTRUMENTS
        )
        if short != state.SHORT_NOTHING:
            return short
        return _shortage_of_levels(core, command, np.int64(command["product_of"]))
    if template == codes.LIMITS_SET:
        number = np.int64(command["instrument"])
        if 0 < number < len(core.instruments):
            return _shortage_of_levels(core, command, core.instruments[number]["product"])
    return state.SHORT_NOTHING


@inner
def _shortage_of_levels(core, command, product):
    """Room for a ladder between the limits, if they are limits that can be accepted."""
    if not 0 < product < len(core.products) or core.products[product]["defined"] == 0:
        return state.SHORT_NOTHING
    lower, upper = command["lower_limit"], command["upper_limit"]
    if lower <= 0 or upper <= lower or upper >= PRICE_MAX:
        return state.SHORT_NOTHING
    ranks = (upper - lower) // core.products[product]["tick"] + 1
    if ranks > LEVELS_MAX:
        return state.SHORT_NOTHING
    now = core.now[0]
    levels = now["level_count"] + 2 * ranks
    words = now["word_count"] + 2 * words_for_ranks(ranks)
    if levels > len(core.levels) or words > len(core.bits):
        now["needed"] = max(levels, words)
        return state.SHORT_LEVELS
    return state.SHORT_NOTHING


def empty_core(salt: int = 0) -> state.Core:
    """A core before its first day, without an event buffer (see `with_events`).

    `salt`: 62 bits that decide where client ids lie (`ids`), and nothing else.
    """
    now = np.zeros(1, state.NOW)
    now[0]["id_salt"] = salt
    return state.Core(
        now=now,
        products=np.zeros(PRODUCTS_MAX + 1, state.PRODUCT),
        instruments=np.zeros(_START_ROWS, state.INSTRUMENT),
        levels=np.zeros(_START_LEVELS, state.LEVEL),
        bits=np.zeros(_START_WORDS, np.int64),
        orders=_aligned(_START_ORDERS, state.ORDER),
        slots=np.zeros(_START_SLOTS, state.ENTERED),
        members=np.zeros(_START_ROWS, state.MEMBER),
        seats=np.zeros(_START_ROWS, np.int64),
        accounts=np.zeros(_START_ROWS, state.ACCOUNT),
        positions=_aligned(_START_POSITIONS, state.POSITION),
        position_index=np.zeros(4 * _START_POSITIONS, np.int32),
        ids=_aligned(_START_IDS, state.USED_ID),
        touched=np.zeros(_START_POSITIONS, np.int64),
        scratch=np.zeros(_START_ORDERS, np.int64),
        events=union_view(np.zeros(4096, np.uint8), EVENT),
        event_words=np.zeros(512, np.int64),
    )


def with_events(core: state.Core, octets: np.ndarray, position: int, limit: int) -> state.Core:
    """`core` writing its events into `octets` (uint8) from byte `position` to byte `limit`."""
    core.now[0]["event_position"] = position >> 3
    core.now[0]["event_limit"] = limit >> 3
    return core._replace(events=union_view(octets, EVENT), event_words=octets.view(np.int64))


def _aligned(count: int, dtype: np.dtype) -> np.ndarray:
    """Zeros that begin at a cache line."""
    size = count * dtype.itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype)


def _larger(table: np.ndarray, count: int, *, aligned: bool = False) -> np.ndarray:
    """A copy of `table` with at least `count` rows, a power of two."""
    size = max(2 * len(table), 1 << max(count - 1, 0).bit_length())
    new = _aligned(size, table.dtype) if aligned else np.zeros(size, table.dtype)
    new[: len(table)] = table
    return new


def grow(core: state.Core, short: int) -> state.Core:
    """`core` with larger tables for what `short` names (not events: those are the writer's)."""
    needed = int(core.now[0]["needed"])
    if short == state.SHORT_ORDERS:
        orders = _larger(core.orders, 0, aligned=True)
        return core._replace(orders=orders, scratch=np.zeros(len(orders), np.int64))
    if short == state.SHORT_POSITIONS:
        return _grow_positions(core)
    if short == state.SHORT_IDS:
        ids = _aligned(4 * len(core.ids), state.USED_ID)
        move_ids(core.ids, ids, core.now[0]["id_salt"])
        return core._replace(ids=ids)
    if short == state.SHORT_LEVELS:
        levels, bits = _larger(core.levels, needed), _larger(core.bits, needed // 8)
        return core._replace(levels=levels, bits=bits)
    name = {
        state.SHORT_SLOTS: "slots",
        state.SHORT_INSTRUMENTS: "instruments",
        state.SHORT_MEMBERS: "members",
        state.SHORT_SEATS: "seats",
        state.SHORT_ACCOUNTS: "accounts",
    }[short]
    return core._replace(**{name: _larger(getattr(core, name), needed)})


def _grow_positions(core: state.Core) -> state.Core:
    positions = _larger(core.positions, 0, aligned=True)
    index = np.zeros(4 * len(positions), np.int32)
    move_positions(positions, int(core.now[0]["position_count"]), index)
    touched = np.zeros(len(positions), np.int64)
    return core._replace(positions=positions, position_index=index, touched=touched)


def reserve(core: state.Core, *, commands: int, orders: int) -> state.Core:
    """Tables for a day of about this size, so that none grows while the market is open.

    Their memory is touched: the operating system hands it out now, not at the first order.
    """
    while len(core.orders) <= orders:
        core = grow(core, state.SHORT_ORDERS)
    while len(core.ids) < 2 * commands:
        core = grow(core, state.SHORT_IDS)
    if len(core.slots) < commands:
        core = core._replace(slots=_larger(core.slots, commands))
    for table in (core.orders, core.ids, core.slots):
        table.view(np.uint8)[::PAGE_BYTES] |= 0
    return core
