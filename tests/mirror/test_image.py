"""The mirror's state images: read back, they live on; changed, they are refused by name."""

import os
import random
import struct
from functools import cache
from hashlib import sha256

import pytest
from drawn import FIRST_SEQUENCE, Drawn, Sent
from vectorkit.commands import build
from vectorkit.parse import read_all
from vectorkit.replay import replay
from vectorkit.systems import MirrorSystem
from vectorkit.wire import encode

from twinex.mirror.core import Core
from twinex.mirror.image import ENTRY, HASH_OFFSET, HEAD, ROWS_OFFSET, SECTIONS
from twinex.mirror.image_check import ImageError
from twinex.mirror.sequencer import Sequencer

SEED = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
NAMES = [section.name for section in SECTIONS]
RICH = "image: a state with something of everything"
Rows = dict[str, list[tuple[int, ...]]]


class ImagedMirror(MirrorSystem):
    """The mirror's core, made anew from its image before each command."""

    def send(self, seat: int, message: bytes, time_ns: int) -> bytes:
        image = self._core.image()
        self._core = Core.from_image(image)
        assert self._core.image() == image
        return super().send(seat, message, time_ns)


def test_vectors_from_an_image_before_every_command() -> None:
    for case in read_all():
        replay(case, ImagedMirror(first_sequence=case.setup.first_sequence))


@pytest.mark.parametrize("turn", range(4))
def test_a_drawn_day_goes_on_from_its_images(turn: int) -> None:
    """Two cores, one of them read back now and then, say the same to the end of the day."""
    print(f"seed {SEED}, turn {turn}")
    draw = random.Random(SEED + turn)
    one, other = Core(FIRST_SEQUENCE), Core(FIRST_SEQUENCE)
    sequencer = Sequencer(FIRST_SEQUENCE)
    ending = (0, encode("day_end", {}), 0)
    for seat, message, clock in [*Drawn(SEED + turn).day(800), ending, ending]:
        record = sequencer.record(seat, message, clock)
        if draw.random() < 0.2:
            image = other.image()
            other = Core.from_image(image)
            assert other.image() == image
        assert one.apply(record) == other.apply(record)
    assert one.image() == Core.from_image(other.image()).image()


def read_rows(image: bytes) -> Rows:
    rows, start = {}, ROWS_OFFSET
    for number, section in enumerate(SECTIONS):
        count = ENTRY.unpack_from(image, HEAD.size + number * ENTRY.size)[2]
        size = section.form.size * count
        rows[section.name] = list(section.form.iter_unpack(image[start : start + size]))
        start += size
    return rows


def write_rows(rows: Rows) -> bytes:
    """The image of those rows, its length and hashes as they should be."""
    entries, contents = b"", b""
    for number, section in enumerate(SECTIONS, 1):
        content = b"".join(section.form.pack(*row) for row in rows[section.name])
        size = section.form.size
        entries += ENTRY.pack(number, size, len(content) // size, sha256(content).digest())
        contents += content
    head = HEAD.pack(b"TWXSTAT1", 1, 7701, 0, 15, 0, ROWS_OFFSET + len(contents)) + entries
    return head + sha256(head).digest() + contents


@cache
def rich() -> bytes:
    """The image of image_bytes.txt: something of every section."""
    (case,) = (case for case in read_all() if case.name == RICH)
    system = MirrorSystem(first_sequence=case.setup.first_sequence)
    _, setup, rows = build(case)
    for command in (*setup, *rows):
        system.send(command.seat, command.message, command.clock_ns)
    return system.image()


def changed(rows: Rows, name: str, row: int, **fields: int) -> bytes:
    """The image with other values in one row."""
    section = SECTIONS[NAMES.index(name)]
    old = section.row._make(rows[name][row])
    lines = [*rows[name]]
    lines[row] = tuple(old._replace(**fields))
    return write_rows({**rows, name: lines})


def test_the_rows_of_an_image_make_it_again() -> None:
    assert write_rows(read_rows(rich())) == rich()


@pytest.mark.parametrize("end", [0, 1, 751, 783, 784, 1000, -1])
def test_a_piece_of_an_image_is_none(end: int) -> None:
    with pytest.raises(ImageError, match="bytes"):
        Core.from_image(rich()[:end])
    with pytest.raises(ImageError, match="3497 bytes, and says 3496"):
        Core.from_image(rich() + b"\0")


def test_no_byte_may_differ() -> None:
    print(f"seed {SEED}")
    draw, image = random.Random(SEED), rich()
    for place in range(len(image)):
        content = bytearray(image)
        content[place] ^= 1 << draw.randrange(8)
        with pytest.raises(ImageError):
            Core.from_image(bytes(content))


HEADS = [
    (0, b"TWXSTAT2", "begins with b'TWXSTAT2'"),
    (8, struct.pack("<I", 2), r"schema are \[2, 7701, 0\], not \[1, 7701, 0\]"),
    (12, struct.pack("<H", 7702), r"schema are \[1, 7702, 0\]"),
    (14, struct.pack("<H", 1), r"schema are \[1, 7701, 1\]"),
    (16, struct.pack("<I", 14), "14 sections"),
    (20, struct.pack("<I", 1), "15 sections, and 1 behind that"),
    (32, struct.pack("<I", 2), r"section 1 day: its entry is \(2, 112, 1\)"),
    (36, struct.pack("<I", 120), r"section 1 day: its entry is \(1, 120, 1\)"),
    (88, struct.pack("<q", 2), "section 2 products: its hash is not that of its rows"),
    (88, struct.pack("<q", -1), r"section 2 products: its entry is \(2, 248, -1\)"),
    (88, struct.pack("<q", 2**60), "section 2 products: its entry is"),
    (712, struct.pack("<q", 0), "hash is not that of its rows"),
]


@pytest.mark.parametrize(("place", "content", "message"), HEADS)
def test_a_head_is_judged_behind_its_hash(place: int, content: bytes, message: str) -> None:
    head = bytearray(rich()[:HASH_OFFSET])
    head[place : place + len(content)] = content
    image = bytes(head) + sha256(head).digest() + rich()[ROWS_OFFSET:]
    with pytest.raises(ImageError, match=message):
        Core.from_image(image)


def test_bytes_that_are_not_named_are_zero() -> None:
    """Every byte that no field covers, in a row that is rightly hashed."""
    rows, judged = read_rows(rich()), 0
    start = ROWS_OFFSET
    for number, section in enumerate(SECTIONS):
        size = section.form.size
        ones = section.form.unpack(b"\xff" * size)
        unnamed = [at for at, byte in enumerate(section.form.pack(*ones)) if byte == 0]
        for at in unnamed:
            content = bytearray(rich())
            content[start + at] = 1
            end = start + size * len(rows[section.name])
            entry = HEAD.size + number * ENTRY.size + 16
            content[entry : entry + 32] = sha256(content[start:end]).digest()
            content[HASH_OFFSET:ROWS_OFFSET] = sha256(content[:HASH_OFFSET]).digest()
            where = f"section {number + 1} {section.name}, row 1: no system writes"
            with pytest.raises(ImageError, match=where):
                Core.from_image(bytes(content))
            judged += 1
        start += size * len(rows[section.name])
    assert judged == 4 + 3 + 10 + 2 + 2 + 3 + 3 + 4 + 4


# Section, row (from 0), fields and what they become, what the refusal says.
REFUSED = [
    ("day", 0, {"state": 3}, "row 1: state 3 is not in 0 to 2"),
    ("day", 0, {"state": 0}, "has a first sequence"),
    ("day", 0, {"state": 2}, "phase 2 of an ended day"),
    ("day", 0, {"sequence": 5039}, "38 commands, not 39"),
    ("day", 0, {"first_sequence": 5002}, "38 commands, not 37"),
    ("day", 0, {"commands": 37}, "rows, commands and events"),
    ("day", 0, {"trades": 2}, "section 1 day, row 1: no system writes this row"),
    ("products", 0, {"tick": 0}, "tick 0 is not in 1 to"),
    ("products", 0, {"kinds_allowed": 14}, "it lacks limit orders"),
    ("products", 0, {"quantity_minimum": 101}, "do not go together"),
    ("products", 0, {"quantity_step": 2}, "do not go together"),
    ("products", 0, {"offset_rule": 0}, "order .* offset 1 is not known"),
    ("products", 0, {"number": 2}, "row 1: there is no product 1"),
    ("instruments", 0, {"product": 3}, "there is no product 3"),
    ("instruments", 0, {"lower_limit": 0}, "limits 0 to"),
    ("instruments", 0, {"upper_limit": 43_990_001}, "off the tick or out of"),
    ("instruments", 0, {"upper_limit": 43_990_000}, "do not follow its legs'"),
    ("instruments", 0, {"last_price": 5}, "last price 5 is off the tick"),
    ("instruments", 0, {"previous_settlement": 0}, "previous settlement 0"),
    ("instruments", 0, {"halted": 2}, "halted 2"),
    ("instruments", 2, {"leg_2": 3}, "there is no leg 3"),
    ("instruments", 2, {"leg_2": 1}, "its legs are no two"),
    ("instruments", 2, {"leg_2": 12}, "there is no position row 301, 12, 0"),
    ("instruments", 2, {"open_interest": 1}, "figures that only its legs can have"),
    ("instruments", 1, {"number": 1}, r"row 2: its key \[1\] does not rise above \[1\]"),
    ("members", 0, {"active": 2}, "active 2"),
    ("members", 2, {"used": 0}, "member 3: used 0, live are"),
    ("members", 1, {"entries": 1}, "section 4 members, row 2: no system writes this row"),
    ("seats", 0, {"member": 4}, "there is no member 4"),
    ("seats", 2, {"number": 22}, "there is no such seat"),
    ("groups", 0, {"self_trade_mode": 5}, "self_trade_mode 5"),
    ("accounts", 0, {"group": 8}, "there is no group 8"),
    ("accounts", 0, {"member": 4}, "there is no member 4"),
    ("accounts", 0, {"member": 2}, "did not come over night for member 2"),
    ("positions", 3, {"account": 999}, "there is no account 999"),
    ("positions", 1, {"instrument": 12}, "12 is a combination"),
    ("positions", 0, {"hedge": 4}, "hedge 4"),
    ("positions", 0, {"opening_buys": 6}, "opening_buys 6, its live orders make 5"),
    ("positions", 1, {"short_frozen": 1}, "short_frozen 1, its live orders make 0"),
    ("positions", 1, {"long_yesterday": 3}, "more is frozen than held"),
    ("positions", 1, {"short_today": 2**31 - 1}, "no so many lots"),
    ("positions", 0, {"ordered": 0}, "no position row has met it"),
    ("orders", 0, {"price": 39_990_001}, "off the tick"),
    ("orders", 0, {"price": 35_000_000}, "outside the limits"),
    ("orders", 0, {"price": 40_030_000}, "crossed in continuous"),
    ("orders", 0, {"remaining": 0}, "remaining 0"),
    ("orders", 0, {"remaining": 6}, "it hides lots|more remains"),
    ("orders", 0, {"quantity": 2}, "more remains than its quantity"),
    ("orders", 0, {"shown": 2}, "it hides lots"),
    ("orders", 2, {"shown": 3}, "shows more than 2 lots"),
    ("orders", 0, {"time_in_force": 1}, "cannot rest"),
    ("orders", 0, {"good_till_day": 20260106}, "is no gtd"),
    ("orders", 0, {"time_in_force": 3}, "good till 0"),
    ("orders", 0, {"order_id": 3072}, "did not come over night"),
    ("orders", 2, {"order_id": 5039 * 1024}, "no command can have made it"),
    ("orders", 2, {"client_id": 77}, "another member's, or was refused"),
    ("orders", 2, {"seat": 99}, "no such seat"),
    ("orders", 2, {"hedge": 3}, "there is no position row 201, 1, 3"),
    ("orders", 6, {"time_in_force": 4}, "no order of a combination can be so"),
    ("orders", 6, {"post_only": 1}, "no order of a combination can be so"),
    ("stops", 0, {"stop_price": 50_000_000}, "outside the limits"),
    ("stops", 0, {"freeze_price": 50_000_000}, "outside the limits"),
    ("stops", 0, {"kind": 0, "freeze_price": 40_060_000}, "not frozen at the price"),
    ("stops", 0, {"instrument": 12}, "12 is a combination"),
    ("stops", 0, {"order_id": 2048}, "stands in a book already"),
    ("stops", 0, {"order_id": 5031 * 1024}, "another member's, or was refused"),
    ("stops", 0, {"trail": 5}, "trail 5"),
    ("quotes", 0, {"hedge": 1}, "no leg of it"),
    ("quotes", 0, {"bid_order_id": 0}, "it is the leg of no quote"),
    ("quotes", 0, {"ask_order_id": 2048}, "2048 is no leg of it"),
    ("quotes", 0, {"bid_order_id": 9}, "there is no order 9"),
    ("trades", 0, {"instrument": 12}, "12 is a combination"),
    ("trades", 0, {"instrument": 5}, "there is no instrument 5"),
    ("trades", 0, {"quantity": 0}, "quantity 0"),
    ("carried", 1, {"order_id": 5001 * 1024}, "did not come from a day before"),
    ("carried", 1, {"member": 2}, "did not come over night for member 1"),
    ("carried", 1, {"member": 4}, "there is no member 4"),
    ("commands", 27, {"client_id": 0}, "client id 0"),
    ("commands", 35, {"client_id": 9, "member": 2}, "is no new one"),
    ("commands", 27, {"command": 20}, "command 20"),
    ("commands", 27, {"member": 4}, "there is no member 4"),
    ("commands", 27, {"quote": 1}, "quote 1 cannot be of this command"),
    ("commands", 27, {"reject_reason": 22}, "another member's, or was refused"),
    ("commands", 29, {"quote": 2}, "there is no row 2 of section 11"),
    ("commands", 29, {"quote": 0}, "cannot have made it"),
    ("commands", 0, {"body_crc": 1}, "there is no member 0"),
    ("combined", 0, {"order_id": 2048}, "there is no row of section 15"),
    ("combined", 0, {"freeze_price_1": 5}, "cannot be frozen in its legs"),
    ("combined", 0, {"freeze_price_2": 44_200_000}, "less than its price asks for"),
]


@pytest.mark.parametrize(("name", "row", "fields", "message"), REFUSED)
def test_what_an_image_must_keep(name: str, row: int, fields: dict, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        Core.from_image(changed(read_rows(rich()), name, row, **fields))


def test_rows_too_many_and_in_another_order_are_refused() -> None:
    rows = read_rows(rich())
    swapped = {**rows, "orders": [rows["orders"][1], rows["orders"][0], *rows["orders"][2:]]}
    with pytest.raises(ImageError, match="section 9 orders, row 1: no system writes this row"):
        Core.from_image(write_rows(swapped))
    idle = (301, 2, 3, 0, 0)
    with pytest.raises(ImageError, match="section 11 quotes, row 2: no system writes"):
        Core.from_image(write_rows({**rows, "quotes": [*rows["quotes"], idle]}))
    with pytest.raises(ImageError, match=r"section 13 carried, row 3: its key \[1024\]"):
        Core.from_image(write_rows({**rows, "carried": [*rows["carried"], (1024, 1)]}))
    stray = {**rows, "combined": [(2048, 1, 1), *rows["combined"]]}
    with pytest.raises(ImageError, match="order 2048 is of no combination"):
        Core.from_image(write_rows(stray))


def drawn_values(draw: random.Random, old: int, column: list[int]) -> list[int]:
    """What one field may become: nearby, at the ends, what another row has, anything."""
    near = [old + step for step in (1, -1, 10_000, -10_000, old)]
    return [
        0,
        1,
        2,
        5,
        -1,
        -old,
        old ^ 1,
        draw.getrandbits(31),
        draw.getrandbits(63),
        *near,
        *column,
    ]


def one_changed(draw: random.Random, rows: Rows) -> tuple[str, bytes]:
    """Some image that differs in one field, and what was done."""
    while True:
        name = draw.choice([name for name in NAMES if rows[name]])
        row = draw.randrange(len(rows[name]))
        fields = SECTIONS[NAMES.index(name)].row._fields
        place = draw.randrange(len(fields))
        old = rows[name][row][place]
        new = draw.choice(drawn_values(draw, old, [line[place] for line in rows[name][-9:]]))
        try:
            image = changed(rows, name, row, **{fields[place]: new})
        except struct.error:
            continue  # the field cannot hold that
        if new != old:
            return f"{name} {row}: {fields[place]} {old} -> {new}", image


@pytest.mark.parametrize("turn", range(3))
def test_an_image_with_one_field_changed_is_refused_or_lives_on(turn: int) -> None:
    """What is not refused is a state like another: it is kept as it is, takes the rest of the day,
    and can be read back after it."""
    print(f"seed {SEED}, turn {turn}")
    draw = random.Random(SEED + turn)
    day = Drawn(SEED + turn).day(700)
    core, sequencer = Core(FIRST_SEQUENCE), Sequencer(FIRST_SEQUENCE)
    begun = draw.randrange(300, 650)
    for seat, message, clock in day[:begun]:
        core.apply(sequencer.record(seat, message, clock))
    rows, refused = read_rows(core.image()), 0
    for _ in range(500):
        what, image = one_changed(draw, rows)
        try:
            other = Core.from_image(image)
        except ImageError:
            refused += 1
            continue
        assert other.image() == image, what
        live_on(other, read_rows(image)["day"][0], day[begun : begun + 50], what)
    assert 100 < refused < 450


def live_on(core: Core, day: tuple[int, ...], rest: list[Sent], what: str) -> None:
    print(what)
    sequencer = Sequencer(day[0] + 1, day[2], day[1])
    for seat, message, clock in rest:
        core.apply(sequencer.record(seat, message, clock))
    Core.from_image(core.image())
