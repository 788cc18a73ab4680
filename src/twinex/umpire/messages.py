"""Events of a stream and commands of a journal, read from bytes, whatever is wrong with them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from twinex.umpire.schema import HEADER, SCHEMA, Fields, Message

RECORD = struct.Struct("<IIqqiiQ")  # length, crc, sequence, time_ns, term, seat, chain
GROUP_HEAD = struct.Struct("<HHHH")  # entry length, entries, two zeros
_KEY = struct.Struct("<qqi")  # of every event: sequence, time_ns, index
KEY_BYTES = HEADER.size + _KEY.size
SEQUENCE_AT, SEQUENCE_BYTES = HEADER.size, 8  # the first of the key
INDEX_BYTES = 4  # the last of it


@dataclass(frozen=True)
class Event:
    """One event as its bytes. What cannot be read of it is 0, and `fault` says why.

    `sequence`, `time_ns` and `index` stand at one place in every event.
    """

    body: bytes

    @cached_property
    def key(self) -> tuple[int, int, int]:
        """Sequence, time_ns, index."""
        if len(self.body) < KEY_BYTES:
            return 0, 0, 0
        sequence, time_ns, index = _KEY.unpack_from(self.body, HEADER.size)
        return sequence, time_ns, index

    @property
    def sequence(self) -> int:
        return self.key[0]

    @property
    def index(self) -> int:
        return self.key[2]

    @cached_property
    def fault(self) -> str:
        """Why the bytes are no event of the schema, or ""."""
        if len(self.body) < HEADER.size:
            return f"{len(self.body)} bytes, less than a message header"
        block, template, schema, version = HEADER.unpack_from(self.body)
        if (schema, version) != (SCHEMA.id, SCHEMA.version):
            return f"schema {schema}, version {version}"
        message = SCHEMA.messages.get(template)
        if message is None or not message.is_event:
            return f"no event has template {template}"
        if len(self.body) < HEADER.size + block:
            return f"{message.name} cut off after {len(self.body)} of {HEADER.size + block} bytes"
        if block != message.block_bytes:
            return f"{message.name} with a block of {block} bytes, not {message.block_bytes}"
        return ""

    @cached_property
    def message(self) -> Message | None:
        """The message that it is; None with a fault."""
        return None if self.fault else SCHEMA.messages[HEADER.unpack_from(self.body)[1]]

    @property
    def name(self) -> str:
        return self.message.name if self.message else "no event"

    @cached_property
    def fields(self) -> Fields:
        """Its fields; none with a fault."""
        return self.message.decode(self.body, HEADER.size) if self.message else {}


def event_at(octets: bytes, place: int) -> Event:
    """The event at byte `place`, as long as its header says and the bytes last."""
    return Event(octets[place : place + event_bytes(octets, place)])


def event_bytes(octets: bytes, place: int) -> int:
    """How long the header of the event at byte `place` says it is."""
    return HEADER.size + int.from_bytes(octets[place : place + 2], "little")


def events_of(octets: bytes) -> Iterator[Event]:
    """The events of a stream, one after another."""
    place = 0
    while place < len(octets):
        event = event_at(octets, place)
        yield event
        place += len(event.body)


@dataclass(frozen=True)
class Command:
    """One record of a journal (`spec/journal.md`). `body` is its message with its padding."""

    sequence: int
    time_ns: int
    term: int
    seat: int
    chain: int
    body: bytes

    @cached_property
    def message(self) -> Message | None:
        """The message that it is; None for bytes that are none."""
        if len(self.body) < HEADER.size:
            return None
        block, template, schema, _ = HEADER.unpack_from(self.body)
        message = SCHEMA.messages.get(template)
        if message is None or message.is_event or schema != SCHEMA.id:
            return None
        fits = message.block_bytes <= block <= len(self.body) - HEADER.size
        return message if fits and self._entries_fit(message, block) else None

    def _entries_fit(self, message: Message, block: int) -> bool:
        if message.group is None:
            return True
        start = HEADER.size + block + GROUP_HEAD.size
        if len(self.body) < start:
            return False
        size, count, _, _ = GROUP_HEAD.unpack_from(self.body, start - GROUP_HEAD.size)
        return bool(size >= message.group.block_bytes and len(self.body) >= start + count * size)

    @property
    def name(self) -> str:
        return self.message.name if self.message else "no message"

    @cached_property
    def fields(self) -> Fields:
        """Its fields, a repeating group as a list of fields; none for bytes that are no message."""
        if self.message is None:
            return {}
        fields, group = self.message.decode(self.body, HEADER.size), self.message.group
        if group is not None:
            start = HEADER.size + HEADER.unpack_from(self.body)[0] + GROUP_HEAD.size
            size, count, _, _ = GROUP_HEAD.unpack_from(self.body, start - GROUP_HEAD.size)
            entries = (group.decode(self.body, start + at * size) for at in range(count))
            fields[group.name] = list(entries)
        return fields


def command_of(record: bytes) -> Command:
    """The command of a whole journal record."""
    _, _, sequence, time_ns, term, seat, chain = RECORD.unpack_from(record)
    return Command(sequence, time_ns, term, seat, chain, record[RECORD.size :])
