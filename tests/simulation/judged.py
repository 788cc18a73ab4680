"""A simulated day before the umpire: it is to name what was planted, and the command it showed at.

What was published is what the sound system answered; the umpire runs both itself.
"""

from collections.abc import Iterable, Iterator, Mapping

from simulation.records import Batch
from simulation.systems import VenueSystem
from twinex.umpire.difference import Difference
from twinex.umpire.replay import Replay
from twinex.umpire.system import Maker, Start

_BATCH = 512
_IMAGES_EVERY = 250


class Lived:
    """A day in memory, where the umpire expects a recorded one."""

    def __init__(self, first_sequence: int, batch: Batch) -> None:
        self.start = Start(first_sequence, 0)
        self._records = list(batch)
        self.commands = len(batch)
        self.last_sequence = first_sequence + len(batch) - 1
        self._events = VenueSystem(first_sequence).apply_all(self._records)

    def batches(self, stops: Iterable[int] = ()) -> Iterator[list[bytes]]:
        """All records, in batches; one ends behind each sequence of `stops` (ascending)."""
        ends = {stop - self.start.first_sequence + 1 for stop in stops}
        ends |= {*range(_BATCH, self.commands, _BATCH), self.commands}
        start = 0
        for end in sorted(end for end in ends if 0 < end <= self.commands):
            yield self._records[start:end]
            start = end

    def record(self, sequence: int) -> bytes | None:
        """The record of one command; None where there is none."""
        place = sequence - self.start.first_sequence
        return self._records[place] if 0 <= place < self.commands else None

    def published(self) -> "Published":
        return Published(self._events)


class Published:
    """The events of a day, taken in pieces."""

    def __init__(self, events: bytes) -> None:
        self._left = events

    def ahead(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end, without taking them."""
        return self._left[:size]

    def take(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def verdict(first_sequence: int, batch: Batch, makers: Mapping[str, Maker]) -> Difference | None:
    """What the umpire says of two systems over a day; None: they agree."""
    day = Lived(first_sequence, batch)
    return Replay(day, makers, images_every=_IMAGES_EVERY).run().difference
