"""Replay a day from its journal and hold the events against those that were released."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twinex.venue.image.image import Image
from twinex.venue.journal.errors import NotAJournal
from twinex.venue.journal.files import read_only
from twinex.venue.journal.layout import JOURNAL, segment_name, unpack_head
from twinex.venue.journal.reader import Block, Event, EventReader, JournalReader, event_at
from twinex.venue.journal.recovery import Report
from twinex.venue.venue import Venue
from twinex.venue.wire.messages import MessageError
from twinex.venue.wire.schema import (
    FRAME_HEADER_BYTES,
    HEADER_BYTES,
    RECORD,
    RECORD_HEADER_BYTES,
    union_view,
)

Bytes = npt.NDArray[np.uint8]

# A frame's header fits where the chain stands.
_FRAME_START = RECORD_HEADER_BYTES - FRAME_HEADER_BYTES


def replay_differs(directory: Path, report: Report) -> str:
    """Replay everything committed in a new venue, in memory.

    Returns the first difference between its events and the day's event stream in words, or "".
    """
    now = [0]
    first = report.place.first_sequence
    venue = Venue(clock=lambda: now[0], keep=False, first_sequence=first)
    released = _Released(directory)
    with venue:
        for time_ns, frames in _batches(directory):
            now[0] = time_ns
            found = released.differs(venue.submit(frames))
            if found:
                return found
    return released.rest()


def states_at(directory: Path, sequences: Iterable[int]) -> Iterator[Image]:
    """The states behind these sequences, of a new core that lives through the journal in memory.

    Sequences that the journal does not hold are passed over.
    """
    due, now = set(sequences), [0]
    head = unpack_head(_first_segment(directory), JOURNAL, 0)
    venue = Venue(
        clock=lambda: now[0],
        keep=False,
        first_sequence=head.first_sequence,
        chain=head.chain,
    )
    with venue:
        for time_ns, frames in _batches(directory, due):
            now[0] = time_ns
            venue.submit(frames)
            if venue.sequence in due:
                yield venue.image()


def _first_segment(directory: Path) -> Bytes:
    octets = read_only(directory / segment_name(JOURNAL, 0))
    if octets is None:
        raise NotAJournal(directory, f"there is no {segment_name(JOURNAL, 0)} in it")
    return octets


def _batches(directory: Path, behind: Iterable[int] = ()) -> Iterator[tuple[int, Bytes]]:
    """The committed commands as frames, with the clock that gives them the journal's times.

    A batch ends behind each sequence of `behind`.
    """
    reader, stops = JournalReader(directory), np.array(sorted(behind), np.int64)
    while block := reader.poll():
        times, frames, offsets = _frames(block)
        sequences = union_view(block.octets, RECORD)["sequence"][block.places >> 3]
        begins = (np.diff(times, prepend=times[0] - 2) != 1) | np.isin(sequences - 1, stops)
        starts = np.flatnonzero(begins)
        for first, end in zip(starts, [*starts[1:], len(times)], strict=True):
            yield int(times[first]), frames[offsets[first] : offsets[end]]


def _frames(block: Block) -> tuple[npt.NDArray[np.int64], Bytes, npt.NDArray[np.int64]]:
    """Times, framed commands, and where each frame begins, of a block of records."""
    places = block.places
    rows = union_view(block.octets, RECORD)[places >> 3]
    sizes = rows["length"].astype(np.int64) - _FRAME_START
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    source = np.repeat(places + _FRAME_START - offsets[:-1], sizes) + np.arange(offsets[-1])
    frames = block.octets[source]
    heads = frames.view(np.int32)
    heads[offsets[:-1] >> 2] = sizes - FRAME_HEADER_BYTES
    heads[(offsets[:-1] >> 2) + 1] = rows["seat"]
    return rows["time_ns"].astype(np.int64), frames, offsets


class _Released:
    """The day's released events, compared piece by piece with replayed ones."""

    def __init__(self, directory: Path) -> None:
        self._reader = EventReader(directory)
        self._left: Bytes = np.zeros(0, dtype=np.uint8)
        self._compared = 0

    def differs(self, ours: Bytes) -> str:
        """The first difference in words, or ""."""
        while len(ours):
            if len(self._left) == 0 and not self._more():
                return f"the event stream ends after {self._compared} bytes, the replay goes on"
            size = min(len(ours), len(self._left))
            if not np.array_equal(ours[:size], self._left[:size]):
                return self._words(ours, size)
            self._compared += size
            self._left, ours = self._left[size:], ours[size:]
        return ""

    def _words(self, ours: Bytes, size: int) -> str:
        """Both events at the first byte that differs."""
        first = int(np.argmax(ours[:size] != self._left[:size]))
        place = 0
        while place + _event_bytes(ours, place) <= first:
            place += _event_bytes(ours, place)
        event, theirs = event_at(ours, place), event_at(self._left, place)
        at = f"event byte {self._compared + first}, sequence {event.sequence}, event {event.index}"
        return f"{at}: {_in_words(theirs, event)}"

    def rest(self) -> str:
        """What the stream has beyond the replay, in words, or ""."""
        if len(self._left) == 0 and not self._more():
            return ""
        return f"the event stream goes on after {self._compared} bytes, where the replay ends"

    def _more(self) -> bool:
        block = self._reader.poll()
        if block is None:
            return False
        self._left = block.octets[block.start : block.end]
        return True


def _in_words(released: Event, replayed: Event) -> str:
    """How two events differ: in some fields, in kind, or in bytes that say nothing."""
    try:
        theirs, ours = released.message, replayed.message
    except MessageError as error:
        return f"the released event is none: {error}"
    if theirs.name != ours.name:
        return f"released {theirs.name}, replayed {ours.name}"
    words = [
        f"{key} {theirs.fields[key]}, replayed {value}"
        for key, value in ours.fields.items()
        if theirs.fields[key] != value
    ]
    return f"{ours.name} released with {'; '.join(words) or 'other bytes between its fields'}"


def _event_bytes(events: Bytes, place: int) -> int:
    return HEADER_BYTES + int(events[place]) + (int(events[place + 1]) << 8)
