"""The tests' own codec: `struct` driven by `spec/messages.xml`, independent of the systems'."""

import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SPEC = Path(__file__).resolve().parents[3] / "spec"
HEAD = struct.Struct("<HHHH")  # block length, template, schema, version
COMMAND_IDS = range(1, 100)

_FORMS = {"int64": "q", "int32": "i", "uint32": "I", "uint16": "H", "uint8": "B"}
_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
Value = int | bytes


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
class Template:
    """One message of the schema, `length` bytes of block."""

    name: str
    id: int
    length: int
    fields: dict[str, Field]


@dataclass
class Event:
    """One decoded event: its name and its fields as they stand on the wire."""

    name: str
    fields: dict[str, Value]


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


def _templates(root: ElementTree.Element) -> Iterator[Template]:
    forms, enums = _types(root)
    for node in root.iterfind(f"{_NAMESPACE}message"):
        fields = {
            f.attrib["name"]: Field(
                f.attrib["name"],
                int(f.attrib["offset"]),
                forms[f.attrib["type"]],
                enums.get(f.attrib["type"], {}),
            )
            for f in node.iterfind("field")
        }
        length = int(node.attrib["blockLength"])
        yield Template(node.attrib["name"], int(node.attrib["id"]), length, fields)


_ROOT = ElementTree.parse(SPEC / "messages.xml").getroot()
SCHEMA_ID, VERSION = int(_ROOT.attrib["id"]), int(_ROOT.attrib["version"])
ENUMS = _types(_ROOT)[1]
TEMPLATES = {template.name: template for template in _templates(_ROOT)}
BY_ID = {template.id: template for template in TEMPLATES.values()}


def encode(name: str, values: dict[str, Value]) -> bytes:
    """The message `name`, SBE header first; fields not given are zero."""
    template = TEMPLATES[name]
    block = bytearray(template.length)
    for key, value in values.items():
        if key not in template.fields:
            raise WireError(f"{name} has no field {key!r}; it has {', '.join(template.fields)}")
        spot = template.fields[key]
        try:
            struct.pack_into("<" + spot.form, block, spot.offset, value)
        except struct.error as wrong:
            raise WireError(f"{name}.{key}: {value!r} does not fit: {wrong}") from wrong
    return HEAD.pack(template.length, template.id, SCHEMA_ID, VERSION) + bytes(block)


def decode(data: bytes) -> Event:
    """The one message that `data` begins with."""
    length, template_id, schema, version = HEAD.unpack_from(data)
    template = BY_ID.get(template_id)
    if template is None or (schema, version) != (SCHEMA_ID, VERSION):
        raise WireError(f"template {template_id} of schema {schema} version {version} is unknown")
    if length != template.length or len(data) < HEAD.size + length:
        raise WireError(f"{template.name}: a block of {length} bytes in {len(data)} bytes")
    return Event(
        template.name,
        {
            spot.name: struct.unpack_from("<" + spot.form, data, HEAD.size + spot.offset)[0]
            for spot in template.fields.values()
        },
    )


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
