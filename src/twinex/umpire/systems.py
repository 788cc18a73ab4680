"""The systems by name, each made new at the start of a journal.

The one place of the umpire that knows them: what compares them (`compare` and what it reads with)
imports neither.
"""

import os
import struct
from collections.abc import Sequence

import numpy as np

from twinex.mirror.core import Core
from twinex.umpire.system import Maker, Start, System
from twinex.venue import sequencer
from twinex.venue.core import room, state
from twinex.venue.image.take import take
from twinex.venue.journal.checksum import TABLE
from twinex.venue.journal.recovery import Mark
from twinex.venue.wire.schema import EVENT, RECORD, union_view

_EVENT_BYTES = 1 << 20
_SALT_BITS = 62
_HEADER = struct.Struct("<qqiiq")  # sequence, time_ns, term, seat, chain
_HEADER_AT = 8  # in a record


class VenueSystem(System):
    """The venue's core alone, fed with records as a restart feeds it."""

    def __init__(self, start: Start) -> None:
        self._core = room.empty_core(
            salt=int.from_bytes(os.urandom(8), "little") >> 64 - _SALT_BITS
        )
        self._mark = Mark(start.first_sequence - 1, 0, start.chain, 1, 0, 0)
        self._make_events(_EVENT_BYTES)

    def _make_events(self, least: int) -> None:
        """Memory for events; what is in the present one has been taken."""
        self._events = np.zeros(least + EVENT.itemsize + -least % 8, np.uint8)
        self._core = room.with_events(self._core, self._events, 0, least)

    def apply(self, record: bytes) -> bytes:
        return self.apply_all([record])

    def apply_all(self, records: Sequence[bytes]) -> bytes:
        if not records:
            return b""
        length = sum(map(len, records))
        octets = np.zeros(length + RECORD.itemsize + -RECORD.itemsize % 8, np.uint8)
        octets[:length] = np.frombuffer(b"".join(records), np.uint8)
        words, union, place, parts = octets.view(np.int64), union_view(octets, RECORD), 0, []
        while place < length:
            short, place = sequencer.replay(self._core, words, union, TABLE, place, length)
            parts.append(self._taken())
            if short == state.SHORT_EVENTS:
                self._make_events(max(_EVENT_BYTES, int(self._core.now[0]["needed"])))
            elif short != state.SHORT_NOTHING:
                self._core = room.grow(self._core, int(short))
        events = b"".join(parts)
        self._stand_behind(records[-1], length, len(events))
        return events

    def _taken(self) -> bytes:
        """The events since they were taken last; their memory is free again."""
        end = int(self._core.now[0]["event_position"]) << 3
        self._core.now[0]["event_position"] = 0
        return self._events[:end].tobytes()

    def _stand_behind(self, record: bytes, journal_bytes: int, event_bytes: int) -> None:
        """The mark behind the last record."""
        sequence, time_ns, term, _, chain = _HEADER.unpack_from(record, _HEADER_AT)
        before = self._mark
        self._mark = Mark(
            sequence=sequence,
            time_ns=time_ns,
            chain=chain,
            term=term,
            journal_bytes=before.journal_bytes + journal_bytes,
            event_bytes=before.event_bytes + event_bytes,
        )

    def image(self) -> bytes:
        return take(self._core, self._mark).tobytes()


class MirrorSystem(System):
    """The mirror's core."""

    def __init__(self, start: Start) -> None:
        self._core = Core(start.first_sequence)

    def apply(self, record: bytes) -> bytes:
        return self._core.apply(record)

    def image(self) -> bytes:
        return self._core.image()


SYSTEMS: dict[str, Maker] = {"venue": VenueSystem, "mirror": MirrorSystem}
