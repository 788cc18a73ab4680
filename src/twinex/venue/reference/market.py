"""What a market file says, as typed objects. Prices and rates are Decimal, in quote units.

Codes (`price_rule`, `product_class`, phases …) are those of `spec/messages.xml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from twinex.venue.reference.calendar import Calendar
from twinex.venue.reference.dated import Dated, Staged

PRICE_UNIT = 10_000  # internal price units in one quote unit
PRICE_MAXIMUM = 10**11  # internal units; the core's ladder keys stay below it
MULTIPLIER_MAXIMUM = 10**6
ORDER_VALUE_MAXIMUM = 2**62  # price * multiplier * quantity of one order, in 1/10000 yuan
TICKS_MAXIMUM = 2**24  # between the limits of one instrument: the book's ladder is no longer
PRODUCTS_MAXIMUM = 62  # bits of an account's product masks
COUNT_MAXIMUM = 2**31 - 1  # lots or messages that a cap may allow; spec/operator.md
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Rules:
    """How a product trades: codes and bit masks as `product_define` and `rule_set` carry them."""

    price_rule: int
    market_price_rule: int
    auction_rule: int
    limit_priority: int
    offset_rule: int
    kinds_allowed: int
    times_allowed: int
    amend_allowed: bool
    protection_allowed: bool
    minimum_allowed: bool
    funds_checked: bool
    post_only_allowed: bool
    stops_allowed: int
    self_trade_checked: bool


@dataclass(frozen=True)
class Quantities:
    """Order sizes in lots. `maximum_market` None: market orders have the limit orders' maximum.

    `display_minimum` is the least that an iceberg order shows; 0: no icebergs.
    """

    minimum: Dated[int]
    maximum_limit: Dated[int]
    maximum_market: Dated[int] | None
    step: Dated[int]
    display_minimum: Dated[int]


@dataclass(frozen=True)
class Limits:
    """Daily price limits: a ratio of `basis`, rounded to the tick by `rounding` (rulebook 1.7).

    `basis`: "settlement" (of the contract) or "underlying" (index close, around an option's
    settlement). `rounding`: "inward", "truncate" or "half_up". `first_day_months`: "quarter" or
    "every" month's contracts have the first-day ratio. `band_ticks`: how far from the last price an
    order may stand (动态价格保护带); 0: no band.
    """

    basis: str
    rounding: str
    ratio: Dated[Decimal]
    first_day: Dated[Decimal] | None
    first_day_months: str
    last_day: Dated[Decimal] | None
    band_ticks: Dated[int]


@dataclass(frozen=True)
class Quotes:
    """Quotes (报价) and requests for them (询价), rulebook 9.1; `rule` is a code of `QuoteRule`.

    A width of 0 ticks asks for none; an interval of 0 means that nobody requests quotes.
    """

    rule: int
    width_ticks: Dated[int]
    minimum: Dated[int]
    request_width_ticks: Dated[int]
    request_interval_ns: Dated[int]


@dataclass(frozen=True)
class Rates:
    """How many messages a member may send in each window of `window_ns`; 0: any number."""

    window_ns: int
    entries_max: int
    cancels_max: int


@dataclass(frozen=True)
class Contracts:
    """Which months are listed, and when they end.

    `nearest` consecutive months, then `quarters` later quarter months, plus the even months among
    the next `evens_within`. `expiry`: "third_friday", "second_friday", "fifteenth" or "none".
    `symbols`: the instruments of a product without months (stocks).
    """

    nearest: int
    quarters: int
    evens_within: int
    expiry: str
    symbols: tuple[str, ...]


@dataclass(frozen=True)
class Strikes:
    """Strikes of one option month: `each_side` above and below the one nearest the index close.

    `time_value[n]` is the time value at the money of the n-th listed month, as a ratio of the
    index: it derives previous settlements where the caller gives none (`prices`).
    """

    step: Dated[Decimal]
    each_side: Dated[int]
    time_value: tuple[Decimal, ...]


@dataclass(frozen=True)
class FutureMargin:
    """Exchange margin as a ratio of settlement value, staged along the contract's life (6.3).

    `minimum_rate` is the contract's own minimum. `larger_side_group`: only the larger of long and
    short is charged over the products that name the same group; "" charges both sides.
    """

    minimum_rate: Decimal
    rates: Dated[Staged]
    larger_side_group: str


@dataclass(frozen=True)
class OptionMargin:
    """Short option margin (6.4): adjustment coefficient a, minimum guarantee g, OTM discount."""

    coefficient: Dated[Decimal]
    guarantee: Dated[Decimal]
    out_of_money_discount: Dated[Decimal]


@dataclass(frozen=True)
class Fee:
    """lots * (price * multiplier * by_money + by_volume), in yuan (6.5)."""

    by_money: Decimal
    by_volume: Decimal


@dataclass(frozen=True)
class Fees:
    """All fees of a product. `insert` and `cancel` are yuan per order message."""

    open: Dated[Fee]
    close: Dated[Fee]
    close_today: Dated[Fee]
    delivery: Dated[Fee]
    exercise: Dated[Fee]
    insert: Dated[Decimal]
    cancel: Dated[Decimal]


@dataclass(frozen=True)
class PhaseAt:
    """From `at` (exchange local time) on, `phase`."""

    at: time
    phase: int


@dataclass(frozen=True)
class Session:
    """The phases of one trading day. `night` is on the evening before and may pass midnight.

    `day_without_night` replaces `day` where the night session was not held.
    """

    night: tuple[PhaseAt, ...]
    day: tuple[PhaseAt, ...]
    day_without_night: tuple[PhaseAt, ...]


@dataclass(frozen=True)
class Product:
    """One product. `listed` is its first trading day; `underlying` an index or a product."""

    where: str
    number: int
    name: str
    product_class: int
    listed: date
    underlying: str
    multiplier: int
    tick: Dated[Decimal]
    sessions: Dated[Session]
    last_day_close: time | None
    rules: Rules
    quantities: Quantities
    position_limit: Dated[Staged] | None
    opening_cap: Dated[int]
    limits: Limits
    quotes: Quotes
    contracts: Contracts
    strikes: Strikes | None
    margin: FutureMargin | OptionMargin | None
    fees: Fees


@dataclass(frozen=True)
class Leg:
    """A leg of a combination: the `month`-th month of its product, 1 the nearest; or a `symbol`.

    `month` is 0 and `symbol` given for a product without months (a stock).
    """

    product: str
    month: int
    symbol: str


@dataclass(frozen=True)
class CombinationRule:
    """A combination (组合) that is listed from `listed` on, on days on which both legs are.

    `name` begins its symbols. Buying it buys leg 1 and sells leg 2 (rulebook 2.1).
    """

    where: str
    name: str
    listed: date
    leg_1: Leg
    leg_2: Leg


@dataclass(frozen=True)
class Market:
    """A market file, loaded. `digest` is the SHA-256 of the file and its calendar's.

    `rates` hold for members that have none of their own (None: nobody is held back), and
    `self_trade_mode` (a code of `SelfTradeMode`) for groups of related accounts.
    """

    name: str
    path: str
    digest: bytes
    utc_offset_hours: int
    calendar: Calendar
    products: tuple[Product, ...]
    combinations: tuple[CombinationRule, ...]
    default_prices: Mapping[str, Decimal]
    rates: Rates | None
    self_trade_mode: int

    def product(self, name: str) -> Product:
        for product in self.products:
            if product.name == name:
                return product
        known = ", ".join(product.name for product in self.products)
        raise KeyError(f"market {self.name} has no product {name!r}; it has {known}")

    def products_on(self, trading_day: date) -> tuple[Product, ...]:
        """Products listed on `trading_day`, by number."""
        return tuple(p for p in self.products if p.listed <= trading_day)
