"""Settlement prices and daily price limits, in Decimal quote units.

Limits follow rulebook 1.7; the prices a caller leaves out come from the market's default table.
"""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from twinex.venue.reference.market import PRICE_UNIT, Market, Product
from twinex.venue.reference.mistakes import PriceError

Prices = Mapping[str, Decimal]

_UPPER_LOWER = {
    "inward": (ROUND_FLOOR, ROUND_CEILING),
    "truncate": (ROUND_FLOOR, ROUND_FLOOR),
    "half_up": (ROUND_HALF_UP, ROUND_HALF_UP),
}
_TIME_VALUE_REACH = Decimal("0.10")  # of the index: beyond it a strike has no time value


def to_tick(price: Decimal, tick: Decimal, rounding: str) -> Decimal:
    """`price` on the tick; `rounding` is one of the decimal module's."""
    return (price / tick).to_integral_value(rounding) * tick


def price_limits(
    settlement: Decimal, width: Decimal, tick: Decimal, rounding: str
) -> tuple[Decimal, Decimal]:
    """(lower, upper) = settlement -/+ width, on the tick: at least one tick, and a tick apart.

    `rounding` is "inward" (CFFEX), "truncate" (SHFE) or "half_up" (Shanghai stocks). Rulebook 1.7.
    """
    up, down = _UPPER_LOWER[rounding]
    lower = max(to_tick(settlement - width, tick, down), tick)
    return lower, max(to_tick(settlement + width, tick, up), lower + tick)


def to_units(price: Decimal, name: str) -> int:
    """`price` in units of 1/10000 of the quote unit. Raises PriceError if it does not fit."""
    if not isinstance(price, Decimal) or not price.is_finite():
        raise PriceError(f"price of {name}: expected a Decimal, found {price!r}")
    units = price * PRICE_UNIT
    if units % 1 or units <= 0:
        raise PriceError(f"price of {name}: {price} is no positive multiple of 1/{PRICE_UNIT}")
    return int(units)


def given_price(market: Market, prices: Prices, *names: str) -> tuple[str, Decimal]:
    """Which of `names` has a price, and the price: in `prices`, else in the default table."""
    for table in (prices, market.default_prices):
        for name in names:
            if name in table:
                to_units(table[name], name)
                return name, table[name]
    raise PriceError(
        f"market {market.name} has no price for {' or '.join(names)}: give one, "
        f"or add it to [default_prices] of {market.path}"
    )


def future_settlement(
    market: Market, product: Product, symbol: str, tick: Decimal, prices: Prices
) -> Decimal:
    """Previous settlement of a future or stock: its own, else its product's, else its index's.

    A price taken from the product or the index is rounded half up to the tick.
    """
    names = [name for name in (symbol, product.name, product.underlying) if name]
    found, price = given_price(market, prices, *names)
    return price if found == symbol else max(to_tick(price, tick, ROUND_HALF_UP), tick)


def option_settlement(
    index: Decimal, strike: Decimal, is_call: bool, time_value: Decimal, tick: Decimal
) -> Decimal:
    """Previous settlement of an option for which none is given.

    Intrinsic value plus `time_value * index`, which falls in a straight line to nothing where the
    strike is 10% of the index away; floored to the tick, at least one tick. Calls less puts of
    one strike are the index less the strike, to a tick.
    """
    intrinsic = max(index - strike if is_call else strike - index, Decimal(0))
    distance = min(abs(index - strike) / (_TIME_VALUE_REACH * index), Decimal(1))
    return max(to_tick(intrinsic + time_value * index * (1 - distance), tick, ROUND_FLOOR), tick)
