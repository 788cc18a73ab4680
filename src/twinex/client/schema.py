"""Layouts of spec/messages.xml, for `struct`: read once, when this module is imported."""

import struct
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
_FORMATS = {"int64": "q", "int32": "i", "uint32": "I", "uint16": "H", "uint8": "B"}


@dataclass(frozen=True)
class Layout:
    """A block: `types` has the schema's type of each of `names`; `numbers` packs them in order."""

    name: str
    template: int  # 0 for the entries of a group
    numbers: struct.Struct
    names: tuple[str, ...]
    types: tuple[str, ...]
    group: "Layout | None" = None


def spec_directory() -> Path:
    """Where `spec/` lies: beside `src/` in a checkout, inside the package when installed."""
    here = Path(__file__).resolve()
    for candidate in (here.parents[3] / "spec", here.parents[1] / "spec"):
        if (candidate / "messages.xml").is_file():
            return candidate
    raise FileNotFoundError("spec/messages.xml is not beside the package: reinstall twinex")


def _formats(root: ElementTree.Element) -> dict[str, str]:
    """The `struct` code of every named type."""
    formats = dict(_FORMATS)
    for node in root.iterfind("types/type"):
        if (length := node.get("length")) is not None:  # texts and hashes
            formats[node.attrib["name"]] = f"{length}s"
    for node in root.iterfind("types/enum"):
        formats[node.attrib["name"]] = _FORMATS[node.attrib["encodingType"]]
    return formats


def _layout(node: ElementTree.Element, formats: dict[str, str]) -> Layout:
    """Fields with pad bytes between them, so that one call reads or writes the block."""
    code, end = "<", 0
    fields = node.findall("field")
    for field in fields:
        offset, one = int(field.attrib["offset"]), formats[field.attrib["type"]]
        code += f"{offset - end}x{one}"
        end = offset + struct.calcsize("<" + one)
    code += f"{int(node.attrib['blockLength']) - end}x"
    group = node.find("group")
    return Layout(
        name=node.attrib["name"],
        template=0 if node.tag == "group" else int(node.attrib["id"]),
        numbers=struct.Struct(code),
        names=tuple(field.attrib["name"] for field in fields),
        types=tuple(field.attrib["type"] for field in fields),
        group=None if group is None else _layout(group, formats),
    )


def _read() -> tuple[int, int, dict[int, Layout]]:
    root = ElementTree.parse(spec_directory() / "messages.xml").getroot()
    formats = _formats(root)
    layouts = [_layout(node, formats) for node in root.iterfind(f"{_NAMESPACE}message")]
    by_template = {layout.template: layout for layout in layouts}
    return int(root.attrib["id"]), int(root.attrib["version"]), by_template


SCHEMA_ID, SCHEMA_VERSION, LAYOUTS = _read()
