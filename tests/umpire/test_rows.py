"""State images that differ: section, row, field, and both values."""

import random

import pytest

from twinex.umpire.difference import Moment, difference_of
from twinex.umpire.layout import HEAD_BYTES, SECTIONS
from twinex.umpire.names import Names
from twinex.umpire.rows import ABSENT, RowDifference, row_differences
from twinex.umpire.state import NotAnImage, Rows, read_state
from umpire.recordings import COMMANDS, image, parts_of, sealed, with_byte

STATES = [image(seed, count) for seed in (4, 5, 6) for count in (700, COMMANDS)]


def _differences(one: bytes, other: bytes) -> list[RowDifference]:
    names = Names()
    for octets in (one, other):
        names.learn_state(read_state(octets))
    return list(row_differences(read_state(one), read_state(other), names))


def _filled(section: str) -> bytes:
    """An image with two rows at least in a section (one in `day`)."""
    least = 1 if section == "day" else 2
    return next(one for one in STATES if len(read_state(one)[section]) >= least)


def _changed(section: str, place: int, flip: int = 1) -> tuple[bytes, bytes]:
    """An image, and the same with a byte of a section's rows changed, hashed anew."""
    whole = _filled(section)
    parts = parts_of(whole)
    return whole, sealed(whole, parts | {section: with_byte(parts[section], place, flip)})


def _place_of(section: str, field: str) -> tuple[int, int]:
    """First byte and size of a field in a row, found by what unpacks of it."""
    one = SECTIONS[section]
    at = one.fields.index(field)
    places = [
        place for place in range(one.row_bytes)
        if one.row.unpack(with_byte(bytes(one.row_bytes), place))[at] != 0
    ]  # fmt: skip
    return places[0], len(places)


FIELDS = [(name, field) for name, one in SECTIONS.items() for field in one.fields]


@pytest.mark.parametrize(("section", "field"), FIELDS)
def test_a_field_that_differs(section: str, field: str) -> None:
    whole = _filled(section)
    rows = read_state(whole)[section]
    row, (offset, size) = len(rows) - 1, _place_of(section, field)
    start = row * SECTIONS[section].row_bytes + offset
    one, other = _changed(section, start + size - 1, 0x40)
    found = _differences(one, other)
    if field in SECTIONS[section].key:  # the row has become another
        assert {each.section for each in found} == {section}
        assert [each.one for each in found if each.field == "row"].count(ABSENT) == 1
        return
    assert [(each.section, each.field) for each in found[:1]] == [(section, field)] or (
        section == "day" and field == "first_sequence"
    )
    own = [each for each in found if each.section == section]
    assert len(own) == 1
    assert own[0].field == field
    assert own[0].one != own[0].other


@pytest.mark.parametrize("section", [name for name in SECTIONS if name != "day"])
def test_a_row_that_only_one_has(section: str) -> None:
    whole = _filled(section)
    parts, size = parts_of(whole), SECTIONS[section].row_bytes
    count = len(parts[section]) // size
    by_place = section in ("trades", "commands")  # there, what follows moves up
    row = count - 1 if by_place else random.Random(31).randrange(count)
    left = parts[section][: row * size] + parts[section][(row + 1) * size :]
    (found,) = _differences(whole, sealed(whole, parts | {section: left}))
    assert (found.section, found.field, found.other) == (section, "row", ABSENT)
    assert found.one != ABSENT
    (again,) = _differences(sealed(whole, parts | {section: left}), whole)
    assert (again.one, again.other, again.key) == (found.other, found.one, found.key)


def test_two_orders_that_stand_in_another_order() -> None:
    for whole in STATES:
        parts, size = parts_of(whole), SECTIONS["orders"].row_bytes
        rows = Rows(SECTIONS["orders"], parts["orders"])
        for at in range(len(rows) - 1):
            swapped = rows.raw(at + 1) + rows.raw(at)
            orders = parts["orders"][: at * size] + swapped + parts["orders"][(at + 2) * size :]
            (found,) = _differences(whole, sealed(whole, parts | {"orders": orders}))
            first, second = rows.at(at), rows.at(at + 1)
            assert found.field == "place"
            assert str(first["order_id"]) in found.key
            assert str(second["order_id"]) in found.other


def test_bytes_that_have_no_name() -> None:
    one, other = _changed("seats", 0, 0)
    assert one == other
    for section in ("day", "members", "orders", "quotes"):
        size = SECTIONS[section].row_bytes
        free = next(
            place for place in range(size)
            if not any(SECTIONS[section].row.unpack(with_byte(bytes(size), place)))
        )  # fmt: skip
        (found,) = _differences(*_changed(section, free))
        assert (found.section, found.field) == (section, "bytes")


def test_a_row_that_stands_there_twice() -> None:
    whole = _filled("seats")
    parts = parts_of(whole)
    twice = parts["seats"] + parts["seats"][-8:]
    (found,) = _differences(whole, sealed(whole, parts | {"seats": twice}))
    rows = len(twice) // 8
    assert (found.field, found.one, found.other) == ("rows", f"{rows - 1} rows", f"{rows} rows")


def test_any_byte_of_an_image_that_changes_is_found() -> None:
    """Not hashed anew: what rots on a disk. Rows and hashes tell it, or it is no image any more."""
    draw, whole = random.Random(32), STATES[1]
    sections = [name for name, rows in parts_of(whole).items() for _ in range(len(rows))]
    unread = 0
    for _ in range(1_500):
        place = draw.randrange(len(whole)) if draw.random() < 0.7 else draw.randrange(HEAD_BYTES)
        other = with_byte(whole, place, 1 << draw.randrange(8))
        try:
            found = _differences(whole, other)
        except NotAnImage:
            unread += 1
            assert place < HEAD_BYTES
            continue
        assert found
        if place >= HEAD_BYTES:
            assert sections[place - HEAD_BYTES] in {each.section for each in found}
            assert len(found) < 4
        else:
            assert {each.section for each in found} == {"head"}
    assert 100 < unread < 1_000


def test_images_a_command_apart() -> None:
    before, after = image(count=600), image(count=601)
    found = _differences(before, after)
    assert {"day", "commands"} <= {each.section for each in found}
    assert ("day", "day", "sequence") in {(each.section, each.key, each.field) for each in found}


def test_the_first_row_is_the_headline() -> None:
    offset, _ = _place_of("members", "used")
    one, other = _changed("members", offset, 0x40)
    states = Moment(read_state(one), read_state(other))
    found = difference_of(("venue", "mirror"), names=Names(), after=states)
    assert found.headline.startswith("members, member 1: used is venue ")
    assert found.rows_more == 0
    (row,) = found.rows
    assert row.one in found.headline
    assert row.other in found.headline
