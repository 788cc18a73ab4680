"""Columns that all tapes share: commands to play, and the exchange's trades to compare with.

Prices are int64 in 1/10000 of the quote unit, quantities lots (shares), times ns since the epoch.
"""

import numpy as np

OPENING_AUCTION = 0
CONTINUOUS = 1
CLOSING_AUCTION = 2
PHASE_WORDS = ("opening auction", "continuous session", "closing auction")

PRICE_UNITS = 10_000  # internal price units in one quote unit
OWN_IDS = 1 << 40  # ids that a tape's player makes up lie above every id of an exchange

COMMAND = np.dtype(
    [
        ("template", "<u2"),  # template id of the command: order_enter, order_cancel, ...
        ("side", "u1"),
        ("time_in_force", "u1"),
        ("phase", "u1"),
        ("halted", "u1"),  # halt_set only
        ("quantity", "<i4"),  # order_amend: the new total, filled lots included
        ("client_id", "<i8"),  # of the command itself
        ("order", "<i8"),  # client id of the order meant; of an enter its own
        ("price", "<i8"),
        ("time_ns", "<i8"),
        ("row", "<i8"),  # place on the tape: ApplSeqNum, or index of the message
    ]
)

TRADE = np.dtype(
    [
        ("buyer", "<i8"),  # order numbers
        ("seller", "<i8"),
        ("price", "<i8"),
        ("quantity", "<i8"),
        ("side", "u1"),  # of the incoming order; none in an auction
        ("phase", "u1"),
        ("time_ns", "<i8"),
        ("row", "<i8"),
    ]
)
