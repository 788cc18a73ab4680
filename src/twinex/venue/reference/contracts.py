"""Contract months: which are listed on a day, when they end, and what they are called.

A contract month is an int, yyyymm. Rules: rulebook 1.1 to 1.4.
"""

from datetime import date

from twinex.venue.reference.calendar import FRIDAY, Calendar, nth_weekday
from twinex.venue.reference.dated import Stage
from twinex.venue.reference.market import Contracts, Product
from twinex.venue.reference.mistakes import CalendarError

EXPIRY_RULES = ("third_friday", "second_friday", "fifteenth", "none")


def month_of(day: date) -> int:
    return day.year * 100 + day.month


def add_months(month: int, count: int) -> int:
    total = month // 100 * 12 + month % 100 - 1 + count
    return total // 12 * 100 + total % 12 + 1


def last_trading_day(contracts: Contracts, calendar: Calendar, month: int) -> date:
    """Last trading day of `month`'s contract, moved later over weekends and holidays.

    Provisional (weekends only) where the calendar does not reach yet.
    """
    year, number = divmod(month, 100)
    if contracts.expiry == "fifteenth":
        nominal = date(year, number, 15)
    else:
        assert contracts.expiry in EXPIRY_RULES[:2], "a product without months does not expire"
        nth = 3 if contracts.expiry == "third_friday" else 2
        nominal = nth_weekday(year, number, FRIDAY, nth)
    return calendar.open_on_or_after(nominal)


def listed_months(contracts: Contracts, calendar: Calendar, day: date) -> tuple[int, ...]:
    """Contract months that trade on `day`, nearest first; empty for a product without months."""
    if contracts.expiry == "none":
        return ()
    current = month_of(day)
    if last_trading_day(contracts, calendar, current) < day:
        current = add_months(current, 1)
    months = {add_months(current, n) for n in range(contracts.nearest)}
    later = (
        add_months(current, n) for n in range(contracts.nearest, 12 * (contracts.quarters + 1))
    )
    quarters = [month for month in later if month % 100 % 3 == 0]
    months.update(quarters[: contracts.quarters])
    within = (add_months(current, n) for n in range(contracts.evens_within))
    months.update(month for month in within if month % 2 == 0)
    return tuple(sorted(months))


def is_first_day(product: Product, calendar: Calendar, month: int, day: date) -> bool:
    """True if `month`'s contract was not listed on the trading day before `day`."""
    try:
        before = calendar.previous_trading_day(day)
    except CalendarError:  # the first day the calendar knows: nothing is new then
        return product.listed == day
    if before < product.listed:
        return True
    return month not in listed_months(product.contracts, calendar, before)


def is_last_day(product: Product, calendar: Calendar, month: int, day: date) -> bool:
    return day == last_trading_day(product.contracts, calendar, month)


def stage_on(product: Product, calendar: Calendar, month: int, day: date) -> Stage:
    """The stage of `month`'s contract on `day`; LISTING for a product without months."""
    if product.contracts.expiry == "none":
        return Stage.LISTING
    delivery = date(month // 100, month % 100, 1)
    before = add_months(month, -1)
    last = last_trading_day(product.contracts, calendar, month)
    starts = {
        Stage.MONTH_BEFORE_DELIVERY: date(before // 100, before % 100, 1),
        Stage.NEAR_DELIVERY_MONTH: calendar.open_before(delivery, 2),
        Stage.DELIVERY_MONTH: delivery,
        Stage.LAST_DAYS: calendar.open_before(last, 2),
    }
    return max((stage for stage, start in starts.items() if start <= day), default=Stage.LISTING)


def symbol_of(product: Product, month: int) -> str:
    """`IF2607`: product and the month as yymm."""
    return f"{product.name}{month % 10000:04d}"
