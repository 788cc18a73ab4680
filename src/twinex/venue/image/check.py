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
    _check_orders(image)
    _check_stops(image)
    _check_ids(image)
    _check_books(image)
    _check_positions(image)
    _check_quotes(image)
    _check_trades(image)
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
    for field in (row.fields or {}).values():
        unnamed[field[1] : field[1] + field[0].itemsize] = False
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
    fits = (lower > 0) & (lower < upper) & (upper < limits.PRICE_MAX)
    fits &= (
        (lower % tick == 0) & (upper % tick == 0) & ((upper - lower) // tick < limits.LEVELS_MAX)
    )
    _hold(image, "instruments", fits, "limits are inside their bounds, on the tick")
    _hold(image, "instruments", instruments["halted"] <= 1, "halted or not")
    for section in ("seats", "accounts"):
        known = _known(image["members"], image[section]["member"])
        _hold(image, section, known, "members are defined")
    modes, group = image["groups"]["self_trade_mode"], image["accounts"]["group"]
    known = (modes >= codes.SELF_TRADE_ALLOW) & (modes <= codes.SELF_TRADE_REDUCE)
    _hold(image, "groups", known, "self-trade modes are known")
    known = (group == 0) | _known(image["groups"], group)
    _hold(image, "accounts", known, "groups are defined")


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
        known &= (products[name] >= 0) & (products[name] <= last)
    return known


def _products_of(image: Image, rows: np.ndarray) -> np.ndarray:
    """The product row of each row that names an instrument."""
    instruments = _rows_of(image["instruments"], rows["instrument"])
    return _rows_of(image["products"], instruments["product"])


def _check_orders(image: Image) -> None:
    """Orders in books."""
    orders = image["orders"]
    _check_terms(image, "orders")
    whole = (orders["shown"] > 0) & (orders["shown"] <= orders["remaining"])
    plain = orders["display_quantity"] == 0
    whole &= ~plain | (orders["shown"] == orders["remaining"])
    _hold(image, "orders", whole, "the book shows lots of it, all of them if it is no iceberg")
    _hold(image, "orders", orders["post_only"] <= 1, "post-only or not")
    rests = (orders["time_in_force"] == codes.TIME_DAY) | (
        orders["time_in_force"] >= codes.TIME_GTD
    )
    _hold(image, "orders", rests, "its time in force lets it rest")
    _hold(
        image,
        "orders",
        _is_inside(image, orders, "price"),
        "prices lie inside the limits, on the tick",
    )


def _check_stops(image: Image) -> None:
    stops = image["stops"]
    _check_terms(image, "stops")
    _hold(image, "stops", stops["kind"] <= codes.KIND_FIVE_LEVELS, "price kinds are known")
    _hold(image, "stops", stops["order_id"] % LEGS == 0, "a stop is no leg of a quote")
    positive = (stops["freeze_price"] > 0) & (stops["stop_price"] != 0) & (stops["trail"] >= 0)
    _hold(image, "stops", positive, "it is frozen at a price, waits for one, and trails forward")
    _hold(
        image, "stops", _is_inside(image, stops, "freeze_price"), "it is frozen inside the limits"
    )


def _check_terms(image: Image, section: str) -> None:
    """What resting orders and stops have in common."""
    rows = image[section]
    _hold(
        image, section, _known(image["instruments"], rows["instrument"]), "instruments are defined"
    )
    _hold(image, section, _known(image["accounts"], rows["account"]), "accounts are defined")
    _hold(image, section, rows["order_id"] > 0, "order ids are positive")
    whole = (rows["remaining"] > 0) & (rows["remaining"] <= rows["quantity"])
    _hold(image, section, whole, "lots are left of it")
    known = (rows["side"] <= codes.SIDE_SELL) & (rows["offset"] <= codes.OFFSET_CLOSE_TODAY)
    known &= (rows["hedge"] <= codes.HEDGE_MARKET_MAKER) & (rows["time_in_force"] <= codes.TIME_GTC)
    known &= rows["display_quantity"] >= 0
    _hold(image, section, known, "its codes are known")


def _is_inside(image: Image, rows: np.ndarray, name: str) -> np.ndarray:
    """Is a price inside the limits of its instrument, on the tick?"""
    instruments = _rows_of(image["instruments"], rows["instrument"])
    tick, price = _products_of(image, rows)["tick"], rows[name]
    inside = (instruments["lower_limit"] <= price) & (price <= instruments["upper_limit"])
    found: np.ndarray = inside & (price % tick == 0)
    return found


def _check_ids(image: Image) -> None:
    """Live orders have ids of their own, each of a command of today or of an order carried in."""
    ids = np.concatenate([image["orders"]["order_id"], image["stops"]["order_id"]])
    ordered = np.sort(ids)
    _hold(image, "orders", bool((ordered[1:] > ordered[:-1]).all()), "an order stands once")
    first = int(image.day["first_sequence"])
    for section in ("orders", "stops"):
        rows = image[section]
        owner = _rows_of(image["accounts"], rows["account"])["member"]
        today = rows["order_id"] // LEGS >= first
        _check_made(image, section, rows[today], owner[today])
        known = _owned(image["carried"], "order_id", rows["order_id"][~today], owner[~today])
        _hold(image, section, bool(known.all()), "an order of an earlier day was carried in")
    carried = image["carried"]
    earlier = (carried["order_id"] % LEGS == 0) & (carried["order_id"] // LEGS < first)
    _hold(image, "carried", earlier, "carried orders are of earlier days")
    _hold(image, "carried", _known(image["members"], carried["member"]), "members are defined")


def _check_made(image: Image, section: str, rows: np.ndarray, owner: np.ndarray) -> None:
    """Orders of today: the command at their sequence made them (a forced close used no id)."""
    commands, leg = image["commands"], rows["order_id"] % LEGS
    places = rows["order_id"] // LEGS - int(image.day["first_sequence"])
    _hold(image, section, bool((places < len(commands)).all()), "orders are not of the future")
    made = commands[places]
    entered = made["command"] == codes.ORDER_ENTER
    if section == "stops":
        entered = np.zeros(len(rows), bool)
    entered |= made["command"] == codes.STOP_ENTER
    quoted = (made["command"] == codes.QUOTE_ENTER) | (made["command"] == codes.MASS_QUOTE)
    quoted &= made["quote"] > 0
    entered = np.where(leg == 0, entered, quoted)
    own = entered & (made["reject_reason"] == 0) & (made["member"] == owner)
    forced = (made["command"] == 0) & (rows["seat"] == 0) & (leg == 0) & (section == "orders")
    _hold(image, section, bool((own | forced).all()), "a command that was done made every order")


def _owned(known: np.ndarray, name: str, ids: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Do `ids` stand in a section sorted by them, with their owners?"""
    places = np.searchsorted(known[name], ids)
    found = places < len(known)
    rows = known[places[found]]
    found[found] = (rows[name] == ids[found]) & (rows["member"] == owner[found])
    return found


def _check_quotes(image: Image) -> None:
    """A quote's legs are live orders of its key, and every leg is of a quote."""
    quotes, orders = image["quotes"], image["orders"]
    legs = orders[orders["order_id"] % LEGS != 0]
    legs = legs[np.argsort(legs["order_id"])]
    named = 0
    for name, side in (("bid_order_id", codes.SIDE_BUY), ("ask_order_id", codes.SIDE_SELL)):
        rows = quotes[quotes[name] != 0]
        places = np.searchsorted(legs["order_id"], rows[name])
        found = places < len(legs)
        leg = legs[places[found]]
        found[found] = (leg["order_id"] == rows[name][found]) & (leg["side"] == side)
        _hold(image, "quotes", bool(found.all()), f"{name} is a leg in the book")
        same = position_keys(legs[places]) == position_keys(rows)
        _hold(image, "quotes", bool(same.all()), f"{name} is of the quote's key")
        named += len(rows)
    _hold(image, "quotes", named == len(legs), "every leg in the book is of a quote")
    _hold(image, "quotes", _known(image["accounts"], quotes["account"]), "accounts are defined")
    known = _known(image["instruments"], quotes["instrument"])
    _hold(image, "quotes", known, "instruments are defined")
    keeps = _products_of(image, quotes)["offset_rule"] != codes.OFFSET_RULE_NONE
    held = np.isin(position_keys(quotes), position_keys(image["positions"]))
    _hold(image, "quotes", held == keeps, "a quote has its position, where they are kept")


def _check_trades(image: Image) -> None:
    trades = image["trades"]
    _hold(image, "day", len(trades) == image.day["trades"], "every trade of the day has its row")
    whole = (trades["price"] > 0) & (trades["quantity"] > 0)
    _hold(image, "trades", whole, "prices and lots are positive")
    numbers = image["instruments"]["number"]
    is_known = np.zeros(limits.INSTRUMENTS_MAX + 1, bool)
    is_known[numbers] = True
    named = np.abs(trades["instrument"].astype(np.int64))
    inside = named <= limits.INSTRUMENTS_MAX
    _hold(image, "trades", inside, "instruments keep their bound")
    _hold(image, "trades", is_known[named], "instruments are defined")


def _check_books(image: Image) -> None:
    """Queues stand in their order, and nothing trades in a crossed book."""
    orders = image["orders"]
    better = np.where(orders["side"] == codes.SIDE_BUY, -orders["price"], orders["price"])
    sides = orders["instrument"].astype(np.int64) * 2 + orders["side"]
    rising = np.ones(len(orders), bool)
    rising[1:] = (sides[1:] > sides[:-1]) | (
        (sides[1:] == sides[:-1]) & (better[1:] >= better[:-1])
    )
    _hold(image, "orders", rising, "by instrument, side and price")
    first = np.ones(len(orders), bool)
    first[1:] = sides[1:] != sides[:-1]
    best = orders[first]
    pairs = np.flatnonzero(np.diff(best["instrument"]) == 0)
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
    _hold(
        image, "positions", _known(image["accounts"], positions["account"]), "accounts are defined"
    )
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
    positions, names_of = (
        image["positions"],
        ["instrument", "account", "hedge", "side", "offset", "remaining"],
    )
    orders = np.concatenate([image[section][names_of] for section in ("orders", "stops")])
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
    inside = (commands["member"] >= 0) & (commands["member"] <= limits.MEMBERS_MAX)
    _hold(image, "commands", inside, "members keep their bound")
    is_member[0] = True
    _hold(image, "commands", is_member[commands["member"]], "members are defined")
    _hold(image, "commands", (commands["member"] > 0) == used, "a client id has its member")
    quote, command = commands["quote"], commands["command"]
    most = np.where(command == codes.QUOTE_ENTER, len(image["quotes"]), command == codes.MASS_QUOTE)
    _hold(image, "commands", quote <= most, "quotes that are named stand in their section")
