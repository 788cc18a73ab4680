"""The traders' common desk: client ids, the orders they know to live, positions, and the frames.

All columns are indexed by client id, which the desk counts for everyone: what an event says about
an order lands in its row without any search. What the desk knows it read from events.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twinex.day.roster import LONG, SHORT, Roster
from twinex.readers.block import EventBlock
from twinex.readers.listing import Listing
from twinex.venue.wire import codes
from twinex.venue.wire.messages import frame_array

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_WHEN = ("yesterday", "today")
_ROW = np.dtype(
    [
        ("trader", "<i2"),
        ("slot", "<i2"),
        ("side", "i1"),
        ("offset", "i1"),
        ("resting", "?"),
        ("remaining", "<i4"),
        ("price", "<i8"),
    ]
)


class Orders(NamedTuple):
    """Orders to enter, as columns of equal length. `trader` is a roster row, `slot` a contract."""

    trader: Ints
    slot: Ints
    side: Ints
    kind: Ints
    time_in_force: Ints
    offset: Ints
    price: Ints
    quantity: Ints
    minimum: Ints


def limit_orders(
    trader: Ints, slot: Ints, side: Ints, price: Ints, quantity: Ints, offset: Ints | int = 0
) -> Orders:
    """Limit orders good for the day."""
    zeros = np.zeros(len(trader), dtype=np.int64)
    return Orders(trader, slot, side, zeros, zeros, zeros + offset, price, quantity, zeros)


def chosen(orders: Orders, rows: npt.NDArray[np.bool_]) -> Orders:
    """Those of the orders whose row is True."""
    return Orders(*(column[rows] for column in orders))


def concatenate(batches: list[Orders]) -> Orders:
    """All batches one after another."""
    return Orders(*(np.concatenate(columns) for columns in zip(*batches, strict=True)))


class Desk:
    """Orders by client id, and holdings by [trader, slot, long/short, bucket].

    Bucket 0 is what `close` reaches, bucket 1 what `close_today` does: today's lots have their own
    only where the market tells them apart.
    """

    def __init__(self, roster: Roster, listing: Listing, held: Ints, orders_expected: int) -> None:
        self.roster = roster
        self.listing = listing
        self.rows = np.zeros(max(1024, orders_expected), dtype=_ROW)
        self.next_id = 1
        self.held = np.stack([held, np.zeros_like(held)], axis=3)
        self.frozen = np.zeros_like(self.held)
        self.opened = np.zeros(held.shape[:2], dtype=np.int64)  # today, live orders among them
        self.last_price = np.zeros(len(listing), dtype=np.int64)
        order = np.argsort(roster.account)
        self._accounts = roster.account[order]
        self._account_rows = order

    def closeable(self, trader: Ints, slot: Ints, side: Ints) -> Ints:
        """Lots by [order, bucket] that `side` may close: a buy closes short, a sell long."""
        hand = 1 - side
        lots = self.held[trader, slot, hand] - self.frozen[trader, slot, hand]
        closes = self.listing.offset_rule[slot] != codes.OFFSET_RULE_NONE
        return np.where(closes[:, None], lots, 0)

    def offsets(self, trader: Ints, slot: Ints, side: Ints, least: Ints) -> Ints:
        """`close` or `close_today` for who has `least` lots of that to close, else `open`."""
        enough = self.closeable(trader, slot, side) >= least[:, None]
        otherwise = np.where(enough[:, 1], codes.OFFSET_CLOSE_TODAY, codes.OFFSET_OPEN)
        return np.where(enough[:, 0], codes.OFFSET_CLOSE, otherwise)

    def may_open(self, trader: Ints, slot: Ints, quantity: Ints) -> npt.NDArray[np.bool_]:
        """Who does not open more than a speculator may in a day (`spec/risk.md`, 29a)."""
        cap = self.listing.opening_cap[slot]
        free = (cap == 0) | (self.roster.hedge[trader] != codes.HEDGE_SPECULATION)
        may: npt.NDArray[np.bool_] = free | (self.opened[trader, slot] + quantity <= cap)
        return may

    def net(self, trader: Ints, slot: Ints) -> Ints:
        """Long minus short lots."""
        lots = self.held[trader, slot].sum(axis=-1)
        net: Ints = lots[..., LONG] - lots[..., SHORT]
        return net

    def new_ids(self, count: int) -> Ints:
        """`count` fresh client ids."""
        first = self.next_id
        self.next_id += count
        if self.next_id > len(self.rows):
            grown = np.zeros(2 * self.next_id, dtype=_ROW)
            grown[: len(self.rows)] = self.rows
            self.rows = grown
        return np.arange(first, first + count, dtype=np.int64)

    def enter(self, orders: Orders) -> tuple[Ints, npt.NDArray[np.void]]:
        """Client ids and the framed commands of `orders`, which the desk now expects to hear of."""
        ids = self.new_ids(len(orders.trader))
        rows = self.rows[ids[0] : ids[-1] + 1] if len(ids) else self.rows[:0]
        rows["trader"], rows["slot"] = orders.trader, orders.slot
        rows["side"], rows["price"] = orders.side, orders.price
        rows["offset"], rows["remaining"] = orders.offset, orders.quantity
        self._freeze(ids, orders.quantity)
        self._open(ids, orders.quantity)
        return ids, self._frames(ids, orders)

    def _frames(self, ids: Ints, orders: Orders) -> npt.NDArray[np.void]:
        frames = frame_array("order_enter", len(ids))
        frames["seat"] = self.roster.seat[orders.trader]
        frames["client_id"] = ids
        frames["instrument"] = self.listing.instrument[orders.slot]
        frames["account"] = self.roster.account[orders.trader]
        frames["price"] = orders.price
        frames["quantity"] = orders.quantity
        frames["minimum_quantity"] = orders.minimum
        frames["side"] = orders.side
        frames["kind"] = orders.kind
        frames["time_in_force"] = orders.time_in_force
        frames["offset"] = orders.offset
        frames["hedge"] = self.roster.hedge[orders.trader]
        return frames

    def cancel(self, targets: Ints) -> npt.NDArray[np.void]:
        """Framed cancels of the orders entered with the client ids `targets`."""
        frames = frame_array("order_cancel", len(targets))
        frames["seat"] = self.roster.seat[self.rows["trader"][targets]]
        frames["client_id"] = self.new_ids(len(targets))
        frames["target_client_id"] = targets
        return frames

    def live(self, ids: Ints) -> npt.NDArray[np.bool_]:
        """Which of these orders rest in the book, as far as events have told."""
        resting: npt.NDArray[np.bool_] = self.rows["resting"][ids]
        return resting

    def hear(self, block: EventBlock) -> None:
        """Learn what became of orders and holdings."""
        self._fills(block)
        self._rests(block)
        self._cancels(block)
        self._rejects(block)
        self._positions(block)
        trades = block.priced_trades()
        if len(trades):
            slots = self.listing.slot_of[block.column("instrument", trades)]
            self.last_price[slots] = block.column("price", trades)

    def _rests(self, block: EventBlock) -> None:
        places = block.place("order_rested")
        if len(places) == 0:
            return
        ids = block.column("client_id", places)
        self.rows["resting"][ids] = self.rows["remaining"][ids] > 0
        self.rows["price"][ids] = block.column("price", places)

    def _fills(self, block: EventBlock) -> None:
        places = block.place("order_filled")
        if len(places) == 0:
            return
        ids = block.column("client_id", places)
        quantity = block.column("quantity", places)
        self._freeze(ids, -quantity)
        np.subtract.at(self.rows["remaining"], ids, quantity.astype(np.int32))
        self.rows["resting"][ids] &= self.rows["remaining"][ids] > 0

    def _cancels(self, block: EventBlock) -> None:
        places = block.place("order_cancelled")
        if len(places) == 0:
            return
        ids = block.column("client_id", places)
        quantity = block.column("quantity", places)
        self._freeze(ids, -quantity)
        self._open(ids, -quantity)
        self.rows["remaining"][ids] = 0
        self.rows["resting"][ids] = False

    def _rejects(self, block: EventBlock) -> None:
        """A refused entry frees what it would have closed. Spoilt ids name no row of ours."""
        places = block.place("command_rejected")
        if len(places) == 0:
            return
        ids = block.column("client_id", places)
        entered = block.column("command", places) == codes.ORDER_ENTER
        ids = ids[entered & (ids > 0) & (ids < self.next_id)]
        ids = np.unique(ids[~self.rows["resting"][ids]])
        quantity = self.rows["remaining"][ids].astype(np.int64)
        self._freeze(ids, -quantity)
        self._open(ids, -quantity)
        self.rows["remaining"][ids] = 0

    def _freeze(self, ids: Ints, quantity: Ints) -> None:
        closes = self.rows["offset"][ids] != codes.OFFSET_OPEN
        if closes.any():
            rows = self.rows[ids[closes]]
            bucket = (rows["offset"] == codes.OFFSET_CLOSE_TODAY).astype(np.int64)
            place = (rows["trader"], rows["slot"], 1 - rows["side"], bucket)
            np.add.at(self.frozen, place, quantity[closes])

    def _open(self, ids: Ints, quantity: Ints) -> None:
        opens = self.rows["offset"][ids] == codes.OFFSET_OPEN
        rows = self.rows[ids[opens]]
        np.add.at(self.opened, (rows["trader"], rows["slot"]), quantity[opens])

    def _positions(self, block: EventBlock) -> None:
        places = block.place("position_changed")
        if len(places) == 0:
            return
        found = np.searchsorted(self._accounts, block.column("account", places))
        traders = self._account_rows[found]
        slots = self.listing.slot_of[block.column("instrument", places)]
        plain_close = self.listing.offset_rule[slots] == codes.OFFSET_RULE_OPEN_CLOSE
        for hand, name in ((LONG, "long"), (SHORT, "short")):
            before, today = (block.column(f"{name}_{when}", places) for when in _WHEN)
            self.held[traders, slots, hand, 0] = before + np.where(plain_close, today, 0)
            self.held[traders, slots, hand, 1] = np.where(plain_close, 0, today)
