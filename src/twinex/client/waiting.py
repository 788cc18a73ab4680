"""What a wait waits for, and what ends it early: the same for blocking and asynchronous handles."""

from enum import Enum

from twinex.client.order import Order, Request


class Until(Enum):
    """How far an order's `wait` goes."""

    ANSWERED = "answered"  # accepted, or `Rejected` is raised
    DONE = "done"  # filled or cancelled


def reached(request: Request, until: Until) -> bool:
    """Whether it has come so far. Rejected where it never will: the market refused it."""
    request.check()
    if until is Until.DONE and isinstance(request, Order):
        return request.is_done
    return request.is_answered


def too_late(request: Request, until: Until, timeout: float | None) -> TimeoutError:
    return TimeoutError(f"{request!r} was not {until.value} in {timeout} s; it may still be")
