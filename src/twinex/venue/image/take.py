"""A core's tables as a state image (`spec/state.md`), between two commands.

The order of every row comes from keys, never from where a row lies in its table.
"""

from typing import Any

import numpy as np

from twinex.venue.core.limits import LEGS, NIL
from twinex.venue.core.state import COMBINATION, ICEBERG, LASTING, POST_ONLY, WAITING, Core
from twinex.venue.image.errors import ImageError
from twinex.venue.image.image import Image
from twinex.venue.image.kernels import collect_commands, collect_queues
from twinex.venue.image.layout import (
    ACCOUNT_FIELDS,
    INSTRUMENT_FIELDS,
    MEMBER_FIELDS,
    PRODUCT_RULES,
    QUOTES,
    SECTIONS,
    TRADES,
    position_keys,
)
from twinex.venue.journal.recovery import Mark
from twinex.venue.wire import codes

BUY = codes.SIDE_BUY


def take(core: Core, mark: Mark) -> Image:
    """The state of `core`, which has applied the journal up to `mark`.

    Raises ImageError where the two do not belong together.
    """
    applied = int(core.now[0]["sequence"])
    if mark.sequence != applied and core.now[0]["commands"] != 0:
        raise ImageError(None, f"the core stands at {applied}, the journal at {mark.sequence}")
    slots = _queued(core)
    orders, commands = _orders(core, slots), _commands(core)
    quotes = _quotes(core, orders, commands)
    sections = {
        "day": _day(core, mark),
        "products": _numbered("products", core.products, "defined", PRODUCT_RULES),
        "instruments": _instruments(core),
        "members": _members(core, mark),
        "seats": _pairs("seats", core.seats, "member", core.seats),
        "groups": _pairs("groups", core.groups, "self_trade_mode", core.groups - 1),
        "accounts": _numbered("accounts", core.accounts, "member", ACCOUNT_FIELDS),
        "positions": _positions(core),
        "orders": orders,
        "stops": _stops(core),
        "quotes": quotes,
        "trades": core.trades[1 : int(core.now[0]["last_trade_id"]) + 1].astype(TRADES),
        "carried": _carried(core),
        "commands": commands,
        "combined": _combined(core, slots),
    }
    return Image(sections)


def _empty(section: str, rows: int = 0) -> np.ndarray:
    return np.zeros(rows, SECTIONS[section])


def _copy(made: np.ndarray, source: np.ndarray, names: str) -> None:
    """The fields that both call the same."""
    for name in names.split():
        made[name] = source[name]


def _numbered(section: str, table: np.ndarray, defined: str, names: str) -> np.ndarray:
    """The rows of a table that are defined, with their numbers."""
    numbers = np.flatnonzero(table[defined])
    made = _empty(section, len(numbers))
    made["number"] = numbers
    _copy(made, table[numbers], names)
    return made


def _pairs(section: str, defined: np.ndarray, name: str, values: np.ndarray) -> np.ndarray:
    numbers = np.flatnonzero(defined)
    made = _empty(section, len(numbers))
    made["number"], made[name] = numbers, values[numbers]
    return made


def _day(core: Core, mark: Mark) -> np.ndarray:
    row, now = _empty("day", 1), core.now[0]
    for name, value in mark._asdict().items():
        row[name] = np.uint64(value & (1 << 64) - 1) if name == "chain" else value
    for name in ("first_sequence", "commands", "events", "volume", "rejects", "trading_day"):
        row[name] = now[name]
    row["orders"], row["trades"] = now["orders_accepted"], now["last_trade_id"]
    row["state"] = now["day"]
    return row


def _instruments(core: Core) -> np.ndarray:
    made = _numbered("instruments", core.instruments, "product", INSTRUMENT_FIELDS)
    rows = core.instruments[made["number"]]
    made["lower_limit"], made["upper_limit"] = rows["lower"], rows["upper"]
    return made


def _members(core: Core, mark: Mark) -> np.ndarray:
    """Counts of an earlier window are over: they are 0 in the window of the image's time."""
    made = _numbered("members", core.members, "defined", MEMBER_FIELDS)
    present = core.members["window"][made["number"]] == windows_at(made, mark.time_ns)
    made["entries"] *= present
    made["cancels"] *= present
    return made


def windows_at(members: np.ndarray, time_ns: int) -> np.ndarray:
    """The rate window of each member in which `time_ns` lies (spec/operator.md, Rates)."""
    windows: np.ndarray = time_ns // np.maximum(members["window_ns"], 1)
    return windows


def _positions(core: Core) -> np.ndarray:
    """Rows of accounts, without those of groups and those that only stand beside a quote."""
    rows = core.positions[1 : int(core.now[0]["position_count"]) + 1]
    product = core.instruments["product"][rows["instrument"]]
    keeps = core.products["offset_rule"][product] != codes.OFFSET_RULE_NONE
    rows = rows[(rows["account"] > 0) & keeps]
    rows = rows[np.argsort(position_keys(rows))]
    made = _empty("positions", len(rows))
    _copy(made, rows, "account instrument hedge opened ordered")
    for name in ("today", "yesterday", "frozen", "frozen_today"):
        made[f"long_{name}"], made[f"short_{name}"] = rows[name].T
    made["opening_buys"], made["opening_sells"] = rows["opening"].T
    return made


def _queued(core: Core) -> np.ndarray:
    """Slots of the orders in books, as the image has them."""
    now = core.now[0]
    slots = np.zeros(int(now["live_orders"] - now["stops"]), np.int64)
    count = collect_queues(core, slots)
    assert count == len(slots), "live orders are counted"
    return slots


def _orders(core: Core, slots: np.ndarray) -> np.ndarray:
    rows, extras = core.orders[slots], core.extras[slots]
    made = _empty("orders", len(rows))
    _copy(made, rows, "order_id client_id instrument account seat quantity remaining")
    _copy(made, rows, "side offset hedge")
    made["price"] = _prices(core, rows)
    is_iceberg, lasts = rows["flags"] & ICEBERG != 0, rows["flags"] & LASTING != 0
    made["shown"] = np.where(is_iceberg, extras["shown"], rows["remaining"])
    made["display_quantity"] = np.where(is_iceberg, extras["display"], 0)
    made["good_till_day"] = np.where(lasts, extras["good_till_day"], 0)
    made["time_in_force"] = np.where(lasts, extras["time_in_force"], codes.TIME_DAY)
    made["post_only"] = rows["flags"] & POST_ONLY != 0
    return made


def _combined(core: Core, slots: np.ndarray) -> np.ndarray:
    """What orders of combinations among the `slots` are frozen at in their legs."""
    slots = slots[core.orders["flags"][slots] & COMBINATION != 0]
    slots = slots[np.argsort(core.orders["order_id"][slots])]
    made = _empty("combined", len(slots))
    made["order_id"] = core.orders["order_id"][slots]
    made["freeze_price_1"] = core.extras["price"][slots]
    made["freeze_price_2"] = core.extras["sent_price"][slots]
    return made


def _prices(core: Core, orders: np.ndarray) -> Any:
    """Of resting orders: ranks count ticks from the best possible price of the side."""
    instruments = core.instruments[orders["instrument"]]
    away = orders["rank"] * instruments["tick"]
    return np.where(orders["side"] == BUY, instruments["upper"] - away, instruments["lower"] + away)


def _stops(core: Core) -> np.ndarray:
    if core.now[0]["stops"] == 0:
        return _empty("stops")
    slots = np.flatnonzero(core.orders["flags"] & WAITING)
    slots = slots[np.argsort(core.orders["order_id"][slots])]
    assert len(slots) == core.now[0]["stops"], "waiting stops are counted"
    rows, extras = core.orders[slots], core.extras[slots]
    made = _empty("stops", len(rows))
    _copy(made, rows, "order_id client_id instrument account seat quantity remaining")
    _copy(made, rows, "side offset hedge")
    _copy(made, extras, "stop_price trail good_till_day kind time_in_force")
    made["price"], made["freeze_price"] = extras["sent_price"], extras["price"]
    made["minimum_quantity"], made["display_quantity"] = extras["minimum"], extras["display"]
    return made


def _commands(core: Core) -> np.ndarray:
    """`quote` still holds position rows: see `_quotes`."""
    now = core.now[0]
    if now["day"] == 0:
        return _empty("commands")
    made = _empty("commands", int(now["sequence"] - now["first_sequence"]) + 1)
    count = collect_commands(core.ids, core.slots, now["first_sequence"], made)
    assert count == now["id_count"], "used ids are counted"
    return made


def _quotes(core: Core, orders: np.ndarray, commands: np.ndarray) -> np.ndarray:
    """Quotes that live or are named; `quote` of the commands that name one becomes its place."""
    naming = np.flatnonzero((commands["command"] == codes.QUOTE_ENTER) & (commands["quote"] != 0))
    named = core.positions[commands["quote"][naming]]
    legs = orders[orders["order_id"] % LEGS != 0]
    keys, places = np.unique(
        np.concatenate([position_keys(named), position_keys(legs)]), return_inverse=True
    )
    made = np.zeros(len(keys), QUOTES)
    commands["quote"][naming] = places[: len(named)] + 1
    for rows, at in ((named, places[: len(named)]), (legs, places[len(named) :])):
        for name in ("account", "instrument", "hedge"):
            made[name][at] = rows[name]
    is_bid = legs["side"] == BUY
    made["bid_order_id"][places[len(named) :][is_bid]] = legs["order_id"][is_bid]
    made["ask_order_id"][places[len(named) :][~is_bid]] = legs["order_id"][~is_bid]
    return made


def _carried(core: Core) -> np.ndarray:
    rows = core.carried[core.carried["order_id"] != NIL]
    rows = rows[np.argsort(rows["order_id"])]
    made = _empty("carried", len(rows))
    _copy(made, rows, "order_id member")
    return made
