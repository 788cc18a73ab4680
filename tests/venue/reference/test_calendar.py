"""Trading days, nights, and the months and last days of contracts, by hand."""

from datetime import date

import pytest

from twinex.venue.reference import (
    Calendar,
    CalendarError,
    Stage,
    last_trading_day,
    listed_months,
    load_market,
)
from twinex.venue.reference.calendar import nth_weekday
from twinex.venue.reference.contracts import add_months, is_first_day, stage_on

CFFEX = load_market("cffex")
SHFE = load_market("shfe")
CHINA = CFFEX.calendar


def test_trading_days() -> None:
    assert CHINA.next_trading_day(date(2020, 12, 31)) == date(2021, 1, 4)
    assert CHINA.next_trading_day(date(2021, 2, 10)) == date(2021, 2, 18)
    assert CHINA.previous_trading_day(date(2021, 10, 8)) == date(2021, 9, 30)
    assert CHINA.next_trading_day(date(2023, 9, 28)) == date(2023, 10, 9)
    assert not CHINA.is_trading_day(date(2026, 6, 19))
    assert CHINA.is_trading_day(date(2026, 2, 24))
    # exchanges stay closed on the weekends that others work: 2021-02-07 was such a Sunday
    assert not CHINA.is_trading_day(date(2021, 2, 7))


@pytest.mark.parametrize(("year", "count"), [(2020, 243), (2021, 243), (2022, 242), (2023, 242)])
def test_trading_days_of_a_year(year: int, count: int) -> None:
    """The known numbers of Chinese trading days."""
    first, end = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
    assert sum(CHINA.is_trading_day(date.fromordinal(n)) for n in range(first, end)) == count


def test_days_outside_the_calendar() -> None:
    with pytest.raises(CalendarError, match=r"calendar.toml:\d+: calendar china covers 2019-12-31"):
        CHINA.is_trading_day(date(2027, 1, 4))
    with pytest.raises(CalendarError, match="add that year's holidays"):
        CHINA.previous_trading_day(date(2019, 12, 31))
    with pytest.raises(CalendarError, match="15 is a holiday: the next trading day is 2021-02-18"):
        CHINA.require(date(2021, 2, 15))
    with pytest.raises(CalendarError, match="2021-01-02 is a Saturday"):
        CHINA.require(date(2021, 1, 2))


NIGHTS = [
    # trading day       evening of its night session
    (date(2021, 1, 5), date(2021, 1, 4)),  # Monday evening to Tuesday
    (date(2021, 1, 11), date(2021, 1, 8)),  # Friday evening to Monday
    (date(2021, 1, 4), None),  # 2020-12-31, before New Year
    (date(2021, 2, 18), None),  # 2021-02-10, before the spring festival
    (date(2021, 4, 6), None),  # Friday 2021-04-02, before the Monday holiday
    (date(2021, 9, 22), None),  # Friday 2021-09-17, before mid-autumn
    (date(2020, 3, 2), None),  # nights suspended
    (date(2020, 5, 6), None),  # holiday and suspended
    (date(2020, 5, 7), date(2020, 5, 6)),  # the first night again
]


@pytest.mark.parametrize(("trading_day", "evening"), NIGHTS)
def test_nights(trading_day: date, evening: date | None) -> None:
    assert CHINA.night_before(trading_day) == evening


def test_nth_weekday() -> None:
    assert nth_weekday(2021, 1, 4, 3) == date(2021, 1, 15)
    assert nth_weekday(2021, 10, 4, 1) == date(2021, 10, 1)
    assert add_months(202111, 3) == 202202
    assert add_months(202101, -1) == 202012


LAST_DAYS = [
    ("IF", 202101, date(2021, 1, 15)),
    ("IF", 202102, date(2021, 2, 19)),
    ("IF", 202606, date(2026, 6, 22)),  # third Friday, 19 June, is the dragon boat festival
    ("IF", 202602, date(2026, 2, 24)),  # third Friday, 20 February, in the spring festival
    ("IO", 202306, date(2023, 6, 16)),
    ("T", 202103, date(2021, 3, 12)),
    ("TS", 202306, date(2023, 6, 9)),
    ("cu", 202101, date(2021, 1, 15)),
    ("cu", 202102, date(2021, 2, 18)),  # the 15th in the spring festival
    ("rb", 202105, date(2021, 5, 17)),  # the 15th a Saturday
    ("au", 202308, date(2023, 8, 15)),
]


@pytest.mark.parametrize(("name", "month", "day"), LAST_DAYS)
def test_last_trading_days(name: str, month: int, day: date) -> None:
    market = SHFE if name.islower() else CFFEX
    assert last_trading_day(market.product(name).contracts, CHINA, month) == day


JANUARY_4, FEBRUARY_22 = date(2021, 1, 4), date(2021, 2, 22)
MONTHS = [
    ("IF", JANUARY_4, [2101, 2102, 2103, 2106]),
    ("IF", FEBRUARY_22, [2103, 2104, 2106, 2109]),
    ("IF", date(2021, 1, 15), [2101, 2102, 2103, 2106]),  # the last day still trades
    ("IF", date(2021, 1, 18), [2102, 2103, 2106, 2109]),
    ("T", JANUARY_4, [2103, 2106, 2109]),
    ("T", date(2021, 3, 12), [2103, 2106, 2109]),
    ("T", date(2021, 3, 15), [2106, 2109, 2112]),
    ("IO", JANUARY_4, [2101, 2102, 2103, 2106, 2109, 2112]),
    ("IO", FEBRUARY_22, [2103, 2104, 2105, 2106, 2109, 2112]),
    ("cu", JANUARY_4, [2101, 2102, 2103, 2104, 2105, 2106, 2107, 2108, 2109, 2110, 2111, 2112]),
    ("rb", date(2021, 1, 18), [*range(2102, 2113), 2201]),
    ("au", JANUARY_4, [2101, 2102, 2103, 2104, 2106, 2108, 2110, 2112]),
    ("au", FEBRUARY_22, [2103, 2104, 2105, 2106, 2108, 2110, 2112, 2202]),
]


@pytest.mark.parametrize(("name", "day", "months"), MONTHS)
def test_listed_months(name: str, day: date, months: list[int]) -> None:
    market = SHFE if name.islower() else CFFEX
    found = listed_months(market.product(name).contracts, CHINA, day)
    assert [month - 200_000 for month in found] == months


def test_stocks_have_no_months() -> None:
    market = load_market("sse")
    assert listed_months(market.product("A").contracts, market.calendar, date(2023, 7, 11)) == ()


def test_first_days() -> None:
    futures = CFFEX.product("IF")
    assert is_first_day(futures, CHINA, 202109, date(2021, 1, 18))
    assert not is_first_day(futures, CHINA, 202109, date(2021, 1, 19))
    assert not is_first_day(futures, CHINA, 202102, date(2021, 1, 18))
    assert is_first_day(CFFEX.product("IM"), CHINA, 202208, date(2022, 7, 22))
    assert is_first_day(CFFEX.product("TL"), CHINA, 202306, date(2023, 4, 21))


def test_stages_of_a_copper_contract() -> None:
    copper = SHFE.product("cu")  # cu2105: last trading day Monday 2021-05-17
    stages = {
        date(2021, 3, 31): Stage.LISTING,
        date(2021, 4, 1): Stage.MONTH_BEFORE_DELIVERY,
        date(2021, 4, 28): Stage.MONTH_BEFORE_DELIVERY,
        date(2021, 4, 29): Stage.NEAR_DELIVERY_MONTH,
        date(2021, 5, 6): Stage.DELIVERY_MONTH,
        date(2021, 5, 12): Stage.DELIVERY_MONTH,
        date(2021, 5, 13): Stage.LAST_DAYS,
        date(2021, 5, 17): Stage.LAST_DAYS,
    }
    assert {day: stage_on(copper, CHINA, 202105, day) for day in stages} == stages


def test_beyond_the_calendar_last_days_are_provisional() -> None:
    contracts = CFFEX.product("IF").contracts
    assert last_trading_day(contracts, CHINA, 202703) == date(2027, 3, 19)
    weekdays = Calendar("w", "here:1", date(2021, 1, 1), date(2021, 12, 31), frozenset())
    assert weekdays.open_on_or_after(date(2022, 1, 1)) == date(2022, 1, 3)
