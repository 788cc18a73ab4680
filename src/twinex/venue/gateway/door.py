"""The door: strangers connect here, and only members come in.

A thread of its own accepts connections, reads their login request and checks it; the hot loop never
sees a connection that has not logged in. Passwords are checked by a worker thread beside it.
"""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

from twinex.venue.gateway import soup
from twinex.venue.gateway.users import User, Users

LOGIN_SECONDS = 5.0  # to send a login request in
FAILURES_MOST = 10  # from one address in FAILURE_SECONDS
FAILURE_SECONDS = 60.0
STRANGERS_MOST = 256  # connections that have not logged in
_LOOK_SECONDS = 0.5


class Guest(NamedTuple):
    """A connection whose user has been recognised: the loop decides about its stream."""

    connection: socket.socket
    address: str
    user: User
    login: soup.Login
    token: str  # to be told; empty where it came with it


@dataclass
class _Stranger:
    connection: socket.socket
    address: str
    due: float  # when it must have sent its login
    received: bytes = b""


@dataclass
class DoorCounts:
    """What came to the door."""

    connections: int = 0
    refused: int = 0
    late: int = 0
    garbage: int = 0
    turned_away: int = 0  # there were too many strangers, or failures from their address


@dataclass
class _Failures:
    """Failed logins by address, of the last while."""

    times: dict[str, list[float]] = field(default_factory=dict)

    def note(self, address: str) -> None:
        self.times.setdefault(address, []).append(time.monotonic())
        if len(self.times) > STRANGERS_MOST:
            self.times = {each: self.times[each] for each in list(self.times) if self.recent(each)}

    def recent(self, address: str) -> int:
        since = time.monotonic() - FAILURE_SECONDS
        kept = [each for each in self.times.get(address, []) if each > since]
        if kept:
            self.times[address] = kept
        else:
            self.times.pop(address, None)
        return len(kept)


class Door:
    """Listens at `listener`, a bound socket; `admit(guest)` is called from its worker thread.

    `trading_day()`: of the day tokens.
    """

    def __init__(
        self,
        listener: socket.socket,
        users: Users,
        admit: Callable[[Guest], None],
        trading_day: Callable[[], int],
    ) -> None:
        self.counts = DoorCounts()
        self._users, self._admit, self._trading_day = users, admit, trading_day
        self._failures = _Failures()
        self._listener = listener
        listener.setblocking(False)
        listener.listen(1024)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="twinex-login")
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._waking, self._woken = os.pipe()
        self._selector.register(self._waking, selectors.EVENT_READ)
        self._strangers: dict[int, _Stranger] = {}
        self._thread = threading.Thread(target=self._run, name="twinex-door", daemon=True)

    def open(self) -> None:
        """Let them come."""
        self._thread.start()

    def close(self) -> None:
        """Nobody comes in any more; strangers are closed."""
        os.write(self._woken, b"x")
        if self._thread.is_alive():
            self._thread.join()
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._selector.close()
        self._listener.close()
        for stranger in self._strangers.values():
            stranger.connection.close()
        os.close(self._waking)
        os.close(self._woken)

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select(_LOOK_SECONDS):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fd == self._waking:
                    return
                else:
                    self._hear(self._strangers[key.fd])
            self._drop_late()

    def _accept(self) -> None:
        while True:
            try:
                connection, where = self._listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError:  # no descriptors left: the ones that wait in the queue wait on
                return
            self.counts.connections += 1
            address = str(where[0])
            crowded = len(self._strangers) >= STRANGERS_MOST
            if crowded or self._failures.recent(address) >= FAILURES_MOST:
                self.counts.turned_away += 1
                connection.close()
                continue
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stranger = _Stranger(connection, address, time.monotonic() + LOGIN_SECONDS)
            self._strangers[connection.fileno()] = stranger
            self._selector.register(connection, selectors.EVENT_READ)

    def _hear(self, stranger: _Stranger) -> None:
        """More of a login request; not a byte of what may follow it."""
        try:
            more = stranger.connection.recv(soup.LOGIN_BYTES - len(stranger.received))
        except BlockingIOError:
            return
        except OSError:
            more = b""
        stranger.received += more
        begun = stranger.received
        if not more or not (soup.packet(soup.LOGIN, bytes(46))[:3]).startswith(begun[:3]):
            self.counts.garbage += bool(begun)
            self._forget(stranger).close()
        elif len(begun) == soup.LOGIN_BYTES:
            self._worker.submit(self._check, self._forget(stranger), stranger.address, begun)

    def _forget(self, stranger: _Stranger) -> socket.socket:
        self._selector.unregister(stranger.connection)
        del self._strangers[stranger.connection.fileno()]
        return stranger.connection

    def _drop_late(self) -> None:
        now = time.monotonic()
        for stranger in [each for each in self._strangers.values() if each.due < now]:
            self.counts.late += 1
            self._forget(stranger).close()

    # -- on the worker thread --------------------------------------------------------------

    def _check(self, connection: socket.socket, address: str, octets: bytes) -> None:
        try:
            login = soup.read_login(octets)
            user = self._users.find(login.username)
            day = self._trading_day()
            told = ""
            if user is None or not user.may_come_from(address):
                raise soup.NoLogin("no such user there")
            if not (day and self._users.is_token(user, day, login.password)):
                if not user.accepts(login.password):
                    raise soup.NoLogin("not its password")
                told = self._users.token(user, day) if day else ""
        except soup.NoLogin:
            self.counts.refused += 1
            self._failures.note(address)
            refuse(connection, soup.refused(soup.NOT_AUTHORISED))
            return
        self._admit(Guest(connection, address, user, login, told))


def refuse(connection: socket.socket, packets: bytes) -> None:
    """Last words to a connection, as far as it takes them."""
    with contextlib.suppress(OSError):
        connection.send(packets)
    connection.close()
