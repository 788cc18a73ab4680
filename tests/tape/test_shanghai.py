"""Whole stock-days rebuilt, run through the witness, trade by trade."""

import random

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


def published(seed: int, count: int) -> tuple[list[str], list[str], list[tuple[int, ...]]]:
    """A random continuous session as Shanghai would publish it: the rows of both files, and the
    orders (number, side, price, quantity) as they truly came in."""
    chance, matcher = random.Random(seed), Matcher()
    orders, trades, truth = [], [], []
    sequence = 0
    for number in range(1, count + 1):
        if chance.random() < 0.25 and matcher.orders:
            gone = matcher.orders[chance.choice(list(matcher.orders))]
            sequence += 1
            cents = f"{gone.price / 10_000:.17g}"
            orders.append(
                f"10:00:00.000,10,{cents},{gone.remaining},{gone.side + 1},{sequence},{gone.order}"
            )
            matcher.cancel(gone.order)
        order = (number, chance.randrange(2), chance.randrange(990, 1011) * 100)
        order = (*order, chance.randrange(1, 900))
        truth.append(order)
        before = len(matcher.trades)
        matcher.enter(*order)
        for buyer, seller, price, quantity in matcher.trades[before:]:
            sequence += 1
            head = f"10:00:00.000,{buyer},{seller},{order[1] + 1}"
            trades.append(f"{head},{price / 10_000:.17g},{quantity},{sequence}")
        if number in matcher.orders:
            sequence += 1
            rest = matcher.orders[number].remaining
            head = f"10:00:00.000,2,{order[2] / 10_000:.17g},{rest}"
            orders.append(f"{head},{order[1] + 1},{sequence},{number}")
    return orders, trades, truth


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_sessions_come_back(tmp_path, seed: int) -> None:
    print("seed", seed)
    orders, trades, truth = published(seed, 2000)
    day = written(tmp_path, orders, trades)
    assert check.compare_trades(day.trades, play(day)).ok
    entered = day.commands[day.commands["template"] == codes.ORDER_ENTER]
    rested = {int(row.split(",")[-1]) for row in orders if ",2," in row[:15]}
    assert len(rested) > 100
    assert len(entered) - len(rested) > 100
    for (number, side, price, quantity), command in zip(truth, entered, strict=True):
        assert (command["order"], command["side"]) == (number, side)
        assert command["quantity"] == quantity
        if number in rested:
            assert command["price"] == price
        else:
            worse = price - command["price"] if side == codes.SIDE_BUY else command["price"] - price
            assert worse >= 0


def test_the_auction_of_the_rulebook() -> None:
    """Rulebook 3, example 1 in tenths, and the known case of variant C."""
    matcher = Matcher()
    book = [(0, 39900, 10), (0, 39860, 20), (0, 39820, 15)]
    book += [(1, 39740, 12), (1, 39800, 18), (1, 39820, 10)]
    for number, (side, price, quantity) in enumerate(book, start=1):
        matcher.collect(Resting(number, side, price, quantity))
    assert matcher.uncross(2) == 39820
    assert sum(quantity for *_, quantity in matcher.trades) == 40
    assert matcher.orders[3].remaining == 5
    matcher = Matcher()
    matcher.collect(Resting(1, 0, 18_080_800, 42_800))
    matcher.collect(Resting(2, 1, 18_080_000, 42_718))
    assert matcher.auction_price(100) == 18_080_800
