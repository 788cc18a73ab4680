"""Tick days: exact averages, the settlement price and its fallbacks, price limits."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from twinex.tape import settlement, ticks
from twinex.tape.errors import TapeBroken, TapeMissing
from twinex.tape.settlement import CFFEX_INDEX_SESSIONS, NoTrades, cut_to_tick, price_limits
from twinex.tape.ticks import TICK_ROW, TickDay, clock, vwap, window_text

MULTIPLIER = 300
TICK = 2_000


def if2101() -> TickDay:
    try:
        return ticks.load()
    except TapeMissing as missing:
        pytest.skip(str(missing))


def test_the_file_settles_at_its_own_price() -> None:
    day = if2101()
    assert len(day.rows) == 27_955
    settled = settlement.settle(day, MULTIPLIER)
    assert settled.rule == "last window"
    assert settled.price == day.rows["settlement"][-1] == 52_786_000
    assert settled.average is not None
    assert window_text(settled.average) == "5278.623"
    assert settled.average == vwap(day, "14:00", "15:00", MULTIPLIER, CFFEX_INDEX_SESSIONS)


def test_the_file_keeps_its_own_limits() -> None:
    day = if2101()
    lower, upper = price_limits(int(day.rows["previous_settlement"][0]), Fraction(1, 10), TICK)
    assert np.all(day.rows["lower_limit"] == lower)
    assert np.all(day.rows["upper_limit"] == upper)


def test_windows_of_a_day_add_up() -> None:
    day = if2101()
    edges = [clock(text) for text in ("09:00", "10:30", "11:30", "13:00", "14:00", "15:00")]
    spans = [
        ticks.traded(day, start, end, CFFEX_INDEX_SESSIONS)
        for start, end in itertools.pairwise(edges)
    ]
    assert sum(spans, ticks.Traded()) == ticks.whole_day(day)
    # The snapshot of 11:30:00.400 or 13:00:00.400 is on one side only.
    assert spans[2] == ticks.Traded()


# Rulebook 5: averages of the last hour and the settlement prices the exchange printed.
@pytest.mark.parametrize(
    ("average", "settled"),
    [("5278.623", "5278.6"), ("5357.092", "5357.0"), ("5397.918", "5397.8")],
)
def test_averages_are_cut_to_the_tick(average: str, settled: str) -> None:
    assert cut_to_tick(Fraction(average) * 10_000, TICK) == Fraction(settled) * 10_000


# Rulebook 1.7: previous settlement, upper and lower limit, 10 %.
@pytest.mark.parametrize(
    ("previous", "upper", "lower"),
    [
        ("5216.2", "5737.8", "4694.6"),
        ("5278.6", "5806.4", "4750.8"),
        ("5357.0", "5892.6", "4821.4"),
        ("4003.4", "4403.6", "3603.2"),
    ],
)
def test_limits_round_inward(previous: str, upper: str, lower: str) -> None:
    expected = (int(Fraction(lower) * 10_000), int(Fraction(upper) * 10_000))
    limits = price_limits(int(Fraction(previous) * 10_000), Fraction(1, 10), TICK)
    assert limits == expected


def day_of(*trades: tuple[str, int, int], until: str = "15:00") -> TickDay:
    """Snapshots at clock times, each with lots traded at a price (units) since the one before."""
    rows = np.zeros(len(trades) + 1, dtype=TICK_ROW)
    volume = turnover = 0
    for row, (time, lots, price) in zip(rows, trades, strict=False):
        volume, turnover = volume + lots, turnover + lots * price * MULTIPLIER
        row["ms"], row["volume"], row["turnover"] = clock(time), volume, turnover
    rows[-1] = rows[-2] if trades else rows[-1]
    rows["ms"][-1] = clock(until) + 400
    rows["previous_settlement"] = 40_034_000
    rows["lower_limit"], rows["upper_limit"] = 36_032_000, 44_036_000
    return TickDay("CFFEX", "IF0000", 20210104, TICK, rows)


A, B, C = 40_000_000, 40_010_000, 40_020_000


@pytest.mark.parametrize(
    ("trades", "lost", "price", "rule"),
    [
        # the last hour only; the average 4001.667 is cut to 4001.6
        ([("10:00", 9, A), ("14:10", 1, B), ("14:50", 2, C)], [], 40_016_000, "last window"),
        # nothing in the last hour, then the hour before
        ([("10:00", 9, A), ("13:30", 1, C)], [], C, "window 1 before the last"),
        # and back through the break at noon
        ([("10:00", 9, A), ("10:40", 1, C)], [], C, "window 2 before the last"),
        # the last trade is within an hour of the open: the whole day
        ([("09:40", 1, A), ("10:20", 1, C)], [], B, "whole day: last trade within one window"),
        # a halt from 14:30 to 14:45 is made good from 13:45 on
        (
            [("13:50", 1, A), ("14:50", 1, C)],
            [(clock("14:30"), clock("14:45"))],
            B,
            "last window",
        ),
        # trades inside the lost time, an auction's, do not count
        (
            [("10:40", 1, A), ("14:40", 9, C), ("14:50", 1, A)],
            [(clock("14:30"), clock("14:45"))],
            A,
            "last window",
        ),
    ],
)
def test_the_ladder(trades, lost, price: int, rule: str) -> None:
    settled = settlement.settle(day_of(*trades), MULTIPLIER, lost=lost)
    assert (settled.price, settled.rule) == (price, rule)


def test_a_day_without_trades_follows_the_base() -> None:
    day = day_of(("10:00", 0, A))
    settled = settlement.settle(day, MULTIPLIER, base=(40_000_000, 40_050_000))
    assert (settled.price, settled.average) == (40_084_000, None)
    bounded = settlement.settle(day, MULTIPLIER, base=(40_000_000, 30_000_000))
    assert bounded.price == 36_032_000
    with pytest.raises(NoTrades, match="base contract"):
        settlement.settle(day, MULTIPLIER)


def test_a_window_without_trades_has_no_average() -> None:
    day = day_of(("10:00", 9, A))
    assert vwap(day, "13:00", "14:00", MULTIPLIER, CFFEX_INDEX_SESSIONS) is None


HEAD = ",".join(ticks.COLUMNS)
GOOD = dict.fromkeys(ticks.COLUMNS, "0") | {
    "exchange": "CFFEX",
    "code": "IF0000",
    "trading_date": "20210104",
    "action_date": "20210104",
    "action_time": "93000400",
    "last": "4000.2",
    "total_volume": "2",
    "total_turnover": "2400120.0",
    "ask_px1": "1.7976931348623157e+308",
}


def written(tmp_path, *changes: dict[str, str]):
    lines = [",".join((GOOD | change).values()) for change in changes]
    (tmp_path / "t.csv").write_text("\n".join([HEAD, *lines]) + "\n")
    return tmp_path / "t.csv"


def test_reading_is_exact(tmp_path) -> None:
    day = ticks.read_day(written(tmp_path, {}, {"action_time": "150000500"}), TICK)
    row = day.rows[0]
    assert (row["last"], row["turnover"], row["ask"]) == (40_002_000, 24_001_200_000, 0)
    assert row["ms"] == clock("09:30") + 400
    assert row["time_ns"] == 1_609_723_800_400_000_000
    assert day.rows["ms"][1] == clock("15:00:00") + 500


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"code": "IF0001"}, "mixes contracts"),
        ({"action_time": "93000300"}, "time_ns falls"),
        ({"total_volume": "1"}, "volume falls"),
        ({"total_volume": "3"}, "volume without turnover"),
        ({"last": "4000.3"}, "no multiple of the tick"),
        ({"total_volume": "two"}, "not all integers"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, second: dict[str, str], words: str) -> None:
    with pytest.raises(TapeBroken, match=words):
        ticks.read_day(written(tmp_path, {}, second), TICK)


def test_an_empty_file_is_refused(tmp_path) -> None:
    with pytest.raises(TapeBroken, match="no snapshots"):
        ticks.read_day(written(tmp_path), TICK)
