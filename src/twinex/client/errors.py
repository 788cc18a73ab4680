"""What can go wrong, by name. No text here ever holds a password or a day token."""

from twinex.client.advice import ADVICE
from twinex.client.codes import RejectReason
from twinex.client.events import CommandRejected, CommandRepeated

# Cut-offs after which coming back by itself would only repeat the trouble (session.md).
FINAL = ("EVICTED", "KICKED", "PACKET_INVALID", "MESSAGE_SHORT", "LISTENS_ONLY")
REASONS = (*FINAL, "SILENT", "SLOW_READER", "CLOSING")


class ClientError(Exception):
    """Any of these."""


class NotConnected(ClientError):  # noqa: N818
    """No market at any address, or none any more."""


class SessionUnavailable(ClientError):  # noqa: N818
    """The market refused the session, not the user: another day's, not open yet, or beyond the
    stream's end. The text is what the server said."""


class LoginRefused(ClientError):  # noqa: N818
    """The market refused the user."""


class CutOff(ClientError):  # noqa: N818
    """The market cut the connection off: `reason` by its name in session.md, `text` as sent."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"cut off by the market: {text}{_HINTS.get(reason, '')}")
        self.reason = reason
        self.text = text


_HINTS = {
    "EVICTED": " (another program logged in as this user: stop it, or use another seat)",
    "KICKED": " (by the exchange's operator: ask the exchange before coming back)",
}


class ProtocolError(ClientError):
    """What came is not this protocol: wrong address or port, or a market of another version."""


class DayOver(ClientError):  # noqa: N818
    """The trading day has ended and its stream with it: log in again when the next one is open."""


class EventsMissed(ClientError):  # noqa: N818
    """`events()` was read too slowly and the oldest events were dropped. Orders and positions are
    complete all the same; raise `backlog`, or read faster."""


class Rejected(ClientError):  # noqa: N818
    """The market refused a command: `reason` from rejects.md, `event` as it came."""

    def __init__(self, event: CommandRejected | CommandRepeated) -> None:
        self.event = event
        self.reason: RejectReason = event.reject_reason
        when, what = ADVICE.get(self.reason.name, ("", ""))
        text = "; ".join(part for part in (when, what) if part)
        super().__init__(f"{self.reason.name}: {text}" if text else self.reason.name)
