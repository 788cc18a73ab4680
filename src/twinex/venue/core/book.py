"""The book of one instrument: a dense ladder of price levels with linked queues of orders.

A level's *rank* counts ticks away from the best possible price of its side: rank 0 is the upper
limit for buys and the lower limit for sells. The best level of a side is its lowest marked rank,
so both sides run through the same code. `book` only does what `risk` has allowed.

Nothing here knows of accounts, events or journals: `core` is any tuple of tables that has `now`,
`levels`, `bits` and `orders` with the fields named here, so that a book can be used alone.
Spec: `spec/matching.md`.
"""

from typing import Any

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.core.bits import clear_bit, next_rank, set_bit
from twinex.venue.core.limits import NIL
from twinex.venue.wire.codes import (
    OFFSET_CLOSE,
    OFFSET_CLOSE_TODAY,
    PRIORITY_CLOSING_FIRST,
    PRIORITY_TIME,
    SIDE_BUY,
    SIDE_SELL,
)


@inlined
def rank_of(instrument, side, price):
    """Rank of `price` (a tick inside the limits) on `side`."""
    lower, upper, tick = instrument["lower"], instrument["upper"], instrument["tick"]
    distance = price - lower if side == SIDE_SELL else upper - price
    return distance if tick == 1 else distance // tick  # a division costs as much as ten additions


@inlined
def price_of(instrument, side, rank):
    """Price of `rank` on `side`."""
    lower, upper, distance = instrument["lower"], instrument["upper"], rank * instrument["tick"]
    return lower + distance if side == SIDE_SELL else upper - distance


@inlined
def best_rank(instrument, side):
    """Rank of the best level with orders; `instrument.ranks` if the side is empty."""
    buy, sell = instrument["best_buy"], instrument["best_sell"]  # both read: a choice, no branch
    return buy if side == SIDE_BUY else sell


@inlined
def level_index(instrument, side, rank):
    """Row of a level in `core.levels`."""
    assert rank >= 0
    assert rank < instrument["ranks"]
    return instrument["level_base"] + side * instrument["ranks"] + rank


@inner
def next_level(core, instrument, side, rank):
    """The next rank at or behind `rank` with orders; `instrument.ranks` if none."""
    base = instrument["word_base"] + side * instrument["words_a_side"]
    return next_rank(core.bits, base, instrument["ranks"], rank)


@inner
def take_slot(core):
    """A free row of `orders`: the one given back last, whose line is still in the cache."""
    now = core.now[0]
    slot = now["order_free"]
    if slot != NIL:
        now["order_free"] = np.int64(core.orders[slot]["next"])
    else:
        now["order_high"] += 1
        slot = now["order_high"]
    return slot


@inner
def give_slot(core, slot):
    """Give the row of an order that is in no queue back."""
    now = core.now[0]
    core.orders[slot]["next"] = now["order_free"]
    now["order_free"] = slot


@inlined
def rest(core, product, instrument, slot, rank):
    """Put order `slot` into the queue of `rank`, where its priority says."""
    order = core.orders[slot]
    side = np.int64(order["side"])
    order["rank"] = rank
    level = core.levels[level_index(instrument, side, rank)]
    if level["head"] == NIL:
        base = instrument["word_base"] + side * instrument["words_a_side"]
        set_bit(core.bits, base, instrument["ranks"], rank)
        _improve_best(instrument, side, rank)
    before = np.int64(level["tail"])
    if is_at_limit(product, instrument, order):
        before = _queue_at_limit(core, product, instrument, level, slot, before)
    _link(core, level, order, slot, before)
    level["volume"] += np.int64(order["remaining"])


@inner
def _improve_best(instrument, side, rank):
    if side == SIDE_BUY:
        if rank < instrument["best_buy"]:
            instrument["best_buy"] = rank
    elif rank < instrument["best_sell"]:
        instrument["best_sell"] = rank


@inner
def _is_limit_rank(instrument, rank):
    return rank == 0 or rank == instrument["ranks"] - 1


@inner
def is_privileged(product, offset):
    """Does an order of this offset go before opening ones at a limit price (rulebook 2.3)?"""
    if offset == OFFSET_CLOSE:
        return True
    closing_first = product["limit_priority"] == PRIORITY_CLOSING_FIRST
    return offset == OFFSET_CLOSE_TODAY and closing_first


@inlined
def is_at_limit(product, instrument, order):
    """Does the order stand, or come to stand, at a limit price where closing orders go first?"""
    return product["limit_priority"] != PRIORITY_TIME and _is_limit_rank(instrument, order["rank"])


@inner
def _queue_at_limit(core, product, instrument, level, slot, tail):
    """The order after which `slot` queues at a limit price; NIL = at the head."""
    order = core.orders[slot]
    if not is_privileged(product, np.int64(order["offset"])):
        return tail
    corner = np.int64(order["side"]) * 2 + (1 if order["rank"] > 0 else 0)
    before = instrument["closing_tails"][corner]
    after = np.int64(level["head"]) if before == NIL else np.int64(core.orders[before]["next"])
    # Closing orders kept their places behind an opening one when the limits moved; it has left.
    while after != NIL and is_privileged(product, np.int64(core.orders[after]["offset"])):
        before, after = after, np.int64(core.orders[after]["next"])
    instrument["closing_tails"][corner] = slot
    return before


@inlined
def _link(core, level, order, slot, before):
    """Link `slot` into the level's queue behind `before` (NIL = at the head)."""
    after = np.int64(level["head"]) if before == NIL else np.int64(core.orders[before]["next"])
    order["previous"] = before
    order["next"] = after
    if before == NIL:
        level["head"] = slot
    else:
        core.orders[before]["next"] = slot
    if after == NIL:
        level["tail"] = slot
    else:
        core.orders[after]["previous"] = slot


@inlined
def unlink(core, instrument, slot):
    """Take order `slot` out of its queue; its level's volume loses what remains of it."""
    order = core.orders[slot]
    side = np.int64(order["side"])
    rank = np.int64(order["rank"])
    before = np.int64(order["previous"])
    after = np.int64(order["next"])
    level = core.levels[level_index(instrument, side, rank)]
    level["volume"] -= np.int64(order["remaining"])
    assert level["volume"] >= 0
    if _is_limit_rank(instrument, rank):
        corner = side * 2 + (1 if rank > 0 else 0)
        if instrument["closing_tails"][corner] == slot:
            instrument["closing_tails"][corner] = before
    if before == NIL:
        level["head"] = after
    else:
        core.orders[before]["next"] = after
    if after == NIL:
        level["tail"] = before
    else:
        core.orders[after]["previous"] = before
    if before == NIL and after == NIL:
        _empty_level(core, instrument, side, rank)


@inlined
def shrink(core, instrument, level, slot, quantity):
    """Order `slot` of `level` has lost lots, and so does the level; used up, the order leaves.

    Returns whether it has left its queue.
    """
    level["volume"] -= quantity
    if core.orders[slot]["remaining"] != 0:
        return False
    unlink(core, instrument, slot)
    return True


@inlined
def _empty_level(core, instrument, side, rank):
    base = instrument["word_base"] + side * instrument["words_a_side"]
    clear_bit(core.bits, base, instrument["ranks"], rank)
    if best_rank(instrument, side) == rank:
        better = next_rank(core.bits, base, instrument["ranks"], rank + 1)
        if side == SIDE_BUY:
            instrument["best_buy"] = better
        else:
            instrument["best_sell"] = better


@inner
def fillable(core, instrument, side, limit_rank, levels_max, wanted):
    """Lots on `side` in at most `levels_max` levels up to `limit_rank`, counted up to `wanted`."""
    found = np.int64(0)
    rank = best_rank(instrument, side)
    levels = 0
    while rank <= limit_rank and rank < instrument["ranks"] and levels < levels_max:
        found += core.levels[level_index(instrument, side, rank)]["volume"]
        if found >= wanted:
            break
        levels += 1
        rank = next_level(core, instrument, side, rank + 1)
    return found


def sweep_with(meet: Any) -> Any:
    """A sweep: the one walk through the levels opposite an order, with `meet` at each order there.

    `meet(core, product, instrument, slot, resting, level, level_price, terms)` trades order `slot`
    with `resting`, the first of its `level`, or deals with it otherwise, and returns whether the
    sweep ends. Either of the two must lose lots or leave, else the walk has no end. `terms` goes
    from the sweep's caller to `meet` as it is.
    """

    @inlined
    def sweep(core, product, instrument, slot, limit_rank, levels_max, terms):
        """Meet what rests up to `limit_rank` in at most `levels_max` levels, best first.

        Returns whether `meet` ended it.
        """
        order = core.orders[slot]
        other_side = 1 - np.int64(order["side"])
        levels = np.int64(0)
        while order["remaining"] > 0 and levels < levels_max:
            rank = best_rank(instrument, other_side)
            if rank > limit_rank or rank >= instrument["ranks"]:
                return False
            price = price_of(instrument, other_side, rank)
            level = core.levels[level_index(instrument, other_side, rank)]
            while level["head"] != NIL and order["remaining"] > 0:
                resting = np.int64(level["head"])
                if meet(core, product, instrument, slot, resting, level, price, terms):
                    return True
            levels += 1
        return False

    return sweep
