"""The state image read back: bytes, tables, objects (spec/state.md, What an image must keep).

An image is refused unless the market made of it writes the same bytes again: so no byte that is
not named, no order of rows and no row that nothing needs can differ from what a system writes.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from twinex.mirror import codes
from twinex.mirror import image as layout
from twinex.mirror.combinations import CombinationOrder
from twinex.mirror.image import ENTRY, HASH_OFFSET, HEAD, ROWS_OFFSET, SECTIONS
from twinex.mirror.image_check import BOUNDS, NUMBERS, ImageError, check_market
from twinex.mirror.market import (
    Account,
    Group,
    Instrument,
    Market,
    Member,
    Order,
    Position,
    Product,
    Quote,
    Stop,
    row_key,
)

QUOTE_ENTER, MASS_QUOTE, TRADE_BUSTED = 6, 7, 87

Tables = dict[str, list[Any]]


def read_image(image: bytes) -> Market:
    """What the system knew that wrote the image.

    Raises ImageError, which names section, row and field, for bytes that no system writes.
    """
    tables = _read_tables(image)
    market = Market()
    reader = _Reader(market, tables)
    for number, section in enumerate(SECTIONS, 1):
        _build(number, tables[section.name], getattr(reader, section.name))
        if section.name == "instruments":
            _build(number, tables[section.name], reader.legs)
    check_market(market)
    _check_same(image, layout.write_image(market))
    return market


def _build(number: int, rows: list[Any], build: Callable[[Any], None]) -> None:
    """Make the objects of a section; an error gets its place."""
    name = SECTIONS[number - 1].name
    bounds = {field: BOUNDS[field] for field in SECTIONS[number - 1].row._fields if field in BOUNDS}
    if name in NUMBERS:
        bounds["number"] = NUMBERS[name]
    for place, row in enumerate(rows, 1):
        try:
            for field, (low, high) in bounds.items():
                value = getattr(row, field)
                if not low <= value <= high:
                    raise ImageError(f"{field} {value} is not in {low} to {high}")
            build(row)
        except ImageError as wrong:
            raise ImageError(f"section {number} {name}, row {place}: {wrong}") from None


def _read_tables(image: bytes) -> Tables:
    """Rows of each section as named tuples; head, table and hashes checked."""
    if len(image) < ROWS_OFFSET:
        raise ImageError(f"{len(image)} bytes are less than an image's head of {ROWS_OFFSET}")
    magic, *versions, sections, zero, length = HEAD.unpack_from(image)
    if magic != layout.MAGIC:
        raise ImageError(f"it begins with {magic!r}, not with {layout.MAGIC!r}")
    if versions != layout.VERSIONS:
        raise ImageError(
            f"versions of format and schema are {versions}, not {list(layout.VERSIONS)}"
        )
    if (sections, zero) != (len(SECTIONS), 0):
        raise ImageError(f"{sections} sections, and {zero} behind that, not {len(SECTIONS)} and 0")
    if length != len(image):
        raise ImageError(f"it has {len(image)} bytes, and says {length}")
    if sha256(image[:HASH_OFFSET]).digest() != image[HASH_OFFSET:ROWS_OFFSET]:
        raise ImageError("the state hash is not that of the head and the table of sections")
    tables, start = {}, ROWS_OFFSET
    for number, section in enumerate(SECTIONS, 1):
        where = f"section {number} {section.name}"
        entry = ENTRY.unpack_from(image, HEAD.size + (number - 1) * ENTRY.size)
        end = start + section.form.size * entry[2]
        if entry[:2] != (number, section.form.size) or not start <= end <= length:
            raise ImageError(f"{where}: its entry is {entry[:3]}")
        if sha256(image[start:end]).digest() != entry[3]:
            raise ImageError(f"{where}: its hash is not that of its rows")
        rows = section.form.iter_unpack(image[start:end])
        tables[section.name] = [section.row._make(row) for row in rows]
        _check_rising(where, section.key, tables[section.name])
        start = end
    if start != length:
        raise ImageError(f"{length - start} bytes follow the last section")
    return tables


def _check_rising(where: str, key: list[str], rows: list[Any]) -> None:
    before: list[int] = []
    for place, row in enumerate(rows if key else (), 1):
        found = [getattr(row, field) for field in key]
        if found <= before:
            raise ImageError(f"{where}, row {place}: its key {found} does not rise above {before}")
        before = found


def _check_same(image: bytes, written: bytes) -> None:
    """What was read, written again, is what was read; else name the first row that is not."""
    if image == written:
        return
    start = ROWS_OFFSET
    for number, section in enumerate(SECTIONS, 1):
        size = section.form.size
        rows = ENTRY.unpack_from(image, HEAD.size + (number - 1) * ENTRY.size)[2]
        for place in range(1, rows + 1):
            row = image[start : start + size]
            if row != written[start : start + size]:
                told = section.row._make(section.form.unpack(row))
                where = f"section {number} {section.name}, row {place}"
                raise ImageError(f"{where}: no system writes this row here: {told}")
            start += size
    raise ImageError("no system writes this image")


def _find(table: dict[int, Any], number: int, what: str) -> Any:
    """What is named exists."""
    found = table.get(number)
    if found is None:
        raise ImageError(f"there is no {what} {number}")
    return found


def _take(target: Any, row: Any, *but: str) -> None:
    """The fields of a row become the attributes of the same names, but those of other meaning."""
    for field, value in row._asdict().items():
        if field not in but:
            setattr(target, field, value)


class _Reader:
    """Makes the objects of a market: one method a section is given its rows one by one."""

    def __init__(self, market: Market, tables: Tables) -> None:
        self.market = market
        self.frozen = {row.order_id: row for row in tables["combined"]}
        self.resting: dict[int, Order] = {}  # those in a book
        self.quoted: list[Quote] = []  # in the order of section 11

    def day(self, row: Any) -> None:
        market = self.market
        _take(market, row, "commands", "events", "orders", "trades")
        market.commands_count, market.events_count = row.commands, row.events
        market.orders_accepted = row.orders

    def products(self, row: Any) -> None:
        self.market.products[row.number] = Product(**row._asdict())

    def instruments(self, row: Any) -> None:
        product = _find(self.market.products, row.product, "product")
        instrument = Instrument(row.number, product, row.lower_limit, row.upper_limit)
        _take(instrument, row, "product", "leg_1", "leg_2")
        self.market.instruments[row.number] = instrument

    def legs(self, row: Any) -> None:
        """Rows of section 3 once more, when all that legs may name is there."""
        if row.leg_1 or row.leg_2:
            instruments = self.market.instruments
            spread = instruments[row.number]
            spread.leg_1 = _find(instruments, row.leg_1, "leg")
            spread.leg_2 = _find(instruments, row.leg_2, "leg")
            self.market.combinations.append(spread)

    def members(self, row: Any) -> None:
        member = Member(row.number)
        _take(member, row)
        if row.window_ns:
            member.window = self.market.time_ns // row.window_ns
        self.market.members[row.number] = member

    def seats(self, row: Any) -> None:
        self.market.seats[row.number] = _find(self.market.members, row.member, "member")

    def groups(self, row: Any) -> None:
        self.market.groups[row.number] = Group(row.number, row.self_trade_mode)

    def accounts(self, row: Any) -> None:
        account = Account(row.number, _find(self.market.members, row.member, "member"))
        _take(account, row, "member", "group")
        account.group = _find(self.market.groups, row.group, "group") if row.group else None
        self.market.accounts[row.number] = account

    def positions(self, row: Any) -> None:
        position = Position(self._account(row), self._contract(row.instrument), row.hedge)
        _take(position, row, "account", "instrument")
        self.market.keep_row(position)

    def orders(self, row: Any) -> None:
        market = self.market
        instrument = _find(market.instruments, row.instrument, "instrument")
        order = CombinationOrder() if instrument.leg_1 else Order()
        _take(order, row, "account", "instrument")
        self._own(order, row, instrument)
        if isinstance(order, CombinationOrder):
            _take(order, _find(self.frozen, row.order_id, "row of section 15 for order"))
            order.row_2 = self._row(order, instrument.leg_2)
        order.kind, order.minimum_quantity, order.frozen_price = codes.LIMIT, 0, row.price
        self.resting[row.order_id] = order.member.orders[row.order_id] = order
        instrument.sides[row.side].append(order)

    def stops(self, row: Any) -> None:
        instrument = self._contract(row.instrument)
        stop = Stop()
        _take(stop, row, "account", "instrument", "freeze_price")
        self._own(stop, row, instrument)
        stop.shown, stop.post_only, stop.frozen_price = 0, 0, row.freeze_price
        instrument.stops[row.order_id] = stop.member.orders[row.order_id] = stop
        instrument.waiting[stop.side].add(stop)

    def _own(self, order: Order, row: Any, instrument: Instrument) -> None:
        """What an order and a stop refer to."""
        if row.order_id in self.resting:
            raise ImageError(f"order {row.order_id} stands in a book already")
        order.instrument, order.account = instrument, self._account(row)
        order.member = order.account.member
        order.row = self._row(order, instrument.leg_1 or instrument)

    def _row(self, order: Order, instrument: Instrument) -> Position | None:
        """Its position row there; None where the product keeps none."""
        if not instrument.product.offset_rule:
            return None
        key = (order.account.number, instrument.number, order.hedge)
        row = self.market.positions.get(row_key(*key))
        if row is None:
            raise ImageError("there is no position row {}, {}, {}".format(*key))
        return row

    def quotes(self, row: Any) -> None:
        quote = Quote(self._account(row), self._contract(row.instrument), row.hedge)
        for side, leg in enumerate((row.bid_order_id, row.ask_order_id)):
            quote.legs[side] = _find(self.resting, leg, "order") if leg else None
        self.market.quotes[row_key(row.account, row.instrument, row.hedge)] = quote
        self.quoted.append(quote)

    def trades(self, row: Any) -> None:
        self._contract(abs(row.instrument))
        self.market.trades.append(tuple(row))

    def carried(self, row: Any) -> None:
        _find(self.market.members, row.member, "member")
        last = self.market.first_sequence * 1024
        if row.order_id % 1024 or row.order_id >= last:
            raise ImageError(f"order {row.order_id} did not come from a day before")
        self.market.carried[row.order_id] = row.member

    def commands(self, row: Any) -> None:
        market = self.market
        if row == layout.UNUSED_COMMAND:
            market.commands.append(None)
            return
        member = _find(market.members, row.member, "member")
        if row.client_id <= 0 or row.client_id in member.client_ids:
            raise ImageError(f"client id {row.client_id} of member {row.member} is no new one")
        if not 1 <= row.command <= 8 or row.reject_reason > TRADE_BUSTED:
            raise ImageError(f"command {row.command}, reject reason {row.reject_reason}")
        member.client_ids[row.client_id] = market.first_sequence + len(market.commands)
        market.commands.append((*row[:3], self._named(row), *row[4:]))

    def _named(self, row: Any) -> Any:
        """What `quote` of a command names: a quote, 1 of a mass_quote, or 0."""
        if row.quote and row.command == QUOTE_ENTER and not row.reject_reason:
            if row.quote > len(self.quoted):
                raise ImageError(f"there is no row {row.quote} of section 11")
            quote = self.quoted[row.quote - 1]
            if quote.account.member.number == row.member:
                return quote
        elif row.quote == (row.command == MASS_QUOTE) or not row.quote:
            return row.quote
        raise ImageError(f"quote {row.quote} cannot be of this command")

    def combined(self, row: Any) -> None:
        order = _find(self.resting, row.order_id, "order")
        if not order.instrument.leg_1:
            raise ImageError(f"order {row.order_id} is of no combination")

    def _account(self, row: Any) -> Any:
        return _find(self.market.accounts, row.account, "account")

    def _contract(self, number: int) -> Any:
        """An instrument that is no combination."""
        instrument = _find(self.market.instruments, number, "instrument")
        if instrument.leg_1:
            raise ImageError(f"instrument {number} is a combination and has no such row")
        return instrument
