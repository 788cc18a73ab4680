"""The instruments of one trading day, each with its prices: what `instrument_define` carries.

Instrument ids run from 1, in order of product number, contract month, strike, call before put (a
stock: by symbol). They hold for one day; over nights an instrument is known by its symbol.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from twinex.venue.reference.bounds import check_limits
from twinex.venue.reference.contracts import (
    is_first_day,
    is_last_day,
    last_trading_day,
    listed_months,
    stage_on,
    symbol_of,
)
from twinex.venue.reference.market import Market, Product
from twinex.venue.reference.mistakes import PriceError
from twinex.venue.reference.prices import (
    Prices,
    future_settlement,
    given_price,
    option_settlement,
    price_limits,
    to_tick,
    to_units,
)

CALL, PUT = 1, 2
_LETTERS = {CALL: "C", PUT: "P"}
_OPTION_SYMBOL = re.compile(r"([A-Za-z]+)(\d{4})-([CP])-(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Instrument:
    """One contract on one day. Prices are in quote units; `month` is yyyymm, 0 for a stock.

    `position_limit` is in lots a side and 0 for none. `underlying` is an instrument id or 0.
    """

    number: int
    product: Product
    symbol: str
    month: int
    expiry: date | None
    strike: Decimal
    call_or_put: int
    underlying: int
    previous_settlement: Decimal
    lower_limit: Decimal
    upper_limit: Decimal
    position_limit: int


def listing(
    market: Market, trading_day: date, prices: Prices | None = None, carried: Iterable[str] = ()
) -> tuple[Instrument, ...]:
    """Every instrument of `trading_day`, by number.

    `prices` maps symbols, products or indices to previous settlements (indices: previous close);
    what is absent comes from the market's default table, and names that nobody asks for
    (yesterday's expired contracts) are passed over. `carried` are option symbols listed earlier:
    those that still trade stay listed, however far the index has moved.
    Raises CalendarError, PriceError, NotInForceError or MarketBoundsError.
    """
    market.calendar.require(trading_day)
    prices = prices or {}
    for name, price in prices.items():
        to_units(price, name)
    kept = _carried_strikes(carried)
    found: list[Instrument] = []
    for product in market.products_on(trading_day):
        if product.strikes is None:
            found += _futures(market, product, trading_day, prices)
        else:
            found += _options(market, product, trading_day, prices, kept)
    numbers = {one.symbol: number for number, one in enumerate(found, start=1)}
    return tuple(_numbered(one, numbers) for one in found)


def _numbered(one: Instrument, numbers: Mapping[str, int]) -> Instrument:
    symbol = f"{one.product.underlying}{one.month % 10000:04d}"
    return replace(one, number=numbers[one.symbol], underlying=numbers.get(symbol, 0))


def _futures(market: Market, product: Product, day: date, prices: Prices) -> Iterator[Instrument]:
    months = listed_months(product.contracts, market.calendar, day)
    names = [(symbol_of(product, month), month) for month in months]
    names += [(symbol, 0) for symbol in product.contracts.symbols]
    tick = product.tick.on(day)
    for symbol, month in names:
        settlement = future_settlement(market, product, symbol, tick, prices)
        width = settlement * _limit_ratio(market, product, month, day)
        yield _instrument(market, product, symbol, month, day, settlement, width)


def _limit_ratio(market: Market, product: Product, month: int, day: date) -> Decimal:
    """The ratio in force: the last day's, the first day's, or the ordinary one (rulebook 1.1)."""
    limits = product.limits
    if month and limits.last_day and is_last_day(product, market.calendar, month, day):
        return limits.last_day.on(day)
    wide = limits.first_day_months == "every" or month % 100 % 3 == 0
    is_first = month and limits.first_day and wide
    if is_first and is_first_day(product, market.calendar, month, day):
        assert limits.first_day is not None
        return limits.first_day.on(day)
    return limits.ratio.on(day)


def _options(
    market: Market,
    product: Product,
    day: date,
    prices: Prices,
    kept: Mapping[tuple[str, int], set[Decimal]],
) -> Iterator[Instrument]:
    index = given_price(market, prices, product.underlying)[1]
    tick = product.tick.on(day)
    strikes = product.strikes
    assert strikes is not None
    for place, month in enumerate(listed_months(product.contracts, market.calendar, day)):
        time_value = strikes.time_value[min(place, len(strikes.time_value) - 1)]
        wanted = set(_strikes_around(product, day, index)) | kept.get((product.name, month), set())
        for strike in sorted(wanted):
            for side in (CALL, PUT):
                symbol = option_symbol(product, month, side, strike)
                settlement = prices.get(symbol)
                if settlement is None:
                    settlement = option_settlement(index, strike, side == CALL, time_value, tick)
                width = index * _limit_ratio(market, product, month, day)
                one = _instrument(market, product, symbol, month, day, settlement, width)
                yield replace(one, strike=strike, call_or_put=side)


def _strikes_around(product: Product, day: date, index: Decimal) -> list[Decimal]:
    """`each_side` strikes below and above the one nearest `index` (a tie: the higher)."""
    assert product.strikes is not None
    step, count = product.strikes.step.on(day), product.strikes.each_side.on(day)
    middle = to_tick(index, step, ROUND_HALF_UP)
    strikes = (middle + step * n for n in range(-count, count + 1))
    return [strike for strike in strikes if strike > 0]


def option_symbol(product: Product, month: int, call_or_put: int, strike: Decimal) -> str:
    """`IO2607-C-4600`."""
    shown = strike.normalize()
    return f"{symbol_of(product, month)}-{_LETTERS[call_or_put]}-{shown:f}"


def _carried_strikes(symbols: Iterable[str]) -> dict[tuple[str, int], set[Decimal]]:
    kept: dict[tuple[str, int], set[Decimal]] = {}
    for symbol in symbols:
        match = _OPTION_SYMBOL.fullmatch(symbol)
        if match is None:
            raise PriceError(f"carried symbol {symbol!r}: expected one such as IO2607-C-4600")
        key = (match[1], 200_000 + int(match[2]))
        kept.setdefault(key, set()).add(Decimal(match[4]))
    return kept


def _instrument(
    market: Market,
    product: Product,
    symbol: str,
    month: int,
    day: date,
    settlement: Decimal,
    width: Decimal,
) -> Instrument:
    tick = product.tick.on(day)
    lower, upper = price_limits(settlement, width, tick, product.limits.rounding)
    units = (to_units(price, symbol) for price in (lower, upper, tick))
    check_limits(product, symbol, *units)
    limit = 0
    if product.position_limit is not None:
        stage = stage_on(product, market.calendar, month, day)
        limit = int(product.position_limit.on(day).at(stage))
    contracts = product.contracts
    expiry = last_trading_day(contracts, market.calendar, month) if month else None
    return Instrument(
        number=0,
        product=product,
        symbol=symbol,
        month=month,
        expiry=expiry,
        strike=Decimal(0),
        call_or_put=0,
        underlying=0,
        previous_settlement=settlement,
        lower_limit=lower,
        upper_limit=upper,
        position_limit=limit,
    )
