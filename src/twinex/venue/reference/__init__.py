"""Reference data: markets, calendars, contracts and participants, turned into commands.

market = load_market("cffex")
day = date(2026, 7, 6)
instruments = listing(market, day)
commands = reference_commands(market, day) + participants(market, numbered_members(4))
phases = schedule(market, day)
"""

from twinex.venue.reference.calendar import Calendar
from twinex.venue.reference.combinations import Combination, combinations
from twinex.venue.reference.commands import day_header, day_number, reference_commands
from twinex.venue.reference.contracts import last_trading_day, listed_months
from twinex.venue.reference.dated import Dated, Stage, Staged
from twinex.venue.reference.listing import Instrument, listing
from twinex.venue.reference.loader import load_market, market_names, markets_directory
from twinex.venue.reference.market import (
    CombinationRule,
    Fee,
    FutureMargin,
    Leg,
    Market,
    OptionMargin,
    Product,
    Quotes,
    Rates,
)
from twinex.venue.reference.mistakes import (
    CalendarError,
    MarketBoundsError,
    MarketError,
    NotInForceError,
    ParticipantError,
    PriceError,
)
from twinex.venue.reference.participants import (
    Member,
    OpeningPosition,
    TradingCode,
    credit_change,
    numbered_members,
    participants,
    right_change,
    trading_codes,
)
from twinex.venue.reference.prices import price_limits
from twinex.venue.reference.schedule import early_closes, local_time_ns, schedule

__all__ = [
    "Calendar",
    "CalendarError",
    "Combination",
    "CombinationRule",
    "Dated",
    "Fee",
    "FutureMargin",
    "Instrument",
    "Leg",
    "Market",
    "MarketBoundsError",
    "MarketError",
    "Member",
    "NotInForceError",
    "OpeningPosition",
    "OptionMargin",
    "ParticipantError",
    "PriceError",
    "Product",
    "Quotes",
    "Rates",
    "Stage",
    "Staged",
    "TradingCode",
    "combinations",
    "credit_change",
    "day_header",
    "day_number",
    "early_closes",
    "last_trading_day",
    "listed_months",
    "listing",
    "load_market",
    "local_time_ns",
    "market_names",
    "markets_directory",
    "numbered_members",
    "participants",
    "price_limits",
    "reference_commands",
    "right_change",
    "schedule",
    "trading_codes",
]
