"""Whole stock-days rebuilt, run through the witness, trade by trade."""

import numpy as np
import pytest

from twinex.tape import check, shanghai
from twinex.tape.columns import CLOSING_AUCTION, CONTINUOUS, OPENING_AUCTION, TRADE
from twinex.tape.errors import TapeBroken, TapeMissing
from twinex.venue.wire import codes

from .witness import Matcher, Resting

SYMBOLS = ("600536", "600961", "605580")
# symbol: adds, deletes, trades of the opening auction, the continuous session, the closing auction
COUNTS = {
    "600536": (37003, 12580, 136, 33105, 312),
    "600961": (26389, 9087, 285, 28520, 132),
    "605580": (18429, 7108, 240, 16393, 363),
}


def stock_day(symbol: str) -> shanghai.StockDay:
    try:
        return shanghai.load(symbol)
    except TapeMissing as missing:
        pytest.skip(str(missing))


def play(day: shanghai.StockDay) -> np.ndarray:
    """The witness's trades of the whole day, with their phases."""
    matcher, parts = Matcher(), []
    for phase in (OPENING_AUCTION, CONTINUOUS, CLOSING_AUCTION):
        before = len(matcher.trades)
        for row in day.of_phase(phase).tolist():
            command = dict(zip(day.commands.dtype.names, row, strict=True))
            if command["template"] == codes.ORDER_CANCEL:
                matcher.cancel(command["order"])
                continue
            order = [command[name] for name in ("order", "side", "price", "quantity")]
            if phase == CONTINUOUS:
                matcher.enter(*order)
            else:
                matcher.collect(Resting(*order))
        if phase != CONTINUOUS:
            matcher.uncross(shanghai.TICK)
        parts.append(trade_array(matcher.trades[before:], phase))
    return np.concatenate(parts)


def trade_array(trades: list[tuple[int, int, int, int]], phase: int) -> np.ndarray:
    array = np.zeros(len(trades), dtype=TRADE)
    for index, name in enumerate(check.TRADE_FIELDS):
        array[name] = [trade[index] for trade in trades]
    array["phase"] = phase
    return array


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_trade_of_the_day_comes_out(symbol: str) -> None:
    day = stock_day(symbol)
    result = check.compare_trades(day.trades, play(day))
    assert result.ok, result.lines
    counts = [int(np.count_nonzero(day.trades["phase"] == phase)) for phase in range(3)]
    assert (day.adds, day.deletes, *counts) == COUNTS[symbol]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_order_numbers_serve_as_client_ids(symbol: str) -> None:
    day = stock_day(symbol)
    entered = day.commands[day.commands["template"] == codes.ORDER_ENTER]
    assert len(np.unique(entered["order"])) == len(entered)
    assert len(np.unique(day.commands["client_id"])) == len(day.commands)
    assert day.commands["client_id"].min() > 0
    assert np.all(np.diff(day.commands["time_ns"]) >= 0)
    assert np.all(day.commands["price"] % shanghai.TICK == 0)


def test_a_command_left_out_is_noticed() -> None:
    day = stock_day("605580")
    continuous = np.flatnonzero(day.commands["phase"] == CONTINUOUS)
    traded = np.isin(day.commands["order"][continuous], day.trades["buyer"])
    lost = continuous[np.flatnonzero(traded)[100]]
    shorter = shanghai.StockDay(
        day.symbol, day.trading_day, np.delete(day.commands, lost), day.trades, 0, 0
    )
    result = check.compare_trades(day.trades, play(shorter))
    assert not result.ok
    assert any("the exchange says buyer" in line for line in result.lines), result.lines


ORDERS_HEAD = (
    "MDDate,MDTime,OrderType,OrderPrice,OrderQty,OrderBSFlag,ChannelNo,ApplSeqNum,OrderNO,"
    "SecurityID\n"
)
TRADES_HEAD = (
    "MDDate,MDTime,TradeBuyNo,TradeSellNo,TradeBSFlag,TradePrice,TradeQty,ChannelNo,ApplSeqNum,"
    "SecurityID\n"
)


def written(tmp_path, orders: list[str], trades: list[str]) -> shanghai.StockDay:
    """A hand-made day: rows `time,type,price,quantity,side,sequence,number` and
    `time,buyer,seller,flag,price,quantity,sequence`."""
    lines = ["2023.07.11,{},{},{},{},{},1,{},{},1.SH\n".format(*r.split(",")) for r in orders]
    (tmp_path / "o.csv").write_text(ORDERS_HEAD + "".join(lines))
    lines = ["2023.07.11,{},{},{},{},{},{},1,{},1.SH\n".format(*r.split(",")) for r in trades]
    (tmp_path / "t.csv").write_text(TRADES_HEAD + "".join(lines))
    return shanghai.read_day(tmp_path / "o.csv", tmp_path / "t.csv")


RESTING = ["09:30:01.000,2,10.02,100,2,1,11", "09:30:01.500,2,10.030000000000001,200,2,2,12"]
CASES = {
    # the rest follows the trades: one order of 100 + 150 + 50 at the rest's price
    "rest": (
        ["09:30:02.000,2,10.05,50,1,5,13"],
        ["09:30:02.000,13,11,1,10.02,100,3", "09:30:02.000,13,12,1,10.03,150,4"],
        [(1, 11, 1, 100200, 100), (1, 12, 1, 100300, 200), (1, 13, 0, 100500, 300)],
    ),
    # no rest: the limit is the worst price traded at
    "no rest": (
        ["09:30:03.000,2,9.99,70,1,5,14"],
        ["09:30:02.000,13,11,1,10.02,100,3", "09:30:02.000,13,12,1,10.03,150,4"],
        [
            (1, 11, 1, 100200, 100),
            (1, 12, 1, 100300, 200),
            (1, 13, 0, 100300, 250),
            (1, 14, 0, 99900, 70),
        ],
    ),
    # two incoming orders in a row stay two
    "in a row": (
        ["09:30:03.000,2,9.99,70,2,5,15"],
        ["09:30:02.000,13,11,1,10.02,60,3", "09:30:02.000,14,11,1,10.02,40,4"],
        [
            (1, 11, 1, 100200, 100),
            (1, 12, 1, 100300, 200),
            (1, 13, 0, 100200, 60),
            (1, 14, 0, 100200, 40),
            (1, 15, 1, 99900, 70),
        ],
    ),
    # a delete of another order between the trades and the rest does not part them
    "delete between": (
        ["09:30:02.000,10,10.03,200,2,4,12", "09:30:02.000,2,10.05,50,1,5,13"],
        ["09:30:02.000,13,11,1,10.02,100,3"],
        [
            (1, 11, 1, 100200, 100),
            (1, 12, 1, 100300, 200),
            (1, 13, 0, 100500, 150),
            (2, 12, 1, 100300, 200),
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_came_in(tmp_path, name: str) -> None:
    orders, trades, expected = CASES[name]
    day = written(tmp_path, RESTING + orders, trades)
    columns = ["template", "order", "side", "price", "quantity"]
    assert [tuple(row) for row in day.commands[columns].tolist()] == expected


BROKEN = {
    "the same number twice": (["09:30:02.000,2,10.05,50,1,5,11"], [], "appears again"),
    "a rest worse than a trade": (
        ["09:30:02.000,2,10.01,50,1,5,13"],
        ["09:30:02.000,13,11,1,10.02,100,3"],
        "worse for it",
    ),
    "a delete of nothing": (["09:30:02.000,10,10.05,50,1,5,99"], [], "names order 99"),
    "a price off the tick": (["09:30:02.000,2,10.053,50,1,5,13"], [], "no multiple of the tick"),
    "a sequence used twice": (["09:30:02.000,2,10.05,50,1,2,13"], [], "not unique"),
    "an order while closed": (["09:26:02.000,2,10.05,50,1,5,13"], [], "takes none"),
    "time running back": (["09:30:00.000,2,10.05,50,1,5,13"], [], "runs backwards"),
    "an unknown flag": (["09:30:02.000,3,10.05,50,1,5,13"], [], "must be 2 or 10"),
    "no number": (["09:30:02.000,2,10.05,x,1,5,13"], [], "not all integers"),
    "no time": (["9h30,2,10.05,50,1,5,13"], [], "HH:MM:SS"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_tape_is_refused(tmp_path, name: str) -> None:
    orders, trades, words = BROKEN[name]
    if not trades:
        trades = ["09:30:01.600,20,11,1,10.02,10,3"]
    with pytest.raises(TapeBroken, match=words):
        written(tmp_path, RESTING + orders, trades)


def test_a_file_of_another_kind_is_refused(tmp_path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TapeBroken, match="needs the columns"):
        shanghai.read_day(tmp_path / "x.csv", tmp_path / "x.csv")
