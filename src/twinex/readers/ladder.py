"""The order book as the event stream shows it: what a reader of events knows of one contract."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twinex.readers.block import EventBlock
from twinex.venue.wire import codes
from twinex.venue.wire.schema import EVENTS

Bytes = npt.NDArray[np.uint8]

_HEARD = ("order_filled", "order_rested", "order_cancelled", "order_amended", "trade")
_FIELDS = ("order_id", "side", "price", "quantity", "remaining", "role", "priority_kept", "time_ns")


class Level(NamedTuple):
    """One price: lots and how many orders they are in."""

    price: int
    quantity: int
    orders: int


class Print(NamedTuple):
    """One trade as the tape of a ladder shows it."""

    time_ns: int
    price: int
    quantity: int
    side: int


class Ladder:
    """Bids and asks of one instrument, kept from its events. Prices in price units (1/10000)."""

    def __init__(self, instrument: int, prints_max: int = 12) -> None:
        self.instrument = instrument
        self.orders: dict[int, tuple[int, int, int]] = {}  # order id: side, price, lots
        self.levels: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
        self.prints: list[Print] = []
        self.indication: tuple[int, int, int] | None = None
        self.phase = codes.PHASE_BEFORE_TRADING
        self.time_ns = 0
        self.trades = self.volume = self.last = 0
        self._prints_max = prints_max
        self._block = EventBlock(1 << 20)

    def add(self, events: Bytes, product: int) -> None:
        """Apply whole events in stream order; `product` is the instrument's."""
        if len(events) == 0:
            return
        block = self._block.load(events)
        self.time_ns = int(block.column("time_ns", block.ends)[-1])
        for changed in block.column(
            "phase", block.of("phase_changed", "product", product)
        ).tolist():
            self.phase = changed
            self.indication = None
        self._indicate(block)
        self._apply(block)

    def _indicate(self, block: EventBlock) -> None:
        places = block.of("auction_indicated", "instrument", self.instrument)[-1:]
        if len(places):
            names = ("auction_price", "auction_volume", "surplus")
            price, volume, surplus = (int(block.column(name, places)[0]) for name in names)
            self.indication = (price, volume, surplus)

    def _apply(self, block: EventBlock) -> None:
        places = [block.of(name, "instrument", self.instrument) for name in _HEARD]
        template = np.repeat([EVENTS[name].id for name in _HEARD], [len(p) for p in places])
        joined = np.concatenate(places)
        order = np.argsort(joined)
        joined, template = joined[order], template[order]
        columns = [block.column(field, joined).tolist() for field in _FIELDS]
        for kind, *row in zip(template.tolist(), *columns, strict=True):
            self._one(kind, *row)

    def _one(
        self,
        template: int,
        order_id: int,
        side: int,
        price: int,
        quantity: int,
        remaining: int,
        role: int,
        kept: int,
        time_ns: int,
    ) -> None:
        if template == codes.TRADE:
            self.trades += 1
            self.volume += quantity
            self.last = price
            self.prints = [
                *self.prints[-self._prints_max + 1 :],
                Print(time_ns, price, quantity, side),
            ]
        elif template == codes.ORDER_RESTED:
            self._take(order_id, self._lots(order_id))
            self._put(order_id, side, price, quantity)
        elif template == codes.ORDER_CANCELLED or (
            template == codes.ORDER_FILLED and role != codes.ROLE_INCOMING
        ):
            self._take(order_id, quantity)
        elif template == codes.ORDER_AMENDED:
            lots = self._lots(order_id)
            self._take(order_id, lots - remaining if kept else lots)

    def _lots(self, order_id: int) -> int:
        return self.orders.get(order_id, (0, 0, 0))[2]

    def _put(self, order_id: int, side: int, price: int, lots: int) -> None:
        self.orders[order_id] = (side, price, lots)
        level = self.levels[side].setdefault(price, [0, 0])
        level[0] += lots
        level[1] += 1

    def _take(self, order_id: int, lots: int) -> None:
        """Take lots of a resting order out of its level; an order that never rested is not here."""
        if lots == 0 or order_id not in self.orders:
            return
        side, price, held = self.orders[order_id]
        assert 0 < lots <= held, f"order {order_id} has {held} lots, {lots} left it"
        level = self.levels[side][price]
        level[0] -= lots
        if lots == held:
            del self.orders[order_id]
            level[1] -= 1
        else:
            self.orders[order_id] = (side, price, held - lots)
        if level[1] == 0:
            assert level[0] == 0, f"lots without orders at {price}"
            del self.levels[side][price]

    def bids(self, depth: int) -> list[Level]:
        """The best bids, highest first."""
        return _best(self.levels[codes.SIDE_BUY], depth, reverse=True)

    def asks(self, depth: int) -> list[Level]:
        """The best asks, lowest first."""
        return _best(self.levels[codes.SIDE_SELL], depth, reverse=False)


def _best(levels: dict[int, list[int]], depth: int, *, reverse: bool) -> list[Level]:
    prices: Iterable[int] = sorted(levels, reverse=reverse)[:depth]
    return [Level(price, levels[price][0], levels[price][1]) for price in prices]
