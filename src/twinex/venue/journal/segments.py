"""Writing a series of segments: preallocated, mapped, written by compiled code in place.

writer = SegmentWriter.create(lock, JOURNAL, trading_day=20240105, first_sequence=1)
position = append(writer.octets, writer.position, writer.limit, ...)   # compiled
writer.position = position
writer.roll(next_sequence, chain)                                      # when it was full
writer.sync()                                                          # when it must be on disk
"""

import os
import threading
from pathlib import Path

import numpy as np

from twinex.venue.journal.errors import DayExists, JournalError, named
from twinex.venue.journal.files import (
    NEW_SUFFIX,
    DayLock,
    Mapping,
    preallocate,
    read_only,
    words_of,
)
from twinex.venue.journal.layout import (
    DEFAULT_SEGMENT_BYTES,
    HEAD_BYTES,
    RECORD_BYTES_MAX,
    SPARE_BYTES,
    SegmentHead,
    check_segment_bytes,
    segment_name,
    segment_numbers,
)
from twinex.venue.journal.places import find_event_place

PAGE_BYTES = 4096  # of memory: what one first write to a fresh place brings


class Segments:
    """Where a writer stands: the part that files and plain memory have in common.

    `octets` (uint8) and `words` (int64) are the memory of the current segment, head included;
    `position` is the byte where the next message goes; a message must end at or before `limit`.
    All four are replaced or set by `roll`.
    """

    octets: np.ndarray
    words: np.ndarray
    head: SegmentHead
    position: int
    limit: int
    _usual_bytes: int  # of a segment; one larger than usual follows only where it must

    def _enter(self, head: SegmentHead, octets: np.ndarray, position: int = HEAD_BYTES) -> None:
        assert len(octets) == head.segment_bytes
        assert HEAD_BYTES <= position <= len(octets)
        assert position % 8 == 0
        self.head, self.octets, self.words = head, octets, words_of(octets)
        self.position = position
        self.limit = len(octets) - SPARE_BYTES

    @property
    def stream_offset(self) -> int:
        """Bytes of messages written so far, over all segments, without heads and unused ends."""
        return self.head.stream_offset + self.position - HEAD_BYTES

    def touch(self) -> None:
        """Have the operating system hand out this segment's memory now, not message by message."""
        self.octets[self.position :: PAGE_BYTES] |= 0

    def _next_head(self, first_sequence: int, chain: int, least: int) -> SegmentHead:
        """The head of the next segment, large enough for a message run of `least` bytes."""
        assert first_sequence >= self.head.first_sequence, "sequences rise"
        assert self.position > HEAD_BYTES or least > self.limit - HEAD_BYTES, "nothing is in it yet"
        if 2 * least > self._usual_bytes:
            # Room asked for is mostly not used: a segment of just that size would soon be the next.
            least += self._usual_bytes
        pages = -(-(HEAD_BYTES + least + SPARE_BYTES) // HEAD_BYTES)
        return self.head._replace(
            number=self.head.number + 1,
            segment_bytes=max(self._usual_bytes, pages * HEAD_BYTES),
            first_sequence=first_sequence,
            chain=chain,
            stream_offset=self.stream_offset,
        )


class SegmentWriter(Segments):
    """A series of segment files of one kind. One thread writes; `sync` may run on another one.

    `durable=False` leaves it to the operating system when bytes reach the disk (event streams,
    durability `memory` and `replica`): then `roll` does not wait for the disk, `sync` still does.
    """

    def __init__(
        self,
        lock: DayLock,
        head: SegmentHead,
        position: int,
        durable: bool,
        usual_bytes: int | None = None,
    ) -> None:
        """Continue in the existing file of `head`; use `create`, `rewrite` or `open_day`."""
        self._lock, self._durable = lock, durable
        self._overwriting = False
        self._failed = False
        self._switching = threading.Lock()
        self._usual_bytes = usual_bytes or head.segment_bytes
        self._mapping = Mapping(self._path(head))
        self._enter(head, self._mapping.octets, position)

    @classmethod
    def create(
        cls,
        lock: DayLock,
        kind: str,
        *,
        trading_day: int,
        first_sequence: int,
        chain: int = 0,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        durable: bool = True,
    ) -> "SegmentWriter":
        """A new series. Raises DayExists, DiskFull, DirectoryVanished."""
        check_segment_bytes(segment_bytes)
        if segment_numbers(lock.directory, kind):
            raise DayExists(lock.directory)
        head = SegmentHead(kind, 0, segment_bytes, first_sequence, chain, trading_day, 0)
        _make(lock, head, durable)
        return cls(lock, head, HEAD_BYTES, durable)

    @classmethod
    def rewrite(
        cls, lock: DayLock, kind: str, *, trading_day: int, first_sequence: int, segment_bytes: int
    ) -> "SegmentWriter":
        """Write a series again from its start, over what is there; never waits for the disk.

        For the event stream after a restart: the same journal makes the same bytes, so readers in
        other processes see no change. Call `trim` when the journal's end is reached.
        """
        head = SegmentHead(kind, 0, segment_bytes, first_sequence, 0, trading_day, 0)
        _reuse_or_make(lock, head)
        writer = cls(lock, head, HEAD_BYTES, durable=False)
        writer._overwriting = True
        return writer

    @classmethod
    def resume(cls, lock: DayLock, stream_offset: int, sequence: int) -> "SegmentWriter":
        """Write an event series again behind `stream_offset`, where the events of `sequence` end.

        As `rewrite`, but what lies before stays. Raises MarkMismatch where the series does not
        hold it.
        """
        head, usual_bytes = find_event_place(lock.directory, stream_offset, sequence)
        position = HEAD_BYTES + stream_offset - head.stream_offset
        writer = cls(lock, head, position, durable=False, usual_bytes=usual_bytes)
        writer._overwriting = True
        return writer

    def _path(self, head: SegmentHead) -> Path:
        return self._lock.directory / segment_name(head.kind, head.number)

    def segment(self, number: int) -> np.ndarray:
        """The memory of a segment up to the present one (uint8, its head included)."""
        if number == self.head.number:
            return self.octets
        octets = read_only(self._path(self.head._replace(number=number)))
        assert octets is not None, "segments stay where they are until the day is archived"
        return octets

    def prepare(self) -> None:
        """Preallocate the next segment now, so that the next `roll` is quick. Raises DiskFull."""
        head = self.head._replace(number=self.head.number + 1, segment_bytes=self._usual_bytes)
        making = _making(self._path(head))
        if not making.exists() and not self._path(head).exists():
            preallocate(making, head.segment_bytes)

    def roll(self, first_sequence: int, chain: int = 0, least: int = 0) -> None:
        """Go on in the next segment, whose first message has `first_sequence`.

        `chain`: the journal's chain so far (0 for events). `least`: bytes that must fit in the new
        segment, where one command's events are more than a usual segment holds. Raises DiskFull,
        DirectoryVanished; the writer then stands where it stood, and `roll` may be tried again.
        """
        head = self._next_head(first_sequence, chain, least)
        self._forget_unfinished()
        if self._durable:
            self.sync()
        if self._overwriting:
            _clear(self.octets, self.position)
            _reuse_or_make(self._lock, head)
        else:
            _make(self._lock, head, self._durable)
        mapping = Mapping(self._path(head))
        with self._switching:
            self._mapping = mapping
            self._enter(head, mapping.octets)

    def sync(self) -> int:
        """All messages before `position` are on disk when this returns; their stream offset.

        Raises DiskFull, DirectoryVanished or DiskFailed. After a failed one every later one fails:
        the kernel may have dropped the pages, so a later success would prove nothing.
        """
        assert not self._failed, "a synchronisation failed before: restart from the journal on disk"
        with self._switching:
            position, mapping, head = self.position, self._mapping, self.head
        try:
            mapping.check_in_place()
            mapping.sync(position)
        except JournalError:
            self._failed = True
            raise
        return head.stream_offset + position - HEAD_BYTES

    def _forget_unfinished(self) -> None:
        """Clear a message that was begun at `position` and given up: zeros end a segment."""
        _clear(self.octets[: self.position + RECORD_BYTES_MAX], self.position)

    def trim(self) -> None:
        """End a `rewrite`: what the old series held beyond this place is removed."""
        _clear(self.octets, self.position)
        for number in reversed(segment_numbers(self._lock.directory, self.head.kind)):
            if number > self.head.number:
                (self._lock.directory / segment_name(self.head.kind, number)).unlink()
        self._overwriting = False

    def close(self) -> None:
        """Synchronise if durable, unless that has failed before. The lock stays with its owner."""
        if not self._failed and not self._overwriting:
            self._forget_unfinished()
        if self._durable and not self._failed:
            self.sync()
        _making(self._path(self.head._replace(number=self.head.number + 1))).unlink(missing_ok=True)


class MemorySegments(Segments):
    """The same interface in plain memory, without files: for research and tests.

    Segments left behind are kept for readers; with `keep=False` they are forgotten.
    """

    def __init__(
        self,
        kind: str,
        *,
        trading_day: int = 0,
        first_sequence: int = 1,
        chain: int = 0,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        keep: bool = True,
    ) -> None:
        check_segment_bytes(segment_bytes)
        self.kept: dict[int, np.ndarray] = {}
        self._keep, self._usual_bytes = keep, segment_bytes
        self._start(SegmentHead(kind, 0, segment_bytes, first_sequence, chain, trading_day, 0))

    def _start(self, head: SegmentHead) -> None:
        octets = np.zeros(head.segment_bytes, dtype=np.uint8)
        octets[:HEAD_BYTES] = np.frombuffer(head.pack(), dtype=np.uint8)
        if not self._keep:
            self.kept.clear()
        self.kept[head.number] = octets
        self._enter(head, octets)

    def segment(self, number: int) -> np.ndarray:
        """As `SegmentWriter.segment`; with `keep=False` only the present one is there."""
        return self.kept[number]

    def prepare(self) -> None:
        """Nothing to do: memory comes page by page."""

    def roll(self, first_sequence: int, chain: int = 0, least: int = 0) -> None:
        """Go on in a new segment, as `SegmentWriter.roll`."""
        self._start(self._next_head(first_sequence, chain, least))

    def sync(self) -> int:
        """The stream offset; there is no disk to wait for."""
        return self.stream_offset

    def trim(self) -> None:
        """Nothing to do: a series in memory is never written twice."""

    def close(self) -> None:
        """Nothing to do."""


def _making(path: Path) -> Path:
    return path.with_name(path.name + NEW_SUFFIX)


def _make(lock: DayLock, head: SegmentHead, durable: bool) -> None:
    """Make the file of `head`; it gets its name last, so a segment with a torn head never is."""
    path = lock.directory / segment_name(head.kind, head.number)
    making = _making(path)
    if not (making.exists() and making.stat().st_size == head.segment_bytes):
        preallocate(making, head.segment_bytes)
    try:
        fd = os.open(making, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.pwrite(fd, head.pack(), 0)
            if durable:
                os.fsync(fd)
        finally:
            os.close(fd)
        os.rename(making, path)
    except OSError as cause:
        raise named(cause, path, head.segment_bytes) from cause
    if durable:
        lock.sync_directory()


def _reuse_or_make(lock: DayLock, head: SegmentHead) -> None:
    """Make the file of `head` unless it is there with exactly this head and size."""
    path = lock.directory / segment_name(head.kind, head.number)
    try:
        with open(path, "rb") as file:
            same = file.read(HEAD_BYTES) == head.pack()
        if same and path.stat().st_size == head.segment_bytes:
            return
    except FileNotFoundError:
        pass
    except OSError as cause:
        raise named(cause, path) from cause
    _make(lock, head, durable=False)


def _clear(octets: np.ndarray, start: int) -> None:
    """Zeros from `start` on; pages that are zero already are not touched."""
    for page in range(start, len(octets), 1 << 16):
        part = octets[page : page + (1 << 16)]
        if part.any():
            part[:] = 0
