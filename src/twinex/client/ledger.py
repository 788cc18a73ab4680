"""Orders and positions, followed from the events of a stream alone."""

from collections.abc import Callable
from typing import Any, NamedTuple

from twinex.client.codes import Hedge
from twinex.client.events import (
    Event,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderEvent,
    OrderFilled,
    OrderReduced,
    OrderRefreshed,
    OrderRested,
    PositionChanged,
    StopAccepted,
    StopTriggered,
)
from twinex.client.order import Order, OrderState

_LEGS = 1024  # order id = sequence x 1024 + leg (orders.md, Ids)


class PositionKey(NamedTuple):
    """A position is kept for each of these (orders.md, Positions)."""

    account: int
    instrument: int
    hedge: Hedge


def is_first_entry(event: OrderAccepted | StopAccepted) -> bool:
    """Whether the event answers an `order_enter` or `stop_enter` of today: the legs of quotes have
    a leg number, and orders carried over night the sequence of an earlier day."""
    return event.order_id == event.sequence * _LEGS


def _is_carried(event: OrderAccepted) -> bool:
    """Its acceptance then tells the total, and what rests behind it the lots that are left: but not
    of an iceberg, which shows a part only."""
    return event.order_id // _LEGS != event.sequence


class Ledger:
    """What the events told it make of orders and positions.

    `new_order` makes a handle for an order that was entered elsewhere: by an earlier process, by
    another seat (drop copy), the day before, as the leg of a quote.
    """

    def __init__(self, new_order: Callable[[int], Order]) -> None:
        self.orders: dict[int, Order] = {}  # by order id: every order of the stream
        self.live: dict[int, Order] = {}  # those not done
        self.sent: dict[int, Order] = {}  # by client id, until accepted or refused
        self.positions: dict[PositionKey, PositionChanged] = {}
        self._new_order = new_order
        self._carried: set[int] = set()  # accepted, their `order_rested` to come

    def apply(self, event: Event) -> None:
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def order_of(self, event: OrderEvent) -> Order:
        """The order, made where the stream was joined after its first event."""
        order = self.orders.get(event.order_id)
        if order is None:
            order = self._new_order(event.client_id)
            order.order_id, order.state = event.order_id, OrderState.LIVE
            order.instrument, order.account = event.instrument, event.account
            order.side = event.side
            self.orders[event.order_id] = self.live[event.order_id] = order
        return order

    def _accepted(self, event: OrderAccepted | StopAccepted) -> None:
        order = self.sent.pop(event.client_id, None) if is_first_entry(event) else None
        if order is not None:
            order.order_id = event.order_id
            self.orders[event.order_id] = self.live[event.order_id] = order
        order = self.order_of(event)
        waits = isinstance(event, StopAccepted)
        order.state = OrderState.WAITING if waits else OrderState.LIVE
        for name in ("instrument", "account", "side", "kind", "time_in_force", "offset", "hedge"):
            setattr(order, name, getattr(event, name))
        order.price = event.price
        order.quantity = order.remaining = event.quantity
        if isinstance(event, OrderAccepted) and _is_carried(event) and not event.display_quantity:
            self._carried.add(event.order_id)

    def _filled(self, event: OrderFilled) -> None:
        order = self.order_of(event)
        order.filled += event.quantity
        order.turnover += event.quantity * event.price
        self._left(order, event.remaining, OrderState.FILLED)

    def _left(self, order: Order, remaining: int, done: OrderState) -> None:
        order.remaining = remaining
        if remaining == 0:
            order.state = done
            self.live.pop(order.order_id, None)

    def _rested(self, event: OrderRested) -> None:
        order = self.order_of(event)
        order.price = event.price  # a market kind has one from now on
        if event.order_id in self._carried:
            self._carried.remove(event.order_id)
            order.filled, order.remaining = order.quantity - event.quantity, event.quantity

    def _cancelled(self, event: OrderCancelled) -> None:
        order = self.order_of(event)
        order.cancel_reason = event.cancel_reason
        self._left(order, 0, OrderState.CANCELLED)

    def _reduced(self, event: OrderReduced) -> None:
        order = self.order_of(event)
        self._left(order, event.remaining, OrderState.CANCELLED)

    def _amended(self, event: OrderAmended) -> None:
        order = self.order_of(event)
        order.price, order.quantity = event.price, event.quantity
        self._left(order, event.remaining, OrderState.FILLED)

    def _refreshed(self, event: OrderRefreshed) -> None:
        self.order_of(event).remaining = event.remaining

    def _triggered(self, event: StopTriggered) -> None:
        order = self.order_of(event)
        order.state, order.remaining = OrderState.LIVE, event.quantity

    def _position(self, event: PositionChanged) -> None:
        self.positions[PositionKey(event.account, event.instrument, event.hedge)] = event


_HANDLERS: dict[type[Event], Callable[[Ledger, Any], None]] = {
    OrderAccepted: Ledger._accepted,
    StopAccepted: Ledger._accepted,
    OrderFilled: Ledger._filled,
    OrderRested: Ledger._rested,
    OrderCancelled: Ledger._cancelled,
    OrderReduced: Ledger._reduced,
    OrderAmended: Ledger._amended,
    OrderRefreshed: Ledger._refreshed,
    StopTriggered: Ledger._triggered,
    PositionChanged: Ledger._position,
}
