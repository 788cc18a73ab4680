"""The sections of a state image as `spec/state.md` lays them out: a table, and nothing else.

A line of a section is a `struct` code and the fields that have it, one behind another; `x4` passes
four bytes over that have no name. `key` names a row within its section.
"""

import struct
from dataclasses import dataclass

MAGIC = b"TWXSTAT1"
FORMAT_VERSION = 1
FRONT = struct.Struct("<8sIHHIIq")  # magic, format, schema, its version, sections, zero, length
ENTRY = struct.Struct("<IIq32s")  # number, bytes of a row, rows, hash
HASH_BYTES = 32

_SECTIONS = {
    "day": (
        "",
        "q sequence time_ns; Q chain; q first_sequence commands events orders trades volume "
        "rejects journal_bytes event_bytes; i trading_day term state; x4",
    ),
    "products": (
        "number",
        "q number phase price_rule auction_rule limit_priority offset_rule market_price_rule "
        "kinds_allowed times_allowed amend_allowed protection_allowed minimum_allowed "
        "funds_checked tick multiplier quantity_minimum quantity_maximum_limit "
        "quantity_maximum_market quantity_step position_limit opening_cap band_ticks "
        "post_only_allowed stops_allowed display_minimum self_trade_checked quote_rule "
        "quote_width_ticks quote_minimum request_width_ticks request_interval_ns",
    ),
    "instruments": (
        "number",
        "i number product; q lower_limit upper_limit last_price previous_settlement open_interest "
        "requested_ns; i position_limit; B halted; x3; i leg_1 leg_2",
    ),
    "members": (
        "number",
        "i number; B active blocked; x2; q credit used window_ns entries cancels; "
        "i entries_max cancels_max; x8",
    ),
    "seats": ("number", "i number member"),
    "groups": ("number", "i number self_trade_mode"),
    "accounts": (
        "number",
        "i number member; q open_products close_products; i group; B active blocked; x2",
    ),
    "positions": (
        "account instrument hedge",
        "i account instrument long_today short_today long_yesterday short_yesterday long_frozen "
        "short_frozen long_frozen_today short_frozen_today opening_buys opening_sells opened; "
        "B hedge ordered; x2",
    ),
    "orders": (
        "order_id",
        "q order_id client_id price; i instrument account seat quantity remaining shown "
        "display_quantity good_till_day; B side offset hedge time_in_force post_only; x3",
    ),
    "stops": (
        "order_id",
        "q order_id client_id price freeze_price stop_price trail; i instrument account seat "
        "quantity remaining minimum_quantity display_quantity good_till_day; "
        "B side kind time_in_force offset hedge; x3",
    ),
    "quotes": (
        "account instrument hedge",
        "i account instrument hedge; x4; q bid_order_id ask_order_id",
    ),
    "trades": ("trade_id", "q price; i quantity instrument"),
    "carried": ("order_id", "q order_id; i member; x4"),
    "commands": (
        "sequence",
        "q client_id; I body_crc; i member; I quote; H command reject_reason",
    ),
    "combined": ("order_id", "q order_id freeze_price_1 freeze_price_2"),
}


@dataclass(frozen=True)
class Section:
    """One section: its number in the file, the fields of a row, and those that name it."""

    name: str
    number: int
    key: tuple[str, ...]
    fields: tuple[str, ...]
    row: struct.Struct

    @property
    def row_bytes(self) -> int:
        return self.row.size


def _section(number: int, name: str, key: str, lines: str) -> Section:
    codes, fields = "<", []
    for line in lines.split(";"):
        code, *names = line.split()
        codes += f"{code[1:]}x" if code[0] == "x" else code * len(names)
        fields += names
    return Section(name, number, tuple(key.split()), tuple(fields), struct.Struct(codes))


SECTIONS = {
    name: _section(number, name, *parts)
    for number, (name, parts) in enumerate(_SECTIONS.items(), start=1)
}
TABLE_BYTES = FRONT.size + len(SECTIONS) * ENTRY.size
HEAD_BYTES = TABLE_BYTES + HASH_BYTES
_ROW_BYTES = [112, 248, 72, 64, 8, 8, 32, 56, 64, 88, 32, 16, 16, 24, 24]
assert [section.row_bytes for section in SECTIONS.values()] == _ROW_BYTES, "spec/state.md, Sections"
assert (TABLE_BYTES, HEAD_BYTES) == (752, 784), "spec/state.md, File"
