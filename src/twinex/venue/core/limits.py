"""Bounds of the core, each with its reason, and the relations between them.

Spec: `spec/phases.md`, "Bounds". Prices are in 1/10000 of the quote unit, money in 1/10000 yuan.
"""

PRODUCTS_MAX = 62  # an account's rights are bits of one int64; bit 63 would be its sign
INSTRUMENTS_MAX = 1_000_000
MEMBERS_MAX = 1_000_000
SEATS_MAX = 1_000_000
ACCOUNTS_MAX = 10_000_000
GROUPS_MAX = 1_000_000
ENTRIES_MAX = 64  # quotes of one mass_quote: their legs are numbered below LEGS
PRICE_MAX = 10**11  # ten million units of quote
TICK_MAX = 10**9
MULTIPLIER_MAX = 10**6
QUANTITY_MAX = 10**9
VALUE_MAX = (
    1 << 62
)  # upper limit x multiplier x largest quantity: a value fits int64 with one bit spare
LEVELS_MAX = 1 << 24  # ticks between the limits: three layers of 64-bit words reach them

STEPS_MAX = 256  # of combinations with their legs behind one command

LEGS = 1024  # order id = sequence x LEGS + leg
SEQUENCE_MAX = (1 << 63) // LEGS - 1

NIL = 0  # row 0 of every table is no row, so a missing link never reads a neighbour

# Bytes of events: what one command can make at most (spec/orders.md, order of events).
EVENT_BYTES_FIXED = 2048
EVENT_BYTES_A_FILL = 96 + 96 + 96 + 80 + 96  # two reports, trade, position row, refreshed iceberg
EVENT_BYTES_A_CANCEL = 88
EVENT_BYTES_A_STOP = 96 + 88 + 80  # set off, its remainder, its position row
EVENT_BYTES_A_QUOTE = (
    2 * (88 + 88 + 88 + 80) + 88
)  # a leg leaves, enters, rests, its row; the quote
FILLS_A_STEP = 3  # what the events of a step take: reports, trades, refreshed icebergs, rows
assert FILLS_A_STEP * EVENT_BYTES_A_FILL >= 3 * 96 + 2 * 96 + 2 * 96 + 4 * 80
EVENT_BYTES_AN_INSTRUMENT = 40 + 56  # halt_changed, and the auction held when the halt ends

assert PRODUCTS_MAX < 63
assert 2 * ENTRIES_MAX + 2 < LEGS
assert LEVELS_MAX <= 64**3 * 64
assert SEQUENCE_MAX * LEGS < 1 << 63
