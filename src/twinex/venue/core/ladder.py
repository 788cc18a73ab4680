"""The ladder of price levels between two limits: laid out for a day, and moved when limits change.

Spec: `spec/phases.md`, "Price limits".
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core.bits import words_for_ranks
from twinex.venue.core.book import is_privileged, level_index, next_level, rest
from twinex.venue.core.limits import NIL
from twinex.venue.wire import codes


@apart
def lay_ladder(core, instrument, lower, upper):
    """Give the instrument an empty ladder `lower`..`upper`; its old place if that is enough."""
    now = core.now[0]
    ranks = (upper - lower) // instrument["tick"] + 1
    words = words_for_ranks(ranks)
    if ranks > instrument["ranks"]:
        instrument["level_base"] = now["level_count"]
        instrument["word_base"] = now["word_count"]
        now["level_count"] += 2 * ranks
        now["word_count"] += 2 * words
    instrument["lower"] = lower
    instrument["upper"] = upper
    instrument["ranks"] = ranks
    instrument["words_a_side"] = words
    instrument["best_buy"] = ranks
    instrument["best_sell"] = ranks
    for at in range(instrument["level_base"], instrument["level_base"] + 2 * ranks):
        level = core.levels[at]
        level["head"] = NIL
        level["tail"] = NIL
        level["volume"] = 0
    for at in range(instrument["word_base"], instrument["word_base"] + 2 * words):
        core.bits[at] = 0
    for corner in range(4):
        instrument["closing_tails"][corner] = NIL


@apart
def move_ladder(core, product, instrument, lower, upper):
    """Lay the ladder anew and queue the orders, all inside the new limits, as they stood."""
    count = np.int64(0)
    shift_buy = (upper - instrument["upper"]) // instrument["tick"]
    shift_sell = (instrument["lower"] - lower) // instrument["tick"]
    for side in range(2):
        rank = next_level(core, instrument, side, np.int64(0))
        while rank < instrument["ranks"]:
            slot = np.int64(core.levels[level_index(instrument, side, rank)]["head"])
            while slot != NIL:
                core.scratch[count] = slot
                core.orders[slot]["rank"] = rank + (shift_buy if side == 0 else shift_sell)
                count += 1
                slot = np.int64(core.orders[slot]["next"])
            rank = next_level(core, instrument, side, rank + 1)
    lay_ladder(core, instrument, lower, upper)
    priority = product["limit_priority"]
    product["limit_priority"] = codes.PRIORITY_TIME  # as they stood, privilege or not
    for at in range(count):
        slot = core.scratch[at]
        rest(core, product, instrument, slot, np.int64(core.orders[slot]["rank"]))
    product["limit_priority"] = priority
    for corner in range(4):
        _find_closing_tail(core, product, instrument, np.int64(corner))


@inner
def _find_closing_tail(core, product, instrument, corner):
    """The last of the privileged orders that stand at the head of a limit level."""
    if product["limit_priority"] == codes.PRIORITY_TIME:
        return
    rank = (corner & 1) * (instrument["ranks"] - 1)
    slot = np.int64(core.levels[level_index(instrument, corner >> 1, rank)]["head"])
    while slot != NIL and is_privileged(product, np.int64(core.orders[slot]["offset"])):
        instrument["closing_tails"][corner] = slot
        slot = np.int64(core.orders[slot]["next"])
