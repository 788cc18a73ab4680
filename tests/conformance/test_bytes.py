"""`spec/vectors/bytes.txt` against its own annotations, the schema and the systems.

CRCs are zlib's and chains are plain Python here: neither is the venue's code.
"""

import zlib
from pathlib import Path

import pytest
from vectorkit.dumps import Dump, read_dumps
from vectorkit.parse import VectorError, read_all
from vectorkit.replay import replay
from vectorkit.systems import SYSTEMS, fresh
from vectorkit.wire import BY_ID, GROUP_HEAD, HEAD, Field, Template

FACTOR = 0x9E3779B97F4A7C15
RECORD_HEAD = 40
SEGMENT_HEAD = 4096
DUMPS = read_dumps()
RECORDS = [dump for dump in DUMPS if dump.title.startswith("record")]
_CROSSING = "prices: middle: cp between sp and bp, the resting seller gains"
CASES = {  # of an event's dump: the case that makes it, once
    "order_filled": _CROSSING,
    "trade": _CROSSING,
    "order_accepted": "post_only: an iceberg may be post-only",
    "stop_accepted": "stops: the event of a stop's acceptance repeats all it was sent",
    "quote_accepted": "quotes: two legs rest",
}
EVENTS = [dump for dump in DUMPS if dump.title.startswith("event")]
HEADS = [dump for dump in DUMPS if dump.title.startswith("head")]


def test_every_dump_is_judged() -> None:
    assert (len(RECORDS), len(EVENTS), len(HEADS)) == (6, 5, 2)
    assert len(DUMPS) == 13
    assert {_template(dump).name for dump in EVENTS} == set(CASES)


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.title)
def test_bytes_are_the_numbers_beside_them(dump: Dump) -> None:
    for name, spot in dump.fields.items():
        if spot.number is not None:
            signed = spot.number < 0
            found = int.from_bytes(spot.content, "little", signed=signed)
            assert (name, found) == (name, spot.number)


def _template(dump: Dump) -> Template:
    start = RECORD_HEAD if dump in RECORDS else 0
    return BY_ID[HEAD.unpack_from(dump.content, start)[1]]


@pytest.mark.parametrize("dump", RECORDS + EVENTS, ids=lambda dump: dump.title)
def test_fields_lie_where_the_schema_says(dump: Dump) -> None:
    template = _template(dump)
    start = (RECORD_HEAD if dump in RECORDS else 0) + HEAD.size
    _assert_fields(dump, "", template.fields, start)
    if template.group is not None:
        group = template.group
        start += template.length + GROUP_HEAD.size
        for at in range(_entries(dump, group.name)):
            _assert_fields(dump, f"{group.name}_{at}_", group.fields, start + at * group.length)
        assert len(dump.content) == start + _entries(dump, group.name) * group.length


def _entries(dump: Dump, group: str) -> int:
    return dump.fields[f"{group}_numInGroup"].number or 0


def _assert_fields(dump: Dump, prefix: str, fields: dict[str, Field], start: int) -> None:
    for name, spot in fields.items():
        written = dump.fields[prefix + name]
        assert (name, written.offset) == (name, start + spot.offset)
        assert (name, len(written.content)) == (name, spot.size)


def _chain_after(chain: int, record: bytes) -> tuple[int, int]:
    """crc and chain of a record behind `chain`, as journal.md says."""
    crc = zlib.crc32(record[8:32], zlib.crc32(record[RECORD_HEAD:]))
    return crc, ((chain ^ crc) * FACTOR) % 2**64


def test_crc_and_chain_of_the_records() -> None:
    chain = 0
    for dump in RECORDS:
        crc, chain = _chain_after(chain, dump.content)
        assert (dump.fields["crc"].number, dump.fields["chain"].number) == (crc, chain)
        assert dump.fields["length"].number == len(dump.content)
        assert len(dump.content) % 8 == 0


def test_crc_of_the_segment_heads() -> None:
    for dump in HEADS:
        assert zlib.crc32(dump.content[:56]) == dump.fields["crc"].number
        assert len(dump.content) == 60


@pytest.mark.parametrize("dump", EVENTS, ids=lambda dump: dump.title)
@pytest.mark.parametrize("system", SYSTEMS)
def test_systems_write_these_events(system: str, dump: Dump) -> None:
    (case,) = (case for case in read_all() if case.name == CASES[_template(dump).name])
    assert replay(case, fresh(system, case)).count(dump.content) == 1


def _message(dump: Dump) -> bytes:
    """The message of a record as it was sent, without padding."""
    template = _template(dump)
    length = HEAD.size + HEAD.unpack_from(dump.content, RECORD_HEAD)[0]
    if template.group is not None:
        length += GROUP_HEAD.size + _entries(dump, template.group.name) * template.group.length
    return dump.content[RECORD_HEAD : RECORD_HEAD + length]


def test_the_venue_writes_these_records_and_heads(tmp_path: Path) -> None:
    from twinex.venue.venue import Venue

    first, second = (dump.fields["time_ns"].number for dump in RECORDS[:2])
    clock_ns = iter([first, *[second] * 5])  # the later records follow by 1 ns each
    with Venue(tmp_path / "day", clock=lambda: next(clock_ns), segment_bytes=16384) as venue:
        for dump in RECORDS:
            seat = dump.fields["seat"].number
            assert seat is not None
            venue.send(seat, _message(dump))
        journal = (tmp_path / "day" / "journal-000000.seg").read_bytes()
        events = (tmp_path / "day" / "events-000000.seg").read_bytes()
    for content, dump in zip((journal, events), HEADS, strict=True):
        assert content[:60].hex(" ") == dump.content.hex(" ")
        assert content[60:SEGMENT_HEAD] == bytes(SEGMENT_HEAD - 60)
    place = SEGMENT_HEAD
    for dump in RECORDS:
        assert journal[place : place + len(dump.content)].hex(" ") == dump.content.hex(" ")
        place += len(dump.content)
    assert journal[place:] == bytes(len(journal) - place)


def test_the_venue_encodes_and_frames_these_messages() -> None:
    from twinex.venue.wire.messages import encode, frame

    for dump in (*RECORDS[:2], *RECORDS[3:]):  # the third is a later version's
        message = _message(dump)
        template = _template(dump)
        values: dict[str, object] = dict(_values(dump, "", template.fields))
        if (group := template.group) is not None:
            values[group.name] = [
                _values(dump, f"{group.name}_{at}_", group.fields)
                for at in range(_entries(dump, group.name))
            ]
        assert encode(template.name, **values) == message
        head = len(message).to_bytes(4, "little") + (21).to_bytes(4, "little")
        assert frame(21, message) == head + message


def _values(dump: Dump, prefix: str, fields: dict[str, Field]) -> dict[str, int | bytes]:
    spots = {name: dump.fields[prefix + name] for name in fields}
    return {
        name: spot.content if spot.number is None else spot.number for name, spot in spots.items()
    }


@pytest.mark.parametrize(
    "line", ["   4  00 00  price = 0", "   0  0x  price = 0", "   0  01 00  (unused)"]
)
def test_a_wrong_line_is_refused(line: str) -> None:
    with pytest.raises(VectorError):
        read_dumps("== some   [R 1]\n" + line)
