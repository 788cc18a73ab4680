"""The message schema of `spec/messages.xml` as NumPy dtypes.

The dtypes are built from the schema when this module is imported, so the two cannot drift apart.
`spec/messages.xml` gives every field name one offset and one type in all commands (and in all
events), so one dtype with overlapping fields, the *union*, reads and writes the numbers of every
message: element i of a union array begins at byte 8*i of the buffer (`union_view`). Compiled and
plain code use the same spelling, `events[position]["price"]`, and no bytes are copied.
"""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HEADER_BYTES = 8  # SBE message header
GROUP_HEAD_BYTES = 8  # of a repeating group: entry length, number of entries, two zeros
RECORD_HEADER_BYTES = 40  # journal record header, spec/journal.md
FRAME_HEADER_BYTES = 8  # length and seat, in front of the sequencer
EVENT_ID_FIRST = 100  # template ids below are commands

_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
_PRIMITIVES = {"int64": "<i8", "int32": "<i4", "uint32": "<u4", "uint16": "<u2", "uint8": "u1"}
MESSAGE_HEADER = [
    ("block_length", "<u2"),
    ("template_id", "<u2"),
    ("schema_id", "<u2"),
    ("version", "<u2"),
]
_RECORD_HEADER = [
    ("length", "<u4"),
    ("crc", "<u4"),
    ("sequence", "<i8"),
    ("time_ns", "<i8"),
    ("term", "<i4"),
    ("seat", "<i4"),
    ("chain", "<i8"),
]
_FRAME_HEADER = [("length", "<u4"), ("seat", "<i4")]


@dataclass(frozen=True)
class Group:
    """A repeating group behind a block: its head, then entries of `block` each."""

    name: str
    block_length: int
    block: np.dtype


@dataclass(frozen=True)
class Template:
    """One message of the schema: `block` is the dtype of its fields, without any header."""

    name: str
    id: int
    block_length: int
    block: np.dtype
    group: Group | None = None

    @property
    def is_event(self) -> bool:
        return self.id > EVENT_ID_FIRST


def spec_directory() -> Path:
    """Where `spec/` lies: beside `src/` in a checkout, inside the package when installed."""
    here = Path(__file__).resolve()
    for candidate in (here.parents[4] / "spec", here.parents[2] / "spec"):
        if (candidate / "messages.xml").is_file():
            return candidate
    raise FileNotFoundError("spec/messages.xml is not beside the package: reinstall twinex")


def read_schema(name: str) -> tuple[int, int, dict[str, Template], dict[str, dict[str, int]]]:
    """Id, version, templates and enums of the schema `name` in `spec/`."""
    root = ElementTree.parse(spec_directory() / name).getroot()
    formats = dict(_PRIMITIVES)
    enums: dict[str, dict[str, int]] = {}
    types = root.find("types")
    assert types is not None, f"{name} has no <types>"
    for node in types.findall("type"):
        size = int(node.get("length", "1"))
        kind = node.get("primitiveType", "")
        formats[node.get("name", "")] = f"S{size}" if kind == "char" else f"V{size}"
    for node in types.findall("enum"):
        formats[node.get("name", "")] = _PRIMITIVES[node.get("encodingType", "")]
        enums[node.get("name", "")] = {
            value.get("name", ""): int(value.text or "") for value in node.findall("validValue")
        }
    templates = {}
    for node in root.findall(f"{_NAMESPACE}message"):
        message, length, block = _read_block(node, formats)
        groups = [Group(*_read_block(group, formats)) for group in node.findall("group")]
        assert len(groups) <= 1, f"{message} has more than one group"
        group = groups[0] if groups else None
        templates[message] = Template(message, int(node.get("id", "0")), length, block, group)
    return int(root.get("id", "0")), int(root.get("version", "0")), templates, enums


def _read_block(node: ElementTree.Element, formats: dict[str, str]) -> tuple[str, int, np.dtype]:
    """Name, length and dtype of the fields of a message or group."""
    fields = node.findall("field")
    length = int(node.get("blockLength", "0"))
    block = np.dtype(
        {
            "names": [field.get("name", "") for field in fields],
            "formats": [formats[field.get("type", "")] for field in fields],
            "offsets": [int(field.get("offset", "")) for field in fields],
            "itemsize": length,
        }
    )
    return node.get("name", ""), length, block


SCHEMA_ID, SCHEMA_VERSION, TEMPLATES, ENUMS = read_schema("messages.xml")
COMMANDS = {name: t for name, t in TEMPLATES.items() if not t.is_event}
EVENTS = {name: t for name, t in TEMPLATES.items() if t.is_event}
TEMPLATE_BY_ID = {t.id: t for t in TEMPLATES.values()}


def union_of(templates: dict[str, Template], heads: list[tuple[str, str]]) -> np.dtype:
    """One dtype over all numbers of `templates`, behind the packed header fields `heads`."""
    names, formats, offsets, position = [], [], [], 0
    for name, kind in heads:
        names.append(name)
        formats.append(kind)
        offsets.append(position)
        position += np.dtype(kind).itemsize
    known: dict[str, tuple[str, int]] = {}
    for template in templates.values():
        fields = template.block.fields
        assert fields is not None
        for name in template.block.names or ():
            field, offset = fields[name][0], fields[name][1]
            if field.kind in "SV":
                continue  # texts and hashes: no core looks at them
            place = (field.str, position + offset)
            assert known.setdefault(name, place) == place, f"field {name} moves between messages"
    for name, (form, offset) in known.items():
        assert name not in names, f"field {name} hides a header field"
        names.append(name)
        formats.append(form)
        offsets.append(offset)
    size = position + max(t.block_length for t in templates.values())
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


EVENT = union_of(EVENTS, MESSAGE_HEADER)
RECORD = union_of(COMMANDS, _RECORD_HEADER + MESSAGE_HEADER)
FRAME = union_of(COMMANDS, _FRAME_HEADER + MESSAGE_HEADER)


def union_view(buffer: np.ndarray, union: np.dtype) -> np.ndarray:
    """`buffer` (uint8) as a union array whose element i begins at byte 8*i.

    The last elements that would run past the end are left out: keep `union.itemsize` bytes spare.
    """
    assert buffer.dtype == np.uint8
    assert buffer.flags.c_contiguous
    count = (len(buffer) - union.itemsize) // 8 + 1
    assert count > 0, "buffer is shorter than one message"
    return np.ndarray(shape=(count,), dtype=union, buffer=buffer.data, strides=(8,))
