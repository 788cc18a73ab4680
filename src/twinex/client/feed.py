"""Market data: join a feed, take a snapshot, follow it, repair what was lost (spec/feed.md).

with Feed(("239.10.10.3", 30003), recovery=("host", 30010)) as feed:
    while not feed.ended:
        feed.poll(timeout_s=1.0)
        best_bids = feed.market.books[1].depth(BUY, 1)
"""

import select
import socket
import time
from collections.abc import Callable
from types import TracebackType

from twinex.client.feed_book import Market
from twinex.client.feed_order import Counts, InOrder
from twinex.client.feed_recovery import RecoveryClient
from twinex.client.feed_schema import FeedError, Message, decode, unpack

_DATAGRAM_MAX = 65_535
_RECEIVE_BUFFER_BYTES = 1 << 24
_DATAGRAMS_A_POLL = 256
PATIENCE_S = 0.01  # how long a gap may close by itself: packets may have overtaken one another


class Feed:
    """One stream of a day, every book of it kept in `market`; one socket, no thread.

    `address`: the multicast group and port, or this machine's own address and port where the feed
    sends to a list of receivers. `recovery`: the feed's TCP address. `on_message` sees each message
    that is applied from the stream, in order; not those of snapshots. A packet of another session
    than the first one heard is passed over, as are bytes that are no packet (`counts.broken`).
    """

    def __init__(
        self,
        address: tuple[str, int],
        *,
        recovery: tuple[str, int],
        interface: str = "127.0.0.1",
        on_message: Callable[[Message], None] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.market = Market()
        self._order = InOrder()
        self._recovery = RecoveryClient(recovery)
        self._on_message, self._patience_s = on_message, patience_s
        self._gap_since_s: float | None = None
        self._joined = False
        self._socket = _receiver(address, interface)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]

    @property
    def counts(self) -> Counts:
        """What happened on the way so far."""
        return self._order.counts

    @property
    def session(self) -> str:
        """The session's name; empty before the first packet."""
        return self._order.session

    @property
    def next_sequence(self) -> int:
        """Of the message to come."""
        return self._order.next_sequence

    @property
    def is_current(self) -> bool:
        """It has joined, and all that it has heard of is applied."""
        return self._joined and self._order.is_whole

    @property
    def ended(self) -> bool:
        """The session is over, and all of it was applied."""
        return self._order.ended and self.is_current

    def poll(self, timeout_s: float = 0.0) -> int:
        """Apply what has come, waiting at most `timeout_s` for the first packet; how many messages.

        Repairs a gap that has stood for `patience_s`. Raises FeedError where the feed cannot be
        followed, OSError where its TCP address does not answer: what is applied stays, and the next
        call tries again.
        """
        before = self.counts.messages
        if self._gap_since_s is not None:
            timeout_s = min(timeout_s, self._patience_s)
        if select.select([self._socket], [], [], timeout_s)[0]:
            self._receive()
        if self._order.session and not self._joined:
            self._join()
        self._mind_gap()
        return self.counts.messages - before

    def _receive(self) -> None:
        """The packets that are here; not without end, so that gaps are looked at."""
        for _ in range(_DATAGRAMS_A_POLL):
            try:
                octets = self._socket.recv(_DATAGRAM_MAX)
            except BlockingIOError:
                return
            try:
                packet = unpack(octets)
            except FeedError:
                self.counts.broken += 1
                continue
            if not self._order.session:
                self._order.session = packet.session
            if packet.session == self._order.session:
                self._apply(self._order.offer(packet))

    def _apply(self, messages: list[bytes]) -> None:
        for octets in messages:
            message = decode(octets)
            if message is None:
                continue  # of a later version of the schema
            self.market.apply(message)
            if self._on_message is not None:
                self._on_message(message)

    def _join(self) -> None:
        """Begin with a snapshot, then what came behind it.

        Where there is none under the session that was heard, another may be heard next.
        """
        try:
            market, following = self._snapshot()
        except FeedError:
            self._order = InOrder(counts=self.counts)
            raise
        self.market, self._joined = market, True
        self.counts.snapshots += 1
        self._apply(self._order.start_at(following))

    def _snapshot(self) -> tuple[Market, int]:
        """The market as it stands, and the sequence of the message behind it."""
        market, following = Market(), 0
        for octets in self._recovery.snapshot(self._order.session):
            message = decode(octets)
            if message is None:
                continue
            market.apply(message)
            if message.name == "snapshot_ended":
                following = message.fields["next_sequence"]
        if following == 0:
            raise FeedError("the snapshot has no end")
        market.whole = True
        return market, following

    def _mind_gap(self) -> None:
        """Repair a gap that does not close by itself."""
        if not self._joined or not self._order.missing:
            self._gap_since_s = None
            return
        now_s = time.monotonic()
        if self._gap_since_s is None:
            self._gap_since_s = now_s
        if now_s - self._gap_since_s >= self._patience_s:
            self._gap_since_s = None
            self._repair()

    def _repair(self) -> None:
        """Ask for what is missing; where the feed has forgotten it, begin anew."""
        session, wanted = self._order.session, self._order.next_sequence
        answer = self._recovery.messages(session, wanted, self._order.missing)
        for packet in answer:
            if packet.sequence > self._order.next_sequence:
                self._joined = False
            self._apply(self._order.offer(packet))
        self.counts.repairs += 1
        if not self._joined:
            self._join()

    def close(self) -> None:
        """Leave the group and end the TCP connection."""
        self._socket.close()
        self._recovery.close()

    def __enter__(self) -> "Feed":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _receiver(address: tuple[str, int], interface: str) -> socket.socket:
    """A UDP socket that hears `address`, a member of the group if it is one."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
    receiver.bind(address)
    group = socket.inet_aton(address[0])
    if 224 <= group[0] < 240:
        member = group + socket.inet_aton(interface)

        receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    receiver.setblocking(False)
    return receiver
