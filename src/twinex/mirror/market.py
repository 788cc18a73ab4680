"""What the mirror knows: one slotted class for each table of spec/state.md, in its words.

Prices are int in 1/10000 of the quote unit, quantities lots, money 1/10000 yuan, times ns. Rows
refer to one another as objects (an order knows its instrument), never by number.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from twinex.mirror.book import Side
from twinex.mirror.commands import Commands
from twinex.mirror.events import COMMAND_REJECTED, Events
from twinex.mirror.waiting import Trail, Waiting

COUNT_MAX = 2**31 - 1  # lots of a row; a position limit of 0 means this
MONEY_MAX = 2**62
BY_ID = attrgetter("order_id")  # orders in the order of their acceptance

PRODUCT_FIELDS = (  # noqa: SIM905 - in the order of section 2
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

    if TYPE_CHECKING:  # every field is an int

        def __getattr__(self, name: str) -> int: ...
        def __setattr__(self, name: str, value: int) -> None: ...


class Instrument:
    """Section 3, with its two books and the stops that wait for it.

    `sides` are the buys (0) and the sells (1), `waiting` holds the stops of each. `traded` holds
    the trade prices of the running command that its stops have not been judged by yet. Of a
    combination `leg_1` and `leg_2` are instruments, else None.
    """

    __slots__ = (
        "halted", "last_price", "leg_1", "leg_2", "lower_limit", "number", "open_interest",
        "position_limit", "previous_settlement", "product", "requested_ns", "sides", "stops",
        "traded", "upper_limit", "waiting",
    )  # fmt: skip

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
        self.leg_1: Instrument | None = None
        self.leg_2: Instrument | None = None
        self.sides = (Side(1), Side(-1))
        self.stops: dict[int, Stop] = {}  # by order id
        self.waiting = (Waiting(-1), Waiting(1))
        self.traded: list[int] = []


class Member:
    """Section 4. `entries` and `cancels` are counts of window number `window` alone: an image
    shows 0 where the last command's time lies in another window. `client_ids` gives the sequence
    of the command that used an id first. `orders` are its live ones, waiting stops among them."""

    __slots__ = (
        "active", "blocked", "cancels", "cancels_max", "client_ids", "credit", "entries",
        "entries_max", "number", "orders", "used", "window", "window_ns",
    )  # fmt: skip

    def __init__(self, number: int) -> None:
        self.number = number
        self.active = self.blocked = 0
        self.credit = self.used = 0
        self.window_ns = self.window = 0
        self.entries = self.cancels = 0
        self.entries_max = self.cancels_max = 0
        self.client_ids: dict[int, int] = {}
        self.orders: dict[int, Order] = {}  # by order id


class Group:
    """Section 6. `rows` are the position rows of its accounts by instrument × 4 + hedge."""

    __slots__ = ("number", "rows", "self_trade_mode")

    def __init__(self, number: int, self_trade_mode: int) -> None:
        self.number = number
        self.self_trade_mode = self_trade_mode
        self.rows: dict[int, list[Position]] = {}


class Account:
    """Section 7; `group` is None where the account is of none. `rows` counts its positions."""

    __slots__ = (
        "active", "blocked", "close_products", "group", "member", "number", "open_products", "rows",
    )  # fmt: skip

    def __init__(self, number: int, member: Member) -> None:
        self.number = number
        self.member = member
        self.open_products = self.close_products = 0
        self.group: Group | None = None
        self.active = self.blocked = 0
        self.rows = 0


class Position:
    """Section 8: holdings, frozen and opening lots of (account, instrument, hedge)."""

    __slots__ = (
        "account", "hedge", "instrument", "long_frozen", "long_frozen_today", "long_today",
        "long_yesterday", "opened", "opening_buys", "opening_sells", "ordered", "short_frozen",
        "short_frozen_today", "short_today", "short_yesterday",
    )  # fmt: skip

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

    def side_total(self, side: int) -> int:
        """Holdings and live opening lots of one side."""
        if side == 0:
            return self.long_today + self.long_yesterday + self.opening_buys
        return self.short_today + self.short_yesterday + self.opening_sells

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
        else:
            self.long_yesterday -= yesterday
            self.long_today -= lots - yesterday
        assert min(self.short_today, self.short_yesterday) >= 0
        assert min(self.long_today, self.long_yesterday) >= 0


class Order:
    """Section 9: an order on its way in, in a book, or done (remaining 0).

    `row` is its position row, None where the product keeps none. `frozen_price` is the price at
    which its unfilled lots count as credit; that of a resting order is its price. A leg of a quote
    has order_id mod 1024 > 0, a forced close seat 0. `price` and `kind` are as sent until it rests:
    what rests of a market kind has become a limit order. `shown` is 0 as long as it is in no book.
    What it freezes passes through `freeze`, so that an order of a combination can do it otherwise.
    """

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
    row: Position | None

    __slots__ = tuple(__annotations__)

    def freeze(self, lots: int) -> None:
        """Count that many unfilled lots at `frozen_price`, in its row and its member's credit;
        with lots < 0 no longer."""
        row = self.row
        if row is not None:
            if self.offset:
                row.freeze(self.side, self.offset, lots)
            elif self.side:
                row.opening_sells += lots
            else:
                row.opening_buys += lots
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
            self.member.used += min(value, max(0, MONEY_MAX - self.member.used))


class Stop(Order):
    """Section 10: an order that waits for a trade price. `price` is as sent; once it is set off
    it is an order like any other. A trailing one that waits is `behind` the price of others."""

    __slots__ = ("behind", "standing_price", "trail")

    behind: Trail | None
    standing_price: int
    trail: int

    def __init__(self) -> None:
        self.behind = None

    @property
    def stop_price(self) -> int:
        """Where it is set off, or was."""
        if self.behind is None:
            return self.standing_price
        return self.behind.price + (self.trail if self.side == 0 else -self.trail)

    @stop_price.setter
    def stop_price(self, price: int) -> None:
        self.standing_price = price


class Quote:
    """Section 11: the legs, bid and ask, of (account, instrument, hedge). A leg lives while it has
    lots remaining; a quote with neither is kept as long as a command names it."""

    __slots__ = ("account", "hedge", "instrument", "legs")

    def __init__(self, account: Account, instrument: Instrument, hedge: int) -> None:
        self.account = account
        self.instrument = instrument
        self.hedge = hedge
        self.legs: list[Order | None] = [None, None]


def row_key(account: int, instrument: int, hedge: int) -> int:
    """The key of a position row or a quote; keys rise as (account, instrument, hedge) do."""
    return account << 22 | instrument << 2 | hedge


class Market:
    """All tables, the day's figures (section 1) and the events of the running command."""

    __slots__ = (
        "accounts", "carried", "chain", "combinations", "commands", "commands_count", "event_bytes",
        "events", "events_count", "first_sequence", "groups", "instruments", "journal_bytes",
        "members", "orders_accepted", "positions", "products", "quoted", "quotes", "rejects",
        "seats", "sequence", "state", "steps", "term", "time_ns", "touched", "traded", "trades",
        "trading_day", "volume",
    )  # fmt: skip

    def __init__(self) -> None:
        self.sequence = self.time_ns = self.chain = self.first_sequence = 0
        self.commands_count = self.events_count = self.orders_accepted = 0
        self.volume = self.rejects = self.journal_bytes = self.event_bytes = 0
        self.trading_day = self.state = 0
        self.term = 1
        self.products: dict[int, Product] = {}
        self.instruments: dict[int, Instrument] = {}  # combinations among them
        self.combinations: list[Instrument] = []  # ascending
        self.members: dict[int, Member] = {}
        self.seats: dict[int, Member] = {}
        self.groups: dict[int, Group] = {}
        self.accounts: dict[int, Account] = {}
        self.positions: dict[int, Position] = {}  # by row_key
        self.quotes: dict[int, Quote] = {}  # by row_key
        self.trades: list[tuple[int, int, int]] = []  # price, quantity, instrument (- : busted)
        self.carried: dict[int, int] = {}  # order id: member
        self.commands = Commands()
        self.events = Events()
        self.touched: dict[Position, None] = {}  # rows that fills changed, in their order
        self.traded: dict[int, Instrument] = {}  # with stops to be judged
        self.quoted: Any = 0  # what the running command leaves in its row's `quote`
        self.steps = 0  # of combinations with the legs' books in the running command

    def refuse(
        self, command: int, seat: int, reason: int, member: int = 0, client_id: int = 0,
        instrument: int = 0, account: int = 0, order_id: int = 0,
    ) -> int:  # fmt: skip
        """Say `command_rejected`, and answer the reason."""
        self.rejects += 1
        self.events.say(
            COMMAND_REJECTED, instrument, order_id, client_id, account, member, seat, reason,
            command,
        )  # fmt: skip
        return reason

    def live(self) -> Iterator[Order]:
        """Every order in a book and every stop that waits."""
        for member in self.members.values():
            yield from member.orders.values()

    def row_of(self, account: Account, instrument: Instrument, hedge: int) -> Position:
        """The position row, or an empty one that is in no table yet (`keep_row` puts it there)."""
        row = self.positions.get(row_key(account.number, instrument.number, hedge))
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
