"""The venue's day around a tape: its market, one instrument, one member, the phases.

The reference data come from `markets/`; the tape adds its symbol and, where the market has no price
of the day before, its first book.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from twinex.tape.columns import PRICE_UNITS
from twinex.tape.errors import TapeBroken
from twinex.tape.lobster import BookDay
from twinex.tape.shanghai import StockDay
from twinex.venue.reference import (
    Instrument,
    Market,
    day_header,
    listing,
    load_market,
    numbered_members,
    participants,
    reference_commands,
    schedule,
)

INSTRUMENT = SEAT = ACCOUNT = 1  # a tape has one symbol, and does not tell who sent its orders


@dataclass(frozen=True)
class Stage:
    """`opening`: the exchange's commands before trading. `schedule`: (time_ns, product, phase)."""

    market: Market
    trading_day: int
    instrument: Instrument
    opening: list[bytes]
    schedule: list[tuple[int, int, int]]

    @property
    def symbol(self) -> str:
        return self.instrument.symbol


def shanghai_stage(day: StockDay) -> Stage:
    """A Shanghai stock by the rules of `markets/sse.toml`, which must know its previous close.

    Raises PriceError where it does not, CalendarError for a day that is no trading day.
    """
    return _stage("sse", day.symbol.removesuffix(".SH"), day.trading_day)


def lobster_stage(day: BookDay) -> Stage:
    """A NASDAQ stock by `markets/nasdaq.toml`; the middle of its first book is its reference."""
    best = day.books[0, 0]
    if not best[1] or not best[3]:
        raise TapeBroken("the first book has an empty side: there is no price to begin with")
    middle = Decimal(int(best[0] + best[2]) // 2) / PRICE_UNITS
    return _stage("nasdaq", day.symbol, day.trading_day, {day.symbol: middle})


def _stage(
    name: str, symbol: str, trading_day: int, prices: Mapping[str, Decimal] | None = None
) -> Stage:
    market = _only(load_market(name), symbol)
    day = calendar_date(trading_day)
    (instrument,) = listing(market, day, prices)
    assert instrument.number == INSTRUMENT
    people = participants(market, numbered_members(1, clients_each=1))
    opening = [day_header(market, day), *reference_commands(market, day, prices), *people]
    return Stage(market, trading_day, instrument, opening, schedule(market, day))


def _only(market: Market, symbol: str) -> Market:
    """The market with this one stock listed."""
    (product,) = market.products
    contracts = replace(product.contracts, symbols=(symbol,))
    return replace(market, products=(replace(product, contracts=contracts),))


def calendar_date(trading_day: int) -> date:
    """yyyymmdd as a date. Raises TapeBroken if there is no such day."""
    try:
        return date(trading_day // 10_000, trading_day // 100 % 100, trading_day % 100)
    except ValueError as error:
        raise TapeBroken(f"the tape's day {trading_day} is no date: {error}") from error
