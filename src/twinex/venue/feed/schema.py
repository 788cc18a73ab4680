"""The messages of `spec/feed.xml` as NumPy dtypes, and their numbers for kernels."""

from twinex.venue.wire.schema import HEADER_BYTES, MESSAGE_HEADER, read_schema, union_of

SCHEMA_ID, SCHEMA_VERSION, TEMPLATES, _ = read_schema("feed.xml")
FEED = union_of(TEMPLATES, MESSAGE_HEADER)
MESSAGE_MAX = HEADER_BYTES + max(one.block_length for one in TEMPLATES.values())
LAST = 1  # in `flags`: the last of its command's messages


def _numbers(name: str) -> tuple[int, int]:
    """Template id and block length."""
    return TEMPLATES[name].id, TEMPLATES[name].block_length


DAY_STARTED = _numbers("day_started")
DAY_ENDED = _numbers("day_ended")
INSTRUMENT_DEFINED = _numbers("instrument_defined")
PHASE_CHANGED = _numbers("phase_changed")
HALT_CHANGED = _numbers("halt_changed")
LIMITS_CHANGED = _numbers("limits_changed")
INDICATION = _numbers("indication")
AUCTION_MATCHED = _numbers("auction_matched")
QUOTE_REQUESTED = _numbers("quote_requested")
TRADE = _numbers("trade")
TRADE_BUSTED = _numbers("trade_busted")
TRADE_CORRECTED = _numbers("trade_corrected")
ORDER_ADDED = _numbers("order_added")
ORDER_EXECUTED = _numbers("order_executed")
ORDER_REDUCED = _numbers("order_reduced")
ORDER_REMOVED = _numbers("order_removed")
LEVEL_CHANGED = _numbers("level_changed")
TOP_CHANGED = _numbers("top_changed")
SNAPSHOT_ENDED = _numbers("snapshot_ended")
