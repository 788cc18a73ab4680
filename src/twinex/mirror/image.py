"""The state image: its layout, and how it is written (spec/state.md)."""

import struct
from collections import namedtuple
from collections.abc import Callable, Iterable
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple

from twinex.mirror.market import PRODUCT_FIELDS, Instrument, Market, Member, Quote
from twinex.mirror.messages import SCHEMA

MAGIC = b"TWXSTAT1"
FORMAT_VERSION = 1
SCHEMA_VERSION = 0
HEAD = struct.Struct("<8sIHHIIq")  # magic, format, schema id, its version, sections, 0, length
ENTRY = struct.Struct("<IIq32s")  # number, bytes of a row, rows, SHA-256 of the rows


class Section(NamedTuple):
    """One section: the form of its rows, their fields in that order, those that are the key."""

    name: str
    form: struct.Struct
    row: Any  # the named tuple of its fields
    key: Callable[[Any], Any] | None


def _section(name: str, form: str, fields: str, key: str = "") -> Section:
    rising = attrgetter(*key.split()) if key else None
    return Section(name, struct.Struct("<" + form), namedtuple(name, fields.split()), rising)


SECTIONS = (
    _section(
        "day",
        "qqQ9qiii4x",
        "sequence time_ns chain first_sequence commands events orders trades volume rejects "
        "journal_bytes event_bytes trading_day term state",
    ),
    _section("products", "31q", " ".join(PRODUCT_FIELDS), "number"),
    _section(
        "instruments",
        "ii6qiB3xii",
        "number product lower_limit upper_limit last_price previous_settlement open_interest "
        "requested_ns position_limit halted leg_1 leg_2",
        "number",
    ),
    _section(
        "members",
        "iBB2x5qii8x",
        "number active blocked credit used window_ns entries cancels entries_max cancels_max",
        "number",
    ),
    _section("seats", "ii", "number member", "number"),
    _section("groups", "ii", "number self_trade_mode", "number"),
    _section(
        "accounts",
        "iiqqiBB2x",
        "number member open_products close_products group active blocked",
        "number",
    ),
    _section(
        "positions",
        "13iBB2x",
        "account instrument long_today short_today long_yesterday short_yesterday long_frozen "
        "short_frozen long_frozen_today short_frozen_today opening_buys opening_sells opened "
        "hedge ordered",
        "account instrument hedge",
    ),
    _section(
        "orders",
        "3q8i5B3x",
        "order_id client_id price instrument account seat quantity remaining shown "
        "display_quantity good_till_day side offset hedge time_in_force post_only",
    ),
    _section(
        "stops",
        "6q8i5B3x",
        "order_id client_id price freeze_price stop_price trail instrument account seat quantity "
        "remaining minimum_quantity display_quantity good_till_day side kind time_in_force offset "
        "hedge",
        "order_id",
    ),
    _section(
        "quotes",
        "iii4xqq",
        "account instrument hedge bid_order_id ask_order_id",
        "account instrument hedge",
    ),
    _section("trades", "qii", "price quantity instrument"),
    _section("carried", "qi4x", "order_id member", "order_id"),
    _section("commands", "qIiIHH", "client_id body_crc member quote command reject_reason"),
    _section("combined", "qqq", "order_id freeze_price_1 freeze_price_2", "order_id"),
)
HASH_OFFSET = HEAD.size + len(SECTIONS) * ENTRY.size
ROWS_OFFSET = HASH_OFFSET + 32
UNUSED_COMMAND = (0, 0, 0, 0, 0, 0)


Rows = Iterable[tuple[Any, ...]]


def write_image(market: Market) -> bytes:
    """The canonical image of what is known between two commands."""
    tables = [
        [_day(market)],
        _rows("products", _ascending(market.products)),
        _instruments(_ascending(market.instruments)),
        [_member(member, market.time_ns) for member in _ascending(market.members)],
        [(number, member.number) for number, member in sorted(market.seats.items())],
        _rows("groups", _ascending(market.groups)),
        [_account(account) for account in _ascending(market.accounts)],
        _rows("positions", _ascending(market.positions)),
        _rows("orders", _queued(market)),
        _rows("stops", _ascending(market.stops)),
    ]
    quotes = named_quotes(market)
    tables.append([_quote(market, quote) for quote in quotes])
    tables.append(market.trades)
    tables.append(sorted(market.carried.items()))
    tables.append(_commands(market, quotes))
    combined = (order for order in _ascending(market.orders) if order.instrument.leg_1)
    tables.append(_rows("combined", combined))
    return _assembled(tables)


def _assembled(tables: "list[Rows]") -> bytes:
    """The file of those rows: head, table of sections, state hash, sections."""
    entries: list[bytes] = []
    contents: list[bytes] = []
    for section in SECTIONS:
        number = len(contents) + 1
        size, pack = section.form.size, section.form.pack
        content = b"".join([pack(*row) for row in tables[number - 1]])
        entries.append(ENTRY.pack(number, size, len(content) // size, sha256(content).digest()))
        contents.append(content)
    length = ROWS_OFFSET + sum(map(len, contents))
    head = HEAD.pack(
        MAGIC, FORMAT_VERSION, SCHEMA, SCHEMA_VERSION, len(SECTIONS), 0, length
    ) + b"".join(entries)
    return b"".join([head, sha256(head).digest(), *contents])


# Where a field lies in the objects, if it is not an attribute of its own name.
_PATHS = {
    "product": "product.number",
    "account": "account.number",
    "instrument": "instrument.number",
    "freeze_price": "frozen_price",
}
_getters = {
    section.name: attrgetter(*[_PATHS.get(field, field) for field in section.row._fields])
    for section in SECTIONS
}
_of_instrument = attrgetter(
    *[_PATHS.get(field, field) for field in SECTIONS[2].row._fields if field[:3] != "leg"]
)


def _rows(name: str, objects: Iterable[Any]) -> Rows:
    return map(_getters[name], objects)


def _ascending(table: Any) -> list[Any]:
    """The objects of a table in the order of their keys."""
    return [each for _, each in sorted(table.items())]


def _day(market: Market) -> tuple[int, ...]:
    return (
        market.sequence,
        market.time_ns,
        market.chain,
        market.first_sequence,
        market.commands_count,
        market.events_count,
        market.orders_accepted,
        len(market.trades),
        market.volume,
        market.rejects,
        market.journal_bytes,
        market.event_bytes,
        market.trading_day,
        market.term,
        market.state,
    )


def _instruments(instruments: list[Instrument]) -> Rows:
    for each in instruments:
        legs = (each.leg_1.number, each.leg_2.number) if each.leg_1 and each.leg_2 else (0, 0)
        yield _of_instrument(each) + legs


def _member(member: Member, time_ns: int) -> tuple[int, ...]:
    """Counts of a window that has passed are 0: nothing may depend on them any more."""
    window_ns = member.window_ns
    counts = (member.entries, member.cancels)
    if not window_ns or time_ns // window_ns != member.window:
        counts = (0, 0)
    return (
        member.number,
        member.active,
        member.blocked,
        member.credit,
        member.used,
        window_ns,
        *counts,
        member.entries_max,
        member.cancels_max,
    )


def _account(account: Any) -> tuple[int, ...]:
    return (
        account.number,
        account.member.number,
        account.open_products,
        account.close_products,
        account.group.number if account.group else 0,
        account.active,
        account.blocked,
    )


def _queued(market: Market) -> Iterable[Any]:
    """Every order in a book, as the queues stand."""
    for instrument in _ascending(market.instruments):
        for side in instrument.sides:
            yield from side


def named_quotes(market: Market) -> list[Quote]:
    """The quotes of section 11: those with a live leg, and those that a command of today names."""
    named = {id(command[3]) for command in market.commands if command}
    return [
        quote
        for quote in _ascending(market.quotes)
        if any(_live(market, quote)) or id(quote) in named
    ]


def _live(market: Market, quote: Quote) -> list[int]:
    """Order ids of bid and ask; 0 where none is live."""
    return [leg.order_id if leg and leg.order_id in market.orders else 0 for leg in quote.legs]


def _quote(market: Market, quote: Quote) -> tuple[int, ...]:
    key = (quote.account.number, quote.instrument.number, quote.hedge)
    return (*key, *_live(market, quote))


def _commands(market: Market, quotes: list[Quote]) -> Rows:
    """Rows of section 14; of a quote its place in section 11, from 1, stands in its row."""
    places = {id(quote): place for place, quote in enumerate(quotes, 1)}
    for row in market.commands:
        if row and isinstance(row[3], Quote):
            yield (*row[:3], places[id(row[3])], *row[4:])
        else:
            yield row or UNUSED_COMMAND
