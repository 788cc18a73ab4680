"""CTP-style tick files of Chinese futures: snapshots with cumulated volume and turnover.

Turnover is exact money, so the volume-weighted average price of any window is an exact fraction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from twinex.tape.errors import TapeBroken
from twinex.tape.exact import CHINA, NS_PER_MS, midnight_ns, money_column, price_column, price_text
from twinex.tape.locate import tape_path
from twinex.tape.table import integers, read_columns

_NO_PRICE = "e+308"  # CTP prints the largest float where there is no price
SAMPLE = "IF2101_ticks_20210104.csv.gz"

PRICES = {
    "last": "last",
    "settlement": "settle",  # zero until the exchange has published it
    "upper_limit": "upper_limit",
    "lower_limit": "lower_limit",
    "previous_close": "pre_close",
    "previous_settlement": "pre_settle",
    "bid": "bid_px1",
    "ask": "ask_px1",
}
COUNTS = {
    "volume": "total_volume",  # lots since the day began
    "open_interest": "open_interest",
    "bid_quantity": "bid_qty1",
    "ask_quantity": "ask_qty1",
}
_OTHER = ("exchange", "code", "trading_date", "action_date", "action_time", "total_turnover")
COLUMNS = [*PRICES.values(), *COUNTS.values(), *_OTHER]

TICK_ROW = np.dtype(
    [
        ("time_ns", "<i8"),
        ("ms", "<i8"),  # of the clock's day
        *((name, "<i8") for name in PRICES),  # 1/10000 of the quote unit
        *((name, "<i8") for name in COUNTS),
        ("turnover", "<i8"),  # 1/10000 yuan since the day began
    ]
)


def clock(text: str) -> int:
    """ "14:57" or "14:57:00" as ms of the day."""
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return ((hours * 60 + minutes) * 60 + sum(seconds)) * 1000


@dataclass(frozen=True)
class TickDay:
    """One contract on one day, its snapshots (TICK_ROW) in time order. Prices in 1/10000."""

    exchange: str
    symbol: str
    trading_day: int
    tick: int
    rows: np.ndarray


def load(name: str = SAMPLE, tick: int = 2_000) -> TickDay:
    """A day from the tapes. Raises TapeMissing, TapeBroken."""
    return read_day(tape_path("cffex", name), tick)


def read_day(path: Path | str, tick: int) -> TickDay:
    """Read one contract's day; `tick` in 1/10000 of the quote unit. Raises TapeMissing, TapeBroken.

    Previous close and settlement may lie off the tick (a contract's tick can change), the rest may
    not.
    """
    frame = read_columns(path, COLUMNS)
    if frame.is_empty():
        raise TapeBroken(f"{path} has no snapshots")
    identity = frame.select("exchange", "code", "trading_date").unique()
    if len(identity) != 1:
        raise TapeBroken(f"{path} mixes contracts or days: {identity.rows()}")
    rows = np.zeros(len(frame), dtype=TICK_ROW)
    for name, column in PRICES.items():
        printed = frame[column]
        printed = printed.set(printed.str.contains(_NO_PRICE, literal=True), "0")
        rows[name] = price_column(printed, 1 if name.startswith("previous") else tick)
    for name, column in COUNTS.items():
        rows[name] = integers(frame, column)
    rows["turnover"] = money_column(frame["total_turnover"])
    stamp = integers(frame, "action_time")  # HHMMSSmmm
    hours, minutes, rest = stamp // 10_000_000, stamp // 100_000 % 100, stamp % 100_000
    rows["ms"] = (hours * 60 + minutes) * 60_000 + rest
    days = integers(frame, "action_date")
    for day in np.unique(days).tolist():
        rows["time_ns"][days == day] = midnight_ns(day, CHINA)
    rows["time_ns"] += rows["ms"] * NS_PER_MS
    _check(path, rows)
    exchange, symbol, trading_day = identity.row(0)
    return TickDay(exchange, symbol, int(trading_day), tick, rows)


def _check(path: Path | str, rows: np.ndarray) -> None:
    for name in ("time_ns", "volume", "turnover"):
        back = np.flatnonzero(np.diff(rows[name]) < 0)
        if len(back):
            raise TapeBroken(f"{path}: {name} falls after snapshot {back[0]}")
    flat = (np.diff(rows["volume"]) == 0) != (np.diff(rows["turnover"]) == 0)
    if flat.any():
        raise TapeBroken(f"{path}: volume without turnover at snapshot {np.argmax(flat) + 1}")


@dataclass(frozen=True)
class Traded:
    """Lots and money (1/10000 yuan) of a span of time."""

    volume: int = 0
    turnover: int = 0

    def __add__(self, other: "Traded") -> "Traded":
        return Traded(self.volume + other.volume, self.turnover + other.turnover)

    def average(self, multiplier: int) -> Fraction:
        """Volume-weighted average price, 1/10000 of the quote unit, exact. Needs volume > 0."""
        return Fraction(self.turnover, self.volume * multiplier)


def traded(day: TickDay, start_ms: int, end_ms: int, sessions: Sequence[tuple[int, int]]) -> Traded:
    """What traded after `start_ms` up to `end_ms` (ms of the clock's day).

    A snapshot tells of the time before it, so the first one after a session's end still belongs to
    that session: an instant that ends a session counts everything before the next one opens.
    """
    first, last = (_cumulated(day, instant, sessions) for instant in (start_ms, end_ms))
    return Traded(last.volume - first.volume, last.turnover - first.turnover)


def whole_day(day: TickDay) -> Traded:
    """All that traded, the opening auction too."""
    return Traded(int(day.rows["volume"][-1]), int(day.rows["turnover"][-1]))


def vwap(
    day: TickDay, start: str, end: str, multiplier: int, sessions: Sequence[tuple[int, int]]
) -> Fraction | None:
    """Exact average price of a window given by clock ("14:00", "15:00"); None without trades."""
    span = traded(day, clock(start), clock(end), sessions)
    return span.average(multiplier) if span.volume else None


def _cumulated(day: TickDay, instant: int, sessions: Sequence[tuple[int, int]]) -> Traded:
    ends = [end for _, end in sessions]
    if instant in ends:
        place = ends.index(instant)
        following = sessions[place + 1][0] if place + 1 < len(sessions) else None
        count = len(day.rows) if following is None else _rows_to(day, following - 1)
    else:
        count = _rows_to(day, instant)
    if count == 0:
        return Traded()
    row = day.rows[count - 1]
    return Traded(int(row["volume"]), int(row["turnover"]))


def _rows_to(day: TickDay, instant: int) -> int:
    return int(np.searchsorted(day.rows["ms"], instant, side="right"))


def window_text(average: Fraction) -> str:
    """An average in 1/10000 as people read it, three decimals, cut: 5278.623."""
    return price_text(int(average / 10) * 10)
