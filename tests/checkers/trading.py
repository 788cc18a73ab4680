"""Members' commands against their events: lives of orders, priority, prices (orders.md)."""

from types import SimpleNamespace

from checkers import prices, reasons
from checkers.answer import Answer, owner
from checkers.market import BUY, CANCELS, COLLECTING, SELL, Instrument, Market, Order, hold
from checkers.wire import CANCEL, ENUMS, KIND, OFFSET, PHASE, TIME

ROLE = ENUMS["Role"]
LEVELS = {KIND.limit: None, KIND.market: None, KIND.best: 1, KIND.five_levels: 5}


class Fills:
    """Position rows that fills of one command touched, in the order of their first fill."""

    def __init__(self, market: Market) -> None:
        self.market, self.touched = market, dict[tuple[int, int, int], Order]()

    def touch(self, order: Order) -> None:
        if self.market.row(order) is not None:
            self.touched.setdefault((order.account, order.instrument, order.hedge), order)

    def take_positions(self, answer: Answer) -> None:
        """The `position_changed` rows that must follow now."""
        for (account, instrument, hedge), order in self.touched.items():
            row = self.market.rows[account, instrument, hedge]
            answer.take(
                "position_changed",
                instrument=instrument,
                account=account,
                hedge=hedge,
                member=order.member,
                long_today=row.today[0],
                short_today=row.today[1],
                long_yesterday=row.yesterday[0],
                short_yesterday=row.yesterday[1],
                long_frozen=row.frozen[0],
                short_frozen=row.frozen[1],
                long_frozen_today=row.frozen_today[0],
                short_frozen_today=row.frozen_today[1],
            )
        self.touched.clear()


def enter(market: Market, answer: Answer, seat: int, command: SimpleNamespace) -> None:
    """order_enter that was accepted."""
    event = answer.take("order_accepted")
    copied = "client_id instrument account side kind time_in_force offset hedge quantity price"
    for name in copied.split():
        hold(getattr(event, name) == getattr(command, name), "accepted as sent", name, event)
    member = market.seats[seat]
    hold((event.member, event.seat) == (member, seat), "accepted for its sender", event)
    hold(event.order_id == event.sequence * 1024, "order id = sequence x 1024", event)
    instrument = market.instruments[command.instrument]
    order = Order(
        event.order_id,
        command.client_id,
        member,
        seat,
        command.account,
        command.instrument,
        command.hedge,
        command.side,
        command.offset,
        command.kind,
        command.time_in_force,
        command.quantity,
        command.quantity,
        reasons.freeze_price(instrument, command),
    )
    market.orders[order.id] = order
    market.accepted += 1
    row = market.row(order)
    if row is not None:
        row.ordered = True
    market.reserve(order, order.quantity, order.price)
    if market.phase(instrument) != PHASE.continuous:
        _take_rested(answer, instrument, order, order.price)
        return
    fills = Fills(market)
    _match(market, answer, instrument, order, command.minimum_quantity, fills)
    fills.take_positions(answer)
    hold(not instrument.crossed(), "the book is not crossed", instrument.number)


def _match(
    market: Market,
    answer: Answer,
    instrument: Instrument,
    order: Order,
    minimum: int,
    fills: Fills,
) -> None:
    """Fills of a new order in continuous trading, and what becomes of its rest."""
    market_kind = order.kind != KIND.limit
    rule = instrument.product.market_price_rule if market_kind else instrument.product.price_rule
    reachable = _reachable(instrument, order)
    can_fill = sum(instrument.volume(1 - order.side, price) for price in reachable)
    wanted = order.quantity if order.time_in_force == TIME.fok else minimum
    if can_fill < wanted:
        fok = order.time_in_force == TIME.fok
        reason = CANCEL.fok_unfilled if fok else CANCEL.minimum_unfilled
        take_cancelled(market, answer, order, reason, 0)
        return
    take_fills(market, answer, instrument, order, rule, set(reachable), fills)
    hold(order.filled == min(order.quantity, can_fill), "it fills all it can", order, can_fill)
    if order.remaining == 0:
        order.done = True
    elif order.time_in_force == TIME.day and not (market_kind and not order.filled):
        _rest(market, answer, instrument, order)
    else:
        take_cancelled(market, answer, order, _reason_of_rest(order), 0)


def _reason_of_rest(order: Order) -> int:
    if order.kind == KIND.limit:
        return CANCEL.fak_remainder
    return CANCEL.market_no_fill if order.time_in_force == TIME.day else CANCEL.market_remainder


def _reachable(instrument: Instrument, order: Order) -> list[int]:
    """Opposite prices that an order may trade with on arrival (matching.md)."""
    levels = instrument.prices(1 - order.side)[: LEVELS[order.kind]]
    if order.side == BUY:
        return [price for price in levels if price <= order.price]
    return [price for price in levels if price >= order.price]


def _rest(market: Market, answer: Answer, instrument: Instrument, order: Order) -> None:
    price = order.price
    if order.kind != KIND.limit:
        price, other = instrument.last, instrument.best(1 - order.side)
        tick = instrument.product.tick
        if other is not None and order.side == BUY:
            price = min(price, other - tick)
        elif other is not None:
            price = max(price, other + tick)
        market.reserve(order, -order.remaining, order.price)
        market.reserve(order, order.remaining, price)
    _take_rested(answer, instrument, order, price)


def _take_rested(answer: Answer, instrument: Instrument, order: Order, price: int) -> None:
    answer.take("order_rested", **owner(order), quantity=order.remaining, price=price)
    instrument.rest(order, price)


def take_fills(
    market: Market,
    answer: Answer,
    instrument: Instrument,
    order: Order,
    rule: int,
    reachable: set[int],
    fills: Fills,
) -> None:
    """Fills of an incoming order: best price first, in it the first in the queue."""
    while order.remaining and answer.is_next("order_filled"):
        best = instrument.best(1 - order.side)
        hold(best in reachable, "it trades only with levels it may reach", order, best)
        resting = instrument.book[1 - order.side][best][0]
        price, source = prices.trade_price(rule, order, resting, instrument.last)
        sides = (order, resting) if order.side == BUY else (resting, order)
        roles = {order.id: ROLE.incoming, resting.id: ROLE.resting}
        lots = min(order.remaining, resting.remaining)
        take_trade(market, answer, sides, (order, resting), roles, lots, (price, source), fills)


def take_trade(
    market: Market,
    answer: Answer,
    sides: tuple[Order, Order],
    reports: tuple[Order, Order],
    roles: dict[int, int],
    lots: int,
    at: tuple[int, int],
    fills: Fills,
) -> None:
    """Two reports and the trade of one fill; `at`: its price and source."""
    buy, sell = sides
    instrument, (price, source) = market.instruments[buy.instrument], at
    market.trades += 1
    market.volume += lots
    common = {
        "quantity": lots,
        "price": price,
        "price_source": source,
        "trade_id": market.trades,
    }
    for order in reports:
        market.fill(order, lots, price)
        fills.touch(order)
        about = {"offset": order.offset, "hedge": order.hedge, "role": roles[order.id]}
        answer.take("order_filled", **owner(order), **common, **about, remaining=order.remaining)
    if instrument.product.offset_rule:
        opens = (buy.offset == OFFSET.open) + (sell.offset == OFFSET.open)
        instrument.open_interest += lots * (opens - 1)
    instrument.last = price
    incoming = reports[0].side if roles[reports[0].id] == ROLE.incoming else 2
    answer.take(
        "trade",
        instrument=instrument.number,
        buy_order_id=buy.id,
        sell_order_id=sell.id,
        turnover=price * instrument.product.multiplier * lots,
        open_interest=instrument.open_interest,
        side=incoming,
        **common,
    )
    for order in reports:
        if order.remaining == 0:
            order.done = True
            if order.resting:
                instrument.leave(order)


def take_cancelled(
    market: Market, answer: Answer, order: Order, reason: int, request_id: int
) -> None:
    """One order leaves, whole remainder, with its event."""
    lots, price = order.remaining, order.price
    hold(lots > 0, "what is cancelled has lots left", order)
    answer.take(
        "order_cancelled",
        **owner(order),
        cancel_reason=reason,
        quantity=lots,
        price=price,
        request_id=request_id,
    )
    market.reserve(order, -lots, price)
    if order.resting:
        market.instruments[order.instrument].leave(order)
    order.done = True


def amend(market: Market, answer: Answer, target: Order, command: SimpleNamespace) -> None:
    """order_amend that was done."""
    instrument = market.instruments[target.instrument]
    case = reasons.case_of_amend(command, target)
    if case == 1:
        take_cancelled(market, answer, target, CANCEL.amended_away, command.client_id)
        return
    filled = target.filled
    market.reserve(target, -target.remaining, target.price)
    target.quantity, target.remaining = command.new_quantity, command.new_quantity - filled
    market.reserve(target, target.remaining, command.new_price)
    answer.take(
        "order_amended",
        **owner(target),
        priority_kept=int(case == 2),
        quantity=target.quantity,
        price=command.new_price,
        request_id=command.client_id,
        remaining=target.remaining,
    )
    if case == 3:
        _queue_anew(market, answer, instrument, target, command.new_price)


def _queue_anew(
    market: Market, answer: Answer, instrument: Instrument, order: Order, price: int
) -> None:
    instrument.leave(order)
    order.price, order.kind = price, KIND.limit
    fills = Fills(market)
    if market.phase(instrument) not in COLLECTING:
        reachable = set(_reachable(instrument, order))
        rule = instrument.product.price_rule
        take_fills(market, answer, instrument, order, rule, reachable, fills)
    if order.remaining:
        _take_rested(answer, instrument, order, price)
    fills.take_positions(answer)
    if market.phase(instrument) not in COLLECTING:
        hold(not instrument.crossed(), "the book is not crossed", instrument.number)


def mass_cancel(market: Market, answer: Answer, seat: int, command: SimpleNamespace) -> None:
    """mass_cancel that was done."""
    member, count = market.seats[seat], 0
    for order in market.live():
        instrument = market.instruments[order.instrument]
        if (
            order.member == member
            and command.instrument in (0, order.instrument)
            and command.product in (0, instrument.product.product)
            and command.account in (0, order.account)
            and command.mass_side in (2, order.side)
            and market.phase(instrument) in CANCELS
        ):
            take_cancelled(market, answer, order, CANCEL.mass, command.client_id)
            count += 1
    asked = {name: getattr(command, name) for name in ("instrument", "product", "account")}
    asked |= {"client_id": command.client_id, "member": member, "seat": seat}
    answer.take("mass_cancelled", count=count, **asked)


def uncross(market: Market, answer: Answer, instrument: Instrument, fills: Fills) -> None:
    """The auction of one instrument: price by rule, both queues head to head, then the result."""
    price, volume, surplus = prices.auction(instrument)
    left = volume
    while left:
        sides = tuple(instrument.book[side][instrument.prices(side)[0]][0] for side in (BUY, SELL))
        lots = min(left, sides[0].remaining, sides[1].remaining)
        roles = {order.id: ROLE.auction for order in sides}
        at = (price, prices.SOURCE.auction)
        take_trade(market, answer, sides, sides, roles, lots, at, fills)
        left -= lots
    answer.take(
        "auction_matched",
        instrument=instrument.number,
        auction_price=price,
        auction_volume=volume,
        surplus=surplus,
    )
    hold(not instrument.crossed(), "an auction leaves no crossed book", instrument.number)
