"""Asking for what was missed, over TCP (spec/feed.md)."""

import socket
from collections.abc import Iterator

from twinex.client.feed_schema import FeedError, Packet, request, unpack

_SNAPSHOT = 0
COUNT_MAX = 0xFFFE  # messages that one request brings


class RecoveryClient:
    """Asks a feed's TCP address. Each request has a connection of its own: requests are rare, and
    a connection kept in between may have ended at the other side, or its publisher."""

    def __init__(self, address: tuple[str, int], timeout_s: float = 5.0) -> None:
        self.address, self.timeout_s = address, timeout_s
        self._socket: socket.socket | None = None
        self._read = b""

    def messages(self, session: str, sequence: int, count: int) -> Iterator[Packet]:
        """Packets with up to `count` messages from `sequence` on, then one without any.

        Where the messages asked for are not kept any more that one is the only one; its sequence is
        the first that is kept. Raises FeedError, OSError.
        """
        return self._ask(request(session, sequence, min(count, COUNT_MAX)))

    def snapshot(self, session: str) -> Iterator[bytes]:
        """The messages of a snapshot; the last is `snapshot_ended`. Raises FeedError, OSError."""
        for packet in self._ask(request(session, _SNAPSHOT, 0)):
            yield from packet.messages

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._read = None, b""

    def _ask(self, octets: bytes) -> Iterator[Packet]:
        """The packets of the answer, up to the empty one that ends it."""
        self._socket = socket.create_connection(self.address, self.timeout_s)
        try:
            self._socket.sendall(octets)
            while True:
                packet = self._packet()
                yield packet
                if not packet.messages:
                    return
        finally:
            self.close()

    def _packet(self) -> Packet:
        length = int.from_bytes(self._exactly(2), "big")
        return unpack(self._exactly(length))

    def _exactly(self, count: int) -> bytes:
        assert self._socket is not None
        while len(self._read) < count:
            octets = self._socket.recv(1 << 18)
            if not octets:
                raise FeedError(
                    "the feed ended the connection: it has no such session, or has gone"
                )
            self._read += octets
        found, self._read = self._read[:count], self._read[count:]
        return found
