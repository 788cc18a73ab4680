"""The books as events tell them: whose turn it is, and that none is crossed (matching.md)."""

from dataclasses import dataclass, field

BUY, SELL = 0, 1
OPEN, CLOSE = 0, 1


@dataclass(slots=True)
class Order:
    """An order as events tell it. `remaining`: None of a carried iceberg until an event says."""

    id: int
    instrument: int
    account: int
    side: int
    offset: int
    hedge: int
    total: int
    remaining: int | None
    display: int
    price: int = 0  # at which it rests
    shown: int = 0
    resting: bool = False
    waiting: bool = False  # a stop
    done: bool = False


@dataclass(slots=True)
class Contract:
    """An instrument: its product's rules that count here, its limits, its two queues by price."""

    number: int
    product: int
    multiplier: int
    keeps_positions: bool
    limit_priority: int
    lower: int
    upper: int
    open_interest: int = 0
    legs: tuple["Contract", "Contract"] | None = None
    halted: bool = False
    queues: tuple[dict[int, list[Order]], dict[int, list[Order]]] = field(
        default_factory=lambda: ({}, {})
    )

    def limits(self) -> tuple[int, int]:
        """Of a combination: those of its legs."""
        if self.legs is None:
            return self.lower, self.upper
        one, two = self.legs
        return one.lower - two.upper, one.upper - two.lower

    def best(self, side: int) -> int | None:
        """The best price of a side; None where it is empty."""
        prices = self.queues[side]
        if not prices:
            return None
        return max(prices) if side == BUY else min(prices)

    def is_crossed(self) -> bool:
        bid, ask = self.best(BUY), self.best(SELL)
        return bid is not None and ask is not None and bid >= ask

    def is_next(self, order: Order) -> bool:
        """Does nobody of its side stand before it?"""
        queue = self.queues[order.side].get(order.price)
        return bool(queue) and queue[0] is order and self.best(order.side) == order.price

    def _is_privileged(self, order: Order) -> bool:
        """Does it go before opening orders at a limit price?"""
        if self.limit_priority == 0 or order.offset == OPEN:
            return False
        return order.offset == CLOSE or self.limit_priority == 1

    def enter(self, order: Order) -> None:
        """Behind the level; at a limit price a closing order behind those at its head."""
        queue = self.queues[order.side].setdefault(order.price, [])
        place = len(queue)
        if order.price in self.limits() and self._is_privileged(order):
            place = 0
            while place < len(queue) and self._is_privileged(queue[place]):
                place += 1
        queue.insert(place, order)
        order.resting = True

    def leave(self, order: Order) -> None:
        queue = self.queues[order.side][order.price]
        queue.remove(order)
        if not queue:
            del self.queues[order.side][order.price]
        order.resting = False
