"""Rows of a case as the bytes of commands, and the orders that they name."""

import re
from dataclasses import replace

from vectorkit.parse import Case, Row, VectorError
from vectorkit.verbs import read
from vectorkit.wire import ENUMS, HEAD, Value, WireError, encode
from vectorkit.world import START_NS, STEP_NS, Command, World

_HEADER = {"block": 0, "template": 1, "schema": 2, "version": 3}
_CLOCK = re.compile(r"clock=(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$")
_START_HOUR = 9  # of START_NS, in Shanghai


def build(case: Case) -> tuple[World, list[Command], list[Command]]:
    """The commands of the case's setup and of the case itself. VectorError names file and line."""
    world = World(case.setup.seats, case.setup.first_sequence)
    setup = [_command(world, row, 0) for row in case.setup.rows]
    rows = [_command(world, row, place) for place, row in enumerate(case.rows, 1)]
    return world, setup, rows


def _command(world: World, row: Row, place: int) -> Command:
    try:
        command = _read(world, row, place)
        _set_time(world, command)
    except (ValueError, KeyError, IndexError, WireError) as wrong:
        raise VectorError(f"{row.place}: {row}: {wrong}") from wrong
    _learn(world, command)
    world.commands.append(command)
    if row.label:
        if row.label in world.labels:
            raise VectorError(f"{row.place}: label {row.label!r} is taken")
        world.labels[row.label] = command.order or command
        world.labels |= _legs(command)
    return command


def _read(world: World, row: Row, place: int) -> Command:
    seat, account = _seat(world, row.seat)
    sequence = world.first_sequence + len(world.commands)
    member = world.members.get(seat, 0)
    words = [word for word in row.words if word[0] != "!" and not word.startswith("clock=")]
    if words[0] == "again":
        old = world.labels[words[1]]
        return replace(old, row=row, sequence=sequence, seat=seat, member=member)
    name, fields, entries = read(world, words, account, place)
    message = _spoil(encode(name, fields, entries), [w for w in row.words if w[0] == "!"])
    command = Command(row, sequence, seat, member, name, fields, message, entries)
    if name in ("order_cancel", "order_amend"):
        command.target = world.labels.get(words[1])
    if name in ("order_carry", "forced_close"):
        owner = world.owners.get(int(fields["account"]), 0)
        command.order = replace(command, seat=int(fields.get("carried_seat", 0)), member=owner)
    return command


def _seat(world: World, word: str) -> tuple[int, int]:
    if word == "X":
        return 0, 0
    return world.seats[word] if word in world.seats else (int(word), 0)


def _set_time(world: World, command: Command) -> None:
    """What `clock=` says, else 1 ms after the row before; the sequencer's rule (journal.md)."""
    before = world.commands[-1] if world.commands else None
    command.clock_ns = (before.clock_ns if before else START_NS) + STEP_NS
    for word in command.row.words:
        if word.startswith("clock="):
            command.clock_ns = _clock(word)
    command.time_ns = max(before.time_ns + 1 if before else 0, command.clock_ns)


def _clock(word: str) -> int:
    found = _CLOCK.match(word)
    if found is None:
        raise ValueError(f"{word!r}: a time is clock=09:00:01 or clock=09:00:01.000000001")
    hours, minutes, seconds = (int(found[place]) for place in (1, 2, 3))
    since = ((hours - _START_HOUR) * 60 + minutes) * 60 + seconds
    return START_NS + since * 10**9 + int((found[4] or "").ljust(9, "0"))


def _spoil(message: bytes, words: list[str]) -> bytes:
    """`!template=19`, `!cut=8` and the like, in the order written."""
    for word in words:
        key, _, text = word[1:].partition("=")
        if key == "cut":
            message = message[: -int(text)]
        elif key == "grow":
            message += bytes(int(text))
        elif key == "longer":
            block = HEAD.unpack_from(message)[0]
            end = HEAD.size + block
            message = message[:end] + bytes(int(text)) + message[end:]
            message = (block + int(text)).to_bytes(2, "little") + message[2:]
        elif key in ("entry_block", "entries"):
            message = _spoil_group(message, key, int(text))
        else:
            head = list(HEAD.unpack_from(message))
            head[_HEADER[key]] = int(text)
            message = HEAD.pack(*head) + message[HEAD.size :]
    return message


def _spoil_group(message: bytes, key: str, value: int) -> bytes:
    """Another entry block length or number of entries in the group's head."""
    start = HEAD.size + HEAD.unpack_from(message)[0] + (0 if key == "entry_block" else 2)
    return message[:start] + value.to_bytes(2, "little") + message[start + 2 :]


def _legs(command: Command) -> dict[str, Command]:
    """`q.bid` and `q.ask` of a quote labelled q, `q.bid0` … of a mass quote's entries."""
    label = command.row.label
    if command.name == "quote_enter":
        bid, ask = _sides(command, command.fields, 1)
        return {f"{label}.bid": bid, f"{label}.ask": ask}
    legs = {}
    for index, entry in enumerate(command.entries):
        bid, ask = _sides(
            command, entry | {"client_id": command.fields["client_id"]}, 2 * index + 1
        )
        legs |= {f"{label}.bid{index}": bid, f"{label}.ask{index}": ask}
    return legs


def _sides(command: Command, entry: dict[str, Value], leg: int) -> tuple[Command, Command]:
    """The two legs of one entry as orders of their own (quotes.md)."""
    made = []
    for index, (side, word) in enumerate((("buy", "bid"), ("sell", "ask"))):
        keys = ("client_id", "instrument", "account", "hedge")
        fields = {key: entry[key] for key in keys if key in entry}
        fields |= {
            key: entry.get(f"{word}_{key}", 0) for key in ("price", "quantity", "offset")
        } | {"side": ENUMS["Side"][side]}
        made.append(replace(command, name="order_enter", fields=fields, leg=leg + index))
    return made[0], made[1]


def _learn(world: World, command: Command) -> None:
    """What later rows and events need to know of reference data."""
    fields = command.fields
    answer = next((line.words[0] for line in command.row.events), "")
    if command.name == "combination_define" and answer in ("", "reference"):
        legs = int(fields["leg_1"]), int(fields["leg_2"])
        world.legs[int(fields["instrument"])] = legs
    if command.seat != 0 or answer:
        return  # only setups teach the rest: in a case, fields say what is different
    if command.name == "seat_define":
        world.members[int(fields["seat_number"])] = int(fields["member"])
    elif command.name == "account_define":
        world.owners[int(fields["account"])] = int(fields["member"])
    elif command.name == "product_define":
        world.multipliers[int(fields["product"])] = int(fields["multiplier"])
    elif command.name == "instrument_define":
        world.products[int(fields["instrument"])] = int(fields["product_of"])
