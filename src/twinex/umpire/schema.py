"""`spec/messages.xml` as data: messages, their fields and enums, and bytes into fields.

The umpire's own reading. It shares no line with the systems it judges, so that a mistake of theirs
in reading the schema shows.
"""

import struct
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Fields = dict[str, Any]

HEADER = struct.Struct("<HHHH")  # block length, template, schema, version
EVENT_ID_FIRST = 100  # template ids below are commands
_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
_CODES = {"int64": "q", "int32": "i", "uint32": "I", "uint16": "H", "uint8": "B"}


class SpecMissing(Exception):  # noqa: N818
    """The schema is not beside the package; the text says what to do."""


@dataclass(frozen=True)
class Field:
    """A field: its place in the block, its `struct` code, and its enum, "text", or ""."""

    name: str
    offset: int
    code: str
    meaning: str


@dataclass(frozen=True)
class Message:
    """A message, or the entries of a repeating group. `block_bytes` is without any header."""

    name: str
    id: int
    block_bytes: int
    fields: tuple[Field, ...]
    group: "Message | None" = None

    @property
    def is_event(self) -> bool:
        return self.id > EVENT_ID_FIRST

    def decode(self, octets: bytes, start: int) -> Fields:
        """The fields of the block at byte `start`: int, str for text, bytes for hashes."""
        return {field.name: _value(field, octets, start) for field in self.fields}


@dataclass(frozen=True)
class Schema:
    """The schema. `enum_of`: the names of a field's values, wherever the field stands."""

    id: int
    version: int
    messages: dict[int, Message]
    enum_of: dict[str, dict[int, str]]

    def named(self, name: str) -> Message:
        """The message of that name; KeyError for one that is not there."""
        return {message.name: message for message in self.messages.values()}[name]


def _value(field: Field, octets: bytes, start: int) -> int | str | bytes:
    (value,) = struct.unpack_from(f"<{field.code}", octets, start + field.offset)
    if isinstance(value, bytes) and field.meaning == "text":
        return value.rstrip(b"\0").decode(errors="replace")
    found: int | bytes = value
    return found


def spec_directory() -> Path:
    """Where `spec/` lies: beside `src/` in a checkout, inside the package when installed.

    Raises SpecMissing.
    """
    package = Path(__file__).resolve().parents[1]
    for candidate in (package.parents[1] / "spec", package / "spec"):
        if (candidate / "messages.xml").is_file():
            return candidate
    raise SpecMissing("spec/messages.xml is not beside the package: reinstall twinex")


def read_schema(text: str | bytes) -> Schema:
    """The schema in the text of a `messages.xml`."""
    root = ElementTree.fromstring(text)
    kinds = {name: (code, "") for name, code in _CODES.items()}
    names: dict[str, dict[int, str]] = {}
    for types in root.findall("types"):
        for node in types.findall("type"):
            kinds.setdefault(node.attrib["name"], _kind(node))
        for node in types.findall("enum"):
            kinds[node.attrib["name"]] = (_CODES[node.attrib["encodingType"]], node.attrib["name"])
            values = node.findall("validValue")
            names[node.attrib["name"]] = {int(one.text or ""): one.attrib["name"] for one in values}
    found = [_message(node, kinds) for node in root.findall(f"{_NAMESPACE}message")]
    messages = {message.id: message for message in found}
    groups = [message.group for message in found if message.group is not None]
    fields = [field for block in (*found, *groups) for field in block.fields]
    enum_of = {field.name: names[field.meaning] for field in fields if field.meaning in names}
    return Schema(int(root.attrib["id"]), int(root.attrib["version"]), messages, enum_of)


def _kind(node: ElementTree.Element) -> tuple[str, str]:
    """`struct` code of a type that is no number, and whether it is text."""
    size, primitive = int(node.get("length", "1")), node.attrib["primitiveType"]
    if "length" not in node.attrib:
        return _CODES[primitive], ""
    return f"{size}s", "text" if primitive == "char" else ""


def _message(node: ElementTree.Element, kinds: dict[str, tuple[str, str]]) -> Message:
    fields = tuple(
        Field(one.attrib["name"], int(one.attrib["offset"]), *kinds[one.attrib["type"]])
        for one in node.findall("field")
    )
    group = node.find("group")
    entries = None if group is None else _message(group, kinds)
    name, number = node.attrib["name"], int(node.attrib["id"])
    return Message(name, number, int(node.attrib["blockLength"]), fields, entries)


SCHEMA = read_schema((spec_directory() / "messages.xml").read_bytes())
