"""The order book as the event stream shows it: what a reader of events knows of one contract."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twinex.readers.block import EventBlock
from twinex.venue.wire import codes
from twinex.venue.wire.schema import EVENTS

Bytes = npt.NDArray[np.uint8]


class Level(NamedTuple):
    """One price: lots shown and how many orders they are in."""

    price: int
    quantity: int
    orders: int


class Print(NamedTuple):
    """One trade as the tape of a ladder shows it."""

    time_ns: int
    price: int
    quantity: int
    side: int
    trade_id: int


class _Row(NamedTuple):
    """What an event may say; a field that it does not have is anything."""

    order_id: int
    side: int
    price: int
    price_source: int
    quantity: int
    remaining: int
    role: int
    priority_kept: int
    time_ns: int
    display_quantity: int
    trade_id: int


class Ladder:
    """Bids and asks of one instrument, kept from its events. Prices in price units (1/10000).

    Of an iceberg (`spec/orders.md`) only the lots that it shows are here. Trades that the exchange
    voids or corrects change `prints`; `volume` and `last` keep them, as the venue's counts do.

    A `combination` (`spec/combinations.md`) has prices of 0 and below, and no trades of its own:
    the fills of its orders are its `prints`, `volume` and `last`. Trades of its legs have derived
    prices where two of its orders meet; a leg's `last` passes those over.
    """

    def __init__(self, instrument: int, prints_max: int = 12, *, combination: bool = False) -> None:
        self.instrument = instrument
        self.combination = combination
        self.orders: dict[int, tuple[int, int, int]] = {}  # order id: side, price, lots shown
        self.levels: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
        self.prints: list[Print] = []
        self.indication: tuple[int, int, int] | None = None
        self.phase = codes.PHASE_BEFORE_TRADING
        self.time_ns = 0
        self.trades = self.volume = 0
        self.last: int | None = None
        self._shows: dict[int, int] = {}  # icebergs: the most that they show at a time
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
        self._note_icebergs(block)
        self._apply(block)

    def _indicate(self, block: EventBlock) -> None:
        places = block.of("auction_indicated", "instrument", self.instrument)[-1:]
        if len(places):
            names = ("auction_price", "auction_volume", "surplus")
            price, volume, surplus = (int(block.column(name, places)[0]) for name in names)
            self.indication = (price, volume, surplus)

    def _note_icebergs(self, block: EventBlock) -> None:
        for name in ("order_accepted", "stop_accepted"):
            places = block.of(name, "instrument", self.instrument)
            shows = block.column("display_quantity", places)
            orders = block.column("order_id", places[shows > 0])
            self._shows.update(zip(orders.tolist(), shows[shows > 0].tolist(), strict=True))

    def _apply(self, block: EventBlock) -> None:
        places = [block.of(name, "instrument", self.instrument) for name in _HANDLERS]
        template = np.repeat([EVENTS[name].id for name in _HANDLERS], [len(p) for p in places])
        joined = np.concatenate(places)
        order = np.argsort(joined)
        joined, template = joined[order], template[order]
        columns = [block.column(field, joined).tolist() for field in _Row._fields]
        for kind, *row in zip(template.tolist(), *columns, strict=True):
            _HANDLER_OF[kind](self, _Row(*row))

    def _trade(self, row: _Row) -> None:
        self.trades += 1
        self._print(row)
        if row.price_source != codes.SOURCE_COMBINATION:
            self.last = row.price

    def _print(self, row: _Row) -> None:
        self.volume += row.quantity
        latest = Print(row.time_ns, row.price, row.quantity, row.side, row.trade_id)
        self.prints = [*self.prints[-self._prints_max + 1 :], latest]

    def _busted(self, row: _Row) -> None:
        self.prints = [one for one in self.prints if one.trade_id != row.trade_id]

    def _corrected(self, row: _Row) -> None:
        self.prints = [
            one._replace(price=row.price) if one.trade_id == row.trade_id else one
            for one in self.prints
        ]

    def _rested(self, row: _Row) -> None:
        """Also an iceberg that shows lots anew: of those it showed before none are left."""
        self._put(row.order_id, row.side, row.price, row.quantity)

    def _cancelled(self, row: _Row) -> None:
        held = self._lots(row.order_id)
        assert held <= row.quantity, f"order {row.order_id} has {held} lots, {row.quantity} left it"
        self._take_all(row.order_id)
        self._shows.pop(row.order_id, None)

    def _filled(self, row: _Row) -> None:
        if self.combination and row.role == codes.ROLE_INCOMING:  # one of each step's fills
            self._print(row)
            self.last = row.price
        shows = self._shows.get(row.order_id)
        if row.role == codes.ROLE_AUCTION and shows is not None:
            # It fills whole at its place; of the rest it shows what it may, without an event.
            self._show(row.order_id, min(shows, row.remaining))
        else:
            # An incoming order is not here, unless it is a combination's that rests: legs have
            # come within its reach.
            self._take(row.order_id, row.quantity)

    def _amended(self, row: _Row) -> None:
        """What loses its place rests again by an event of its own, if anything is left to rest."""
        if row.priority_kept:
            self._shrunk(row)
        else:
            self._take_all(row.order_id)

    def _shrunk(self, row: _Row) -> None:
        """Fewer lots at the same place; an iceberg loses what it hides first."""
        self._show(row.order_id, min(self._lots(row.order_id), row.remaining))

    def _lots(self, order_id: int) -> int:
        return self.orders.get(order_id, (0, 0, 0))[2]

    def _put(self, order_id: int, side: int, price: int, lots: int) -> None:
        assert order_id not in self.orders, f"order {order_id} rests twice"
        self.orders[order_id] = (side, price, lots)
        level = self.levels[side].setdefault(price, [0, 0])
        level[0] += lots
        level[1] += 1

    def _show(self, order_id: int, lots: int) -> None:
        """Let a resting order show so many lots where it stands."""
        if order_id not in self.orders:
            return
        if lots == 0:
            self._take_all(order_id)
            return
        side, price, held = self.orders[order_id]
        self.orders[order_id] = (side, price, lots)
        self.levels[side][price][0] += lots - held

    def _take_all(self, order_id: int) -> None:
        self._take(order_id, self._lots(order_id))

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


# An order that a self-trade reduces while it comes in does not rest yet: `_shrunk` passes it over.
_HANDLERS: dict[str, Callable[[Ladder, _Row], None]] = {
    "trade": Ladder._trade,
    "trade_busted": Ladder._busted,
    "trade_corrected": Ladder._corrected,
    "order_filled": Ladder._filled,
    "order_rested": Ladder._rested,
    "order_refreshed": Ladder._rested,
    "order_cancelled": Ladder._cancelled,
    "order_reduced": Ladder._shrunk,
    "order_amended": Ladder._amended,
}
_HANDLER_OF = {EVENTS[name].id: handler for name, handler in _HANDLERS.items()}


def _best(levels: dict[int, list[int]], depth: int, *, reverse: bool) -> list[Level]:
    prices: Iterable[int] = sorted(levels, reverse=reverse)[:depth]
    return [Level(price, levels[price][0], levels[price][1]) for price in prices]
