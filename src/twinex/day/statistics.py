"""What a day's events say: prices, volumes and open interest a contract, counts of everything else.

A reader of the event stream like any other: it never asks the venue. Prices are in 1/10000 of the
quote unit, turnover in 1/10000 yuan, quantities in lots.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Self

import numpy as np
import numpy.typing as npt

from twinex.readers.block import EventBlock
from twinex.venue.journal.reader import Block
from twinex.venue.wire.schema import ENUMS, EVENTS

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_CODES = 256
_KINDS, _TIMES = len(ENUMS["PriceKind"]), len(ENUMS["TimeInForce"])
_BUCKET_NS = 300_000_000_000  # five minutes
_BUCKETS = 288
_HIGHEST = np.iinfo(np.int64).max


class Statistics:
    """Figures of one day. Rows of per-contract columns are instrument ids (row 0 is empty).

    What orders of combinations trade counts in their legs; between two of them the legs' prices
    are derived, and none of the day's prices here. In its own row a combination has `orders` alone.
    """

    def __init__(self, instrument_max: int) -> None:
        rows = instrument_max + 1
        self.priced = np.zeros(rows, dtype=np.bool_)  # is there an open, high, low and close?
        self.open = np.zeros(rows, dtype=np.int64)
        self.high = np.zeros(rows, dtype=np.int64)
        self.low = np.full(rows, _HIGHEST, dtype=np.int64)
        self.close = np.zeros(rows, dtype=np.int64)
        self.trades = np.zeros(rows, dtype=np.int64)
        self.volume = np.zeros(rows, dtype=np.int64)
        self.turnover = np.zeros(rows, dtype=np.int64)
        self.open_interest = np.full(rows, -1, dtype=np.int64)
        self.auction_price = np.zeros(rows, dtype=np.int64)
        self.auction_volume = np.zeros(rows, dtype=np.int64)
        self.orders = np.zeros(rows, dtype=np.int64)
        self.path = np.zeros((rows, _BUCKETS), dtype=np.int64)
        self.pace = np.zeros(_BUCKETS, dtype=np.int64)  # lots
        self.orders_of: Counter[int] = Counter()  # by trading code, as the two below
        self.fills_of: Counter[int] = Counter()
        self.lots_of: Counter[int] = Counter()  # of a combination's order: those of one leg
        self.events = np.zeros(_CODES, dtype=np.int64)
        self.kinds = np.zeros((_KINDS, _TIMES), dtype=np.int64)
        self.stops = np.zeros((_KINDS, _TIMES), dtype=np.int64)
        self.cancels = np.zeros(_CODES, dtype=np.int64)
        self.rejects = np.zeros(_CODES, dtype=np.int64)
        self.first_ns = 0
        self.last_ns = 0
        self.commands = 0
        self._first_sequence = -1
        self._block = EventBlock(1 << 20)

    def read(self, blocks: Iterable[Block]) -> Self:
        """Add all blocks of an `EventReader`."""
        for block in blocks:
            self.add(block.octets[block.start : block.end])
        return self

    def add(self, events: Bytes) -> None:
        """Add whole events, in stream order."""
        if len(events) == 0:
            return
        block = self._block.load(events)
        for name, template in EVENTS.items():
            self.events[template.id] += len(block.place(name))
        self._span(block)
        self._count(block)
        self._people(block)
        trades = block.place("trade")
        if len(trades):
            self._trade(block, trades)
        matched = block.place("auction_matched")
        if len(matched):
            rows = block.column("instrument", matched)
            self.auction_price[rows] = block.column("auction_price", matched)
            self.auction_volume[rows] += block.column("auction_volume", matched)

    def _span(self, block: EventBlock) -> None:
        ends = block.column("sequence", block.ends)
        times = block.column("time_ns", block.ends)
        if self._first_sequence < 0:
            self._first_sequence, self.first_ns = int(ends[0]), int(times[0])
        self.commands, self.last_ns = int(ends[1]) - self._first_sequence + 1, int(times[1])

    def _count(self, block: EventBlock) -> None:
        accepted = block.place("order_accepted")
        np.add.at(self.orders, block.column("instrument", accepted), 1)
        self.kinds += _by_kind(block, accepted)
        self.stops += _by_kind(block, block.place("stop_accepted"))
        reasons = block.column("cancel_reason", block.place("order_cancelled"))
        self.cancels += np.bincount(reasons, minlength=_CODES)
        refused = block.column("reject_reason", block.place("command_rejected"))
        self.rejects += np.bincount(refused, minlength=_CODES)

    def _people(self, block: EventBlock) -> None:
        """Who entered, and who was filled."""
        entered = block.column("account", block.place("order_accepted"))
        _count_into(self.orders_of, entered, np.ones(len(entered), dtype=np.int64))
        places = block.place("order_filled")
        filled = block.column("account", places)
        _count_into(self.fills_of, filled, np.ones(len(filled), dtype=np.int64))
        _count_into(self.lots_of, filled, block.column("quantity", places))

    def _trade(self, block: EventBlock, trades: Ints) -> None:
        self._price(block, block.priced_trades())
        rows, quantity = block.column("instrument", trades), block.column("quantity", trades)
        self.open_interest[rows] = block.column("open_interest", trades)
        np.add.at(self.trades, rows, 1)
        np.add.at(self.volume, rows, quantity)
        np.add.at(self.turnover, rows, block.column("turnover", trades))
        np.add.at(self.pace, _bucket(block, trades), quantity)

    def _price(self, block: EventBlock, trades: Ints) -> None:
        rows, price = block.column("instrument", trades), block.column("price", trades)
        # Reversed, so that the first trade of each contract is what stays.
        fresh = ~self.priced[rows]
        self.open[rows[fresh][::-1]] = price[fresh][::-1]
        np.maximum.at(self.high, rows, price)
        np.minimum.at(self.low, rows, price)
        self.close[rows] = price
        self.priced[rows] = True
        self.path[rows, _bucket(block, trades)] = price

    def event_counts(self) -> dict[str, int]:
        """How many events of each template."""
        return {name: int(self.events[t.id]) for name, t in EVENTS.items() if self.events[t.id]}

    def reject_counts(self) -> dict[str, int]:
        """Rejects by reason, the most frequent first."""
        return _named(self.rejects, "RejectReason")

    def cancel_counts(self) -> dict[str, int]:
        """Cancels by reason, the most frequent first."""
        return _named(self.cancels, "CancelReason")

    def order_counts(self) -> dict[str, int]:
        """Accepted orders by price kind and time in force, the most frequent first.

        A stop counts as one when it is accepted ("stop limit day"), not again when it is set off.
        """
        kinds, times = ENUMS["PriceKind"], ENUMS["TimeInForce"]
        counts = {
            f"{word}{kind} {time}": int(table[kinds[kind], times[time]])
            for word, table in (("", self.kinds), ("stop ", self.stops))
            for kind in kinds
            for time in times
        }
        return _falling(counts)

    def prices_by_bucket(self, instrument: int) -> list[int]:
        """Last prices of five-minute buckets with trades, in order of time."""
        return [int(price) for price in self._in_order(self.path[instrument]) if price]

    def lots_by_bucket(self) -> list[int]:
        """Lots traded in each five minutes in which any were, in order of time."""
        return [int(lots) for lots in self._in_order(self.pace) if lots]

    def _in_order(self, buckets: Ints) -> Ints:
        """Buckets of the clock, turned so that the day begins with the first."""
        return np.roll(buckets, -(self.first_ns // _BUCKET_NS % _BUCKETS))


def _bucket(block: EventBlock, places: Ints) -> Ints:
    """In which five minutes of the clock the events are."""
    return block.column("time_ns", places) // _BUCKET_NS % _BUCKETS


def _by_kind(block: EventBlock, places: Ints) -> Ints:
    """How many of the events are of each price kind and time in force."""
    cells = block.column("kind", places) * _TIMES + block.column("time_in_force", places)
    counts: Ints = np.bincount(cells, minlength=_KINDS * _TIMES).reshape(_KINDS, _TIMES)
    return counts


def _count_into(counter: Counter[int], keys: Ints, amounts: Ints) -> None:
    """Add each amount to its key's count."""
    found, place = np.unique(keys, return_inverse=True)
    sums = np.zeros(len(found), dtype=np.int64)
    np.add.at(sums, place, amounts)
    for key, amount in zip(found.tolist(), sums.tolist(), strict=True):
        counter[key] += amount


def _named(counts: Ints, enum: str) -> dict[str, int]:
    return _falling({name: int(counts[code]) for name, code in ENUMS[enum].items()})


def _falling(counts: dict[str, int]) -> dict[str, int]:
    rows = sorted(counts.items(), key=lambda row: -row[1])
    return {name: count for name, count in rows if count}
