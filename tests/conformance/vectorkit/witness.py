"""The PyPI package `sbe` as a witness of our bytes, with a schema that it can read.

It lays fields end to end and knows neither `offset` nor `blockLength` of a field's place, reads
`length` of char types only, and cannot decode a field of a bare primitive type. So it is given
`spec/messages.xml` with the gaps written out as fields, arrays as char, and named scalars.
"""

import io
import xml.etree.ElementTree as ElementTree

import sbe

from vectorkit.wire import SPEC, Value

_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
_SIZES = {"char": 1, "uint8": 1, "uint16": 2, "uint32": 4, "int32": 4, "int64": 8}


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


def _rewrite_message(message: ElementTree.Element, sizes: dict[str, int]) -> set[int]:
    """Fields end to end: every gap a field `gap_OFFSET`. Returns the gaps' sizes."""
    fields, gaps, end = list(message), set(), 0
    for field in fields:
        message.remove(field)
    for field in fields:
        gaps |= _fill_gap(message, end, int(field.attrib["offset"]))
        kind = field.attrib["type"]
        end = int(field.attrib["offset"]) + sizes[kind]
        if kind in _SIZES:
            field.set("type", f"scalar_{kind}")
        message.append(field)
    return gaps | _fill_gap(message, end, int(message.attrib["blockLength"]))


def _fill_gap(message: ElementTree.Element, end: int, start: int) -> set[int]:
    """A field over bytes `end`..`start`, if there are any; the gap's size."""
    if start == end:
        return set()
    name = {"name": f"gap_{end}", "id": str(1000 + end), "type": f"gap{start - end}"}
    message.append(ElementTree.Element("field", name))
    return {start - end}


def read_schema() -> sbe.Schema:
    """`spec/messages.xml` as the witness reads it."""
    root = ElementTree.parse(SPEC / "messages.xml").getroot()
    sizes = _rewrite_types(root)
    gaps: set[int] = set()
    for message in root.findall(f"{_NAMESPACE}message"):
        gaps |= _rewrite_message(message, sizes)
    types = root.find("types")
    assert types is not None
    for size in gaps:
        kind = {"name": f"gap{size}", "primitiveType": "char", "length": str(size)}
        if size == 1:  # a char alone is no text to it
            kind = {"name": "gap1", "primitiveType": "uint8"}
        types.append(ElementTree.Element("type", kind))
    return sbe.Schema.parse(io.BytesIO(ElementTree.tostring(root)))


def fields_of(schema: sbe.Schema, message: bytes) -> tuple[str, dict[str, Value]]:
    """Name and raw fields of a message as the witness sees them; gaps stand as `gap_OFFSET`."""
    wrapped = schema.wrap(message)
    spots = wrapped.body.pointers
    raw = {name: wrapped.body.get_raw_pointer(name).unpack(wrapped.buf) for name in spots}
    return wrapped.body.name, raw
