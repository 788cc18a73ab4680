"""The combinations (组合) of one trading day: what `combination_define` carries.

They are numbered behind the day's instruments, in the order of the market file, and defined anew
each day: nothing of a combination outlives its day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from twinex.venue.reference.listing import Instrument
from twinex.venue.reference.market import TICKS_MAXIMUM, CombinationRule, Leg, Market
from twinex.venue.reference.mistakes import MarketBoundsError


@dataclass(frozen=True)
class Combination:
    """A spread over two of the day's instruments; its price is leg 1's less leg 2's."""

    number: int
    symbol: str
    leg_1: Instrument
    leg_2: Instrument

    @property
    def lower_limit(self) -> Decimal:
        """In quote units; may be negative."""
        return self.leg_1.lower_limit - self.leg_2.upper_limit

    @property
    def upper_limit(self) -> Decimal:
        """In quote units; may be negative."""
        return self.leg_1.upper_limit - self.leg_2.lower_limit


def combinations(
    market: Market, trading_day: date, instruments: Sequence[Instrument]
) -> tuple[Combination, ...]:
    """Every combination of `trading_day`, by number; `instruments` are those of `listing`.

    One with a leg that is not listed on the day is left out. Raises MarketBoundsError where the
    limits lie too far apart for the core's ladder.
    """
    found: list[Combination] = []
    for rule in market.combinations:
        legs = [_leg(leg, instruments) for leg in (rule.leg_1, rule.leg_2)]
        if rule.listed <= trading_day and None not in legs:
            one, two = (leg for leg in legs if leg is not None)
            number = len(instruments) + len(found) + 1
            combination = Combination(number, f"{rule.name} {one.symbol}&{two.symbol}", one, two)
            _check_limits(rule, combination, one.product.tick.on(trading_day))
            found.append(combination)
    return tuple(found)


def _leg(leg: Leg, instruments: Sequence[Instrument]) -> Instrument | None:
    own = [one for one in instruments if one.product.name == leg.product]
    if leg.month == 0:
        return next((one for one in own if one.symbol == leg.symbol), None)
    return own[leg.month - 1] if leg.month <= len(own) else None


def _check_limits(rule: CombinationRule, one: Combination, tick: Decimal) -> None:
    ticks = (one.upper_limit - one.lower_limit) // tick
    if ticks >= TICKS_MAXIMUM:
        raise MarketBoundsError(
            f"{rule.where}: {one.symbol}: upper limit {one.upper_limit} is {ticks} ticks above the "
            "lower limit, 2^24 or more: take legs with narrower limits"
        )
