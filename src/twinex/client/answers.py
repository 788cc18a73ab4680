"""Which event answers which command (orders.md, quotes.md, rejects.md)."""

from twinex.client.codes import CancelReason, RejectReason
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
    Event,
    MassCancelled,
    MassQuoted,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    QuoteAccepted,
    QuoteRequested,
    StopAccepted,
)
from twinex.client.ledger import is_first_entry

_DONE: dict[type[Command], type[Event]] = {
    OrderEnter: OrderAccepted,
    StopEnter: StopAccepted,
    OrderCancel: OrderCancelled,
    OrderAmend: OrderAmended,
    MassCancel: MassCancelled,
    QuoteEnter: QuoteAccepted,
    MassQuote: MassQuoted,
    QuoteRequest: QuoteRequested,
}
_DONE_BY_TEMPLATE = {command.template: event for command, event in _DONE.items()}

# Refusals of a mass quote as a whole: checks 1 to 8a of risk.md. Others are of one entry.
_WHOLE = {
    RejectReason.TEMPLATE_UNKNOWN,
    RejectReason.LENGTH_WRONG,
    RejectReason.SEAT_UNKNOWN,
    RejectReason.NOT_PERMITTED,
    RejectReason.DAY_NOT_OPEN,
    RejectReason.CLIENT_ID_INVALID,
    RejectReason.ID_REUSED,
    RejectReason.MEMBER_INACTIVE,
    RejectReason.MEMBER_BLOCKED,
    RejectReason.ENTRY_RATE_EXCEEDED,
    RejectReason.CANCEL_RATE_EXCEEDED,
}


def client_id_of(event: Event) -> int:
    """The client id of the command that the event may answer; 0 where it names none."""
    named = "request_id" if isinstance(event, (OrderCancelled, OrderAmended)) else "client_id"
    return int(getattr(event, named, 0))


def answers(event: Event, template: int) -> bool:
    """Whether the event is the answer of the command of this template whose client id it names.

    An order carried over night keeps yesterday's client id, which a command of today may have too:
    its acceptance answers nothing, nor does its refusal, which names `order_carry`.
    """
    if isinstance(event, CommandRepeated):
        return event.command == template
    if isinstance(event, CommandRejected):
        whole = template != MassQuote.template or event.reject_reason in _WHOLE
        return event.command == template and whole
    if isinstance(event, OrderCancelled):
        return _is_answer_of(template, event.cancel_reason)
    if isinstance(event, (OrderAccepted, StopAccepted)) and not is_first_entry(event):
        return False
    return _DONE_BY_TEMPLATE.get(template) is type(event)


def _is_answer_of(template: int, reason: CancelReason) -> bool:
    """A mass cancel has one cancel for each order, and its answer behind them."""
    if template == OrderCancel.template:
        return reason == CancelReason.MEMBER
    return template == OrderAmend.template and reason == CancelReason.AMENDED_AWAY
