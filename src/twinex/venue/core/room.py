"""Room for the next command: kernels allocate nothing, so what is short is found before it runs.

`shortage` looks at a record and the tables; `grow` (plain Python) makes larger tables.
"""

import numpy as np

from twinex.venue.compiler import apart, inlined, inner
from twinex.venue.core import limits, state
from twinex.venue.core.accounts import move_positions
from twinex.venue.core.bits import words_for_ranks
from twinex.venue.core.book import best_rank, rank_of
from twinex.venue.core.carried import find_carried, move_carried
from twinex.venue.core.combined_room import (
    fills_with_combinations,
    ranks_of_legs,
    ranks_with_limits,
)
from twinex.venue.core.ids import find_id, move_ids
from twinex.venue.core.limits import (
    ENTRIES_MAX,
    EVENT_BYTES_A_CANCEL,
    EVENT_BYTES_A_FILL,
    EVENT_BYTES_A_QUOTE,
    EVENT_BYTES_A_STOP,
    EVENT_BYTES_AN_INSTRUMENT,
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
_START_TRADES = 1 << 12
_ROWS_A_COMMAND = 4 * ENTRIES_MAX + 2  # orders: two legs an entry; positions: with the group's row
PAGE_BYTES = 4096


@inlined
def shortage(core, command):
    """What must grow before `command` may be applied; `now.needed` says to how much."""
    now = core.now[0]
    template = np.int64(command["template_id"])
    fills = _fills(core, command, template)
    if now["combination_count"] > 0:
        fills = fills_with_combinations(core, command, template, fills)
    octets = _event_bytes(core, template, fills)
    if octets > (now["event_limit"] - now["event_position"]) * 8:
        now["needed"] = octets
        return state.SHORT_EVENTS
    if now["last_trade_id"] + fills >= len(core.trades):
        now["needed"] = now["last_trade_id"] + fills + 1
        return state.SHORT_TRADES
    if template < codes.DAY_OPEN:
        return _shortage_of_member(core, command)
    return _shortage_of_exchange(core, command, template)


@inlined
def _fills(core, command, template):
    """An upper bound of the trades that `command` makes.

    It must be small for what any member can send at any time: a segment ends where it does not fit.
    """
    now = core.now[0]
    if template == codes.ORDER_ENTER or template == codes.FORCED_CLOSE:
        return _fills_of_order(core, command)
    if template == codes.ORDER_AMEND:
        return _fills_of_amend(core, command)
    if template == codes.QUOTE_ENTER:
        lots = np.int64(command["bid_quantity"]) + np.int64(command["ask_quantity"])
        return _fills_of_lots(
            core, np.int64(command["instrument"]), np.int64(command["account"]), lots
        )
    is_any = template == codes.MASS_QUOTE or template == codes.PHASE_SET
    if is_any or template == codes.HALT_SET or template == codes.DAY_END:
        return now["live_orders"] + now["slices"]
    return np.int64(0)


@inlined
def _event_bytes(core, template, fills):
    """An upper bound of the event bytes that a command of that many fills makes."""
    now = core.now[0]
    octets = EVENT_BYTES_FIXED + fills * EVENT_BYTES_A_FILL
    octets += now["combination_count"] * EVENT_BYTES_AN_INSTRUMENT
    if fills > 0:
        octets += now["stops"] * EVENT_BYTES_A_STOP
    if template == codes.QUOTE_ENTER:
        return octets + EVENT_BYTES_A_QUOTE
    if template == codes.MASS_QUOTE:
        return octets + ENTRIES_MAX * EVENT_BYTES_A_QUOTE
    is_bulk = template == codes.MASS_CANCEL or template == codes.OPERATOR_CANCEL
    if is_bulk or template == codes.LIMITS_SET:
        return octets + now["live_orders"] * EVENT_BYTES_A_CANCEL
    if (
        template == codes.TIMER
        or template == codes.PHASE_SET
        or template == codes.HALT_SET
        or template == codes.DAY_END
    ):
        octets += (now["instrument_high"] + PRODUCTS_MAX) * EVENT_BYTES_AN_INSTRUMENT
    return octets


@inlined
def _fills_of_lots(core, number, account, lots):
    """Fills of an incoming order of `lots` lots, and of the stops these may set off.

    Every fill takes a lot; and it fills the incoming order, or a resting one, or a part of an
    iceberg. Orders that self-trade prevention cancels take no lot.
    """
    if not 0 < number < len(core.instruments) or lots <= 0:
        return np.int64(0)
    instrument = core.instruments[number]
    parts = instrument["live_orders"] + instrument["slices"] + instrument["stops"]
    is_grouped = 0 < account < len(core.accounts) and core.accounts[account]["group"] != 0
    if is_grouped or instrument["stops"] > 0:
        return parts
    return min(lots, parts)


@inlined
def _fills_of_order(core, command):
    """As of its lots; an order that is too large, or that meets nothing, makes none."""
    number, quantity = np.int64(command["instrument"]), np.int64(command["quantity"])
    if not 0 < number < len(core.instruments):
        return np.int64(0)
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    if quantity > max(product["quantity_maximum_limit"], product["quantity_maximum_market"]):
        return np.int64(0)
    price, side = command["price"], np.int64(command["side"])
    if price != 0 and side <= 1:
        if not 0 < instrument["lower"] <= price <= instrument["upper"]:
            return np.int64(0)
        if best_rank(instrument, 1 - side) > rank_of(instrument, 1 - side, price):
            return np.int64(0)
    return _fills_of_lots(core, number, np.int64(command["account"]), quantity)


@inlined
def _fills_of_amend(core, command):
    """As of an order, in the instrument of the order that is named, if it is alive."""
    order_id = command["order_id"]
    named = order_id // LEGS
    if named == 0:
        seat = np.int64(command["seat"])
        member = core.seats[seat] if 0 < seat < len(core.seats) else np.int64(NIL)
        salt, client_id = core.now[0]["id_salt"], command["target_client_id"]
        named = core.ids[find_id(core.ids, salt, member, client_id)]["sequence"]
        order_id = named * LEGS
    place = named - core.now[0]["first_sequence"]
    if place >= len(core.slots):
        return np.int64(0)
    slot = np.int64(NIL)
    if place >= 0:
        slot = np.int64(core.slots[place]["slot"])
    else:
        seat = np.int64(command["seat"])
        member = core.seats[seat] if 0 < seat < len(core.seats) else np.int64(NIL)
        slot = find_carried(core, member, command["order_id"])
    if slot <= NIL:
        return np.int64(0)
    order = core.orders[slot]
    if order["order_id"] != order_id or order["flags"] == 0:
        return np.int64(0)
    number, account = np.int64(order["instrument"]), np.int64(order["account"])
    return _fills_of_lots(core, number, account, np.int64(command["new_quantity"]))


@inlined
def _shortage_of_member(core, command):
    """Rows that any command of a member may need: a mass quote makes most of them."""
    now = core.now[0]
    if now["order_high"] + _ROWS_A_COMMAND >= len(core.orders):
        return state.SHORT_ORDERS
    if now["position_count"] + _ROWS_A_COMMAND >= len(core.positions):
        return state.SHORT_POSITIONS
    if (now["id_count"] + 1) * 2 > len(core.ids):
        return state.SHORT_IDS
    return _shortage_of_slots(core, command)


@inlined
def _shortage_of_slots(core, command):
    now = core.now[0]
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


@apart
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
    if template == codes.GROUP_DEFINE:
        number = np.int64(command["group"])
        return _short_of(core, core.groups, number, limits.GROUPS_MAX, state.SHORT_GROUPS)
    now = core.now[0]
    is_full = now["position_count"] + _ROWS_A_COMMAND >= len(core.positions)
    if template == codes.POSITION_SET and is_full:
        return state.SHORT_POSITIONS
    if template == codes.ORDER_CARRY or template == codes.FORCED_CLOSE:
        if is_full:
            return state.SHORT_POSITIONS
        if now["order_high"] + _ROWS_A_COMMAND >= len(core.orders):
            return state.SHORT_ORDERS
        if (now["carried_count"] + 1) * 2 > len(core.carried):
            return state.SHORT_CARRIED
        return _shortage_of_slots(core, command)
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
    if template == codes.COMBINATION_DEFINE:
        return _shortage_of_combination(core, command)
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
    others = np.int64(0)
    if command["template_id"] == codes.LIMITS_SET:
        others = ranks_with_limits(core, np.int64(command["instrument"]), lower, upper)
    return _shortage_of_ranks(core, ranks + others)


@inner
def _shortage_of_combination(core, command):
    """A place in their table, and room for its ladder, if it may be defined."""
    now, number = core.now[0], np.int64(command["instrument"])
    short = _short_of(
        core, core.instruments, number, limits.INSTRUMENTS_MAX, state.SHORT_INSTRUMENTS
    )
    if short != state.SHORT_NOTHING:
        return short
    if now["combination_count"] + 1 >= len(core.combinations):
        now["needed"] = now["combination_count"] + 2
        return state.SHORT_COMBINATIONS
    ranks = ranks_of_legs(core, np.int64(command["leg_1"]), np.int64(command["leg_2"]))
    return _shortage_of_ranks(core, ranks)


@inner
def _shortage_of_ranks(core, ranks):
    """Room for ladders of so many levels together, the words of each filled up."""
    now = core.now[0]
    levels = now["level_count"] + 2 * ranks
    words = now["word_count"] + 2 * words_for_ranks(ranks) + 8 * now["combination_count"] + 8
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
    now[0]["touch_mark"] = 1  # rows begin with mark 0
    return state.Core(
        now=now,
        products=np.zeros(PRODUCTS_MAX + 1, state.PRODUCT),
        instruments=_aligned(_START_ROWS, state.INSTRUMENT),
        levels=np.zeros(_START_LEVELS, state.LEVEL),
        bits=np.zeros(_START_WORDS, np.int64),
        orders=_aligned(_START_ORDERS, state.ORDER),
        extras=_aligned(_START_ORDERS, state.EXTRA),
        slots=np.zeros(_START_SLOTS, state.ENTERED),
        carried=np.zeros(_START_ROWS, state.CARRIED),
        members=np.zeros(_START_ROWS, state.MEMBER),
        seats=np.zeros(_START_ROWS, np.int64),
        accounts=np.zeros(_START_ROWS, state.ACCOUNT),
        combinations=np.zeros(_START_ROWS, np.int64),
        groups=np.zeros(_START_ROWS, np.int64),
        positions=_aligned(_START_POSITIONS, state.POSITION),
        holders=np.zeros(_START_POSITIONS, state.HOLDER),
        position_index=np.zeros(4 * _START_POSITIONS, np.int32),
        ids=_aligned(_START_IDS, state.USED_ID),
        touched=np.zeros(_START_POSITIONS, np.int64),
        trades=np.zeros(_START_TRADES, state.TRADE),
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


def zeros(count: int, dtype: np.dtype) -> np.ndarray:
    """At least `count` rows, a power of two, that begin at a cache line."""
    return _aligned(1 << max(count - 1, 0).bit_length(), np.dtype(dtype))


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
        extras = _larger(core.extras, len(orders), aligned=True)
        return core._replace(orders=orders, extras=extras, scratch=np.zeros(len(orders), np.int64))
    if short == state.SHORT_POSITIONS:
        return _grow_positions(core)
    if short == state.SHORT_IDS:
        ids = _aligned(4 * len(core.ids), state.USED_ID)
        move_ids(core.ids, ids, core.now[0]["id_salt"])
        return core._replace(ids=ids)
    if short == state.SHORT_CARRIED:
        carried = np.zeros(4 * len(core.carried), state.CARRIED)
        move_carried(core.carried, carried)
        return core._replace(carried=carried)
    if short == state.SHORT_LEVELS:
        levels, bits = _larger(core.levels, needed), _larger(core.bits, needed // 8)
        return core._replace(levels=levels, bits=bits)
    name = {
        state.SHORT_SLOTS: "slots",
        state.SHORT_INSTRUMENTS: "instruments",
        state.SHORT_MEMBERS: "members",
        state.SHORT_SEATS: "seats",
        state.SHORT_ACCOUNTS: "accounts",
        state.SHORT_GROUPS: "groups",
        state.SHORT_COMBINATIONS: "combinations",
        state.SHORT_TRADES: "trades",
    }[short]
    aligned = short == state.SHORT_INSTRUMENTS
    return core._replace(**{name: _larger(getattr(core, name), needed, aligned=aligned)})


def _grow_positions(core: state.Core) -> state.Core:
    positions = _larger(core.positions, 0, aligned=True)
    index = np.zeros(4 * len(positions), np.int32)
    move_positions(positions, int(core.now[0]["position_count"]), index)
    return core._replace(
        positions=positions,
        holders=_larger(core.holders, len(positions)),
        position_index=index,
        touched=np.zeros(len(positions), np.int64),
    )


def with_commands(core: state.Core, commands: int) -> state.Core:
    """`core` with room for the client ids and the orders' places of so many more commands.

    Made at once: tables that grow move every id again and again, and their memory is handed out
    twice. What is not used in the end is never handed out.
    """
    now = core.now[0]
    ids = 2 * (int(now["id_count"]) + commands)
    if len(core.ids) < ids:
        larger = zeros(ids, state.USED_ID)
        move_ids(core.ids, larger, now["id_salt"])
        core = core._replace(ids=larger)
    places = int(now["sequence"] - now["first_sequence"]) + 1 + commands
    if len(core.slots) < places:
        core = core._replace(slots=_larger(core.slots, places))
    return core


def reserve(core: state.Core, *, commands: int, orders: int) -> state.Core:
    """Tables for a day of about this size, so that none grows while the market is open.

    Their memory is touched: the operating system hands it out now, not at the first order.
    """
    while len(core.orders) <= orders + _ROWS_A_COMMAND:
        core = grow(core, state.SHORT_ORDERS)
    core = with_commands(core, max(0, commands - int(core.now[0]["commands"])))
    if len(core.trades) < commands:
        core = core._replace(trades=_larger(core.trades, commands))
    for table in (core.orders, core.ids, core.slots, core.trades):
        table.view(np.uint8)[::PAGE_BYTES] |= 0
    return core
