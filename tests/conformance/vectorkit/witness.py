"""The PyPI package `sbe` as a witness of our bytes, with a schema that it can read.

It lays fields end to end and knows neither `offset` nor `blockLength` of a field's place, reads
`length` of char types only, and cannot decode a field of a bare primitive type. So it is given
`spec/messages.xml` with the gaps written out as fields, arrays as char, and named scalars. It
finds the entries of a group, but writes and decodes group heads of two fields only: an entry is a
message of its own to it, too, and the head before written entries is ours.
"""

import copy
import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import sbe

from vectorkit.wire import BY_ID, GROUP_HEAD, HEAD, SPEC, Event, Value

_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
_SIZES = {"char": 1, "uint8": 1, "uint16": 2, "uint32": 4, "int32": 4, "int64": 8}
_ENTRY = 1000  # an entry of message n's group is its message n + 1000


def _rewrite_types(root: ElementTree.Element) -> dict[str, int]:
    """Arrays as char, scalars under a name of their own; the size of every type."""
    sizes: dict[str, int] = {}
    for types in root.findall("types"):
        for node in types.findall("type"):
            primitive, length = node.attrib["primitiveType"], int(node.get("length", "1"))
            sizes[node.attrib["name"]] = _SIZES[primitive] * length
            if length > 1:
                node.set("primitiveType", "char")
            else:
                node.set("name", f"scalar_{node.attrib['name']}")
        for node in types.findall("enum"):
            sizes[node.attrib["name"]] = _SIZES[node.attrib["encodingType"]]
    return sizes


def _rewrite_block(block: ElementTree.Element, sizes: dict[str, int]) -> set[int]:
    """The fields of a message or group end to end: every gap a field `gap_OFFSET`, a group last.

    Returns the gaps' sizes.
    """
    nodes, gaps, end = list(block), set(), 0
    for node in nodes:
        block.remove(node)
    for field in (node for node in nodes if node.tag == "field"):
        gaps |= _fill_gap(block, end, int(field.attrib["offset"]))
        kind = field.attrib["type"]
        end = int(field.attrib["offset"]) + sizes[kind]
        if kind in _SIZES:
            field.set("type", f"scalar_{kind}")
        block.append(field)
    gaps |= _fill_gap(block, end, int(block.attrib["blockLength"]))
    for group in (node for node in nodes if node.tag == "group"):
        gaps |= _rewrite_block(group, sizes)
        block.append(group)
    return gaps


def _fill_gap(block: ElementTree.Element, end: int, start: int) -> set[int]:
    """A field over bytes `end`..`start`, if there are any; the gap's size."""
    if start == end:
        return set()
    name = {"name": f"gap_{end}", "id": str(1000 + end), "type": f"gap{start - end}"}
    block.append(ElementTree.Element("field", name))
    return {start - end}


def _entry_messages(root: ElementTree.Element) -> list[ElementTree.Element]:
    """The entries of every message's group as messages of their own."""
    found = []
    for message in root.findall(f"{_NAMESPACE}message"):
        for group in message.findall("group"):
            entry = copy.deepcopy(group)
            entry.tag = message.tag
            entry.set("id", str(int(message.attrib["id"]) + _ENTRY))
            found.append(entry)
    return found


def read_schema(name: str = "messages.xml") -> sbe.Schema:
    """A schema of `spec/` as the witness reads it."""
    root = ElementTree.parse(SPEC / name).getroot()
    sizes = _rewrite_types(root)
    gaps: set[int] = set()
    for message in root.findall(f"{_NAMESPACE}message"):
        gaps |= _rewrite_block(message, sizes)
    root.extend(_entry_messages(root))
    types = root.find("types")
    assert types is not None
    for size in gaps:
        kind = {"name": f"gap{size}", "primitiveType": "char", "length": str(size)}
        if size == 1:  # a char alone is no text to it
            kind = {"name": "gap1", "primitiveType": "uint8"}
        types.append(ElementTree.Element("type", kind))
    return sbe.Schema.parse(io.BytesIO(ElementTree.tostring(root)))


def read(schema: sbe.Schema, message: bytes) -> Event:
    """A message as the witness sees it, its group's entries too; gaps stand as `gap_OFFSET`."""
    body = schema.wrap(message).body
    groups = [value for value in body.pointers.values() if isinstance(value, sbe.WrappedGroup)]
    entries = [_raw(entry) for group in groups for entry in group]
    return Event(body.name, _raw(body), entries)


def _raw(block: sbe.WrappedComposite) -> dict[str, Value]:
    names = [name for name, spot in block.pointers.items() if isinstance(spot, sbe.Pointer)]
    return {name: block.get_raw_pointer(name).unpack(block.buf) for name in names}


def write(
    schema: sbe.Schema, template: int, values: dict[str, object], entries: list[dict[str, object]]
) -> bytes:
    """A message as the witness writes it: codes by name, gaps and all, `entries` of its group."""
    whole = schema.messages[template]
    fields = [field for field in whole.fields if isinstance(field, sbe.Field)]
    message = schema.encode(replace(whole, fields=fields), values)
    group = BY_ID[template].group
    if group is None:
        return message
    blocks = [schema.encode(entry_of(schema, template), entry)[HEAD.size :] for entry in entries]
    return message + GROUP_HEAD.pack(group.length, len(blocks), 0, 0) + b"".join(blocks)


def entry_of(schema: sbe.Schema, template: int) -> sbe.Message:
    """The message that an entry of that message's group is to the witness."""
    return schema.messages[template + _ENTRY]
