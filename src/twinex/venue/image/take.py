"""A core's tables as a state image (`spec/state.md`), between two commands.

The order of every row comes from keys, never from where a row lies in its table.
"""

from typing import Any

import numpy as np

from twinex.venue.core.limits import NIL
from twinex.venue.core.state import Core
from twinex.venue.image.errors import ImageError
from twinex.venue.image.image import Image
from twinex.venue.image.kernels import collect_commands, collect_queues
from twinex.venue.image.layout import PRODUCT_RULES, SECTIONS, position_keys
from twinex.venue.journal.recovery import Mark
from twinex.venue.wire import codes

BUY = codes.SIDE_BUY


def take(core: Core, mark: Mark) -> Image:
    """The state of `core`, which has applied the journal up to `mark`.

    Raises ImageError where the two do not belong together.
    """
    if mark.sequence != core.now[0]["sequence"]:
        applied = int(core.now[0]["sequence"])
        raise ImageError(None, f"the core stands at {applied}, the journal at {mark.sequence}")
    sections = {
        "day": _day(core, mark),
        "products": _products(core),
        "instruments": _instruments(core),
        "members": _members(core, mark),
        "seats": _seats(core),
        "groups": _empty("groups"),
        "accounts": _accounts(core),
        "positions": _positions(core),
        "orders": _orders(core),
        "stops": _empty("stops"),
        "quotes": _empty("quotes"),
        "trades": _empty("trades"),
        "carried": _empty("carried"),
        "commands": _commands(core),
    }
    return Image(sections)


def _empty(section: str, rows: int = 0) -> np.ndarray:
    return np.zeros(rows, SECTIONS[section])


def _copied(section: str, source: np.ndarray, rows: np.ndarray, names: str) -> np.ndarray:
    """Rows of a table numbered as it is, with the fields that both call the same."""
    made = _empty(section, len(rows))
    made["number"] = rows
    for name in names.split():
        made[name] = source[name][rows]
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


def _products(core: Core) -> np.ndarray:
    rows = np.flatnonzero(core.products["defined"])
    known = [name for name in PRODUCT_RULES.split() if name in (core.products.dtype.names or ())]
    return _copied("products", core.products, rows, " ".join(known))


def _instruments(core: Core) -> np.ndarray:
    rows = np.flatnonzero(core.instruments["product"] != NIL)
    same = "product last_price previous_settlement open_interest position_limit halted"
    made = _copied("instruments", core.instruments, rows, same)
    made["lower_limit"] = core.instruments["lower"][rows]
    made["upper_limit"] = core.instruments["upper"][rows]
    return made


def _members(core: Core, mark: Mark) -> np.ndarray:
    rows = np.flatnonzero(core.members["defined"])
    return _copied("members", core.members, rows, "active credit used")


def _seats(core: Core) -> np.ndarray:
    rows = np.flatnonzero(core.seats != NIL)
    made = _empty("seats", len(rows))
    made["number"], made["member"] = rows, core.seats[rows]
    return made


def _accounts(core: Core) -> np.ndarray:
    rows = np.flatnonzero(core.accounts["member"] != NIL)
    return _copied("accounts", core.accounts, rows, "member active open_products close_products")


def _positions(core: Core) -> np.ndarray:
    rows = core.positions[1 : int(core.now[0]["position_count"]) + 1]
    rows = rows[np.argsort(position_keys(rows))]
    made = _empty("positions", len(rows))
    for name in ("account", "instrument", "hedge", "ordered"):
        made[name] = rows[name]
    for name in ("today", "yesterday", "frozen", "frozen_today"):
        made[f"long_{name}"], made[f"short_{name}"] = rows[name].T
    made["opening_buys"], made["opening_sells"] = rows["opening"].T
    return made


def _orders(core: Core) -> np.ndarray:
    slots = np.zeros(int(core.now[0]["live_orders"]), np.int64)
    count = collect_queues(core, slots)
    assert count == len(slots), "live orders are counted"
    rows = core.orders[slots]
    made = _empty("orders", len(rows))
    for name in made.dtype.names or ():
        if name in (rows.dtype.names or ()):
            made[name] = rows[name]
    made["price"] = _prices(core, rows)
    made["shown"] = rows["remaining"]
    return made


def _prices(core: Core, orders: np.ndarray) -> Any:
    """Of resting orders: ranks count ticks from the best possible price of the side."""
    instruments = core.instruments[orders["instrument"]]
    away = orders["rank"] * instruments["tick"]
    return np.where(orders["side"] == BUY, instruments["upper"] - away, instruments["lower"] + away)


def _commands(core: Core) -> np.ndarray:
    now = core.now[0]
    if now["day"] == 0:
        return _empty("commands")
    made = _empty("commands", int(now["sequence"] - now["first_sequence"]) + 1)
    count = collect_commands(core.ids, now["first_sequence"], made)
    assert count == now["id_count"], "used ids are counted"
    return made
