"""The orders of an image held against themselves and against what made them."""

import numpy as np

from twinex.venue.core.limits import LEGS, QUANTITY_MAX, VALUE_MAX
from twinex.venue.image.check_combinations import check_combined
from twinex.venue.image.claims import claims
from twinex.venue.image.image import Image
from twinex.venue.image.layout import ENDED, position_keys
from twinex.venue.image.lookups import are_combinations, are_in, hold, products_of, rows_of
from twinex.venue.wire import codes


def check_orders(image: Image) -> None:
    """Every row of orders, stops and quotes, and the order of queues."""
    _check_orders(image)
    _check_stops(image)
    check_combined(image)
    _check_ids(image)
    _check_books(image)
    _check_quotes(image)
    _check_credit(image)


def _check_orders(image: Image) -> None:
    """Orders in books."""
    orders = image["orders"]
    _check_terms(image, "orders")
    whole = (orders["shown"] > 0) & (orders["shown"] <= orders["remaining"])
    plain = orders["display_quantity"] == 0
    most = np.where(plain, orders["remaining"], orders["display_quantity"])
    whole &= (orders["shown"] <= most) & (~plain | (orders["shown"] == orders["remaining"]))
    hold(image, "orders", whole, "the book shows lots of it, all of them if it is no iceberg")
    hold(image, "orders", orders["post_only"] <= 1, "post-only or not")
    rests = (orders["time_in_force"] == codes.TIME_DAY) | (
        orders["time_in_force"] >= codes.TIME_GTD
    )
    hold(image, "orders", rests, "its time in force lets it rest")
    hold(
        image,
        "orders",
        _is_inside(image, orders, "price"),
        "prices lie inside the limits, on the tick",
    )


def _check_stops(image: Image) -> None:
    stops = image["stops"]
    _check_terms(image, "stops")
    hold(image, "stops", stops["kind"] <= codes.KIND_FIVE_LEVELS, "price kinds are known")
    hold(image, "stops", stops["order_id"] % LEGS == 0, "a stop is no leg of a quote")
    positive = (stops["freeze_price"] > 0) & (stops["stop_price"] != 0) & (stops["trail"] >= 0)
    hold(image, "stops", positive, "it is frozen at a price, waits for one, and trails forward")
    contracts = ~are_combinations(image, stops["instrument"])
    hold(image, "stops", contracts, "no stop waits in a combination")
    hold(image, "stops", _is_inside(image, stops, "freeze_price"), "it is frozen inside the limits")


def _check_terms(image: Image, section: str) -> None:
    """What resting orders and stops have in common."""
    rows = image[section]
    hold(
        image, section, are_in(image["instruments"], rows["instrument"]), "instruments are defined"
    )
    hold(image, section, are_in(image["accounts"], rows["account"]), "accounts are defined")
    seats = (rows["seat"] == 0) | are_in(image["seats"], rows["seat"])
    hold(image, section, seats, "seats are defined")
    hold(image, section, rows["order_id"] > 0, "order ids are positive")
    whole = (rows["remaining"] > 0) & (rows["remaining"] <= rows["quantity"])
    hold(image, section, whole, "lots are left of it")
    known = (rows["side"] <= codes.SIDE_SELL) & (rows["offset"] <= codes.OFFSET_CLOSE_TODAY)
    known &= (rows["hedge"] <= codes.HEDGE_MARKET_MAKER) & (rows["time_in_force"] <= codes.TIME_GTC)
    known &= (rows["display_quantity"] >= 0) & (rows["display_quantity"] <= QUANTITY_MAX)
    lasts = rows["time_in_force"] >= codes.TIME_GTD
    known &= (section == "stops") | lasts | (rows["good_till_day"] == 0)
    hold(image, section, known, "its codes are known")
    hold(image, section, lasts | (image.day["state"] != ENDED), "what outlives its day lasts")


def _is_inside(image: Image, rows: np.ndarray, name: str) -> np.ndarray:
    """Is a price inside the limits of its instrument, on the tick?"""
    instruments = rows_of(image["instruments"], rows["instrument"])
    tick, price = products_of(image, rows)["tick"], rows[name]
    inside = (instruments["lower_limit"] <= price) & (price <= instruments["upper_limit"])
    found: np.ndarray = inside & (price % tick == 0)
    return found


def _check_ids(image: Image) -> None:
    """Live orders have ids of their own, each of a command of today or of an order carried in."""
    ids = np.concatenate([image["orders"]["order_id"], image["stops"]["order_id"]])
    ordered = np.sort(ids)
    hold(image, "orders", bool((ordered[1:] > ordered[:-1]).all()), "an order stands once")
    first = int(image.day["first_sequence"])
    for section in ("orders", "stops"):
        rows = image[section]
        owner = rows_of(image["accounts"], rows["account"])["member"]
        today = rows["order_id"] // LEGS >= first
        _check_made(image, section, rows[today], owner[today])
        earlier = rows[~today]
        known = _owned(image["carried"], "order_id", earlier["order_id"], owner[~today])
        known &= earlier["seat"] != 0
        hold(image, section, bool(known.all()), "an order of an earlier day was carried in")
    carried = image["carried"]
    earlier = (carried["order_id"] % LEGS == 0) & (carried["order_id"] // LEGS < first)
    hold(image, "carried", earlier, "carried orders are of earlier days")
    hold(image, "carried", are_in(image["members"], carried["member"]), "members are defined")


def _check_made(image: Image, section: str, rows: np.ndarray, owner: np.ndarray) -> None:
    """Orders of today: the command at their sequence made them (a forced close used no id)."""
    commands, leg = image["commands"], rows["order_id"] % LEGS
    places = rows["order_id"] // LEGS - int(image.day["first_sequence"])
    hold(image, section, bool((places < len(commands)).all()), "orders are not of the future")
    made = commands[places]
    entered = made["command"] == codes.ORDER_ENTER
    if section == "stops":
        entered = np.zeros(len(rows), bool)
    waited = made["command"] == codes.STOP_ENTER
    entered |= waited & ~are_combinations(image, rows["instrument"])
    quoted = (made["command"] == codes.QUOTE_ENTER) | (made["command"] == codes.MASS_QUOTE)
    quoted &= made["quote"] > 0
    entered = np.where(leg == 0, entered, quoted)
    own = entered & (made["reject_reason"] == 0) & (made["member"] == owner) & (rows["seat"] != 0)
    forced = (made["command"] == 0) & (rows["seat"] == 0) & (leg == 0) & (section == "orders")
    hold(image, section, bool((own | forced).all()), "a command that was done made every order")


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
        hold(image, "quotes", bool(found.all()), f"{name} is a leg in the book")
        same = position_keys(legs[places]) == position_keys(rows)
        hold(image, "quotes", bool(same.all()), f"{name} is of the quote's key")
        named += len(rows)
    hold(image, "quotes", named == len(legs), "every leg in the book is of a quote")
    hold(image, "quotes", are_in(image["accounts"], quotes["account"]), "accounts are defined")
    known = are_in(image["instruments"], quotes["instrument"])
    hold(image, "quotes", known, "instruments are defined")
    contracts = ~are_combinations(image, quotes["instrument"])
    hold(image, "quotes", contracts, "no combination is quoted")
    keeps = products_of(image, quotes)["offset_rule"] != codes.OFFSET_RULE_NONE
    held = np.isin(position_keys(quotes), position_keys(image["positions"]))
    hold(image, "quotes", held == keeps, "a quote has its position, where they are kept")


def _check_books(image: Image) -> None:
    """Queues stand in their order, and nothing trades in a crossed book."""
    orders = image["orders"]
    better = np.where(orders["side"] == codes.SIDE_BUY, -orders["price"], orders["price"])
    sides = orders["instrument"].astype(np.int64) * 2 + orders["side"]
    rising = np.ones(len(orders), bool)
    rising[1:] = (sides[1:] > sides[:-1]) | (
        (sides[1:] == sides[:-1]) & (better[1:] >= better[:-1])
    )
    hold(image, "orders", rising, "by instrument, side and price")
    first = np.ones(len(orders), bool)
    first[1:] = sides[1:] != sides[:-1]
    best = orders[first]
    pairs = np.flatnonzero(np.diff(best["instrument"]) == 0)
    crossed = best["price"][pairs] >= best["price"][pairs + 1]
    rows = best[pairs]
    halted = rows_of(image["instruments"], rows["instrument"])["halted"] != 0
    open_ = products_of(image, rows)["phase"] == codes.PHASE_CONTINUOUS
    good = ~(crossed & open_ & ~halted)
    hold(image, "orders", bool(good.all()), "no book in continuous trading is crossed")


def _check_credit(image: Image) -> None:
    """What a member uses of its credit covers its live orders (spec/orders.md, Credit)."""
    rows = claims(image)
    product = products_of(image, rows)
    uses = rows["offset"] == codes.OFFSET_OPEN
    uses |= product["offset_rule"] == codes.OFFSET_RULE_NONE
    uses &= product["funds_checked"] != 0
    rows, product = rows[uses], product[uses]
    value = rows["price"] * product["multiplier"]  # of one lot: far inside int64
    fits = value <= VALUE_MAX // rows["remaining"]
    hold(image, "orders", bool(fits.all()), "values of orders keep their bound")
    value *= rows["remaining"]
    owner = rows_of(image["accounts"], rows["account"])["member"]
    used: dict[int, int] = {}
    for half, weight in ((value >> 31, 1 << 31), (value & (1 << 31) - 1, 1)):
        sums = np.zeros(int(owner.max(initial=0)) + 1, np.int64)
        np.add.at(sums, owner, half)
        for member in np.flatnonzero(sums).tolist():
            used[member] = used.get(member, 0) + int(sums[member]) * weight
    members = image["members"]
    least = [used.get(number, 0) for number in members["number"].tolist()]
    covers = [mine >= due for mine, due in zip(members["used"].tolist(), least, strict=True)]
    hold(image, "members", np.array(covers, bool), "used credit covers live orders")
