"""The core's self-check: every invariant of its tables, walked between two commands.

    check(venue.core)      # raises BrokenInvariant, which says what is wrong and where

Plain Python: it reads the arrays only and shares no code with the kernels.
Time: O(live orders + ids + levels).
"""

from typing import Any

import numpy as np

from twinex.venue.core.limits import LEGS, NIL
from twinex.venue.core.state import COMBINATION, ICEBERG, LISTED, LIVE, QUOTE, WAITING, Core
from twinex.venue.wire import codes

_SIDES = (codes.SIDE_BUY, codes.SIDE_SELL)


class BrokenInvariant(AssertionError):  # noqa: N818
    """The core's tables contradict each other: the state is wrong and must not be used."""


def check(core: Core) -> None:
    """Walk every table. Raises BrokenInvariant with what is wrong, or returns."""
    live: dict[int, int] = {}  # slot -> price it is frozen at, of every order and waiting stop
    for number in range(1, int(core.now[0]["instrument_high"]) + 1):
        if core.instruments[number]["product"] != NIL:
            live.update(_check_instrument(core, number))
            live.update(_check_stops(core, number))
    _check_combinations(core)
    _check_orders(core, live)
    _check_members(core, live)
    _check_positions(core, live)
    _check_ids(core)


def _hold(condition: Any, what: str, *facts: Any) -> None:
    if not condition:
        raise BrokenInvariant(f"{what}: {', '.join(map(str, facts))}")


# -- books -------------------------------------------------------------------------------------


def _check_instrument(core: Core, number: int) -> dict[int, int]:
    """Levels, bits, best ranks and queues of one instrument; its orders with their prices."""
    row = core.instruments[number]
    product = core.products[row["product"]]
    ranks = int(row["ranks"])
    _hold(product["defined"], "an instrument's product is defined", number)
    _hold(row["tick"] == product["tick"], "it has its product's tick", number)
    _hold(row["lower"] + (ranks - 1) * row["tick"] == row["upper"], "limits span the ranks", number)
    found: dict[int, int] = {}
    for side in _SIDES:
        marked = _check_levels(core, number, side)
        best = int(row["best_buy"] if side == codes.SIDE_BUY else row["best_sell"])
        _hold(best == min(marked, default=ranks), "best is the lowest marked rank", number, side)
        for rank in marked:
            found.update(_check_queue(core, number, side, rank))
        _check_closing_tails(core, number, side)
    _hold(row["live_orders"] == len(found), "live orders are counted", number, len(found))
    icebergs = [slot for slot in found if core.orders[slot]["flags"] & ICEBERG]
    slices = sum(int(core.extras[slot]["slices"]) for slot in icebergs)
    _hold(row["slices"] == slices, "parts of icebergs are counted", number, slices)
    may_cross = product["phase"] != codes.PHASE_CONTINUOUS or row["halted"]
    crossed = row["best_buy"] + row["best_sell"] < ranks
    _hold(may_cross or not crossed, "a book in continuous trading is not crossed", number)
    return found


def _side_levels(core: Core, number: int, side: int) -> np.ndarray:
    row = core.instruments[number]
    base = int(row["level_base"]) + side * int(row["ranks"])
    return core.levels[base : base + int(row["ranks"])]


def _check_levels(core: Core, number: int, side: int) -> list[int]:
    """Ranks with orders: the same by levels and by all three layers of bits."""
    row, levels = core.instruments[number], _side_levels(core, number, side)
    filled = np.flatnonzero(levels["head"] != NIL)
    empty = levels[levels["head"] == NIL]
    _hold(not empty["tail"].any(), "an empty level has no tail", number, side)
    _hold(not empty["volume"].any(), "an empty level has no volume", number, side)
    base = int(row["word_base"]) + side * int(row["words_a_side"])
    marks, ranks = filled, int(row["ranks"])
    for layer in range(3):
        words = (ranks + 63) >> 6
        due = np.zeros(words, np.uint64)
        np.bitwise_or.at(due, marks >> 6, np.uint64(1) << (marks & 63).astype(np.uint64))
        same = np.array_equal(core.bits[base : base + words].view(np.uint64), due)
        _hold(same, "bits mark the levels with orders", number, side, f"layer {layer}")
        base, marks, ranks = base + words, np.unique(marks >> 6), words
    return [int(rank) for rank in filled]


def _check_queue(core: Core, number: int, side: int, rank: int) -> dict[int, int]:
    """The linked queue of one level; its orders with their price."""
    level, orders = _side_levels(core, number, side)[rank], core.orders
    row = core.instruments[number]
    ticks = rank * int(row["tick"])
    price = int(row["lower"]) + ticks if side == codes.SIDE_SELL else int(row["upper"]) - ticks
    found: dict[int, int] = {}
    volume, before, slot = 0, NIL, int(level["head"])
    while slot != NIL:
        order, place = orders[slot], (number, side, rank, slot)
        _hold(slot not in found, "a queue has no loop", *place)
        _hold(order["previous"] == before, "links go both ways", *place)
        live = order["flags"] & LIVE and order["flags"] & LISTED
        _hold(live and not order["flags"] & WAITING, "a queued order is live and listed", *place)
        if order["flags"] & ICEBERG:
            _check_iceberg(core, slot)
        due = (number, side, rank)
        named = (int(order["instrument"]), int(order["side"]), int(order["rank"]))
        _hold(named == due, "an order knows its level", *place, named)
        _hold(0 < order["remaining"] <= order["quantity"], "lots are left of it", *place)
        found[slot] = price
        volume += int(order["remaining"])
        before, slot = slot, int(order["next"])
    _hold(level["tail"] == before, "the tail ends the queue", number, side, rank)
    _hold(level["volume"] == volume, "volume is the sum of lots", number, side, rank, volume)
    return found


def _check_iceberg(core: Core, slot: int) -> None:
    extra, remaining = core.extras[slot], int(core.orders[slot]["remaining"])
    display, shown = int(extra["display"]), int(extra["shown"])
    _hold(0 < shown <= min(display, remaining), "an iceberg shows a part of it", slot, shown)
    _hold(extra["slices"] * display >= remaining, "its parts are all of it", slot, remaining)


def _check_stops(core: Core, number: int) -> dict[int, int]:
    """The list of waiting stops of one instrument; the stops with the price they are frozen at."""
    row = core.instruments[number]
    found: dict[int, int] = {}
    before, slot, trailing = NIL, int(row["first_stop"]), 0
    while slot != NIL:
        order, extra, place = core.orders[slot], core.extras[slot], (number, slot)
        _hold(slot not in found, "a list of stops has no loop", *place)
        _hold(extra["previous_stop"] == before, "links of stops go both ways", *place)
        waits = order["flags"] & LIVE and order["flags"] & WAITING and order["flags"] & LISTED
        _hold(waits and order["instrument"] == number, "a stop in the list waits", *place)
        stop_price = int(extra["stop_price"])
        if order["side"] == codes.SIDE_BUY:
            _hold(stop_price >= row["stop_buy_low"], "no buy stop below the bound", *place)
        else:
            _hold(stop_price <= row["stop_sell_high"], "no sell stop above the bound", *place)
        trailing += int(extra["trail"] != 0)
        found[slot] = int(extra["price"])
        before, slot = slot, int(extra["next_stop"])
    _hold(row["last_stop"] == before, "the list of stops ends at its last", number)
    _hold(row["stops"] == len(found), "waiting stops are counted", number, len(found))
    _hold(row["trailing_stops"] == trailing, "trailing stops are counted", number, trailing)
    return found


def _check_combinations(core: Core) -> None:
    """Their table names each once, ascending; their limits are those of their legs."""
    named = core.combinations[: int(core.now[0]["combination_count"])].tolist()
    due = np.flatnonzero(core.instruments["leg_1"] != NIL).tolist()
    _hold(named == due, "combinations stand in their table, ascending", named, due)
    for number in due:
        row = core.instruments[number]
        one, two = core.instruments[row["leg_1"]], core.instruments[row["leg_2"]]
        limits = int(one["lower"] - two["upper"]), int(one["upper"] - two["lower"])
        found = int(row["lower"]), int(row["upper"])
        _hold(found == limits, "a combination's limits follow its legs'", number, found)


def _check_closing_tails(core: Core, number: int, side: int) -> None:
    """A closing tail is one of the privileged orders that stand at the head of a limit level."""
    row = core.instruments[number]
    priority = int(core.products[row["product"]]["limit_priority"])
    privileged = {
        codes.PRIORITY_TIME: (),
        codes.PRIORITY_CLOSING_FIRST: (codes.OFFSET_CLOSE, codes.OFFSET_CLOSE_TODAY),
        codes.PRIORITY_CLOSING_FIRST_EXCEPT_TODAY: (codes.OFFSET_CLOSE,),
    }[priority]
    for corner, rank in ((0, 0), (1, int(row["ranks"]) - 1)):
        slot = int(_side_levels(core, number, side)[rank]["head"])
        leading = [NIL]
        while slot != NIL and int(core.orders[slot]["offset"]) in privileged:
            leading.append(slot)
            slot = int(core.orders[slot]["next"])
        tail = int(row["closing_tails"][side * 2 + corner])
        _hold(tail in leading, "a closing tail leads its level", number, side, rank, tail)


# -- orders and members ------------------------------------------------------------------------


def _check_orders(core: Core, live: dict[int, int]) -> None:
    """Every slot is live or free; order ids lead back to their slots."""
    now, orders = core.now[0], core.orders
    high = int(now["order_high"])
    free, slot = set[int](), int(now["order_free"])
    while slot != NIL:
        _hold(slot not in free and slot <= high, "the free list has no loop", slot)
        _hold(not orders[slot]["flags"], "a free slot is not live", slot)
        free.add(slot)
        slot = int(orders[slot]["next"])
    _hold(not free & live.keys(), "no slot is both free and in a book", free & live.keys())
    _hold(len(free) + len(live) == high, "every slot is free or in a book", len(free), high)
    _hold(now["live_orders"] == len(live), "live orders are counted", len(live))
    waiting = sum(1 for slot in live if orders[slot]["flags"] & WAITING)
    _hold(now["stops"] == waiting, "waiting stops are counted", waiting)
    slices = sum(int(row["slices"]) for row in core.instruments)
    _hold(now["slices"] == slices, "parts of icebergs are counted", slices)
    carried = {int(row["order_id"]): row for row in core.carried[core.carried["order_id"] != 0]}
    _hold(now["carried_count"] == len(carried), "carried orders are counted", len(carried))
    for slot in live:
        _check_way_back(core, slot, carried)


def _check_way_back(core: Core, slot: int, carried: dict[int, Any]) -> None:
    """The id of a live order leads to its slot and its member."""
    order, now = core.orders[slot], core.now[0]
    place, leg = divmod(int(order["order_id"]), LEGS)
    owner = core.accounts[order["account"]]["member"]
    if order["order_id"] in carried:
        entry = carried[int(order["order_id"])]
    else:
        entry = core.slots[place - int(now["first_sequence"])]
    if order["flags"] & QUOTE:
        _hold(leg > 0 and entry["slot"] < 0, "a leg's id leads to its quote", slot, place)
        holder = core.holders[order["position"]] if order["position"] != NIL else None
        legs = None if holder is None else (int(holder["bid"]), int(holder["ask"]))
        _hold(legs is None or slot in legs, "and the quote to its leg", slot, legs)
    else:
        _hold(leg == 0 and entry["slot"] == slot, "an order id leads to its slot", slot, place)
    due = owner if order["seat"] != 0 else NIL
    _hold(entry["member"] == due, "and to its member", slot, owner)


def _check_members(core: Core, live: dict[int, int]) -> None:
    """A member's list holds its live orders, oldest first; credit covers what is live."""
    seen: set[int] = set()
    for number in np.flatnonzero(core.members["defined"]):
        member, before, last_id = core.members[number], NIL, 0
        first_id = int(core.now[0]["first_sequence"]) * LEGS
        slot = int(member["first_order"])
        while slot != NIL:
            order = core.orders[slot]
            _hold(slot in live and slot not in seen, "a listed order is live, once", number, slot)
            _hold(order["member_previous"] == before, "links go both ways", number, slot)
            is_carried = order["order_id"] < first_id
            _hold(is_carried or order["order_id"] > last_id, "oldest first", number, slot)
            _hold(core.accounts[order["account"]]["member"] == number, "its own", number, slot)
            seen.add(slot)
            before, last_id = slot, int(order["order_id"])
            slot = int(order["member_next"])
        _hold(member["last_order"] == before, "the list ends at its last order", number)
    _hold(seen == live.keys(), "every live order is listed", seen ^ live.keys())
    reserved = _reserved_credit(core, live)
    for number in np.flatnonzero(core.members["defined"]):
        least = reserved.get(int(number), 0)
        _hold(core.members[number]["used"] >= least, "used credit covers live orders", number)


def _reserved_credit(core: Core, live: dict[int, int]) -> dict[int, int]:
    """What live orders use of their members' credit (spec/orders.md, Credit)."""
    used: dict[int, int] = {}
    for slot, price in live.items():
        order = core.orders[slot]
        member = int(core.accounts[order["account"]]["member"])
        opens = order["offset"] == codes.OFFSET_OPEN
        for number, _, frozen_price in _claims(core, slot, price):
            row = core.instruments[number]
            product = core.products[row["product"]]
            if product["funds_checked"] and (
                opens or product["offset_rule"] == codes.OFFSET_RULE_NONE
            ):
                value = frozen_price * int(row["multiplier"]) * int(order["remaining"])
                used[member] = used.get(member, 0) + value
    return used


def _claims(core: Core, slot: int, price: int) -> list[tuple[int, int, int]]:
    """(instrument, side, price frozen) of what an order at `price` holds: one, or two legs."""
    order, extra = core.orders[slot], core.extras[slot]
    number, side = int(order["instrument"]), int(order["side"])
    if not order["flags"] & COMBINATION:
        return [(number, side, price)]
    row = core.instruments[number]
    return [
        (int(row["leg_1"]), side, int(extra["price"])),
        (int(row["leg_2"]), 1 - side, int(extra["sent_price"])),
    ]


# -- positions and ids -------------------------------------------------------------------------


def _check_positions(core: Core, live: dict[int, int]) -> None:
    """Frozen and opening volume are those of live orders; nothing closes more than is held."""
    count = int(core.now[0]["position_count"])
    due = _frozen_by_orders(core, live, count)
    keys: set[tuple[int, int, int]] = set()
    for row in range(1, count + 1):
        position = core.positions[row]
        account, instrument, hedge = (
            int(position[name]) for name in ("account", "instrument", "hedge")
        )
        key = (account, instrument, hedge)
        _hold(key not in keys, "one row for an account, instrument and hedge", key)
        keys.add(key)
        if account < 0:
            _check_group(core, row, due["opening"])
            continue
        for name in ("opening", "frozen", "frozen_today"):
            same = np.array_equal(position[name], due[name][row])
            _hold(same, f"{name} is the volume of live orders", key, position[name])
        _check_closeable(core, position, key)
    rows = np.sort(core.position_index[core.position_index != NIL])
    _hold(np.array_equal(rows, np.arange(1, count + 1)), "the index names each row once", count)
    _hold(core.now[0]["touched_count"] == 0, "no touched row is left over")


def _check_group(core: Core, row: int, opening: np.ndarray) -> None:
    """A group's row is the sum of its accounts' rows."""
    members = np.flatnonzero(core.holders["group_row"] == row)
    due = np.zeros((2, 2), np.int64)
    for at in members:
        position = core.positions[at]
        due[0] += position["today"].astype(np.int64) + position["yesterday"]
        due[1] += opening[at]
    position = core.positions[row]
    _hold(np.array_equal(position["today"], due[0]), "a group holds what its accounts hold", row)
    _hold(np.array_equal(position["opening"], due[1]), "and opens what they open", row)


def _frozen_by_orders(core: Core, live: dict[int, int], count: int) -> dict[str, np.ndarray]:
    due = {name: np.zeros((count + 1, 2), np.int64) for name in ("opening", "frozen")}
    due["frozen_today"] = np.zeros((count + 1, 2), np.int64)
    rows = {
        tuple(int(core.positions[row][name]) for name in ("account", "instrument", "hedge")): row
        for row in range(1, count + 1)
    }
    for slot in live:
        order = core.orders[slot]
        lots = int(order["remaining"])
        for number, side, _ in _claims(core, slot, 0):
            row = _row_of(core, order, number, rows)
            if row == NIL:
                continue
            if order["offset"] == codes.OFFSET_OPEN:
                due["opening"][row][side] += lots
            else:
                today = order["offset"] == codes.OFFSET_CLOSE_TODAY
                due["frozen_today" if today else "frozen"][row][1 - side] += lots
    return due


def _row_of(core: Core, order: Any, number: int, rows: dict[tuple[int, ...], int]) -> int:
    """Position row of an order in its instrument, or of a combination's in leg `number`."""
    rule = core.products[core.instruments[number]["product"]]["offset_rule"]
    row = int(order["position"])
    if order["flags"] & COMBINATION:
        _hold(row == NIL, "an order of a combination has its positions in the legs", number)
        if rule == codes.OFFSET_RULE_NONE:
            return NIL
        row = rows.get((int(order["account"]), number, int(order["hedge"])), NIL)
    _hold((row == NIL) == (rule == codes.OFFSET_RULE_NONE), "a position where kept", row, number)
    if row != NIL:
        position = core.positions[row]
        same = all(position[name] == order[name] for name in ("account", "hedge"))
        same = same and position["instrument"] == number
        _hold(same, "an order knows its position", row, number)
    return row


def _check_closeable(core: Core, position: Any, key: tuple[int, int, int]) -> None:
    rule = core.products[core.instruments[key[1]]["product"]]["offset_rule"]
    for holding in (0, 1):
        today, yesterday = int(position["today"][holding]), int(position["yesterday"][holding])
        frozen, frozen_today = (
            int(position["frozen"][holding]),
            int(position["frozen_today"][holding]),
        )
        _hold(min(today, yesterday) >= 0, "no holding is negative", key)
        if rule == codes.OFFSET_RULE_OPEN_CLOSE:
            _hold(frozen <= today + yesterday, "no more is frozen than held", key)
        else:
            _hold(frozen <= yesterday, "no more is frozen than held of yesterday", key)
            _hold(frozen_today <= today, "no more is frozen than held of today", key)


def _check_ids(core: Core) -> None:
    used = core.ids[core.ids["client_id"] != 0]
    _hold(len(used) == core.now[0]["id_count"], "used ids are counted", len(used))
    names = set(zip(used["member"].tolist(), used["client_id"].tolist(), strict=True))
    _hold(len(names) == len(used), "a member's client id is kept once", len(used) - len(names))
