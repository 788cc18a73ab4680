"""A day that one process writes: journal, event stream and gate together, under one lock.

    day = Day.create("days/20240105", trading_day=20240105, first_sequence=1)   # or
    day = Day.open("days/20240105")          # after a stop: day.place says where the journal ends
    day = Day.in_memory()                    # the same without files
    ... write into day.journal and day.events (`segments.SegmentWriter`), publish day.gate ...
    day.close()

After `Day.open` the journal is replayed from `day.place.first_sequence` (`JournalReader(directory,
committed_only=False)`) and `day.events` written again from its start; then `day.events.trim()`.
"""

import os
from pathlib import Path
from types import TracebackType

from twinex.venue.journal.errors import DayExists, named
from twinex.venue.journal.files import DayLock, make_directory
from twinex.venue.journal.gate import GATE_NAME, Gate
from twinex.venue.journal.layout import (
    DEFAULT_SEGMENT_BYTES,
    EVENTS,
    JOURNAL,
    segment_name,
    segment_numbers,
)
from twinex.venue.journal.recovery import Mark, Place, open_day
from twinex.venue.journal.segments import MemorySegments, SegmentWriter

Writer = SegmentWriter | MemorySegments


class Day:
    """`journal`, `events`, `gate`; `place` is where the journal ended when it was opened."""

    def __init__(
        self, lock: DayLock | None, journal: Writer, events: Writer, gate: Gate, place: Place
    ) -> None:
        self._lock = lock
        self.journal, self.events, self.gate, self.place = journal, events, gate, place
        self.cut_file: Path | None = None

    @classmethod
    def create(
        cls,
        directory: Path | str,
        *,
        trading_day: int,
        first_sequence: int = 1,
        chain: int = 0,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        durable: bool = True,
    ) -> "Day":
        """Begin a day; `chain` is that of the day before. The directory may be there, but empty.

        Raises DayExists, DayBusy, DiskFull, DirectoryVanished. `durable=False` where no commit
        waits for this disk (durability `memory`, `replica`).
        """
        make_directory(Path(directory), durable)
        lock = DayLock(directory)
        try:
            if segment_numbers(lock.directory, JOURNAL):
                raise DayExists(directory)
            common = {"trading_day": trading_day, "first_sequence": first_sequence}
            events = SegmentWriter.rewrite(lock, EVENTS, segment_bytes=segment_bytes, **common)
            gate = Gate.create(lock, first_sequence)
            journal = SegmentWriter.create(
                lock, JOURNAL, chain=chain, segment_bytes=segment_bytes, durable=durable, **common
            )
        except BaseException:
            lock.release()
            raise
        return cls(lock, journal, events, gate, _start(journal))

    @classmethod
    def open(
        cls, directory: Path | str, *, durable: bool = True, mark: Mark | None = None
    ) -> "Day":
        """Go on with a day. Raises DayBusy, NotAJournal, GateBroken, CorruptJournal, DiskFull.

        With a `mark` the event stream goes on behind it, and only what follows is to be replayed;
        raises MarkMismatch where the day's streams do not hold the mark.
        """
        opened = open_day(directory, mark)
        lock, place = opened.lock, opened.place
        try:
            journal = SegmentWriter(
                lock, place.head, place.position, durable, usual_bytes=place.segment_bytes
            )
            events = _events_behind(lock, place, mark)
            if durable:
                _synchronise_earlier(lock, JOURNAL, place.head.number)
            if not (lock.directory / GATE_NAME).exists():
                Gate.create(lock, place.first_sequence)
            day = cls(lock, journal, events, Gate.open(directory, writable=True), place)
        except BaseException:
            lock.release()
            raise
        day.cut_file = opened.cut_file
        return day

    @classmethod
    def in_memory(
        cls,
        *,
        trading_day: int = 0,
        first_sequence: int = 1,
        chain: int = 0,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        keep: bool = True,
    ) -> "Day":
        """A day without files; `keep=False` forgets segments that were left."""
        common = {"trading_day": trading_day, "first_sequence": first_sequence}
        size = {"segment_bytes": segment_bytes}
        journal = MemorySegments(JOURNAL, chain=chain, keep=keep, **common, **size)
        events = MemorySegments(EVENTS, keep=keep, **common, **size)
        return cls(None, journal, events, Gate.in_memory(first_sequence), _start(journal))

    def synchronise(self) -> None:
        """All of both streams is on disk when this returns. Raises as `SegmentWriter.sync`."""
        for writer in (self.journal, self.events):
            if self._lock:
                _synchronise_earlier(self._lock, writer.head.kind, writer.head.number)
            writer.sync()

    def close(self) -> None:
        """Synchronise what is durable and give the lock back."""
        try:
            self.journal.close()
            self.events.close()
        finally:
            if self._lock:
                self._lock.release()

    def __enter__(self) -> "Day":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _events_behind(lock: DayLock, place: Place, mark: Mark | None) -> SegmentWriter:
    """The event stream to be written again: behind the mark, or from its start."""
    if mark is not None:
        return SegmentWriter.resume(lock, mark.event_bytes, mark.sequence)
    return SegmentWriter.rewrite(
        lock,
        EVENTS,
        trading_day=place.head.trading_day,
        first_sequence=place.first_sequence,
        segment_bytes=place.segment_bytes,
    )


def _synchronise_earlier(lock: DayLock, kind: str, last: int) -> None:
    """Segments before `last`, which a series that is not durable left to the system."""
    for number in segment_numbers(lock.directory, kind):
        if number < last:
            path = lock.directory / segment_name(kind, number)
            try:
                with open(path, "rb") as file:
                    os.fsync(file.fileno())
            except OSError as cause:
                raise named(cause, path) from cause
    lock.sync_directory()


def _start(journal: Writer) -> Place:
    first = journal.head.first_sequence
    head = journal.head
    return Place(head, head.segment_bytes, journal.position, first, first, 0, head.chain, 1, 0)
