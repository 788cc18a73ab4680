"""The state image: its layout, and how it is written (spec/state.md)."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Iterator
from hashlib import sha256
from operator import attrgetter
from struct import Struct
from typing import Any, NamedTuple

from twinex.mirror.market import BY_ID, PRODUCT_FIELDS, Instrument, Market, Member, Order, Quote
from twinex.mirror.messages import SCHEMA

MAGIC = b"TWXSTAT1"
VERSIONS = [1, SCHEMA, 0]  # of the format; id and version of the schema
HEAD = Struct("<8sIHHIIq")  # magic, versions, sections, 0, length
ENTRY = Struct("<IIq32s")  # number, bytes of a row, rows, SHA-256 of the rows

# Name, form of a row, fields that are the key, all fields in the order of the form.
_LAYOUT = f"""
day         | qqQ9qiii4x  |                          | sequence time_ns chain first_sequence
    commands events orders trades volume rejects journal_bytes event_bytes trading_day term state
products    | 31q         | number                   | {" ".join(PRODUCT_FIELDS)}
instruments | ii6qiB3xii  | number                   | number product lower_limit upper_limit
    last_price previous_settlement open_interest requested_ns position_limit halted leg_1 leg_2
members     | iBB2x5qii8x | number                   | number active blocked credit used
    window_ns entries cancels entries_max cancels_max
seats       | ii          | number                   | number member
groups      | ii          | number                   | number self_trade_mode
accounts    | iiqqiBB2x   | number                   | number member open_products close_products
    group active blocked
positions   | 13iBB2x     | account instrument hedge | account instrument long_today short_today
    long_yesterday short_yesterday long_frozen short_frozen long_frozen_today short_frozen_today
    opening_buys opening_sells opened hedge ordered
orders      | 3q8i5B3x    |                          | order_id client_id price instrument account
    seat quantity remaining shown display_quantity good_till_day side offset hedge time_in_force
    post_only
stops       | 6q8i5B3x    | order_id                 | order_id client_id price freeze_price
    stop_price trail instrument account seat quantity remaining minimum_quantity display_quantity
    good_till_day side kind time_in_force offset hedge
quotes      | iii4xqq     | account instrument hedge | account instrument hedge bid_order_id
    ask_order_id
trades      | qii         |                          | price quantity instrument
carried     | qi4x        | order_id                 | order_id member
commands    | qIiIHH      |                          | client_id body_crc member quote command
    reject_reason
combined    | qqq         | order_id                 | order_id freeze_price_1 freeze_price_2
"""


class Section(NamedTuple):
    """One section: the form of its rows, their named tuple, the fields that are the key."""

    name: str
    form: Struct
    row: Any
    key: list[str]


def _section(line: str) -> Section:
    name, form, key, fields = line.split("|")
    row = namedtuple(name.strip(), fields.split())  # type: ignore[misc]
    return Section(name.strip(), Struct("<" + form.strip()), row, key.split())


SECTIONS = [_section(line) for line in _LAYOUT.strip().replace("\n    ", " ").split("\n")]
HASH_OFFSET = HEAD.size + len(SECTIONS) * ENTRY.size
ROWS_OFFSET = HASH_OFFSET + 32
UNUSED_COMMAND = (0, 0, 0, 0, 0, 0)

# Where a field lies in the objects, if it is not an attribute of its own name.
_PATHS = {field: f"{field}.number" for field in ("product", "member", "account", "instrument")}
_PATHS["freeze_price"] = "frozen_price"
_READERS = {
    section.name: attrgetter(*[_PATHS.get(field, field) for field in section.row._fields])
    for section in SECTIONS
}
_read_instrument = attrgetter(*[_PATHS.get(f, f) for f in SECTIONS[2].row._fields[:-2]])
Rows = Iterable[Iterable[Any]]


def write_image(market: Market) -> bytes:
    """The canonical image of what is known between two commands."""
    quotes = named_quotes(market)
    stops = [stop for each in market.instruments.values() for stop in each.stops.values()]
    combined = [order for order in _queued(market) if order.instrument.leg_1]
    tables: list[Rows] = [
        [_day(market)],
        map(_READERS["products"], _ascending(market.products)),
        map(_instrument, _ascending(market.instruments)),
        [_member(member, market.time_ns) for member in _ascending(market.members)],
        [(number, member.number) for number, member in sorted(market.seats.items())],
        map(_READERS["groups"], _ascending(market.groups)),
        map(_account, _ascending(market.accounts)),
        map(_READERS["positions"], _ascending(market.positions)),
        map(_READERS["orders"], _queued(market)),
        map(_READERS["stops"], sorted(stops, key=BY_ID)),
        map(_quote, quotes),
        market.trades,
        sorted(market.carried.items()),
        _commands(market, quotes),
        map(_READERS["combined"], sorted(combined, key=BY_ID)),
    ]
    entries, contents, length = b"", [], ROWS_OFFSET
    for number, rows in enumerate(tables, 1):
        form = SECTIONS[number - 1].form
        content = b"".join([form.pack(*row) for row in rows])
        count = len(content) // form.size
        entries += ENTRY.pack(number, form.size, count, sha256(content).digest())
        contents.append(content)
        length += len(content)
    head = HEAD.pack(MAGIC, *VERSIONS, len(SECTIONS), 0, length) + entries
    return b"".join([head, sha256(head).digest(), *contents])


def _ascending(table: dict[int, Any]) -> list[Any]:
    """The objects of a table in the order of their keys."""
    return [each for _, each in sorted(table.items())]


def _number(each: Any) -> int:
    """The number of what may be missing."""
    return each.number if each else 0


def _day(market: Market) -> list[int]:
    counts = {
        "commands": market.commands_count,
        "events": market.events_count,
        "orders": market.orders_accepted,
        "trades": len(market.trades),
    }
    fields = SECTIONS[0].row._fields
    return [counts[each] if each in counts else getattr(market, each) for each in fields]


def _instrument(each: Instrument) -> tuple[int, ...]:
    return (*_read_instrument(each), _number(each.leg_1), _number(each.leg_2))


def _member(member: Member, time_ns: int) -> Any:
    """Counts of a window that has passed are 0: nothing may depend on them any more."""
    row = SECTIONS[3].row._make(_READERS["members"](member))
    if member.window_ns and time_ns // member.window_ns == member.window:
        return row
    return row._replace(entries=0, cancels=0)


def _account(account: Any) -> tuple[int, ...]:
    rights = (account.open_products, account.close_products)
    flags = (account.active, account.blocked)
    return (account.number, account.member.number, *rights, _number(account.group), *flags)


def _queued(market: Market) -> Iterator[Order]:
    """Every order in a book, as the queues stand."""
    for instrument in _ascending(market.instruments):
        for side in instrument.sides:
            yield from side


def named_quotes(market: Market) -> list[Quote]:
    """The quotes of section 11: those with a live leg, and those that a command of today names."""
    named = {id(quote) for quote in market.commands.quotes.values()}
    quotes = _ascending(market.quotes)
    return [each for each in quotes if any(_live(each)) or id(each) in named]


def _live(quote: Quote) -> list[int]:
    """Order ids of bid and ask; 0 where none is live."""
    return [leg.order_id if leg and leg.remaining else 0 for leg in quote.legs]


def _quote(quote: Quote) -> tuple[int, ...]:
    return (quote.account.number, quote.instrument.number, quote.hedge, *_live(quote))


def _commands(market: Market, quotes: list[Quote]) -> Rows:
    """Rows of section 14; of a quote its place in section 11, from 1, stands in its row."""
    places = {id(quote): place for place, quote in enumerate(quotes, 1)}
    for row in market.commands:
        if row and isinstance(row[3], Quote):
            yield (*row[:3], places[id(row[3])], *row[4:])
        else:
            yield row or UNUSED_COMMAND
