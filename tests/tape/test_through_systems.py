"""Tapes through the systems: whole recorded days where they are at hand, small ones everywhere."""

from dataclasses import replace

import numpy as np
import pytest

from twinex.tape import (
    comparison,
    lobster,
    lobster_player,
    shanghai,
    stage,
    tick_comparison,
    ticks,
)
from twinex.tape.check import Result
from twinex.tape.columns import CLOSING_AUCTION, CONTINUOUS, OPENING_AUCTION
from twinex.tape.errors import TapeBroken, TapeMissing
from twinex.tape.kinds import recordings
from twinex.tape.locate import tape_path
from twinex.tape.outcome import Outcome
from twinex.tape.stage import shanghai_stage
from twinex.tape.venue_player import VenuePlayer
from twinex.venue.reference import Market, PriceError, load_market
from twinex.venue.venue import Venue
from twinex.venue.wire import codes

from . import small_tapes
from .mirror_day import MirrorDay
from .wire_day import WireDay

SYSTEMS = {"venue": Venue, "mirror": MirrorDay}
OVER_TCP = SYSTEMS | {"wire": WireDay}

# symbol: commands; trades of the opening auction, the continuous session, the closing auction;
# prices of the two auctions; deletes
DAYS = {
    "600536": (66_526, 136, 33_105, 312, "51.21", "50.73", 12_580),
    "600961": (50_098, 285, 28_520, 132, "9.11", "9.15", 9_087),
    "605580": (33_991, 240, 16_393, 363, "14.56", "14.5", 7_108),
}


def stock_day(symbol: str) -> shanghai.StockDay:
    try:
        return shanghai.load(symbol)
    except TapeMissing as missing:
        pytest.skip(str(missing))


def google() -> lobster.BookDay:
    try:
        return lobster.load()
    except TapeMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("system", OVER_TCP)
@pytest.mark.parametrize("symbol", DAYS)
def test_a_shanghai_day_trades_as_it_did(symbol: str, system: str) -> None:
    result = comparison.check_shanghai(stock_day(symbol), system=OVER_TCP[system])
    assert result.ok, result.lines
    commands, opening, continuous, closing, first, last, deletes = DAYS[symbol]
    assert result.lines == [
        f"{commands} of {commands} commands are taken",
        f"opening auction: {opening} of {opening} trades come out the same",
        f"continuous session: {continuous} of {continuous} trades come out the same",
        f"closing auction: {closing} of {closing} trades come out the same",
        f"opening auction: the rule finds the exchange's price {first}",
        f"closing auction: the rule finds the exchange's price {last}",
        f"{deletes} of {deletes} deletes take the lots that were left",
    ]


def swapped(day: shanghai.StockDay, phase: int) -> tuple[shanghai.StockDay, int]:
    """The day with the quantities of two orders of a phase exchanged, and the first of them.

    The orders are neighbours in the phase's list of buyers, so the first of their trades differs.
    """
    trades = day.trades[day.trades["phase"] == phase]
    commands = day.commands.copy()
    for first, second in zip(trades["buyer"], trades["buyer"][1:], strict=False):
        places = np.flatnonzero(
            np.isin(commands["order"], (first, second))
            & (commands["template"] == codes.ORDER_ENTER)
            & (commands["phase"] == phase)
        )
        if len(places) == 2 and len(set(commands["quantity"][places])) == 2:
            commands["quantity"][places] = commands["quantity"][places[::-1]]
            return replace(day, commands=commands), int(first)
    raise AssertionError("no two orders to swap")


@pytest.mark.parametrize(
    ("phase", "word"),
    [
        (OPENING_AUCTION, "opening auction"),
        (CONTINUOUS, "continuous session"),
        (CLOSING_AUCTION, "closing auction"),
    ],
)
def test_two_quantities_swapped_are_found(phase: int, word: str) -> None:
    day, order = swapped(stock_day("605580"), phase)
    result = comparison.check_shanghai(day)
    assert not result.ok
    told = [line for line in result.lines if f"of the {word}: the exchange says" in line]
    assert told, f"order {order} swapped, but nothing told: {result.lines}"


def rules(monkeypatch: pytest.MonkeyPatch, **changes: int) -> None:
    """Markets are loaded with other rules."""

    def load(name: str) -> Market:
        market = load_market(name)
        products = (replace(one, rules=replace(one.rules, **changes)) for one in market.products)
        return replace(market, products=tuple(products))

    monkeypatch.setattr(stage, "load_market", load)


def test_another_price_rule_is_found(monkeypatch) -> None:
    rules(monkeypatch, price_rule=codes.PRICE_RULE_MIDDLE)
    result = comparison.check_shanghai(stock_day("605580"))
    assert "continuous session: 16305 of 16393 trades come out the same" in result.lines
    assert not result.ok


@pytest.mark.parametrize(
    "rule", [codes.AUCTION_RULE_NEAREST_SETTLEMENT, codes.AUCTION_RULE_PAIRING]
)
@pytest.mark.parametrize("symbol", DAYS)
def test_these_auctions_have_one_price_by_every_rule(monkeypatch, symbol: str, rule: int) -> None:
    """They confirm the computation, not the choice among the rules: docs/tapes.md says so."""
    rules(monkeypatch, auction_rule=rule)
    assert comparison.check_shanghai(stock_day(symbol)).ok


def test_a_small_day_tells_auction_rules_apart(tmp_path, monkeypatch) -> None:
    """Nearest to 14.92, the previous close: 14.60 of 14.58 to 14.60, 14.59 of 14.40 to 14.59."""
    rules(monkeypatch, auction_rule=codes.AUCTION_RULE_NEAREST_SETTLEMENT)
    result = comparison.check_shanghai(read(small_tapes.shanghai(tmp_path)))
    assert "opening auction: the exchange's price is 14.58, ours 14.6" in result.lines
    assert "closing auction: the exchange's price is 14.49, ours 14.59" in result.lines


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_lobster_day_has_the_published_books(system: str) -> None:
    day = google()
    result = comparison.check_lobster(day, system=SYSTEMS[system])
    assert result.ok, result.lines
    assert result.lines[:4] == [
        "153613 of 153613 commands are taken",
        "7764 of 7764 executions trade the tape's lots at its price, 7229 of them with the very "
        "order it names, the others with one of ours in its stead",
        "2913849 of 2913849 levels the tape leaves determined agree",
        "44471 of 44471 levels the tape leaves undetermined agree",
    ]
    assert day.books[:, :, ::2].size == 2_913_849 + 44_471


def first_hour(count: int = 5_000) -> lobster.BookDay:
    day = google()
    return replace(day, messages=day.messages[:count], books=day.books[:count])


def test_a_lobster_order_of_another_size_is_found() -> None:
    day = first_hour()
    play = lobster_player.player(day)
    entered = np.flatnonzero(
        (play.commands["template"] == codes.ORDER_ENTER)
        & (play.commands["time_in_force"] == codes.TIME_DAY)
        & (play.commands["row"] > 0)
    )
    sizes = play.commands["quantity"][entered]
    place = int(np.flatnonzero(np.diff(sizes))[10])
    pair = entered[place : place + 2]
    play.commands["quantity"][pair] = play.commands["quantity"][pair[::-1]]
    result = comparison.check_lobster(day, play)
    assert not result.ok
    row = int(play.commands["row"][pair[0]])
    told = [line for line in result.lines if line.startswith(f"after message {row}, ")]
    assert told, (row, result.lines)


def test_a_lobster_execution_of_another_size_is_found() -> None:
    day = first_hour()
    play = lobster_player.player(day)
    row = int(np.flatnonzero(day.messages["type"] == lobster.EXECUTED)[-1])
    messages = day.messages.copy()
    messages["quantity"][row] += 1
    result = comparison.check_lobster(replace(day, messages=messages), play)
    assert [line for line in result.lines if line.startswith(f"message {row}: the exchange says")]
    assert not result.ok


def if2101() -> Result:
    try:
        path = tape_path("cffex", ticks.SAMPLE)
    except TapeMissing as missing:
        pytest.skip(str(missing))
    return tick_comparison.check_ticks(*tick_comparison.read_ticks(path))


def test_a_tick_day_has_its_limits_and_settlement_price() -> None:
    result = if2101()
    assert result.ok
    assert result.lines == [
        "price limits: 27955 of 27955 snapshots carry 4694.6 and 5737.8, recomputed from the "
        "settlement price of the day before, 5216.2",
        "settlement price: the exchange says 5278.6, we say 5278.6 (last window, average 5278.623)",
    ]


# The same on small tapes made by hand, which are always at hand.


def read(path) -> shanghai.StockDay:
    (recording,) = recordings([path])
    return shanghai.read_day(*recording.paths)


def test_a_small_shanghai_day(tmp_path) -> None:
    result = comparison.check_shanghai(read(small_tapes.shanghai(tmp_path)))
    assert result.ok, result.lines
    assert result.lines[1:4] == [
        "opening auction: 2 of 2 trades come out the same",
        "continuous session: 2 of 2 trades come out the same",
        "closing auction: 1 of 1 trades come out the same",
    ]
    assert result.lines[5] == "closing auction: the rule finds the exchange's price 14.49"


def changed(rows: list[str], **changes: str) -> list[str]:
    """Rows with the one of a place (`r0`, `r1`, ...) replaced."""
    return [changes.get(f"r{place}", row) for place, row in enumerate(rows)]


SWAPPED = {"r0": "09:15:01.000,2,14.6,500,1,1,1", "r2": "09:17:00.000,2,14.55,300,1,3,3"}


def test_a_small_day_with_two_quantities_swapped(tmp_path) -> None:
    path = small_tapes.shanghai(tmp_path, changed(small_tapes.ORDERS, **SWAPPED))
    result = comparison.check_shanghai(read(path))
    assert (
        "trade 2 of the opening auction: the exchange says buyer 1 seller 4 14.58 x 100, "
        "we say buyer 1 seller 4 14.58 x 300"
    ) in result.lines
    assert "the delete of order 3: the exchange says 500 lots, we say 300" in result.lines
    assert result.wrong


def test_an_auction_price_of_its_own_is_found(tmp_path) -> None:
    trades = changed(small_tapes.TRADES, r4="15:00:00.000,10,12,0,14.5,30,12")
    result = comparison.check_shanghai(
        read(small_tapes.shanghai(tmp_path, small_tapes.ORDERS, trades))
    )
    assert "closing auction: the exchange's price is 14.5, ours 14.49" in result.lines


def test_a_refused_order_is_told(tmp_path) -> None:
    orders = ["09:15:00.500,2,99.99,10,2,0,13", *small_tapes.ORDERS]
    result = comparison.check_shanghai(read(small_tapes.shanghai(tmp_path, orders)))
    assert result.lines[0] == (
        "8 of 9 commands are taken; the first refused has client id 13: PRICE_ABOVE_LIMIT"
    )
    assert not result.ok


def test_the_journal_keeps_the_times_of_the_tape(tmp_path) -> None:
    day = read(small_tapes.shanghai(tmp_path))
    played = VenuePlayer(shanghai_stage(day), day.commands).run()
    accepted = Outcome(played.events).events.of("order_accepted")
    entered = day.commands[day.commands["template"] == codes.ORDER_ENTER]
    assert accepted["client_id"].tolist() == entered["client_id"].tolist()
    assert accepted["time_ns"].tolist() == entered["time_ns"].tolist()
    changes = Outcome(played.events).events.of("phase_changed")
    assert changes["time_ns"][:10].tolist() == [at for at, _, _ in played.stage.schedule]


def test_a_stock_without_a_previous_close_is_named(tmp_path) -> None:
    day = replace(read(small_tapes.shanghai(tmp_path)), symbol="600000.SH")
    with pytest.raises(PriceError, match="no price for 600000"):
        comparison.play_shanghai(day)


def test_a_day_whose_times_run_back_is_refused(tmp_path) -> None:
    day = read(small_tapes.shanghai(tmp_path))
    with pytest.raises(TapeBroken, match="run backwards after command 0"):
        VenuePlayer(shanghai_stage(day), day.commands[[1, 0]])


def test_a_small_lobster_day(tmp_path) -> None:
    result = comparison.check_lobster(lobster.read_day(small_tapes.lobster(tmp_path)))
    assert result.ok, result.lines
    assert result.lines[1].startswith("2 of 2 executions")
    assert "1 of them with the very order" in result.lines[1]
    assert result.lines[2] == "6 of 6 levels the tape leaves determined agree"


def test_a_small_lobster_day_with_another_size(tmp_path) -> None:
    messages = list(small_tapes.MESSAGES)
    messages[1] = ("34201.0,1,8,4,5794000,1", messages[1][1])
    result = comparison.check_lobster(lobster.read_day(small_tapes.lobster(tmp_path, messages)))
    assert (
        "after message 1, bid level 1: the exchange says 5 at 579.4, we say 7 at 579.4"
        in result.lines
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"settle": "5220.4"}, "settlement price: the exchange says 5220.4, we say 5220.2"),
        ({"settle": "0"}, "the tape carries none to compare with"),
        ({"upper_limit": "5738"}, "snapshot 0: the exchange says 4694.6 and 5738, we say 4694.6"),
    ],
)
def test_a_small_tick_day(tmp_path, changes: dict[str, str], words: str) -> None:
    good = tick_comparison.read_ticks(small_tapes.tick_file(tmp_path))
    assert tick_comparison.check_ticks(*good).ok
    bad = tick_comparison.read_ticks(small_tapes.tick_file(tmp_path, **changes))
    result = tick_comparison.check_ticks(*bad)
    assert not result.ok
    assert any(words in line for line in result.lines), result.lines


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"exchange": "SHFE"}, "only futures of CFFEX"), ({"code": "IF1901"}, "no future that CFFEX")],
)
def test_ticks_that_cannot_be_settled(tmp_path, changes: dict[str, str], words: str) -> None:
    with pytest.raises(tick_comparison.TicksUnsettled, match=words):
        tick_comparison.read_ticks(small_tapes.tick_file(tmp_path, **changes))
