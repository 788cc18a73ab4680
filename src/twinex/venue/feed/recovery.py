"""What receivers ask for over TCP: messages that they missed, and snapshots (`spec/feed.md`)."""

import selectors
import socket
import time
from collections.abc import Callable

from twinex.venue.feed import mold
from twinex.venue.feed.log import Log

CONNECTIONS_MAX = 64
SNAPSHOT = 0  # sequence in a request for one, and in the packets that bring it
_PACKET_BYTES_MAX = 60_000
_SILENT_S = 30.0  # a connection on which nothing moves is closed
_REQUEST = mold.HEAD
_ALL = 1 << 62

Logs = dict[bytes, Log]  # by session
Snapshot = Callable[[bytes, Log], None]  # writes a session's into a log


class _Connection:
    """One receiver's: at most one answer is under way."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.asked = b""
        self.answer = memoryview(b"")
        self.moved_s = time.monotonic()


class Recovery:
    """A TCP server without a thread: `serve` does what can be done now."""

    def __init__(self, address: tuple[str, int], logs: Logs, snapshot: Snapshot) -> None:
        self._logs, self._snapshot = logs, snapshot
        self._listener = socket.create_server(address, backlog=CONNECTIONS_MAX)
        self._listener.setblocking(False)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._connections: dict[socket.socket, _Connection] = {}

    def serve(self, timeout_s: float = 0.0) -> None:
        """Accept, read requests, send answers; waits for something to do at most `timeout_s`."""
        for key, _ in self._selector.select(timeout_s):
            if key.fileobj is self._listener:
                self._accept()
            else:
                self._turn(key.data)
        silent = time.monotonic() - _SILENT_S
        for one in [each for each in self._connections.values() if each.moved_s < silent]:
            self._drop(one)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        if len(self._connections) == CONNECTIONS_MAX:
            connection.close()
            return
        one = _Connection(connection)
        self._connections[connection] = one
        self._selector.register(connection, selectors.EVENT_READ, one)

    def _turn(self, one: _Connection) -> None:
        """Send on, or read what is asked next."""
        try:
            if one.answer:
                one.answer = one.answer[one.socket.send(one.answer) :]
            elif not self._read(one):
                self._drop(one)
                return
        except BlockingIOError:
            return
        except OSError:
            self._drop(one)
            return
        one.moved_s = time.monotonic()
        wanted = selectors.EVENT_WRITE if one.answer else selectors.EVENT_READ
        self._selector.modify(one.socket, wanted, one)

    def _read(self, one: _Connection) -> bool:
        """False: the receiver has gone, or asks for a session that there is not."""
        octets = one.socket.recv(_REQUEST.size - len(one.asked))
        one.asked += octets
        if len(one.asked) == _REQUEST.size:
            session, sequence, count = _REQUEST.unpack(one.asked)
            one.asked = b""
            if session not in self._logs:
                return False
            one.answer = memoryview(self._answer(session, sequence, count))
        return bool(octets)

    def _answer(self, session: bytes, sequence: int, count: int) -> bytes:
        """Packets behind their lengths; an empty one says where the stream goes on."""
        log, first = self._logs[session], sequence
        if sequence == SNAPSHOT:
            log, first, count = Log(_ALL), 1, _ALL
            self._snapshot(session, log)
        stop = min(first + count, log.next_sequence)
        parts, following = [], log.first_sequence
        for behind, packet in mold.packets(log, session, first, stop, _PACKET_BYTES_MAX):
            parts.append(packet if sequence else mold.renumbered(packet, SNAPSHOT))
            following = behind
        parts.append(mold.head(session, following if sequence else SNAPSHOT, 0))
        return b"".join(len(part).to_bytes(2, "big") + part for part in parts)

    def _drop(self, one: _Connection) -> None:
        self._selector.unregister(one.socket)
        del self._connections[one.socket]
        one.socket.close()

    def close(self) -> None:
        """End every connection, and listen no more."""
        for one in list(self._connections.values()):
            self._drop(one)
        self._selector.close()
        self._listener.close()
