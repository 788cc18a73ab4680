"""Market files (`markets/*.toml`) in, typed `Market` out, every mistake with its file and line.

A product reads each key from its own table, then from its `group`, then from `[defaults]`.
"""

import difflib
import hashlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from twinex.venue.reference.bounds import check_bounds
from twinex.venue.reference.calendar import Calendar
from twinex.venue.reference.combination_reader import read_combinations
from twinex.venue.reference.dated import Dated
from twinex.venue.reference.market import PRODUCTS_MAXIMUM, Market, Product, Session
from twinex.venue.reference.member_reader import read_rates, read_self_trade_mode
from twinex.venue.reference.mistakes import MarketError
from twinex.venue.reference.product_reader import PRODUCT_KEYS, read_product
from twinex.venue.reference.session_reader import read_sessions
from twinex.venue.reference.table import (
    Node,
    Table,
    positive_decimal,
    read_document,
)

_MARKET_KEYS = (
    "name",
    "utc_offset_hours",
    "calendar",
    "sessions",
    "members",
    "defaults",
    "groups",
    "products",
    "combinations",
    "default_prices",
)
_CALENDAR_KEYS = ("first", "last", "holidays", "nights_suspended")


def markets_directory() -> Path:
    """Where `markets/` lies: beside `src/` in a checkout, inside the package when installed."""
    here = Path(__file__).resolve()
    for candidate in (here.parents[4] / "markets", here.parents[2] / "markets"):
        if (candidate / "calendar.toml").is_file():
            return candidate
    raise FileNotFoundError("markets/calendar.toml is not beside the package: reinstall twinex")


def market_names() -> list[str]:
    """Names that `load_market` finds in the shipped directory."""
    return sorted(p.stem for p in markets_directory().glob("*.toml") if p.stem != "calendar")


def load_market(path_or_name: str | Path) -> Market:
    """The market of a file, or of `markets/NAME.toml`. Raises MarketError, naming file and line.

    A `calendar.toml` beside the file takes the place of the shipped one.
    """
    path, shown = _find(path_or_name)
    root, content = read_document(path, shown)
    table = Table([root]).only(*_MARKET_KEYS)
    calendars, calendar_content = _read_calendars(path)
    calendar_node = table.need("calendar", "the name of a calendar")
    products = _read_products(root, _read_sessions(table))
    prices = _read_prices(table.sub("default_prices"))
    check_bounds(products, prices)
    members = table.sub("members").only("rates", "self_trade_mode")
    return Market(
        name=_name(table.need("name", "a market name")),
        path=shown,
        digest=hashlib.sha256(content + calendar_content).digest(),
        utc_offset_hours=table.need("utc_offset_hours", "hours east of UTC").integer(-12, 14),
        calendar=calendars[calendar_node.choice(calendars)],
        products=products,
        combinations=read_combinations(table.find("combinations"), products),
        default_prices=MappingProxyType(prices),
        rates=read_rates(members),
        self_trade_mode=read_self_trade_mode(members),
    )


def _find(path_or_name: str | Path) -> tuple[Path, str]:
    text = str(path_or_name)
    if isinstance(path_or_name, Path) or text.endswith(".toml") or "/" in text:
        return Path(path_or_name), text
    names = market_names()
    if text not in names:
        near = difflib.get_close_matches(text, names, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise MarketError(
            f"no market {text!r} in {markets_directory()}: it has {', '.join(names)}{hint}; "
            "a path must end in .toml"
        )
    return markets_directory() / f"{text}.toml", f"markets/{text}.toml"


def _name(node: Node) -> str:
    name = node.text()
    if len(name.encode()) > 16:
        raise node.expected("a name of at most 16 bytes")
    return name


def _read_calendars(market_path: Path) -> tuple[dict[str, Calendar], bytes]:
    beside = market_path.parent / "calendar.toml"
    path = beside if beside.is_file() else markets_directory() / "calendar.toml"
    shown = "markets/calendar.toml" if path.parent == markets_directory() else str(path)
    root, content = read_document(path, shown)
    table = Table([root])
    return {key: _read_calendar(key, table.need(key, "")) for key in table.names()}, content


def _read_calendar(name: str, node: Node) -> Calendar:
    table = node.table().only(*_CALENDAR_KEYS)
    first = table.need("first", "the first day covered").day()
    last_node = table.need("last", "the last day covered")
    last = last_node.day()
    if last < first:
        raise last_node.expected(f"a day not before {first}")
    holidays: set[date] = set()
    for start, end in _ranges(table.need("holidays", "a list of days and [first, last] ranges")):
        count = (end - start).days + 1
        holidays.update(date.fromordinal(start.toordinal() + n) for n in range(count))
    suspended = table.find("nights_suspended")
    nights = tuple(_ranges(suspended)) if suspended else ()
    where = node.source.where(node.path)
    return Calendar(name, where, first, last, frozenset(holidays), nights)


def _ranges(node: Node) -> list[tuple[date, date]]:
    ranges = []
    for element in node.elements():
        if isinstance(element.value, list):
            days = [inner.day() for inner in element.elements()]
            if len(days) != 2 or days[1] < days[0]:
                raise element.expected("a range [first day, last day]")
            ranges.append((days[0], days[1]))
        else:
            ranges.append((element.day(), element.day()))
    return ranges


def _read_sessions(table: Table) -> dict[str, Dated[Session]]:
    sessions = table.sub("sessions")
    return {key: read_sessions(sessions.need(key, "")) for key in sessions.names()}


def _read_prices(table: Table) -> dict[str, Decimal]:
    return {key: positive_decimal(table.need(key, "a price")) for key in table.names()}


def _read_products(root: Node, sessions: Mapping[str, Dated[Session]]) -> tuple[Product, ...]:
    table = Table([root])
    products: list[Product] = []
    for node in table.need("products", "a list [[products]]").elements():
        product = read_product(_layers(table, node), sessions)
        for other in products:
            if product.name == other.name or product.number == other.number:
                text = f"product {product.name}, number {product.number}: already defined at "
                raise node.mistake(text + other.where)
        products.append(product)
    if not 1 <= len(products) <= PRODUCTS_MAXIMUM:
        raise table.need("products", "").mistake(f"expected 1 to {PRODUCTS_MAXIMUM} products")
    return tuple(sorted(products, key=lambda product: product.number))


def _layers(market: Table, node: Node) -> Table:
    """The product's own table, its group's and the market's defaults, each with its own place."""
    own = node.table().need("name", "the product's name")
    layers = [_placed(node, f"product {own.text()}")]
    group = node.table().find("group")
    groups = market.sub("groups")
    if group is not None:
        name = group.choice(groups.names())
        layers.append(_placed(groups.need(name, ""), f"group {name}"))
    defaults = market.find("defaults")
    if defaults is not None:
        layers.append(_placed(defaults, "defaults"))
    return Table(layers).only(*PRODUCT_KEYS)


def _placed(node: Node, place: str) -> Node:
    return Node(node.source, node.path, place, node.value)
