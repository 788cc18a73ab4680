"""A LOBSTER day played into the witness: ten levels after every message."""

import zipfile
from collections import Counter
from functools import cache

import numpy as np
import pytest

from twinex.tape import check, lobster
from twinex.tape.columns import CONTINUOUS, OWN_IDS, TRADE
from twinex.tape.errors import TapeBroken, TapeMissing
from twinex.tape.lobster_play import play
from twinex.tape.lobster_player import Play, player
from twinex.venue.wire import codes

from .witness import Matcher

BUY, SELL = codes.SIDE_BUY, codes.SIDE_SELL


@cache
def sample() -> lobster.BookDay:
    return lobster.load()


def google() -> lobster.BookDay:
    try:
        return sample()
    except TapeMissing as missing:
        pytest.skip(str(missing))


def witnessed(result: Play, depth: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """The books and the trades the witness makes of a play."""
    matcher = Matcher()
    books = np.array(list(play(result, matcher, depth)), dtype=np.int64)
    trades = np.zeros(len(matcher.trades), dtype=TRADE)
    for name, column in zip(check.TRADE_FIELDS, zip(*matcher.trades, strict=True), strict=False):
        trades[name] = column
    trades["phase"] = CONTINUOUS
    return books, trades


def test_every_level_of_the_day_comes_out() -> None:
    day = google()
    result = player(day)
    books, trades = witnessed(result)
    compared = check.compare_books(day.books, books, result.determined)
    assert compared.ok, compared.lines
    traded = check.compare_trades(result.trades, trades)
    assert traded.ok, traded.lines
    assert result.counts.messages == Counter({1: 71258, 2: 19, 3: 64961, 4: 7764, 5: 3913})
    assert (int(result.determined.sum()), int((~result.determined).sum())) == (2_913_849, 44_471)
    assert len(np.unique(result.commands["client_id"])) == len(result.commands)
    # Three executions on the tape name an order that stood behind another one of its price.
    assert [words.split(":")[0] for words in result.contradictions] == [
        "message 69772",
        "message 131724",
        "message 145470",
    ]


def test_executions_meet_the_orders_the_tape_names() -> None:
    day = google()
    result = player(day)
    resting = np.where(
        result.trades["side"] == BUY, result.trades["seller"], result.trades["buyer"]
    )
    message = day.messages[result.trades["row"]]
    told = resting < OWN_IDS
    assert np.array_equal(resting[told], message["order"][told])
    assert np.array_equal(result.trades["price"], message["price"])
    executed = day.messages[1:][day.messages["type"][1:] == lobster.EXECUTED]
    assert result.trades["quantity"].sum() == executed["quantity"].sum()
    assert result.counts.in_turn == result.counts.executions - result.counts.requeued


def test_a_message_left_out_is_noticed() -> None:
    """Turn one delete into a smaller partial cancel: the books must differ right there."""
    day = google()
    messages = day.messages[:5000].copy()
    chosen = np.flatnonzero((messages["type"] == lobster.DELETED) & (messages["quantity"] == 100))
    assert len(chosen) > 0
    row = int(chosen[0])
    messages["type"][row], messages["quantity"][row] = lobster.REDUCED, 50
    changed = lobster.BookDay(day.symbol, day.trading_day, messages, day.books[:5000])
    result = player(changed)
    books, _ = witnessed(result)
    compared = check.compare_books(changed.books, books, result.determined)
    assert not compared.ok
    assert any(f"after message {row}," in line for line in compared.lines), compared.lines


def by_hand(depth: int, rows: list[tuple[tuple[int, ...], list[int]]]) -> lobster.BookDay:
    """Messages (type, order, quantity, price, side), each with the book after it."""
    messages = np.zeros(len(rows), dtype=lobster.MESSAGE)
    for index, (message, _) in enumerate(rows):
        messages[index] = (index, *message)
    books = np.array([book for _, book in rows], dtype=np.int64).reshape(len(rows), depth, 4)
    return lobster.BookDay("X", 20120621, messages, books)


# Two levels deep; asks 101 and 102, one level of 103 beyond; bids never change.
BIDS = [990_000, 10, 980_000, 10]


def book(*asks: int) -> list[int]:
    return [asks[0], asks[1], *BIDS[:2], asks[2], asks[3], *BIDS[2:]]


START = ((lobster.NEW, 50, 5, 1_020_000, SELL), book(1_010_000, 10, 1_020_000, 5))


def test_a_level_that_comes_up_is_undetermined_once() -> None:
    day = by_hand(
        2,
        [
            START,
            ((lobster.DELETED, 50, 5, 1_020_000, SELL), book(1_010_000, 10, 1_030_000, 7)),
            ((lobster.NEW, 51, 3, 1_030_000, SELL), book(1_010_000, 10, 1_030_000, 10)),
        ],
    )
    result = player(day)
    assert result.counts.unseen_levels == 1
    assert result.determined[:, 0].tolist() == [[False, False], [True, False], [True, True]]
    assert result.determined[1:, 1].all()
    books, _ = witnessed(result, 2)
    assert check.compare_books(day.books, books, result.determined).ok
    assert result.contradictions == []


def test_a_level_that_changed_unseen_is_set_right() -> None:
    """102 goes out of view with 5 lots and comes back with 9; 103 of ours is passed over."""
    day = by_hand(
        2,
        [
            START,
            ((lobster.NEW, 51, 1, 1_005_000, SELL), book(1_005_000, 1, 1_010_000, 10)),
            ((lobster.DELETED, 51, 1, 1_005_000, SELL), book(1_010_000, 10, 1_020_000, 9)),
            ((lobster.NEW, 52, 1, 1_005_000, SELL), book(1_005_000, 1, 1_010_000, 10)),
            ((lobster.DELETED, 52, 1, 1_005_000, SELL), book(1_010_000, 10, 1_040_000, 2)),
            ((lobster.DELETED, 49, 10, 1_010_000, SELL), book(1_040_000, 2, 1_050_000, 2)),
        ],
    )
    result = player(day)
    assert (result.counts.resized_levels, result.counts.gone_levels) == (1, 1)
    books, _ = witnessed(result, 2)
    assert check.compare_books(day.books, books, result.determined).ok


def test_partial_cancel_execution_and_halt() -> None:
    asks = (1_010_000, 10, 1_020_000)
    day = by_hand(
        2,
        [
            ((lobster.NEW, 50, 5, 1_020_000, SELL), book(*asks, 5)),
            ((lobster.NEW, 51, 8, 1_020_000, SELL), book(*asks, 13)),
            ((lobster.HALT, 0, 0, -1, SELL), book(*asks, 13)),
            ((lobster.REDUCED, 51, 2, 1_020_000, SELL), book(*asks, 11)),
            ((lobster.HALT, 0, 0, 1, SELL), book(*asks, 11)),
            ((lobster.EXECUTED, 49, 4, 1_010_000, SELL), book(1_010_000, 6, 1_020_000, 11)),
            ((lobster.EXECUTED_HIDDEN, 0, 4, 1_000_000, SELL), book(1_010_000, 6, 1_020_000, 11)),
        ],
    )
    result = player(day)
    commands = result.commands[result.commands["row"] > 0]
    assert commands["template"].tolist() == [
        codes.ORDER_ENTER,
        codes.HALT_SET,
        codes.ORDER_AMEND,
        codes.HALT_SET,
        codes.ORDER_ENTER,
    ]
    assert commands["quantity"][2] == 6  # the new total of order 51
    assert commands["time_in_force"][4] == codes.TIME_FAK
    books, trades = witnessed(result, 2)
    assert check.compare_books(day.books, books, result.determined).ok
    assert check.compare_trades(result.trades, trades).ok


def test_an_execution_out_of_turn_is_a_contradiction() -> None:
    start = book(1_010_000, 10, 1_020_000, 5)
    day = by_hand(
        2,
        [
            ((lobster.NEW, 50, 5, 1_020_000, SELL), start),
            ((lobster.NEW, 51, 1, 1_005_000, SELL), book(1_005_000, 1, 1_010_000, 10)),
            ((lobster.NEW, 52, 1, 1_005_000, SELL), book(1_005_000, 2, 1_010_000, 10)),
            ((lobster.EXECUTED, 52, 1, 1_005_000, SELL), book(1_005_000, 1, 1_010_000, 10)),
            ((lobster.DELETED, 51, 1, 1_005_000, SELL), start),
        ],
    )
    result = player(day)
    assert result.contradictions == ["message 3: order 52 is executed before order 51"]
    assert result.trades["seller"].tolist() == [52]
    books, _ = witnessed(result, 2)
    assert check.compare_books(day.books, books, result.determined).ok


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ((lobster.DELETED, 9, 11, 1_010_000, SELL), "should have 11 lots at 101; there are 10"),
        ((lobster.EXECUTED, 9, 1, 1_000_000, SELL), "should have 1 lots at 100; there are 0"),
    ],
)
def test_a_message_that_cannot_be(message: tuple[int, ...], words: str) -> None:
    with pytest.raises(TapeBroken, match=words):
        player(by_hand(2, [START, (message, START[1])]))


def zipped(path, message: str, orderbook: str, day: str = "2012-06-21") -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"X_{day}_34200000_57600000_message_1.csv", message)
        archive.writestr(f"X_{day}_34200000_57600000_orderbook_1.csv", orderbook)


def test_reading_is_exact(tmp_path) -> None:
    zipped(
        tmp_path / "x.zip",
        "34200.05990197,1,7,3,5794000,1\n34201,7,0,0,-1,-1\n",
        "9999999999,0,5794000,3\n9999999999,0,5794000,3\n",
    )
    day = lobster.read_day(tmp_path / "x.zip")
    opening = (1_340_251_200 + 34_200) * 10**9
    assert day.messages["time_ns"].tolist() == [opening + 59_901_970, opening + 10**9]
    assert day.messages["side"].tolist() == [BUY, SELL]
    assert day.books.tolist() == [[[0, 0, 5_794_000, 3]]] * 2


@pytest.mark.parametrize(
    ("message", "orderbook", "words"),
    [
        ("34200.1,1,7,3,5794000,1\n", "1,1,1,1\n2,2,2,2\n", "1 messages, but 2 books"),
        ("34200.1,9,7,3,5794000,1\n", "1,1,1,1\n", "message types"),
        ("34200.1,1,7,0,5794000,1\n", "1,1,1,1\n", "no positive size"),
        ("34200.1,1,7,3,5794050,1\n", "1,1,1,1\n", "no multiple of 0.01"),
        ("34200.1,1,x,3,5794000,1\n", "1,1,1,1\n", "not all integers"),
        ("34200.1,1,7,3\n", "1,1,1,1\n", "4 columns inside the zip instead of 6"),
        ("34200.1,1,7,3,5794000,1\n", "1,1,1,y\n", "not all integers"),
    ],
)
def test_a_broken_zip_is_refused(tmp_path, message: str, orderbook: str, words: str) -> None:
    zipped(tmp_path / "x.zip", message, orderbook)
    with pytest.raises(TapeBroken, match=words):
        lobster.read_day(tmp_path / "x.zip")


def test_what_is_no_lobster_zip(tmp_path) -> None:
    (tmp_path / "x.zip").write_text("no zip")
    with pytest.raises(TapeBroken, match="is no zip file"):
        lobster.read_day(tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(TapeBroken, match="must hold one"):
        lobster.read_day(tmp_path / "y.zip")
