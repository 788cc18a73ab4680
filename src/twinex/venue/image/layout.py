"""The bytes of a state image: its head, and what a row of each section is (`spec/state.md`)."""

from typing import Any, NamedTuple

import numpy as np

from twinex.venue.wire.schema import SCHEMA_ID, SCHEMA_VERSION

MAGIC = b"TWXSTAT1"
FORMAT_VERSION = 1
HASH_BYTES = 32


def _row(size: int, **fields: tuple[str, int]) -> np.dtype:
    """A row of `size` bytes; each field with its type and its offset."""
    return np.dtype(
        {
            "names": list(fields),
            "formats": [form for form, _ in fields.values()],
            "offsets": [offset for _, offset in fields.values()],
            "itemsize": size,
        }
    )


def _pack(*names_and_forms: str) -> np.dtype:
    """A row of fields one behind another: "i8 a b c", "i4 d e"."""
    fields: dict[str, tuple[str, int]] = {}
    offset = 0
    for text in names_and_forms:
        form, *names = text.split()
        for name in names:
            fields[name] = (f"<{form}", offset)
            offset += np.dtype(form).itemsize
    return _row(offset + -offset % 8, **fields)


DAY = _pack(
    "i8 sequence time_ns",
    "u8 chain",
    "i8 first_sequence commands events orders trades volume rejects journal_bytes event_bytes",
    "i4 trading_day term state",
)
ENDED = 2  # a day's state
PRODUCT_RULES = (  # as the core's table names them, in the order of the spec
    "phase price_rule auction_rule limit_priority offset_rule market_price_rule kinds_allowed "
    "times_allowed amend_allowed protection_allowed minimum_allowed funds_checked tick multiplier "
    "quantity_minimum quantity_maximum_limit quantity_maximum_market quantity_step position_limit "
    "opening_cap band_ticks post_only_allowed stops_allowed display_minimum self_trade_checked "
    "quote_rule quote_width_ticks quote_minimum request_width_ticks request_interval_ns"
)
PRODUCTS = _pack(f"i8 number {PRODUCT_RULES}")
INSTRUMENTS = _row(
    72,
    number=("<i4", 0),
    product=("<i4", 4),
    lower_limit=("<i8", 8),
    upper_limit=("<i8", 16),
    last_price=("<i8", 24),
    previous_settlement=("<i8", 32),
    open_interest=("<i8", 40),
    requested_ns=("<i8", 48),
    position_limit=("<i4", 56),
    halted=("u1", 60),
    leg_1=("<i4", 64),
    leg_2=("<i4", 68),
)
MEMBERS = _row(
    64,
    number=("<i4", 0),
    active=("u1", 4),
    blocked=("u1", 5),
    credit=("<i8", 8),
    used=("<i8", 16),
    window_ns=("<i8", 24),
    entries=("<i8", 32),
    cancels=("<i8", 40),
    entries_max=("<i4", 48),
    cancels_max=("<i4", 52),
)
SEATS = _pack("i4 number member")
GROUPS = _pack("i4 number self_trade_mode")
ACCOUNTS = _pack(
    "i4 number member", "i8 open_products close_products", "i4 group", "u1 active blocked"
)
# Fields that the core's tables call as the spec does.
INSTRUMENT_FIELDS = (
    "product halted last_price previous_settlement open_interest requested_ns position_limit "
    "leg_1 leg_2"
)
MEMBER_FIELDS = "active blocked credit used window_ns entries cancels entries_max cancels_max"
ACCOUNT_FIELDS = "member active blocked group open_products close_products"
HELD = (
    "long_today short_today long_yesterday short_yesterday long_frozen short_frozen "
    "long_frozen_today short_frozen_today opening_buys opening_sells"
)
POSITIONS = _pack(f"i4 account instrument {HELD} opened", "u1 hedge ordered")
ORDERS = _pack(
    "i8 order_id client_id price",
    "i4 instrument account seat quantity remaining shown display_quantity good_till_day",
    "u1 side offset hedge time_in_force post_only",
)
STOPS = _pack(
    "i8 order_id client_id price freeze_price stop_price trail",
    "i4 instrument account seat quantity remaining minimum_quantity display_quantity good_till_day",
    "u1 side kind time_in_force offset hedge",
)
QUOTES = _row(
    32,
    account=("<i4", 0),
    instrument=("<i4", 4),
    hedge=("<i4", 8),
    bid_order_id=("<i8", 16),
    ask_order_id=("<i8", 24),
)
TRADES = _pack("i8 price", "i4 quantity instrument")
CARRIED = _pack("i8 order_id", "i4 member")
COMMANDS = _pack("i8 client_id", "u4 body_crc", "i4 member", "u4 quote", "u2 command reject_reason")
COMBINED = _pack("i8 order_id freeze_price_1 freeze_price_2")

SECTIONS: dict[str, np.dtype] = {  # in the order of their numbers, from 1
    "day": DAY,
    "products": PRODUCTS,
    "instruments": INSTRUMENTS,
    "members": MEMBERS,
    "seats": SEATS,
    "groups": GROUPS,
    "accounts": ACCOUNTS,
    "positions": POSITIONS,
    "orders": ORDERS,
    "stops": STOPS,
    "quotes": QUOTES,
    "trades": TRADES,
    "carried": CARRIED,
    "commands": COMMANDS,
    "combined": COMBINED,
}
ROW_BYTES = [112, 248, 72, 64, 8, 8, 32, 56, 64, 88, 32, 16, 16, 24, 24]
assert [row.itemsize for row in SECTIONS.values()] == ROW_BYTES, "spec/state.md, Sections"

KEYS: dict[str, tuple[str, ...]] = {  # rows rise by these, each once
    **dict.fromkeys(
        ("products", "instruments", "members", "seats", "groups", "accounts"), ("number",)
    ),
    "positions": ("account", "instrument", "hedge"),
    "stops": ("order_id",),
    "quotes": ("account", "instrument", "hedge"),
    "carried": ("order_id",),
    "combined": ("order_id",),
}


def position_keys(rows: np.ndarray) -> np.ndarray:
    """(account, instrument, hedge) of rows that have them: an int64 each, rising with them."""
    account, instrument = rows["account"].astype(np.int64), rows["instrument"].astype(np.int64)
    keys: np.ndarray = (account << 32) + (instrument << 8) + rows["hedge"]
    return keys


_FRONT = np.dtype(
    [
        ("magic", "S8"),
        ("format_version", "<u4"),
        ("schema_id", "<u2"),
        ("schema_version", "<u2"),
        ("sections", "<u4"),
        ("zero", "<u4"),
        ("length", "<i8"),
    ]
)
ENTRY = np.dtype([("number", "<u4"), ("row_bytes", "<u4"), ("rows", "<i8"), ("hash", "V32")])
TABLE_END = _FRONT.itemsize + len(SECTIONS) * ENTRY.itemsize
HEAD_BYTES = TABLE_END + HASH_BYTES
assert (TABLE_END, HEAD_BYTES) == (752, 784), "spec/state.md, File"


class Head(NamedTuple):
    """The parts of a head: `rows` and `hashes` (bytes) of each section, in order."""

    length: int
    rows: list[int]
    hashes: list[bytes]


class HeadError(ValueError):
    """Why bytes are no head of a state image that this version reads."""


def pack_table(rows: list[int], hashes: list[bytes]) -> bytes:
    """Bytes 0..751 of a head: all of it but the state hash."""
    front = _front(HEAD_BYTES + sum(map(int.__mul__, rows, ROW_BYTES)))
    entries = np.zeros(len(SECTIONS), ENTRY)
    entries["number"] = np.arange(1, len(SECTIONS) + 1)
    entries["row_bytes"], entries["rows"] = ROW_BYTES, rows
    entries["hash"] = np.frombuffer(b"".join(hashes), ENTRY["hash"])
    return front + entries.tobytes()


def _front(length: int) -> bytes:
    """A head up to its sections."""
    front = np.zeros((), _FRONT)
    front["magic"], front["format_version"] = MAGIC, FORMAT_VERSION
    front["schema_id"], front["schema_version"] = SCHEMA_ID, SCHEMA_VERSION
    front["sections"], front["length"] = len(SECTIONS), length
    return front.tobytes()


def unpack_table(octets: bytes) -> Head:
    """The head whose bytes 0..751 these are. Raises HeadError for another version's."""
    front: Any = np.frombuffer(octets, _FRONT, count=1)[0]
    if front["magic"] != MAGIC:
        raise HeadError(f"it begins with {bytes(front['magic'])!r}, not {MAGIC!r}")
    due = (FORMAT_VERSION, SCHEMA_ID, SCHEMA_VERSION)
    found = tuple(int(front[name]) for name in ("format_version", "schema_id", "schema_version"))
    if found != due:
        raise HeadError(f"format, schema and its version are {found}, this system reads {due}")
    entries = np.frombuffer(octets, ENTRY, offset=_FRONT.itemsize)
    rows = entries["rows"].tolist()
    hashes = [bytes(each) for each in entries["hash"]]
    if _front(int(front["length"])) != octets[: _FRONT.itemsize]:
        raise HeadError("its head is not laid out as this version's")
    sizes = list(zip(entries["number"].tolist(), entries["row_bytes"].tolist(), strict=True))
    if sizes != list(enumerate(ROW_BYTES, start=1)):
        raise HeadError("its sections are not those of this version")
    return Head(int(front["length"]), rows, hashes)
