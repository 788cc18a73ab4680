"""Errors of reference data. Each says what is wrong, where it stands, and what would be right."""


class MarketError(ValueError):
    """A mistake in a market file, found when it is loaded: file, line, place, expectation."""


class MarketBoundsError(MarketError):
    """A product whose prices, multiplier and quantities could overflow the core's integers."""


class NotInForceError(MarketError):
    """A dated parameter that has no value yet on the day asked for."""


class CalendarError(ValueError):
    """A day that is no trading day, or one the calendar does not cover."""


class PriceError(ValueError):
    """A settlement or index price that is missing, or that fits no product."""


class ParticipantError(ValueError):
    """A member, seat, account, right or opening position that cannot be defined."""
