"""Proof that the core's integers hold every price, quantity and order value of a market.

The bounds are those of `spec/phases.md`; the core refuses what breaks them, this says it earlier.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from twinex.venue.reference.market import (
    ORDER_VALUE_MAXIMUM,
    PRICE_MAXIMUM,
    PRICE_UNIT,
    TICKS_MAXIMUM,
    Product,
)
from twinex.venue.reference.mistakes import MarketBoundsError
from twinex.venue.reference.prices import to_units


def check_bounds(products: Sequence[Product], prices: Mapping[str, Decimal]) -> None:
    """Checks every product at its default prices and widest limits. Raises MarketBoundsError."""
    for product in products:
        _check_quantities(product)
        names = [product.name, product.underlying, *product.contracts.symbols]
        names += [key for key in prices if _is_contract_of(key, product.name)]
        highest = max((prices[name] for name in names if name in prices), default=Decimal(0))
        limits = product.limits
        tables = (limits.ratio, limits.first_day, limits.last_day)
        ratio = max(ratio for table in tables if table for ratio in table.values())
        tick = min(product.tick.values())
        upper = to_units(highest * (1 + ratio) // tick * tick + tick, product.name)
        lower = int(highest * (1 - ratio) * PRICE_UNIT)
        check_limits(product, product.name, lower, upper, to_units(tick, product.name))


def _check_quantities(product: Product) -> None:
    """On every day that a size changes: minimum <= maximum, and a multiple of the step."""
    sizes = product.quantities
    tables = (sizes.minimum, sizes.maximum_limit, sizes.step)
    first = max(table.entries[0][0] for table in tables)
    for day in sorted({day for table in tables for day, _ in table.entries if day >= first}):
        minimum, maximum, step = (table.on(day) for table in tables)
        if minimum > maximum or minimum % step:
            raise MarketBoundsError(
                f"{product.where}: product {product.name}: quantities from {day}: minimum "
                f"{minimum} must be a multiple of the step {step} and at most {maximum}"
            )


def _is_contract_of(symbol: str, product: str) -> bool:
    return symbol.startswith(product) and symbol[len(product) :][:1].isdigit()


def check_limits(product: Product, symbol: str, lower: int, upper: int, tick: int) -> None:
    """Limits and tick in internal units. Raises MarketBoundsError.

    The core needs upper < 10^11, fewer than 2^24 ticks between the limits, and
    upper * multiplier * largest order <= 2^62.
    """
    quantities = product.quantities
    sizes = quantities.maximum_limit.values()
    if quantities.maximum_market is not None:
        sizes = sizes + quantities.maximum_market.values()
    value = upper * product.multiplier * max(sizes)
    if upper >= PRICE_MAXIMUM:
        wrong = f"is not below 10^11 internal units ({PRICE_MAXIMUM // PRICE_UNIT} in quote units)"
        remedy = "quote it in a larger unit"
    elif (upper - lower) // tick >= TICKS_MAXIMUM:
        wrong = f"is {(upper - lower) // tick} ticks above the lower limit, 2^24 or more"
        remedy = "take a larger tick or narrower limits"
    elif value > ORDER_VALUE_MAXIMUM:
        wrong = f"* multiplier {product.multiplier} * largest order {max(sizes)} is over 2^62"
        remedy = "lower the largest order"
    else:
        return
    raise MarketBoundsError(f"{product.where}: {symbol}: upper limit {upper} {wrong}: {remedy}")
