"""Messages of `spec/messages.xml` decoded with `struct`: a second reading of the schema."""

import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_SPEC = Path(__file__).resolve().parents[2] / "spec" / "messages.xml"
_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
_CODES = {"int64": "q", "int32": "i", "uint32": "I", "uint16": "H", "uint8": "B"}
HEAD = struct.Struct("<HHHH")
SCHEMA_ID = 7701


class Violation(AssertionError):  # noqa: N818
    """Events that break a rule of the spec."""


class Layout:
    """One message, or an entry of its group: name, block length, fields as one `struct`."""

    def __init__(self, name: str, length: int, fields: list[tuple[str, str, int]]) -> None:
        self.name, self.length = name, length
        self.group: Layout | None = None
        self.places = {field: ("<" + code, offset) for field, code, offset in fields}
        self.names = [field for field, _, _ in sorted(fields, key=lambda field: field[2])]
        form, position = "<", 0
        for _, code, offset in sorted(fields, key=lambda field: field[2]):
            form += f"{offset - position}x{code}"
            position = offset + struct.calcsize("<" + code)
        self.unpack = struct.Struct(form).unpack_from


def _codes(root: ElementTree.Element) -> dict[str, str]:
    types = root.find("types")
    assert types is not None
    codes = dict(_CODES)
    for node in types.findall("type"):
        codes[node.get("name", "")] = node.get("length", "1") + "s"
    for node in types.findall("enum"):
        codes[node.get("name", "")] = _CODES[node.get("encodingType", "")]
    return codes


def _layout(node: ElementTree.Element, codes: dict[str, str]) -> Layout:
    fields = [
        (field.get("name", ""), codes[field.get("type", "")], int(field.get("offset", "")))
        for field in node.findall("field")
    ]
    return Layout(node.get("name", ""), int(node.get("blockLength", "")), fields)


def _layouts() -> tuple[dict[int, Layout], dict[str, SimpleNamespace]]:
    root = ElementTree.parse(_SPEC).getroot()
    codes, layouts = _codes(root), {}
    for node in root.findall(f"{_NAMESPACE}message"):
        layout = _layout(node, codes)
        for group in node.findall("group"):
            layout.group = _layout(group, codes)
        layouts[int(node.get("id", ""))] = layout
    types = root.find("types")
    assert types is not None
    enums = {
        node.get("name", ""): SimpleNamespace(
            **{value.get("name", ""): int(value.text or "") for value in node.findall("validValue")}
        )
        for node in types.findall("enum")
    }
    return layouts, enums


LAYOUTS, ENUMS = _layouts()
REASON, CANCEL, PHASE = ENUMS["RejectReason"], ENUMS["CancelReason"], ENUMS["Phase"]
KIND, TIME, OFFSET = ENUMS["PriceKind"], ENUMS["TimeInForce"], ENUMS["Offset"]
MEMBER_LAST, EVENT_FIRST = 19, 100
ENTRIES_MAX = 64


BY_NAME = {layout.name: (number, layout) for number, layout in LAYOUTS.items()}


def encode(name: str, entries: Sequence[dict[str, Any]] = (), **fields: Any) -> bytes:
    """One message; absent fields are zero. `struct.error` for a value that does not fit."""
    template, layout = BY_NAME[name]
    message = bytearray(8 + layout.length)
    HEAD.pack_into(message, 0, layout.length, template, SCHEMA_ID, 0)
    _put(message, 8, layout, fields)
    if layout.group is not None:
        message += HEAD.pack(layout.group.length, len(entries), 0, 0)
        for each in entries:
            message += bytes(layout.group.length)
            _put(message, len(message) - layout.group.length, layout.group, each)
    return bytes(message)


def _put(message: bytearray, start: int, layout: Layout, fields: dict[str, Any]) -> None:
    for field, value in fields.items():
        form, offset = layout.places[field]
        struct.pack_into(form, message, start + offset, value)


def frame(seat: int, message: bytes) -> bytes:
    """A message as it stands in front of a sequencer: length, seat, message, padding to 8."""
    return struct.pack("<Ii", len(message), seat) + message + bytes(-len(message) % 8)


def _fields_at(layout: Layout, data: bytes, position: int) -> dict[str, Any]:
    return dict(zip(layout.names, layout.unpack(data, position), strict=True))


def decode(data: bytes, position: int = 0) -> SimpleNamespace:
    """The message at `position`: its fields, and its name as `template`."""
    _, template, _, _ = HEAD.unpack_from(data, position)
    layout = LAYOUTS[template]
    fields = _fields_at(layout, data, position + 8)
    return SimpleNamespace(template=layout.name, template_id=template, **fields)


def command_of(message: bytes) -> SimpleNamespace | None:
    """A command that passes checks 1 and 2 of risk.md; None for any other bytes.

    One with a group has it as `entries`, each like a message without a name.
    """
    if len(message) < 8:
        return None
    block, template, schema, _ = HEAD.unpack_from(message)
    layout = LAYOUTS.get(template)
    if layout is None or template > EVENT_FIRST or schema != SCHEMA_ID or block < layout.length:
        return None
    length, padded = 8 + block, (len(message) + 7) // 8 * 8
    whole = message.ljust(padded, b"\0")
    if layout.group is None:
        return decode(whole.ljust(length, b"\0")) if _padded(length) == padded else None
    if block % 8 or length + HEAD.size > padded:
        return None
    size, count, _, _ = HEAD.unpack_from(whole, length)
    if not 1 <= count <= ENTRIES_MAX or size < layout.group.length or size % 8:
        return None
    start = length + HEAD.size
    if _padded(start + size * count) != padded:
        return None
    command = decode(whole)
    command.entries = [
        SimpleNamespace(**_fields_at(layout.group, whole, start + place * size))
        for place in range(count)
    ]
    return command


def _padded(length: int) -> int:
    return (length + 7) // 8 * 8


def events_of(data: bytes) -> Iterator[SimpleNamespace]:
    """All events of a stream. Raises Violation where there is none."""
    position = 0
    while position < len(data):
        block, template, schema, version = HEAD.unpack_from(data, position)
        layout = LAYOUTS.get(template)
        if layout is None or template <= EVENT_FIRST or (schema, version) != (SCHEMA_ID, 0):
            raise Violation(f"no event at byte {position}: template {template}, schema {schema}")
        if block != layout.length:
            raise Violation(f"{layout.name} with a block of {block} bytes, not {layout.length}")
        yield decode(data, position)
        position += 8 + block
