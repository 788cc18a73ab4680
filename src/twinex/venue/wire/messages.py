"""Messages in and out of bytes, one at a time: for tools, tests and reference data.

The hot path never comes here: compiled code reads and writes unions in place (`schema`).
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from twinex.venue.wire.schema import (
    COMMANDS,
    FRAME_HEADER_BYTES,
    GROUP_HEAD_BYTES,
    HEADER_BYTES,
    SCHEMA_ID,
    SCHEMA_VERSION,
    TEMPLATE_BY_ID,
    TEMPLATES,
    Group,
    Template,
)


class MessageError(ValueError):
    """Bytes that are no message of the schema, or fields that fit no message."""


class Message(NamedTuple):
    """A decoded message: its name and its fields (int, str for text, bytes for hashes).

    A repeating group is a field too: a list of dicts.
    """

    name: str
    fields: dict[str, Any]


def padded(length: int) -> int:
    """`length` rounded up to a multiple of 8: messages lie at multiples of 8 everywhere."""
    return (length + 7) & ~7


def encode(name: str, **fields: Any) -> bytes:
    """One message, SBE header first. Absent fields are zero; a group is a list of dicts.

    Raises MessageError for an unknown message or field, or a value that does not fit its type.
    """
    template = TEMPLATES.get(name)
    if template is None:
        raise MessageError(f"no message {name!r} in spec/messages.xml")
    group = template.group
    entries = fields.pop(group.name, []) if group else []
    head = np.array(
        [template.block_length, template.id, SCHEMA_ID, SCHEMA_VERSION], dtype="<u2"
    ).tobytes()
    body = _encode_block(template, fields)
    if group is not None:
        body += np.array([group.block_length, len(entries), 0, 0], dtype="<u2").tobytes()
        body += b"".join(_encode_block(group, entry) for entry in entries)
    return head + body


def _encode_block(template: Template | Group, fields: dict[str, Any]) -> bytes:
    block = np.zeros((), dtype=template.block)
    for field, value in fields.items():
        _store(template, block, field, value)
    return block.tobytes()


def _store(template: Template | Group, block: np.ndarray, field: str, value: Any) -> None:
    kinds = template.block.fields
    assert kinds is not None
    if field not in kinds:
        known = ", ".join(template.block.names or ())
        raise MessageError(f"{template.name} has no field {field!r}; it has {known}")
    kind = kinds[field][0]
    if kind.kind == "S":
        text = value.encode() if isinstance(value, str) else value
        if len(text) > kind.itemsize:
            raise MessageError(f"{template.name}.{field}: {text!r} is over {kind.itemsize} bytes")
        block[field] = text
    elif kind.kind == "V":
        if len(value) != kind.itemsize:
            raise MessageError(f"{template.name}.{field}: needs {kind.itemsize} bytes")
        block[field] = np.void(value)
    else:
        bounds = np.iinfo(kind)
        if not bounds.min <= int(value) <= bounds.max:
            raise MessageError(f"{template.name}.{field}: {value} does not fit {kind}")
        block[field] = int(value)


def decode(data: bytes | memoryview | np.ndarray) -> Message:
    """The message at the head of `data`. Raises MessageError if there is none."""
    data = bytes(data)
    if len(data) < HEADER_BYTES:
        raise MessageError(f"{len(data)} bytes are shorter than a message header")
    block_length, template_id, schema_id, _ = np.frombuffer(data, dtype="<u2", count=4).tolist()
    template = TEMPLATE_BY_ID.get(template_id)
    if template is None or schema_id != SCHEMA_ID:
        raise MessageError(f"no template {template_id} in schema {schema_id}")
    if block_length < template.block_length or len(data) < HEADER_BYTES + template.block_length:
        raise MessageError(f"{template.name}: {len(data) - HEADER_BYTES} bytes of block, too few")
    fields = _decode_block(template, data, HEADER_BYTES)
    if template.group is not None:
        fields[template.group.name] = _decode_group(
            template.group, data, HEADER_BYTES + block_length
        )
    return Message(template.name, fields)


def _decode_block(template: Template | Group, data: bytes, start: int) -> dict[str, Any]:
    block = np.frombuffer(data, dtype=template.block, count=1, offset=start)[0]
    return {name: _load(block[name]) for name in template.block.names or ()}


def _decode_group(group: Group, data: bytes, start: int) -> list[dict[str, Any]]:
    if len(data) < start + GROUP_HEAD_BYTES:
        raise MessageError(f"{group.name}: the head of the group is cut off")
    length, count = np.frombuffer(data, dtype="<u2", count=2, offset=start).tolist()
    start += GROUP_HEAD_BYTES
    if length < group.block_length or len(data) < start + count * length:
        raise MessageError(f"{group.name}: {count} entries of {length} bytes do not fit")
    return [_decode_block(group, data, start + at * length) for at in range(count)]


def _load(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, np.void):
        return value.tobytes()
    return int(value)


def decode_stream(data: bytes | memoryview | np.ndarray) -> Iterator[Message]:
    """All messages of a stream (messages one after another, as in an event stream)."""
    view = memoryview(bytes(data))
    position = 0
    while position < len(view):
        block_length = int.from_bytes(view[position : position + 2], "little")
        length = padded(HEADER_BYTES + block_length)
        yield decode(view[position : position + length])
        position += length


def frame(seat: int, message: bytes) -> bytes:
    """`message` as it stands in front of the sequencer: length, seat, message, padding."""
    head = np.array([len(message), seat], dtype="<i4").tobytes()
    return head + message + bytes(padded(len(message)) - len(message))


def frames(seat: int, messages: Iterable[bytes]) -> bytes:
    """Many messages of one seat, framed one after another."""
    return b"".join(frame(seat, message) for message in messages)


def frame_array(name: str, count: int, seat: int = 0) -> np.ndarray:
    """`count` framed commands of one template, zeroed, as a structured array to fill by columns.

    `array.view(numpy.uint8)` is what the sequencer reads. The rows are packed: a frame is
    `FRAME_HEADER_BYTES + HEADER_BYTES + block_length` bytes.
    """
    template = COMMANDS[name]
    kinds = template.block.fields
    assert kinds is not None
    start = FRAME_HEADER_BYTES + HEADER_BYTES
    names = ["length", "seat", "block_length", "template_id", "schema_id", "version"]
    formats: list[Any] = ["<u4", "<i4", "<u2", "<u2", "<u2", "<u2"]
    offsets = [0, 4, 8, 10, 12, 14]
    for field in template.block.names or ():
        names.append(field)
        formats.append(kinds[field][0])
        offsets.append(start + kinds[field][1])
    size = start + template.block_length
    array = np.zeros(
        count,
        dtype={"names": names, "formats": formats, "offsets": offsets, "itemsize": size},
    )
    array["length"] = HEADER_BYTES + template.block_length
    array["seat"] = seat
    array["block_length"] = template.block_length
    array["template_id"] = template.id
    array["schema_id"] = SCHEMA_ID
    array["version"] = SCHEMA_VERSION
    return array
