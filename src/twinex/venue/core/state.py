"""The state of the core: tables of structured rows, and how they grow.

Row 0 of every table stands for "none". Tables are indexed by the numbers reference data give
(products, instruments, members, seats, accounts) or by slots the core hands out (orders,
positions). Kernels never allocate: before a command runs they say what is short (`SHORT_…`), and
`grow` makes room.
"""

from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import inner
from twinex.venue.tables import table, union_table

NOW = np.dtype(
    [
        ("sequence", "i8"),
        ("time_ns", "i8"),
        ("index", "i8"),  # of the next event of this command
        ("seat", "i8"),
        ("member", "i8"),
        ("body_crc", "i8"),
        ("event_position", "i8"),  # in 8-byte words of the event buffer
        ("event_limit", "i8"),  # words of the event buffer that may be written
        ("day", "i8"),  # 0 before, 1 open, 2 ended
        ("trading_day", "i8"),
        ("first_sequence", "i8"),
        ("last_trade_id", "i8"),
        ("orders_accepted", "i8"),
        ("volume", "i8"),
        ("rejects", "i8"),
        ("commands", "i8"),
        ("events", "i8"),
        ("live_orders", "i8"),
        ("order_free", "i8"),  # head of the free list, linked by `next`
        ("order_high", "i8"),  # slots ever used
        ("position_count", "i8"),
        ("id_count", "i8"),
        ("id_salt", "i8"),
        ("level_count", "i8"),
        ("word_count", "i8"),
        ("instrument_high", "i8"),
        ("touched_count", "i8"),
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
    ]
)

INSTRUMENT = np.dtype(
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
        ("live_orders", "i8"),
        # last closing order at a limit price, where closing goes first: side x 2 + (rank > 0)
        ("closing_tails", "i8", (4,)),
    ]
)

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
        ("live", "u1"),
    ]
)

MEMBER = np.dtype(
    [
        ("defined", "i8"),
        ("active", "i8"),
        ("credit", "i8"),
        ("used", "i8"),
        ("first_order", "i8"),
        ("last_order", "i8"),
    ]
)

ACCOUNT = np.dtype(
    [
        ("member", "i8"),  # 0 = not defined
        ("active", "i8"),
        ("open_products", "i8"),
        ("close_products", "i8"),
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
        ("account", "i4"),
        ("instrument", "i4"),
        ("hedge", "i4"),
        ("ordered", "i4"),  # 1 = an order has met this row today
        ("touched", "i8"),  # sequence of the last command whose fills changed it
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

ENTERED = np.dtype([("slot", "i4"), ("member", "i4")])  # by sequence; slot 0 = made no order

assert LEVEL.itemsize == 16, "four levels a cache line"
assert ORDER.itemsize == 64, "an order is one cache line"
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
    slots: np.ndarray  # ENTERED by sequence first_sequence + i
    members: np.ndarray
    seats: np.ndarray  # member of each seat
    accounts: np.ndarray
    positions: np.ndarray
    position_index: np.ndarray  # open-addressing hash of position rows
    ids: np.ndarray
    touched: np.ndarray  # scratch: position rows changed by this command's fills
    scratch: np.ndarray  # scratch: order ids of a bulk command
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
        table(core.slots),
        table(core.members),
        table(core.seats),
        table(core.accounts),
        table(core.positions),
        table(core.position_index),
        table(core.ids),
        table(core.touched),
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
