"""A recorded day: a venue's journal record by record, and the events that were published.

The one place of the umpire that reads a venue's files.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from twinex.umpire.messages import RECORD
from twinex.umpire.system import Start
from twinex.venue.journal.files import read_only
from twinex.venue.journal.gate import Gate
from twinex.venue.journal.layout import JOURNAL, segment_name, unpack_head
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.journal.recovery import verify

_BATCH = 4096
_SEQUENCE = slice(8, 16)  # in a record


class DayUnfit(Exception):  # noqa: N818
    """A day that cannot be replayed as it is; the text says why, and what to do."""


class TornJournal(DayUnfit):
    """The journal's end is torn: a process was killed in the middle of a record."""

    def __init__(self, directory: Path, reason: str) -> None:
        super().__init__(
            f"{directory} has a torn end: {reason}; `twinex restart {directory}` cuts it off"
        )


class DayGoesOn(DayUnfit):
    """The day has no day_end: it is running, or was left."""

    def __init__(self, directory: Path, sequence: int) -> None:
        super().__init__(
            f"{directory} goes on: its last command, {sequence}, is no day_end; replay what is "
            "committed so far with --so-far"
        )


class EmptyDay(DayUnfit):
    """A journal without a record."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"{directory} has no command yet: wait until its market is set up")


class Recorded:
    """A venue's day on disk, checked record by record before anything is read from it."""

    def __init__(self, directory: Path, *, so_far: bool = False) -> None:
        """Raises the errors of `venue.journal`, TornJournal, EmptyDay, and DayGoesOn.

        `so_far`: take a day that goes on up to what is committed now.
        """
        report = verify(directory)
        if report.error is not None:
            raise report.error
        if report.torn:
            raise TornJournal(directory, report.torn)
        gate = Gate.open(directory).read()
        self.directory, self.last_sequence = directory, gate.sequence
        self._event_bytes = gate.event_offset
        octets = read_only(directory / segment_name(JOURNAL, 0))
        assert octets is not None, "a journal that was checked is there"
        head = unpack_head(octets, JOURNAL, 0)
        self.start = Start(head.first_sequence, head.chain)
        if self.commands <= 0:
            raise EmptyDay(directory)
        if not gate.ended and not so_far:
            raise DayGoesOn(directory, gate.sequence)

    @property
    def commands(self) -> int:
        """How many commands are committed."""
        return self.last_sequence - self.start.first_sequence + 1

    def batches(self, stops: Iterable[int] = ()) -> Iterator[list[bytes]]:
        """All records, in batches; one ends behind each sequence of `stops` (ascending)."""
        reader, marks = JournalReader(self.directory), iter(stops)
        sequence, stop = self.start.first_sequence, next(marks, None)
        while block := reader.poll():
            content, places = block.content(), (block.places - block.start).tolist()
            at, ends = 0, [*places[1:], len(content)]
            while at < len(places) and sequence <= self.last_sequence:
                while stop is not None and stop < sequence:
                    stop = next(marks, None)
                most = self.last_sequence if stop is None else min(stop, self.last_sequence)
                count = min(_BATCH, len(places) - at, most - sequence + 1)
                span = range(at, at + count)
                yield [content[places[one] : ends[one]] for one in span]
                at, sequence = at + count, sequence + count

    def record(self, sequence: int) -> bytes | None:
        """The record of one command; None where the journal does not have it."""
        if not self.start.first_sequence <= sequence <= self.last_sequence:
            return None
        block = JournalReader(self.directory, sequence).poll()
        if block is None:
            return None
        end = int(block.places[1]) if len(block.places) > 1 else block.end
        return block.octets[int(block.places[0]) : end].tobytes()

    def published(self) -> "Published":
        """The event stream, as far as it was released."""
        return Published(self.directory, self._event_bytes)


class Published:
    """The released events of a day, taken in pieces of any size."""

    def __init__(self, directory: Path, octets: int) -> None:
        self._reader, self._ahead, self._left = EventReader(directory), b"", octets

    def ahead(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end, without taking them."""
        while len(self._ahead) < size and self._left > 0:
            block = self._reader.poll()
            if block is None:
                break
            content = block.content()[: self._left]
            self._left -= len(content)
            self._ahead += content
        return self._ahead[:size]

    def batches(self) -> Iterator[bytes]:
        """All that is left, in batches of whole events."""
        while self.ahead(1):
            yield self.take(len(self._ahead))

    def take(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        taken = self.ahead(size)
        self._ahead = self._ahead[len(taken) :]
        return taken


def is_day(directory: Path) -> bool:
    """Does the directory hold a venue's journal?"""
    return (directory / segment_name(JOURNAL, 0)).is_file()


def sequence_of(record: bytes) -> int:
    """The sequence of a whole record."""
    return int.from_bytes(record[_SEQUENCE], "little", signed=True)


assert RECORD.size == 40, "spec/journal.md, Record"
