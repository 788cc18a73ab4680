"""What a receiver knows of the market: instruments, phases, and every book in exact priority."""

from dataclasses import dataclass, field
from typing import Any

from twinex.client.feed_schema import LAST, FeedError, Message

BUY, SELL = 0, 1


@dataclass(slots=True, eq=False)
class Order:
    """An order in the book: lots that it shows, price in 1/10000 of the quote unit."""

    order_id: int
    instrument: int
    side: int
    price: int
    quantity: int


@dataclass(slots=True)
class Book:
    """One instrument: what defines it, how it stands, its queues and its figures of the day.

    `queues[side]` has for each price its orders, the first to trade first. With the stream of
    levels (L2) there are no orders, but `levels[side]`: price to (lots, orders).
    """

    definition: dict[str, Any]
    lower_limit: int
    upper_limit: int
    halted: bool = False
    queues: tuple[dict[int, list[Order]], dict[int, list[Order]]] = field(
        default_factory=lambda: ({}, {})
    )
    levels: tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]] = field(
        default_factory=lambda: ({}, {})
    )
    top: dict[str, int] = field(default_factory=dict)  # of L1 and of snapshots
    indication: tuple[int, int, int] | None = None  # price, volume, surplus
    last_price: int | None = None
    volume: int = 0

    def depth(self, side: int, levels: int = 5) -> list[tuple[int, int, int]]:
        """The best levels of a side: (price, lots shown, orders), best first."""
        told = self.levels[side]
        prices = sorted(self.queues[side] or told, reverse=side == BUY)[:levels]
        if not self.queues[side]:
            return [(price, *told[price]) for price in prices]
        found = []
        for price in prices:
            queue = self.queues[side][price]
            found.append((price, sum(order.quantity for order in queue), len(queue)))
        return found


class Market:
    """Every book, made of messages in their order. `whole`: no command is half applied.

    Between `whole` and `whole` a book may be crossed: an order that trades with what rests is seen
    step by step.
    """

    def __init__(self) -> None:
        self.trading_day = 0
        self.books: dict[int, Book] = {}
        self.phases: dict[int, int] = {}  # by product
        self.orders: dict[int, Order] = {}
        self.whole = True
        self.time_ns = 0
        self.ended = False

    def apply(self, message: Message) -> None:
        """One message. Raises FeedError where it cannot follow what came before."""
        handler = _HANDLERS.get(message.name)
        try:
            if handler is not None:
                handler(self, message.fields)
        except (KeyError, ValueError) as error:
            raise FeedError(f"{message.name} does not follow: {message.fields}") from error
        self.time_ns = message.fields["time_ns"]
        self.whole = bool(message.fields["flags"] & LAST)

    def _day_started(self, fields: dict[str, Any]) -> None:
        self.trading_day = fields["trading_day"]

    def _day_ended(self, fields: dict[str, Any]) -> None:
        self.ended = True

    def _instrument_defined(self, fields: dict[str, Any]) -> None:
        number = fields["instrument"]
        self.books[number] = Book(fields, fields["lower_limit"], fields["upper_limit"])

    def _phase_changed(self, fields: dict[str, Any]) -> None:
        self.phases[fields["product"]] = fields["phase"]
        for book in self.books.values():
            if book.definition["product"] == fields["product"]:
                book.indication = None

    def _halt_changed(self, fields: dict[str, Any]) -> None:
        self.books[fields["instrument"]].halted = bool(fields["halted"])

    def _limits_changed(self, fields: dict[str, Any]) -> None:
        book = self.books[fields["instrument"]]
        book.lower_limit, book.upper_limit = fields["lower_limit"], fields["upper_limit"]

    def _indication(self, fields: dict[str, Any]) -> None:
        found = fields["auction_price"], fields["auction_volume"], fields["surplus"]
        self.books[fields["instrument"]].indication = found

    def _trade(self, fields: dict[str, Any]) -> None:
        book = self.books[fields["instrument"]]
        book.volume += fields["quantity"]
        if fields["price_source"] != _DERIVED:
            book.last_price = fields["price"]

    def _added(self, fields: dict[str, Any]) -> None:
        names = ("order_id", "instrument", "side", "price", "quantity")
        order = Order(*(fields[name] for name in names))
        queue = self.books[order.instrument].queues[order.side].setdefault(order.price, [])
        place = len(queue)
        if fields["ahead_of"]:
            place = queue.index(self.orders[fields["ahead_of"]])
        if order.order_id in self.orders:
            raise ValueError("the order is in the book already")
        self.orders[order.order_id] = order
        queue.insert(place, order)

    def _shows(self, fields: dict[str, Any]) -> None:
        """Executed or reduced: it shows `remaining` lots at its place."""
        if fields["remaining"] == 0:
            self._removed(fields)
        else:
            self.orders[fields["order_id"]].quantity = fields["remaining"]

    def _removed(self, fields: dict[str, Any]) -> None:
        order = self.orders.pop(fields["order_id"])
        queues = self.books[order.instrument].queues[order.side]
        queues[order.price].remove(order)
        if not queues[order.price]:
            del queues[order.price]

    def _level_changed(self, fields: dict[str, Any]) -> None:
        levels = self.books[fields["instrument"]].levels[fields["side"]]
        if fields["orders"]:
            levels[fields["price"]] = fields["volume"], fields["orders"]
        else:
            levels.pop(fields["price"], None)

    def _top_changed(self, fields: dict[str, Any]) -> None:
        book = self.books[fields["instrument"]]
        book.top = fields
        book.volume = fields["day_volume"]
        if fields["last_price"] or (book.definition["leg_1"] and fields["day_trades"]):
            book.last_price = fields["last_price"]


_DERIVED = 4  # price_source of trades between orders of a combination: no last price moves
_HANDLERS = {
    "day_started": Market._day_started,
    "day_ended": Market._day_ended,
    "instrument_defined": Market._instrument_defined,
    "phase_changed": Market._phase_changed,
    "halt_changed": Market._halt_changed,
    "limits_changed": Market._limits_changed,
    "indication": Market._indication,
    "trade": Market._trade,
    "order_added": Market._added,
    "order_executed": Market._shows,
    "order_reduced": Market._shows,
    "order_removed": Market._removed,
    "level_changed": Market._level_changed,
    "top_changed": Market._top_changed,
}
