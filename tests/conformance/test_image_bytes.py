"""`spec/vectors/image_bytes.txt` against itself, the tables of state.md and the systems."""

import hashlib
import re

import pytest
from vectorkit.commands import build
from vectorkit.dumps import IMAGE_DUMPS, Dump, read_dumps
from vectorkit.parse import VECTORS, read_all
from vectorkit.systems import SYSTEMS, fresh

TITLE = "image: a state with something of everything"
HEAD, *SECTIONS = read_dumps(path=IMAGE_DUMPS)
STATE = (VECTORS.parent / "state.md").read_text(encoding="utf-8")
_SIZES = {"int64": 8, "uint64": 8, "int32": 4, "uint32": 4, "uint16": 2, "uint8": 1}
_HEADING = re.compile(r"^### (\d+) `(\w+)`(?:: .*?(\d+) bytes)?", re.MULTILINE)
_FIELD = re.compile(r"^\| (\d+) \| (\w+) \| (\w+) \|", re.MULTILINE)


@pytest.mark.parametrize("dump", [HEAD, *SECTIONS], ids=lambda dump: dump.title)
def test_bytes_are_the_numbers_beside_them(dump: Dump) -> None:
    for name, spot in dump.fields.items():
        if spot.number is not None:
            found = int.from_bytes(spot.content, "little", signed=spot.number < 0)
            assert (name, found) == (name, spot.number)


def _headings() -> list[tuple[int, str, str]]:
    """Number, name and text of each section in state.md."""
    found = list(_HEADING.finditer(STATE))
    ends = [each.start() for each in found[1:]] + [STATE.index("## What an image must keep")]
    return [
        (int(each[1]), each[2], STATE[each.start() : end])
        for each, end in zip(found, ends, strict=True)
    ]


def test_sections_are_those_of_the_spec() -> None:
    titles = [f"section {number}: {name}" for number, name, _ in _headings()]
    assert titles == [dump.title for dump in SECTIONS]
    assert HEAD.fields["sections"].number == len(titles) == 15


def test_fields_lie_where_the_tables_say() -> None:
    judged = 0
    for dump, (_, name, text) in zip(SECTIONS, _headings(), strict=True):
        for offset, kind, field in _FIELD.findall(text):
            keys = (field, f"{field}_1", f"{field}_5028")
            (spot,) = [dump.fields[key] for key in keys if key in dump.fields]
            start = 27 * 24 if name == "commands" else 0  # 27 commands before used no client id
            assert (field, spot.offset - start) == (field, int(offset))
            assert (field, len(spot.content)) == (field, _SIZES[kind])
            judged += 1
    assert judged > 100


def test_the_head_counts_and_hashes_the_sections() -> None:
    fields = HEAD.fields
    assert fields["magic"].content == b"TWXSTAT1"
    assert fields["length"].number == sum(len(dump.content) for dump in (HEAD, *SECTIONS))
    for number, dump in enumerate(SECTIONS, start=1):
        size, rows = fields[f"row_bytes_{number}"].number, fields[f"rows_{number}"].number
        assert fields[f"number_{number}"].number == number
        assert size is not None
        assert rows is not None
        assert size * rows == len(dump.content)
        assert fields[f"hash_{number}"].content == hashlib.sha256(dump.content).digest()
    table, due = HEAD.content[:752], fields["state_hash"].content
    assert due == HEAD.content[752:] == hashlib.sha256(table).digest()


@pytest.mark.parametrize("system", SYSTEMS)
def test_systems_write_this_image(system: str) -> None:
    (case,) = (case for case in read_all() if case.name == TITLE)
    subject = fresh(system, case)
    _, setup, rows = build(case)
    for command in (*setup, *rows):
        subject.send(command.seat, command.message, command.clock_ns)
    image = subject.image()
    place = 0
    for dump in (HEAD, *SECTIONS):
        found = image[place : place + len(dump.content)]
        assert (dump.title, found.hex(" ")) == (dump.title, dump.content.hex(" "))
        place += len(dump.content)
    assert place == len(image)
