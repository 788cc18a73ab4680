"""What reads a day on disk, on a day of every order: against its messages read one by one."""

from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from readers.lively_day import SPREADS, SYMBOLS, LivelyDay
from twinex.day.reading import statistics_of
from twinex.day.statistics import Statistics
from twinex.readers.book_view import BookView
from twinex.readers.listing import instrument_of, listing_of
from twinex.readers.search import Search, Wanted, sequences_of_order
from twinex.readers.wording import wording_of
from twinex.umpire.recorded import Recorded
from twinex.umpire.replay import Replay
from twinex.umpire.systems import SYSTEMS
from twinex.venue.image.image import Image
from twinex.venue.journal.export import export_day
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.opening import open_market
from twinex.venue.wire import codes
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
    verdict = Replay(Recorded(day, so_far=True), SYSTEMS).run()
    assert verdict.difference is None
    assert verdict.agreed > STEPS


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


def test_a_combination_stands_in_the_listing_behind_the_contracts(day: Path) -> None:
    listing = listing_of(day)
    slots = [listing.symbols.index(symbol) for symbol in SPREADS]
    legs = [listing.symbols.index(symbol) for symbol in ("AA2607", "AA2608", "BB2607", "BB2608")]
    assert listing.leg_1[slots].tolist() == listing.instrument[legs[::2]].tolist()
    assert listing.leg_2[slots].tolist() == listing.instrument[legs[1::2]].tolist()
    assert listing.tick[slots].tolist() == listing.tick[legs[::2]].tolist()
    assert listing.lower[slots].tolist() == [-8_000_000, -7_000_000]
    assert listing.upper[slots].tolist() == [8_000_000, 7_000_000]
    contracts = listing.contracts()
    assert contracts.symbols == listing.symbols[: -len(SPREADS)]
    assert len(contracts) == len(contracts.instrument) == len(contracts.tick)
    assert contracts.slot_of[listing.instrument[slots]].tolist() == [-1, -1]
    assert contracts.highest == listing.highest == int(listing.instrument[-1])


@pytest.mark.parametrize("symbol", SPREADS)
def test_searching_a_combination(day: Path, commands: list, events: list, symbol: str) -> None:
    number = instrument_of(day, symbol)
    sent = [one for one in commands if one.message.fields.get("instrument") == number]
    assert {"combination_define", "order_enter"} <= {one.message.name for one in sent}
    wanted = Wanted(instrument=number)
    assert found(day, wanted, events=False) == [one.body for one in sent]
    told = [one for one in events if one.message.fields.get("instrument") == number]
    assert found(day, wanted, events=True) == [one.body for one in told]
    assert "trade" not in {one.message.name for one in told}


def test_the_life_of_a_combination_s_order_has_its_trades_in_both_legs(day, events) -> None:
    number = instrument_of(day, SPREADS[0])
    fills = [one.message.fields for one in events if one.message.name == "order_filled"]
    order_id = next(one["order_id"] for one in fills if one["instrument"] == number)
    life = found(day, Wanted(order_id=order_id, names=("trade",)), events=True)
    trades = [one.message.fields for one in events if one.body in life]
    legs = [instrument_of(day, symbol) for symbol in ("AA2607", "AA2608")]
    assert sorted({one["instrument"] for one in trades}) == legs


def test_prices_of_a_combination_in_words(day: Path, events: list) -> None:
    wording, number = wording_of(day), instrument_of(day, SPREADS[0])
    rested = [
        one.message.fields
        for one in events
        if one.message.name == "order_rested" and one.message.fields["instrument"] == number
    ]
    told = {one["price"]: dict(wording.words(one)) for one in rested}
    assert told[0]["price"] == "0.0"
    below = min(told)
    assert told[below]["price"] == f"{below / 10_000:.1f}"
    assert told[below]["price"].startswith("-")
    assert told[below]["instrument"] == SPREADS[0]


def test_the_definition_of_a_combination_in_words(day: Path, commands: list) -> None:
    (one, _) = [c.message.fields for c in commands if c.message.name == "combination_define"]
    words = dict(wording_of(day).words(one))
    assert words == dict(
        instrument=SPREADS[0], leg_1="AA2607", leg_2="AA2608", symbol="SP AA2607&AA2608"
    )


def test_statistics_have_no_prices_of_trades_between_combinations(day, events) -> None:
    statistics = statistics_of(day, listing_of(day).contracts())
    trades = [one.message.fields for one in events if one.message.name == "trade"]
    accepted = Counter(
        one.message.fields["instrument"] for one in events if one.message.name == "order_accepted"
    )
    derived = [one for one in trades if one["price_source"] == codes.SOURCE_COMBINATION]
    assert {one["instrument"] for one in derived}
    for number in range(1, listing_of(day).highest + 1):
        own = [one for one in trades if one["instrument"] == number]
        priced = [one["price"] for one in own if one not in derived]
        assert statistics.trades[number] == len(own)
        assert statistics.orders[number] == accepted[number]
        assert statistics.volume[number] == sum(one["quantity"] for one in own)
        assert statistics.turnover[number] == sum(one["turnover"] for one in own)
        assert statistics.priced[number] == bool(priced)
        if priced:
            prices = [column[number] for column in (
                statistics.open, statistics.high, statistics.low, statistics.close)]  # fmt: skip
            assert prices == [priced[0], max(priced), min(priced), priced[-1]]


@pytest.mark.parametrize(("symbol", "digits"), [(SPREADS[0], 1), (SPREADS[1], 0)])
def test_the_book_of_a_combination(day: Path, events: list, symbol: str, digits: int) -> None:
    view, number = BookView(day, symbol), instrument_of(day, symbol)
    view.forward()
    fills = [one.message.fields for one in events if one.message.name == "order_filled"]
    steps = {one["trade_id"]: one for one in fills if one["instrument"] == number}
    latest = [f"{one['price'] / 10_000:.{digits}f}" for one in steps.values()][::-1]
    assert [one[1] for one in view.prints()[:40]] == latest[:40]
    lots = sum(one["quantity"] for one in steps.values())
    assert view.footer() == f"last {latest[0]}  {lots:,} lots traded"
    assert view.title().startswith(symbol)


def test_a_combination_exported(day: Path, events: list, tmp_path: Path) -> None:
    export_day(day, tmp_path)
    defined = pl.read_parquet(tmp_path / "commands/combination_define.parquet")
    assert defined["symbol"].to_list() == list(SPREADS)
    assert defined["leg_1"].to_list() == [instrument_of(day, s) for s in ("AA2607", "BB2607")]
    number = instrument_of(day, SPREADS[0])
    rested = pl.read_parquet(tmp_path / "events/order_rested.parquet")
    prices = [
        one.message.fields["price"]
        for one in events
        if one.message.name == "order_rested" and one.message.fields["instrument"] == number
    ]
    assert rested.filter(pl.col("instrument") == number)["price"].to_list() == prices
    trades = pl.read_parquet(tmp_path / "events/trade.parquet")
    named = trades.filter(pl.col("price_source_name") == "combination")
    assert len(named) == (trades["price_source"] == codes.SOURCE_COMBINATION).sum() > 0


@pytest.mark.parametrize("seed", [11, 12])
def test_the_night_behind_a_lively_day(tmp_path: Path, seed: int) -> None:
    """Positions and lasting orders go on in their contracts; nothing of a combination does."""
    lively = LivelyDay(seed, tmp_path / "day")
    lively.open()
    for _ in range(500):
        lively.step()
    rested = {one["instrument"] for one in lively.venue.image()["orders"]}
    assert rested & set(lively.spreads)
    lively.end()
    ended = lively.venue.image()
    assert not set(ended["orders"]["instrument"].tolist()) & set(lively.spreads)
    lively.venue.close()
    place, phase = tmp_path / "day", codes.PHASE_BEFORE_TRADING
    with open_market("open", date(2026, 7, 7), rolled_from=place, phase=phase) as following:
        assert tuple(following.combinations) == SPREADS
        image = following.venue.image()
        assert held_in(image) == held_in(ended)  # the same contracts have the same numbers
        assert set(image["orders"]["order_id"]) <= set(ended["orders"]["order_id"])


def held_in(image: Image) -> dict[tuple[int, ...], tuple[int, int]]:
    """Long and short lots by account, instrument and hedge flag, where there are any."""
    rows = image["positions"]
    long, short = (rows[f"{side}_today"] + rows[f"{side}_yesterday"] for side in ("long", "short"))
    keys = rows[["account", "instrument", "hedge"]].tolist()
    lots = zip(long.tolist(), short.tolist(), strict=True)
    return {key: both for key, both in zip(keys, lots, strict=True) if any(both)}
