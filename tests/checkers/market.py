"""What a reader of commands and events knows of the market: plain objects, one for each thing."""

from dataclasses import dataclass, field
from types import SimpleNamespace

from checkers.wire import ENUMS, OFFSET, PHASE, TIME, Violation

BUY, SELL = 0, 1
ENTRY = (PHASE.continuous, PHASE.auction_ordering, PHASE.auction_no_cancel)
CANCELS = (PHASE.continuous, PHASE.auction_ordering)
COLLECTING = (PHASE.auction_ordering, PHASE.auction_balance, PHASE.auction_no_cancel)
HOLDING_MAX = 2**31 - 1
MODE = ENUMS["SelfTradeMode"]


def hold(condition: object, rule: str, *facts: object) -> None:
    """Raise Violation with the rule and the facts unless `condition` is true."""
    if not condition:
        raise Violation(f"{rule}: {', '.join(map(str, facts))}" if facts else rule)


@dataclass
class Order:
    """One accepted order. `price`: what its remainder is reserved at (limit or freeze price).

    `sent`: the price as sent. `display`: what an iceberg shows at most, 0 for any other; `visible`
    is what it shows now. `waiting`: a stop that was not set off yet.
    """

    id: int
    client_id: int
    member: int
    seat: int
    account: int
    instrument: int
    hedge: int
    side: int
    offset: int
    kind: int
    time_in_force: int
    quantity: int
    remaining: int
    price: int
    sent: int = 0
    minimum: int = 0
    post_only: int = 0
    display: int = 0
    good_till_day: int = 0
    stop_price: int = 0
    trail: int = 0
    visible: int = 0
    leg_prices: tuple[int, int] = (0, 0)  # of a combination: what each leg is frozen at
    resting: bool = False
    waiting: bool = False
    done: bool = False

    @property
    def filled(self) -> int:
        return self.quantity - self.remaining

    @property
    def shown(self) -> int:
        return self.visible if self.display else self.remaining

    @property
    def is_leg(self) -> bool:
        return self.id % 1024 != 0

    @property
    def forced(self) -> bool:
        return self.seat == 0

    def show(self) -> None:
        """What comes to rest, or queues anew, shows its display quantity."""
        self.visible = min(self.display, self.remaining)

    def outlives(self, day: int) -> bool:
        """Does it stay when the trading day closes?"""
        if self.offset == OFFSET.close_today:
            return False
        later = self.time_in_force == TIME.gtd and self.good_till_day > day
        return later or self.time_in_force == TIME.gtc


@dataclass
class Row:
    """Holdings of (account, instrument, hedge): 0 long, 1 short; `opening`: 0 buys, 1 sells.

    `opened`: lots of the day's opening fills, both sides.
    """

    today: list[int] = field(default_factory=lambda: [0, 0])
    yesterday: list[int] = field(default_factory=lambda: [0, 0])
    frozen: list[int] = field(default_factory=lambda: [0, 0])
    frozen_today: list[int] = field(default_factory=lambda: [0, 0])
    opening: list[int] = field(default_factory=lambda: [0, 0])
    given: list[int] = field(default_factory=lambda: [0, 0])
    opened: int = 0
    ordered: bool = False
    was_set: bool = False

    @property
    def made(self) -> bool:
        """Did an order or `position_set` make it?"""
        return self.ordered or self.was_set

    def closeable(self, rule: int, holding: int, offset: int) -> int:
        if rule == 1:
            return self.yesterday[holding] + self.today[holding] - self.frozen[holding]
        if offset == OFFSET.close_today:
            return self.today[holding] - self.frozen_today[holding]
        return self.yesterday[holding] - self.frozen[holding]


@dataclass
class Instrument:
    """A contract, its book (price -> orders in priority) and its last price (cp)."""

    number: int
    product: SimpleNamespace
    lower: int
    upper: int
    settlement: int
    last: int
    position_limit: int
    open_interest: int
    given_interest: int = 0
    halted: bool = False
    legs: tuple["Instrument", ...] = ()  # two, of a combination
    requested_ns: int | None = None  # when the last request for quote was accepted
    stops: list[Order] = field(default_factory=list)  # that wait
    book: tuple[dict[int, list[Order]], dict[int, list[Order]]] = field(
        default_factory=lambda: ({}, {})
    )

    def prices(self, side: int) -> list[int]:
        """Prices with orders, best first."""
        return sorted(self.book[side], reverse=side == BUY)

    def best(self, side: int) -> int | None:
        level = self.book[side]
        if not level:
            return None
        return max(level) if side == BUY else min(level)

    def crossed(self) -> bool:
        buy, sell = self.best(BUY), self.best(SELL)
        return buy is not None and sell is not None and buy >= sell

    def orders(self) -> list[Order]:
        return [order for side in self.book for level in side.values() for order in level]

    def volume(self, side: int, price: int) -> int:
        """All lots of a level, hidden ones too."""
        return sum(order.remaining for order in self.book[side].get(price, ()))

    def shown(self, side: int, price: int) -> int:
        return sum(order.shown for order in self.book[side].get(price, ()))

    def privileged(self, order: Order) -> bool:
        """Does it go before opening orders at a limit price?"""
        rule = self.product.limit_priority
        if rule == 0 or order.offset == OFFSET.open:
            return False
        return order.offset == OFFSET.close or rule == 1

    def place_in(self, queue: list[Order], order: Order, price: int) -> int:
        """Where an order that queues now stands: time, but closing first at a limit price."""
        if price not in (self.lower, self.upper) or not self.privileged(order):
            return len(queue)
        place = 0
        while place < len(queue) and self.privileged(queue[place]):
            place += 1
        return place

    def rest(self, order: Order, price: int) -> None:
        """Queue an order by matching.md."""
        queue = self.book[order.side].setdefault(price, [])
        queue.insert(self.place_in(queue, order, price), order)
        order.price, order.resting = price, True
        order.show()

    def refresh(self, order: Order) -> None:
        """An iceberg whose shown lots are used up shows new ones and queues anew."""
        queue = self.book[order.side][order.price]
        queue.remove(order)
        queue.insert(self.place_in(queue, order, order.price), order)
        order.show()

    def meets(self, side: int, price: int) -> bool:
        """Would an order of this side and price meet an opposite level?"""
        best = self.best(1 - side)
        return best is not None and (price >= best if side == BUY else price <= best)

    def leave(self, order: Order) -> None:
        queue = self.book[order.side][order.price]
        queue.remove(order)
        if not queue:
            del self.book[order.side][order.price]
        order.resting = False


@dataclass
class Deal:
    """A trade of the day, as the exchange may void or correct it."""

    instrument: int
    quantity: int
    price: int
    busted: bool = False


@dataclass
class Rate:
    """A member's rates and what it sent in the window that counts now."""

    window_ns: int
    most: tuple[int, int]  # entries, cancels
    window: int = -1
    counts: list[int] = field(default_factory=lambda: [0, 0])

    def full(self, which: int, time_ns: int) -> bool:
        """Has the window of `time_ns` taken all it may of entries (0) or cancels (1)?"""
        if not self.window_ns:
            return False
        if self.window != time_ns // self.window_ns:
            self.window, self.counts = time_ns // self.window_ns, [0, 0]
        return 0 < self.most[which] <= self.counts[which]


@dataclass
class Market:
    """Everything that commands and events have said so far today."""

    products: dict[int, SimpleNamespace] = field(default_factory=dict)
    phases: dict[int, int] = field(default_factory=dict)
    instruments: dict[int, Instrument] = field(default_factory=dict)
    members: dict[int, SimpleNamespace] = field(default_factory=dict)
    seats: dict[int, int] = field(default_factory=dict)
    accounts: dict[int, SimpleNamespace] = field(default_factory=dict)
    rows: dict[tuple[int, int, int], Row] = field(default_factory=dict)
    used: dict[int, int] = field(default_factory=dict)  # credit used, by member
    orders: dict[int, Order] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)  # number -> self-trade mode
    rates: dict[int, Rate] = field(default_factory=dict)
    blocked: set[tuple[str, int]] = field(default_factory=set)  # ("member" or "account", number)
    quotes: dict[tuple[int, int, int], list[Order | None]] = field(default_factory=dict)
    quoted: dict[int, int] = field(default_factory=dict)  # sequence of accepted quotes -> member
    deals: dict[int, Deal] = field(default_factory=dict)
    first_sequence: int = 0
    now_ns: int = 0  # time of the command that is judged
    traded: dict[int, list[int]] = field(default_factory=dict)  # prices that stops do not know yet
    day: int = 0  # 0 before, 1 open, 2 ended
    trading_day: int = 0
    accepted: int = 0
    trades: int = 0
    volume: int = 0
    rejects: int = 0

    def phase(self, instrument: Instrument) -> int:
        return self.phases[instrument.product.product]

    def combinations(self) -> list[Instrument]:
        return [each for _, each in sorted(self.instruments.items()) if each.legs]

    def parts(self, order: Order, price: int) -> list[tuple[Instrument, int, int]]:
        """(instrument, side, price) that an order at `price` freezes: one, or those of its legs."""
        instrument = self.instruments[order.instrument]
        if not instrument.legs:
            return [(instrument, order.side, price)]
        sides = (order.side, 1 - order.side)
        return list(zip(instrument.legs, sides, order.leg_prices, strict=True))

    def side_in(self, order: Order, instrument: Instrument) -> int:
        """What an order does in an instrument, its own or a leg."""
        return next(s for each, s, _ in self.parts(order, order.price) if each is instrument)

    def row(self, order: Order, instrument: Instrument) -> Row | None:
        """The order's row in an instrument, its own or a leg; None where none is kept."""
        if instrument.product.offset_rule == 0:
            return None
        return self.rows.setdefault((order.account, instrument.number, order.hedge), Row())

    def uses_credit(self, instrument: Instrument, offset: int) -> bool:
        product = instrument.product
        return bool(product.funds_checked) and (offset == OFFSET.open or product.offset_rule == 0)

    def reserve(self, order: Order, lots: int, price: int) -> None:
        """Freeze (negative: release) lots of a live order: holdings and credit."""
        for part in self.parts(order, price):
            self._freeze(order, part, lots)

    def _freeze(self, order: Order, part: tuple[Instrument, int, int], lots: int) -> None:
        instrument, side, price = part
        row = self.row(order, instrument)
        if row is not None:
            if order.offset == OFFSET.open:
                row.opening[side] += lots
            elif order.offset == OFFSET.close:
                row.frozen[1 - side] += lots
            else:
                row.frozen_today[1 - side] += lots
        if self.uses_credit(instrument, order.offset):
            self.used[order.member] += price * instrument.product.multiplier * lots

    def fill(self, order: Order, instrument: Instrument, lots: int, price: int) -> None:
        """What a trade in `instrument` does to an order's holdings and credit."""
        (part,) = (each for each in self.parts(order, order.price) if each[0] is instrument)
        row, side = self.row(order, instrument), self.side_in(order, instrument)
        before = self.used[order.member]
        self._freeze(order, part, -lots)
        if self.uses_credit(instrument, order.offset):
            used = self.used[order.member] + price * instrument.product.multiplier * lots
            self.used[order.member] = min(used, max(before, 1 << 62))
        if row is None:
            return
        if order.offset == OFFSET.open:
            row.today[side] += lots
            row.opened += lots
            return
        holding = 1 - side
        old = 0
        if order.offset == OFFSET.close:
            old = lots
            if instrument.product.offset_rule == 1:
                old = min(lots, row.yesterday[holding])
        row.yesterday[holding] -= old
        row.today[holding] -= lots - old
        for figures in (row.yesterday, row.today, row.frozen, row.frozen_today, row.opening):
            hold(min(figures) >= 0, "no holding falls below zero", order, row)

    def live(self) -> list[Order]:
        """Resting orders and waiting stops in ascending order id."""
        found = [o for each in self.instruments.values() for o in (*each.orders(), *each.stops)]
        return sorted(found, key=lambda order: order.id)

    def legs(self, key: tuple[int, int, int]) -> list[Order | None]:
        """The live legs of a quote: bid, ask; None where there is none."""
        known = self.quotes.get(key, [None, None])
        return [None if leg is None or leg.done else leg for leg in known]

    def related(self, account: int) -> list[int]:
        """The accounts whose positions count together (risk.md 29)."""
        group = self.accounts[account].group
        if not group:
            return [account]
        return [number for number, each in self.accounts.items() if each.group == group]

    def self_trade_mode(self, one: Order, other: Order) -> int:
        """What happens where these two meet; `allow` unless they are of one group."""
        if not self.instruments[one.instrument].product.self_trade_checked:
            return MODE.allow
        group = self.accounts[one.account].group
        if not group or self.accounts[other.account].group != group:
            return MODE.allow
        return self.groups[group]
