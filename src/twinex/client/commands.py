"""What a member may send: the commands 1 to 19 of spec/messages.xml as typed objects.

Prices are integers in 1/10000 of the quote unit (`price("4012.4")`), quantities lots. A
`client_id` is positive and used once a trading day by a member (orders.md, Ids).
`tests/client/test_messages.py` holds the classes against the schema, field by field.
"""

from dataclasses import dataclass
from typing import ClassVar

from twinex.client.codes import Hedge, MassScope, Offset, PriceKind, Side, TimeInForce


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What all commands have."""

    template: ClassVar[int] = 0

    client_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnter(Command):
    """An order (报单)."""

    template: ClassVar[int] = 1

    instrument: int
    account: int
    price: int  # 0 for a market kind without protection price
    quantity: int
    minimum_quantity: int = 0  # fak only; 0 = none
    side: Side
    kind: PriceKind = PriceKind.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    offset: Offset = Offset.OPEN
    hedge: Hedge = Hedge.SPECULATION
    post_only: bool = False
    display_quantity: int = 0  # lots shown at a time; 0 = all
    good_till_day: int = 0  # yyyymmdd of gtd; 0 otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancel(Command):
    """Cancels one order, or the live legs of a quote (orders.md, Cancel)."""

    template: ClassVar[int] = 2

    order_id: int = 0  # 0 = named by target_client_id
    target_client_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAmend(Command):
    """A new price or total of an order (orders.md, Amend)."""

    template: ClassVar[int] = 3

    order_id: int = 0  # 0 = named by target_client_id
    target_client_id: int = 0
    new_price: int
    new_quantity: int  # the new total, filled lots included


@dataclass(frozen=True, slots=True, kw_only=True)
class MassCancel(Command):
    """Cancels every live order that matches."""

    template: ClassVar[int] = 4

    instrument: int = 0  # 0 = all
    account: int = 0  # 0 = all of the member
    product: int = 0  # 0 = all
    mass_side: Side = Side.NONE  # none = both
    mass_scope: MassScope = MassScope.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class StopEnter(Command):
    """A stop, stop-limit or trailing stop (orders.md, Stops)."""

    template: ClassVar[int] = 5

    instrument: int
    account: int
    price: int  # of the order it becomes
    quantity: int
    minimum_quantity: int = 0
    side: Side
    kind: PriceKind = PriceKind.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    offset: Offset = Offset.OPEN
    hedge: Hedge = Hedge.SPECULATION
    post_only: bool = False  # 0
    display_quantity: int = 0
    good_till_day: int = 0
    stop_price: int = 0  # 0 with a trail
    trail: int = 0  # distance of a trailing stop; 0 = the stop price stands


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteEnter(Command):
    """A two-sided quote (报价); replaces the one before. Both sizes 0 withdraw it."""

    template: ClassVar[int] = 6

    instrument: int
    account: int
    bid_price: int
    ask_price: int
    bid_offset: Offset = Offset.OPEN
    ask_offset: Offset = Offset.OPEN
    hedge: Hedge = Hedge.SPECULATION
    bid_quantity: int
    ask_quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteEntry:
    """One quote of a `MassQuote`."""

    instrument: int
    account: int
    bid_price: int
    ask_price: int
    bid_offset: Offset = Offset.OPEN
    ask_offset: Offset = Offset.OPEN
    hedge: Hedge = Hedge.SPECULATION
    bid_quantity: int
    ask_quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MassQuote(Command):
    """Up to 64 quotes at once, each judged by itself."""

    template: ClassVar[int] = 7

    entries: tuple[QuoteEntry, ...]  # 1 to 64


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRequest(Command):
    """Asks the market for quotes (询价)."""

    template: ClassVar[int] = 8

    instrument: int
    account: int
