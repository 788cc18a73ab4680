"""`spec/messages.xml` keeps the rules of FIX SBE 1.0 and its own; the venue has the same codes.

The rules are those of the standard's section "Schema validation" and of its attribute tables.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from vectorkit.wire import COMMAND_IDS, ENUMS, SPEC, TEMPLATES, Group, Template

_ROOT = ElementTree.parse(SPEC / "messages.xml").getroot()
_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
_MESSAGES = _ROOT.findall(f"{_NAMESPACE}message")
_ENCODINGS = [node for types in _ROOT.findall("types") for node in types]
_SIZES = {"char": 1, "uint8": 1, "uint16": 2, "uint32": 4, "int32": 4, "int64": 8}
_UNSIGNED = {"uint8": 8, "uint16": 16}
_CODE_PREFIX = {
    "Side": "SIDE",
    "PriceKind": "KIND",
    "TimeInForce": "TIME",
    "Offset": "OFFSET",
    "Hedge": "HEDGE",
    "Phase": "PHASE",
    "ProductClass": "CLASS",
    "PriceRule": "PRICE_RULE",
    "AuctionRule": "AUCTION_RULE",
    "LimitPriority": "PRIORITY",
    "OffsetRule": "OFFSET_RULE",
    "Right": "RIGHT",
    "Role": "ROLE",
    "PriceSource": "SOURCE",
    "TimerKind": "TIMER",
    "Rule": "RULE",
    "QuoteRule": "QUOTE_RULE",
    "SelfTradeMode": "SELF_TRADE",
    "MassScope": "SCOPE",
    "OperatorReason": "OPERATOR",
    "CancelReason": "CANCEL",
    "RejectReason": "REJECT",
}

_GROUPS = [group for message in _MESSAGES for group in message.findall("group")]
_BLOCKS = [*_MESSAGES, *_GROUPS]  # what holds fields

by_name = pytest.mark.parametrize("message", _BLOCKS, ids=lambda node: node.get("name"))


def _repeated(values: Iterator[str | None]) -> list[str | None]:
    return [value for value, count in Counter(values).items() if count > 1]


def _fields(block: ElementTree.Element) -> list[ElementTree.Element]:
    return block.findall("field")


def _encoding(name: str) -> ElementTree.Element:
    (node,) = (node for node in _ENCODINGS if node.get("name") == name)
    return node


def _size(name: str) -> int:
    """Bytes of a field of that type."""
    node = _encoding(name)
    if node.tag == "enum":
        return _SIZES[node.attrib["encodingType"]]
    return _SIZES[node.attrib["primitiveType"]] * int(node.get("length", "1"))


def _alignment(name: str) -> int:
    node = _encoding(name)
    return _SIZES[node.get("encodingType") or node.attrib["primitiveType"]]


def test_root() -> None:
    assert _ROOT.tag == f"{_NAMESPACE}messageSchema"
    assert _ROOT.get("byteOrder") == "littleEndian"
    assert (_ROOT.get("id"), _ROOT.get("version")) == ("7701", "0")


def test_message_header_is_the_standard_one() -> None:
    fields = [(f.get("name"), f.get("primitiveType")) for f in _encoding("messageHeader")]
    names = ("blockLength", "templateId", "schemaId", "version")
    assert fields == [(name, "uint16") for name in names]


def test_names_and_ids_are_unique() -> None:
    assert _repeated(node.get("name") for node in _ENCODINGS) == []
    assert _repeated(node.get("name") for node in _MESSAGES) == []
    assert _repeated(node.get("id") for node in _MESSAGES) == []
    for node in (*_ENCODINGS, *_MESSAGES):
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", node.attrib["name"])


def test_enums_fit_their_encoding() -> None:
    for enum in (node for node in _ENCODINGS if node.tag == "enum"):
        values = [int(value.text or "") for value in enum]
        assert _repeated(value.get("name") for value in enum) == []
        assert len(set(values)) == len(values)
        null_value = 2 ** _UNSIGNED[enum.attrib["encodingType"]] - 1
        assert 0 <= min(values) <= max(values) < null_value


@by_name
def test_block_and_offsets(message: ElementTree.Element) -> None:
    """Types exist; fields stand in wire order, aligned, apart from each other, inside the block."""
    end = 0
    for field in _fields(message):
        offset, kind = int(field.attrib["offset"]), field.attrib["type"]
        assert offset >= end, field.get("name")
        assert offset % _alignment(kind) == 0, field.get("name")
        end = offset + _size(kind)
    length = int(message.attrib["blockLength"])
    assert end <= length
    assert length % 8 == 0


@by_name
def test_fields_stand_before_groups_and_nothing_else_is_there(
    message: ElementTree.Element,
) -> None:
    tags = [node.tag for node in message]
    assert tags == ["field"] * len(_fields(message)) + ["group"] * len(message.findall("group"))


def test_group_heads_are_the_standard_ones() -> None:
    """The sizes of the standard's example encoding for groups, and one group a message."""
    head = [(f.get("name"), f.get("primitiveType")) for f in _encoding("groupSizeEncoding")]
    names = ("blockLength", "numInGroup", "numGroups", "numVarDataFields")
    assert head == [(name, "uint16") for name in names]
    assert {group.get("dimensionType") for group in _GROUPS} <= {"groupSizeEncoding"}
    assert max(len(message.findall("group")) for message in _MESSAGES) == 1


@by_name
def test_a_message_names_a_field_once(message: ElementTree.Element) -> None:
    assert _repeated(node.get("name") for node in message) == []
    assert _repeated(node.get("id") for node in message) == []


def test_a_field_name_has_one_id_and_one_type_everywhere() -> None:
    fields = [node for block in _BLOCKS for node in block]
    pairs = {(field.get("name"), field.get("id"), field.get("type")) for field in fields}
    assert _repeated(name for name, _, _ in pairs) == []
    assert _repeated(number for _, number, _ in pairs) == []


@pytest.mark.parametrize("commands", [True, False], ids=["commands", "events"])
def test_a_field_name_has_one_place(commands: bool) -> None:
    blocks = [
        template for template in TEMPLATES.values() if (template.id in COMMAND_IDS) == commands
    ]
    groups = [template.group for template in blocks if template.group]
    places = {
        (spot.name, spot.offset, spot.form)
        for block in (*blocks, *groups)
        for spot in block.fields.values()
    }
    assert _repeated(name for name, _, _ in places) == []


def test_every_event_begins_with_what_all_events_have() -> None:
    for template in TEMPLATES.values():
        if template.id not in COMMAND_IDS:
            places = [(spot.name, spot.offset) for spot in template.fields.values()][:3]
            assert places == [("sequence", 0), ("time_ns", 8), ("index", 16)]


def test_codes_of_the_venue() -> None:
    """Every constant of `codes` is one of the schema, and every one of the schema is there."""
    from twinex.venue.wire import codes

    due = {template.name.upper(): template.id for template in TEMPLATES.values()}
    for enum, prefix in _CODE_PREFIX.items():
        due |= {f"{prefix}_{word.upper()}": code for word, code in ENUMS[enum].items()}
    assert set(_CODE_PREFIX) == set(ENUMS)
    assert {key: value for key, value in vars(codes).items() if key.isupper()} == due


def test_layouts_of_the_venue() -> None:
    from twinex.venue.wire import schema

    assert schema.ENUMS == ENUMS
    assert set(schema.TEMPLATES) == set(TEMPLATES)
    for name, template in TEMPLATES.items():
        found = schema.TEMPLATES[name]
        assert (found.id, found.block.itemsize) == (template.id, template.length)
        assert _places(found.block) == _due(template)
        assert (found.group is None) == (template.group is None)
        if found.group is not None and template.group is not None:
            assert found.group.name == template.group.name
            assert found.group.block.itemsize == template.group.length
            assert _places(found.group.block) == _due(template.group)


def _places(block: np.dtype) -> dict[str, tuple[int, int]]:
    return {key: (kind.itemsize, at) for key, (kind, at) in (block.fields or {}).items()}


def _due(block: Template | Group) -> dict[str, tuple[int, int]]:
    return {spot.name: (spot.size, spot.offset) for spot in block.fields.values()}


def test_tables_of_rejects_and_messages_agree() -> None:
    """rejects.md has a row for every reason, with its code."""
    text = (SPEC / "rejects.md").read_text(encoding="utf-8")
    rows = {name: int(code) for code, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.M)}
    assert rows == {word: code for word, code in ENUMS["RejectReason"].items() if code}
