"""The umpire's reading of messages and state images, held against bytes worked by hand."""

import pytest
from vectorkit.dumps import IMAGE_DUMPS, Dump, read_dumps

from twinex.umpire.layout import SECTIONS
from twinex.umpire.messages import RECORD, Event, command_of
from twinex.umpire.schema import SCHEMA, Fields, read_schema, spec_directory
from twinex.umpire.state import NotAnImage, read_state
from umpire.recordings import image, parts_of, sealed, with_byte

DUMPS = read_dumps()
HEAD, *IMAGE_SECTIONS = read_dumps(path=IMAGE_DUMPS)
_SIGN = 1 << 63


def _assert_fields(dump: Dump, fields: Fields, prefix: str = "") -> None:
    for name, value in fields.items():
        if isinstance(value, list):
            for at, entry in enumerate(value):
                _assert_fields(dump, entry, f"{prefix}{name}_{at}_")
            continue
        spot = dump.fields[prefix + name]
        if spot.number is None:
            spoken = value.encode() if isinstance(value, str) else value
            assert (name, spot.content.rstrip(b"\0")) == (name, spoken.rstrip(b"\0"))
        else:
            assert (name, spot.number) in ((name, value), (name, value % (2 * _SIGN)))


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.title)
def test_messages_worked_by_hand(dump: Dump) -> None:
    if dump.title.startswith("record"):
        command = command_of(dump.content)
        assert command.fields
        assert (command.sequence, command.seat) == (
            dump.fields["sequence"].number,
            dump.fields["seat"].number,
        )
        _assert_fields(dump, command.fields)
    elif dump.title.startswith("event"):
        event = Event(dump.content)
        assert (event.fault, event.sequence) == ("", dump.fields["sequence"].number)
        _assert_fields(dump, event.fields)


def test_the_image_worked_by_hand() -> None:
    state = read_state(b"".join(dump.content for dump in (HEAD, *IMAGE_SECTIONS)))
    assert state.faults == {}
    judged = 0
    for dump, section in zip(IMAGE_SECTIONS, SECTIONS.values(), strict=True):
        names = {name.rpartition("_")[0] or name for name in dump.fields} | dump.fields.keys()
        assert names >= set(section.fields)
        many = len(state[section.name]) > 1
        for place, row in enumerate(state[section.name], start=1):
            label = row["sequence"] if section.name == "commands" else place
            for field in section.fields:
                spot = dump.fields.get(f"{field}_{label}" if many else field)
                if spot is not None and spot.number is not None:
                    assert (field, spot.number) == (field, row[field])
                    judged += 1
    assert judged > 300


def test_every_type_of_the_schema_is_read() -> None:
    text = (spec_directory() / "messages.xml").read_text()
    schema = read_schema(text.encode())
    assert schema == SCHEMA
    assert len(schema.messages) == text.count("<sbe:message ")
    told = [one.fields for one in schema.messages.values()]
    groups = [one.group.fields for one in schema.messages.values() if one.group]
    assert sum(map(len, [*told, *groups])) == text.count("<field ")
    used = [name for name in schema.enum_of.values()]
    assert {2: "none", 0: "buy", 1: "sell"} in used
    assert schema.enum_of["reject_reason"][31] == "KIND_UNSUPPORTED"


def test_a_record_that_is_no_message_has_no_fields() -> None:
    whole = next(dump.content for dump in DUMPS if "mass_quote" in dump.title)
    assert command_of(whole).fields["entries"]
    cut = command_of(whole[:-8])
    unknown = command_of(with_byte(whole, RECORD.size + 2, 0x70))
    short = command_of(whole[: RECORD.size + 4])
    for command in (cut, unknown, short):
        assert (command.name, command.fields) == ("no message", {})


def test_what_is_no_image_is_refused_with_its_reason() -> None:
    good = image()
    for octets, words in (
        (good[:700], "fewer than an image's head"),
        (with_byte(good, 0), "its magic is"),
        (with_byte(good, 8), "its format version is 0"),
        (with_byte(good, 12), "its schema id is"),
        (with_byte(good, 16), "its sections is"),
        (with_byte(good, 32), "section day stands in it as 0"),
        (with_byte(good, 24), "its head says"),
        (good[:-8], f"it has {len(good) - 8} bytes"),
        (sealed(good, parts_of(good) | {"day": b""}), "its section day has 0 rows"),
    ):
        with pytest.raises(NotAnImage, match=words):
            read_state(octets)


def test_wrong_hashes_are_noted() -> None:
    good = image()
    assert sealed(good, parts_of(good)) == good
    assert read_state(good).faults == {}
    assert read_state(with_byte(good, 760)).faults.keys() == {""}
    assert read_state(with_byte(good, 784 + 40)).faults.keys() == {"day"}
    assert read_state(with_byte(good, 50)).faults.keys() == {"", "day"}
