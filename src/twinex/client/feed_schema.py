"""Messages of spec/feed.xml out of bytes, with `struct`; MoldUDP64 packets in and out of bytes."""

import re
import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
_FORMATS = {"int64": "q", "int32": "i", "uint16": "H", "uint8": "B"}
_SIZES = {"q": 8, "i": 4, "H": 2, "B": 1}
_HEAD = struct.Struct("<HHHH")  # block length, template, schema, version
_PACKET = struct.Struct(">10sQH")  # session, sequence, count
_LENGTH = struct.Struct(">H")
_SESSION = re.compile(rb"[A-Z][0-9]{9}")  # a stream and its trading day
PACKET_HEAD = _PACKET.size
END_OF_SESSION = 0xFFFF
LAST = 1  # in `flags`: the last of its command's messages


class FeedError(Exception):
    """What arrives is no feed of this schema, or tells of orders that cannot be there."""


class Layout(NamedTuple):
    """One message: its name, its block, and the names of the block's fields in order."""

    name: str
    block: struct.Struct
    names: tuple[str, ...]


class Message(NamedTuple):
    """A decoded message: integers as they are, texts as str."""

    name: str
    fields: dict[str, Any]


class Packet(NamedTuple):
    """A MoldUDP64 packet. `count` is 0 of a heartbeat, END_OF_SESSION at the end of a session."""

    session: str
    sequence: int
    count: int  # type: ignore[assignment]  # the protocol's word; tuple.count is not wanted
    messages: list[bytes]


def _feed_xml() -> Path:
    """Beside src/ in a checkout, inside the package when installed."""
    here = Path(__file__).resolve()
    for spec in (here.parents[3] / "spec", here.parents[1] / "spec"):
        if (spec / "feed.xml").is_file():
            return spec / "feed.xml"
    raise FileNotFoundError("spec/feed.xml is not beside the package: reinstall twinex")


def _layout(node: ElementTree.Element, formats: dict[str, str]) -> Layout:
    """Fields with pad bytes between them: one call reads the block."""
    code, end = "<", 0
    fields = node.findall("field")
    for field in fields:
        offset, one = int(field.attrib["offset"]), formats[field.attrib["type"]]
        code += f"{offset - end}x{one}"
        end = offset + struct.calcsize("<" + one)
    code += f"{int(node.attrib['blockLength']) - end}x"
    names = tuple(field.attrib["name"] for field in fields)
    return Layout(node.attrib["name"], struct.Struct(code), names)


def _read() -> tuple[int, dict[int, Layout]]:
    root = ElementTree.parse(_feed_xml()).getroot()
    formats = dict(_FORMATS)
    for node in root.iterfind("types/type"):
        if (length := node.get("length")) is not None:
            formats[node.attrib["name"]] = f"{length}s"
    for node in root.iterfind("types/enum"):
        formats[node.attrib["name"]] = _FORMATS[node.attrib["encodingType"]]
    messages = root.iterfind(f"{_NAMESPACE}message")
    return int(root.attrib["id"]), {int(m.attrib["id"]): _layout(m, formats) for m in messages}


SCHEMA_ID, LAYOUTS = _read()


def decode(octets: bytes) -> Message | None:
    """The message that begins `octets`; None for a template that this schema does not know.

    Raises FeedError for bytes that are no message of the feed. A longer block is of a later
    version of the schema: what is behind the fields known here is passed over.
    """
    if len(octets) < _HEAD.size:
        raise FeedError(f"{len(octets)} bytes are shorter than a message header")
    length, template, schema, _ = _HEAD.unpack_from(octets)
    if schema != SCHEMA_ID:
        raise FeedError(f"a message of schema {schema}, not {SCHEMA_ID}")
    layout = LAYOUTS.get(template)
    if layout is None:
        return None
    if length < layout.block.size or len(octets) < _HEAD.size + layout.block.size:
        raise FeedError(f"{layout.name}: {len(octets)} bytes are too few")
    values = layout.block.unpack_from(octets, _HEAD.size)
    texts = (v.rstrip(b"\0").decode() if isinstance(v, bytes) else v for v in values)
    return Message(layout.name, dict(zip(layout.names, texts, strict=True)))


def blocks_of(octets: bytes, start: int = 0) -> Iterator[bytes]:
    """The messages of a packet's body, or of framed messages: each behind its length."""
    while start < len(octets):
        if start + _LENGTH.size > len(octets):
            raise FeedError("a length is cut off")
        (length,) = _LENGTH.unpack_from(octets, start)
        start += _LENGTH.size
        if start + length > len(octets):
            raise FeedError(f"a message of {length} bytes is cut off")
        yield octets[start : start + length]
        start += length


def unpack(octets: bytes) -> Packet:
    """A whole downstream packet. Raises FeedError for bytes that are none."""
    if len(octets) < PACKET_HEAD:
        raise FeedError(f"a packet of {len(octets)} bytes has no whole head")
    session, sequence, count = _PACKET.unpack_from(octets)
    if _SESSION.fullmatch(session) is None:
        raise FeedError(f"no session is called {session!r}")
    messages = list(blocks_of(octets, PACKET_HEAD))
    if len(messages) != (0 if count == END_OF_SESSION else count):
        raise FeedError(f"a packet says {count} messages and has {len(messages)}")
    return Packet(session.decode("ascii"), sequence, count, messages)


def request(session: str, sequence: int, count: int) -> bytes:
    """A request packet: `count` messages of a session from `sequence` on; 0 and 0: a snapshot."""
    return _PACKET.pack(session.encode("ascii"), sequence, count)
