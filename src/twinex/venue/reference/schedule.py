"""When each product changes its phase on a trading day, night session included (rulebook 1.5)."""

from collections.abc import Iterator
from datetime import date, time, timedelta

from twinex.venue.reference.contracts import is_last_day
from twinex.venue.reference.listing import Instrument
from twinex.venue.reference.market import Market, PhaseAt, Product
from twinex.venue.reference.session_reader import NIGHT_BEGINS

_EPOCH = date(1970, 1, 1)
_SECOND_NS = 1_000_000_000
_DAY = timedelta(days=1)


def local_time_ns(market: Market, day: date, at: time) -> int:
    """ns since the epoch of exchange local time `at` on the calendar date `day`."""
    seconds = (day - _EPOCH).days * 86_400 + at.hour * 3600 + at.minute * 60 + at.second
    return (seconds - market.utc_offset_hours * 3600) * _SECOND_NS


def schedule(market: Market, trading_day: date) -> list[tuple[int, int, int]]:
    """(time_ns, product id, phase), ascending: what the sequencer journals as `phase_set`.

    A night session lies on the evening before and, past midnight, on the calendar day after that.
    Two phases of one product at the same minute (match, then closed) follow 1 ns apart.
    Raises CalendarError for a day that is no trading day.
    """
    market.calendar.require(trading_day)
    entries = []
    for product in market.products_on(trading_day):
        previous = 0
        for day, entry in _phases(market, product, trading_day):
            previous = max(previous + 1, local_time_ns(market, day, entry.at))
            entries.append((previous, product.number, entry.phase))
    return sorted(entries)


def _phases(market: Market, product: Product, trading_day: date) -> Iterator[tuple[date, PhaseAt]]:
    session = product.sessions.on(trading_day)
    evening = None
    if session.night and trading_day > product.listed:
        evening = market.calendar.night_before(trading_day)
    if evening is not None:
        for entry in session.night:
            yield (evening if entry.at >= NIGHT_BEGINS else evening + _DAY), entry
    for entry in session.day if evening is not None else session.day_without_night:
        yield trading_day, entry


def early_closes(
    market: Market, trading_day: date, instruments: tuple[Instrument, ...]
) -> list[tuple[int, int]]:
    """(time_ns, instrument id) of contracts that stop before their product on their last day.

    Treasury futures end at 11:30 then (rulebook 1.2); the venue halts them with `halt_set`.
    """
    closes = []
    for one in instruments:
        at = one.product.last_day_close
        if at and one.month and is_last_day(one.product, market.calendar, one.month, trading_day):
            closes.append((local_time_ns(market, trading_day, at), one.number))
    return sorted(closes)
