"""A system behind a pipe: `pypy3 -m simulation.served mirror`, `python -m simulation.served venue`.

Asked and answered in frames: a byte, the length (uint64, little-endian) and the bytes. Asked: `N` a
first sequence in decimal: a new day; `F` an image: go on from it; `A` records: their events; `I`
the image. Answered: `.` and the bytes, or `!` and what was raised. For the mirror the standard
library is enough.
"""

import struct
import sys
import traceback

HEAD = struct.Struct("<cQ")
_RECORD_LENGTH = struct.Struct("<I")


class MirrorRoom:
    """The mirror, by whole records."""

    def __init__(self):
        from twinex.mirror.__main__ import tune
        from twinex.mirror.core import Core

        tune()
        self._make, self._core = Core, None

    def begin(self, first_sequence):
        self._core = self._make(first_sequence=first_sequence)

    def go_on(self, octets):
        self._core = self._make.from_image(octets)

    def apply(self, octets):
        """The event bytes of whole records."""
        apply = self._core.apply
        return b"".join([apply(octets[start:end]) for start, end in bounds(octets)])

    def image(self):
        return bytes(self._core.image())


class VenueRoom:
    """The venue's core, likewise."""

    def __init__(self):
        from simulation import records, systems

        self._records, self._make, self._system = records, systems.VenueSystem, None

    def begin(self, first_sequence):
        self._system = self._make(first_sequence)

    def go_on(self, octets):
        self._system = self._make.from_image(octets)

    def apply(self, octets):
        """The event bytes of whole records."""
        self._system.start(self._records.batch_of(octets))
        return self._system.finish().tobytes()

    def image(self):
        return self._system.image()


ROOMS = {"mirror": MirrorRoom, "venue": VenueRoom}


def bounds(octets):
    """(first byte, end) of each of the whole records in `octets`."""
    place, found = 0, []
    while place < len(octets):
        end = place + _RECORD_LENGTH.unpack_from(octets, place)[0]
        found.append((place, end))
        place = end
    return found


def serve(room, source, target):
    """Answer until the pipe ends."""
    while True:
        head = source.read(HEAD.size)
        if len(head) < HEAD.size:
            return
        asked, length = HEAD.unpack(head)
        octets = source.read(length)
        try:
            said, answer = b".", _answer(room, asked, octets)
        except Exception:
            said, answer = b"!", traceback.format_exc().strip().rpartition("\n")[2].encode()
        target.write(HEAD.pack(said, len(answer)))
        target.write(answer)
        target.flush()


def _answer(room, asked, octets):
    if asked == b"A":
        return room.apply(octets)
    if asked == b"I":
        return room.image()
    if asked == b"N":
        room.begin(int(octets))
    else:
        room.go_on(octets)
    return b""


if __name__ == "__main__":
    serve(ROOMS[sys.argv[1]](), sys.stdin.buffer, sys.stdout.buffer)
