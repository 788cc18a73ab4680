"""Opening a day after a stop: every record is checked, a torn tail is cut, rot is refused.

The rules are those of `spec/journal.md`, Reading, cutting, refusing. `verify` only looks.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from twinex.venue.journal import scan
from twinex.venue.journal.checksum import TABLE
from twinex.venue.journal.errors import CorruptJournal, MarkMismatch, NotAJournal, named
from twinex.venue.journal.files import (
    NEW_SUFFIX,
    DayLock,
    Mapping,
    read_only,
    words_of,
    write_whole,
)
from twinex.venue.journal.gate import GATE_NAME, Gate
from twinex.venue.journal.layout import (
    HEAD_BYTES,
    JOURNAL,
    HeadError,
    SegmentHead,
    segment_name,
    segment_numbers,
    unpack_head,
)


class Mark(NamedTuple):
    """A record of the journal, and what both streams hold up to it: where a state image stands.

    `chain` is the int64 with the bits of the spec's uint64; bytes are of the day's messages.
    """

    sequence: int
    time_ns: int
    chain: int
    term: int
    journal_bytes: int
    event_bytes: int


@dataclass(frozen=True)
class Place:
    """Where a journal ends: the next record goes to `position` of segment `head.number`.

    `segment_bytes`: of the first segment, the day's usual size.
    """

    head: SegmentHead
    segment_bytes: int
    position: int
    first_sequence: int
    next_sequence: int
    last_time_ns: int
    chain: int
    term: int
    records: int

    @property
    def stream_offset(self) -> int:
        return self.head.stream_offset + self.position - HEAD_BYTES


@dataclass(frozen=True)
class Report:
    """What `verify` found. `place` is the end of the whole records, whatever follows.

    `torn`: bytes follow that `open_day` would cut. `error`: why it would refuse the day instead.
    """

    place: Place
    torn: str
    error: CorruptJournal | None

    @property
    def is_whole(self) -> bool:
        return not self.torn and self.error is None


@dataclass(frozen=True)
class OpenedDay:
    """A day that can be written: the lock is held by the caller now.

    `cut_file`: where the bytes of a torn tail were kept, None if there was none.
    """

    lock: DayLock
    place: Place
    cut_file: Path | None


class _Walk:
    """One pass over all segments of a journal, up to the first thing that is not whole.

    With a `mark` it begins at the segment of the record behind it; `mark_error` says why the mark
    is not in the journal.
    """

    def __init__(self, directory: Path, mark: Mark | None = None) -> None:
        self.directory, self.mark = directory, mark
        self.numbers = segment_numbers(directory, JOURNAL)
        self.state = np.zeros(scan.STATE_SLOTS, dtype=np.int64)
        self.state[scan.TERM] = 1
        self.head = self._first_head()
        self.first_sequence = self.head.first_sequence
        self.segment_bytes = self.head.segment_bytes
        self.state[scan.SEQUENCE] = self.head.first_sequence
        self.state[scan.CHAIN] = self.head.chain
        self.failure = ""
        self.failed_at = (0, 0)  # segment, byte
        self.certain = False  # rot, whatever follows
        self.start = 0 if mark is None else self._segment_before(mark.sequence + 1)
        self.mark_error = "" if mark is None else f"the journal ends before {mark.sequence}"
        self._run()

    def _segment_before(self, sequence: int) -> int:
        """The last segment that begins at or before `sequence`; 0 where any head is not whole."""
        if self.numbers != list(range(len(self.numbers))) or sequence < self.first_sequence:
            return 0
        heads = [self.head, *map(self._head_of, self.numbers[1:])]
        if None in heads:
            return 0
        head = [each for each in heads if each and each.first_sequence <= sequence][-1]
        self.state[scan.SEQUENCE], self.state[scan.CHAIN] = head.first_sequence, head.chain
        self.state[scan.COUNT] = head.first_sequence - self.first_sequence
        return head.number

    def _head_of(self, number: int) -> SegmentHead | None:
        octets = read_only(self.path(number))
        try:
            return None if octets is None else unpack_head(octets, JOURNAL, number)
        except HeadError:
            return None

    def _first_head(self) -> SegmentHead:
        name = self.path(0)
        octets = read_only(name)
        if octets is None and self.numbers:
            raise CorruptJournal(name, 0, 0, "the first segment is missing")
        if octets is None:
            raise NotAJournal(self.directory, f"there is no {name.name} in it")
        try:
            return unpack_head(octets, JOURNAL, 0)
        except HeadError as reason:
            raise NotAJournal(name, str(reason)) from None

    def path(self, number: int) -> Path:
        return self.directory / segment_name(JOURNAL, number)

    def place(self) -> Place:
        state = self.state.tolist()
        return Place(
            self.head,
            self.segment_bytes,
            state[scan.POSITION],
            self.first_sequence,
            state[scan.SEQUENCE],
            state[scan.TIME],
            state[scan.CHAIN],
            state[scan.TERM],
            state[scan.COUNT],
        )

    def _fail(self, number: int, offset: int, reason: str, certain: bool = False) -> bool:
        self.failure, self.failed_at, self.certain = reason, (number, offset), certain
        return False

    def _run(self) -> None:
        for number in range(self.start, self.numbers[-1] + 1):
            if not self._segment(number):
                return

    def _segment(self, number: int) -> bool:
        octets = read_only(self.path(number))
        if octets is None:
            return self._fail(number, 0, "the segment is missing", certain=True)
        try:
            head = unpack_head(octets, JOURNAL, number)
        except HeadError as reason:
            return self._fail(number, 0, str(reason))
        if not self._follows(head):
            return self._fail(number, 0, "it does not begin where the segment before ends")
        self.head = head
        self.state[scan.POSITION] = HEAD_BYTES
        return self._records(number, octets)

    def _follows(self, head: SegmentHead) -> bool:
        if head.number == self.start:
            return True
        due = self.head._replace(
            number=head.number,
            segment_bytes=head.segment_bytes,
            first_sequence=int(self.state[scan.SEQUENCE]),
            chain=int(self.state[scan.CHAIN]),
            stream_offset=self.place().stream_offset,
        )
        return head == due

    def _records(self, number: int, octets: np.ndarray) -> bool:
        outcome = self._scan(octets, self.mark.sequence + 1 if self.mark else 0)
        if outcome == scan.FULL:
            self._hold_mark()
            outcome = self._scan(octets, 0)
        position = int(self.state[scan.POSITION])
        if outcome >= scan.FAILED:
            certain = outcome not in scan.TEARING
            return self._fail(number, position, scan.REASONS[outcome], certain)
        if scan.used_end(octets, position) > position:
            return self._fail(number, position, "bytes that are no record follow")
        if len(octets) > self.head.segment_bytes:
            return self._fail(number, position, "the file is longer than its head says", True)
        if len(octets) < self.head.segment_bytes:
            return self._fail(number, position, "the file is shorter than its head says")
        return True

    def _scan(self, octets: np.ndarray, stop_sequence: int) -> int:
        """Walk the segment's records; FULL in front of `stop_sequence`, once."""
        words, nowhere = words_of(octets), np.zeros(0, dtype=np.int64)
        end, state = len(words) * 8, self.state
        return int(scan.scan_records(words, end, stop_sequence, state, nowhere, TABLE))

    def _hold_mark(self) -> None:
        """Is the record before this place the mark's?"""
        mark, self.mark = self.mark, None
        assert mark is not None
        self.mark_error = ""
        offset = self.place().stream_offset
        if mark.chain != self.state[scan.CHAIN]:
            self.mark_error = f"record {mark.sequence} of the journal has another chain"
        elif mark.journal_bytes != offset:
            self.mark_error = f"the journal has {offset} bytes before {mark.sequence + 1}"
        self.state[scan.TIME] = max(self.state[scan.TIME], mark.time_ns)
        self.state[scan.TERM] = max(self.state[scan.TERM], mark.term)

    def later_record(self) -> tuple[int, int] | None:
        """Segment and byte of a whole record behind the failure, None if there is none."""
        number, offset = self.failed_at
        sequence = int(self.state[scan.SEQUENCE])
        if offset:
            found = self._find(number, offset, sequence + 1)
            if found is None:
                found = self._find(number, offset + 8, sequence)
            if found is not None:
                return found
            number += 1
        for later in self.numbers:
            if later >= number:
                found = self._find(later, HEAD_BYTES, sequence)
                if found is not None:
                    return found
        return None

    def _find(self, number: int, start: int, sequence: int) -> tuple[int, int] | None:
        octets = read_only(self.path(number))
        if octets is None or len(octets) <= start:
            return None
        place = scan.find_record(words_of(octets), start, sequence, TABLE)
        return None if place < 0 else (number, place)


def verify(directory: Path | str) -> Report:
    """Check every record of a day without changing anything.

    Raises NotAJournal where there is no day at all, GateBroken for a foreign gate file.
    """
    return _judge(_Walk(Path(directory)), _committed(Path(directory)))


def open_day(directory: Path | str, mark: Mark | None = None) -> OpenedDay:
    """Lock a day for writing, check it, and cut a torn tail.

    With a `mark` the records of the segments before it are not read again, but the mark is held
    against the journal. Raises DayBusy, NotAJournal, GateBroken, MarkMismatch, and CorruptJournal
    with nothing changed.
    """
    lock = DayLock(directory)
    try:
        walk = _Walk(lock.directory, mark)
        if walk.mark_error:
            raise MarkMismatch(lock.directory, walk.mark_error)
        report = _judge(walk, _committed(lock.directory))
        if report.error:
            raise report.error
        cut_file = _cut(lock, walk, report.place) if report.torn else None
        for path in lock.directory.glob(f"*{NEW_SUFFIX}"):
            path.unlink()
        return OpenedDay(lock, report.place, cut_file)
    except BaseException:
        lock.release()
        raise


def _committed(directory: Path) -> int | None:
    """The gate's committed sequence, None where there is no gate."""
    if not (directory / GATE_NAME).exists():
        return None
    return Gate.open(directory).committed_sequence()


def _judge(walk: _Walk, gate: int | None) -> Report:
    """Torn or corrupt: spec/journal.md, Reading, cutting, refusing."""
    place = walk.place()
    committed = gate or 0
    if not walk.failure and place.next_sequence > committed:
        return Report(place, "", None)
    number, offset = walk.failed_at if walk.failure else (place.head.number, place.position)
    reason = walk.failure or "the journal ends here"
    if walk.failure and not walk.certain:
        # Pages of a batch that was not synchronised reach the disk in any order: behind the gate a
        # whole record may stand beyond a hole. Without a gate it proves that the hole was whole.
        later = walk.later_record() if gate is None or place.next_sequence <= gate else None
        if later is None and place.next_sequence > committed:
            return Report(place, f"{walk.path(number)}, byte {offset}: {reason}", None)
        if later is not None:
            reason += f"; a whole record follows in {walk.path(later[0]).name} at byte {later[1]}"
    if place.next_sequence <= committed:
        reason += f"; the gate says that sequence {committed} was committed"
    error = CorruptJournal(walk.path(number), offset, place.next_sequence, reason)
    return Report(place, "", error)


def _cut(lock: DayLock, walk: _Walk, place: Place) -> Path | None:
    """Keep what follows `place` in a file of its own, then clear it. Safe to be interrupted.

    Returns that file, None where only zeros were missing or in the way.
    """
    later = [number for number in walk.numbers if number > place.head.number]
    tail = _tail(walk.path(place.head.number), place.position)
    tail += b"".join(_tail(walk.path(number), 0) for number in later)
    cut_file = _free_name(lock.directory, place.next_sequence) if tail else None
    if cut_file:
        write_whole(cut_file, tail)
        lock.sync_directory()
    try:
        for number in reversed(later):
            walk.path(number).unlink()
    except OSError as cause:
        raise named(cause, lock.directory) from cause
    lock.sync_directory()
    _clear(walk.path(place.head.number), place)
    return cut_file


def _tail(path: Path, start: int) -> bytes:
    """The bytes of a file from `start` on, without the zeros at its end."""
    octets = read_only(path)
    if octets is None or len(octets) <= start:
        return b""
    return octets[start : scan.used_end(octets, start)].tobytes()


def _free_name(directory: Path, sequence: int) -> Path:
    """`journal-cut-SEQUENCE.bin`; with a number behind it where an earlier cut has that name."""
    path, copy = directory / f"journal-cut-{sequence}.bin", 1
    while path.exists():
        copy += 1
        path = directory / f"journal-cut-{sequence}-{copy}.bin"
    return path


def _clear(path: Path, place: Place) -> None:
    """Zeros behind `place` up to the segment's full size, on disk when this returns."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, min(os.fstat(fd).st_size, place.head.segment_bytes))
            os.posix_fallocate(fd, 0, place.head.segment_bytes)
        finally:
            os.close(fd)
    except OSError as cause:
        raise named(cause, path, place.head.segment_bytes) from cause
    mapping = Mapping(path)
    mapping.octets[place.position :] = 0
    mapping.sync(len(mapping.octets))
