"""A market opened in one call: for research, and for a first look.

    day = open_market("cffex", date(2026, 7, 6), members=2)
    day.venue.send(1, encode("order_enter", instrument=day.number("IF2607"), ...))

It is the venue and the reference data that everything else uses; only the participants are made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from twinex.venue.reference import (
    Instrument,
    Market,
    day_header,
    listing,
    load_market,
    numbered_members,
    participants,
    reference_commands,
)
from twinex.venue.venue import Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode, frames


@dataclass(frozen=True)
class OpenMarket:
    """A venue with its market open. `instruments` by symbol. A context manager: it closes it."""

    venue: Venue
    market: Market
    instruments: Mapping[str, Instrument]

    def number(self, symbol: str) -> int:
        """The number that stands for an instrument in commands. Raises KeyError."""
        if symbol not in self.instruments:
            some = ", ".join(list(self.instruments)[:5])
            raise KeyError(f"{symbol} is not listed on this day; {some} ... are")
        return self.instruments[symbol].number

    def set_phase(self, phase: int, product: int = 0) -> bytes:
        """Move one product, or all (0), to a phase (`codes.PHASE_...`); the events of it."""
        return self.venue.send(0, encode("phase_set", product=product, phase=phase))

    def __enter__(self) -> "OpenMarket":
        return self

    def __exit__(self, *_: object) -> None:
        self.venue.close()


def open_market(
    market: str = "cffex",
    trading_day: date = date(2026, 7, 6),
    *,
    members: int = 2,
    prices: Mapping[str, Decimal] | None = None,
    phase: int = codes.PHASE_CONTINUOUS,
    **options: Any,
) -> OpenMarket:
    """A new day of `market` (a name in `markets/` or a file) with `members` numbered from 1.

    Member m has seat m and the accounts 2m-1 and 2m, may trade everything and has ten billion
    yuan of credit. Where a product prevents self-trades, the accounts of a client are a group
    of their own, with the market's mode. `prices`: previous settlements by symbol, in quote units,
    where the market's defaults are not wanted. `options` are those of `Venue`. Raises the errors
    of `reference`.
    """
    rules = load_market(market)
    listed = listing(rules, trading_day, prices)
    related = any(product.rules.self_trade_checked for product in rules.products)
    messages = [
        day_header(rules, trading_day),
        *reference_commands(rules, trading_day, prices),
        *participants(rules, numbered_members(members, related=related)),
        encode("phase_set", phase=phase),
    ]
    venue = Venue(**options)
    venue.submit(np.frombuffer(frames(0, messages), dtype=np.uint8))
    return OpenMarket(venue, rules, {one.symbol: one for one in listed})
