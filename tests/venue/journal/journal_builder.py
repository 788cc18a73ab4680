"""Records, segments and days made with `struct` and `zlib` only: a second reading of the format."""

import struct
import zlib
from pathlib import Path

from twinex.venue.wire.messages import encode

FACTOR = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1
HEAD = 4096
SEGMENT = 64 << 10


def record(sequence: int, time_ns: int, term: int, seat: int, chain: int, body: bytes) -> bytes:
    """A record behind one whose chain (uint64) is `chain`, by spec/journal.md."""
    body = body.ljust((len(body) + 7) // 8 * 8, b"\0")
    length = 40 + len(body)
    middle = struct.pack("<qqii", sequence, time_ns, term, seat)
    crc = zlib.crc32(middle, zlib.crc32(body))
    after = ((chain ^ crc) * FACTOR) & MASK
    return struct.pack("<II", length, crc) + middle + struct.pack("<Q", after) + body


def chain_of(content: bytes) -> int:
    """The chain (uint64) of the record that `content` is."""
    return struct.unpack_from("<Q", content, 32)[0]


def odd_body(size: int, fill: int = 7) -> bytes:
    """A message of an unknown template with a block of `size` bytes: padding is then needed."""
    return struct.pack("<HHHH", size, 99, 7701, 0) + bytes([fill]) * size


def order_body(number: int) -> bytes:
    return encode("order_enter", client_id=number, instrument=1, account=2, price=36_000_000,
                  quantity=3)  # fmt: skip


def bodies(count: int) -> list[bytes]:
    """Messages of all sorts: orders, cancels, reference data, lengths that need padding."""
    kinds = [
        order_body,
        lambda n: encode("order_cancel", client_id=n, order_id=n),
        lambda n: odd_body(n % 61),
        lambda n: encode("day_open", trading_day=20240105, first_sequence=n),
    ]
    return [kinds[n % len(kinds)](n) for n in range(1, count + 1)]


def records(messages: list[bytes], first: int = 1, chain: int = 0, term: int = 1) -> list[bytes]:
    """Consecutive records of `messages`, 5 ns apart."""
    made = []
    for place, body in enumerate(messages):
        sequence = first + place
        made.append(record(sequence, 1_000_000 + 5 * sequence, term, sequence % 4, chain, body))
        chain = chain_of(made[-1])
    return made


def head(
    magic: bytes, number: int, size: int, first: int, chain: int, day: int, offset: int
) -> bytes:
    fields = struct.pack("<8sIIqqQqq", magic, 1, number, size, first, chain, day, offset)
    return (fields + struct.pack("<I", zlib.crc32(fields))).ljust(HEAD, b"\0")


def write_journal(
    directory: Path, made: list[bytes], *, chain: int = 0, first: int = 1, size: int = SEGMENT,
    spare: int = 0, day: int = 20240105,
) -> None:  # fmt: skip
    """A journal of the records `made`, filling each segment up to `spare` bytes before its end."""
    directory.mkdir(parents=True, exist_ok=True)
    content, number, offset, sequence = (
        head(b"TWXJRNL1", 0, size, first, chain, day, 0),
        0,
        0,
        first,
    )
    for one in made:
        if len(content) + len(one) > size - spare:
            (directory / f"journal-{number:06d}.seg").write_bytes(content.ljust(size, b"\0"))
            offset += len(content) - HEAD
            number += 1
            content = head(b"TWXJRNL1", number, size, sequence, chain, day, offset)
        content += one
        chain, sequence = chain_of(one), sequence + 1
    (directory / f"journal-{number:06d}.seg").write_bytes(content.ljust(size, b"\0"))


def write_gate(directory: Path, sequence: int, journal_offset: int, event_offset: int = 0) -> None:
    fields = struct.pack(
        "<qqqqqq", 0x31544147584E5754, sequence, journal_offset, event_offset, 0, 2
    )
    (directory / "gate").write_bytes(fields.ljust(4096, b"\0"))


def event(sequence: int, index: int, time_ns: int = 0) -> bytes:
    """One event: the schema's `order_cancelled`, only its key filled."""
    return encode("order_cancelled", sequence=sequence, time_ns=time_ns or sequence, index=index)


def append(writer, content: bytes, sequence: int, chain: int = 0) -> None:
    """Write a message as compiled code would: roll when it does not fit, store, move on."""
    if writer.position + len(content) > writer.limit:
        writer.roll(sequence, chain - (1 << 64) if chain >> 63 else chain)
    start = writer.position
    writer.octets[start : start + len(content)] = memoryview(content)
    writer.position = start + len(content)
