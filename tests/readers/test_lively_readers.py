"""What reads a day on disk, on a day of every order: against its messages read one by one."""

from collections import Counter
from pathlib import Path

import pytest

from readers.lively_day import SYMBOLS, LivelyDay
from twinex.commands.replay import replay_differs
from twinex.day.statistics import Statistics
from twinex.readers.listing import instrument_of
from twinex.readers.search import Search, Wanted, sequences_of_order
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.journal.recovery import verify
from twinex.venue.wire.schema import ENUMS

STEPS = 2_500


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lively day on disk."""
    directory = tmp_path_factory.mktemp("lively") / "day"
    lively = LivelyDay(7, directory)
    lively.open()
    for _ in range(STEPS):
        lively.step()
    lively.venue.close()
    return directory


@pytest.fixture(scope="module")
def commands(day: Path) -> list:
    return list(JournalReader(day))


@pytest.fixture(scope="module")
def events(day: Path) -> list:
    return list(EventReader(day))


def found(day: Path, wanted: Wanted, *, events: bool) -> list[bytes]:
    return [one.body for one in Search(day, wanted, events=events)]


def test_the_day_replays(day: Path) -> None:
    assert replay_differs(day, verify(day)) == ""


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_searching_a_contract_finds_entries_of_mass_quotes(day, commands, events, symbol) -> None:
    number = instrument_of(day, symbol)
    sent = []
    for one in commands:
        entries = one.message.fields.get("entries", [])
        named = [fields.get("instrument") for fields in (one.message.fields, *entries)]
        if number in named:
            sent.append(one)
    assert {"mass_quote", "stop_enter", "quote_enter"} <= {one.message.name for one in sent}
    wanted = Wanted(instrument=number)
    assert found(day, wanted, events=False) == [one.body for one in sent]
    told = [one.body for one in events if one.message.fields.get("instrument") == number]
    assert found(day, wanted, events=True) == told


def test_the_life_of_a_quote_s_leg(day: Path, events: list) -> None:
    quotes = [one.message.fields for one in events if one.message.name == "quote_accepted"]
    order_id = next(one["ask_order_id"] for one in quotes if one["ask_order_id"])
    keys = ("order_id", "buy_order_id", "sell_order_id", "bid_order_id", "ask_order_id")
    life = [one for one in events if order_id in [one.message.fields.get(key) for key in keys]]
    assert found(day, Wanted(order_id=order_id), events=True) == [one.body for one in life]
    assert {"quote_accepted", "order_accepted"} <= {one.message.name for one in life}
    assert sequences_of_order(day, order_id).tolist() == sorted({one.sequence for one in life})


def test_statistics_count_stops_and_orders_that_last(day: Path, events: list) -> None:
    statistics = Statistics(100).read(iter(EventReader(day).poll, None))
    kinds = {value: name for name, value in ENUMS["PriceKind"].items()}
    times = {value: name for name, value in ENUMS["TimeInForce"].items()}
    words = {"order_accepted": "", "stop_accepted": "stop "}
    counts = Counter(
        f"{words[one.message.name]}{kinds[fields['kind']]} {times[fields['time_in_force']]}"
        for one in events
        if one.message.name in words and (fields := one.message.fields)
    )
    assert statistics.order_counts() == counts
    assert {"limit gtc", "stop limit day", "stop market day"} <= set(counts)
    reasons = {value: name for name, value in ENUMS["CancelReason"].items()}
    cancels = [one.message.fields for one in events if one.message.name == "order_cancelled"]
    expected = Counter(reasons[fields["cancel_reason"]] for fields in cancels)
    assert statistics.cancel_counts() == expected
    assert {"self_trade", "quote_replaced", "operator"} <= set(expected)
