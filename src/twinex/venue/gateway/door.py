"""The door: strangers, until they are users, and those who leave.

A thread of its own accepts connections, reads each one's login request and checks it; the hot loop
never sees a connection that has not logged in. Passwords are checked by a worker thread beside it,
day tokens at once. Connections that are over come back here: whoever closes a connection with
unread bytes in it destroys its own last words on their way, so those bytes are read first.
"""

import contextlib
import os
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from twinex.venue.gateway import soup
from twinex.venue.gateway.failures import Failures
from twinex.venue.gateway.users import User, Users

STRANGERS_MOST = 256  # connections that have not logged in
CHECKS_MOST = 128  # passwords that wait for the worker: some six seconds of it
LEAVING_MOST = 256
LINGER_SECONDS = 1.0  # for a connection to take its last words
_LOOK_SECONDS = 0.5
_ACCEPTED_MOST = 64  # at a time: those who are in already are heard meanwhile
_BLOCK = 1 << 16
_BLOCKS_LAST = 64  # read and dropped of one connection where there is no time to wait


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
    due: float  # when it must have sent its login, or taken its last words
    received: bytes = b""


@dataclass
class DoorCounts:
    """What came to the door."""

    connections: int = 0
    checked: int = 0  # passwords
    refused: int = 0
    late: int = 0
    garbage: int = 0
    turned_away: int = 0  # there were too many strangers, or passwords to check


class Door:
    """Listens at `listener`, a bound socket.

    `admit(guest)` and `tell(text)`, for what a person should know, are called from its threads.
    `trading_day()`: of the day tokens.
    """

    def __init__(
        self,
        listener: socket.socket,
        users: Users,
        admit: Callable[[Guest], None],
        trading_day: Callable[[], int],
        tell: Callable[[str], None],
        login_seconds: float,
    ) -> None:
        self.counts = DoorCounts()
        self._users, self._admit, self._trading_day, self._tell = users, admit, trading_day, tell
        self._login_seconds = login_seconds
        self._nobody = User("1", f"{os.urandom(16).hex()}${os.urandom(32).hex()}")
        self._failures = Failures()
        self._listener = listener
        self._listens_from = 0.0  # where descriptors ran out: the time to try again
        listener.setblocking(False)
        listener.listen(1024)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="twinex-login")
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector.register(self._bell, selectors.EVENT_READ, self._answer_bell)
        self._strangers: dict[int, _Stranger] = {}  # the oldest first
        self._checking: set[socket.socket] = set()
        self._leaving: dict[int, _Stranger] = {}
        self._leavers: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="twinex-door", daemon=True)

    def open(self) -> None:
        """Let them come."""
        self._thread.start()

    def close(self) -> None:
        """Nobody comes in any more; strangers are closed."""
        self._closing = True
        os.eventfd_write(self._bell, 1)
        if self._thread.is_alive():
            self._thread.join()
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._selector.close()
        self._listener.close()
        while not self._leavers.empty():
            dismiss(self._leavers.get(), b"")
        for stranger in [*self._strangers.values(), *self._leaving.values()]:
            stranger.connection.close()
        for connection in self._checking:
            connection.close()
        os.close(self._bell)

    def leave(self, connection: socket.socket, packets: bytes) -> None:
        """Last words to a connection, as far as it takes them; then it is closed. Any thread."""
        _say_last(connection, packets)
        self._leavers.put(connection)
        os.eventfd_write(self._bell, 1)

    # -- on the door's thread --------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._closing:
                for key, _ in self._selector.select(_LOOK_SECONDS):
                    key.data()
                self._look_after()
        except BaseException as error:
            self._tell(f"nobody can log in any more, restart the gateway: {error!r}")
            raise

    def _look_after(self) -> None:
        now = time.monotonic()
        for stranger in [each for each in self._strangers.values() if each.due < now]:
            self.counts.late += 1
            self._forget(self._strangers, stranger).close()
        for stranger in [each for each in self._leaving.values() if each.due < now]:
            self._forget(self._leaving, stranger).close()
        if 0 < self._listens_from < now:
            self._listens_from = 0.0
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_MOST):
            try:
                connection, where = self._listener.accept()
            except BlockingIOError:
                return
            except ConnectionError:  # it went before its turn came
                continue
            except OSError:  # no descriptors left: who waits in the queue waits on
                self._selector.unregister(self._listener)
                self._listens_from = time.monotonic() + _LOOK_SECONDS
                return
            self.counts.connections += 1
            self._let_in(connection, str(where[0]))

    def _let_in(self, connection: socket.socket, address: str) -> None:
        """A stranger more. Where there are too many the oldest goes, who has been silent longest:
        whoever opens connections and says nothing does not keep out those who speak at once."""
        if len(self._strangers) >= STRANGERS_MOST:
            self.counts.turned_away += 1
            self._forget(self._strangers, next(iter(self._strangers.values()))).close()
        stranger = _Stranger(connection, address, time.monotonic() + self._login_seconds)
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            hear = partial(self._hear, stranger)
            self._selector.register(connection, selectors.EVENT_READ, hear)
        except OSError:
            connection.close()
            return
        self._strangers[connection.fileno()] = stranger

    def _hear(self, stranger: _Stranger) -> None:
        """More of a login request; not a byte of what may follow it."""
        if stranger.connection.fileno() < 0:
            return  # it was sent away after it had been heard of
        more = _receive(stranger.connection, soup.LOGIN_BYTES - len(stranger.received))
        if more is None:
            return
        stranger.received += more
        begun = stranger.received
        if not more or not (soup.packet(soup.LOGIN, bytes(46))[:3]).startswith(begun[:3]):
            self.counts.garbage += bool(begun)
            self._forget(self._strangers, stranger).close()
        elif len(begun) == soup.LOGIN_BYTES:
            self._forget(self._strangers, stranger)
            self._recognise(stranger)

    def _forget(self, among: dict[int, _Stranger], stranger: _Stranger) -> socket.socket:
        self._selector.unregister(stranger.connection)
        del among[stranger.connection.fileno()]
        return stranger.connection

    def _recognise(self, stranger: _Stranger) -> None:
        """By the token at once, by the password when the worker comes to it.

        A token is good however many failures its address has seen, and waits behind no password:
        nobody who guesses can keep a member from coming back.
        """
        connection, address = stranger.connection, stranger.address
        try:
            login = soup.read_login(stranger.received)
        except soup.NoLogin:
            self._failures.note(address)
            self._refuse(connection)
            return
        user, day = self._users.find(login.username), self._trading_day()
        if user and not user.may_come_from(address):
            user = None
        if user and day and self._users.is_token(user, day, login.password):
            self._admit(Guest(connection, address, user, login, ""))
        elif self._failures.too_many(address):
            self._refuse(connection)
        elif len(self._checking) >= CHECKS_MOST:
            self.counts.turned_away += 1
            connection.close()
        else:
            self._checking.add(connection)
            self._worker.submit(self._check, connection, address, user, login)

    def _answer_bell(self) -> None:
        os.eventfd_read(self._bell)
        for _ in range(self._leavers.qsize()):
            connection = self._leavers.get()
            stranger = _Stranger(connection, "", time.monotonic() + LINGER_SECONDS)
            if len(self._leaving) >= LEAVING_MOST:
                connection.close()
                continue
            listen = partial(self._listen_no_more, stranger)
            try:
                self._selector.register(connection, selectors.EVENT_READ, listen)
            except OSError:
                connection.close()
            else:
                self._leaving[connection.fileno()] = stranger

    def _listen_no_more(self, stranger: _Stranger) -> None:
        """Drop what it still sends, until it closes its end."""
        if _receive(stranger.connection, _BLOCK) == b"":
            self._forget(self._leaving, stranger).close()

    # -- on the worker's thread ------------------------------------------------------------

    def _check(
        self, connection: socket.socket, address: str, user: User | None, login: soup.Login
    ) -> None:
        """The password; of nobody too, so that the time it takes tells nothing."""
        try:
            # Those who failed while it waited count: a queue of guesses costs ten, not all.
            hopeless = self._failures.too_many(address)
            self.counts.checked += not hopeless
            accepted = not hopeless and (user or self._nobody).accepts(login.password)
            day = self._trading_day()
            token = self._users.token(user, day) if user and day else ""
        except Exception as error:
            self._tell(f"the password of {login.username} could not be checked: {error!r}")
            connection.close()
            return
        finally:
            self._checking.discard(connection)
        if user and accepted:
            self._admit(Guest(connection, address, user, login, token))
            return
        if not hopeless:
            self._failures.note(address)
        self._refuse(connection)

    def _refuse(self, connection: socket.socket) -> None:
        self.counts.refused += 1
        self.leave(connection, soup.refused(soup.NOT_AUTHORISED))


def _receive(connection: socket.socket, most: int) -> bytes | None:
    """What has come; None: nothing yet; empty: it is over."""
    try:
        return connection.recv(most)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _say_last(connection: socket.socket, packets: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.send(packets)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


def dismiss(connection: socket.socket, packets: bytes) -> None:
    """Last words where there is no time to wait until they are taken."""
    _say_last(connection, packets)
    for _ in range(_BLOCKS_LAST):
        if not _receive(connection, _BLOCK):
            break
    connection.close()
