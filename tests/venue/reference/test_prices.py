"""Price limits and derived settlements, against hand-worked values."""

from datetime import date
from decimal import Decimal

import pytest

from twinex.venue.reference import PriceError, listing, load_market, price_limits
from twinex.venue.reference.prices import option_settlement, to_units

D = Decimal
CFFEX = load_market("cffex")

LIMITS = [
    # settlement  ratio   tick    rounding    lower     upper
    ("4003.4", "0.10", "0.2", "inward", "3603.2", "4403.6"),  # rulebook 1.7
    ("5216.2", "0.10", "0.2", "inward", "4694.6", "5737.8"),  # rulebook 1.7, from ticks
    ("5278.6", "0.10", "0.2", "inward", "4750.8", "5806.4"),  # rulebook 1.7, from ticks
    ("5357.0", "0.10", "0.2", "inward", "4821.4", "5892.6"),  # rulebook 1.7, from ticks
    ("4003.4", "0.10", "0.2", "truncate", "3603.0", "4403.6"),
    ("4000", "0.10", "0.2", "inward", "3600.0", "4400.0"),
    ("3199", "0.06", "1", "truncate", "3007", "3390"),
    ("9.09", "0.10", "0.01", "half_up", "8.18", "10.00"),
    ("14.92", "0.10", "0.01", "half_up", "13.43", "16.41"),
    ("0.02", "0.10", "0.01", "inward", "0.02", "0.03"),  # never less than a tick apart
    ("101.235", "0.005", "0.005", "inward", "100.730", "101.740"),
]


@pytest.mark.parametrize(("settlement", "ratio", "tick", "rounding", "lower", "upper"), LIMITS)
def test_limits(
    settlement: str, ratio: str, tick: str, rounding: str, lower: str, upper: str
) -> None:
    width = D(settlement) * D(ratio)
    assert price_limits(D(settlement), width, D(tick), rounding) == (D(lower), D(upper))


def limits_of(day: date, **prices: str) -> dict[str, tuple[Decimal, Decimal]]:
    given = {name: D(price) for name, price in prices.items()}
    return {one.symbol: (one.lower_limit, one.upper_limit) for one in listing(CFFEX, day, given)}


def test_limits_on_ordinary_first_and_last_days() -> None:
    day = limits_of(date(2021, 1, 4), IF2101="5216.2")
    assert day["IF2101"] == (D("4694.6"), D("5737.8"))
    last = limits_of(date(2021, 1, 15), IF="5000")
    assert last["IF2101"] == (D(4000), D(6000))
    assert last["IF2102"] == (D(4500), D(5500))
    first = limits_of(date(2021, 1, 18), IF="5000", T2103="98")
    assert first["IF2109"] == (D(4000), D(6000))
    assert first["IF2102"] == (D(4500), D(5500))
    bonds = limits_of(date(2021, 3, 15), T="100", TS="100", TF="100")
    assert (bonds["T2112"], bonds["T2106"]) == ((D(96), D(104)), (D(98), D(102)))
    assert (bonds["TS2112"], bonds["TF2112"]) == ((D(99), D(101)), (D("97.6"), D("102.4")))


def test_option_limits_are_of_the_index() -> None:
    day = date(2021, 1, 4)
    prices = {"CSI300": "5211.29", "IO2101-C-5200": "88.6", "IO2101-P-5000": "31.2"}
    found = limits_of(day, **prices)
    # 521.129 around the settlement, inward to 0.2
    assert found["IO2101-C-5200"] == (D("0.2"), D("609.6"))
    assert found["IO2101-P-5000"] == (D("0.2"), D("552.2"))


def test_strikes_around_the_index() -> None:
    listed = listing(CFFEX, date(2021, 1, 4), {"CSI300": D("5211.29")})
    strikes = sorted({one.strike for one in listed if one.symbol.startswith("IO2101-")})
    assert strikes == [D(4950 + 50 * n) for n in range(11)]
    assert [one.symbol for one in listed if one.symbol.startswith("IO2101-")][:2] == [
        "IO2101-C-4950",
        "IO2101-P-4950",
    ]


def test_carried_strikes_stay_listed() -> None:
    day = date(2021, 1, 4)
    carried = ["IO2101-C-4000", "IO2012-C-4000"]  # the second has expired
    symbols = [one.symbol for one in listing(CFFEX, day, None, carried)]
    assert {"IO2101-C-4000", "IO2101-P-4000"} <= set(symbols)
    assert not any(symbol.startswith("IO2012") for symbol in symbols)
    with pytest.raises(PriceError, match="carried symbol 'IF2101'"):
        listing(CFFEX, day, None, ["IF2101"])


OPTION = [
    # strike call   time value  price: index 4000, tick 0.2
    (4000, True, "0.010", "40.0"),
    (4000, False, "0.010", "40.0"),
    (3900, True, "0.010", "130.0"),  # 100 + 40 * (1 - 100/400)
    (3900, False, "0.010", "30.0"),
    (4100, True, "0.016", "48.0"),  # 64 * 0.75
    (4450, True, "0.016", "0.2"),  # beyond 10%: one tick
    (4450, False, "0.016", "450.0"),
    (4030, True, "0.010", "37.0"),  # 40 * 0.925
]


@pytest.mark.parametrize(("strike", "is_call", "time_value", "price"), OPTION)
def test_derived_option_settlements(
    strike: int, is_call: bool, time_value: str, price: str
) -> None:
    assert option_settlement(D(4000), D(strike), is_call, D(time_value), D("0.2")) == D(price)


def test_where_a_settlement_comes_from() -> None:
    day = date(2021, 1, 4)

    def settlement(symbol: str, prices: dict[str, Decimal]) -> Decimal:
        return {one.symbol: one.previous_settlement for one in listing(CFFEX, day, prices)}[symbol]

    given = {"IF2101": D("5216.2"), "IF": D("5100"), "CSI300": D("5211.29")}
    assert settlement("IF2101", given) == D("5216.2")
    assert settlement("IF2102", given) == D("5100")
    assert settlement("IF2102", {"CSI300": D("5211.29")}) == D("5211.2")
    assert settlement("IF2102", {"CSI300": D("5211.30")}) == D("5211.4")  # half up
    assert settlement("IF2102", {}) == CFFEX.default_prices["CSI300"]
    assert settlement("T2103", {}) == CFFEX.default_prices["T"]


def test_prices_that_cannot_be() -> None:
    day = date(2021, 1, 4)
    for price in (5216.2, D("NaN"), D(0), D("-1"), D("1.00001")):
        with pytest.raises(PriceError, match="price of IF2101"):
            listing(CFFEX, day, {"IF2101": price})  # type: ignore[dict-item]
    assert to_units(D("5216.2"), "IF2101") == 52_162_000


def test_a_missing_price_says_what_to_give(write_market) -> None:  # type: ignore[no-untyped-def]
    market = load_market(write_market(("IF = 4000\n", "")))
    with pytest.raises(PriceError, match=r"no price for IF2101 or IF: give one, or add it to"):
        listing(market, date(2021, 1, 4))
