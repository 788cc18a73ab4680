"""What a case has named so far: seats, accounts, products, and the commands with their orders."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from vectorkit.parse import Row
from vectorkit.wire import BY_ID, GROUP_HEAD, HEAD, SCHEMA_ID, Entries, Field, Value

MEMBER_TEMPLATE_LAST = 19  # risk.md, check 5
LEGS = 1024  # order_id = sequence * 1024 + leg, orders.md
START_NS = 1_767_574_800_000_000_000  # 2026-01-05 09:00 in Shanghai
STEP_NS = 1_000_000
_SCALE = 10000  # prices and money in 1/10000
SCALED = frozenset(
    (
        *("price", "new_price", "old_price", "stop_price", "trail", "bid_price", "ask_price"),
        *("tick", "lower_limit", "upper_limit", "strike", "auction_price"),
        *("previous_settlement", "previous_close", "credit", "turnover"),
    )
)


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
    entries: Entries = field(default_factory=list)
    target: "Command | None" = None  # of a cancel or amend
    order: "Command | None" = None  # what it makes for an account: of order_carry and forced_close
    leg: int = 0
    clock_ns: int = 0  # what the clock reads when it arrives
    time_ns: int = 0  # what its events must carry

    @property
    def template(self) -> int:
        return int(HEAD.unpack_from(self.message)[1])

    @property
    def order_id(self) -> int:
        if "carried_order_id" in self.fields:
            return int(self.fields["carried_order_id"])
        return self.sequence * LEGS + self.leg

    @property
    def client_id(self) -> int:
        """As an early reject names it (risk.md): 0 but of a member's whole command."""
        _, template_id, schema, _ = HEAD.unpack_from(self.message)
        template = BY_ID.get(template_id)
        if template is None or template_id > MEMBER_TEMPLATE_LAST or schema != SCHEMA_ID:
            return 0
        return int(self.fields["client_id"]) if _is_whole(self.message) else 0


def _is_whole(message: bytes) -> bool:
    """Check 2 of risk.md, and of quotes.md where a group follows the block."""
    length, template_id, _, _ = HEAD.unpack_from(message)
    template, start = BY_ID[template_id], HEAD.size + length
    if length < template.length or len(message) < start:
        return False
    if template.group is None:
        return len(message) == start
    if length % 8 or len(message) < start + GROUP_HEAD.size:
        return False
    entry, count, _, _ = GROUP_HEAD.unpack_from(message, start)
    fits = len(message) == start + GROUP_HEAD.size + entry * count
    return fits and 1 <= count <= 64 and entry >= template.group.length and entry % 8 == 0


@dataclass
class World:
    """What a case has named so far."""

    seats: dict[str, tuple[int, int]]
    first_sequence: int = 1
    members: dict[int, int] = field(default_factory=dict)  # seat -> member
    owners: dict[int, int] = field(default_factory=dict)  # account -> member
    multipliers: dict[int, int] = field(default_factory=dict)  # of a product
    products: dict[int, int] = field(default_factory=dict)  # instrument -> product
    legs: dict[int, tuple[int, int]] = field(default_factory=dict)  # of a combination
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
