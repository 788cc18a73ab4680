"""The written-out classes, enums and advice against spec/, read here by itself."""

import re
import typing
import xml.etree.ElementTree as ElementTree
from dataclasses import fields
from pathlib import Path

import pytest

from twinex.client import codes, commands, events
from twinex.client.advice import ADVICE
from twinex.client.commands import Command, QuoteEntry
from twinex.client.events import Event

SPEC = Path(__file__).parents[2] / "spec"
ROOT = ElementTree.parse(SPEC / "messages.xml").getroot()
ENUMS = {node.attrib["name"]: node for node in ROOT.iterfind("types/enum")}
MESSAGES = {
    node.attrib["name"]: node
    for node in ROOT.iterfind("{http://fixprotocol.io/2016/sbe}message")
    if not 20 <= int(node.attrib["id"]) <= 100  # the exchange's own commands
}
CLASSES: dict[str, type] = {
    name: made
    for room in (commands, events)
    for name, made in vars(room).items()
    if isinstance(made, type) and issubclass(made, (Command, Event)) and vars(made).get("template")
}


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _promised(node: ElementTree.Element) -> list[tuple[str, type]]:
    """Names and Python types of the fields of a message or group, in their order."""
    plain = {"uint8": bool}
    return [
        (field.attrib["name"], getattr(codes, kind) if kind in ENUMS else plain.get(kind, int))
        for field in node.findall("field")
        for kind in [field.attrib["type"]]
    ]


def _written(made: type) -> list[tuple[str, type]]:
    hints = typing.get_type_hints(made)
    return [(field.name, hints[field.name]) for field in fields(made)]


def test_every_message_of_a_member_has_its_class() -> None:
    assert set(CLASSES) == {_camel(name) for name in MESSAGES}


@pytest.mark.parametrize("name", MESSAGES)
def test_class_has_the_fields_of_the_schema(name: str) -> None:
    node, made = MESSAGES[name], CLASSES[_camel(name)]
    assert vars(made)["template"] == int(node.attrib["id"])
    group = node.find("group")
    written = _written(made)
    if group is not None:
        assert _written(QuoteEntry) == _promised(group)
        assert written.pop() == (group.attrib["name"], tuple[QuoteEntry, ...])
    assert written == _promised(node)


def test_enums_have_the_values_of_the_schema() -> None:
    for name, made in vars(codes).items():
        if isinstance(made, type) and issubclass(made, codes.Code) and made is not codes.Code:
            values = ENUMS[name].findall("validValue")
            promised = {v.attrib["name"].upper(): int(v.text or "") for v in values}
            assert {code.name: code.value for code in made} == promised


def test_a_code_of_a_newer_market_is_no_error() -> None:
    assert str(codes.Phase(77)) == "UNKNOWN_77"
    assert codes.Phase(77) == 77
    with pytest.raises(ValueError, match="red"):
        codes.Phase("red")  # type: ignore[arg-type]


def test_advice_is_that_of_the_spec() -> None:
    rows = re.findall(r"^\| \d+ \| `(\w+)` \| (.*?) \| (.*?) ?\|$", _page("rejects.md"), re.M)
    assert {name: (when.strip(), what) for name, when, what in rows} == ADVICE


def _page(name: str) -> str:
    return (SPEC / name).read_text()
