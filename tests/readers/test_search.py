"""Searching a day by columns against reading it message by message."""

from datetime import date, time
from pathlib import Path

import numpy as np
import pytest
from day.small_day import make_day, small_day

from twinex.readers.listing import ReadError, instrument_of
from twinex.readers.local_time import LocalTime, local_time_of
from twinex.readers.search import Search, Wanted, sequences_of_order
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.wire.messages import decode

ORDER_FIELDS = ("order_id", "buy_order_id", "sell_order_id")


def found(wanted: Wanted, *, events: bool) -> list[bytes]:
    return [one.body for one in Search(small_day().directory, wanted, events=events)]


@pytest.fixture(scope="module")
def commands() -> list:
    return list(JournalReader(small_day().directory))


@pytest.fixture(scope="module")
def events() -> list:
    return list(EventReader(small_day().directory))


def test_everything_is_found(commands: list, events: list) -> None:
    assert found(Wanted(), events=False) == [one.body for one in commands]
    assert found(Wanted(), events=True) == [one.body for one in events]


def test_by_sequence_and_time(commands: list) -> None:
    middle = commands[len(commands) // 2]
    first, last = middle.sequence - 100, middle.sequence + 100
    by_sequence = found(Wanted(first_sequence=first, last_sequence=last), events=False)
    assert by_sequence == [one.body for one in commands if first <= one.sequence <= last]
    by_time = found(Wanted(first_ns=middle.time_ns, last_ns=middle.time_ns + 10**9), events=False)
    expected = [one for one in commands if 0 <= one.time_ns - middle.time_ns <= 10**9]
    assert by_time == [one.body for one in expected]
    assert len(expected) > 1


def test_by_name_and_seat(commands: list, events: list) -> None:
    cancels = found(Wanted(names=("order_cancel",), seat=12), events=False)
    expected = [o for o in commands if o.message.name == "order_cancel" and o.seat == 12]
    assert cancels == [one.body for one in expected]
    assert cancels
    # Events without a seat (a trade) are nobody's, whatever their bytes there say.
    told = found(Wanted(seat=12), events=True)
    assert told == [one.body for one in events if one.message.fields.get("seat") == 12]


def test_by_instrument(commands: list, events: list) -> None:
    number = instrument_of(small_day().directory, "IF2607")
    wanted = Wanted(instrument=number)
    for items, side in ((commands, False), (events, True)):
        expected = [one for one in items if one.message.fields.get("instrument") == number]
        assert found(wanted, events=side) == [one.body for one in expected]
        assert len(expected) > 100


def test_an_order_s_life(events: list) -> None:
    filled = [one for one in events if one.message.name == "order_filled"]
    order_id = filled[len(filled) // 2].message.fields["order_id"]
    expected = [o for o in events if order_id in [o.message.fields.get(f) for f in ORDER_FIELDS]]
    assert found(Wanted(order_id=order_id), events=True) == [one.body for one in expected]
    sequences = sequences_of_order(small_day().directory, order_id)
    assert sequences.tolist() == sorted({one.sequence for one in expected})
    bodies = found(Wanted(sequences=sequences), events=False)
    assert decode(bodies[0]).name == "order_enter"
    assert len(bodies) == len(np.unique(sequences))


def test_a_search_ends_where_nothing_more_can_match() -> None:
    search = Search(small_day().directory, Wanted(last_sequence=10), events=False)
    assert len(list(search)) == 10
    assert search.over


def test_unknown_symbols_are_named() -> None:
    with pytest.raises(ReadError, match="no contract 'IF26' on this day; there are IF2607, IF2608"):
        instrument_of(small_day().directory, "IF26")


def test_a_day_s_own_clock() -> None:
    clock = local_time_of(small_day().directory)
    assert clock == LocalTime(8, date(2026, 7, 6), date(2026, 7, 6))
    # 2026-07-06 10:30 in China is 02:30 UTC.
    assert clock.moment_ns(time(10, 30)) == 1_783_305_000 * 10**9


def test_a_night_session_belongs_to_the_day_after(tmp_path: Path) -> None:
    day = make_day(tmp_path / "day", market="shfe", commands=500)
    clock = local_time_of(day.directory)
    friday, monday = date(2026, 7, 3), date(2026, 7, 6)
    assert (clock.begun, clock.trading_day) == (friday, monday)
    hour_ns = 3600 * 10**9
    midnight_of_monday = clock.moment_ns(time(9)) - 9 * hour_ns
    assert clock.moment_ns(time(21)) == midnight_of_monday - 51 * hour_ns  # Friday evening
    assert clock.moment_ns(time(1)) == midnight_of_monday - 47 * hour_ns  # Saturday morning
