"""What a member holds of its commands: `Request`, and `Order` for those that make an order."""

from enum import Enum

from twinex.client.codes import (
    CancelReason,
    Hedge,
    Offset,
    PriceKind,
    RejectReason,
    Side,
    TimeInForce,
)
from twinex.client.errors import Rejected
from twinex.client.events import CommandRejected, CommandRepeated, Event


class OrderState(Enum):
    """Where an order is in its life."""

    SENT = "sent"  # not answered yet
    LIVE = "live"  # accepted; in the book, or on its way there
    WAITING = "waiting"  # a stop that nothing has set off
    FILLED = "filled"
    CANCELLED = "cancelled"  # its remainder left the market: `cancel_reason`
    REJECTED = "rejected"  # it never was in the market: `reject_reason`

    @property
    def is_done(self) -> bool:
        return self in (OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED)


class Request:
    """A command and its answer.

    `answer` is None until the market has said what became of it. A command that came twice, as
    after a cut, may be answered by `CommandRepeated`: it was done once all the same.
    """

    def __init__(self, client_id: int = 0) -> None:
        self.client_id = client_id  # 0: of an order that was entered elsewhere
        self.answer: Event | None = None

    @property
    def is_answered(self) -> bool:
        return self.answer is not None

    @property
    def reject_reason(self) -> RejectReason:
        """NONE unless the command was refused."""
        if isinstance(self.answer, (CommandRejected, CommandRepeated)):
            return self.answer.reject_reason
        return RejectReason.NONE

    def check(self) -> None:
        """Rejected where the market refused the command."""
        if self.reject_reason and isinstance(self.answer, (CommandRejected, CommandRepeated)):
            raise Rejected(self.answer)

    def __repr__(self) -> str:
        outcome = "not answered"
        if self.answer is not None:
            outcome = self.reject_reason.name if self.reject_reason else "done"
        return f"<{type(self).__name__} {self.client_id}: {outcome}>"


class Order(Request):
    """One order as the stream tells it, live: prices in 1/10000, quantities in lots.

    `price` is where it rests once it rests; `filled` lots traded for `turnover` = sum of price x
    lots. `remaining` is what is not filled. Of an iceberg that was carried over night the market
    does not say how much remains until its first fill or amend: till then it is its quantity.
    """

    def __init__(self, client_id: int = 0) -> None:
        super().__init__(client_id)
        self.order_id = 0  # the market's; 0 until it is accepted
        self.state = OrderState.SENT
        self.instrument = 0
        self.account = 0
        self.side = Side.NONE
        self.kind = PriceKind.LIMIT
        self.time_in_force = TimeInForce.DAY
        self.offset = Offset.OPEN
        self.hedge = Hedge.SPECULATION
        self.price = 0
        self.quantity = 0
        self.remaining = 0
        self.filled = 0
        self.turnover = 0
        self.cancel_reason: CancelReason | None = None

    @property
    def is_done(self) -> bool:
        """Nothing will become of it any more."""
        return self.state.is_done

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.order_id} (client id {self.client_id}): {self.side}"
            f" {self.quantity} of instrument {self.instrument} at {self.price},"
            f" {self.state.value}, {self.filled} filled>"
        )
