"""MoldUDP64 packets (`spec/feed.md`): heads, requests, and what of a log goes into one."""

import struct
from collections.abc import Iterator

from twinex.venue.feed.log import Log

HEAD = struct.Struct(">10sQH")  # session, sequence, count
PACKET_BYTES_MAX = 1400  # under the MTU of an Ethernet, with room for tunnels
END_OF_SESSION = 0xFFFF
_COUNT_MAX = END_OF_SESSION - 1


def session_name(stream: str, trading_day: int) -> bytes:
    """The 10 bytes that name a stream's day: "L3", "L2", "L1" or "I1", and yyyymmdd."""
    name = f"{stream}{trading_day:08d}".encode("ascii")
    assert len(name) == 10, "two letters and a day"
    return name


def head(session: bytes, sequence: int, count: int) -> bytes:
    """Of a packet; alone it is a heartbeat (count 0) or the end of the session."""
    return HEAD.pack(session, sequence, count)


def packets(
    log: Log, session: bytes, sequence: int, stop: int, bytes_max: int = PACKET_BYTES_MAX
) -> Iterator[tuple[int, bytes]]:
    """Packets with the messages `sequence` to `stop` - 1, each with the sequence behind it."""
    for first, count, framed in log.pieces(sequence, stop, bytes_max - HEAD.size, _COUNT_MAX):
        yield first + count, b"".join((HEAD.pack(session, first, count), framed))


def renumbered(packet: bytes, sequence: int) -> bytes:
    """The same packet with another sequence."""
    session, _, count = HEAD.unpack_from(packet)
    return head(session, sequence, count) + packet[HEAD.size :]
