"""What a member's program imports to trade: sessions, typed commands and events, orders.

    from twinex.client import Member, Side, Until, price

    with Member(["host:7001", "other:7001"], seat=7, password=secret) as member:
        order = member.enter(1, 201, Side.BUY, price("4012.4"), 3).wait()
        member.cancel(order).wait(timeout=5)

It needs Python's standard library and spec/messages.xml, nothing else of the market.
"""

from twinex.client.async_member import AsyncDropCopy, AsyncMember
from twinex.client.codes import (
    CancelReason,
    Hedge,
    MassScope,
    Offset,
    Phase,
    PriceKind,
    RejectReason,
    Side,
    TimeInForce,
)
from twinex.client.commands import QuoteEntry
from twinex.client.errors import (
    ClientError,
    CutOff,
    DayOver,
    EventsMissed,
    LoginRefused,
    NotConnected,
    ProtocolError,
    Rejected,
    SessionUnavailable,
)
from twinex.client.ledger import PositionKey
from twinex.client.member import DropCopy, Member
from twinex.client.order import Order, OrderState, Request
from twinex.client.prices import price, price_text
from twinex.client.waiting import Until

__all__ = [
    "AsyncDropCopy",
    "AsyncMember",
    "CancelReason",
    "ClientError",
    "CutOff",
    "DayOver",
    "DropCopy",
    "EventsMissed",
    "Hedge",
    "LoginRefused",
    "MassScope",
    "Member",
    "NotConnected",
    "Offset",
    "Order",
    "OrderState",
    "Phase",
    "PositionKey",
    "PriceKind",
    "ProtocolError",
    "QuoteEntry",
    "RejectReason",
    "Rejected",
    "Request",
    "SessionUnavailable",
    "Side",
    "TimeInForce",
    "Until",
    "price",
    "price_text",
]
