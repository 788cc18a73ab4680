"""What the market says: the events of spec/messages.xml as typed objects.

Prices are integers in 1/10000 of the quote unit, quantities lots, money 1/10000 yuan, times ns
since the epoch. `tests/client/test_messages.py` holds the classes against the schema.
"""

from dataclasses import dataclass
from typing import ClassVar

from twinex.client.codes import (
    CancelReason,
    Hedge,
    Offset,
    OperatorReason,
    Phase,
    PriceKind,
    PriceSource,
    RejectReason,
    Role,
    Rule,
    Side,
    TimeInForce,
)


@dataclass(frozen=True, slots=True)
class Event:
    """What all events have: the journal's `sequence` and time of the command behind it, and its
    place among that command's events."""

    template: ClassVar[int] = 0

    sequence: int
    time_ns: int
    index: int


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """An event that this version does not know: `number` is its template, `block` its bytes."""

    number: int
    block: bytes


@dataclass(frozen=True, slots=True)
class OrderEvent(Event):
    """What all events of one order have. `client_id` is that which the order was entered with."""

    instrument: int
    order_id: int
    client_id: int
    account: int
    member: int
    seat: int
    side: Side


@dataclass(frozen=True, slots=True)
class OrderAccepted(OrderEvent):
    """An order passed its checks."""

    template: ClassVar[int] = 101

    kind: PriceKind
    time_in_force: TimeInForce
    offset: Offset
    hedge: Hedge
    post_only: bool
    operator_reason: OperatorReason  # of a forced close; else none
    quantity: int
    price: int
    display_quantity: int
    good_till_day: int


@dataclass(frozen=True, slots=True)
class CommandRejected(Event):
    """A command was refused; rejects.md says why and what to do."""

    template: ClassVar[int] = 102

    instrument: int
    order_id: int  # the target of a cancel or amend; 0 = none
    client_id: int
    account: int
    member: int
    seat: int
    reject_reason: RejectReason
    command: int  # template id of the refused command


@dataclass(frozen=True, slots=True)
class CommandRepeated(Event):
    """A command had come before, with the same bytes: what became of it then."""

    template: ClassVar[int] = 103

    instrument: int
    order_id: int  # order of the first command; 0 if it made none
    client_id: int
    account: int
    member: int
    seat: int
    reject_reason: RejectReason  # outcome of the first command; NONE = it was done
    command: int
    first_seen: int  # sequence of the first command


@dataclass(frozen=True, slots=True)
class OrderFilled(OrderEvent):
    """One order's part in one trade."""

    template: ClassVar[int] = 104

    offset: Offset
    hedge: Hedge
    price_source: PriceSource
    role: Role
    quantity: int
    price: int
    trade_id: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Trade(Event):
    """A trade as everybody sees it."""

    template: ClassVar[int] = 105

    instrument: int
    buy_order_id: int
    sell_order_id: int
    turnover: int
    side: Side  # of the incoming order; none in an auction
    price_source: PriceSource
    quantity: int
    price: int
    trade_id: int
    open_interest: int  # of the instrument, one side, after the trade


@dataclass(frozen=True, slots=True)
class OrderRested(OrderEvent):
    """What is left of an order stands in the book."""

    template: ClassVar[int] = 106

    quantity: int  # lots now in the book
    price: int


@dataclass(frozen=True, slots=True)
class OrderCancelled(OrderEvent):
    """An order's remainder has left the market."""

    template: ClassVar[int] = 107

    cancel_reason: CancelReason
    operator_reason: OperatorReason
    quantity: int  # lots cancelled
    price: int
    request_id: int  # client id of the cancel, mass cancel or amend; 0 = none


@dataclass(frozen=True, slots=True)
class OrderAmended(OrderEvent):
    """An order has a new price or total."""

    template: ClassVar[int] = 108

    priority_kept: bool
    quantity: int  # the new total
    price: int
    request_id: int
    remaining: int


@dataclass(frozen=True, slots=True)
class MassCancelled(Event):
    """A mass cancel is complete; one `OrderCancelled` for each order came before."""

    template: ClassVar[int] = 109

    instrument: int
    product: int
    client_id: int
    account: int
    member: int
    seat: int
    operator_reason: OperatorReason
    count: int


@dataclass(frozen=True, slots=True)
class PositionChanged(Event):
    """A position (account, instrument, hedge flag) after a command that filled, in lots."""

    template: ClassVar[int] = 110

    instrument: int
    long_today: int
    long_yesterday: int
    short_today: int
    short_yesterday: int
    account: int
    member: int
    long_frozen: int  # by live close orders
    long_frozen_today: int  # by live close_today orders
    hedge: Hedge
    short_frozen: int
    short_frozen_today: int


@dataclass(frozen=True, slots=True)
class PhaseChanged(Event):
    """A product's phase."""

    template: ClassVar[int] = 111

    product: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class AuctionIndicated(Event):
    """What an auction would make now."""

    template: ClassVar[int] = 112

    instrument: int
    auction_price: int  # 0 = no crossing
    auction_volume: int
    surplus: int  # demand minus supply at that price


@dataclass(frozen=True, slots=True)
class AuctionMatched(Event):
    """What an auction made."""

    template: ClassVar[int] = 113

    instrument: int
    auction_price: int  # 0 = no crossing
    auction_volume: int
    surplus: int


@dataclass(frozen=True, slots=True)
class HaltChanged(Event):
    """A contract is halted, or no longer."""

    template: ClassVar[int] = 114

    instrument: int
    halted: bool


@dataclass(frozen=True, slots=True)
class LimitsChanged(Event):
    """A contract's price limits (涨跌停板)."""

    template: ClassVar[int] = 115

    instrument: int
    lower_limit: int
    upper_limit: int


@dataclass(frozen=True, slots=True)
class ReferenceChanged(Event):
    """Reference data were set."""

    template: ClassVar[int] = 116

    number: int  # the id of the product, instrument, member, seat or account
    changed_by: int  # template id of the command


@dataclass(frozen=True, slots=True)
class DayOpened(Event):
    """The trading day is open."""

    template: ClassVar[int] = 117

    trading_day: int


@dataclass(frozen=True, slots=True)
class DayEnded(Event):
    """The trading day is over, with its counts."""

    template: ClassVar[int] = 118

    trading_day: int
    orders: int  # orders accepted
    trades: int
    volume: int  # lots, one side
    rejects: int


@dataclass(frozen=True, slots=True)
class StopAccepted(OrderEvent):
    """A stop passed its checks, and waits."""

    template: ClassVar[int] = 119

    kind: PriceKind
    time_in_force: TimeInForce
    offset: Offset
    hedge: Hedge
    quantity: int
    price: int
    display_quantity: int
    good_till_day: int
    stop_price: int  # of a trailing stop: as it stands now
    trail: int


@dataclass(frozen=True, slots=True)
class StopTriggered(OrderEvent):
    """A stop was set off, and enters as the order it describes."""

    template: ClassVar[int] = 120

    quantity: int  # lots that enter
    price: int  # as sent
    stop_price: int  # that was met


@dataclass(frozen=True, slots=True)
class OrderRefreshed(OrderEvent):
    """An iceberg shows its next part."""

    template: ClassVar[int] = 121

    quantity: int  # lots shown now
    price: int
    remaining: int


@dataclass(frozen=True, slots=True)
class OrderReduced(OrderEvent):
    """Lots were taken off an order (self-trade prevention)."""

    template: ClassVar[int] = 122

    cancel_reason: CancelReason
    quantity: int  # lots taken off
    price: int
    remaining: int


@dataclass(frozen=True, slots=True)
class QuoteAccepted(Event):
    """A quote passed its checks; these are its legs from now on."""

    template: ClassVar[int] = 123

    instrument: int
    client_id: int
    account: int
    member: int
    seat: int
    hedge: Hedge
    bid_order_id: int  # 0 = no bid
    ask_order_id: int  # 0 = no ask


@dataclass(frozen=True, slots=True)
class MassQuoted(Event):
    """A mass quote is complete."""

    template: ClassVar[int] = 124

    instrument: int
    client_id: int
    member: int
    seat: int
    count: int  # entries accepted


@dataclass(frozen=True, slots=True)
class QuoteRequested(Event):
    """The market was asked for quotes."""

    template: ClassVar[int] = 125

    instrument: int
    client_id: int
    account: int
    member: int
    seat: int


@dataclass(frozen=True, slots=True)
class RuleChanged(Event):
    """The exchange changed a rule."""

    template: ClassVar[int] = 126

    instrument: int
    product: int
    rule: Rule
    value: int


@dataclass(frozen=True, slots=True)
class BlockChanged(Event):
    """A member or trading code was blocked, or is no longer."""

    template: ClassVar[int] = 127

    instrument: int
    blocked: bool
    account: int
    member: int
    operator_reason: OperatorReason


@dataclass(frozen=True, slots=True)
class TradeBusted(Event):
    """A trade is void."""

    template: ClassVar[int] = 128

    instrument: int
    operator_reason: OperatorReason
    quantity: int
    price: int
    trade_id: int


@dataclass(frozen=True, slots=True)
class TradeCorrected(Event):
    """A trade has another price."""

    template: ClassVar[int] = 129

    instrument: int
    operator_reason: OperatorReason
    quantity: int
    price: int  # the right one
    trade_id: int
    old_price: int
