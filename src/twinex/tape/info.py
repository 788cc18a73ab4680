"""What a tape is: its kind, symbol, day, counts, times and prices."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from twinex.tape import lobster, shanghai, ticks
from twinex.tape.errors import TapeBroken
from twinex.tape.exact import NS_PER_MS, midnight_ns, price_column, price_text
from twinex.tape.kinds import Kind, kind_of
from twinex.tape.locate import existing
from twinex.tape.table import read_columns

_TYPE_WORDS = {
    lobster.NEW: "new orders",
    lobster.REDUCED: "partial cancels",
    lobster.DELETED: "deletes",
    lobster.EXECUTED: "visible executions",
    lobster.EXECUTED_HIDDEN: "hidden executions",
    lobster.HALT: "halt messages",
}


@dataclass(frozen=True)
class Info:
    """`first` and `last` are clock times of the market; prices are 1/10000 of the quote unit."""

    kind: str
    symbol: str
    trading_day: int
    counts: dict[str, int]
    first: str
    last: str
    price_low: int
    price_high: int

    def lines(self) -> list[str]:
        """As a person reads it."""
        return [
            f"kind    {self.kind}",
            f"symbol  {self.symbol}",
            f"day     {self.trading_day}",
            *(f"count   {count} {word}" for word, count in self.counts.items()),
            f"time    {self.first} to {self.last}",
            f"price   {price_text(self.price_low)} to {price_text(self.price_high)}",
        ]


def info(path: Path | str) -> Info:
    """Look at a tape. Raises TapeMissing, and TapeBroken if it is of no known kind."""
    path = existing(path)
    return _LOOKS[kind_of(path)](path)


def _shanghai_orders(path: Path) -> Info:
    frame = read_columns(path, shanghai.ORDER_COLUMNS)
    kinds = frame["OrderType"].value_counts()
    number = dict(zip(kinds["OrderType"].to_list(), kinds["count"].to_list(), strict=True))
    counts = {"adds": number.get("2", 0), "deletes": number.get("10", 0)}
    return _shanghai(path, "Shanghai stock, orders", "OrderPrice", counts)


def _shanghai_trades(path: Path) -> Info:
    frame = read_columns(path, shanghai.TRADE_COLUMNS)
    auction = frame["TradeBSFlag"].to_list().count("0")
    counts = {"auction trades": auction, "continuous trades": len(frame) - auction}
    return _shanghai(path, "Shanghai stock, trades", "TradePrice", counts)


def _shanghai(path: Path, kind: str, price: str, counts: dict[str, int]) -> Info:
    frame = read_columns(path, [price, "SecurityID", "MDDate", "MDTime"])
    if frame.is_empty():
        raise TapeBroken(f"{path} has no rows")
    prices = price_column(frame[price], shanghai.TICK)
    times = frame["MDTime"].to_list()
    symbol, day = frame["SecurityID"][0], int(frame["MDDate"][0].replace(".", ""))
    low, high = int(prices.min()), int(prices.max())
    return Info(kind, symbol, day, counts, min(times), max(times), low, high)


def _lobster(path: Path) -> Info:
    day = lobster.read_day(path)
    kinds, numbers = np.unique(day.messages["type"], return_counts=True)
    counts = {_TYPE_WORDS[k]: n for k, n in zip(kinds.tolist(), numbers.tolist(), strict=True)}
    counts["levels"] = day.books.shape[1]
    visible = day.messages[day.messages["type"] <= lobster.EXECUTED]["price"]
    if len(visible) == 0:
        raise TapeBroken(f"{path} has no message of a visible order")
    midnight = midnight_ns(day.trading_day, lobster.ZONE)
    first, last = (_clock_text(int(day.messages["time_ns"][i]) - midnight) for i in (0, -1))
    low, high = int(visible.min()), int(visible.max())
    return Info("LOBSTER", day.symbol, day.trading_day, counts, first, last, low, high)


def _ticks(path: Path) -> Info:
    day = ticks.read_day(path, tick=1)
    traded = day.rows["last"][day.rows["last"] > 0]
    counts = {"snapshots": len(day.rows), "lots": int(day.rows["volume"][-1])}
    first, last = (_clock_text(int(day.rows["ms"][i]) * NS_PER_MS) for i in (0, -1))
    low, high = int(traded.min(initial=1 << 62)), int(traded.max(initial=0))
    kind = f"ticks of {day.exchange}"
    return Info(kind, day.symbol, day.trading_day, counts, first, last, min(low, high), high)


def _clock_text(ns: int) -> str:
    """ns of the day as HH:MM:SS.mmm."""
    instant = datetime(1970, 1, 1) + timedelta(microseconds=ns // 1000)
    return instant.strftime("%H:%M:%S.") + f"{instant.microsecond // 1000:03}"


_LOOKS: dict[Kind, Callable[[Path], Info]] = {
    Kind.SHANGHAI_ORDERS: _shanghai_orders,
    Kind.SHANGHAI_TRADES: _shanghai_trades,
    Kind.LOBSTER: _lobster,
    Kind.TICKS: _ticks,
}
