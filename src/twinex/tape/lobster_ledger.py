"""What a LOBSTER tape has told of the orders in the book, and the commands that say so."""

import numpy as np

from twinex.tape.columns import COMMAND, CONTINUOUS, OWN_IDS, TRADE
from twinex.venue.wire import codes


class Order:
    """A resting order as a book that took our commands holds it."""

    __slots__ = ("filled", "newest", "number", "own", "price", "remaining", "side")

    def __init__(self, number: int, side: int, price: int, quantity: int, newest: int) -> None:
        self.number, self.side, self.price = number, side, price
        self.newest = newest  # no order of the exchange that its lots belong to has a higher number
        self.remaining, self.filled = quantity, 0
        self.own = number >= OWN_IDS  # made up by us, for lots whose orders the tape has not told


class Level:
    """One price: its orders in time order. `doubtful` once it held lots the tape had not told."""

    __slots__ = ("doubtful", "queue", "size")

    def __init__(self) -> None:
        self.queue: dict[int, Order] = {}
        self.size = 0
        self.doubtful = False

    def head(self) -> Order:
        return next(iter(self.queue.values()))

    def own(self) -> list[Order]:
        return [order for order in self.queue.values() if order.own]

    def own_for(self, number: int) -> list[Order]:
        """Our own orders, first the likeliest to hold the lots of order `number`: the exchange
        numbers orders as they come."""
        return sorted(self.own(), key=lambda order: (order.newest < number, order.newest))

    def told(self) -> list[Order]:
        return [order for order in self.queue.values() if not order.own]


class Ledger:
    """Orders and levels of both sides; every change is also written down as a command."""

    def __init__(self, newest: int) -> None:
        """`newest`: no order in the opening book has a higher number."""
        self.newest = newest
        self.orders: dict[int, Order] = {}
        self.sides: tuple[dict[int, Level], dict[int, Level]] = ({}, {})
        self.row = 0
        self.time_ns = 0
        self.halted = False
        self._commands: list[tuple[int, ...]] = []
        self._trades: list[tuple[int, ...]] = []
        self._own_ids = OWN_IDS

    def next_own_id(self) -> int:
        self._own_ids += 1
        return self._own_ids

    @property
    def commands_count(self) -> int:
        return len(self._commands)

    def commands(self) -> np.ndarray:
        """All commands so far, COMMAND."""
        return np.array(self._commands, dtype=COMMAND)

    def trades(self) -> np.ndarray:
        """The trades they make, TRADE."""
        return np.array(self._trades, dtype=TRADE)

    def enter(self, side: int, price: int, quantity: int, number: int = 0) -> Order:
        """Put an order at the end of its level; without a number it is one of our own."""
        self.newest = max(self.newest, number)
        order = Order(number or self.next_own_id(), side, price, quantity, self.newest)
        assert order.number not in self.orders
        level = self.sides[side].setdefault(price, Level())
        level.queue[order.number] = self.orders[order.number] = order
        level.size += quantity
        level.doubtful = level.doubtful or order.own
        self._write_enter(order.number, side, price, quantity, codes.TIME_DAY)
        return order

    def reduce(self, order: Order, quantity: int) -> None:
        """Take lots from an order without a trade: an amend, or a cancel if nothing is left."""
        assert 0 < quantity <= order.remaining
        self._remove(order, quantity)
        total = order.filled + order.remaining
        template = codes.ORDER_AMEND if order.remaining else codes.ORDER_CANCEL
        number = self.next_own_id()
        self._write(template, number, order.number, order.side, order.price, total)

    def execute(self, level: Level, quantity: int) -> list[Order]:
        """An incoming opposite fill-and-kill order meets the level in time order."""
        head = level.head()
        incoming, side, price = self.next_own_id(), 1 - head.side, head.price
        assert 0 < quantity <= level.size
        self._write_enter(incoming, side, price, quantity, codes.TIME_FAK)
        met = []
        while quantity:
            order = level.head()
            lots = min(quantity, order.remaining)
            quantity -= lots
            order.filled += lots
            self._remove(order, lots)
            self._write_trade(incoming, order, lots)
            met.append(order)
        return met

    def to_the_end(self, order: Order) -> None:
        """Lots of `order` queue anew, as an order of our own: they were not first after all."""
        lots = order.remaining
        self.reduce(order, lots)
        self.enter(order.side, order.price, lots).newest = order.newest

    def set_halt(self, halted: bool) -> None:
        self.halted = halted
        self._write(codes.HALT_SET, halted=halted)

    def _remove(self, order: Order, quantity: int) -> None:
        level = self.sides[order.side][order.price]
        order.remaining -= quantity
        level.size -= quantity
        if order.remaining == 0:
            del self.orders[order.number], level.queue[order.number]
            if not level.queue:
                assert level.size == 0
                del self.sides[order.side][order.price]

    def _write(
        self,
        template: int,
        client_id: int = 0,
        order: int = 0,
        side: int = codes.SIDE_NONE,
        price: int = 0,
        quantity: int = 0,
        time_in_force: int = codes.TIME_DAY,
        halted: bool = False,
    ) -> None:
        heads = (template, side, time_in_force, CONTINUOUS, int(halted), quantity)
        self._commands.append((*heads, client_id, order, price, self.time_ns, self.row))

    def _write_enter(self, order: int, side: int, price: int, quantity: int, time: int) -> None:
        """A halted book refuses entries, so a halt is lifted for one that must be in it."""
        if self.halted:
            self._write(codes.HALT_SET, halted=False)
        self._write(codes.ORDER_ENTER, order, order, side, price, quantity, time)
        if self.halted:
            self._write(codes.HALT_SET, halted=True)

    def _write_trade(self, incoming: int, order: Order, lots: int) -> None:
        side = 1 - order.side
        pair = (incoming, order.number) if side == codes.SIDE_BUY else (order.number, incoming)
        self._trades.append((*pair, order.price, lots, side, CONTINUOUS, self.time_ns, self.row))
