"""The tests' own codec: `struct` driven by `spec/messages.xml`, independent of the systems'."""

import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SPEC = Path(__file__).resolve().parents[3] / "spec"
HEAD = struct.Struct("<HHHH")  # block length, template, schema, version
GROUP_HEAD = struct.Struct("<HHHH")  # block length, entries, 0, 0
COMMAND_IDS = range(1, 100)

_FORMS = {"int64": "q", "int32": "i", "uint32": "I", "uint16": "H", "uint8": "B"}
_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
Value = int | bytes
Entries = list[dict[str, Value]]


class WireError(ValueError):
    """Bytes that are no message of the schema, or a value that fits no field."""


@dataclass(frozen=True)
class Field:
    """One field: `form` is its `struct` format; `enum` names its codes, empty if it has none."""

    name: str
    offset: int
    form: str
    enum: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return struct.calcsize("<" + self.form)


@dataclass(frozen=True)
class Group:
    """A repeating group behind the block: `length` bytes an entry."""

    name: str
    length: int
    fields: dict[str, Field]


@dataclass(frozen=True)
class Template:
    """One message of the schema, `length` bytes of block; at most one group behind it."""

    name: str
    id: int
    length: int
    fields: dict[str, Field]
    group: Group | None = None


@dataclass
class Event:
    """One decoded message: its name, its fields as they stand on the wire, its group's entries."""

    name: str
    fields: dict[str, Value]
    entries: Entries = field(default_factory=list)


def _types(root: ElementTree.Element) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    forms, enums = dict(_FORMS), {}
    for node in root.iterfind("types/type"):
        if "length" in node.attrib:
            forms[node.attrib["name"]] = node.attrib["length"] + "s"
    for node in root.iterfind("types/enum"):
        forms[node.attrib["name"]] = _FORMS[node.attrib["encodingType"]]
        enums[node.attrib["name"]] = {
            value.attrib["name"]: int(value.text or "") for value in node.iterfind("validValue")
        }
    return forms, enums


def _fields(
    node: ElementTree.Element, forms: dict[str, str], enums: dict[str, dict[str, int]]
) -> dict[str, Field]:
    """The fields that stand directly in a message or group."""
    found = {}
    for spot in node.iterfind("field"):
        name, kind = spot.attrib["name"], spot.attrib["type"]
        found[name] = Field(name, int(spot.attrib["offset"]), forms[kind], enums.get(kind, {}))
    return found


def _templates(root: ElementTree.Element) -> Iterator[Template]:
    forms, enums = _types(root)
    for node in root.iterfind(f"{_NAMESPACE}message"):
        groups = [
            Group(g.attrib["name"], int(g.attrib["blockLength"]), _fields(g, forms, enums))
            for g in node.iterfind("group")
        ]
        assert len(groups) <= 1, node.attrib["name"]
        length = int(node.attrib["blockLength"])
        fields = _fields(node, forms, enums)
        yield Template(node.attrib["name"], int(node.attrib["id"]), length, fields, *groups)


_ROOT = ElementTree.parse(SPEC / "messages.xml").getroot()
SCHEMA_ID, VERSION = int(_ROOT.attrib["id"]), int(_ROOT.attrib["version"])
ENUMS = _types(_ROOT)[1]
TEMPLATES = {template.name: template for template in _templates(_ROOT)}
BY_ID = {template.id: template for template in TEMPLATES.values()}


def encode(name: str, values: dict[str, Value], entries: Entries | None = None) -> bytes:
    """The message `name`, SBE header first, its group's entries last; fields not given are zero."""
    template = TEMPLATES[name]
    head = HEAD.pack(template.length, template.id, SCHEMA_ID, VERSION)
    message = head + _block(name, template.length, template.fields, values)
    group = template.group
    if group is None:
        if entries:
            raise WireError(f"{name} has no group")
        return message
    blocks = [_block(name, group.length, group.fields, entry) for entry in entries or []]
    return message + GROUP_HEAD.pack(group.length, len(blocks), 0, 0) + b"".join(blocks)


def _block(name: str, length: int, fields: dict[str, Field], values: dict[str, Value]) -> bytes:
    block = bytearray(length)
    for key, value in values.items():
        if key not in fields:
            raise WireError(f"{name} has no field {key!r}; it has {', '.join(fields)}")
        spot = fields[key]
        try:
            struct.pack_into("<" + spot.form, block, spot.offset, value)
        except struct.error as wrong:
            raise WireError(f"{name}.{key}: {value!r} does not fit: {wrong}") from wrong
    return bytes(block)


def _values(fields: dict[str, Field], data: bytes, start: int) -> dict[str, Value]:
    return {
        spot.name: struct.unpack_from("<" + spot.form, data, start + spot.offset)[0]
        for spot in fields.values()
    }


def decode(data: bytes) -> Event:
    """The one message that `data` begins with."""
    length, template_id, schema, version = HEAD.unpack_from(data)
    template = BY_ID.get(template_id)
    if template is None or (schema, version) != (SCHEMA_ID, VERSION):
        raise WireError(f"template {template_id} of schema {schema} version {version} is unknown")
    if length != template.length or len(data) < HEAD.size + length:
        raise WireError(f"{template.name}: a block of {length} bytes in {len(data)} bytes")
    found = Event(template.name, _values(template.fields, data, HEAD.size))
    if template.group:
        found.entries = _entries(template.group, data, HEAD.size + length)
    return found


def _entries(group: Group, data: bytes, start: int) -> Entries:
    length, count, *zeros = GROUP_HEAD.unpack_from(data, start)
    first = start + GROUP_HEAD.size
    if (length, zeros) != (group.length, [0, 0]) or len(data) < first + count * length:
        raise WireError(f"{group.name}: {count} entries of {length} bytes in {len(data)} bytes")
    return [_values(group.fields, data, first + index * length) for index in range(count)]


def decode_all(data: bytes) -> list[Event]:
    """Every event of a piece of event stream; WireError if it ends inside one."""
    events, position = [], 0
    while position < len(data):
        events.append(decode(data[position:]))
        length = HEAD.size + HEAD.unpack_from(data, position)[0]
        if length % 8 or length + position > len(data):
            raise WireError(f"event at byte {position}: {length} bytes do not fit the stream")
        position += length
    return events
