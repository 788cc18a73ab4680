"""An image held against itself, before a core is made of it (`spec/state.md`, must keep).

Shares no code with the core, and reads the sections only. Time: O(rows), as columns.
"""

from typing import Any

import numpy as np

from twinex.venue.core import limits
from twinex.venue.core.limits import LEGS
from twinex.venue.image.errors import InconsistentImage
from twinex.venue.image.image import Image
from twinex.venue.image.layout import KEYS, SECTIONS, position_keys
from twinex.venue.wire import codes

_BOUNDS = {
    "products": limits.PRODUCTS_MAX,
    "instruments": limits.INSTRUMENTS_MAX,
    "members": limits.MEMBERS_MAX,
    "seats": limits.SEATS_MAX,
    "accounts": limits.ACCOUNTS_MAX,
}


def check_image(image: Image) -> None:
    """Walk every section. Raises InconsistentImage with what is wrong, or returns."""
    for name in SECTIONS:
        _check_unnamed(image, name)
    for name, fields in KEYS.items():
        _check_keys(image, name, fields)
    _check_day(image)
    _check_reference(image)
    _check_orders(image)
    _check_books(image)
    _check_positions(image)
    _check_commands(image)


def _hold(image: Image, section: str, good: Any, what: str) -> None:
    """Every row of `section` is `good` (a bool each, or one for all)."""
    if not np.all(good):
        wrong = np.flatnonzero(~np.atleast_1d(good))
        rows = image[section]
        row = f", row {wrong[0]}: {rows[wrong[0]]}" if np.ndim(good) else ""
        raise InconsistentImage(image.path, f"section {section!r}: {what}{row}")


def _check_unnamed(image: Image, section: str) -> None:
    """Bytes of a row that no field names are zero."""
    row = SECTIONS[section]
    unnamed = np.ones(row.itemsize, bool)
    for form, offset in (row.fields or {}).values():
        unnamed[offset : offset + form.itemsize] = False
    if unnamed.any():
        octets = image[section].view(np.uint8).reshape(-1, row.itemsize)
        _hold(image, section, ~octets[:, unnamed].any(axis=1), "bytes without a name are zero")


def _check_keys(image: Image, section: str, fields: tuple[str, ...]) -> None:
    rows = image[section]
    keys = position_keys(rows) if len(fields) == 3 else rows[fields[0]].astype(np.int64)
    rising = np.ones(len(rows), bool)
    rising[1:] = keys[1:] > keys[:-1]
    _hold(image, section, rising, "keys rise")
    _hold(image, section, rows[fields[0]] > 0, "keys are positive")
    if section in _BOUNDS:
        _hold(image, section, rows["number"] <= _BOUNDS[section], "numbers keep their bound")


def _check_day(image: Image) -> None:
    day = image.day
    _hold(image, "day", 0 <= day["state"] <= 2, "the state is known")
    _hold(image, "day", day["term"] >= 1, "there is a term")
    counts = [int(day[name]) for name in ("commands", "events", "orders", "volume", "rejects")]
    _hold(image, "day", min(counts) >= 0, "counts are not negative")
    rows = 0
    if day["state"]:
        rows = int(day["sequence"]) - int(day["first_sequence"]) + 1
    _hold(image, "day", len(image["commands"]) == rows, "every command of the day has its row")


def _known(section: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Does each of `numbers` stand in a numbered section?"""
    found: np.ndarray = np.isin(numbers, section["number"])
    return found


def _rows_of(section: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The rows of a numbered section that `numbers`, all in it, name."""
    return section[np.searchsorted(section["number"], numbers)]


def _check_reference(image: Image) -> None:
    products, instruments = image["products"], image["instruments"]
    _hold(image, "products", products["tick"] > 0, "ticks are positive")
    _hold(image, "products", products["multiplier"] > 0, "multipliers are positive")
    _hold(image, "products", _in_enums(products), "phase and rules are known")
    _hold(image, "instruments", _known(products, instruments["product"]), "products are defined")
    tick = _rows_of(products, instruments["product"])["tick"]
    lower, upper = instruments["lower_limit"], instruments["upper_limit"]
    fits = (0 < lower) & (lower < upper) & (upper < limits.PRICE_MAX)
    fits &= (lower % tick == 0) & (upper % tick == 0) & ((upper - lower) // tick < limits.LEVELS_MAX)
    _hold(image, "instruments", fits, "limits are inside their bounds, on the tick")
    _hold(image, "instruments", instruments["halted"] <= 1, "halted or not")
    for section in ("seats", "accounts"):
        known = _known(image["members"], image[section]["member"])
        _hold(image, section, known, "members are defined")


def _in_enums(products: np.ndarray) -> np.ndarray:
    lasts = {
        "phase": codes.PHASE_AUCTION_NO_CANCEL,
        "price_rule": codes.PRICE_RULE_MIDDLE,
        "auction_rule": codes.AUCTION_RULE_BETTER_PRICED_FILL,
        "limit_priority": codes.PRIORITY_CLOSING_FIRST_EXCEPT_TODAY,
        "offset_rule": codes.OFFSET_RULE_TODAY_YESTERDAY,
        "market_price_rule": codes.PRICE_RULE_MIDDLE,
    }
    known = np.ones(len(products), bool)
    for name, last in lasts.items():
        known &= (0 <= products[name]) & (products[name] <= last)
    return known


def _products_of(image: Image, rows: np.ndarray) -> np.ndarray:
    """The product row of each row that names an instrument."""
    instruments = _rows_of(image["instruments"], rows["instrument"])
    return _rows_of(image["products"], instruments["product"])


def _check_orders(image: Image) -> None:
    orders = image["orders"]
    _hold(image, "orders", _known(image["instruments"], orders["instrument"]), "instruments are defined")
    _hold(image, "orders", _known(image["accounts"], orders["account"]), "accounts are defined")
    whole = (0 < orders["remaining"]) & (orders["remaining"] <= orders["quantity"])
    whole &= (0 < orders["shown"]) & (orders["shown"] <= orders["remaining"])
    _hold(image, "orders", whole, "lots are left of it")
    codes_known = (orders["side"] <= codes.SIDE_SELL) & (orders["offset"] <= codes.OFFSET_CLOSE_TODAY)
    codes_known &= orders["hedge"] <= codes.HEDGE_MARKET_MAKER
    _hold(image, "orders", codes_known, "side, offset and hedge are known")
    instruments = _rows_of(image["instruments"], orders["instrument"])
    tick, price = _products_of(image, orders)["tick"], orders["price"]
    inside = (instruments["lower_limit"] <= price) & (price <= instruments["upper_limit"])
    _hold(image, "orders", inside & (price % tick == 0), "prices lie inside the limits, on the tick")
    _check_ids(image, orders)


def _check_ids(image: Image, orders: np.ndarray) -> None:
    """Order ids are unique and lead to a command of today that made an order."""
    ids = np.sort(orders["order_id"])
    _hold(image, "orders", bool((ids[1:] > ids[:-1]).all()), "an order stands once")
    places = orders["order_id"] // LEGS - int(image.day["first_sequence"])
    today = (0 <= places) & (places < len(image["commands"]))
    _hold(image, "orders", today, "order ids are of commands of the day")
    made = image["commands"][places]
    _hold(image, "orders", made["command"] == codes.ORDER_ENTER, "an order_enter made it")
    _hold(image, "orders", made["reject_reason"] == 0, "a command that was done made it")
    owner = _rows_of(image["accounts"], orders["account"])["member"]
    _hold(image, "orders", made["member"] == owner, "its account's member entered it")


def _check_books(image: Image) -> None:
    """Queues stand in their order, and nothing trades in a crossed book."""
    orders = image["orders"]
    better = np.where(orders["side"] == codes.SIDE_BUY, -orders["price"], orders["price"])
    sides = orders["instrument"].astype(np.int64) * 2 + orders["side"]
    rising = np.ones(len(orders), bool)
    rising[1:] = (sides[1:] > sides[:-1]) | ((sides[1:] == sides[:-1]) & (better[1:] >= better[:-1]))
    _hold(image, "orders", rising, "by instrument, side and price")
    first = np.ones(len(orders), bool)
    first[1:] = sides[1:] != sides[:-1]
    best = orders[first]
    pairs = np.flatnonzero((np.diff(best["instrument"]) == 0))
    crossed = best["price"][pairs] >= best["price"][pairs + 1]
    rows = best[pairs]
    halted = _rows_of(image["instruments"], rows["instrument"])["halted"] != 0
    open_ = _products_of(image, rows)["phase"] == codes.PHASE_CONTINUOUS
    good = ~(crossed & open_ & ~halted)
    _hold(image, "orders", bool(good.all()), "no book in continuous trading is crossed")


def _check_positions(image: Image) -> None:
    positions = image["positions"]
    known = _known(image["instruments"], positions["instrument"])
    _hold(image, "positions", known, "instruments are defined")
    _hold(image, "positions", _known(image["accounts"], positions["account"]), "accounts are defined")
    rule = _products_of(image, positions)["offset_rule"]
    _hold(image, "positions", rule != codes.OFFSET_RULE_NONE, "the product keeps positions")
    for side in ("long", "short"):
        today, yesterday = positions[f"{side}_today"], positions[f"{side}_yesterday"]
        frozen, frozen_today = positions[f"{side}_frozen"], positions[f"{side}_frozen_today"]
        held = yesterday.astype(np.int64) + np.where(rule == codes.OFFSET_RULE_OPEN_CLOSE, today, 0)
        good = (today >= 0) & (yesterday >= 0) & (frozen <= held) & (frozen_today <= today)
        _hold(image, "positions", good, f"no more {side} is frozen than held")
    for name, due in _frozen(image).items():
        _hold(image, "positions", positions[name] == due, f"{name} is the volume of live orders")


def _frozen(image: Image) -> dict[str, np.ndarray]:
    """What live orders freeze of each position."""
    names = {
        (codes.OFFSET_OPEN, codes.SIDE_BUY): "opening_buys",
        (codes.OFFSET_OPEN, codes.SIDE_SELL): "opening_sells",
        (codes.OFFSET_CLOSE, codes.SIDE_BUY): "short_frozen",
        (codes.OFFSET_CLOSE, codes.SIDE_SELL): "long_frozen",
        (codes.OFFSET_CLOSE_TODAY, codes.SIDE_BUY): "short_frozen_today",
        (codes.OFFSET_CLOSE_TODAY, codes.SIDE_SELL): "long_frozen_today",
    }
    positions, orders = image["positions"], image["orders"]
    keeps = _products_of(image, orders)["offset_rule"] != codes.OFFSET_RULE_NONE
    orders = orders[keeps]
    held, wanted = position_keys(positions), position_keys(orders)
    places = np.searchsorted(held, wanted)
    known = places < len(held)
    known[known] = held[places[known]] == wanted[known]
    _hold(image, "positions", bool(known.all()), "a live order has its position")
    found = {}
    for (offset, side), name in names.items():
        mine = (orders["offset"] == offset) & (orders["side"] == side)
        lots = orders["remaining"][mine].astype(np.int64)
        due = np.zeros(len(positions), np.int64)
        np.add.at(due, places[mine], lots)
        found[name] = due
    return found


def _check_commands(image: Image) -> None:
    commands = image["commands"]
    used = commands["client_id"] != 0
    _hold(image, "commands", commands["client_id"] >= 0, "client ids are positive")
    unused = commands[~used]
    empty = not unused.view(np.uint8).any()
    _hold(image, "commands", empty, "a command without a client id has a row of zeros")
    members = image["members"]["number"]
    is_member = np.zeros(limits.MEMBERS_MAX + 1, bool)
    is_member[members] = True
    inside = (0 <= commands["member"]) & (commands["member"] <= limits.MEMBERS_MAX)
    _hold(image, "commands", inside, "members keep their bound")
    is_member[0] = True
    _hold(image, "commands", is_member[commands["member"]], "members are defined")
    _hold(image, "commands", (commands["member"] > 0) == used, "a client id has its member")
