"""A field's value in words. Two values that differ are never written alike."""

from typing import Any

from twinex.umpire.names import PRICE_DIGITS, PRICE_UNIT, Names, digits_of
from twinex.umpire.schema import SCHEMA, Fields

_PRICES = frozenset(
    {
        "price",
        "new_price",
        "auction_price",
        "tick",
        "lower_limit",
        "upper_limit",
        "previous_settlement",
        "previous_close",
        "strike",
        "stop_price",
        "trail",
        "bid_price",
        "ask_price",
        "old_price",
        "last_price",
        "freeze_price",
        "freeze_price_1",
        "freeze_price_2",
    }
)
_MONEY = frozenset({"turnover", "credit", "used"})
_INSTRUMENTS = frozenset({"instrument", "underlying", "leg_1", "leg_2"})
_PRODUCTS = frozenset({"product", "product_of"})
_CLOCKS = frozenset({"time_ns", "requested_ns"})
_FLAGS = frozenset(
    {
        "active",
        "blocked",
        "halted",
        "priority_kept",
        "post_only",
        "ordered",
        "amend_allowed",
        "protection_allowed",
        "minimum_allowed",
        "funds_checked",
        "post_only_allowed",
        "self_trade_checked",
        "alone",
    }
)
_CHAINS = {"chain": 16, "mark_leader": 16, "mark_follower": 16, "events_crc": 8, "body_crc": 8}
_TEMPLATES = frozenset({"command", "changed_by"})
_DAY_STATES = {0: "not open yet", 1: "open", 2: "ended"}
_SECOND_NS = 1_000_000_000
_BYTES_SHOWN = 8


def value_text(name: str, value: Any, fields: Fields, names: Names) -> str:
    """`value` of field `name`, which stands among `fields` (they say on what tick prices are)."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (str, list)):
        return str(value)
    if name in _PRICES:
        return price_text(value, names.digits(fields))
    if name in _MONEY:
        return money_text(value)
    if name in _INSTRUMENTS:
        return _instrument(value, names)
    if name in _PRODUCTS:
        return names.product(value) if value else "0"
    if name in _CLOCKS:
        return clock_text(value, names.utc_offset_hours, 9) if value else "0"
    return _named(name, value)


def _named(name: str, value: int) -> str:
    """A value that is one of a few, or a hash, or else a plain number."""
    if name in SCHEMA.enum_of:
        return SCHEMA.enum_of[name].get(value, f"{value} (no {name})")
    if name in _FLAGS and value in (0, 1):
        return "yes" if value else "no"
    if name in _CHAINS:
        digits = _CHAINS[name]
        return f"{value & (1 << 4 * digits) - 1:0{digits}x}"
    if name in _TEMPLATES:
        found = SCHEMA.messages.get(value)
        return found.name if found else f"{value} (no template)"
    if name == "state":
        return _DAY_STATES.get(value, str(value))
    return str(value)


def _instrument(value: int, names: Names) -> str:
    """Minus an instrument stands for a busted trade in it (spec/state.md, 12)."""
    if value == 0:
        return "0"
    return names.symbol(value) if value > 0 else f"{names.symbol(-value)}, busted"


def price_text(price: int, digits: int) -> str:
    """`46002000` on a tick of one digit: `4600.2`; more digits where the price needs them."""
    digits = max(digits, digits_of(price))
    whole, part = divmod(abs(price), PRICE_UNIT)
    sign = "-" if price < 0 else ""
    return f"{sign}{whole}.{f'{part:0{PRICE_DIGITS}d}'[:digits]}" if digits else f"{sign}{whole}"


def money_text(units: int) -> str:
    """Money in 1/10000 yuan as yuan: `1,234,500.00`."""
    whole, part = divmod(abs(units), PRICE_UNIT)
    fraction = f"{part // 100:02d}" if part % 100 == 0 else f"{part:04d}"
    return f"{'-' if units < 0 else ''}{whole:,}.{fraction}"


def clock_text(time_ns: int, utc_offset_hours: int, digits: int = 6) -> str:
    """Exchange local time of day, `09:31:02.000417`; 9 digits are exact."""
    seconds, rest = divmod(time_ns, _SECOND_NS)
    seconds = (seconds + utc_offset_hours * 3600) % 86_400
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{clock}.{f'{rest:09d}'[:digits]}"
