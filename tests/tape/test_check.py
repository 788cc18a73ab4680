"""Comparisons: they agree only with what is equal, and say the first difference in words."""

import numpy as np
import pytest

from twinex.tape.check import Result, compare_books, compare_trades
from twinex.tape.columns import CLOSING_AUCTION, CONTINUOUS, OPENING_AUCTION, TRADE


def trades(*rows: tuple[int, int, int, int, int]) -> np.ndarray:
    array = np.zeros(len(rows), dtype=TRADE)
    for name, column in zip(
        ("buyer", "seller", "price", "quantity", "phase"), zip(*rows, strict=True), strict=True
    ):
        array[name] = column
    return array


THEIRS = trades(
    (1, 2, 512_100, 300, OPENING_AUCTION),
    (3, 4, 512_200, 100, CONTINUOUS),
    (5, 4, 512_300, 200, CONTINUOUS),
    (6, 7, 512_000, 50, CLOSING_AUCTION),
)


def test_equal_trades_agree() -> None:
    result = compare_trades(THEIRS, THEIRS.copy())
    assert result.ok
    assert result.lines == [
        "opening auction: 1 of 1 trades come out the same",
        "continuous session: 2 of 2 trades come out the same",
        "closing auction: 1 of 1 trades come out the same",
    ]


@pytest.mark.parametrize("field", ["buyer", "seller", "price", "quantity"])
def test_the_first_difference_is_named(field: str) -> None:
    ours = THEIRS.copy()
    ours[field][2] += 100
    result = compare_trades(THEIRS, ours)
    assert not result.ok
    assert "continuous session: 1 of 2 trades come out the same" in result.lines
    words = [line for line in result.lines if line.startswith("trade 2 of the continuous session")]
    assert "the exchange says buyer 5 seller 4 51.23 x 200, we say " in words[0]
    assert words[0].count(str(ours[field][2] if field != "price" else "51.24")) >= 1


def test_trades_too_few_and_too_many() -> None:
    missing = compare_trades(THEIRS, THEIRS[:2])
    assert not missing.ok
    assert any("we say there is none" in line for line in missing.lines)
    extra = compare_trades(THEIRS[:2], THEIRS)
    assert not extra.ok
    assert "continuous session: the exchange made 1 trades, we made 2" in extra.lines
    swapped = compare_trades(THEIRS, THEIRS[[0, 2, 1, 3]])
    assert not swapped.ok


def test_nothing_compared_is_no_success() -> None:
    assert not compare_trades(THEIRS[:0], THEIRS[:0]).ok
    stray = THEIRS.copy()
    stray["phase"][0] = 7
    assert not compare_trades(THEIRS, stray).ok


def books() -> tuple[np.ndarray, np.ndarray]:
    published = np.zeros((3, 2, 4), dtype=np.int64)
    published[:, 0] = (1_010_000, 100, 1_000_000, 200)
    published[:, 1] = (1_020_000, 10, 0, 0)
    determined = np.ones((3, 2, 2), dtype=bool)
    determined[1, 0, 1] = False
    return published, determined


def test_equal_books_agree_whatever_an_empty_level_says() -> None:
    published, determined = books()
    ours = published.copy()
    ours[:, 1, 2] = -9_999_999_999
    result = compare_books(published, ours, determined)
    assert result.ok
    assert result.lines == [
        "11 of 11 levels the tape leaves determined agree",
        "1 of 1 levels the tape leaves undetermined agree",
    ]


def test_a_level_that_differs_is_named() -> None:
    published, determined = books()
    ours = published.copy()
    ours[2, 0, 3] = 150
    result = compare_books(published, ours, determined)
    assert not result.ok
    words = "after message 2, bid level 1: the exchange says 200 at 100, we say 150 at 100"
    assert words in result.lines
    ours = published.copy()
    ours[1, 1, 1] = 11
    assert not compare_books(published, ours, determined).ok
    assert not compare_books(published, published[:2], determined).ok
    assert not compare_books(published, published, np.zeros_like(determined)).ok


def test_results_add_up() -> None:
    total, bad = Result(), Result()
    bad.note("wrong", ok=False)
    total.note("right")
    total.add(bad)
    assert (total.ok, total.lines) == (False, ["right", "wrong"])
