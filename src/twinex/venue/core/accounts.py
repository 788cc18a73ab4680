"""Positions, frozen volume and credit of accounts (`spec/orders.md`, "Positions" and "Credit").

Index 0 of a holding is long, 1 is short: a buy opens holding 0 and closes holding 1.
"""

import numpy as np

from twinex.venue.compiler import inner, kernel
from twinex.venue.core.limits import NIL
from twinex.venue.wire.codes import (
    OFFSET_CLOSE_TODAY,
    OFFSET_OPEN,
    OFFSET_RULE_NONE,
    OFFSET_RULE_OPEN_CLOSE,
)


@inner
def _position_hash(account, instrument, hedge):
    """The factors keep every product inside int64 (account <= 10^7, instrument <= 10^6)."""
    mixed = account * 2654435761 + instrument * 40503000011 + hedge * 1000000007
    return mixed ^ (mixed >> 29)


@inner
def position_place(index, account, instrument, hedge):
    """Place in `index` where a row stands unless others were there before it."""
    return _position_hash(account, instrument, hedge) & (len(index) - 1)


@inner
def find_position(positions, index, account, instrument, hedge):
    """Place in `index` of the row of (account, instrument, hedge), or of the empty place for it."""
    mask = len(index) - 1
    place = position_place(index, account, instrument, hedge)
    for _ in range(mask + 1):
        row = np.int64(index[place])
        if row == NIL:
            return place
        position = positions[row]
        if (
            np.int64(position["account"]) == account
            and np.int64(position["instrument"]) == instrument
            and np.int64(position["hedge"]) == hedge
        ):
            return place
        place = (place + 1) & mask
    return np.int64(-1)


@inner
def position_row(core, account, instrument, hedge):
    """Row of (account, instrument, hedge); NIL if there is none yet."""
    place = find_position(core.positions, core.position_index, account, instrument, hedge)
    return np.int64(core.position_index[place])


@inner
def make_position(core, account, instrument, hedge):
    """Row of (account, instrument, hedge), made empty if there is none yet."""
    place = find_position(core.positions, core.position_index, account, instrument, hedge)
    row = np.int64(core.position_index[place])
    if row == NIL:
        core.now[0]["position_count"] += 1
        row = core.now[0]["position_count"]
        core.position_index[place] = row
        position = core.positions[row]
        position["account"] = account
        position["instrument"] = instrument
        position["hedge"] = hedge
    return row


@kernel
def move_positions(positions, count, index):
    """Enter rows 1..count into the larger, empty `index`."""
    for row in range(1, count + 1):
        position = positions[row]
        place = find_position(
            positions,
            index,
            np.int64(position["account"]),
            np.int64(position["instrument"]),
            np.int64(position["hedge"]),
        )
        assert place >= 0
        index[place] = row


@inner
def closeable(position, offset_rule, holding, offset):
    """Lots of `holding` that an order of this offset may close."""
    yesterday = np.int64(position["yesterday"][holding])
    today = np.int64(position["today"][holding])
    if offset_rule == OFFSET_RULE_OPEN_CLOSE:
        return yesterday + today - np.int64(position["frozen"][holding])
    if offset == OFFSET_CLOSE_TODAY:
        return today - np.int64(position["frozen_today"][holding])
    return yesterday - np.int64(position["frozen"][holding])


@inner
def freeze(position, side, offset, quantity):
    """Count `quantity` lots (negative: release them) of a live order against its position."""
    if offset == OFFSET_OPEN:
        position["opening"][side] += quantity
        assert position["opening"][side] >= 0
    elif offset == OFFSET_CLOSE_TODAY:
        position["frozen_today"][1 - side] += quantity
        assert position["frozen_today"][1 - side] >= 0
    else:
        position["frozen"][1 - side] += quantity
        assert position["frozen"][1 - side] >= 0


@inner
def fill_position(position, offset_rule, side, offset, quantity):
    """Move `quantity` filled lots from live order to holding; a close takes the oldest first."""
    freeze(position, side, offset, -quantity)
    if offset == OFFSET_OPEN:
        position["today"][side] += quantity
        return
    holding = 1 - side
    from_yesterday = quantity
    if offset == OFFSET_CLOSE_TODAY:
        from_yesterday = np.int64(0)
    elif offset_rule == OFFSET_RULE_OPEN_CLOSE:
        from_yesterday = min(quantity, np.int64(position["yesterday"][holding]))
    position["yesterday"][holding] -= from_yesterday
    position["today"][holding] -= quantity - from_yesterday
    assert position["yesterday"][holding] >= 0
    assert position["today"][holding] >= 0


@inner
def uses_credit(product, offset):
    """Does an order of this offset use its member's credit?"""
    if product["funds_checked"] == 0:
        return False
    return offset == OFFSET_OPEN or product["offset_rule"] == OFFSET_RULE_NONE


@inner
def touch(core, row):
    """Note that a fill of this command changed position `row` (once a command)."""
    now = core.now[0]
    position = core.positions[row]
    if position["touched"] != now["sequence"]:
        position["touched"] = now["sequence"]
        core.touched[now["touched_count"]] = row
        now["touched_count"] += 1
