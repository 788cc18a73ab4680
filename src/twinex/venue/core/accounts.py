"""Positions, frozen volume and credit of accounts (`spec/orders.md`, "Positions" and "Credit").

Index 0 of a holding is long, 1 is short: a buy opens holding 0 and closes holding 1.
"""

import numpy as np

from twinex.venue.compiler import inlined, inner, kernel
from twinex.venue.core.limits import NIL, VALUE_MAX
from twinex.venue.wire.codes import (
    OFFSET_CLOSE_TODAY,
    OFFSET_OPEN,
    OFFSET_RULE_NONE,
    OFFSET_RULE_OPEN_CLOSE,
)

HOLDING_MAX = (1 << 31) - 1  # a holding is an int32
OPENED_MAX = HOLDING_MAX


@inner
def _position_hash(account, instrument, hedge):
    """The factors keep every product inside int64 (account <= 10^7, instrument <= 10^6)."""
    mixed = account * 2654435761 + instrument * 40503000011 + hedge * 1000000007
    return mixed ^ (mixed >> 29)


@inner
def position_place(index, account, instrument, hedge):
    """Place in `index` where a row stands unless others were there before it."""
    return _position_hash(account, instrument, hedge) & (len(index) - 1)


@inlined
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


@inlined
def position_row(core, account, instrument, hedge):
    """Row of (account, instrument, hedge); NIL if there is none yet."""
    place = find_position(core.positions, core.position_index, account, instrument, hedge)
    return np.int64(core.position_index[place])


@inlined
def kept_row(core, product, number, order):
    """Row of an order's account in instrument `number`; NIL: none yet, or none is kept there."""
    if product["offset_rule"] == OFFSET_RULE_NONE:
        return np.int64(NIL)
    return position_row(core, np.int64(order["account"]), number, np.int64(order["hedge"]))


@inner
def make_position(core, account, instrument, hedge):
    """Row of (account, instrument, hedge), made empty if there is none yet, and its group's."""
    row = position_row(core, account, instrument, hedge)
    if row != NIL:
        return row
    row = _make_row(core, account, instrument, hedge)
    product = core.products[core.instruments[instrument]["product"]]
    if product["offset_rule"] == OFFSET_RULE_NONE:
        return row  # a quote stands beside it; it keeps no position
    core.accounts[account]["has_position"] = 1
    group = core.accounts[account]["group"]
    if group != 0:
        core.holders[row]["group_row"] = _make_row(core, -group, instrument, hedge)
    return row


@inlined
def meet_row(core, product, number, order, row):
    """The row that an accepted order meets: `row`, or made now; NIL where none is kept."""
    if product["offset_rule"] == OFFSET_RULE_NONE:
        return np.int64(NIL)
    if row == NIL:
        row = make_position(core, np.int64(order["account"]), number, np.int64(order["hedge"]))
    core.positions[row]["ordered"] = 1
    return row


@inner
def make_holder(core, product, account, instrument, hedge):
    """The row that a quote belongs to, also where no positions are kept."""
    if product["offset_rule"] != OFFSET_RULE_NONE:
        return make_position(core, account, instrument, hedge)
    return _make_row(core, account, instrument, hedge)


@inner
def limit_row(core, account, instrument, hedge, row):
    """The row whose limits bind an account's position `row` (or NIL): its group's, if any."""
    group = core.accounts[account]["group"]
    if group == 0:
        return row
    if row != NIL:
        return np.int64(core.holders[row]["group_row"])
    return position_row(core, -group, instrument, hedge)


@inner
def _make_row(core, account, instrument, hedge):
    """Row of (account or minus the group, instrument, hedge), made empty if there is none."""
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


@inlined
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


@inlined
def fill_position(position, offset_rule, side, offset, quantity):
    """Move `quantity` filled lots from live order to holding; a close takes the oldest first."""
    freeze(position, side, offset, -quantity)
    if offset == OFFSET_OPEN:
        position["today"][side] += quantity
        position["opened"] = min(np.int64(position["opened"]) + quantity, OPENED_MAX)
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
def fill_group(position, side, offset, quantity):
    """What `fill_position` does, to the row of the account's group."""
    if offset != OFFSET_OPEN:
        position["today"][1 - side] -= quantity
        assert position["today"][1 - side] >= 0
        return
    freeze(position, side, offset, -quantity)
    position["today"][side] += quantity
    position["opened"] = min(np.int64(position["opened"]) + quantity, OPENED_MAX)


@inner
def group_row(core, order):
    """Row of the group of an order's account; NIL if it is of none, or keeps no positions."""
    if order["position"] == NIL or core.accounts[order["account"]]["group"] == 0:
        return np.int64(NIL)
    return np.int64(core.holders[order["position"]]["group_row"])


@inlined
def reserve(core, product, instrument, order, quantity, price):
    """Freeze (negative quantity: release) position volume and credit for an order."""
    offset = np.int64(order["offset"])
    row = np.int64(order["position"])
    if row != NIL:
        side = np.int64(order["side"])
        freeze(core.positions[row], side, offset, quantity)
        together = group_row(core, order)
        if together != NIL and offset == OFFSET_OPEN:
            freeze(core.positions[together], side, offset, quantity)
    if uses_credit(product, offset):
        member = core.members[core.accounts[order["account"]]["member"]]
        member["used"] += price * instrument["multiplier"] * quantity


@inlined
def settle(core, product, instrument, order, quantity, price, frozen_price):
    """What a fill does to one order: its remaining lots, position and credit."""
    order["remaining"] -= quantity
    assert order["remaining"] >= 0
    offset = np.int64(order["offset"])
    side = np.int64(order["side"])
    row = np.int64(order["position"])
    if row != NIL:
        fill_position(core.positions[row], product["offset_rule"], side, offset, quantity)
        touch(core, row)
        together = group_row(core, order)
        if together != NIL:
            fill_group(core.positions[together], side, offset, quantity)
    if uses_credit(product, offset):
        member = core.members[core.accounts[order["account"]]["member"]]
        more = (price - frozen_price) * instrument["multiplier"] * quantity
        member["used"] += min(more, max(np.int64(0), VALUE_MAX - member["used"]))


@inner
def uses_credit(product, offset):
    """Does an order of this offset use its member's credit?"""
    if product["funds_checked"] == 0:
        return False
    return offset == OFFSET_OPEN or product["offset_rule"] == OFFSET_RULE_NONE


@inner
def touch(core, row):
    """Note that a fill changed position `row` (once until the touched rows are written)."""
    now = core.now[0]
    position = core.positions[row]
    if position["touched"] != now["touch_mark"]:
        position["touched"] = now["touch_mark"]
        core.touched[now["touched_count"]] = row
        now["touched_count"] += 1
