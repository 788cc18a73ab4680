"""Printed numbers become exact integers, or are refused."""

import polars as pl
import pytest

from twinex.tape.errors import TapeBroken
from twinex.tape.exact import midnight_ns, money_column, price_column, price_text, price_units


@pytest.mark.parametrize(
    ("text", "tick", "units"),
    [
        ("50.729999999999996", 100, 507_300),
        ("9.109999999999999", 100, 91_100),
        ("52.200000000000002", 100, 522_000),
        ("14", 100, 140_000),
        ("5216.2", 2_000, 52_162_000),
        ("-3.4", 2_000, -34_000),
        ("0", 100, 0),
    ],
)
def test_price(text: str, tick: int, units: int) -> None:
    assert price_units(text, tick) == units


@pytest.mark.parametrize("text", ["50.725", "9.1099", "5216.3", "1e300", "nan", "inf", "", "x"])
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(TapeBroken):
        price_units(text, 2_000)


def test_columns_keep_their_order() -> None:
    printed = pl.Series("p", ["9.109999999999999", "14", "9.11", "14"])
    assert price_column(printed, 100).tolist() == [91_100, 140_000, 91_100, 140_000]
    money = pl.Series("m", ["132807388020.0", "0.0"])
    assert money_column(money).tolist() == [1_328_073_880_200_000, 0]
    with pytest.raises(TapeBroken, match="empty cells"):
        price_column(pl.Series("p", ["1", None]), 100)


@pytest.mark.parametrize(("units", "text"), [(512_100, "51.21"), (140_000, "14"), (100_000, "10")])
def test_price_text(units: int, text: str) -> None:
    assert price_text(units) == text


def test_midnight_of_a_market() -> None:
    # 2023-07-10 16:00 UTC, and 2012-06-21 04:00 UTC in summer time
    assert midnight_ns(20230711, "Asia/Shanghai") == 1_689_004_800 * 10**9
    assert midnight_ns(20120621, "America/New_York") == 1_340_251_200 * 10**9
