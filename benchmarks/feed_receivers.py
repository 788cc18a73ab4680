"""The receivers of the feed's benchmark: each in a process of its own, over real sockets."""

import socket
import struct
import time
from multiprocessing.queues import Queue
from typing import Any, NamedTuple

import numpy as np

from twinex.client.feed import Feed
from twinex.client.feed_recovery import RecoveryClient
from twinex.client.feed_schema import PACKET_HEAD, Packet
from twinex.venue.feed.mold import END_OF_SESSION, HEAD
from twinex.venue.feed.rebuild import Rebuilt

_BATCH, _ROW_BYTES = 64, 2048
_SILENT_S = 20.0


class Where(NamedTuple):
    """A feed's group and its TCP address."""

    group: tuple[str, int]
    recovery: tuple[str, int]


class Heard(NamedTuple):
    """What a receiver saw. `busy_s`: from its first packet to its last message."""

    changes: int
    messages: int
    packets: int
    repairs: int
    busy_s: float
    ended_s: float  # time.time() at its last message


def _listener(where: Where) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    listener.bind(where.group)
    member = socket.inet_aton(where.group[0]) + socket.inet_aton("127.0.0.1")
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    # Not `settimeout`: Python would wait for that long in a read with MSG_DONTWAIT, too.
    silent = struct.pack("ll", int(_SILENT_S), 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, silent)
    return listener


class _Batch:
    """As many packets as are there, one a row."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.rows = np.zeros((_BATCH, _ROW_BYTES), np.uint8)
        self.lengths = np.zeros(_BATCH, np.int64)
        self._views = [memoryview(row.data) for row in self.rows]

    def read(self) -> int:
        """How many; waits for the first."""
        self.lengths[0] = self._listener.recv_into(self._views[0])
        count = 1
        while count < _BATCH:
            try:
                length = self._listener.recv_into(self._views[count], 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            self.lengths[count] = length
            count += 1
        return count

    def head(self, index: int) -> tuple[bytes, int, int]:
        """Session, sequence and count of a packet."""
        session, sequence, count = HEAD.unpack_from(self._views[index])
        return session, sequence, count


def _row_of(packet: Packet) -> tuple[np.ndarray, np.ndarray]:
    body = b"".join(len(one).to_bytes(2, "big") + one for one in packet.messages)
    head = HEAD.pack(packet.session.encode(), packet.sequence, len(packet.messages))
    row = np.frombuffer(head + body, np.uint8).reshape(1, -1)
    return row, np.array([row.size])


def _repair(rebuilt: Rebuilt, client: RecoveryClient, session: str, before: int) -> None:
    """Every message up to `before`, over TCP."""
    while rebuilt.next_sequence < before:
        wanted = rebuilt.next_sequence
        for packet in client.messages(session, wanted, before - wanted):
            if packet.messages:
                rebuilt.apply(*_row_of(packet), 1)
        assert rebuilt.next_sequence > wanted, "the feed has forgotten what is missing"


def rebuild(where: Where, ready: Any, told: "Queue[Heard]") -> None:
    """Rebuild every book to the end of the session; what it saw goes into `told`."""
    rebuilt, client, batch = Rebuilt(), RecoveryClient(where.recovery), _Batch(_listener(where))
    rebuilt.load([], 1)
    rebuilt.apply(batch.rows, np.full(1, PACKET_HEAD), 1)  # compiles: a heartbeat of zeros
    packets = repairs = 0
    ready.release()
    began = ended = 0.0
    while True:
        count, done = batch.read(), 0
        began = began or time.perf_counter()
        packets += count
        while (done := done + _applied(rebuilt, batch, done, count)) < count:
            session, sequence, _ = batch.head(done)
            _repair(rebuilt, client, session.decode(), sequence)
            repairs += 1
        ended = time.perf_counter()
        _, sequence, kind = batch.head(count - 1)
        if kind == END_OF_SESSION and rebuilt.next_sequence >= sequence:
            break
    heard = Heard(
        rebuilt.changes,
        int(rebuilt.state[0]["messages"]),
        packets,
        repairs,
        ended - began,
        time.time(),
    )
    told.put(heard)


def _applied(rebuilt: Rebuilt, batch: _Batch, start: int, count: int) -> int:
    return rebuilt.apply(batch.rows[start:], batch.lengths[start:], count - start)


def only_read(where: Where, ready: Any, told: "Queue[Heard]") -> None:
    """The reference: read every packet, look at nothing but its head."""
    batch = _Batch(_listener(where))
    packets = messages = 0
    ready.release()
    began = 0.0
    while True:
        count = batch.read()
        began = began or time.perf_counter()
        packets += count
        heads = [
            batch.head(index)[2] for index in range(count) if batch.lengths[index] > PACKET_HEAD
        ]
        messages += sum(heads)
        if batch.head(count - 1)[2] == END_OF_SESSION:
            break
    told.put(Heard(0, messages, packets, 0, time.perf_counter() - began, time.time()))


def join_late(where: Where, ready: Any, late: Any, told: "Queue[float]") -> None:
    """Plain Python's `Feed`: seconds from nothing to a market that is whole and has no gap."""
    ready.release()
    late.wait()
    began = time.perf_counter()
    with Feed(where.group, recovery=where.recovery) as feed:
        while not (feed.counts.snapshots and feed.market.whole and feed.is_current):
            feed.poll(_SILENT_S)
        told.put(time.perf_counter() - began)
