"""An image held against itself, before a core is made of it (`spec/state.md`, must keep).

Shares no code with the core, and reads the sections only. Time: O(rows), as columns.
"""

import numpy as np

from twinex.venue.core import limits
from twinex.venue.image.check_combinations import check_combinations
from twinex.venue.image.check_orders import check_orders
from twinex.venue.image.claims import claims
from twinex.venue.image.image import Image
from twinex.venue.image.layout import KEYS, SECTIONS, position_keys
from twinex.venue.image.lookups import are_combinations, are_in, hold, products_of, rows_of
from twinex.venue.wire import codes

_ANY = (1 << 31) - 1
_RULE_BOUNDS = {  # least and largest values of rules
    "phase": (0, codes.PHASE_AUCTION_NO_CANCEL),
    "price_rule market_price_rule": (0, codes.PRICE_RULE_MIDDLE),
    "auction_rule": (0, codes.AUCTION_RULE_BETTER_PRICED_FILL),
    "limit_priority": (0, codes.PRIORITY_CLOSING_FIRST_EXCEPT_TODAY),
    "offset_rule": (0, codes.OFFSET_RULE_TODAY_YESTERDAY),
    "kinds_allowed": (1, 15),
    "times_allowed": (1, 31),
    "amend_allowed protection_allowed minimum_allowed funds_checked": (0, 1),
    "post_only_allowed self_trade_checked": (0, 1),
    "stops_allowed": (0, 2),
    "tick": (1, limits.TICK_MAX),
    "multiplier": (1, limits.MULTIPLIER_MAX),
    "quantity_minimum quantity_maximum_limit quantity_maximum_market": (1, limits.QUANTITY_MAX),
    "position_limit opening_cap": (0, _ANY),
    "band_ticks quote_width_ticks request_width_ticks": (0, limits.LEVELS_MAX),
    "display_minimum quote_minimum": (0, limits.QUANTITY_MAX),
    "quote_rule": (0, codes.QUOTE_RULE_ONE_SIDE_ALLOWED),
    "request_interval_ns": (0, 86_400 * 10**9),
}
_BOUNDS = {
    "products": limits.PRODUCTS_MAX,
    "instruments": limits.INSTRUMENTS_MAX,
    "members": limits.MEMBERS_MAX,
    "seats": limits.SEATS_MAX,
    "groups": limits.GROUPS_MAX,
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
    check_combinations(image)
    check_orders(image)
    _check_positions(image)
    _check_trades(image)
    _check_commands(image)


def _check_unnamed(image: Image, section: str) -> None:
    """Bytes of a row that no field names are zero."""
    row = SECTIONS[section]
    unnamed = np.ones(row.itemsize, bool)
    for field in (row.fields or {}).values():
        unnamed[field[1] : field[1] + field[0].itemsize] = False
    if unnamed.any():
        octets = image[section].view(np.uint8).reshape(-1, row.itemsize)
        hold(image, section, ~octets[:, unnamed].any(axis=1), "bytes without a name are zero")


def _check_keys(image: Image, section: str, fields: tuple[str, ...]) -> None:
    rows = image[section]
    keys = position_keys(rows) if len(fields) == 3 else rows[fields[0]].astype(np.int64)
    rising = np.ones(len(rows), bool)
    rising[1:] = keys[1:] > keys[:-1]
    hold(image, section, rising, "keys rise")
    hold(image, section, rows[fields[0]] > 0, "keys are positive")
    if section in _BOUNDS:
        hold(image, section, rows["number"] <= _BOUNDS[section], "numbers keep their bound")


def _check_day(image: Image) -> None:
    day = image.day
    hold(image, "day", 0 <= day["state"] <= 2, "the state is known")
    hold(image, "day", day["term"] >= 1, "there is a term")
    counts = [int(day[name]) for name in ("commands", "events", "orders", "volume", "rejects")]
    hold(image, "day", min(counts) >= 0, "counts are not negative")
    rows = 0
    if day["state"]:
        rows = int(day["sequence"]) - int(day["first_sequence"]) + 1
    hold(image, "day", len(image["commands"]) == rows, "every command of the day has its row")


def _check_reference(image: Image) -> None:
    products, instruments = image["products"], image["instruments"]
    hold(image, "products", _keep_bounds(products), "phase and rules keep their bounds")
    hold(image, "instruments", are_in(products, instruments["product"]), "products are defined")
    tick = _of_instruments(image)["tick"]
    lower, upper = instruments["lower_limit"], instruments["upper_limit"]
    least = np.where(instruments["leg_1"] != 0, 1 - limits.PRICE_MAX, 1)
    fits = (lower >= least) & (lower < upper) & (upper < limits.PRICE_MAX)
    fits &= (
        (lower % tick == 0) & (upper % tick == 0) & ((upper - lower) // tick < limits.LEVELS_MAX)
    )
    hold(image, "instruments", fits, "limits are inside their bounds, on the tick")
    hold(image, "instruments", _values_fit(image), "values of orders keep their bound")
    hold(image, "instruments", instruments["halted"] <= 1, "halted or not")
    members = image["members"]
    for section in ("members", "accounts"):
        rows = image[section]
        said = (rows["active"] <= 1) & (rows["blocked"] <= 1)
        hold(image, section, said, "active or not, blocked or not")
    kept = (members["credit"] >= 0) & (members["credit"] <= limits.VALUE_MAX)
    kept &= (members["used"] >= 0) & (members["used"] <= limits.VALUE_MAX)
    hold(image, "members", kept, "credit and its use keep their bounds")
    for section in ("seats", "accounts"):
        known = are_in(image["members"], image[section]["member"])
        hold(image, section, known, "members are defined")
    modes, group = image["groups"]["self_trade_mode"], image["accounts"]["group"]
    known = (modes >= codes.SELF_TRADE_ALLOW) & (modes <= codes.SELF_TRADE_REDUCE)
    hold(image, "groups", known, "self-trade modes are known")
    known = (group == 0) | are_in(image["groups"], group)
    hold(image, "accounts", known, "groups are defined")


def _keep_bounds(products: np.ndarray) -> np.ndarray:
    """Rules are known and inside their bounds (spec/phases.md, Bounds; spec/operator.md)."""
    kept = np.ones(len(products), bool)
    for names, (least, most) in _RULE_BOUNDS.items():
        for name in names.split():
            kept &= (products[name] >= least) & (products[name] <= most)
    minimum = products["quantity_minimum"]
    kept &= (minimum <= products["quantity_maximum_limit"]) & (products["quantity_step"] >= 1)
    kept &= minimum % np.maximum(products["quantity_step"], 1) == 0
    kept &= (products["kinds_allowed"] & 1 != 0) & (products["times_allowed"] & 1 != 0)
    return kept


def _values_fit(image: Image) -> np.ndarray:
    """The largest order at the highest price keeps its bound, for each instrument."""
    rows = _of_instruments(image)
    largest = np.maximum(rows["quantity_maximum_limit"], rows["quantity_maximum_market"])
    fits: np.ndarray = image["instruments"]["upper_limit"] <= limits.VALUE_MAX // (
        rows["multiplier"] * largest
    )
    return fits


def _of_instruments(image: Image) -> np.ndarray:
    """The product row of each instrument."""
    return rows_of(image["products"], image["instruments"]["product"])


def _check_trades(image: Image) -> None:
    trades = image["trades"]
    hold(image, "day", len(trades) == image.day["trades"], "every trade of the day has its row")
    whole = (trades["price"] > 0) & (trades["quantity"] > 0)
    hold(image, "trades", whole, "prices and lots are positive")
    numbers = image["instruments"]["number"]
    is_known = np.zeros(limits.INSTRUMENTS_MAX + 1, bool)
    is_known[numbers] = True
    named = np.abs(trades["instrument"].astype(np.int64))
    inside = named <= limits.INSTRUMENTS_MAX
    hold(image, "trades", inside, "instruments keep their bound")
    hold(image, "trades", is_known[named], "instruments are defined")
    hold(image, "trades", ~are_combinations(image, named), "legs trade, no combination does")


def _check_positions(image: Image) -> None:
    positions = image["positions"]
    known = are_in(image["instruments"], positions["instrument"])
    hold(image, "positions", known, "instruments are defined")
    contracts = ~are_combinations(image, positions["instrument"])
    hold(image, "positions", contracts, "positions are held in legs, in no combination")
    hold(
        image, "positions", are_in(image["accounts"], positions["account"]), "accounts are defined"
    )
    rule = products_of(image, positions)["offset_rule"]
    hold(image, "positions", rule != codes.OFFSET_RULE_NONE, "the product keeps positions")
    for side in ("long", "short"):
        today, yesterday = positions[f"{side}_today"], positions[f"{side}_yesterday"]
        frozen, frozen_today = positions[f"{side}_frozen"], positions[f"{side}_frozen_today"]
        held = yesterday.astype(np.int64) + np.where(rule == codes.OFFSET_RULE_OPEN_CLOSE, today, 0)
        good = (today >= 0) & (yesterday >= 0) & (frozen <= held) & (frozen_today <= today)
        hold(image, "positions", good, f"no more {side} is frozen than held")
    hold(image, "positions", _groups_fit(image), "a group's holdings keep their bound")
    for name, due in _frozen(image).items():
        hold(image, "positions", positions[name] == due, f"{name} is the volume of live orders")


def _groups_fit(image: Image) -> bool:
    """Holdings of related accounts, taken together, fit 31 bits."""
    positions = image["positions"]
    keys = np.zeros(len(positions), [("account", "i8"), ("instrument", "i8"), ("hedge", "i8")])
    keys["account"] = rows_of(image["accounts"], positions["account"])["group"]
    keys["instrument"], keys["hedge"] = positions["instrument"], positions["hedge"]
    found, places = np.unique(position_keys(keys), return_inverse=True)
    for side in ("long", "short"):
        sums = np.zeros(len(found), np.int64)
        held = positions[f"{side}_today"].astype(np.int64) + positions[f"{side}_yesterday"]
        np.add.at(sums, places[keys["account"] != 0], held[keys["account"] != 0])
        if sums.max(initial=0) > _ANY:
            return False
    return True


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
    positions, orders = image["positions"], claims(image)
    keeps = products_of(image, orders)["offset_rule"] != codes.OFFSET_RULE_NONE
    orders = orders[keeps]
    held, wanted = position_keys(positions), position_keys(orders)
    places = np.searchsorted(held, wanted)
    known = places < len(held)
    known[known] = held[places[known]] == wanted[known]
    hold(image, "positions", bool(known.all()), "a live order has its position")
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
    hold(image, "commands", commands["client_id"] >= 0, "client ids are positive")
    unused = commands[~used]
    empty = not unused.view(np.uint8).any()
    hold(image, "commands", empty, "a command without a client id has a row of zeros")
    members = image["members"]["number"]
    is_member = np.zeros(limits.MEMBERS_MAX + 1, bool)
    is_member[members] = True
    inside = (commands["member"] >= 0) & (commands["member"] <= limits.MEMBERS_MAX)
    hold(image, "commands", inside, "members keep their bound")
    is_member[0] = True
    hold(image, "commands", is_member[commands["member"]], "members are defined")
    hold(image, "commands", (commands["member"] > 0) == used, "a client id has its member")
    quote, command = commands["quote"], commands["command"]
    most = np.where(command == codes.QUOTE_ENTER, len(image["quotes"]), command == codes.MASS_QUOTE)
    hold(image, "commands", quote <= most, "quotes that are named stand in their section")
    done = (quote == 0) | (commands["reject_reason"] == 0)
    hold(image, "commands", done, "a command that names a quote was done")
