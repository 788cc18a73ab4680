"""`Member` and `DropCopy`: the market for programs with threads or none."""

from collections.abc import Callable, Sequence
from time import monotonic

from twinex.client.commands import Command
from twinex.client.desk import Desk
from twinex.client.errors import NotConnected
from twinex.client.front import Front, PlacedOrder, SentRequest
from twinex.client.order import Order, Request
from twinex.client.trading import Trading


class DropCopy(Front):
    """A member's drop copy: everything of all its seats, to listen to (session.md, Login).

    `member` is its number. From `sequence` 1 on it tells the whole day; arguments otherwise as of
    `Member`.
    """

    def __init__(
        self,
        addresses: str | Sequence[str],
        *,
        member: int,
        password: str,
        sequence: int = 1,
        patience_s: float | None = 60.0,
        backlog: int = 100_000,
        open_s: float = 60.0,
    ) -> None:
        def desk(new_order: Callable[[int], Order]) -> Desk:
            return Desk(f"D{member}", password, 0, sequence, new_order)

        super().__init__(addresses, desk, patience_s, backlog, open_s)


class Member(Front, Trading[PlacedOrder, SentRequest]):
    """A seat's trading session.

    `addresses`: "host:port" of the market, or a list: the primary and its stand-ins. It logs in,
    reads the day from its beginning so that orders, positions and client ids are known, and stays
    connected: after a cut it comes back by itself, sends again what was not answered, and goes on.
    `events()` begins here, or with `history` at the day's beginning.

    It gives up (every call and wait raises) when refused, evicted or kicked, when the day is over,
    or when no connection came about for `patience_s` seconds: 0 = at the first cut, None = never.
    `open_s` bounds the opening itself. Raises LoginRefused, SessionUnavailable, NotConnected,
    CutOff, ProtocolError. All methods may be called from any thread.
    """

    def __init__(
        self,
        addresses: str | Sequence[str],
        *,
        seat: int,
        password: str,
        history: bool = False,
        patience_s: float | None = 60.0,
        backlog: int = 100_000,
        open_s: float = 60.0,
    ) -> None:
        def desk(new_order: Callable[[int], Order]) -> Desk:
            return Desk(str(seat), password, seat, 1, new_order, history)

        super().__init__(addresses, desk, patience_s, backlog, open_s)

    def settle(self, timeout: float | None = None) -> None:
        """Waits until every command is answered. Errors as of a handle's `wait`."""
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._desk.is_all_answered or self._is_ended, timeout
            )
            if not self._desk.is_all_answered:
                late = TimeoutError(f"not every command was answered in {timeout} s")
                raise self._why() or (NotConnected("closed") if done else late)

    def _submit(self, command: Command, request: Request) -> None:
        with self._changed:
            if self._is_ended:
                raise self._why() or NotConnected("closed: open a new Member")
            self._desk.submit(command, request, monotonic())
            self._flush()
            blocked = self._socket is not None and bool(self._desk.outgoing)
        if blocked:
            self._stir()

    def _next_id(self) -> int:
        with self._changed:
            return self._desk.next_client_id()

    def _new_order(self, client_id: int = 0) -> PlacedOrder:
        return PlacedOrder(self, client_id)

    def _new_request(self) -> SentRequest:
        return SentRequest(self)
