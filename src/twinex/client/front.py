"""The blocking front of a desk: what `Member` and `DropCopy` have in common, and their handles.

One thread of its own moves the bytes (a selector over the socket and a pipe that wakes it); all
else happens under one lock, so that a caller never waits for the network but where it asks to.
"""

import contextlib
import logging
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from twinex.client.desk import Desk
from twinex.client.errors import ClientError, DayOver, EventsMissed, NotConnected
from twinex.client.events import Event
from twinex.client.order import Order, Request
from twinex.client.route import Route
from twinex.client.trading import Reading
from twinex.client.waiting import Until, reached, too_late

CONNECT_S = 5.0
CLOSE_S = 2.0
READ_BYTES = 1 << 16
_log = logging.getLogger("twinex.client")


class SentRequest(Request):
    """A command of a `Member`."""

    def __init__(self, front: "Front", client_id: int = 0) -> None:
        super().__init__(client_id)
        self._front = front

    def wait(self, timeout: float | None = None) -> Event:
        """The market's answer. Rejected if it refused; TimeoutError after `timeout` seconds; what
        ended the connection for good (`NotConnected`, `CutOff`, `DayOver` …)."""
        self._front.wait_for(self, Until.ANSWERED, timeout)
        assert self.answer is not None, "answered"
        return self.answer


class PlacedOrder(Order):
    """An order of a `Member`."""

    def __init__(self, front: "Front", client_id: int = 0) -> None:
        super().__init__(client_id)
        self._front = front

    def wait(self, until: Until = Until.ANSWERED, timeout: float | None = None) -> Self:
        """Itself, when the market has accepted it, or with `Until.DONE` when nothing will become of
        it any more. Errors as of `SentRequest.wait`."""
        self._front.wait_for(self, until, timeout)
        return self


class Front(Reading[PlacedOrder]):
    """A user's connection and the thread that keeps it. Arguments as of `Member`; `make_desk`
    makes the desk that what comes is laid on."""

    def __init__(
        self,
        addresses: str | Sequence[str],
        make_desk: Callable[[Callable[[int], Order]], Desk],
        patience_s: float | None,
        backlog: int,
        open_s: float,
    ) -> None:
        self._route = Route(addresses, patience_s)
        self._desk = make_desk(lambda client_id: PlacedOrder(self, client_id))
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._backlog = backlog
        self._missed = 0
        self._failure: ClientError | None = None
        self._close_by: float | None = None  # when a closing connection is given up
        self._socket: socket.socket | None = None
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=repr(self), daemon=True)
        self._thread.start()
        self._open(open_s)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._desk!r} at {self._route}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, open_s: float) -> None:
        """Waits until the stream is read up to now, so that ids and orders are known."""
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._is_ended or self._desk.is_caught_up, open_s)
                if self._failure is not None and not isinstance(self._failure, DayOver):
                    raise self._failure
                if not self._desk.is_caught_up:
                    raise NotConnected(f"the day so far was not told within {open_s} s")
        except BaseException:
            self.close()
            raise

    def _why(self) -> ClientError | None:
        """What ended it, to be raised; without the tracebacks of those who raised it before."""
        return self._failure and self._failure.with_traceback(None)

    @property
    def _is_ended(self) -> bool:
        return self._failure is not None or self._close_by is not None

    def close(self) -> None:
        """Logs out. What was sent is on its way; answers that have not come are not waited for
        (`settle` does), the connection is kept up to two seconds until the market closes it."""
        with self._changed:
            if self._close_by is None:
                self._close_by = monotonic() + CLOSE_S
                self._desk.log_out()
                self._flush()
            self._changed.notify_all()
        self._stir()
        self._thread.join(CLOSE_S)

    def events(self, timeout: float | None = None) -> Iterator[Event]:
        """The events of the stream, each once, as they come; ends with the day or `close`.

        TimeoutError where none came for `timeout` seconds; EventsMissed where more than `backlog`
        waited to be read; what ended the connection for good otherwise."""
        while (event := self._next_event(timeout)) is not None:
            yield event

    def _next_event(self, timeout: float | None) -> Event | None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._events or self._is_ended, timeout):
                raise TimeoutError(f"no event in {timeout} s")
            if self._missed:
                missed, self._missed = self._missed, 0
                raise EventsMissed(f"{missed} events were not read in time")
            if self._events:
                return self._events.popleft()
            if self._failure is None or isinstance(self._failure, DayOver):
                return None
            raise self._failure

    def wait_for(self, request: Request, until: Until, timeout: float | None) -> None:
        """What the handles' `wait` calls."""
        with self._changed:
            self._changed.wait_for(lambda: reached(request, until) or self._is_ended, timeout)
            if not reached(request, until):
                raise self._why() or self._late(request, until, timeout)

    def _late(self, request: Request, until: Until, timeout: float | None) -> Exception:
        if self._close_by is not None:
            return NotConnected("closed before the answer came")
        return too_late(request, until, timeout)

    # ---- the thread ----

    def _run(self) -> None:
        error: ClientError = NotConnected("the client's own thread failed")
        try:
            while not self._is_ended:
                lost = self._connection()
                if self._close_by is None:
                    self._pause(self._route.failed(lost, monotonic()), lost)
        except ClientError as final:
            error = final
        finally:
            with self._changed:
                if self._close_by is None:
                    self._failure = error
                self._changed.notify_all()
            self._woken.close()
            self._wake.close()

    def _pause(self, seconds: float, lost: ClientError) -> None:
        _log.warning("%r: %s; trying %s", self._desk, lost, self._route)
        with self._changed:
            self._changed.wait_for(lambda: self._is_ended, seconds)

    def _connection(self) -> ClientError:
        """One connection from its beginning to its end, and why it ended."""
        try:
            made = socket.create_connection(self._route.address, CONNECT_S)
        except OSError as error:
            return NotConnected(f"{self._route}: {error}")
        with made:
            made.setblocking(False)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                if self._is_ended:  # a login now would evict whoever came since
                    return NotConnected("closed")
                self._socket = made
                self._desk.connect(monotonic())
            return self._serve(made)

    def _serve(self, made: socket.socket) -> ClientError:
        refusal: ClientError | None = None
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._woken, selectors.EVENT_READ)
                selector.register(made, selectors.EVENT_READ)
                while self._turn(made, selector):
                    pass
        except ClientError as error:
            refusal = error
        except OSError as error:
            _log.info("%r: %s", self._desk, error)
        with self._changed:
            self._socket = None
            lost = self._desk.lost()
            self._changed.notify_all()
        return refusal or lost

    def _turn(self, made: socket.socket, selector: selectors.BaseSelector) -> bool:
        """Sends what is to be sent, waits, reads; False when the connection is over."""
        with self._changed:
            wait_s = self._desk.poll(monotonic())
            self._flush()
            waits = selectors.EVENT_WRITE if self._desk.outgoing else 0
            if self._close_by is not None:
                wait_s = min(wait_s, self._close_by - monotonic())
        if wait_s < 0:
            return False
        selector.modify(made, selectors.EVENT_READ | waits)
        ready = {key.fileobj: events for key, events in selector.select(wait_s)}
        if self._woken in ready:
            self._woken.recv(READ_BYTES)
        return not ready.get(made, 0) & selectors.EVENT_READ or self._read(made)

    def _read(self, made: socket.socket) -> bool:
        octets = made.recv(READ_BYTES)
        if not octets:
            return False
        with self._changed:
            was_in = self._desk.is_logged_in
            now = monotonic()
            self._take(self._desk.receive(octets, now))
            if self._desk.is_logged_in and not was_in:
                self._route.made(now)
            self._changed.notify_all()
            return not self._desk.is_over

    def _take(self, events: list[Event]) -> None:
        self._events.extend(events)
        while len(self._events) > self._backlog:
            self._events.popleft()
            self._missed += 1

    def _flush(self) -> None:
        """Sends what the connection takes now, from whichever thread; the lock is held. An error
        shows in the thread's next read."""
        if self._socket is None:
            return
        outgoing = self._desk.outgoing
        with contextlib.suppress(OSError):
            while outgoing:
                del outgoing[: self._socket.send(outgoing)]

    def _stir(self) -> None:
        with contextlib.suppress(OSError):
            self._wake.send(b"\0")
