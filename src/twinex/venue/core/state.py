"""The state of the core: tables of structured rows, and how they grow.

Row 0 of every table stands for "none". Tables are indexed by the numbers reference data give
(products, instruments, members, seats, accounts) or by slots the core hands out (orders,
positions). Kernels never allocate: before a command runs they say what is short (`SHORT_…`), and
`grow` makes room.
"""

from typing import Any, NamedTuple

import numpy as np

from twinex.venue.compiler import inner
from twinex.venue.tables import LINE_BYTES, table, union_table

NOW = np.dtype(
    [
        ("sequence", "i8"),
        ("time_ns", "i8"),
        ("index", "i8"),  # of the next event of this command
        ("seat", "i8"),
        ("member", "i8"),
        ("client_id", "i8"),  # of the member's command
        ("body_crc", "i8"),
        ("event_position", "i8"),  # in 8-byte words of the event buffer
        ("event_limit", "i8"),  # words of the event buffer that may be written
        ("event_start", "i8"),  # word where this command's events begin
        ("day", "i8"),  # 0 before, 1 open, 2 ended
        ("trading_day", "i8"),
        ("first_sequence", "i8"),
        ("last_trade_id", "i8"),
        ("orders_accepted", "i8"),
        ("volume", "i8"),
        ("rejects", "i8"),
        ("commands", "i8"),
        ("events", "i8"),
        ("live_orders", "i8"),  # in books and waiting
        ("stops", "i8"),  # waiting
        ("slices", "i8"),  # parts that resting icebergs may show, one after another
        ("carried_count", "i8"),
        ("combination_count", "i8"),
        ("order_free", "i8"),  # head of the free list, linked by `next`
        ("order_high", "i8"),  # slots ever used
        ("position_count", "i8"),
        ("id_count", "i8"),
        ("id_salt", "i8"),
        ("level_count", "i8"),
        ("word_count", "i8"),
        ("instrument_high", "i8"),
        ("touched_count", "i8"),
        ("touch_mark", "i8"),  # marks the rows that stand in `touched`
        ("needed", "i8"),  # how much of what is short, set with a shortage
    ]
)

PRODUCT = np.dtype(
    [
        ("defined", "i8"),
        ("phase", "i8"),
        ("price_rule", "i8"),
        ("auction_rule", "i8"),
        ("limit_priority", "i8"),
        ("offset_rule", "i8"),
        ("market_price_rule", "i8"),
        ("kinds_allowed", "i8"),
        ("times_allowed", "i8"),
        ("amend_allowed", "i8"),
        ("protection_allowed", "i8"),
        ("minimum_allowed", "i8"),
        ("funds_checked", "i8"),
        ("tick", "i8"),
        ("multiplier", "i8"),
        ("quantity_minimum", "i8"),
        ("quantity_maximum_limit", "i8"),
        ("quantity_maximum_market", "i8"),
        ("quantity_step", "i8"),
        ("position_limit", "i8"),
        # set by rule_set only (spec/operator.md)
        ("opening_cap", "i8"),
        ("band_ticks", "i8"),
        ("post_only_allowed", "i8"),
        ("stops_allowed", "i8"),
        ("display_minimum", "i8"),
        ("self_trade_checked", "i8"),
        ("quote_rule", "i8"),
        ("quote_width_ticks", "i8"),
        ("quote_minimum", "i8"),
        ("request_width_ticks", "i8"),
        ("request_interval_ns", "i8"),
    ]
)


def _in_whole_lines(dtype: np.dtype) -> np.dtype:
    """`dtype` with its rows a whole number of cache lines apart."""
    assert dtype.names
    assert dtype.fields
    formats, offsets, *_ = zip(*(dtype.fields[name] for name in dtype.names), strict=True)
    length = -(-dtype.itemsize // LINE_BYTES) * LINE_BYTES
    parts: Any = {"names": dtype.names, "formats": formats, "offsets": offsets, "itemsize": length}
    padded: np.dtype = np.dtype(parts)
    return padded


_INSTRUMENT = np.dtype(
    [
        ("product", "i8"),  # 0 = not defined
        ("halted", "i8"),
        ("lower", "i8"),
        ("upper", "i8"),
        ("tick", "i8"),
        ("multiplier", "i8"),
        ("ranks", "i8"),  # price levels from one limit to the other
        ("level_base", "i8"),  # first of 2 x ranks rows in `levels`: buys, then sells
        ("word_base", "i8"),  # first of its words in `bits`: buys, then sells
        ("words_a_side", "i8"),
        ("best_buy", "i8"),  # rank of the best buy level; `ranks` = none
        ("best_sell", "i8"),
        ("last_price", "i8"),  # cp of the rulebook
        ("previous_settlement", "i8"),
        ("position_limit", "i8"),
        ("open_interest", "i8"),
        ("live_orders", "i8"),  # in the book
        ("stops", "i8"),  # waiting
        ("trailing_stops", "i8"),
        ("first_stop", "i8"),  # waiting stops, in order of acceptance
        ("last_stop", "i8"),
        ("stop_buy_low", "i8"),  # no waiting buy stop is set off by a price below this
        ("stop_sell_high", "i8"),  # and no sell stop by one above this
        ("slices", "i8"),
        ("leg_1", "i8"),  # instrument; 0 = no combination
        ("leg_2", "i8"),
        ("requested_ns", "i8"),  # time of the last request for quote; 0 = none
        # last closing order at a limit price, where closing goes first: side x 2 + (rank > 0)
        ("closing_tails", "i8", (4,)),
    ]
)
INSTRUMENT = _in_whole_lines(_INSTRUMENT)

LEVEL = np.dtype([("head", "i4"), ("tail", "i4"), ("volume", "i8")])

ORDER = np.dtype(
    [
        ("order_id", "i8"),
        ("client_id", "i8"),
        ("next", "i4"),  # in its level; in the free list
        ("previous", "i4"),
        ("member_next", "i4"),  # the member's live orders, oldest first
        ("member_previous", "i4"),
        ("remaining", "i4"),
        ("quantity", "i4"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("position", "i4"),
        ("rank", "i4"),
        ("seat", "i4"),
        ("side", "u1"),
        ("offset", "u1"),
        ("hedge", "u1"),
        ("flags", "u1"),  # 0 = not live
    ]
)

# Flags of an order.
LIVE = 1
WAITING = 2  # a stop that is not in the book yet
ICEBERG = 4
LASTING = 8  # good till date or cancelled
POST_ONLY = 16
QUOTE = 32  # a leg of a quote
LISTED = 64  # stands in its member's list
COMBINATION = 128  # buys one leg and sells the other
HAS_EXTRA = WAITING | ICEBERG | LASTING  # its row of `extras` means something

EXTRA = np.dtype(
    [
        ("stop_price", "i8"),
        ("trail", "i8"),
        ("price", "i8"),  # at which a waiting stop, or leg 1 of a combination, is frozen
        ("sent_price", "i8"),  # of leg 2 of a combination: at which it is frozen
        ("display", "i4"),
        ("shown", "i4"),  # lots of an iceberg that the book shows
        ("slices", "i4"),  # counted for it in the instrument's `slices`
        ("good_till_day", "i4"),
        ("minimum", "i4"),
        ("next_stop", "i4"),
        ("previous_stop", "i4"),
        ("kind", "u1"),
        ("time_in_force", "u1"),
        ("spare", "u1", (2,)),
    ]
)

MEMBER = np.dtype(
    [
        ("defined", "i8"),
        ("active", "i8"),
        ("blocked", "i8"),
        ("window_ns", "i8"),  # of the rates; 0 = no rates
        ("credit", "i8"),
        ("used", "i8"),
        ("first_order", "i8"),
        ("last_order", "i8"),
        ("entries_max", "i8"),  # 0 = any number
        ("cancels_max", "i8"),
        ("window", "i8"),  # the one that the two counts are of
        ("entries", "i8"),
        ("cancels", "i8"),
    ]
)

ACCOUNT = np.dtype(
    [
        ("member", "i8"),  # 0 = not defined
        ("active", "i8"),
        ("open_products", "i8"),
        ("close_products", "i8"),
        ("group", "i8"),  # 0 = none
        ("blocked", "i8"),
        ("has_position", "i8"),  # 1 = a position row is its own, so its group stands
    ]
)

POSITION = np.dtype(
    [
        # index 0 long, 1 short
        ("today", "i4", (2,)),
        ("yesterday", "i4", (2,)),
        ("frozen", "i4", (2,)),  # by live `close` orders
        ("frozen_today", "i4", (2,)),  # by live `close_today` orders
        ("opening", "i4", (2,)),  # live opening orders: 0 buys, 1 sells
        ("account", "i4"),  # of a group's row: minus the group
        ("instrument", "i4"),
        ("opened", "i4"),  # lots of the day's opening fills; stops at 2^31 - 1
        ("hedge", "u1"),
        ("ordered", "u1"),  # 1 = an order has met this row today
        ("spare", "u1", (2,)),
        ("touched", "i8"),  # mark of the events whose fills changed it last
    ]
)

HOLDER = np.dtype(
    [
        # beside a position row: the live legs of its quote, and its group's row
        ("bid", "i4"),
        ("ask", "i4"),
        ("group_row", "i4"),  # its `today` holds the group's holdings of both days
        ("spare", "i4"),
    ]
)

USED_ID = np.dtype(
    [
        ("client_id", "i8"),  # 0 = empty
        ("sequence", "i8"),
        ("body_crc", "u4"),
        ("member", "i4"),
        ("reject_reason", "i4"),
        ("command", "i4"),
    ]
)

# By sequence: slot 0 = made no order, below 0 = a quote: minus its position row, or MASS_QUOTED.
ENTERED = np.dtype([("slot", "i4"), ("member", "i4")])
MASS_QUOTED = -(1 << 31) + 1

CARRIED = np.dtype([("order_id", "i8"), ("slot", "i4"), ("member", "i4")])

TRADE = np.dtype([("price", "i8"), ("quantity", "i4"), ("instrument", "i4")])  # below 0: busted

assert LEVEL.itemsize == 16, "four levels a cache line"
assert ORDER.itemsize == 64, "an order is one cache line"
assert EXTRA.itemsize == 64, "what only some orders have is one more"
assert POSITION.itemsize == 64, "a position is one cache line"
assert USED_ID.itemsize == 32, "two ids a cache line"


class Core(NamedTuple):
    """Everything the core knows, as arrays; passed to every kernel."""

    now: np.ndarray  # one row of NOW
    products: np.ndarray
    instruments: np.ndarray
    levels: np.ndarray
    bits: np.ndarray  # int64 words: which levels have orders
    orders: np.ndarray
    extras: np.ndarray  # beside `orders`
    slots: np.ndarray  # ENTERED by sequence first_sequence + i
    carried: np.ndarray  # open-addressing hash of orders of earlier days
    members: np.ndarray
    seats: np.ndarray  # member of each seat
    accounts: np.ndarray
    combinations: np.ndarray  # their instruments, ascending
    groups: np.ndarray  # self-trade mode + 1 of each group; 0 = not defined
    positions: np.ndarray
    holders: np.ndarray  # beside `positions`
    position_index: np.ndarray  # open-addressing hash of position rows
    ids: np.ndarray
    touched: np.ndarray  # scratch: position rows changed by this command's fills
    trades: np.ndarray  # by trade id
    scratch: np.ndarray  # scratch: slots of a bulk command
    events: np.ndarray  # union view of the event buffer
    event_words: np.ndarray  # the same buffer as int64


@inner
def tables_of(core):
    """The core as its kernels pass it on."""
    return Core(
        table(core.now),
        table(core.products),
        table(core.instruments),
        table(core.levels),
        table(core.bits),
        table(core.orders),
        table(core.extras),
        table(core.slots),
        table(core.carried),
        table(core.members),
        table(core.seats),
        table(core.accounts),
        table(core.combinations),
        table(core.groups),
        table(core.positions),
        table(core.holders),
        table(core.position_index),
        table(core.ids),
        table(core.touched),
        table(core.trades),
        table(core.scratch),
        union_table(core.events),
        table(core.event_words),
    )


# What a kernel is short of before it can run the next command; `now.needed` says how much.
SHORT_NOTHING = 0
SHORT_ORDERS = 1
SHORT_POSITIONS = 2
SHORT_IDS = 3
SHORT_SLOTS = 4
SHORT_LEVELS = 5
SHORT_INSTRUMENTS = 6
SHORT_MEMBERS = 7
SHORT_SEATS = 8
SHORT_ACCOUNTS = 9
SHORT_EVENTS = 10
SHORT_JOURNAL = 11
BAD_FRAME = 12
SHORT_GROUPS = 13
SHORT_TRADES = 14
SHORT_CARRIED = 15
SHORT_COMBINATIONS = 16
