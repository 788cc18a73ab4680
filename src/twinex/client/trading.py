"""What a member can do, the same for `Member` and `AsyncMember`: commands, orders, positions."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Generic, TypeVar, cast

from twinex.client.codes import Hedge, MassScope, Offset, PriceKind, Side, TimeInForce
from twinex.client.commands import (
    Command,
    MassCancel,
    MassQuote,
    OrderAmend,
    OrderCancel,
    OrderEnter,
    QuoteEnter,
    QuoteEntry,
    QuoteRequest,
    StopEnter,
)
from twinex.client.desk import Desk
from twinex.client.events import PositionChanged
from twinex.client.ledger import PositionKey
from twinex.client.order import Order, Request

O = TypeVar("O", bound=Order)  # noqa: E741
R = TypeVar("R", bound=Request)


class Reading(Generic[O]):
    """What the stream has told: orders and positions. Views stay up to date by themselves."""

    _desk: Desk

    @property
    def orders(self) -> Mapping[int, O]:
        """Every order of the stream, by order id."""
        return MappingProxyType(cast("dict[int, O]", self._desk.ledger.orders))

    @property
    def live_orders(self) -> list[O]:
        """Those accepted and not done, as of now."""
        return cast("list[O]", list(self._desk.ledger.live.values()))

    @property
    def positions(self) -> Mapping[PositionKey, PositionChanged]:
        """By (account, instrument, hedge): rows as the last fill that this stream tells of left
        them. A row without a fill today is missing, what other seats traded may be."""
        return MappingProxyType(self._desk.ledger.positions)

    @property
    def session_name(self) -> str:
        """The trading day and the kind of stream, as `20260105TR`."""
        return self._desk.session_name

    @property
    def next_sequence(self) -> int:
        """Of the next message of the stream: what a later login may start from."""
        return self._desk.next_sequence


class Trading(Reading[O], ABC, Generic[O, R]):
    """A member's commands. Each is sent at once and returns a handle that its answer fills in.

    Prices are integers in 1/10000 of the quote unit (`price("4012.4")`), quantities lots; TypeError
    for a float, ValueError for what no message can hold. What the market refuses is told by the
    handle. While there is no connection commands wait, and are sent when it is back.
    """

    @abstractmethod
    def _submit(self, command: Command, request: Request) -> None: ...

    @abstractmethod
    def _next_id(self) -> int: ...

    @abstractmethod
    def _new_order(self, client_id: int = 0) -> O: ...

    @abstractmethod
    def _new_request(self) -> R: ...

    def _ask(self, command: Command) -> R:
        request = self._new_request()
        self._submit(command, request)
        return request

    def _place(self, command: OrderEnter | StopEnter) -> O:
        order = self._new_order()
        for name in ("instrument", "account", "side", "kind", "time_in_force", "offset", "hedge"):
            setattr(order, name, getattr(command, name))
        order.price = command.price
        order.quantity = order.remaining = command.quantity
        self._submit(command, order)
        return order

    def enter(
        self,
        instrument: int,
        account: int,
        side: Side,
        price: int,
        quantity: int,
        *,
        kind: PriceKind = PriceKind.LIMIT,
        time_in_force: TimeInForce = TimeInForce.DAY,
        offset: Offset = Offset.OPEN,
        hedge: Hedge = Hedge.SPECULATION,
        minimum_quantity: int = 0,
        post_only: bool = False,
        display_quantity: int = 0,
        good_till_day: int = 0,
    ) -> O:
        """Enters an order (orders.md). `price` is 0 for a market kind without protection price."""
        return self._place(
            OrderEnter(
                client_id=self._next_id(),
                instrument=instrument,
                account=account,
                side=side,
                price=price,
                quantity=quantity,
                kind=kind,
                time_in_force=time_in_force,
                offset=offset,
                hedge=hedge,
                minimum_quantity=minimum_quantity,
                post_only=post_only,
                display_quantity=display_quantity,
                good_till_day=good_till_day,
            )
        )

    def stop(
        self,
        instrument: int,
        account: int,
        side: Side,
        price: int,
        quantity: int,
        *,
        stop_price: int = 0,
        trail: int = 0,
        kind: PriceKind = PriceKind.LIMIT,
        time_in_force: TimeInForce = TimeInForce.DAY,
        offset: Offset = Offset.OPEN,
        hedge: Hedge = Hedge.SPECULATION,
        minimum_quantity: int = 0,
        display_quantity: int = 0,
        good_till_day: int = 0,
    ) -> O:
        """Enters a stop at `stop_price`, or one that trails by `trail` (orders.md, Stops)."""
        return self._place(
            StopEnter(
                client_id=self._next_id(),
                instrument=instrument,
                account=account,
                side=side,
                price=price,
                quantity=quantity,
                stop_price=stop_price,
                trail=trail,
                kind=kind,
                time_in_force=time_in_force,
                offset=offset,
                hedge=hedge,
                minimum_quantity=minimum_quantity,
                display_quantity=display_quantity,
                good_till_day=good_till_day,
            )
        )

    def cancel(self, target: Request | int) -> R:
        """Cancels an order: its handle, or its order id. A quote's handle cancels its live legs."""
        order_id, client_id = _named(target)
        return self._ask(
            OrderCancel(client_id=self._next_id(), order_id=order_id, target_client_id=client_id)
        )

    def amend(self, target: Order, *, price: int | None = None, quantity: int | None = None) -> R:
        """A new price or total of an order, filled lots included; None leaves it as it is known
        here."""
        order_id, client_id = _named(target)
        return self._ask(
            OrderAmend(
                client_id=self._next_id(),
                order_id=order_id,
                target_client_id=client_id,
                new_price=target.price if price is None else price,
                new_quantity=target.quantity if quantity is None else quantity,
            )
        )

    def mass_cancel(
        self,
        *,
        instrument: int = 0,
        account: int = 0,
        product: int = 0,
        side: Side = Side.NONE,
        scope: MassScope = MassScope.ALL,
    ) -> R:
        """Cancels every live order of the member, of all its seats, that matches; 0 = all."""
        return self._ask(
            MassCancel(
                client_id=self._next_id(),
                instrument=instrument,
                account=account,
                product=product,
                mass_side=side,
                mass_scope=scope,
            )
        )

    def quote(
        self,
        instrument: int,
        account: int,
        bid_price: int,
        bid_quantity: int,
        ask_price: int,
        ask_quantity: int,
        *,
        bid_offset: Offset = Offset.OPEN,
        ask_offset: Offset = Offset.OPEN,
        hedge: Hedge = Hedge.SPECULATION,
    ) -> R:
        """Enters a quote, which replaces that of (account, instrument, hedge); all four numbers 0
        withdraw it (quotes.md)."""
        return self._ask(
            QuoteEnter(
                client_id=self._next_id(),
                instrument=instrument,
                account=account,
                bid_price=bid_price,
                ask_price=ask_price,
                bid_quantity=bid_quantity,
                ask_quantity=ask_quantity,
                bid_offset=bid_offset,
                ask_offset=ask_offset,
                hedge=hedge,
            )
        )

    def mass_quote(self, entries: Sequence[QuoteEntry]) -> R:
        """Up to 64 quotes, each judged by itself: refused ones come as `CommandRejected` events
        with their instrument and account; the answer, `MassQuoted`, counts those accepted."""
        return self._ask(MassQuote(client_id=self._next_id(), entries=tuple(entries)))

    def request(self, instrument: int, account: int) -> R:
        """Asks the market for quotes in an instrument (询价)."""
        return self._ask(
            QuoteRequest(client_id=self._next_id(), instrument=instrument, account=account)
        )


def _named(target: Request | int) -> tuple[int, int]:
    """Order id and client id: by order id where it is known, as one names an order for ever."""
    if not isinstance(target, Request):
        return target, 0
    if isinstance(target, Order) and target.order_id:
        return target.order_id, 0
    if not target.client_id:
        raise ValueError("the order has no id yet")
    return 0, target.client_id
