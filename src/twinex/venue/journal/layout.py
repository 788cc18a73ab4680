"""The head of a segment file, and the files' names (`spec/journal.md`, Files of the venue)."""

import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from twinex.venue.wire.schema import EVENT, HEADER_BYTES, RECORD, RECORD_HEADER_BYTES

HEAD_BYTES = 4096
FORMAT_VERSION = 1
DEFAULT_SEGMENT_BYTES = 64 << 20
MINIMUM_SEGMENT_BYTES = 4 * HEAD_BYTES
RECORD_BYTES_MIN = RECORD_HEADER_BYTES + HEADER_BYTES
RECORD_BYTES_MAX = RECORD_BYTES_MIN + 65_536  # the longest block, padded

# Unions are views as long as the longest message (`schema.union_view`). So that every message of a
# segment can be seen through one, writers leave this many bytes at its end unused.
SPARE_BYTES = -(-max(EVENT.itemsize, RECORD.itemsize) // 8) * 8

JOURNAL = "journal"
EVENTS = "events"
MAGIC = {JOURNAL: b"TWXJRNL1", EVENTS: b"TWXEVNT1"}

_HEAD = struct.Struct("<8sIIqqqqq")
_CRC = struct.Struct("<I")
_HEAD_USED = _HEAD.size + _CRC.size
assert _HEAD.size == 56, "spec/journal.md: the head's checksum is of bytes 0..55"


class SegmentHead(NamedTuple):
    """The fields of a head; `chain` is the int64 with the spec's uint64 bits."""

    kind: str
    number: int
    segment_bytes: int
    first_sequence: int
    chain: int
    trading_day: int
    stream_offset: int

    def pack(self) -> bytes:
        """`HEAD_BYTES` bytes."""
        fields = _HEAD.pack(MAGIC[self.kind], FORMAT_VERSION, *self[1:])
        return (fields + _CRC.pack(zlib.crc32(fields))).ljust(HEAD_BYTES, b"\0")


class HeadError(ValueError):
    """Why bytes are no head of a segment."""


def unpack_head(octets: np.ndarray, kind: str, number: int) -> SegmentHead:
    """The head of segment `number` in `octets` (uint8, the whole file). Raises HeadError."""
    if len(octets) < HEAD_BYTES:
        raise HeadError(f"the file has {len(octets)} bytes, fewer than a segment's head")
    used = octets[:_HEAD_USED].tobytes()
    magic, version, *fields = _HEAD.unpack_from(used)
    if magic != MAGIC[kind]:
        raise HeadError(f"it begins with {magic!r}, not {MAGIC[kind]!r}")
    if zlib.crc32(used[: _HEAD.size]) != _CRC.unpack_from(used, _HEAD.size)[0]:
        raise HeadError("the checksum of its head is wrong")
    if version != FORMAT_VERSION:
        raise HeadError(f"format version {version} is not {FORMAT_VERSION}")
    head = SegmentHead(kind, *fields)
    if head.number != number:
        raise HeadError(f"its head says segment {head.number}, its name {number}")
    if octets[_HEAD_USED:HEAD_BYTES].any():
        raise HeadError("bytes behind its head are not zero")
    return head


def check_segment_bytes(segment_bytes: int) -> None:
    """Raises ValueError for a segment size that cannot be mapped page by page."""
    if segment_bytes < MINIMUM_SEGMENT_BYTES or segment_bytes % HEAD_BYTES:
        raise ValueError(
            f"segment_bytes is {segment_bytes}: it must be a multiple of {HEAD_BYTES} and at "
            f"least {MINIMUM_SEGMENT_BYTES}"
        )


def segment_name(kind: str, number: int) -> str:
    """`journal-000000.seg` and so on."""
    return f"{kind}-{number:06d}.seg"


def segment_numbers(directory: Path, kind: str) -> list[int]:
    """Numbers of the segment files of `kind` in `directory`, ascending; other files are passed."""
    numbers = []
    for path in directory.glob(f"{kind}-*.seg"):
        digits = path.name[len(kind) + 1 : -len(".seg")]
        if digits.isdigit() and path.name == segment_name(kind, int(digits)):
            numbers.append(int(digits))
    return sorted(numbers)
