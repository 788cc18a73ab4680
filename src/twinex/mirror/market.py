"""What the mirror knows: one slotted class for each table of spec/state.md, in its words.

Prices are int in 1/10000 of the quote unit, quantities lots, money 1/10000 yuan, times ns. Rows
refer to one another as objects (an order knows its instrument), never by number.
"""

from typing import Any, Dict, List, Optional, Tuple

from twinex.mirror.book import Side
from twinex.mirror.events import Events

COUNT_MAX = 2**31 - 1  # lots of a row; a position limit of 0 means this
MONEY_MAX = 2**62

PRODUCT_FIELDS = (  # in the order of section 2
    "number phase price_rule auction_rule limit_priority offset_rule market_price_rule "
    "kinds_allowed times_allowed amend_allowed protection_allowed minimum_allowed funds_checked "
    "tick multiplier quantity_minimum quantity_maximum_limit quantity_maximum_market "
    "quantity_step position_limit opening_cap band_ticks post_only_allowed stops_allowed "
    "display_minimum self_trade_checked quote_rule quote_width_ticks quote_minimum "
    "request_width_ticks request_interval_ns"
).split()


class Product:
    """Section 2. Rules that `product_define` does not carry begin at 0."""

    __slots__ = tuple(PRODUCT_FIELDS)

    def __init__(self, **fields: int) -> None:
        for name in PRODUCT_FIELDS:
            setattr(self, name, fields.get(name, 0))


class Instrument:
    """Section 3, with its two books and the stops that wait for it.

    `sides` are the buys (0) and the sells (1). `traded` holds the trade prices of the running
    command that its stops have not been judged by yet. Of a combination `leg_1` and `leg_2` are
    instruments, else None.
    """

    __slots__ = (
        "number",
        "product",
        "lower_limit",
        "upper_limit",
        "last_price",
        "previous_settlement",
        "open_interest",
        "requested_ns",
        "position_limit",
        "halted",
        "leg_1",
        "leg_2",
        "sides",
        "stops",
        "traded",
    )

    def __init__(self, number: int, product: Product, lower_limit: int, upper_limit: int) -> None:
        self.number = number
        self.product = product
        self.lower_limit = lower_limit
        self.upper_limit = upper_limit
        self.last_price = 0
        self.previous_settlement = 0
        self.open_interest = 0
        self.requested_ns = 0
        self.position_limit = 0
        self.halted = 0
        self.leg_1: Optional["Instrument"] = None
        self.leg_2: Optional["Instrument"] = None
        self.sides = (Side(1), Side(-1))
        self.stops: Dict[int, "Stop"] = {}  # by order id
        self.traded: List[int] = []


class Member:
    """Section 4. `entries` and `cancels` are counts of window number `window` alone: an image
    shows 0 where the last command's time lies in another window. `client_ids` gives the sequence
    of the command that used an id first."""

    __slots__ = (
        "number",
        "active",
        "blocked",
        "credit",
        "used",
        "window_ns",
        "window",
        "entries",
        "cancels",
        "entries_max",
        "cancels_max",
        "client_ids",
    )

    def __init__(self, number: int) -> None:
        self.number = number
        self.active = self.blocked = 0
        self.credit = self.used = 0
        self.window_ns = self.window = 0
        self.entries = self.cancels = 0
        self.entries_max = self.cancels_max = 0
        self.client_ids: Dict[int, int] = {}


class Group:
    """Section 6. `rows` are the position rows of its accounts by instrument × 4 + hedge."""

    __slots__ = ("number", "self_trade_mode", "rows")

    def __init__(self, number: int, self_trade_mode: int) -> None:
        self.number = number
        self.self_trade_mode = self_trade_mode
        self.rows: Dict[int, List["Position"]] = {}


class Account:
    """Section 7; `group` is None where the account is of none. `rows` counts its positions."""

    __slots__ = (
        "number",
        "member",
        "open_products",
        "close_products",
        "group",
        "active",
        "blocked",
        "rows",
    )

    def __init__(self, number: int, member: Member) -> None:
        self.number = number
        self.member = member
        self.open_products = self.close_products = 0
        self.group: Optional[Group] = None
        self.active = self.blocked = 0
        self.rows = 0


class Position:
    """Section 8: holdings, frozen and opening lots of (account, instrument, hedge)."""

    __slots__ = (
        "account",
        "instrument",
        "hedge",
        "ordered",
        "long_today",
        "short_today",
        "long_yesterday",
        "short_yesterday",
        "long_frozen",
        "short_frozen",
        "long_frozen_today",
        "short_frozen_today",
        "opening_buys",
        "opening_sells",
        "opened",
    )

    def __init__(self, account: Account, instrument: Instrument, hedge: int) -> None:
        self.account = account
        self.instrument = instrument
        self.hedge = hedge
        self.ordered = 0
        self.long_today = self.short_today = self.long_yesterday = self.short_yesterday = 0
        self.long_frozen = self.short_frozen = 0
        self.long_frozen_today = self.short_frozen_today = 0
        self.opening_buys = self.opening_sells = self.opened = 0

    def closeable(self, side: int, offset: int) -> int:
        """Lots that an order of that side and offset may close; a buy closes short (orders.md)."""
        if side == 0:
            today, yesterday = self.short_today, self.short_yesterday
            frozen, frozen_today = self.short_frozen, self.short_frozen_today
        else:
            today, yesterday = self.long_today, self.long_yesterday
            frozen, frozen_today = self.long_frozen, self.long_frozen_today
        if self.instrument.product.offset_rule == 1:
            return today + yesterday - frozen
        return yesterday - frozen if offset == 1 else today - frozen_today

    def freeze(self, side: int, offset: int, lots: int) -> None:
        """Count lots of a live order, or with lots < 0 no longer."""
        if offset == 0:
            if side == 0:
                self.opening_buys += lots
            else:
                self.opening_sells += lots
        elif side == 0:
            if offset == 1:
                self.short_frozen += lots
            else:
                self.short_frozen_today += lots
        elif offset == 1:
            self.long_frozen += lots
        else:
            self.long_frozen_today += lots

    def fill(self, side: int, offset: int, lots: int) -> None:
        """Lots of a live order have traded: what it froze becomes what it does."""
        self.freeze(side, offset, -lots)
        if offset == 0:
            self.opened = min(self.opened + lots, COUNT_MAX)
            if side == 0:
                self.long_today += lots
            else:
                self.short_today += lots
            return
        if self.instrument.product.offset_rule == 1:  # yesterday's first [R 6.1]
            held = self.short_yesterday if side == 0 else self.long_yesterday
            yesterday = min(held, lots)
        else:
            yesterday = lots if offset == 1 else 0
        if side == 0:
            self.short_yesterday -= yesterday
            self.short_today -= lots - yesterday
            assert self.short_today >= 0 and self.short_yesterday >= 0
        else:
            self.long_yesterday -= yesterday
            self.long_today -= lots - yesterday
            assert self.long_today >= 0 and self.long_yesterday >= 0


class Order:
    """Section 9: an order on its way in, in a book, or done (remaining 0).

    `row` is its position row, None where the product keeps none. `frozen_price` is the price at
    which its unfilled lots count as credit; that of a resting order is its price. A leg of a quote
    has order_id mod 1024 > 0, a forced close seat 0. `price` and `kind` are as sent until it rests:
    what rests of a market kind has become a limit order. What it freezes and fills passes through
    `freeze` and `fill`, so that an order of a combination can do it otherwise.
    """

    __slots__ = (
        "order_id",
        "client_id",
        "instrument",
        "account",
        "member",
        "seat",
        "side",
        "offset",
        "hedge",
        "time_in_force",
        "post_only",
        "price",
        "quantity",
        "remaining",
        "shown",
        "display_quantity",
        "good_till_day",
        "kind",
        "minimum_quantity",
        "frozen_price",
        "row",
    )

    order_id: int
    client_id: int
    instrument: Instrument
    account: Account
    member: Member
    seat: int
    side: int
    offset: int
    hedge: int
    time_in_force: int
    post_only: int
    price: int
    quantity: int
    remaining: int
    shown: int
    display_quantity: int
    good_till_day: int
    kind: int
    minimum_quantity: int
    frozen_price: int
    row: Optional[Position]

    def freeze(self, lots: int) -> None:
        """Count that many unfilled lots at `frozen_price`, in its row and its member's credit;
        with lots < 0 no longer."""
        row = self.row
        if row is not None:
            row.freeze(self.side, self.offset, lots)
        product = self.instrument.product
        if product.funds_checked and (self.offset == 0 or row is None):
            self.member.used += self.frozen_price * product.multiplier * lots

    def fill(self, lots: int, price: int) -> None:
        """Lots of it traded at that price: the row holds them, credit counts them at the price."""
        row = self.row
        if row is not None:
            row.fill(self.side, self.offset, lots)
        product = self.instrument.product
        if product.funds_checked and (self.offset == 0 or row is None):
            value = (price - self.frozen_price) * product.multiplier * lots
            self.member.used = min(self.member.used + value, MONEY_MAX)


class Stop(Order):
    """Section 10: an order that waits for a trade price. `price` is as sent; once it is set off
    it is an order like any other."""

    __slots__ = ("stop_price", "trail")

    stop_price: int
    trail: int


class Quote:
    """Section 11: the legs, bid and ask, of (account, instrument, hedge). A leg lives while it has
    lots remaining; a quote with neither is kept as long as a command names it."""

    __slots__ = ("account", "instrument", "hedge", "legs")

    def __init__(self, account: Account, instrument: Instrument, hedge: int) -> None:
        self.account = account
        self.instrument = instrument
        self.hedge = hedge
        self.legs: List[Optional[Order]] = [None, None]


# client_id, body_crc, member, quote, command, reject_reason: a row of section 14. `quote` is the
# Quote of a quote_enter that was done and no withdrawal, 1 of a mass_quote with an entry accepted.
Command = Tuple[int, int, int, Any, int, int]


def row_key(account: int, instrument: int, hedge: int) -> int:
    """The key of a position row or a quote; keys rise as (account, instrument, hedge) do."""
    return account << 22 | instrument << 2 | hedge


class Market:
    """All tables, the day's figures (section 1) and the events of the running command."""

    __slots__ = (
        "sequence",
        "time_ns",
        "chain",
        "first_sequence",
        "commands_count",
        "events_count",
        "orders_accepted",
        "volume",
        "rejects",
        "journal_bytes",
        "event_bytes",
        "trading_day",
        "term",
        "state",
        "products",
        "instruments",
        "combinations",
        "members",
        "seats",
        "groups",
        "accounts",
        "positions",
        "orders",
        "stops",
        "quotes",
        "trades",
        "carried",
        "commands",
        "events",
        "touched",
        "traded",
        "quoted",
        "steps",
    )

    def __init__(self) -> None:
        self.sequence = self.time_ns = self.chain = self.first_sequence = 0
        self.commands_count = self.events_count = self.orders_accepted = self.volume = self.rejects = 0
        self.journal_bytes = self.event_bytes = 0
        self.trading_day = self.state = 0
        self.term = 1
        self.products: Dict[int, Product] = {}
        self.instruments: Dict[int, Instrument] = {}  # combinations among them
        self.combinations: List[Instrument] = []  # ascending
        self.members: Dict[int, Member] = {}
        self.seats: Dict[int, Member] = {}
        self.groups: Dict[int, Group] = {}
        self.accounts: Dict[int, Account] = {}
        self.positions: Dict[int, Position] = {}  # by row_key
        self.orders: Dict[int, Order] = {}  # every order in a book, by order id
        self.stops: Dict[int, Stop] = {}  # every stop that waits, by order id
        self.quotes: Dict[int, Quote] = {}  # by row_key
        self.trades: List[Tuple[int, int, int]] = []  # price, quantity, instrument (- : busted)
        self.carried: Dict[int, int] = {}  # order id: member
        self.commands: List[Optional[Command]] = []  # from first_sequence on
        self.events = Events()
        self.touched: Dict[Position, None] = {}  # rows that fills changed, in their order
        self.traded: Dict[int, Instrument] = {}  # with stops to be judged
        self.quoted: Any = 0  # what the running command leaves in its row's `quote`
        self.steps = 0  # of combinations with the legs' books in the running command

    def refuse(
        self, command: int, seat: int, reason: int, member: int = 0, client_id: int = 0,
        instrument: int = 0, account: int = 0, order_id: int = 0,
    ) -> int:  # fmt: skip
        """Say `command_rejected`, and answer the reason."""
        self.rejects += 1
        self.events.rejected(
            command, seat, reason, member, client_id, instrument, account, order_id
        )
        return reason

    def row_of(self, account: Account, instrument: Instrument, hedge: int) -> Position:
        """The position row, or an empty one that is in no table yet (`keep_row` puts it there)."""
        key = account.number << 22 | instrument.number << 2 | hedge
        row = self.positions.get(key)
        return Position(account, instrument, hedge) if row is None else row

    def keep_row(self, row: Position) -> None:
        """Put the row into the tables, if it is not there."""
        key = row_key(row.account.number, row.instrument.number, row.hedge)
        if key in self.positions:
            return
        self.positions[key] = row
        row.account.rows += 1
        group = row.account.group
        if group is not None:
            group.rows.setdefault(row.instrument.number << 2 | row.hedge, []).append(row)
