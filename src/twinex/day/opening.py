"""Everything the exchange sends before a simulated day opens: reference data and participants."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from twinex.day.roster import LONG, Roster, as_members, build_roster, overnight
from twinex.day.valuation import Valuation
from twinex.readers.listing import Listing, read_listing
from twinex.venue.reference import Market, day_header, listing, participants, reference_commands
from twinex.venue.reference.market import PRICE_UNIT
from twinex.venue.wire import codes

Ints = npt.NDArray[np.int64]

_BASIS_POINTS_A_MONTH = 22  # futures stand so much below their index, more the later they end


@dataclass(frozen=True)
class Opening:
    """`commands` open the day; the rest is what the traders know of it."""

    listing: Listing
    roster: Roster
    held: Ints
    commands: list[bytes]


def prepare(market: Market, trading_day: date, seed: int) -> Opening:
    """Reference data of the day, with settlement prices that hang together, and positions."""
    valued = _valued(market, trading_day, seed)
    symbols = valued.listing.symbols
    prices = {
        symbol: Decimal(int(price)) / PRICE_UNIT
        for symbol, price in zip(symbols, valued.fair, strict=True)
    }
    roster = build_roster()
    held = overnight(roster, valued.weight, seed)
    held[:, valued.listing.product_class == codes.CLASS_STOCK] = 0
    interests = {symbol: int(held[:, slot, LONG].sum()) for slot, symbol in enumerate(symbols)}
    reference = reference_commands(
        market, trading_day, prices, closes=prices, open_interests=interests
    )
    members = as_members(roster, market, symbols, held)
    people = participants(market, members, listing(market, trading_day, prices))
    commands = [day_header(market, trading_day), *reference, *people]
    return Opening(read_listing(reference).contracts(), roster, held, commands)


def _valued(market: Market, trading_day: date, seed: int) -> Valuation:
    """The contracts' settlements: futures below their index by their months to go; options by the
    value they are traded at.
    """
    plain = read_listing(reference_commands(market, trading_day)).contracts()
    months = plain.month // 100 * 12 + plain.month % 100
    months = np.where(plain.month > 0, months - (trading_day.year * 12 + trading_day.month), 0)
    discount = plain.settlement * _BASIS_POINTS_A_MONTH * months // 10_000
    bonds = np.array([name.startswith("T") for name in plain.product_names])
    discount = np.where(bonds, discount // 8, discount)
    ticks = (plain.settlement - discount) // plain.tick
    futures = plain.product_class == codes.CLASS_FUTURE
    settlement = np.where(futures, ticks * plain.tick, plain.settlement)
    return Valuation(replace(plain, settlement=settlement), trading_day, seed)
