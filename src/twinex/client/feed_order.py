"""Packets into their order: what comes twice is dropped, what comes early waits (spec/feed.md)."""

from dataclasses import dataclass, field

from twinex.client.feed_schema import END_OF_SESSION, Packet

PENDING_MAX = 4096  # packets that wait for a gap; beyond it the earliest are kept


@dataclass
class Counts:
    """What happened on the way, in packets; `messages` that were given on."""

    packets: int = 0
    broken: int = 0  # bytes that are no packet: passed over, as if they were lost
    duplicates: int = 0
    early: int = 0
    messages: int = 0
    repairs: int = 0  # answers that closed a gap
    snapshots: int = 0


@dataclass
class InOrder:
    """The messages of one session, each once, in ascending order from `next_sequence` on.

    Before `start_at` (`next_sequence` 0) all wait.
    `missing`: how many messages are known to lack before what waits, or what a heartbeat told.
    """

    session: str = ""
    next_sequence: int = 0
    ended: bool = False
    counts: Counts = field(default_factory=Counts)
    _pending: dict[int, Packet] = field(default_factory=dict)
    _told: int = 1  # the highest sequence that anything has told to come next

    def offer(self, packet: Packet) -> list[bytes]:
        """The messages that may be given on now."""
        self.counts.packets += 1
        self.ended = self.ended or packet.count == END_OF_SESSION
        self._told = max(self._told, packet.sequence + len(packet.messages))
        if not packet.messages:
            return []
        if packet.sequence > self.next_sequence:
            self._wait(packet)
            return []
        return self._take(packet) + self._waited()

    def start_at(self, sequence: int) -> list[bytes]:
        """Behind a snapshot: what came while it was made and is not in it."""
        self.next_sequence = sequence
        return self._waited()

    @property
    def missing(self) -> int:
        """Messages between `next_sequence` and the first that waits, or that was told of."""
        first = min(self._pending, default=self._told)
        return max(0, min(first, self._told) - self.next_sequence)

    @property
    def is_whole(self) -> bool:
        """Has everything come that anything has told of?"""
        return self.next_sequence >= self._told

    def _wait(self, packet: Packet) -> None:
        self.counts.early += 1
        known = self._pending.get(packet.sequence)
        if known is None or len(known.messages) < len(packet.messages):
            self._pending[packet.sequence] = packet
        if len(self._pending) > PENDING_MAX:
            del self._pending[max(self._pending)]

    def _take(self, packet: Packet) -> list[bytes]:
        messages = packet.messages[self.next_sequence - packet.sequence :]
        if not messages:
            self.counts.duplicates += 1
        self.next_sequence += len(messages)
        self.counts.messages += len(messages)
        return messages

    def _waited(self) -> list[bytes]:
        """What waited and has its turn now."""
        found: list[bytes] = []
        while self._pending:
            packet = self._pending.pop(self.next_sequence, None)
            if packet is None:  # none begins just there, but one may overlap
                if (sequence := min(self._pending)) > self.next_sequence:
                    break
                packet = self._pending.pop(sequence)
            found += self._take(packet)
        return found
