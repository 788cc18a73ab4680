"""Settlement price (结算价) and price limits (涨跌停板) of a tick day, by rulebook 5 and 1.7.

What one contract's ticks allow: the average of the last window of trading time, the earlier
windows, the whole day; without any trade, the base contract's change must be given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from twinex.tape.errors import TapeError
from twinex.tape.ticks import TickDay, Traded, clock, traded, whole_day

CFFEX_INDEX_SESSIONS = ((clock("09:30"), clock("11:30")), (clock("13:00"), clock("15:00")))
HOUR_MS = 3_600_000

Spans = list[tuple[int, int]]  # (start, end) in ms of the day, in time order


class NoTrades(TapeError):  # noqa: N818
    """A day without trades, and no base contract to take a settlement price from."""


@dataclass(frozen=True)
class Settlement:
    price: int  # 1/10000 of the quote unit, a multiple of the tick
    average: Fraction | None  # before cutting to the tick
    rule: str  # which step of rulebook 5 gave it, in words


def price_limits(previous_settlement: int, rate: Fraction, tick: int) -> tuple[int, int]:
    """(lower, upper) = previous settlement x (1 -/+ rate), rounded inward to the tick."""
    lower, upper = previous_settlement * (1 - rate), previous_settlement * (1 + rate)
    return -(-lower // tick) * tick, upper // tick * tick


def cut_to_tick(average: Fraction, tick: int) -> int:
    """Down to the tick, as CFFEX does (rulebook 5)."""
    return average // tick * tick


def settle(
    day: TickDay,
    multiplier: int,
    sessions: Sequence[tuple[int, int]] = CFFEX_INDEX_SESSIONS,
    window_ms: int = HOUR_MS,
    lost: Sequence[tuple[int, int]] = (),
    base: tuple[int, int] | None = None,
) -> Settlement:
    """The day's settlement price.

    `lost`: spans (ms of the day) of halts and auctions; they do not count as trading time, and the
    window reaches back further for them. `base`: (previous settlement, settlement) of the base
    contract, for a day without trades. Raises NoTrades where neither helps.
    """
    everything = whole_day(day)
    if everything.volume == 0:
        return _from_base(day, base)
    open_spans = _without(sessions, lost)
    if _trading_time_to_last_trade(day, open_spans) < window_ms:
        return _settlement(day, everything, multiplier, "whole day: last trade within one window")
    for number, window in enumerate(_windows(open_spans, window_ms)):
        sums = [traded(day, start, end, sessions) for start, end in window]
        total = sum(sums, Traded())
        if total.volume:
            word = "last window" if number == 0 else f"window {number} before the last"
            return _settlement(day, total, multiplier, word)
    return _settlement(day, everything, multiplier, "whole day: no window has trades")


def _settlement(day: TickDay, total: Traded, multiplier: int, rule: str) -> Settlement:
    average = total.average(multiplier)
    return Settlement(cut_to_tick(average, day.tick), average, rule)


def _from_base(day: TickDay, base: tuple[int, int] | None) -> Settlement:
    """Own previous settlement + the base contract's change, inside the own limits."""
    if base is None:
        raise NoTrades(
            f"{day.symbol} did not trade on {day.trading_day}: give the base contract's previous "
            "settlement and settlement"
        )
    row = day.rows[-1]
    moved = int(row["previous_settlement"]) + base[1] - base[0]
    bounded = min(max(moved, int(row["lower_limit"])), int(row["upper_limit"]))
    return Settlement(bounded // day.tick * day.tick, None, "base contract's change")


def _without(sessions: Sequence[tuple[int, int]], lost: Sequence[tuple[int, int]]) -> Spans:
    """The sessions' spans outside `lost`."""
    spans: Spans = [(start, end) for start, end in sessions]
    for gap_start, gap_end in lost:
        pieces = []
        for start, end in spans:
            pieces += [(start, min(end, gap_start)), (max(start, gap_end), end)]
        spans = [(start, end) for start, end in pieces if start < end]
    return spans


def _trading_time_to_last_trade(day: TickDay, spans: Spans) -> int:
    """Trading time from the open to the snapshot of the day's last trade, ms."""
    last = int(np.searchsorted(day.rows["volume"], day.rows["volume"][-1]))
    instant = int(day.rows["ms"][last])
    return sum(max(0, min(end, instant) - start) for start, end in spans)


def _windows(spans: Spans, window_ms: int) -> list[Spans]:
    """Windows of trading time, the latest first, each as spans of the clock."""
    windows: list[Spans] = [[]]
    room = window_ms
    for start, end in reversed(spans):
        while start < end:
            taken = min(room, end - start)
            windows[-1].insert(0, (end - taken, end))
            end -= taken
            room -= taken
            if room == 0:
                windows.append([])
                room = window_ms
    return [window for window in windows if window]
