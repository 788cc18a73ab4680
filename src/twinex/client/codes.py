"""What the numbers in messages mean: the enums of spec/messages.xml that a member meets.

`tests/client/test_messages.py` holds them against the schema.
"""

from enum import IntEnum


class Code(IntEnum):
    """A number with a name; prints as the name. A number that this version does not know becomes
    `UNKNOWN_n`, so that a newer market does not stop an older program."""

    @classmethod
    def _missing_(cls, value: object) -> "Code | None":
        if not isinstance(value, int) or not 0 <= value < 1 << 16:
            return None
        code = int.__new__(cls, value)
        code._name_, code._value_ = f"UNKNOWN_{value}", value
        return code

    def __str__(self) -> str:
        return self.name


class Side(Code):
    """Which side of the market."""

    BUY = 0
    SELL = 1
    NONE = 2


class PriceKind(Code):
    """How an order prices itself (rulebook 2.1)."""

    LIMIT = 0  # limit order
    MARKET = 1  # any number of opposite levels
    BEST = 2  # the best opposite level only
    FIVE_LEVELS = 3  # up to five opposite levels


class TimeInForce(Code):
    """How long an order stands."""

    DAY = 0  # good for day (GFD)
    FAK = 1  # fill and kill, with an optional minimum volume
    FOK = 2  # fill or kill
    GTD = 3  # good till the end of a trading day
    GTC = 4  # good till cancelled


class Offset(Code):
    """Opens or closes a position (开平)."""

    OPEN = 0
    CLOSE = 1
    CLOSE_TODAY = 2


class Hedge(Code):
    """The hedge flag (投机 套利 套保 做市)."""

    SPECULATION = 0
    ARBITRAGE = 1
    HEDGE = 2
    MARKET_MAKER = 3


class Phase(Code):
    """Instrument status of rulebook 1.5; 8 is ours, for Shanghai."""

    BEFORE_TRADING = 0
    NO_TRADING = 1
    CONTINUOUS = 2
    AUCTION_ORDERING = 3
    AUCTION_BALANCE = 4
    AUCTION_MATCH = 5
    CLOSED = 6
    PROCESSING = 7
    AUCTION_NO_CANCEL = 8


class Role(Code):
    """Part of an order in a trade."""

    RESTING = 0
    INCOMING = 1
    AUCTION = 2


class PriceSource(Code):
    """Where a trade price came from (rulebook 2.3)."""

    LAST = 0
    BUY = 1
    SELL = 2
    AUCTION = 3
    COMBINATION = 4  # of or through an order of a combination


class Rule(Code):
    """What rule_set changes; values and bounds in operator.md."""

    AMEND_ALLOWED = 1
    KINDS_ALLOWED = 2
    TIMES_ALLOWED = 3
    PROTECTION_ALLOWED = 4
    MINIMUM_ALLOWED = 5
    QUANTITY_MINIMUM = 6
    QUANTITY_MAXIMUM_LIMIT = 7
    QUANTITY_MAXIMUM_MARKET = 8
    POSITION_LIMIT = 9
    OPENING_CAP = 10
    BAND_TICKS = 11
    POST_ONLY_ALLOWED = 12
    STOPS_ALLOWED = 13
    DISPLAY_MINIMUM = 14
    SELF_TRADE_CHECKED = 15
    QUOTE_RULE = 16
    QUOTE_WIDTH_TICKS = 17
    QUOTE_MINIMUM = 18
    REQUEST_WIDTH_TICKS = 19
    REQUEST_INTERVAL_NS = 20


class MassScope(Code):
    """Which orders a mass cancel means."""

    ALL = 0
    ORDERS = 1  # neither legs of quotes nor waiting stops
    QUOTES = 2
    STOPS = 3  # stops that wait


class OperatorReason(Code):
    """Why the exchange acted on behalf (rulebook 8.3, force close reasons)."""

    NONE = 0
    FUNDS = 1
    CLIENT_OVER_LIMIT = 2
    MEMBER_OVER_LIMIT = 3
    NOT_MULTIPLE = 4
    VIOLATION = 5
    OTHER = 6
    NATURAL_PERSON = 7


class CancelReason(Code):
    """Why an order's remainder left the market; see orders.md."""

    MEMBER = 1
    MASS = 2
    FAK_REMAINDER = 3
    FOK_UNFILLED = 4
    MINIMUM_UNFILLED = 5
    MARKET_REMAINDER = 6
    MARKET_NO_FILL = 7
    EXPIRED = 8
    OUTSIDE_LIMITS = 9
    AMENDED_AWAY = 10
    SELF_TRADE = 11
    OUTSIDE_BAND = 12
    QUOTE_REPLACED = 13
    OPERATOR = 14


class RejectReason(Code):
    """See rejects.md; the order of the checks is in risk.md."""

    NONE = 0
    TEMPLATE_UNKNOWN = 1
    LENGTH_WRONG = 2
    SEAT_UNKNOWN = 3
    NOT_PERMITTED = 4
    DAY_NOT_OPEN = 5
    CLIENT_ID_INVALID = 10
    ID_REUSED = 11
    MEMBER_INACTIVE = 12
    ACCOUNT_UNKNOWN = 13
    ACCOUNT_INACTIVE = 14
    MEMBER_BLOCKED = 15
    ACCOUNT_BLOCKED = 16
    ENTRY_RATE_EXCEEDED = 17
    CANCEL_RATE_EXCEEDED = 18
    INSTRUMENT_UNKNOWN = 20
    PRODUCT_NOT_PERMITTED = 21
    CLOSE_ONLY = 22
    HALTED = 23
    PHASE_NO_ENTRY = 24
    PHASE_NO_CANCEL = 25
    NOT_IN_AUCTION = 26
    FIELD_INVALID = 30
    KIND_UNSUPPORTED = 31
    TIME_IN_FORCE_UNSUPPORTED = 32
    OFFSET_UNSUPPORTED = 33
    MINIMUM_INVALID = 34
    AMEND_UNSUPPORTED = 35
    POST_ONLY_UNSUPPORTED = 36
    DISPLAY_INVALID = 37
    GOOD_TILL_INVALID = 38
    STOP_UNSUPPORTED = 39
    PRICE_OFF_TICK = 40
    PRICE_ABOVE_LIMIT = 41
    PRICE_BELOW_LIMIT = 42
    PRICE_NOT_ALLOWED = 43
    PRICE_ABOVE_BAND = 44
    PRICE_BELOW_BAND = 45
    POST_ONLY_WOULD_TRADE = 46
    STOP_PRICE_INVALID = 47
    STOP_PRICE_MET = 48
    SELF_TRADE = 49
    QUANTITY_BELOW_MINIMUM = 50
    QUANTITY_ABOVE_MAXIMUM = 51
    QUANTITY_OFF_STEP = 52
    POSITION_INSUFFICIENT = 60
    POSITION_TODAY_INSUFFICIENT = 61
    POSITION_YESTERDAY_INSUFFICIENT = 62
    POSITION_LIMIT = 63
    FUNDS_INSUFFICIENT = 64
    OPENING_CAP = 65
    ORDER_UNKNOWN = 70
    ORDER_DONE = 71
    QUOTE_LEG = 72
    QUOTE_UNSUPPORTED = 73
    QUOTE_INVALID = 74
    QUOTE_CROSSED = 75
    QUOTE_TOO_WIDE = 76
    REQUEST_UNSUPPORTED = 77
    REQUEST_NOT_NEEDED = 78
    REQUEST_TOO_SOON = 79
    REFERENCE_INVALID = 80
    REFERENCE_UNKNOWN = 81
    REFERENCE_IN_USE = 82
    PHASE_TRANSITION = 83
    LIMITS_INVALID = 84
    DAY_ALREADY_OPEN = 85
    TRADE_UNKNOWN = 86
    TRADE_BUSTED = 87
