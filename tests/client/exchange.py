"""What stands behind the market of these tests: one seat, orders that rest, and a stream.

Just enough of orders.md for a client to be told something true: ids, repeats, cancels, amends.
"""

import threading
from collections.abc import Callable
from typing import Any

from twinex.client.codec import decode, encode
from twinex.client.codes import CancelReason, Offset, PriceSource, RejectReason, Role
from twinex.client.commands import (
    Command,
    MassCancel,
    MassQuote,
    OrderAmend,
    OrderCancel,
    OrderEnter,
    QuoteEnter,
    QuoteRequest,
    StopEnter,
)
from twinex.client.events import (
    CommandRejected,
    CommandRepeated,
    DayEnded,
    DayOpened,
    Event,
    MassCancelled,
    MassQuoted,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderFilled,
    OrderRested,
    PositionChanged,
    QuoteAccepted,
    QuoteRequested,
    StopAccepted,
)

SEAT, MEMBER, DAY = 7, 3, 20260105
BAD_PRICE = 999  # entering at it is refused


class Exchange:
    """One day of one seat. `stream` holds messages as bytes; `grown` tells who waits for them."""

    def __init__(self) -> None:
        self.stream: list[bytes] = []
        self.grown = threading.Condition()
        self.is_over = False
        self.orders: dict[int, OrderEnter | StopEnter] = {}  # live ones, by order id
        self.entered: list[int] = []  # client ids of commands done or refused, in their order
        self._seen: dict[int, tuple[bytes, int, int, RejectReason]] = {}
        self._sequence = 0
        self._index = 0
        self.command(lambda: self.say(DayOpened, trading_day=DAY))

    def command(self, act: Callable[[], None]) -> None:
        """One command of the journal: `act` says its events, which are told as one."""
        with self.grown:
            if self.is_over:
                return  # the stream ends with `day_ended`
            self._sequence, self._index = self._sequence + 1, 0
            act()
            self.grown.notify_all()

    def say(self, made: type[Event], **values: Any) -> None:
        names = made.__dataclass_fields__
        known: dict[str, Any] = {"seat": SEAT, "member": MEMBER}
        known |= {"sequence": self._sequence, "index": self._index, "time_ns": self._sequence}
        fields = {name: known.get(name, 0) for name in names if name != "template"} | values
        self._index += 1
        self.stream.append(encode(made(**fields)))

    def end(self) -> None:
        with self.grown:
            self.command(lambda: self.say(DayEnded, trading_day=DAY))
            self.is_over = True

    def fill(self, order_id: int, quantity: int) -> None:
        """Fills some of a live order, and tells its position."""

        def act() -> None:
            order = self.orders[order_id]
            left = order.quantity - quantity
            common = self._of(order_id, order)
            self.say(
                OrderFilled,
                **common,
                offset=Offset.OPEN,
                price_source=PriceSource.LAST,
                role=Role.RESTING,
                quantity=quantity,
                price=order.price,
                remaining=left,
            )
            row = {name: common[name] for name in ("instrument", "account")}
            self.say(PositionChanged, **row, long_today=quantity)
            if not left:
                del self.orders[order_id]

        self.command(act)

    def _of(self, order_id: int, order: OrderEnter | StopEnter) -> dict[str, Any]:
        names = ("client_id", "instrument", "account", "side")
        return {"order_id": order_id} | {name: getattr(order, name) for name in names}

    def receive(self, octets: bytes) -> None:
        """A member's command, as it came."""
        command = decode(octets)
        assert isinstance(command, Command)
        self.command(lambda: self._judge(command, octets))

    def _judge(self, command: Command, octets: bytes) -> None:
        about = {"client_id": command.client_id, "command": command.template}
        if command.client_id <= 0:
            reason = RejectReason.CLIENT_ID_INVALID
            self.say(CommandRejected, **about, reject_reason=reason)
        elif command.client_id in self._seen:
            first, seen, order_id, reason = self._seen[command.client_id]
            if first != octets:
                self.say(CommandRejected, **about, reject_reason=RejectReason.ID_REUSED)
                return
            about |= {"first_seen": seen, "order_id": order_id}
            self.say(CommandRepeated, **about, reject_reason=reason)
        else:
            order_id, reason = _HANDLERS[type(command)](self, command)
            self.entered.append(command.client_id)
            self._seen[command.client_id] = octets, self._sequence, order_id, reason
            if reason:
                self.say(CommandRejected, **about, reject_reason=reason)

    def _enter(self, command: OrderEnter | StopEnter) -> tuple[int, RejectReason]:
        if command.price == BAD_PRICE:
            return 0, RejectReason.PRICE_OFF_TICK
        order_id = self._sequence * 1024
        self.orders[order_id] = command
        common = self._of(order_id, command)
        stops = isinstance(command, StopEnter)
        names = ("kind", "time_in_force", "offset", "hedge", "quantity", "price")
        named = {name: getattr(command, name) for name in names}
        self.say(StopAccepted if stops else OrderAccepted, **common, **named)
        if not stops:
            rests = {"quantity": command.quantity, "price": command.price}
            self.say(OrderRested, **common, **rests)
        return order_id, RejectReason.NONE

    def _find(self, command: OrderCancel | OrderAmend) -> int:
        if command.order_id:
            return command.order_id
        by_client = {order.client_id: order_id for order_id, order in self.orders.items()}
        return by_client.get(command.target_client_id, 0)

    def _cancel(self, command: OrderCancel) -> tuple[int, RejectReason]:
        order_id = self._find(command)
        if order_id not in self.orders:
            return order_id, RejectReason.ORDER_UNKNOWN
        self._take_off(order_id, CancelReason.MEMBER, command.client_id)
        return order_id, RejectReason.NONE

    def _take_off(self, order_id: int, reason: CancelReason, request_id: int) -> None:
        order = self.orders.pop(order_id)
        self.say(
            OrderCancelled,
            **self._of(order_id, order),
            cancel_reason=reason,
            quantity=order.quantity,
            price=order.price,
            request_id=request_id,
        )

    def _amend(self, command: OrderAmend) -> tuple[int, RejectReason]:
        order_id = self._find(command)
        if order_id not in self.orders:
            return order_id, RejectReason.ORDER_UNKNOWN
        self.say(
            OrderAmended,
            **self._of(order_id, self.orders[order_id]),
            price=command.new_price,
            quantity=command.new_quantity,
            remaining=command.new_quantity,
            request_id=command.client_id,
        )
        return order_id, RejectReason.NONE

    def _mass_cancel(self, command: MassCancel) -> tuple[int, RejectReason]:
        ids = sorted(self.orders)
        for order_id in ids:
            self._take_off(order_id, CancelReason.MASS, command.client_id)
        self.say(MassCancelled, client_id=command.client_id, count=len(ids))
        return 0, RejectReason.NONE

    def _quote(self, command: QuoteEnter) -> tuple[int, RejectReason]:
        self.say(QuoteAccepted, client_id=command.client_id, instrument=command.instrument)
        return 0, RejectReason.NONE

    def _mass_quote(self, command: MassQuote) -> tuple[int, RejectReason]:
        """Every second entry is refused."""
        about = {"client_id": command.client_id, "command": command.template}
        for entry in command.entries[1::2]:
            reason = RejectReason.QUOTE_CROSSED
            self.say(CommandRejected, **about, instrument=entry.instrument, reject_reason=reason)
        count = (len(command.entries) + 1) // 2
        self.say(MassQuoted, client_id=command.client_id, count=count)
        return 0, RejectReason.NONE

    def _request(self, command: QuoteRequest) -> tuple[int, RejectReason]:
        self.say(QuoteRequested, client_id=command.client_id, instrument=command.instrument)
        return 0, RejectReason.NONE


_HANDLERS: dict[type[Command], Callable[[Exchange, Any], tuple[int, RejectReason]]] = {
    OrderEnter: Exchange._enter,
    StopEnter: Exchange._enter,
    OrderCancel: Exchange._cancel,
    OrderAmend: Exchange._amend,
    MassCancel: Exchange._mass_cancel,
    QuoteEnter: Exchange._quote,
    MassQuote: Exchange._mass_quote,
    QuoteRequest: Exchange._request,
}
