"""The systems of a simulation, all behind one face: whole records in, event bytes out, images.

system = VenueSystem(first_sequence=1)
system.start(batch)                   # records.Batch
events = system.finish()              # uint8; one behind a pipe works in between
image = system.image()                # spec/state.md, bytes
again = VenueSystem.from_image(image)
"""

from typing import Protocol, Self

import numpy as np

from simulation.records import Batch
from simulation.served import MirrorRoom
from twinex.venue.core import room, state
from twinex.venue.image.check import check_image
from twinex.venue.image.image import from_bytes
from twinex.venue.image.load import load
from twinex.venue.image.take import take
from twinex.venue.journal.checksum import TABLE
from twinex.venue.journal.recovery import Mark
from twinex.venue.sequencer import replay
from twinex.venue.wire.schema import RECORD, union_view

_EVENT_BYTES = 1 << 20
_SALT = 0x1F3D5B79  # where client ids lie in the venue's table: the same in every run


class System(Protocol):
    """What a simulation asks of a system."""

    name: str

    def start(self, batch: Batch) -> None:
        """Whole records to be applied; `finish` follows before anything else is asked."""

    def finish(self) -> np.ndarray:
        """Their event bytes (uint8)."""

    def image(self) -> bytes:
        """The state between two commands, as bytes."""

    @classmethod
    def from_image(cls, octets: bytes) -> Self:
        """A system that goes on from there."""

    def close(self) -> None:
        """Give back what it holds; nothing is asked of it then."""


class VenueSystem:
    """The venue's core, fed records as in a replay."""

    name = "venue"

    def __init__(self, first_sequence: int = 1) -> None:
        self._core = room.empty_core(_SALT)
        self._mark = Mark(first_sequence - 1, 0, 0, 1, 0, 0)
        self._octets = np.zeros(_EVENT_BYTES, np.uint8)

    @classmethod
    def from_image(cls, octets: bytes) -> "VenueSystem":
        """Raises ImageError for an image that is not good."""
        image = from_bytes(np.frombuffer(octets, np.uint8))
        check_image(image)
        system = cls()
        system._core, system._mark = load(image, _SALT), image.mark
        return system

    def start(self, batch: Batch) -> None:
        self._batch = batch

    def finish(self) -> np.ndarray:
        batch, end = self._batch, len(self._batch.records)
        octets = np.zeros(end + RECORD.itemsize & ~7, np.uint8)
        octets[:end] = batch.records
        words, records = octets.view(np.int64), union_view(octets, RECORD)
        parts, place = [], 0
        self._core = room.with_events(self._core, self._octets, 0, len(self._octets))
        while place < end:
            short, place = replay(self._core, words, records, TABLE, place, end)
            if short == state.SHORT_EVENTS:
                parts.append(self._written())
                size = max(len(self._octets), 2 * int(self._core.now[0]["needed"]) + 64)
                self._octets = np.zeros(size & ~7, np.uint8)
                self._core = room.with_events(self._core, self._octets, 0, len(self._octets))
            elif short != state.SHORT_NOTHING:
                self._core = room.grow(self._core, int(short))
        parts.append(self._written())
        events = np.concatenate(parts)
        self._note(batch, records, len(events))
        return events

    def _written(self) -> np.ndarray:
        return self._octets[: int(self._core.now[0]["event_position"]) << 3].copy()

    def _note(self, batch: Batch, records: np.ndarray, event_bytes: int) -> None:
        """Where the journal stands now."""
        if not len(batch):
            return
        last, mark = records[int(batch.starts[-2]) >> 3], self._mark
        self._mark = Mark(
            int(last["sequence"]),
            int(last["time_ns"]),
            int(last["chain"]),
            int(last["term"]),
            mark.journal_bytes + len(batch.records),
            mark.event_bytes + event_bytes,
        )

    def image(self) -> bytes:
        return take(self._core, self._mark).tobytes()

    def close(self) -> None:
        """Nothing is held."""

    @property
    def core(self) -> state.Core:
        """Its tables, to look at."""
        return self._core


class MirrorSystem:
    """The mirror, in this process."""

    name = "mirror"

    def __init__(self, first_sequence: int = 1) -> None:
        self._room = MirrorRoom()
        self._room.begin(first_sequence)

    @classmethod
    def from_image(cls, octets: bytes) -> "MirrorSystem":
        system = cls()
        system._room.go_on(octets)
        return system

    def start(self, batch: Batch) -> None:
        self._batch = batch

    def finish(self) -> np.ndarray:
        return np.frombuffer(self._room.apply(self._batch.records.tobytes()), np.uint8)

    def image(self) -> bytes:
        return self._room.image()

    def close(self) -> None:
        """Nothing is held."""
