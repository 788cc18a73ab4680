"""Orders and positions from events alone: every event that moves an order."""

from typing import Any

from twinex.client.answers import answers, client_id_of
from twinex.client.codes import CancelReason, Hedge, RejectReason, Side
from twinex.client.events import (
    CommandRejected,
    Event,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderFilled,
    OrderReduced,
    OrderRefreshed,
    OrderRested,
    PositionChanged,
    QuoteAccepted,
    StopAccepted,
    StopTriggered,
)
from twinex.client.ledger import Ledger, PositionKey
from twinex.client.order import Order, OrderState

OWN = 5 * 1024  # the order id of a command of sequence 5
LEG = 6 * 1024 + 1


def _event(made: type[Event], **values: Any) -> Any:
    fields = {name: 0 for name in made.__dataclass_fields__ if name != "template"}
    return made(**{**fields, "sequence": 5, **values})


def _ledger(*events: Event) -> Ledger:
    ledger = Ledger(Order)
    for event in events:
        ledger.apply(event)
    return ledger


def test_an_iceberg_counts_what_it_does_not_show() -> None:
    order = _ledger(
        _event(OrderAccepted, order_id=OWN, quantity=10, price=7, display_quantity=2),
        _event(OrderFilled, order_id=OWN, quantity=3, price=7, remaining=7),
        _event(OrderRested, order_id=OWN, quantity=2, price=7),
        _event(OrderFilled, order_id=OWN, quantity=2, price=7, remaining=5),
        _event(OrderRefreshed, order_id=OWN, quantity=2, remaining=5),
    ).orders[OWN]
    assert (order.remaining, order.filled, order.turnover) == (5, 5, 35)


def test_a_market_order_rests_at_a_price() -> None:
    ledger = _ledger(
        _event(OrderAccepted, order_id=OWN, quantity=10),
        _event(OrderRested, order_id=OWN, quantity=10, price=7),
        _event(OrderAmended, order_id=OWN, quantity=4, price=8, remaining=4, priority_kept=True),
    )
    order = ledger.live[OWN]
    assert (order.price, order.quantity, order.remaining) == (8, 4, 4)


def test_self_trade_takes_lots_off_and_the_order_away() -> None:
    ledger = _ledger(
        _event(OrderAccepted, order_id=OWN, quantity=10),
        _event(OrderReduced, order_id=OWN, quantity=4, remaining=6),
    )
    assert ledger.live[OWN].remaining == 6
    reason = CancelReason.SELF_TRADE
    ledger.apply(_event(OrderCancelled, order_id=OWN, quantity=6, cancel_reason=reason))
    order = ledger.orders[OWN]
    assert (order.state, order.cancel_reason, order.filled) == (OrderState.CANCELLED, reason, 0)
    assert ledger.live == {}


def test_a_stop_waits_and_then_lives() -> None:
    ledger = _ledger(_event(StopAccepted, order_id=OWN, quantity=3, stop_price=9))
    assert ledger.live[OWN].state is OrderState.WAITING
    ledger.apply(_event(StopTriggered, sequence=8, order_id=OWN, quantity=3))
    assert ledger.live[OWN].state is OrderState.LIVE


def test_an_order_carried_over_night_is_no_answer_of_today() -> None:
    """It keeps its client id, which a command of today may have too (orders.md)."""
    ledger = Ledger(Order)
    mine = ledger.sent[70] = Order(70)
    carried = _event(OrderAccepted, sequence=90, order_id=OWN, client_id=70, quantity=10)
    for event in (carried, _event(OrderRested, sequence=90, order_id=OWN, quantity=4, price=7)):
        ledger.apply(event)
    assert mine.state is OrderState.SENT
    assert not answers(carried, 1)
    order = ledger.orders[OWN]
    assert (order.quantity, order.remaining, order.filled) == (10, 4, 6)
    refused = _event(CommandRejected, client_id=70, command=42, reject_reason=41)
    assert not answers(refused, 1)


def test_of_a_carried_iceberg_the_rest_is_not_known() -> None:
    carried = {"sequence": 90, "order_id": OWN}
    order = _ledger(
        _event(OrderAccepted, **carried, quantity=10, display_quantity=2),
        _event(OrderRested, **carried, quantity=2),
    ).orders[OWN]
    assert order.remaining == 10


def test_legs_of_quotes_are_orders_of_their_own() -> None:
    ledger = Ledger(Order)
    mine = ledger.sent[70] = Order(70)
    leg = _event(OrderAccepted, sequence=6, order_id=LEG, client_id=70, side=Side.BUY, quantity=2)
    ledger.apply(leg)
    assert ledger.live[LEG] is not mine
    assert not answers(leg, 1)
    assert not answers(leg, 6)
    assert answers(_event(QuoteAccepted, client_id=70), 6)


def test_the_cancels_of_a_mass_cancel_are_not_its_answer() -> None:
    cancelled = _event(OrderCancelled, request_id=70, cancel_reason=CancelReason.MASS)
    assert client_id_of(cancelled) == 70
    assert not answers(cancelled, 4)
    assert not answers(cancelled, 2)
    assert answers(_event(OrderCancelled, cancel_reason=CancelReason.MEMBER), 2)
    assert answers(_event(OrderCancelled, cancel_reason=CancelReason.AMENDED_AWAY), 3)
    assert answers(_event(OrderAmended, request_id=70), 3)


def test_refusals_of_entries_are_not_those_of_a_mass_quote() -> None:
    entry = _event(CommandRejected, command=7, reject_reason=RejectReason.QUOTE_CROSSED)
    whole = _event(CommandRejected, command=7, reject_reason=RejectReason.MEMBER_BLOCKED)
    assert (answers(entry, 7), answers(whole, 7)) == (False, True)


def test_an_order_of_which_the_beginning_was_not_read() -> None:
    filled = _event(OrderFilled, order_id=OWN, client_id=3, quantity=2, remaining=1, price=5)
    order = _ledger(filled).live[OWN]
    assert (order.client_id, order.filled, order.remaining) == (3, 2, 1)


def test_the_last_row_of_a_position_stands() -> None:
    rows = [_event(PositionChanged, account=1, instrument=2, long_today=at) for at in (3, 4)]
    rows.append(_event(PositionChanged, account=1, instrument=2, hedge=Hedge.HEDGE))
    positions = _ledger(*rows).positions
    assert positions[PositionKey(1, 2, Hedge.SPECULATION)].long_today == 4
    assert len(positions) == 2
