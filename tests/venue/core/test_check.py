"""The self-check names what is wrong: one table entry changed, one rule named."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from checkers.days import RandomDay
from checkers.wire import encode

from twinex.venue.core.check import BrokenInvariant, check
from twinex.venue.core.state import COMBINATION, ICEBERG, QUOTE, WAITING, Core
from twinex.venue.venue import Venue


@pytest.fixture(scope="module")
def busy() -> Core:
    """A core with orders, queues, stops, quotes, combinations and positions of every kind."""
    day = RandomDay(random.Random(11), ticks=12, first_sequence=2_000, combined=0.1)
    setup, commands = day.write(900, end=False)
    venue = Venue(clock=lambda: 1, first_sequence=2_000)
    for seat, message in setup:
        venue.send(seat, message)
    venue.send(0, encode("phase_set", phase=2))
    for seat, message in commands:
        if seat and venue.statistics().live_orders < 60:
            venue.send(seat, message)
    assert venue.statistics().live_orders > 20
    for flag in (WAITING, ICEBERG, QUOTE, COMBINATION):
        assert (venue.core.orders["flags"] & flag).any()
    assert venue.core.now[0]["carried_count"]
    assert (venue.core.positions["account"] < 0).any()
    check(venue.core)
    return venue.core


def _copy(core: Core) -> Core:
    events = ("events", "event_words")
    kept = {name: getattr(core, name) for name in events}
    return Core(**{n: t.copy() for n, t in core._asdict().items() if n not in events}, **kept)


def _live(core: Core) -> int:
    """A plain order of today that rests."""
    flags, ids = core.orders["flags"], core.orders["order_id"]
    today = ids >= int(core.now[0]["first_sequence"]) * 1024
    plain = (flags != 0) & (flags & (WAITING | ICEBERG | QUOTE | COMBINATION) == 0)
    return int(np.flatnonzero(plain & today)[0])


def _stop(core: Core) -> int:
    return int(np.flatnonzero(core.orders["flags"] & WAITING)[0])


def _iceberg(core: Core) -> int:
    flags = core.orders["flags"]
    return int(np.flatnonzero((flags & ICEBERG != 0) & (flags & WAITING == 0))[0])


def _combined(core: Core) -> int:
    """An order of a combination that opens where credit is asked for."""
    orders, instruments = core.orders, core.instruments
    asked = core.products[instruments[orders["instrument"]]["product"]]["funds_checked"] == 1
    found = (orders["flags"] & COMBINATION != 0) & (orders["offset"] == 0) & asked
    return int(np.flatnonzero(found)[0])


def _group(core: Core) -> int:
    return int(np.flatnonzero(core.positions["account"] < 0)[0])


def _with_stops(core: Core) -> int:
    return int(core.orders[_stop(core)]["instrument"])


def _level(core: Core) -> int:
    return int(np.flatnonzero(core.levels["head"])[0])


def _position(core: Core) -> int:
    return 1


def _busy_instrument(core: Core) -> int:
    return int(np.argmax(core.instruments["live_orders"]))


def _set(table: str, row: Callable[[Core], int], field: str, change: int) -> Callable[[Core], None]:
    def apply(core: Core) -> None:
        getattr(core, table)[row(core)][field] += change

    return apply


def _clear_bits(core: Core) -> None:
    core.bits[int(np.flatnonzero(core.bits)[0])] = 0


def _lose_member_list(core: Core) -> None:
    core.members["first_order"] = 0


def _zero_used(core: Core) -> None:
    core.members["used"] = -1


def _swap_index(core: Core) -> None:
    core.position_index[np.flatnonzero(core.position_index)[0]] = 0


def _double_id(core: Core) -> None:
    used = np.flatnonzero(core.ids["client_id"])
    core.ids[used[0]] = core.ids[used[1]]


def _slip_slot(core: Core) -> None:
    order = core.orders[_live(core)]
    core.slots[int(order["order_id"]) // 1024 - int(core.now[0]["first_sequence"])]["slot"] = 0


def _kill(core: Core) -> None:
    core.orders[_live(core)]["flags"] = 0


def _cross(core: Core) -> None:
    row = core.instruments[_busy_instrument(core)]
    row["best_buy"] = row["best_sell"] = 0


def _tail(core: Core) -> None:
    core.instruments[_busy_instrument(core)]["closing_tails"][0] = 4_000


def _bound(core: Core) -> None:
    row = core.instruments[_with_stops(core)]
    row["stop_buy_low"] += 10**9
    row["stop_sell_high"] -= 10**9


def _let_go(core: Core) -> None:
    core.orders[_stop(core)]["flags"] ^= WAITING


def _lose_leg(core: Core) -> None:
    core.holders["bid"] = core.holders["ask"] = 0


def _turn_around(core: Core) -> None:
    row = core.instruments[int(core.combinations[0])]
    row["leg_1"], row["leg_2"] = int(row["leg_2"]), int(row["leg_1"])


def _rename_combination(core: Core) -> None:
    core.combinations[0] = 1


def _forget_carried(core: Core) -> None:
    core.carried["order_id"] = 0


BROKEN: dict[str, tuple[Callable[[Core], None], str]] = {
    "level volume": (_set("levels", _level, "volume", 1), "volume is the sum"),
    "level tail": (_set("levels", _level, "tail", 1), "tail"),
    "level head": (_set("levels", _level, "head", 1), "."),
    "order remaining": (_set("orders", _live, "remaining", 1), "."),
    "order dead": (_kill, "a queued order is live"),
    "order side": (_set("orders", _live, "side", 1), "knows its level"),
    "order rank": (_set("orders", _live, "rank", 1), "knows its level"),
    "order member link": (_set("orders", _live, "member_previous", 7), "links go both ways"),
    "order id": (_set("orders", _live, "order_id", 1024), "leads to its slot|oldest first"),
    "bits": (_clear_bits, "bits mark"),
    "live orders of an instrument": (
        _set("instruments", _busy_instrument, "live_orders", 1),
        "live orders are counted",
    ),
    "best": (_set("instruments", _busy_instrument, "best_buy", 1), "best is the lowest"),
    "crossed": (_cross, "best is the lowest"),
    "limits": (_set("instruments", _busy_instrument, "upper", 1), "limits span"),
    "closing tail": (_tail, "a closing tail leads"),
    "live orders": (_set("now", lambda core: 0, "live_orders", 1), "live orders are counted"),
    "slots in use": (_set("now", lambda core: 0, "order_high", 1), "free or in a book"),
    "free list": (_set("now", lambda core: 0, "order_free", 1), "."),
    "touched": (_set("now", lambda core: 0, "touched_count", 1), "touched"),
    "ids": (_set("now", lambda core: 0, "id_count", 1), "used ids"),
    "a double id": (_double_id, "kept once"),
    "order's slot": (_slip_slot, "leads to its slot"),
    "member list": (_lose_member_list, "list ends|listed"),
    "credit": (_zero_used, "used credit"),
    "frozen": (_set("positions", _position, "opening", 1), "opening is the volume"),
    "holding": (_set("positions", _position, "today", -1_000), "negative"),
    "link of stops": (_set("extras", _stop, "previous_stop", 7), "links of stops|list of stops"),
    "last stop": (_set("instruments", _with_stops, "last_stop", 1), "ends at its last"),
    "stops": (_set("instruments", _with_stops, "stops", 1), "waiting stops are counted"),
    "all stops": (_set("now", lambda core: 0, "stops", 1), "waiting stops are counted"),
    "trailing stops": (_set("instruments", _with_stops, "trailing_stops", 1), "trailing stops"),
    "bound of stops": (_bound, "stop below the bound|stop above the bound"),
    "a stop that rests": (_let_go, "a stop in the list waits"),
    "shown lots": (_set("extras", _iceberg, "shown", 1_000), "an iceberg shows a part"),
    "parts of icebergs": (_set("now", lambda core: 0, "slices", 1), "parts of icebergs"),
    "carried orders": (_forget_carried, "carried orders are counted"),
    "a quote's leg": (_lose_leg, "and the quote to its leg"),
    "a group's holding": (_set("positions", _group, "today", 1), "a group holds"),
    "a group's openings": (_set("positions", _group, "opening", 1), "and opens what they open"),
    "a combination's legs": (_turn_around, "limits follow its legs"),
    "the table of combinations": (_rename_combination, "stand in their table"),
    "a combination's position": (_set("orders", _combined, "position", 1), "in the legs"),
    "what leg 1 froze": (_set("extras", _combined, "price", 1), "used credit"),
    "what leg 2 froze": (_set("extras", _combined, "sent_price", 1), "used credit"),
    "what legs opened": (_set("orders", _combined, "side", 1), "."),
    "position index": (_swap_index, "the index names"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_named(busy: Core, name: str) -> None:
    broken = _copy(busy)
    apply, words = BROKEN[name]
    apply(broken)
    with pytest.raises(BrokenInvariant, match=words):
        check(broken)
