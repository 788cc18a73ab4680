"""Reading a day from any process: records of the journal and events, from any sequence on, live.

    reader = JournalReader("days/20240105", from_sequence=1000)
    while block := reader.poll():            # whole records up to the gate, for compiled replay
        replay(block.octets, block.start, block.end)
    for record in reader: ...                # or one by one; ends where the gate stands

A reader that has reached the gate goes on with the next `poll`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from twinex.venue.journal import scan
from twinex.venue.journal.checksum import TABLE
from twinex.venue.journal.errors import CorruptJournal, NotAJournal, SequenceMissing
from twinex.venue.journal.files import read_only, words_of
from twinex.venue.journal.gate import Gate
from twinex.venue.journal.layout import (
    EVENTS,
    HEAD_BYTES,
    JOURNAL,
    SPARE_BYTES,
    HeadError,
    SegmentHead,
    segment_name,
    segment_numbers,
    unpack_head,
)
from twinex.venue.journal.segments import MemorySegments
from twinex.venue.wire.messages import Message, decode
from twinex.venue.wire.schema import HEADER_BYTES, RECORD_HEADER_BYTES, TEMPLATES

_BLOCK_MESSAGES = 1 << 16
_UNKNOWN = -2
_EVERYTHING = 1 << 62
_WITH_GROUP = frozenset(one.id for one in TEMPLATES.values() if one.group is not None)
_EVENT_KEY = struct.Struct("<qqi")  # sequence, time_ns, index
assert [scan.offset_in_event(name) for name in ("sequence", "time_ns", "index")] == [8, 16, 24]


class Source(Protocol):
    """Where the segments of one kind lie."""

    kind: str

    def numbers(self) -> list[int]: ...
    def octets(self, number: int) -> np.ndarray | None: ...
    def name(self, number: int) -> Path: ...


class FileSource:
    """Segments in a day's directory."""

    def __init__(self, directory: Path | str, kind: str) -> None:
        self.directory, self.kind = Path(directory), kind

    def numbers(self) -> list[int]:
        return segment_numbers(self.directory, self.kind)

    def octets(self, number: int) -> np.ndarray | None:
        return read_only(self.name(number))

    def name(self, number: int) -> Path:
        return self.directory / segment_name(self.kind, number)


class MemorySource:
    """Segments of a `MemorySegments` that keeps them."""

    def __init__(self, segments: MemorySegments) -> None:
        self.segments, self.kind = segments, segments.head.kind

    def numbers(self) -> list[int]:
        return sorted(self.segments.kept)

    def octets(self, number: int) -> np.ndarray | None:
        return self.segments.kept.get(number)

    def name(self, number: int) -> Path:
        return Path(segment_name(self.kind, number))


class Block(NamedTuple):
    """Whole messages one after another: bytes `start` to `end` of `octets` (uint8).

    Behind `end`, `octets` has room for a union view of the last message. `places` (int64) are the
    positions of the messages; it is valid until the next `poll`.
    """

    octets: np.ndarray
    start: int
    end: int
    places: np.ndarray

    def content(self) -> bytes:
        """A copy of the messages' bytes."""
        return self.octets[self.start : self.end].tobytes()


@dataclass(frozen=True)
class Record:
    """One record of the journal. `body` is its message, SBE header first, without padding.

    A member's message whose block is shorter than its header says is given as long as it is; one
    with a repeating group up to the end of the record.
    """

    sequence: int
    time_ns: int
    term: int
    seat: int
    chain: int
    body: bytes

    @cached_property
    def message(self) -> Message:
        """The decoded message. Raises MessageError where a member sent something else."""
        return decode(self.body)


@dataclass(frozen=True)
class Event:
    """One event. `body` is its message, SBE header first."""

    sequence: int
    time_ns: int
    index: int
    body: bytes

    @cached_property
    def message(self) -> Message:
        """The decoded message. Raises MessageError for a template this schema does not have."""
        return decode(self.body)


class _Reader:
    """What readers of both kinds share: walking from segment to segment, up to an offset."""

    def __init__(self, source: Source, gate: Gate | None, from_sequence: int | None) -> None:
        self._source, self._gate = source, gate
        self._wanted = from_sequence or 0
        self._state = np.zeros(scan.STATE_SLOTS, dtype=np.int64)
        self._places = np.zeros(_BLOCK_MESSAGES, dtype=np.int64)
        self._none = np.zeros(0, dtype=np.int64)
        self._settle(self._first_segment(from_sequence))

    def _settle(self, number: int) -> None:
        """Stand at the first message of a segment, whatever came before."""
        octets, head = self._load(number)
        self._state[:] = 0
        self._state[scan.SEQUENCE] = head.first_sequence
        self._state[scan.CHAIN] = head.chain
        self._state[scan.TERM] = 1
        self._state[scan.INDEX] = _UNKNOWN
        self._enter(octets, head)

    def _enter(self, octets: np.ndarray, head: SegmentHead) -> None:
        self._octets, self._words, self._head = octets, words_of(octets), head
        self._state[scan.POSITION] = HEAD_BYTES

    def _load(self, number: int) -> tuple[np.ndarray, SegmentHead]:
        name = self._source.name(number)
        octets = self._source.octets(number)
        if octets is None:
            raise CorruptJournal(name, 0, self._sequence(), "the segment is missing")
        try:
            head = unpack_head(octets, self._source.kind, number)
        except HeadError as reason:
            if number == 0:
                raise NotAJournal(name, str(reason)) from None
            raise CorruptJournal(name, 0, self._sequence(), str(reason)) from None
        if len(octets) != head.segment_bytes:
            reason_ = f"the file has {len(octets)} bytes, its head says {head.segment_bytes}"
            raise CorruptJournal(name, len(octets), self._sequence(), reason_)
        return octets, head

    def _sequence(self) -> int:
        return int(self._state[scan.SEQUENCE])

    def _first_segment(self, from_sequence: int | None) -> int:
        """The last segment that begins before the wanted sequence."""
        numbers = self._source.numbers()
        if 0 not in numbers:
            raise NotAJournal(self._source.name(0), "there is no first segment")
        first = self._load(0)[1].first_sequence
        if from_sequence is None or from_sequence == first:
            return 0
        if from_sequence < first:
            raise SequenceMissing(from_sequence, first)
        low, high = 0, len(numbers) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._load(middle)[1].first_sequence < from_sequence:
                low = middle
            else:
                high = middle - 1
        return low

    def _stream_offset(self) -> int:
        return self._head.stream_offset + int(self._state[scan.POSITION]) - HEAD_BYTES

    def _available(self) -> int:
        raise NotImplementedError

    def _walk(self, end: int, stop_sequence: int, places: np.ndarray) -> int:
        raise NotImplementedError

    def poll(self) -> Block | None:
        """The next whole messages, at most 65,536 of one segment; None: no more for now.

        Raises CorruptJournal where committed bytes fail their checks.
        """
        while True:
            left = self._available() - self._stream_offset()
            if left <= 0:
                return None
            start = int(self._state[scan.POSITION])
            end = min(len(self._words) * 8, start + left)
            skipping = self._wanted != 0
            outcome = self._walk(
                end, self._wanted if skipping else 0, self._none if skipping else self._places
            )
            if skipping and outcome == scan.FULL:
                self._wanted = 0
                continue
            if outcome >= scan.FAILED and self._gate is not None:
                raise self._corrupt(scan.REASONS[outcome])
            stop = int(self._state[scan.POSITION])
            if stop > start and not skipping:
                return self._block(start, stop)
            if outcome >= scan.FAILED or not self._step(left - (stop - start)):
                return None

    def _block(self, start: int, stop: int) -> Block:
        octets = self._octets
        if stop > len(octets) - SPARE_BYTES:
            octets = np.concatenate([octets, np.zeros(SPARE_BYTES, dtype=np.uint8)])
        count = int(self._state[scan.COUNT])
        self._state[scan.COUNT] = 0
        return Block(octets, start, stop, self._places[:count])

    def _step(self, left: int) -> bool:
        """Go to the next segment if more is due; False where there is nothing more for now."""
        if left == 0:
            return True
        number = self._head.number + 1
        if self._gate is None and self._source.octets(number) is None:
            return False
        octets, head = self._load(number)
        wrong = self._misfit(head)
        if wrong and self._gate is None:
            return False  # the writer filled this segment and left it since we looked: walk on here
        if wrong:
            raise CorruptJournal(self._source.name(number), 24, self._sequence(), wrong)
        self._enter(octets, head)
        return True

    def _misfit(self, head: SegmentHead) -> str:
        """Why a segment does not go on where this one ends; empty if it does."""
        if head.stream_offset == self._stream_offset():
            return ""
        return f"its stream offset is {head.stream_offset}, due is {self._stream_offset()}"

    def _corrupt(self, reason: str) -> CorruptJournal:
        place = int(self._state[scan.POSITION])
        return CorruptJournal(self._source.name(self._head.number), place, self._sequence(), reason)


class JournalReader(_Reader):
    """Reads the records of a day, checking every one.

    With `committed_only=False` it reads past the gate (or without one), up to the first record that
    is not whole yet. Raises NotAJournal, GateBroken, SequenceMissing, CorruptJournal.
    """

    def __init__(
        self,
        day: Path | str | MemorySegments,
        from_sequence: int | None = None,
        *,
        committed_only: bool = True,
        gate: Gate | None = None,
    ) -> None:
        source = _source_of(day, JOURNAL)
        if committed_only and gate is None:
            gate = _gate_of(day)
        super().__init__(source, gate if committed_only else None, from_sequence)

    def _available(self) -> int:
        return self._gate.read().journal_offset if self._gate else _EVERYTHING

    def _walk(self, end: int, stop_sequence: int, places: np.ndarray) -> int:
        self._state[scan.COUNT] = 0
        return scan.scan_records(self._words, end, stop_sequence, self._state, places, TABLE)

    def _misfit(self, head: SegmentHead) -> str:
        if (head.first_sequence, head.chain) != (self._sequence(), self._state[scan.CHAIN]):
            return "it does not begin where the segment before ends"
        return super()._misfit(head)

    def __iter__(self) -> Iterator[Record]:
        """Records one by one, up to where the gate stands now."""
        while block := self.poll():
            for place in block.places.tolist():
                yield record_at(block.octets, place)


class EventReader(_Reader):
    """Reads the released events of a day, in order.

    Raises NotAJournal, GateBroken, SequenceMissing, CorruptJournal.
    """

    def __init__(
        self,
        day: Path | str | MemorySegments,
        from_sequence: int | None = None,
        *,
        gate: Gate | None = None,
    ) -> None:
        super().__init__(_source_of(day, EVENTS), gate or _gate_of(day), from_sequence)

    def _available(self) -> int:
        assert self._gate is not None
        return self._gate.read().event_offset

    def _walk(self, end: int, stop_sequence: int, places: np.ndarray) -> int:
        if self._state[scan.INDEX] == _UNKNOWN:  # a command's events may span two segments
            first = int(self._words[HEAD_BYTES // 8 + scan.EVENT_INDEX]) & 0xFFFFFFFF
            self._state[scan.INDEX] = first - 1
        self._state[scan.COUNT] = 0
        return scan.scan_events(self._words, end, stop_sequence, self._state, places)

    def __iter__(self) -> Iterator[Event]:
        """Events one by one, up to where the gate stands now."""
        while block := self.poll():
            for place in block.places.tolist():
                yield event_at(block.octets, place)


def record_at(octets: np.ndarray, place: int) -> Record:
    """The whole record at byte `place` of `octets`."""
    sequence, time_ns, both, chain = octets[place + 8 : place + 40].view(np.int64).tolist()
    body = place + RECORD_HEADER_BYTES
    end = place + int(octets[place : place + 4].view(np.uint32)[0])
    if int(octets[body + 2]) + (int(octets[body + 3]) << 8) not in _WITH_GROUP:
        end = min(end, body + HEADER_BYTES + int(octets[body]) + (int(octets[body + 1]) << 8))
    return Record(
        sequence,
        time_ns,
        both & 0xFFFFFFFF,
        both >> 32,
        chain,
        octets[body:end].tobytes(),
    )


def event_at(octets: np.ndarray, place: int) -> Event:
    """The whole event at byte `place` of `octets`."""
    length = HEADER_BYTES + int(octets[place]) + (int(octets[place + 1]) << 8)
    body = octets[place : place + length].tobytes()
    sequence, time_ns, index = _EVENT_KEY.unpack_from(body, HEADER_BYTES)
    return Event(sequence, time_ns, index, body)


def _source_of(day: Path | str | MemorySegments, kind: str) -> Source:
    if isinstance(day, MemorySegments):
        assert day.head.kind == kind, f"these are segments of {day.head.kind}, not of {kind}"
        return MemorySource(day)
    return FileSource(day, kind)


def _gate_of(day: Path | str | MemorySegments) -> Gate:
    assert not isinstance(day, MemorySegments), "segments in memory have no gate file: pass `gate`"
    return Gate.open(day)
