"""Events as bytes: one function for each event of spec/messages.xml, packed as it happens."""

from struct import Struct
from typing import Any, List, Tuple

from twinex.mirror.messages import SCHEMA


def _layout(template: int, block: str) -> Tuple[Any, int]:
    """The packer of an event and the SBE header before it, as one number.

    `block` is the block behind sequence, time_ns and index; a block is as long as it says.
    """
    packer = Struct("<Qqqi" + block)
    assert packer.size % 8 == 0
    return packer.pack, packer.size - 8 | template << 16 | SCHEMA << 32


_accepted, _ACCEPTED = _layout(101, "iqqiiiBBBBBBxBiqii")
_rejected, _REJECTED = _layout(102, "iqqiiiH2xH6x")
_repeated, _REPEATED = _layout(103, "iqqiiiH2xH6xq")
_filled, _FILLED = _layout(104, "iqqiiiB2xBBBBxiqqi4x")
_trade, _TRADE = _layout(105, "iqqq4xB4xB2xiqqq")
_rested, _RESTED = _layout(106, "iqqiiiB7xiq")
_cancelled, _CANCELLED = _layout(107, "iqqiiiBxH3xBiqq")
_amended, _AMENDED = _layout(108, "iqqiiiBB6xiqqi4x")
_mass_cancelled, _MASS_CANCELLED = _layout(109, "ii4xqiii7xBi")
_position, _POSITION = _layout(110, "iiiiiiiiiB3xii4x")
_phase, _PHASE = _layout(111, "4xiB3x")
_auction, _AUCTION = _layout(112, "iqqq")
_halt, _HALT = _layout(114, "i4xB3x")
_limits, _LIMITS = _layout(115, "iqq")
_reference, _REFERENCE = _layout(116, "4xi4xH6x")
_opened, _OPENED = _layout(117, "4xi4x")
_ended, _ENDED = _layout(118, "4xi4xqqqq")
_stop, _STOP = _layout(119, "iqqiiiBBBBB3xiqiiqq")
_triggered, _TRIGGERED = _layout(120, "iqqiiiB7xiq8xq")
_refreshed, _REFRESHED = _layout(121, "iqqiiiB7xiq8xi4x")
_reduced, _REDUCED = _layout(122, "iqqiiiBxH4xiq8xi4x")
_quoted, _QUOTED = _layout(123, "i8xqiii4xB7xqq")
_mass_quoted, _MASS_QUOTED = _layout(124, "i8xq4xii8xi")
_requested, _REQUESTED = _layout(125, "i8xqiii4x")
_rule, _RULE = _layout(126, "iiB3xq")
_block, _BLOCK = _layout(127, "i4xB11xii11xB4x")
_busted, _BUSTED = _layout(128, "i35xBiqq")
_corrected, _CORRECTED = _layout(129, "i35xBiqqq")
_MATCHED = _AUCTION + (1 << 16)  # auction_matched is laid out as auction_indicated


class Events:
    """The events of the running command, in `pending`; an event's index is its place there."""

    __slots__ = ("pending", "sequence", "time_ns")

    def __init__(self) -> None:
        self.pending: List[bytes] = []
        self.sequence = self.time_ns = 0

    def begin(self, sequence: int, time_ns: int) -> None:
        """The next command: its events carry that sequence and time."""
        self.pending = []
        self.sequence = sequence
        self.time_ns = time_ns

    def accepted(self, order: Any, kind: int, price: int, reason: int = 0) -> None:
        """`price` is the price as sent, `reason` the exchange's for a forced close."""
        pending = self.pending
        pending.append(_accepted(
            _ACCEPTED, self.sequence, self.time_ns, len(pending), order.instrument.number,
            order.order_id, order.client_id, order.account.number, order.member.number, order.seat,
            order.side, kind, order.time_in_force, order.offset, order.hedge, order.post_only,
            reason, order.quantity, price, order.display_quantity, order.good_till_day,
        ))  # fmt: skip

    def rejected(
        self, command: int, seat: int, reason: int, member: int = 0, client_id: int = 0,
        instrument: int = 0, account: int = 0, order_id: int = 0,
    ) -> None:  # fmt: skip
        """`command` is the template id of what is refused."""
        pending = self.pending
        pending.append(_rejected(
            _REJECTED, self.sequence, self.time_ns, len(pending), instrument, order_id, client_id,
            account, member, seat, reason, command,
        ))  # fmt: skip

    def repeated(
        self, command: int, seat: int, reason: int, member: int, client_id: int,
        instrument: int, account: int, order_id: int, first_seen: int,
    ) -> None:  # fmt: skip
        pending = self.pending
        pending.append(_repeated(
            _REPEATED, self.sequence, self.time_ns, len(pending), instrument, order_id, client_id,
            account, member, seat, reason, command, first_seen,
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

    def mass_cancelled(
        self, member: int, seat: int, client_id: int, instrument: int, product: int, account: int,
        count: int, operator_reason: int = 0,
    ) -> None:  # fmt: skip
        pending = self.pending
        pending.append(_mass_cancelled(
            _MASS_CANCELLED, self.sequence, self.time_ns, len(pending), instrument, product,
            client_id, account, member, seat, operator_reason, count,
        ))  # fmt: skip

    def position_changed(self, row: Any) -> None:
        pending = self.pending
        pending.append(_position(
            _POSITION, self.sequence, self.time_ns, len(pending), row.instrument.number,
            row.long_today, row.long_yesterday, row.short_today, row.short_yesterday,
            row.account.number, row.account.member.number, row.long_frozen, row.long_frozen_today,
            row.hedge, row.short_frozen, row.short_frozen_today,
        ))  # fmt: skip

    def phase_changed(self, product: int, phase: int) -> None:
        self.pending.append(
            _phase(_PHASE, self.sequence, self.time_ns, len(self.pending), product, phase)
        )

    def auction_indicated(self, instrument: int, price: int, volume: int, surplus: int) -> None:
        self.pending.append(_auction(
            _AUCTION, self.sequence, self.time_ns, len(self.pending), instrument, price, volume,
            surplus,
        ))  # fmt: skip

    def auction_matched(self, instrument: int, price: int, volume: int, surplus: int) -> None:
        self.pending.append(_auction(
            _MATCHED, self.sequence, self.time_ns, len(self.pending), instrument, price, volume,
            surplus,
        ))  # fmt: skip

    def halt_changed(self, instrument: int, halted: int) -> None:
        self.pending.append(
            _halt(_HALT, self.sequence, self.time_ns, len(self.pending), instrument, halted)
        )

    def limits_changed(self, instrument: Any) -> None:
        self.pending.append(_limits(
            _LIMITS, self.sequence, self.time_ns, len(self.pending), instrument.number,
            instrument.lower_limit, instrument.upper_limit,
        ))  # fmt: skip

    def reference_changed(self, number: int, changed_by: int) -> None:
        self.pending.append(_reference(
            _REFERENCE, self.sequence, self.time_ns, len(self.pending), number, changed_by
        ))  # fmt: skip

    def day_opened(self, trading_day: int) -> None:
        self.pending.append(
            _opened(_OPENED, self.sequence, self.time_ns, len(self.pending), trading_day)
        )

    def day_ended(
        self, trading_day: int, orders: int, trades: int, volume: int, rejects: int
    ) -> None:
        self.pending.append(_ended(
            _ENDED, self.sequence, self.time_ns, len(self.pending), trading_day, orders, trades,
            volume, rejects,
        ))  # fmt: skip

    def stop_accepted(self, stop: Any) -> None:
        pending = self.pending
        pending.append(_stop(
            _STOP, self.sequence, self.time_ns, len(pending), stop.instrument.number,
            stop.order_id, stop.client_id, stop.account.number, stop.member.number, stop.seat,
            stop.side, stop.kind, stop.time_in_force, stop.offset, stop.hedge, stop.quantity,
            stop.price, stop.display_quantity, stop.good_till_day, stop.stop_price, stop.trail,
        ))  # fmt: skip

    def stop_triggered(self, stop: Any) -> None:
        pending = self.pending
        pending.append(_triggered(
            _TRIGGERED, self.sequence, self.time_ns, len(pending), stop.instrument.number,
            stop.order_id, stop.client_id, stop.account.number, stop.member.number, stop.seat,
            stop.side, stop.remaining, stop.price, stop.stop_price,
        ))  # fmt: skip

    def order_refreshed(self, order: Any) -> None:
        pending = self.pending
        pending.append(_refreshed(
            _REFRESHED, self.sequence, self.time_ns, len(pending), order.instrument.number,
            order.order_id, order.client_id, order.account.number, order.member.number, order.seat,
            order.side, order.shown, order.price, order.remaining,
        ))  # fmt: skip

    def order_reduced(self, order: Any, quantity: int, price: int, reason: int) -> None:
        """`quantity` is what was taken off, `price` that at which it was frozen."""
        pending = self.pending
        pending.append(_reduced(
            _REDUCED, self.sequence, self.time_ns, len(pending), order.instrument.number,
            order.order_id, order.client_id, order.account.number, order.member.number, order.seat,
            order.side, reason, quantity, price, order.remaining,
        ))  # fmt: skip

    def quote_accepted(self, quote: Any, client_id: int, seat: int, bid: int, ask: int) -> None:
        """`bid` and `ask` are the order ids that its legs have from now on; 0 = none."""
        account = quote.account
        self.pending.append(_quoted(
            _QUOTED, self.sequence, self.time_ns, len(self.pending), quote.instrument.number,
            client_id, account.number, account.member.number, seat, quote.hedge, bid, ask,
        ))  # fmt: skip

    def mass_quoted(self, client_id: int, member: int, seat: int, count: int) -> None:
        self.pending.append(_mass_quoted(
            _MASS_QUOTED, self.sequence, self.time_ns, len(self.pending), 0, client_id, member,
            seat, count,
        ))  # fmt: skip

    def quote_requested(self, instrument: int, client_id: int, account: Any, seat: int) -> None:
        self.pending.append(_requested(
            _REQUESTED, self.sequence, self.time_ns, len(self.pending), instrument, client_id,
            account.number, account.member.number, seat,
        ))  # fmt: skip

    def rule_changed(self, instrument: int, product: int, rule: int, value: int) -> None:
        self.pending.append(_rule(
            _RULE, self.sequence, self.time_ns, len(self.pending), instrument, product, rule, value
        ))  # fmt: skip

    def block_changed(self, member: int, account: int, blocked: int, reason: int) -> None:
        self.pending.append(_block(
            _BLOCK, self.sequence, self.time_ns, len(self.pending), 0, blocked, account, member,
            reason,
        ))  # fmt: skip

    def trade_busted(
        self, trade_id: int, instrument: int, quantity: int, price: int, reason: int
    ) -> None:
        self.pending.append(_busted(
            _BUSTED, self.sequence, self.time_ns, len(self.pending), instrument, reason, quantity,
            price, trade_id,
        ))  # fmt: skip

    def trade_corrected(
        self, trade_id: int, instrument: int, quantity: int, price: int, old_price: int,
        reason: int,
    ) -> None:  # fmt: skip
        self.pending.append(_corrected(
            _CORRECTED, self.sequence, self.time_ns, len(self.pending), instrument, reason,
            quantity, price, trade_id, old_price,
        ))  # fmt: skip
