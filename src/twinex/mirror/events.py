"""Events as bytes: the layouts of spec/messages.xml. Those that most commands make have a function,
which packs an order's fields as they stand; the others are said by their layout."""

from __future__ import annotations

from struct import Struct
from typing import Any

from twinex.mirror.messages import SCHEMA


def _layout(template: int, block: str) -> tuple[Any, int]:
    """The packer of an event and the SBE header before it, as one number.

    `block` is the block behind sequence, time_ns and index; a block is as long as it says.
    """
    packer = Struct("<Qqqi" + block)
    assert packer.size % 8 == 0
    return packer.pack, packer.size - 8 | template << 16 | SCHEMA << 32


_accepted, _ACCEPTED = _layout(101, "iqqiiiBBBBBBxBiqii")
_filled, _FILLED = _layout(104, "iqqiiiB2xBBBBxiqqi4x")
_trade, _TRADE = _layout(105, "iqqq4xB4xB2xiqqq")
_rested, _RESTED = _layout(106, "iqqiiiB7xiq")
_cancelled, _CANCELLED = _layout(107, "iqqiiiBxH3xBiqq")
_amended, _AMENDED = _layout(108, "iqqiiiBB6xiqqi4x")
COMMAND_REJECTED = _layout(102, "iqqiiiH2xH6x")
COMMAND_REPEATED = _layout(103, "iqqiiiH2xH6xq")
MASS_CANCELLED = _layout(109, "ii4xqiii7xBi")
POSITION_CHANGED = _layout(110, "iiiiiiiiiB3xii4x")
PHASE_CHANGED = _layout(111, "4xiB3x")
AUCTION_INDICATED = _layout(112, "iqqq")
AUCTION_MATCHED = _layout(113, "iqqq")
HALT_CHANGED = _layout(114, "i4xB3x")
LIMITS_CHANGED = _layout(115, "iqq")
REFERENCE_CHANGED = _layout(116, "4xi4xH6x")
DAY_OPENED = _layout(117, "4xi4x")
DAY_ENDED = _layout(118, "4xi4xqqqq")
STOP_ACCEPTED = _layout(119, "iqqiiiBBBBB3xiqiiqq")
STOP_TRIGGERED = _layout(120, "iqqiiiB7xiq8xq")
ORDER_REFRESHED = _layout(121, "iqqiiiB7xiq8xi4x")
ORDER_REDUCED = _layout(122, "iqqiiiBxH4xiq8xi4x")
QUOTE_ACCEPTED = _layout(123, "i8xqiii4xB7xqq")
MASS_QUOTED = _layout(124, "i8xq4xii8xi")
QUOTE_REQUESTED = _layout(125, "i8xqiii4x")
RULE_CHANGED = _layout(126, "iiB3xq")
BLOCK_CHANGED = _layout(127, "i4xB11xii11xB4x")
TRADE_BUSTED = _layout(128, "i35xBiqq")
TRADE_CORRECTED = _layout(129, "i35xBiqqq")


def named(order: Any) -> tuple[int, ...]:
    """What events about an order begin with, from instrument to side."""
    return (
        order.instrument.number, order.order_id, order.client_id, order.account.number,
        order.member.number, order.seat, order.side,
    )  # fmt: skip


class Events:
    """The events of the running command, in `pending`; an event's index is its place there."""

    __slots__ = ("pending", "sequence", "time_ns")

    def __init__(self) -> None:
        self.pending: list[bytes] = []
        self.sequence = self.time_ns = 0

    def begin(self, sequence: int, time_ns: int) -> None:
        """The next command: its events carry that sequence and time."""
        self.pending = []
        self.sequence = sequence
        self.time_ns = time_ns

    def say(self, event: tuple[Any, int], *fields: int) -> None:
        """Any event, by its layout: its fields behind `index`, in the order of messages.xml."""
        pack, header = event
        pending = self.pending
        pending.append(pack(header, self.sequence, self.time_ns, len(pending), *fields))

    def accepted(self, order: Any, kind: int, price: int, reason: int = 0) -> None:
        """`price` is the price as sent, `reason` the exchange's for a forced close."""
        pending = self.pending
        pending.append(_accepted(
            _ACCEPTED, self.sequence, self.time_ns, len(pending), order.instrument.number,
            order.order_id, order.client_id, order.account.number, order.member.number, order.seat,
            order.side, kind, order.time_in_force, order.offset, order.hedge, order.post_only,
            reason, order.quantity, price, order.display_quantity, order.good_till_day,
        ))  # fmt: skip

    def filled(
        self, order: Any, quantity: int, price: int, source: int, role: int, trade_id: int
    ) -> None:
        """The order's `remaining` is what it has left after the fill."""
        pending = self.pending
        pending.append(_filled(
            _FILLED, self.sequence, self.time_ns, len(pending), order.instrument.number,
            order.order_id, order.client_id, order.account.number, order.member.number, order.seat,
            order.side, order.offset, order.hedge, source, role, quantity, price, trade_id,
            order.remaining,
        ))  # fmt: skip

    def trade(
        self, instrument: Any, buy: Any, sell: Any, side: int, source: int, quantity: int,
        price: int, trade_id: int,
    ) -> None:  # fmt: skip
        """`side` is the incoming order's, 2 in an auction."""
        pending = self.pending
        pending.append(_trade(
            _TRADE, self.sequence, self.time_ns, len(pending), instrument.number, buy.order_id,
            sell.order_id, price * instrument.product.multiplier * quantity, side, source,
            quantity, price, trade_id, instrument.open_interest,
        ))  # fmt: skip

    def rested(self, order: Any) -> None:
        pending = self.pending
        pending.append(_rested(
            _RESTED, self.sequence, self.time_ns, len(pending), order.instrument.number,
            order.order_id, order.client_id, order.account.number, order.member.number, order.seat,
            order.side, order.shown, order.price,
        ))  # fmt: skip

    def cancelled(
        self, order: Any, quantity: int, price: int, reason: int, request_id: int = 0,
        operator_reason: int = 0,
    ) -> None:  # fmt: skip
        pending = self.pending
        pending.append(_cancelled(
            _CANCELLED, self.sequence, self.time_ns, len(pending), order.instrument.number,
            order.order_id, order.client_id, order.account.number, order.member.number, order.seat,
            order.side, reason, operator_reason, quantity, price, request_id,
        ))  # fmt: skip

    def amended(self, order: Any, priority_kept: int, request_id: int) -> None:
        pending = self.pending
        pending.append(_amended(
            _AMENDED, self.sequence, self.time_ns, len(pending), order.instrument.number,
            order.order_id, order.client_id, order.account.number, order.member.number, order.seat,
            order.side, priority_kept, order.quantity, order.price, request_id, order.remaining,
        ))  # fmt: skip
