"""A market opened in one call: for research, and for a first look.

    day = open_market("cffex", date(2026, 7, 6), members=2)
    day.venue.send(1, encode("order_enter", instrument=day.number("IF2607"), ...))

It is the venue and the reference data that everything else uses; only the participants are made up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from twinex.venue.image.names import Names, names_in, names_of
from twinex.venue.image.overnight import Overnight
from twinex.venue.reference import (
    Combination,
    Instrument,
    Market,
    combinations,
    day_header,
    listing,
    load_market,
    numbered_members,
    participants,
    reference_commands,
)
from twinex.venue.venue import Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import decode, decode_stream, encode, frames
from twinex.venue.wire.schema import ENUMS

_REASONS = {code: name for name, code in ENUMS["RejectReason"].items()}


class PositionRefused(Exception):  # noqa: N818
    """What was held finds no place on the new day: an account or its right is missing."""


@dataclass(frozen=True)
class OpenMarket:
    """A venue with its market open. A context manager: it closes it.

    `instruments` and `combinations` by symbol; `names`: what its reference data call everybody.
    """

    venue: Venue
    market: Market
    instruments: Mapping[str, Instrument]
    names: Names
    combinations: Mapping[str, Combination]

    def number(self, symbol: str) -> int:
        """The number of an instrument or a combination in commands. Raises KeyError."""
        found = self.instruments.get(symbol) or self.combinations.get(symbol)
        if found is None:
            some = ", ".join(list(self.instruments)[:5])
            raise KeyError(f"{symbol} is not listed on this day; {some} ... are")
        return found.number

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
    members: int | None = None,
    prices: Mapping[str, Decimal] | None = None,
    phase: int = codes.PHASE_CONTINUOUS,
    further: Iterable[bytes] = (),
    rolled_from: Overnight | OpenMarket | Path | str | None = None,
    **options: Any,
) -> OpenMarket:
    """A new day of `market` (a name in `markets/` or a file) with `members` numbered from 1, or 2.

    Member m has seat m and the accounts 2m-1 and 2m, may trade everything and has ten billion
    yuan of credit. Where a product prevents self-trades, the accounts of a client are a group
    of their own, with the market's mode. `prices`: previous settlements by symbol, in quote units,
    where the market's defaults are not wanted. `further`: commands of the exchange behind the
    reference data (rules, groups, rates). `options` are those of `Venue`. Raises the errors of
    `reference`.

    `rolled_from`: the ended day before (its image, its market or its directory), whose positions,
    lasting orders and open interests go on; its last prices are the previous closes, and stand
    for settlements where no `prices` are given. Without `members` those of the day before go on,
    with their seats, groups and accounts. Raises NotAnEndedDay, and PositionRefused where the new
    day has no place for what was held.
    """
    rules = load_market(market)
    related = any(product.rules.self_trade_checked for product in rules.products)
    count = 2 if members is None else members
    people = participants(rules, numbered_members(count, related=related))
    if rolled_from is None:
        listed = listing(rules, trading_day, prices)
        reference = reference_commands(rules, trading_day, prices)
        header, carried = day_header(rules, trading_day), list[bytes]()
    else:
        night = overnight(rolled_from)
        listed, reference = _rolled_reference(rules, trading_day, prices, night)
        carried = night.commands({one.symbol: one.number for one in listed})
        header = day_header(
            rules,
            trading_day,
            first_sequence=night.first_sequence,
            state_hash=night.image.hash,
        )
        options |= {"first_sequence": night.first_sequence, "chain": night.chain}
        if members is None:
            products = rules.products_on(trading_day)
            people = night.people({product.name: product.number for product in products})
    venue = Venue(**options)
    try:
        reference = [header, *reference, *people, *further]
        for messages in (reference, carried, [encode("phase_set", phase=phase)]):
            events = venue.submit(np.frombuffer(frames(0, messages), dtype=np.uint8))
            _require_positions(events)
    except BaseException:
        venue.close()
        raise
    names = names_in(map(decode, reference))
    spreads = {one.symbol: one for one in combinations(rules, trading_day, listed)}
    return OpenMarket(venue, rules, {one.symbol: one for one in listed}, names, spreads)


def overnight(day: Overnight | OpenMarket | Path | str) -> Overnight:
    """The night behind a day: from its market, or from its directory, where the journal has it all.

    Raises NotAnEndedDay for a day that goes on.
    """
    if isinstance(day, Overnight):
        return day
    if isinstance(day, OpenMarket):
        return Overnight(day.venue.image(), day.names)
    with Venue.reopen(day) as venue:
        image = venue.image()
    return Overnight(image, names_of(day))


def _rolled_reference(
    rules: Market, trading_day: date, prices: Mapping[str, Decimal] | None, night: Overnight
) -> tuple[tuple[Instrument, ...], list[bytes]]:
    """The new day's instruments, and the commands that define them and the combinations."""
    closes, interests = night.closes(), night.open_interests()
    prices = closes if prices is None else prices
    with_strikes = tuple(product.name for product in rules.products if product.strikes)
    options = [name for name in closes if name.startswith(with_strikes) and "-" in name]
    listed = listing(rules, trading_day, prices, options)
    known = {one.symbol for one in listed}
    return listed, reference_commands(
        rules,
        trading_day,
        prices,
        closes={symbol: price for symbol, price in closes.items() if symbol in known},
        open_interests={symbol: lots for symbol, lots in interests.items() if symbol in known},
        carried=options,
    )


def _require_positions(events: np.ndarray) -> None:
    """Raises PositionRefused if a position_set was rejected: holdings may not get lost."""
    for event in decode_stream(events) if len(events) else ():
        fields = event.fields
        if event.name == "command_rejected" and fields["command"] == codes.POSITION_SET:
            reason = _REASONS[fields["reject_reason"]]
            raise PositionRefused(f"position_set of sequence {fields['sequence']}: {reason}")
