"""The sequencer: makes the records of a journal from messages (spec/journal.md, Sequencer)."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from zlib import crc32

from twinex.mirror.records import HEADER, rolled

_SEALED = struct.Struct("<qqii")  # sequence, time_ns, term, seat: what the crc covers of the header
FORWARD_NS = 1_000_000_000
BACKWARD_NS = 100_000_000


class Sequencer:
    """Gives every command its sequence and its time once, and rolls the chain on.

    `first_sequence` is that of the next record; chain and time_ns are those of the record before.
    """

    __slots__ = ("chain", "sequence", "term", "time_ns")

    def __init__(
        self, first_sequence: int = 1, chain: int = 0, time_ns: int = 0, term: int = 1
    ) -> None:
        self.sequence = first_sequence
        self.chain = chain
        self.time_ns = time_ns
        self.term = term

    def record(self, seat: int, message: bytes, clock_ns: int) -> bytes:
        """The next record: `message` (SBE header first) padded to 8 bytes, from `seat`.

        Its time is max(previous + 1, clock): commands of one reading of the clock rise by 1 ns.
        """
        assert message, "a record holds a message"
        padded = message + bytes(-len(message) % 8)
        self.time_ns = max(self.time_ns + 1, clock_ns)
        sealed = _SEALED.pack(self.sequence, self.time_ns, self.term, seat)
        crc = crc32(sealed, crc32(padded))
        self.chain = rolled(self.chain, crc)
        length = HEADER.size + len(padded)
        head = HEADER.pack(length, crc, self.sequence, self.time_ns, self.term, seat, self.chain)
        self.sequence += 1
        return head + padded


class LeadersClock:
    """The clock of a system that leads, held against a steady one (journal.md, Sequencer).

    Readings are ns since the epoch. A jump makes `suspended` say what happened: scheduled phases
    wait until an operator has called `resume`; commands are sequenced on.
    """

    def __init__(
        self,
        clock: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._clock, self._steady = clock, steady
        self._before = clock(), steady()
        self.suspended = ""

    def read(self, journal_ns: int) -> int:
        """What the clock says; `journal_ns` is the time of the journal's last record."""
        reading, steady = self._clock(), self._steady()
        advanced = (reading - self._before[0]) - (steady - self._before[1])
        self._before = reading, steady
        if advanced > FORWARD_NS:
            self.suspended = f"forward jump of the clock by {advanced} ns"
        elif journal_ns - reading > BACKWARD_NS:
            self.suspended = f"backward jump: {journal_ns - reading} ns before the journal's time"
        return reading

    def resume(self) -> None:
        """The operator's word that the clock is right again."""
        self.suspended = ""
