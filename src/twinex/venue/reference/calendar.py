"""Trading days: weekdays without holidays, and which of them have a night session before.

A night session belongs to the next trading day (Friday night to Monday); there is none on the
evening before a holiday (rulebook 1.5).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from twinex.venue.reference.mistakes import CalendarError

_DAY = timedelta(days=1)
FRIDAY = 4


@dataclass(frozen=True)
class Calendar:
    """`holidays` are complete from `first` to `last`; nights lapse within `nights_suspended`.

    `nights_suspended` holds evenings, both ends included.
    """

    name: str
    where: str
    first: date
    last: date
    holidays: frozenset[date]
    nights_suspended: tuple[tuple[date, date], ...] = ()

    def is_trading_day(self, day: date) -> bool:
        """Raises CalendarError for a day the calendar does not cover."""
        if not self.first <= day <= self.last:
            raise CalendarError(
                f"{self.where}: calendar {self.name} covers {self.first} to {self.last}, "
                f"not {day}: add that year's holidays and move `first` or `last`"
            )
        return self.is_open(day)

    def is_open(self, day: date) -> bool:
        """As `is_trading_day`, but beyond the covered days only weekends are closed."""
        return day.weekday() <= FRIDAY and day not in self.holidays

    def require(self, day: date) -> None:
        """Raises CalendarError unless `day` is a trading day."""
        if not self.is_trading_day(day):
            reason = "a holiday" if day.weekday() <= FRIDAY else day.strftime("a %A")
            nearest = self.open_on_or_after(day)
            raise CalendarError(f"{day} is {reason}: the next trading day is {nearest}")

    def next_trading_day(self, day: date) -> date:
        return next(d for d in _from(day, _DAY) if self.is_trading_day(d))

    def previous_trading_day(self, day: date) -> date:
        return next(d for d in _from(day, -_DAY) if self.is_trading_day(d))

    def open_on_or_after(self, day: date) -> date:
        """`day`, moved later to a trading day. Provisional beyond `last`: holidays unknown."""
        return next(d for d in _from(day - _DAY, _DAY) if self.is_open(d))

    def open_before(self, day: date, count: int) -> date:
        """The `count`-th trading day before `day`. Provisional beyond the covered days."""
        assert count > 0
        for number, found in enumerate(filter(self.is_open, _from(day, -_DAY)), start=1):
            if number == count:
                return found
        raise AssertionError("days do not end")

    def night_before(self, trading_day: date) -> date | None:
        """The evening whose night session belongs to `trading_day`, or None if it is not held."""
        evening = self.previous_trading_day(trading_day)
        between = (d for d in _from(evening, _DAY, trading_day) if d.weekday() <= FRIDAY)
        if any(True for _ in between):
            return None
        if any(first <= evening <= last for first, last in self.nights_suspended):
            return None
        return evening


def _from(day: date, step: timedelta, until: date | None = None) -> Iterator[date]:
    """Days after `day` (or before it, for a negative step), up to but without `until`."""
    day += step
    while day != until:
        yield day
        day += step


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The `nth` (from 1) `weekday` (Monday 0) of a month: the third Friday is (…, 4, 3)."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
