"""Shanghai stocks, order by order: what the exchange received, rebuilt from what it published.

In the auctions orders are published as they came. In the continuous session an incoming order's
trades are published first and then its unfilled rest as an add, so the order that came in is the
sum of its trades and its rest. Its limit is the rest's price; of an order with no rest only the
worst price it traded at is known, and any limit from there on gives the same market.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from twinex.tape.columns import (
    CLOSING_AUCTION,
    COMMAND,
    CONTINUOUS,
    OPENING_AUCTION,
    OWN_IDS,
    TRADE,
)
from twinex.tape.errors import TapeBroken
from twinex.tape.exact import CHINA, NS_PER_MS, midnight_ns, price_column, price_text
from twinex.tape.locate import tape_path
from twinex.tape.table import integers, read_columns
from twinex.venue.wire import codes

TICK = 100  # 0.01 yuan
_SHARED_COLUMNS = ["MDDate", "MDTime", "ChannelNo", "ApplSeqNum", "SecurityID"]
ORDER_COLUMNS = ["OrderType", "OrderPrice", "OrderQty", "OrderBSFlag", "OrderNO", *_SHARED_COLUMNS]
TRADE_COLUMNS = [
    *["TradeBuyNo", "TradeSellNo", "TradeBSFlag", "TradePrice", "TradeQty"],
    *_SHARED_COLUMNS,
]

_ADD, _DELETE = 2, 10  # OrderType
_AUCTION, _BUYER_CAME, _SELLER_CAME = 0, 1, 2  # TradeBSFlag
_BUYS, _SELLS = 1, 2  # OrderBSFlag
_MATCH_OPENING_MS, _CONTINUOUS_MS, _CLOSING_MS = 33_900_000, 34_200_000, 53_820_000

# One published row of either file. `actor` is the order that came in or was deleted.
_ROW = np.dtype(
    [
        ("row", "<i8"),
        ("ms", "<i8"),
        ("template", "u1"),  # of the command it tells of; a trade tells of an order_enter
        ("is_trade", "?"),
        ("side", "u1"),
        ("phase", "u1"),
        ("actor", "<i8"),
        ("price", "<i8"),
        ("quantity", "<i8"),
    ]
)


@dataclass(frozen=True)
class StockDay:
    """One stock on one day. `commands` (COMMAND) and `trades` (TRADE) are in tape order."""

    symbol: str
    trading_day: int
    commands: np.ndarray
    trades: np.ndarray
    adds: int
    deletes: int

    def of_phase(self, phase: int) -> np.ndarray:
        """The commands of one phase (`columns.CONTINUOUS`, ...), in tape order."""
        commands: np.ndarray = self.commands[self.commands["phase"] == phase]
        return commands


def load(symbol: str, trading_day: int = 20230711) -> StockDay:
    """A stock-day from the tapes. Raises TapeMissing, TapeBroken."""
    stem = f"{symbol}_{trading_day}"
    return read_day(
        tape_path("sse", f"{stem}_orders.csv.gz"), tape_path("sse", f"{stem}_trades.csv.gz")
    )


def read_day(orders_path: Path | str, trades_path: Path | str) -> StockDay:
    """Read and rebuild one stock-day. Raises TapeMissing, TapeBroken."""
    orders = read_columns(orders_path, ORDER_COLUMNS)
    trades = read_columns(trades_path, TRADE_COLUMNS)
    symbol, day = _identity(orders, trades)
    midnight = midnight_ns(day, CHINA)
    order_rows = _order_rows(orders)
    trade_rows, exchange_trades = _trade_rows(trades, midnight)
    continuous = trade_rows[trade_rows["phase"] == CONTINUOUS]
    everything = np.concatenate([order_rows, trade_rows])
    _check_rows(everything, order_rows, trade_rows)
    published = np.concatenate([order_rows, continuous])
    commands = _commands(published, midnight)
    adds = int(np.count_nonzero(order_rows["template"] == codes.ORDER_ENTER))
    return StockDay(symbol, day, commands, exchange_trades, adds, len(order_rows) - adds)


def _identity(orders: pl.DataFrame, trades: pl.DataFrame) -> tuple[str, int]:
    """Symbol and day, the same in both files; one channel, since ApplSeqNum counts per channel."""
    names = ("SecurityID", "MDDate", "ChannelNo")
    distinct = pl.concat([orders.select(names), trades.select(names)]).unique()
    if len(distinct) != 1:
        raise TapeBroken(
            "orders and trades must be of one stock, day and channel; they are of "
            f"{distinct.rows()}"
        )
    symbol, date, _ = distinct.row(0)
    return symbol, int(date.replace(".", ""))


def _milliseconds(frame: pl.DataFrame) -> np.ndarray:
    """MDTime as ms of the day."""
    printed = frame["MDTime"].str.to_time("%H:%M:%S%.3f", strict=False)
    if printed.null_count():
        raise TapeBroken("column MDTime is not all HH:MM:SS.mmm")
    return printed.cast(pl.Int64).to_numpy() // NS_PER_MS


def _order_rows(orders: pl.DataFrame) -> np.ndarray:
    rows = np.zeros(len(orders), dtype=_ROW)
    kind, flag = integers(orders, "OrderType"), integers(orders, "OrderBSFlag")
    if not np.isin(kind, (_ADD, _DELETE)).all() or not np.isin(flag, (_BUYS, _SELLS)).all():
        raise TapeBroken("orders: OrderType must be 2 or 10, OrderBSFlag 1 or 2")
    rows["row"] = integers(orders, "ApplSeqNum")
    rows["ms"] = _milliseconds(orders)
    rows["template"] = np.where(kind == _ADD, codes.ORDER_ENTER, codes.ORDER_CANCEL)
    rows["side"] = np.where(flag == _BUYS, codes.SIDE_BUY, codes.SIDE_SELL)
    rows["phase"] = _phases(rows["ms"])
    rows["actor"] = integers(orders, "OrderNO")
    rows["price"] = price_column(orders["OrderPrice"], TICK)
    rows["quantity"] = integers(orders, "OrderQty")
    return rows


def _trade_rows(trades: pl.DataFrame, midnight: int) -> tuple[np.ndarray, np.ndarray]:
    """The trades as published rows, and as the exchange's own trades in order."""
    flag = integers(trades, "TradeBSFlag")
    if not np.isin(flag, (_AUCTION, _BUYER_CAME, _SELLER_CAME)).all():
        raise TapeBroken("trades: TradeBSFlag must be 0, 1 or 2")
    result = np.zeros(len(trades), dtype=TRADE)
    result["buyer"] = integers(trades, "TradeBuyNo")
    result["seller"] = integers(trades, "TradeSellNo")
    result["price"] = price_column(trades["TradePrice"], TICK)
    result["quantity"] = integers(trades, "TradeQty")
    result["row"] = integers(trades, "ApplSeqNum")
    ms = _milliseconds(trades)
    result["time_ns"] = midnight + ms * NS_PER_MS
    result["side"] = np.array([codes.SIDE_NONE, codes.SIDE_BUY, codes.SIDE_SELL])[flag]
    auction = np.where(ms < _CONTINUOUS_MS, OPENING_AUCTION, CLOSING_AUCTION)
    result["phase"] = np.where(flag == _AUCTION, auction, CONTINUOUS)

    rows = np.zeros(len(trades), dtype=_ROW)
    for name in ("row", "side", "phase", "price", "quantity"):
        rows[name] = result[name]
    rows["ms"], rows["is_trade"], rows["template"] = ms, True, codes.ORDER_ENTER
    rows["actor"] = np.where(flag == _BUYER_CAME, result["buyer"], result["seller"])
    return rows, result[np.argsort(result["row"])]


def _phases(ms: np.ndarray) -> np.ndarray:
    """The phase an order came in, by the exchange's clock."""
    if np.any((ms >= _MATCH_OPENING_MS) & (ms < _CONTINUOUS_MS)):
        raise TapeBroken("orders between 09:25 and 09:30, when Shanghai takes none")
    later = np.where(ms < _CLOSING_MS, CONTINUOUS, CLOSING_AUCTION)
    return np.where(ms < _CONTINUOUS_MS, OPENING_AUCTION, later)


def _check_rows(everything: np.ndarray, orders: np.ndarray, trades: np.ndarray) -> None:
    if len(np.unique(everything["row"])) != len(everything):
        raise TapeBroken("ApplSeqNum is not unique: the orders and the trades cannot be merged")
    ordered = everything[np.argsort(everything["row"])]
    if np.any(np.diff(ordered["ms"]) < 0):
        raise TapeBroken("MDTime runs backwards along ApplSeqNum")
    if everything["quantity"].min(initial=1) <= 0 or everything["actor"].min(initial=1) <= 0:
        raise TapeBroken("an order number or a quantity is not positive")
    if everything["price"].min(initial=1) <= 0:
        raise TapeBroken("a price is not positive")
    for name, rows in (("orders", orders), ("trades", trades)):
        if len(rows) == 0:
            raise TapeBroken(f"the {name} file is empty")


def _commands(published: np.ndarray, midnight: int) -> np.ndarray:
    """One command for all the rows of one incoming order, wherever they lie, and one for each
    delete; at the place of the first row."""
    published = published[np.lexsort((published["row"], published["actor"], published["template"]))]
    starts = _starts(published)
    head, tail = published[starts], published[np.append(starts[1:], len(published)) - 1]
    commands = np.zeros(len(starts), dtype=COMMAND)
    for name in ("template", "side", "phase", "row"):
        commands[name] = head[name]
    commands["order"] = head["actor"]
    commands["client_id"] = np.where(
        head["template"] == codes.ORDER_CANCEL, OWN_IDS + head["row"], head["actor"]
    )
    total = np.add.reduceat(published["quantity"], starts)
    if total.max() > np.iinfo(np.int32).max:
        raise TapeBroken(f"an order of {total.max()} shares is too large for a command")
    commands["quantity"] = total
    commands["price"] = _limits(published, starts, tail)
    commands["time_in_force"] = codes.TIME_DAY
    commands["time_ns"] = midnight + head["ms"] * NS_PER_MS
    commands = commands[np.argsort(commands["row"])]
    _check_commands(commands)
    return commands


def _starts(published: np.ndarray) -> np.ndarray:
    """Where the rows of a new command begin. Raises TapeBroken where an order goes on after its
    rest was published, or changes its side: that would be two orders of one number."""
    before, after = published[:-1], published[1:]
    same = (before["actor"] == after["actor"]) & (before["template"] == after["template"])
    wrong = same & (~before["is_trade"] | (before["side"] != after["side"]))
    if wrong.any():
        row = after[wrong][0]
        raise TapeBroken(f"order {row['actor']} appears again at ApplSeqNum {row['row']}")
    return np.concatenate([[0], np.flatnonzero(~same) + 1])


def _limits(published: np.ndarray, starts: np.ndarray, tail: np.ndarray) -> np.ndarray:
    """The rest's price where there is a rest, else the worst price traded at."""
    sign = np.where(published["side"] == codes.SIDE_BUY, 1, -1)
    worst = np.maximum.reduceat(published["price"] * sign, starts)
    limits = np.where(tail["is_trade"], worst, tail["price"] * sign[starts])
    wrong = tail[limits < worst]
    if len(wrong):
        raise TapeBroken(
            f"order {wrong['actor'][0]} rests at {price_text(wrong['price'][0])} after a trade at "
            "a price worse for it"
        )
    prices: np.ndarray = limits * sign[starts]
    return prices


def _check_commands(commands: np.ndarray) -> None:
    """What is deleted came in before, on the same side."""
    entered = commands[commands["template"] == codes.ORDER_ENTER]
    deleted = commands[commands["template"] == codes.ORDER_CANCEL]
    entered = entered[np.argsort(entered["order"])]
    if len(entered) == 0 or entered["order"][-1] >= OWN_IDS:
        raise TapeBroken(f"there are no orders, or an order number is not below {OWN_IDS}")
    place = np.minimum(np.searchsorted(entered["order"], deleted["order"]), len(entered) - 1)
    origin = entered[place]
    known = (origin["order"] == deleted["order"]) & (origin["row"] < deleted["row"])
    strange = deleted[~(known & (origin["side"] == deleted["side"]))]
    if len(strange):
        raise TapeBroken(
            f"the delete at ApplSeqNum {strange['row'][0]} names order {strange['order'][0]}, "
            "which did not come in before it on its side"
        )
