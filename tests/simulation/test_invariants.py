"""Every invariant fails on a stream in which something was changed, and holds on the true one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from checkers.wire import BY_NAME, HEAD, LAYOUTS

from simulation.invariants import Invariants, Violated
from simulation.pair import event_rows
from simulation.records import Batch, Journal
from simulation.streams import FIRST, Plan
from simulation.systems import VenueSystem

SEEDS = (1, 2, 5, 6, 9, 12)
COMMANDS = 6_000
Rows = list[bytes]


@dataclass(frozen=True)
class Lived:
    """A true day: its records, and the events of each."""

    batch: Batch
    events: list[Rows]


@pytest.fixture(scope="module")
def days() -> list[Lived]:
    return [_live(seed) for seed in SEEDS]


def _live(seed: int) -> Lived:
    journal, system = Journal(FIRST), VenueSystem(FIRST)
    batch = journal.write(np.concatenate(list(Plan(seed, COMMANDS).frames(FIRST))))
    system.start(batch)
    events: list[Rows] = [[] for _ in range(len(batch))]
    for row in event_rows(system.finish().tobytes()):
        events[_field(row, "sequence") - FIRST].append(row)
    return Lived(batch, events)


def _field(row: bytes, name: str) -> int:
    layout = LAYOUTS[HEAD.unpack_from(row)[1]]
    return int(layout.unpack(row, 8)[layout.names.index(name)])


def _name(row: bytes) -> str:
    return LAYOUTS[HEAD.unpack_from(row)[1]].name


def _changed(row: bytes, **fields: int) -> bytes:
    layout, made = BY_NAME[_name(row)][1], bytearray(row)
    for name, value in fields.items():
        form, offset = layout.places[name]
        octets = np.array([value], form).tobytes()
        made[8 + offset : 8 + offset + len(octets)] = octets
    return bytes(made)


def _watch(day: Lived, events: list[Rows]) -> None:
    octets = np.frombuffer(b"".join(row for rows in events for row in rows), np.uint8)
    Invariants().see(day.batch, octets)


def _hold_found(
    days: list[Lived], rule: str, lie: Callable[[Rows], Rows | None], *, last: bool = True
) -> None:
    """One command's events are changed, that `lie` can change; the rule is named."""
    for day in days:
        places = range(len(day.events))
        for place in reversed(places) if last else places:
            lying = lie(day.events[place])
            if lying is None:
                continue
            with pytest.raises(Violated, match=rule):
                _watch(day, [*day.events[:place], lying, *day.events[place + 1 :]])
            return
    raise AssertionError("no day has what is to be changed")


def _with(name: str, change: Callable[[bytes], bytes | None]) -> Callable[[Rows], Rows | None]:
    """The last event of that name, changed (None: taken out)."""

    def lie(rows: Rows) -> Rows | None:
        for place in reversed(range(len(rows))):
            if _name(rows[place]) == name:
                made = change(rows[place])
                return [*rows[:place], *([made] if made else []), *rows[place + 1 :]]
        return None

    return lie


def _more(name: str, field: str, by: int = 1) -> Callable[[Rows], Rows | None]:
    """The last event of that name with a field that is larger."""
    return _with(name, lambda row: _changed(row, **{field: _field(row, field) + by}))


def test_true_days_hold(days: list[Lived]) -> None:
    for day in days:
        _watch(day, day.events)


@pytest.mark.parametrize(
    ("rule", "lie"),
    [
        ("answered once", lambda rows: [] if len(rows) == 1 else None),
        ("no gaps", _more("order_rested", "index")),
        ("names its command", _more("order_rested", "sequence")),
        ("times rise", lambda rows: [_changed(row, time_ns=1) for row in rows]),
        ("trade ids", _more("trade", "trade_id")),
        ("turnover", _more("trade", "turnover")),
        ("open interest", _more("trade", "open_interest")),
        ("a buyer and a seller", _with("trade", lambda row: _swapped(row))),
        ("takes its lots off", _more("order_filled", "quantity")),
        ("takes its lots off", _more("order_filled", "remaining")),
        ("in its instrument", _more("order_filled", "instrument")),
        ("positions move", _more("position_changed", "long_today")),
        ("below zero", _with("position_changed", lambda row: _changed(row, short_today=-1))),
        ("told after a fill", _more("position_changed", "account")),
        ("all that is left", _more("order_cancelled", "quantity")),
        ("not alive", _with("order_cancelled", lambda row: _changed(row, order_id=77 * 1024))),
        ("an amend fills nothing", _more("order_amended", "quantity")),
        ("shows what is left", _more("order_rested", "quantity")),
        ("a reduced order", _more("order_reduced", "remaining")),
        ("left of an iceberg", _more("order_refreshed", "remaining")),
        ("what it shows", _more("order_refreshed", "quantity")),
        ("all its lots enter", _more("stop_triggered", "quantity")),
        ("auction's volume", _more("auction_matched", "auction_volume")),
        ("one price", lambda rows: _other_price(rows)),
        ("the day's counts", _more("day_ended", "orders")),
        ("the day's counts", _more("day_ended", "rejects")),
        ("trade is voided once", _with("trade_busted", lambda row: _changed(row, trade_id=10**6))),
        ("a trade as it stands", _more("trade_corrected", "old_price")),
        ("a trade as it stands", _more("trade_busted", "quantity")),
        ("limits follow", lambda rows: _combined_limits(rows)),
    ],
)
def test_a_changed_event_is_found(
    days: list[Lived], rule: str, lie: Callable[[Rows], Rows | None]
) -> None:
    _hold_found(days, rule, lie)


def _swapped(row: bytes) -> bytes:
    sides = {"buy_order_id": "sell_order_id", "sell_order_id": "buy_order_id"}
    return _changed(row, **{one: _field(row, other) for one, other in sides.items()})


def _other_price(rows: Rows) -> Rows | None:
    """Of an auction in which something traded."""
    for place, row in enumerate(rows):
        if _name(row) == "auction_matched" and _field(row, "auction_volume"):
            made = _changed(row, auction_price=_field(row, "auction_price") + 1)
            return [*rows[:place], made, *rows[place + 1 :]]
    return None


def _combined_limits(rows: Rows) -> Rows | None:
    """Of a combination; a contract's own are what they are told to be."""
    for place, row in enumerate(rows):
        if _name(row) == "limits_changed" and _field(row, "instrument") > 1_000:
            made = _changed(row, upper_limit=_field(row, "upper_limit") + 1)
            return [*rows[:place], made, *rows[place + 1 :]]
    return None


def _without_fill(rows: Rows) -> Rows | None:
    """A trade that one of its two orders was not told of."""
    fills = [place for place, row in enumerate(rows) if _name(row) == "order_filled"]
    is_told = {"position_changed", "order_refreshed"} & {_name(row) for row in rows}
    if len(fills) != 2 or _field(rows[fills[0]], "remaining") or is_told:
        return None
    return _numbered([row for place, row in enumerate(rows) if place != fills[1]])


def _numbered(rows: Rows) -> Rows:
    return [_changed(row, index=place) for place, row in enumerate(rows)]


def test_a_trade_that_only_one_side_was_told_of_is_found(days: list[Lived]) -> None:
    _hold_found(days, "fills are its trades", _without_fill)


def _dearer(rows: Rows) -> Rows | None:
    """The incoming order pays more than the resting one gets."""
    for place, row in enumerate(rows):
        if _name(row) == "order_filled" and _field(row, "role") == 1:
            made = _changed(row, price=_field(row, "price") + 1)
            return [*rows[:place], made, *rows[place + 1 :]]
    return None


def test_money_from_nowhere_is_found(days: list[Lived]) -> None:
    _hold_found(days, "what buyers pay sellers get", _dearer)


def _resting(**more: int) -> Callable[[Rows], Rows | None]:
    """The last fill of a resting buy, with fields that are larger."""

    def lie(rows: Rows) -> Rows | None:
        for place in reversed(range(len(rows))):
            row = rows[place]
            if _name(row) == "order_filled" and _field(row, "role") + _field(row, "side") == 0:
                fields = {name: _field(row, name) + by for name, by in more.items()}
                return [*rows[:place], _changed(row, **fields), *rows[place + 1 :]]
        return None

    return lie


def test_who_pays_more_than_his_price_is_found(days: list[Lived]) -> None:
    _hold_found(days, "more than his price", _resting(price=10**9))


def test_a_resting_order_does_not_come_in(days: list[Lived]) -> None:
    _hold_found(days, "only a combination's order", _resting(role=1))


def _more_than_shown(rows: Rows) -> Rows | None:
    """A fill of an iceberg that takes a hidden lot."""
    for place, row in enumerate(rows):
        if _name(row) == "order_refreshed":
            fill = place - 2
            lots, left = (_field(rows[fill], name) for name in ("quantity", "remaining"))
            made = _changed(rows[fill], quantity=lots + 1, remaining=left - 1)
            return [*rows[:fill], made, *rows[fill + 1 :]]
    return None


def test_hidden_lots_that_trade_are_found(days: list[Lived]) -> None:
    _hold_found(days, "takes what is shown", _more_than_shown)


def _rests_twice(rows: Rows) -> Rows | None:
    return _numbered([*rows, rows[-1]]) if _name(rows[-1]) == "order_rested" else None


def test_what_rests_twice_is_found(days: list[Lived]) -> None:
    _hold_found(days, "comes to rest once", _rests_twice)


def _keeps_its_place(rows: Rows) -> Rows | None:
    """An amend to another price that is said to keep its place."""
    if [_name(row) for row in rows] != ["order_amended", "order_rested"]:
        return None
    return [_changed(rows[0], priority_kept=1)]


def test_who_keeps_his_place_at_another_price_is_found(days: list[Lived]) -> None:
    _hold_found(days, "queues anew", _keeps_its_place)


def _shown_too_early(rows: Rows) -> Rows | None:
    """An iceberg that shows anew twice."""
    for place, row in enumerate(rows):
        if _name(row) == "order_refreshed":
            return _numbered([*rows[:place], row, *rows[place:]])
    return None


def test_an_iceberg_that_shows_too_early_is_found(days: list[Lived]) -> None:
    _hold_found(days, "when used up", _shown_too_early)


def _without_row(rows: Rows) -> Rows | None:
    kept = [row for row in rows if _name(row) != "position_changed"]
    return _numbered(kept) if len(kept) < len(rows) else None


def test_a_filled_row_that_is_not_told_is_found(days: list[Lived]) -> None:
    _hold_found(days, "a filled row is told", _without_row)


def _entered_twice(rows: Rows) -> Rows | None:
    if _name(rows[0]) != "order_accepted" or _name(rows[-1]) != "order_rested":
        return None
    return _numbered([rows[0], *rows])


def test_an_id_that_is_used_twice_is_found(days: list[Lived]) -> None:
    _hold_found(days, "used once", _entered_twice)


def _neither_rests_nor_done(rows: Rows) -> Rows | None:
    if [_name(row) for row in rows] != ["order_accepted", "order_rested"]:
        return None
    return rows[:1]


def test_an_order_that_is_nowhere_is_found(days: list[Lived]) -> None:
    _hold_found(days, "rests, waits or is done", _neither_rests_nor_done)


def _crossing(rows: Rows) -> Rows | None:
    """An order that rests far on the other side of the book."""
    names = [_name(row) for row in rows]
    if names != ["order_accepted", "order_rested"]:
        return None
    sign = 1 if _field(rows[1], "side") == 0 else -1
    return [rows[0], _changed(rows[1], price=_field(rows[1], "price") + sign * 10**9)]


def test_a_crossed_book_is_found(days: list[Lived]) -> None:
    tried = 0
    for day in days:
        for place in range(len(day.events)):
            lying = _crossing(day.events[place])
            if lying is None or tried > 40:
                continue
            tried += 1
            try:
                _watch(day, [*day.events[:place], lying, *day.events[place + 1 :]])
            except Violated as error:
                if "crossed" in str(error):
                    return
    raise AssertionError("no crossed book was named")


def test_whoever_is_filled_before_his_turn_is_found(days: list[Lived]) -> None:
    """A resting order's fill, told of another one that rests in the same book."""
    tried = 0
    for day in days:
        resting: dict[int, tuple[int, int]] = {}
        for place, rows in enumerate(day.events):
            for at, row in enumerate(rows):
                if _name(row) == "order_filled" and _field(row, "role") == 0 and tried < 60:
                    key = (_field(row, "instrument"), _field(row, "side"))
                    own = _field(row, "order_id")
                    others = [each for each, its in resting.items() if its == key and each != own]
                    if others:
                        tried += 1
                        lying = [*rows[:at], _changed(row, order_id=others[-1]), *rows[at + 1 :]]
                        try:
                            _watch(day, [*day.events[:place], lying, *day.events[place + 1 :]])
                        except Violated as error:
                            if "stands before" in str(error):
                                return
                _note(resting, row)
    raise AssertionError("nobody was named who was filled before his turn")


def _note(resting: dict[int, tuple[int, int]], row: bytes) -> None:
    """Which orders rest, roughly: for finding one to name wrongly."""
    if _name(row) == "order_rested":
        resting[_field(row, "order_id")] = (_field(row, "instrument"), _field(row, "side"))
    elif _name(row) == "order_cancelled" or (
        _name(row) == "order_filled" and not _field(row, "remaining")
    ):
        resting.pop(_field(row, "order_id"), None)


def test_a_command_left_out_is_found(days: list[Lived]) -> None:
    day, watch = days[0], Invariants()
    octets = [np.frombuffer(b"".join(rows), np.uint8) for rows in day.events]
    watch.see(day.batch.part(0, 100), np.concatenate(octets[:100]))
    with pytest.raises(Violated, match="left out"):
        watch.see(day.batch.part(101, 200), np.concatenate(octets[101:200]))
