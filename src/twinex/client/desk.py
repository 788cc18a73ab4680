"""A user's day at the market, without any input or output of its own.

A `Desk` outlives connections: it keeps the place in the stream, the day token, the commands that
are not answered and what the events say of orders. `Member` and `AsyncMember` move its bytes.
"""

import logging
import secrets
from collections.abc import Callable

from twinex.client.answers import answers, client_id_of
from twinex.client.codec import decode_event, encode
from twinex.client.commands import Command, OrderCancel
from twinex.client.errors import (
    REASONS,
    ClientError,
    CutOff,
    DayOver,
    LoginRefused,
    NotConnected,
    ProtocolError,
    SessionUnavailable,
)
from twinex.client.events import CommandRejected, CommandRepeated, Event
from twinex.client.ledger import Ledger
from twinex.client.order import Order, OrderState, Request
from twinex.client.soup import (
    Accepted,
    DayToken,
    EndOfSession,
    Packet,
    Refused,
    Said,
    Secret,
    Sequenced,
    Session,
)

_IDS_OF_A_SEAT = 1_000_000_000
_FENCE_BITS = 62
_log = logging.getLogger("twinex.client")


class Desk:
    """What one user (a seat, or a drop copy) knows and wants.

    `username` as session.md has it. `seat` 0 only listens. `sequence` is the first message wanted:
    with 1 orders, positions and the last client id used are rebuilt from the whole day. Without
    `tells_history` `receive` gives what came after that only.
    """

    def __init__(
        self,
        username: str,
        password: str,
        seat: int,
        sequence: int,
        new_order: Callable[[int], Order],
        tells_history: bool = True,
    ) -> None:
        number = username.removeprefix("D")
        if not number.isdigit() or int(number) < 1 or len(username) > 6:
            raise ValueError(f"{username!r} is no username: seats and members count from 1")
        if sequence < 0:
            raise ValueError(f"sequence {sequence}: 1 is the first message, 0 the next to come")
        self.ledger = Ledger(new_order)
        self.session_name = ""
        self.next_sequence = sequence
        self.is_over = False
        self._username = username
        self._seat = seat
        self._password = Secret(password)
        self._token: Secret | None = None
        self._session: Session | None = None
        self._said = ""
        self._unanswered: dict[int, tuple[int, bytes]] = {}  # by client id: template, message
        self._requests: dict[int, Request] = {}
        self._last_id = seat * _IDS_OF_A_SEAT
        self._last_event = (-1, -1)
        self._tells_history = tells_history
        self._fence = 0
        if seat:
            self._raise_fence()

    def __repr__(self) -> str:
        return f"<Desk {self._username} {self.session_name} next={self.next_sequence}>"

    # ---- connections ----

    def connect(self, now: float) -> None:
        """A new connection stands: its login lies in `outgoing`."""
        secret = self._token or self._password
        name = self.session_name
        self._said = ""
        self._session = Session(self._username, secret, name, self.next_sequence, now)

    def lost(self) -> ClientError:
        """The connection ended: why, as far as the market said it."""
        self._session = None
        if self.is_over:
            return DayOver("the trading day has ended")
        reason = self._said.partition(":")[0]
        if reason in REASONS:
            return CutOff(reason, self._said)
        return NotConnected("the market closed the connection")

    @property
    def outgoing(self) -> bytearray:
        """Bytes to send; what was sent is to be deleted from its front."""
        assert self._session is not None, "there is no connection"
        return self._session.outgoing

    @property
    def is_logged_in(self) -> bool:
        return self._session is not None and self._session.accepted

    @property
    def is_caught_up(self) -> bool:
        """Whether all that had happened before this desk opened has been read."""
        return self.is_over or (not self._fence and self.session_name != "")

    @property
    def is_all_answered(self) -> bool:
        return not self._unanswered

    def poll(self, now: float) -> float:
        """Heartbeats, and whether the market has gone silent; seconds until this is next due."""
        assert self._session is not None, "there is no connection"
        self._session.poll(now)
        return self._session.wait_s(now)

    def log_out(self) -> None:
        if self._session is not None:
            self._session.logout()

    # ---- commands ----

    def next_client_id(self) -> int:
        """Counted from seat x 10^9 + 1, so that the seats of one member, whose client ids share one
        space (orders.md, Ids), never meet."""
        self._last_id += 1
        return self._last_id

    def submit(self, command: Command, request: Request, now: float) -> None:
        """Sends the command, now or when there is a connection, until it is answered. DayOver, or
        ValueError for a value that no message can carry."""
        if self.is_over:
            raise DayOver("the trading day has ended")
        message = encode(command)
        request.client_id = command.client_id
        self._requests[command.client_id] = request
        if isinstance(request, Order):
            self.ledger.sent[command.client_id] = request
        self._keep(command, message, now)

    def _keep(self, command: Command, message: bytes, now: float) -> None:
        self._unanswered[command.client_id] = command.template, message
        if self._session is not None and self._session.accepted:
            self._session.send(message, now)

    def _raise_fence(self) -> None:
        """A command that is refused, uses no id up and counts in no rate (risk.md 6): when its
        answer comes, all that an earlier connection had sent has come too. The number, negative,
        tells it from those of other logins."""
        self._fence = -1 - secrets.randbits(_FENCE_BITS)
        fence = OrderCancel(client_id=self._fence)
        self._unanswered[self._fence] = fence.template, encode(fence)

    # ---- what comes ----

    def receive(self, octets: bytes, now: float) -> list[Event]:
        """The events that are whole with these bytes; orders and answers follow them."""
        assert self._session is not None, "there is no connection"
        events = []
        for packet in self._session.receive(octets, now):
            if isinstance(packet, Sequenced):
                self._said = ""  # what is said before a cut has nothing behind it
                event = self._event(packet)
                if self._is_news(event):
                    events.append(event)
            else:
                self._control(packet, now)
        return events

    def _is_news(self, event: Event) -> bool:
        """No fence, ours or an earlier process's; and history where it is asked for."""
        if isinstance(event, CommandRejected) and event.client_id < 0 < self._seat:
            return False
        return self._tells_history or self.is_caught_up

    def _event(self, packet: Sequenced) -> Event:
        event = decode_event(packet.message)
        place = event.sequence, event.index
        if place <= self._last_event:
            raise ProtocolError(f"event {place} came behind {self._last_event}: another stream?")
        self._last_event = place
        self.next_sequence = packet.sequence + 1
        self.ledger.apply(event)
        self._settle(event)
        return event

    def _settle(self, event: Event) -> None:
        """Takes the answered command off the list, and keeps the count of client ids ahead."""
        client_id = client_id_of(event)
        if 0 < client_id - self._seat * _IDS_OF_A_SEAT < _IDS_OF_A_SEAT:
            self._last_id = max(self._last_id, client_id)
        template, _ = self._unanswered.get(client_id, (0, b""))
        if not template or not answers(event, template):
            return
        del self._unanswered[client_id]
        if client_id == self._fence:
            self._fence = 0
            return
        request = self._requests.pop(client_id)
        request.answer = event
        if isinstance(request, Order):
            self._settle_order(request, event)

    def _settle_order(self, order: Order, event: Event) -> None:
        if not isinstance(event, (CommandRejected, CommandRepeated)):
            return
        self.ledger.sent.pop(order.client_id, None)
        order.order_id = event.order_id
        if event.reject_reason:
            order.state = OrderState.REJECTED
        else:  # entered before this stream was joined: what became of it was not told here
            order.state = OrderState.LIVE

    def _control(self, packet: Packet, now: float) -> None:
        if isinstance(packet, Accepted):
            self._logged_in(packet, now)
        elif isinstance(packet, Refused):
            raise self._refusal(packet.reason)
        elif isinstance(packet, DayToken):
            self._token = packet.token
        elif isinstance(packet, Said):
            self._said = self._without_secrets(packet.text)
            _log.info("%s: the market says: %s", self._username, self._said)
        elif isinstance(packet, EndOfSession):
            self.is_over = True

    def _without_secrets(self, text: str) -> str:
        """What a server says for people may go into logs: should it repeat a secret, that is cut
        out."""
        for secret in (self._password, self._token):
            if secret is not None and secret.text.strip():
                text = text.replace(secret.text.strip(), "***")
        return text

    def _logged_in(self, packet: Accepted, now: float) -> None:
        """Sends again what was not answered, in its order: what the market had done of it, it will
        not do twice (session.md, Login)."""
        if self.session_name not in ("", packet.session):
            raise ProtocolError(f"asked for session {self.session_name}, got {packet.session}")
        self.session_name, self.next_sequence = packet.session, packet.sequence
        assert self._session is not None, "there is no connection"
        for _, message in self._unanswered.values():
            self._session.send(message, now)

    def _refusal(self, reason: str) -> ClientError:
        if reason == "A":
            by_token, self._token = self._token is not None, None
            if by_token:  # another system may not know it: the password is tried once more
                return NotConnected("the day token was refused")
            return LoginRefused(
                f"the market refused user {self._username}: check seat and password, the address"
                " that the seat is bound to, and whether too many logins failed from here"
            )
        return SessionUnavailable(self._said or f"the market refused the session ({reason})")
