"""The events of one command, taken one after another."""

from types import SimpleNamespace

from checkers.market import Order, hold
from checkers.wire import Violation


class Answer:
    """A cursor over the events of one command."""

    def __init__(self, events: list[SimpleNamespace]) -> None:
        self._events, self._at = events, 0

    def __len__(self) -> int:
        return len(self._events)

    @property
    def sequence(self) -> int:
        return int(self._events[0].sequence)

    @property
    def next(self) -> SimpleNamespace | None:
        return self._events[self._at] if self._at < len(self._events) else None

    def is_next(self, template: str, **fields: object) -> bool:
        event = self.next
        return (
            event is not None
            and event.template == template
            and all(getattr(event, name) == value for name, value in fields.items())
        )

    def take(self, template: str, **fields: object) -> SimpleNamespace:
        """The next event, which must be `template` with these fields."""
        event = self.next
        if event is None or event.template != template:
            raise Violation(f"{template} is due, not {event}")
        for name, value in fields.items():
            if getattr(event, name) != value:
                raise Violation(f"{template}.{name} should be {value}: {event}")
        self._at += 1
        return event

    def end(self) -> None:
        hold(self.next is None, "nothing more is due", self.next)


def owner(order: Order) -> dict[str, int]:
    """The fields that say whose order a report is about."""
    return {
        "instrument": order.instrument,
        "order_id": order.id,
        "client_id": order.client_id,
        "account": order.account,
        "member": order.member,
        "seat": order.seat,
        "side": order.side,
    }
