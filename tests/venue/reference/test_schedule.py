"""Phases of a trading day at their times, nights on the right calendar days."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from twinex.venue.reference import (
    CalendarError,
    early_closes,
    listing,
    load_market,
    local_time_ns,
    schedule,
)
from twinex.venue.wire.schema import ENUMS

NAMES = {code: name for name, code in ENUMS["Phase"].items()}
BEIJING = timezone(timedelta(hours=8))


def timeline(market: str, day: date, product: str) -> list[str]:
    """`MM-DD HH:MM phase` of one product."""
    loaded = load_market(market)
    number = loaded.product(product).number
    rows = []
    for time_ns, found, phase in schedule(loaded, day):
        if found == number:
            at = datetime.fromtimestamp(time_ns // 10**9, UTC).astimezone(BEIJING)
            rows.append(f"{at:%m-%d %H:%M} {NAMES[phase]}")
    return rows


def test_index_futures() -> None:
    assert timeline("cffex", date(2021, 1, 4), "IF") == [
        "01-04 09:25 auction_ordering",
        "01-04 09:29 auction_match",
        "01-04 09:30 continuous",
        "01-04 11:30 no_trading",
        "01-04 13:00 continuous",
        "01-04 15:00 closed",
    ]


def test_treasury_hours_changed() -> None:
    assert timeline("cffex", date(2020, 7, 17), "T")[0] == "07-17 09:10 auction_ordering"
    assert timeline("cffex", date(2020, 7, 20), "T")[0] == "07-20 09:25 auction_ordering"
    assert timeline("cffex", date(2021, 1, 4), "T")[-1] == "01-04 15:15 closed"


def test_options_end_with_an_auction() -> None:
    assert timeline("cffex", date(2026, 7, 6), "IO")[-3:] == [
        "07-06 14:57 auction_ordering",
        "07-06 15:00 auction_match",
        "07-06 15:00 closed",
    ]


def test_shanghai_stocks() -> None:
    assert timeline("sse", date(2023, 7, 11), "A") == [
        "07-11 09:15 auction_ordering",
        "07-11 09:20 auction_no_cancel",
        "07-11 09:25 auction_match",
        "07-11 09:25 no_trading",
        "07-11 09:30 continuous",
        "07-11 11:30 no_trading",
        "07-11 13:00 continuous",
        "07-11 14:57 auction_no_cancel",
        "07-11 15:00 auction_match",
        "07-11 15:00 closed",
    ]


NIGHT_ENDS = [("cu", "07-04 01:00"), ("rb", "07-03 23:00"), ("au", "07-04 02:30")]


@pytest.mark.parametrize(("product", "end"), NIGHT_ENDS)
def test_a_friday_night_belongs_to_monday(product: str, end: str) -> None:
    assert timeline("shfe", date(2026, 7, 6), product) == [
        "07-03 20:55 auction_ordering",
        "07-03 20:59 auction_match",
        "07-03 21:00 continuous",
        f"{end} no_trading",
        "07-06 08:55 auction_ordering",
        "07-06 08:59 auction_match",
        "07-06 09:00 continuous",
        "07-06 10:15 no_trading",
        "07-06 10:30 continuous",
        "07-06 11:30 no_trading",
        "07-06 13:30 continuous",
        "07-06 15:00 closed",
    ]


def test_no_night_before_a_holiday() -> None:
    assert timeline("shfe", date(2026, 6, 22), "au")[0] == "06-22 08:55 auction_ordering"
    assert timeline("shfe", date(2026, 6, 23), "au")[0] == "06-22 20:55 auction_ordering"


def test_day_auction_only_without_a_night_until_2023() -> None:
    after_night = timeline("shfe", date(2021, 1, 5), "rb")
    assert after_night[3:5] == ["01-04 23:00 no_trading", "01-05 09:00 continuous"]
    assert timeline("shfe", date(2021, 1, 4), "rb")[0] == "01-04 08:55 auction_ordering"


@pytest.mark.parametrize(
    ("name", "day"),
    [("cffex", date(2026, 7, 6)), ("shfe", date(2026, 7, 6)), ("open", date(2026, 7, 6))],
)
def test_times_rise_strictly_for_each_product(name: str, day: date) -> None:
    market = load_market(name)
    entries = schedule(market, day)
    assert entries == sorted(entries)
    for product in market.products_on(day):
        times = [time_ns for time_ns, number, _ in entries if number == product.number]
        assert len(times) == len(set(times))
        assert times
        last = [phase for _, number, phase in entries if number == product.number][-1]
        assert NAMES[last] == "closed"


def test_match_comes_before_what_follows_at_the_same_minute() -> None:
    market = load_market("sse")
    at = local_time_ns(market, date(2023, 7, 11), datetime(2023, 7, 11, 9, 25).time())
    entries = [(t - at, NAMES[phase]) for t, _, phase in schedule(market, date(2023, 7, 11))]
    near = [entry for entry in entries if 0 <= entry[0] < 10]
    assert near == [(0, "auction_match"), (1, "no_trading")]
    assert at == 1_689_038_700 * 10**9  # 2023-07-11 01:25 UTC


def test_treasury_contracts_stop_at_noon_on_their_last_day() -> None:
    market = load_market("cffex")
    last = date(2021, 3, 12)
    instruments = listing(market, last)
    numbers = {one.symbol: one.number for one in instruments}
    noon = local_time_ns(market, last, datetime(2021, 3, 12, 11, 30).time())
    expected = [(noon, numbers[symbol]) for symbol in ("TS2103", "TF2103", "T2103")]
    assert early_closes(market, last, instruments) == expected
    before = date(2021, 3, 11)
    assert early_closes(market, before, listing(market, before)) == []


def test_a_holiday_has_no_schedule() -> None:
    with pytest.raises(CalendarError, match="2026-06-19 is a holiday"):
        schedule(load_market("shfe"), date(2026, 6, 19))
