"""Exchange local time of a day that is read back."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

from twinex.venue.journal.reader import JournalReader
from twinex.venue.reference import MarketError, load_market
from twinex.venue.wire.messages import MessageError

CHINA_HOURS = 8
_EVENING, _MORNING = time(18), time(6)


@dataclass(frozen=True)
class LocalTime:
    """A day's clock. `begun` is the local date of its first record, `trading_day` its name's."""

    utc_offset_hours: int
    begun: date
    trading_day: date

    def moment_ns(self, clock: time) -> int:
        """When the exchange's clock showed `clock` on this day, in ns since the epoch.

        A night session belongs to the next trading day: its evening is that of the date on which
        the day begins, its small hours those of the date after.
        """
        day = self.trading_day
        if self.begun < day and clock >= _EVENING:
            day = self.begun
        elif self.begun < day and clock < _MORNING:
            day = self.begun + timedelta(days=1)
        zone = timezone(timedelta(hours=self.utc_offset_hours))
        return int(datetime.combine(day, clock, zone).timestamp()) * 1_000_000_000


def local_time_of(directory: Path) -> LocalTime:
    """The clock of a day, from the head of its journal; China's where its market is not at hand."""
    for record in JournalReader(directory):
        try:
            fields = record.message.fields
        except MessageError:
            fields = {}
        hours = _offset_of(str(fields.get("market", "")))
        zone = timezone(timedelta(hours=hours))
        begun = datetime.fromtimestamp(record.time_ns // 1_000_000_000, zone).date()
        return LocalTime(hours, begun, _date_of(int(fields.get("trading_day", 0))) or begun)
    return LocalTime(CHINA_HOURS, date.min, date.min)


def _offset_of(market: str) -> int:
    try:
        return load_market(market.lower()).utc_offset_hours
    except MarketError:
        return CHINA_HOURS


def _date_of(number: int) -> date | None:
    try:
        return date(number // 10_000, number // 100 % 100, number % 100)
    except ValueError:
        return None


def utc_offset_hours(directory: Path) -> int:
    """What the day's market adds to UTC."""
    return local_time_of(directory).utc_offset_hours
