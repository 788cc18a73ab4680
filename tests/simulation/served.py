"""The mirror behind a pipe, for an interpreter without NumPy: `pypy3 -m simulation.served`.

Asked and answered in frames: a byte, the length (uint64, little-endian) and the bytes. Asked: `N` a
first sequence in decimal: a new day; `F` an image: go on from it; `A` records: their events; `I`
the image. Answered: `.` and the bytes, or `!` and what was raised.
"""

import struct
import sys
import traceback

HEAD = struct.Struct("<cQ")
_RECORD_LENGTH = struct.Struct("<I")


def serve(make, source, target):
    """Answer until the pipe ends. `make`: the mirror's `Core`."""
    core = None
    while True:
        head = source.read(HEAD.size)
        if len(head) < HEAD.size:
            return
        asked, length = HEAD.unpack(head)
        octets = source.read(length)
        try:
            if asked == b"N":
                core, answer = make(first_sequence=int(octets)), b""
            elif asked == b"F":
                core, answer = make.from_image(octets), b""
            elif asked == b"A":
                answer = b"".join([core.apply(record) for record in _records(octets)])
            else:
                answer = bytes(core.image())
            said = b"."
        except Exception:
            said, answer = b"!", traceback.format_exc().strip().rpartition("\n")[2].encode()
        target.write(HEAD.pack(said, len(answer)))
        target.write(answer)
        target.flush()


def _records(octets):
    place = 0
    while place < len(octets):
        end = place + _RECORD_LENGTH.unpack_from(octets, place)[0]
        yield octets[place:end]
        place = end


if __name__ == "__main__":
    from twinex.mirror.core import Core

    serve(Core, sys.stdin.buffer, sys.stdout.buffer)
