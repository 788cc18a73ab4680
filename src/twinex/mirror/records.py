"""Records of the journal: their header, their checksum, their chain (spec/journal.md, Record)."""

from __future__ import annotations

import struct
from zlib import crc32

HEADER = struct.Struct("<IIqqiiQ")  # length, crc, sequence, time_ns, term, seat, chain
RECORD_MINIMUM = HEADER.size + 8  # a message has an SBE header at least
_FACTOR = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
_INVERSE = pow(_FACTOR, -1, 2**64)


def checksum(record: bytes) -> int:
    """The crc that belongs into bytes 4..7 of a record."""
    return crc32(record[8:32], crc32(record[40:]))


def rolled(chain: int, crc: int) -> int:
    """The chain after a record of that crc, where it was `chain` before it."""
    return ((chain ^ crc) * _FACTOR) & _MASK


def before(record: bytes) -> tuple[int, int]:
    """Sequence and chain of the record before this one, as this one says."""
    _, crc, sequence, _, _, _, chain = HEADER.unpack_from(record)
    return sequence - 1, (chain * _INVERSE & _MASK) ^ crc


class RecordCutter:
    """Cuts bytes, as they come from a file or a pipe, into whole records that passed their checks.

    `sequence` and `chain` are those of the last good record, `offset` is where the next begins in
    the stream and `rest` what has come of it. `fault` says what is wrong with that one, "" as long
    as nothing is but that its end may be missing; behind a fault nothing is cut any more.
    """

    __slots__ = ("chain", "fault", "offset", "rest", "sequence")

    def __init__(self, sequence: int, chain: int, offset: int = 0) -> None:
        self.sequence = sequence
        self.chain = chain
        self.offset = offset
        self.rest = b""
        self.fault = ""

    def cut(self, chunk: bytes) -> list[bytes]:
        """The records that are whole with this chunk, each checked (journal.md, Reading)."""
        data = self.rest + chunk
        sequence, chain, place, size = self.sequence, self.chain, 0, len(data)
        records: list[bytes] = []
        while not self.fault and size - place >= RECORD_MINIMUM:
            length, crc, found, _, _, _, marked = HEADER.unpack_from(data, place)
            if length < RECORD_MINIMUM or length % 8:
                self.fault = f"its length is {length}"
            elif length > size - place:
                break
            else:
                record = data[place : place + length]
                rolled_on = rolled(chain, crc)
                if checksum(record) != crc:
                    self.fault = "its crc is wrong"
                elif found != sequence + 1:
                    self.fault = f"its sequence is {found}"
                elif rolled_on != marked:
                    self.fault = "its chain is not that of the records before"
                else:
                    records.append(record)
                    sequence, chain, place = found, marked, place + length
        self.sequence, self.chain = sequence, chain
        self.rest = data[place:]
        self.offset += place
        return records


def find_later_record(data: bytes, sequence: int) -> int:
    """Offset of the first whole record of a sequence behind `sequence`; -1 if there is none.

    Records lie at multiples of 8, so that one is found behind bytes that cannot be read.
    """
    for place in range(0, len(data) - RECORD_MINIMUM + 1, 8):
        length, crc, found, _, _, _, _ = HEADER.unpack_from(data, place)
        if found <= sequence or length < RECORD_MINIMUM or length % 8 or place + length > len(data):
            continue
        if checksum(data[place : place + length]) == crc:
            return place
    return -1
