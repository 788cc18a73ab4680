"""Rows of a case as the bytes of commands, and the orders that they name."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from vectorkit.parse import Case, Row, VectorError
from vectorkit.wire import (
    BY_ID,
    ENUMS,
    HEAD,
    SCHEMA_ID,
    TEMPLATES,
    Field,
    Value,
    WireError,
    encode,
)

MEMBER_TEMPLATE_LAST = 19  # risk.md, check 5
LEGS = 1024  # order_id = sequence * 1024 + leg, orders.md
_SCALE = 10000  # prices and money in 1/10000
SCALED = frozenset(
    (
        *("price", "new_price", "tick", "lower_limit", "upper_limit", "strike", "auction_price"),
        *("previous_settlement", "previous_close", "credit", "turnover"),
    )
)
_FLAGS = {
    "fak": ("time_in_force", "fak"),
    "fok": ("time_in_force", "fok"),
    "close": ("offset", "close"),
    "close_today": ("offset", "close_today"),
    "arbitrage": ("hedge", "arbitrage"),
    "hedge": ("hedge", "hedge"),
    "market_maker": ("hedge", "market_maker"),
    "market": ("kind", "market"),
    "best": ("kind", "best"),
    "five_levels": ("kind", "five_levels"),
}
_HEADER = {"block": 0, "template": 1, "schema": 2, "version": 3}


@dataclass
class Command:
    """One command as it is sent, with what the expected events need to know of it."""

    row: Row
    sequence: int
    seat: int
    member: int
    name: str
    fields: dict[str, Value]
    message: bytes
    target: "Command | None" = None  # of a cancel or amend

    @property
    def template(self) -> int:
        return int(HEAD.unpack_from(self.message)[1])

    @property
    def order_id(self) -> int:
        return self.sequence * LEGS

    @property
    def client_id(self) -> int:
        """As an early reject names it (risk.md): 0 but of a member's whole command."""
        length, template_id, schema, _ = HEAD.unpack_from(self.message)
        template = BY_ID.get(template_id)
        whole = len(self.message) == HEAD.size + length
        if template is None or template_id > MEMBER_TEMPLATE_LAST or schema != SCHEMA_ID:
            return 0
        return int(self.fields["client_id"]) if whole and length >= template.length else 0


@dataclass
class World:
    """What a case has named so far."""

    seats: dict[str, tuple[int, int]]
    members: dict[int, int] = field(default_factory=dict)  # seat -> member
    owners: dict[int, int] = field(default_factory=dict)  # account -> member
    multipliers: dict[int, int] = field(default_factory=dict)  # of a product
    products: dict[int, int] = field(default_factory=dict)  # instrument -> product
    labels: dict[str, Command] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)


def number(spot: Field, text: str) -> Value:
    """A field's value as written: a number, an enum's name, a decimal price, or text."""
    if spot.form.endswith("s"):
        return text.encode()
    if text in spot.enum:
        return spot.enum[text]
    if spot.name in SCALED:
        return decimal(text)
    return int(text)


def decimal(text: str) -> int:
    """A decimal price or amount in 1/10000."""
    try:
        value = Decimal(text) * _SCALE
    except InvalidOperation:
        raise ValueError(f"{text!r} is no decimal number") from None
    if value != value.to_integral_value():
        raise ValueError(f"{text!r} has more than four decimals")
    return int(value)


def build(case: Case) -> tuple[World, list[Command], list[Command]]:
    """The commands of the case's setup and of the case itself. VectorError names file and line."""
    world = World(case.setup.seats)
    setup = [_command(world, row, 0) for row in case.setup.rows]
    rows = [_command(world, row, place) for place, row in enumerate(case.rows, 1)]
    return world, setup, rows


def _command(world: World, row: Row, place: int) -> Command:
    try:
        command = _read(world, row, place)
    except (ValueError, KeyError, IndexError, WireError) as wrong:
        raise VectorError(f"{row.place}: {row}: {wrong}") from wrong
    _learn(world, command)
    world.commands.append(command)
    if row.label:
        if row.label in world.labels:
            raise VectorError(f"{row.place}: label {row.label!r} is taken")
        world.labels[row.label] = command
    return command


def _read(world: World, row: Row, place: int) -> Command:
    seat, account = _seat(world, row.seat)
    sequence = len(world.commands) + 1
    member = world.members.get(seat, 0)
    if row.words[0] == "again":
        old = world.labels[row.words[1]]
        return Command(row, sequence, seat, member, old.name, old.fields, old.message, old.target)
    words = [word for word in row.words if not word.startswith("!")]
    name, fields = _fields(world, words, account, place)
    message = _spoil(encode(name, fields), [w for w in row.words if w.startswith("!")])
    target = world.labels.get(words[1]) if name in ("order_cancel", "order_amend") else None
    return Command(row, sequence, seat, member, name, fields, message, target)


def _seat(world: World, word: str) -> tuple[int, int]:
    if word == "X":
        return 0, 0
    return world.seats[word] if word in world.seats else (int(word), 0)


def _fields(
    world: World, words: list[str], account: int, place: int
) -> tuple[str, dict[str, Value]]:
    verb, rest = words[0], words[1:]
    if verb in ("buy", "sell"):
        fields = {"client_id": place, "instrument": 1, "account": account}
        fields |= {"side": ENUMS["Side"][verb], "quantity": int(rest[0])}
        return "order_enter", _options(world, "order_enter", fields, rest[1:])
    if verb in ("cancel", "amend"):
        return _change(world, "order_" + verb, place, rest)
    fields = {"client_id": place} if verb == "mass_cancel" else {}
    return verb, _options(world, verb, fields, rest)


def _change(world: World, name: str, place: int, words: list[str]) -> tuple[str, dict[str, Value]]:
    fields: dict[str, Value] = {"client_id": place}
    if words[0] in world.labels:
        fields["order_id"] = world.labels[words[0]].order_id
        words = words[1:]
    elif words[0].startswith("client="):
        fields["target_client_id"] = int(words[0].partition("=")[2])
        words = words[1:]
    elif "=" not in words[0]:
        raise ValueError(f"no command is labelled {words[0]!r}")
    numbers = [word for word in words if word.lstrip("-").isdigit() and words.index(word) < 2]
    if name == "order_amend":
        fields["new_quantity"] = int(numbers[0])
        words.remove(numbers[0])
    return name, _options(world, name, fields, words)


def _options(
    world: World, name: str, fields: dict[str, Value], words: list[str]
) -> dict[str, Value]:
    """Flags, `@ price` and `field=value` behind a verb."""
    spots, rest = TEMPLATES[name].fields, list(words)
    while rest:
        word = rest.pop(0)
        key, equals, text = word.partition("=")
        if word == "@":
            fields["new_price" if name == "order_amend" else "price"] = decimal(rest.pop(0))
        elif equals:
            key = "client_id" if key == "id" else key
            fields[key] = _value(world, spots[key], text)
        elif name == "order_enter" and word in _FLAGS:
            key, text = _FLAGS[word]
            fields[key] = spots[key].enum[text]
        else:
            raise ValueError(f"{word!r} is not understood")
    return fields


def _value(world: World, spot: Field, text: str) -> Value:
    """As `number`; an order id may be written `a+1`, from the order labelled a."""
    label, _, more = text.partition("+")
    if spot.name == "order_id" and label in world.labels:
        return world.labels[label].order_id + int(more or 0)
    return number(spot, text)


def _spoil(message: bytes, words: list[str]) -> bytes:
    """`!template=19`, `!cut=8` and the like, in the order written."""
    for word in words:
        key, _, text = word[1:].partition("=")
        if key == "cut":
            message = message[: -int(text)]
        elif key == "grow":
            message += bytes(int(text))
        else:
            head = list(HEAD.unpack_from(message))
            head[_HEADER[key]] = int(text)
            message = HEAD.pack(*head) + message[HEAD.size :]
    return message


def _learn(world: World, command: Command) -> None:
    """What later rows and events need to know of reference data."""
    fields = command.fields
    if command.seat != 0 or command.row.events:
        return  # only setups teach: in a case, fields say what is different
    if command.name == "seat_define":
        world.members[int(fields["seat_number"])] = int(fields["member"])
    elif command.name == "account_define":
        world.owners[int(fields["account"])] = int(fields["member"])
    elif command.name == "product_define":
        world.multipliers[int(fields["product"])] = int(fields["multiplier"])
    elif command.name == "instrument_define":
        world.products[int(fields["instrument"])] = int(fields["product_of"])
