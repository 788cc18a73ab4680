"""Continuous matching (spec/matching.md): an order on its way in, until it rests or is gone."""

from __future__ import annotations

from twinex.mirror import codes
from twinex.mirror.book import Side
from twinex.mirror.checks import minding_group
from twinex.mirror.codes import Cancelled
from twinex.mirror.events import ORDER_REDUCED, ORDER_REFRESHED, POSITION_CHANGED, named
from twinex.mirror.market import Group, Instrument, Market, Order


def place(market: Market, order: Order) -> None:
    """In continuous trading: fill what can be filled at once, then rest or cancel what is left."""
    opposite = order.instrument.sides[1 - order.side]
    keys = opposite.keys
    plain = order.time_in_force == codes.DAY and order.kind == codes.LIMIT
    if plain and (not keys or keys[-1] < opposite.sign * order.price):
        rest(market, order)  # as most orders do, with no one to trade with
        return
    bound = worst_key(order, opposite)
    minimum = order.quantity if order.time_in_force == codes.FOK else order.minimum_quantity
    if minimum and not can_fill(order, opposite, bound, minimum):
        fok = order.time_in_force == codes.FOK
        drop(market, order, Cancelled.FOK_UNFILLED if fok else Cancelled.MINIMUM_UNFILLED)
        return
    trades = len(market.trades)
    if keys and (bound is None or keys[-1] >= bound):
        sweep(market, order, opposite, bound)
    if order.remaining:
        leave(market, order, market.trades[-1][0] if len(market.trades) > trades else 0)


def worst_key(order: Order, opposite: Side) -> int | None:
    """The key of the worst level that the order may trade with, as levels stand on arrival; None
    where every level will do."""
    if order.kind == codes.LIMIT:
        return opposite.sign * order.price
    bound = None
    product = order.instrument.product
    if order.price:
        bound = opposite.sign * order.price
    elif product.band_ticks:
        bound = opposite.sign * order.instrument.last_price - product.band_ticks * product.tick
    levels = {codes.BEST: 1, codes.FIVE_LEVELS: 5}.get(order.kind, 0)
    if levels and opposite.keys:
        last = opposite.keys[-levels:][0]
        bound = last if bound is None else max(bound, last)
    return bound


def can_fill(order: Order, opposite: Side, bound: int | None, lots: int) -> bool:
    """The order could fill that many lots at once, hidden ones included (matching.md)."""
    group = minding_group(order)
    for key in opposite.keys_within(bound):
        ahead: list[Order] = []
        shown = 0  # by those ahead: that much comes before any own order behind them
        for resting in opposite.queue(key):
            if group is None or resting.account.group is not group:
                ahead.append(resting)
                shown += resting.shown
                if shown >= lots:
                    return True
            elif group.self_trade_mode != codes.CANCEL_OLDEST:
                return before_own(ahead, resting) >= lots
        lots -= sum(each.remaining for each in ahead)
    return lots <= 0


def before_own(ahead: list[Order], own: Order) -> int:
    """Lots of those ahead of an order of the own group that come before it: of an iceberg what it
    shows, but all of it where it queues anew ahead of `own` by the privilege at limit prices."""
    lots = 0
    unbroken = privileged(own)  # all orders from here to `own` are privileged
    for order in reversed(ahead):
        first = privileged(order)
        lots += order.remaining if first and not unbroken else order.shown
        unbroken = unbroken and first
    return lots


def sweep(market: Market, order: Order, opposite: Side, bound: int | None) -> None:
    """Trade with the best level again and again, in it with the oldest order first."""
    group = minding_group(order)
    keys = opposite.keys
    while order.remaining and keys and (bound is None or keys[-1] >= bound):
        resting = opposite.best()
        if group is not None and resting.account.group is group:
            if meet_own(market, order, resting, group):
                return
            continue
        price, source = trade_price(order, resting)
        lots = min(order.remaining, resting.shown)
        trade(market, order, resting, lots, price, source)


def trade_price(order: Order, resting: Order) -> tuple[int, int]:
    """The price of a fill, and where it comes from (matching.md, Trade price)."""
    instrument = order.instrument
    product = instrument.product
    limit = order.kind == codes.LIMIT
    if not (product.price_rule if limit else product.market_price_rule):
        return resting.price, codes.BY_BUY if resting.side == codes.BUY else codes.BY_SELL
    own = order.price
    if not limit and own == 0:
        own = instrument.upper_limit if order.side == codes.BUY else instrument.lower_limit
    buy, sell = (own, resting.price) if order.side == codes.BUY else (resting.price, own)
    last = instrument.last_price
    if last <= sell:
        return sell, codes.BY_SELL
    return (buy, codes.BY_BUY) if last >= buy else (last, codes.BY_LAST)


def trade(market: Market, order: Order, resting: Order, lots: int, price: int, source: int) -> None:
    """A fill of an incoming order: the three events, then what is left of the resting order."""
    trade_id = book_trade(market, order.instrument, order, resting, lots, price)
    market.events.filled(order, lots, price, source, codes.INCOMING, trade_id)
    trade_resting(market, order, resting, lots, price, source, trade_id)


def trade_resting(
    market: Market, order: Order, resting: Order, lots: int, price: int, source: int,
    trade_id: int,
) -> None:  # fmt: skip
    """The resting order's part of a trade that is booked: its report, the trade, the last price,
    and what is left of it. `order` came in from elsewhere where a combination trades here."""
    instrument = resting.instrument
    resting.shown -= lots
    instrument.last_price = price
    if instrument.stops:
        instrument.traded.append(price)
        market.traded[instrument.number] = instrument
    market.events.filled(resting, lots, price, source, codes.RESTING, trade_id)
    buy, sell = (order, resting) if order.side == codes.BUY else (resting, order)
    market.events.trade(instrument, buy, sell, order.side, source, lots, price, trade_id)
    if resting.shown == 0:
        show_anew(market, resting)


def book_trade(
    market: Market, instrument: Instrument, first: Order, second: Order, lots: int, price: int
) -> int:
    """Enter a trade into rows, credit, open interest and the day's trades; its trade id.

    The row of `first` is touched first.
    """
    for order in (first, second):
        order.remaining -= lots
        assert order.remaining >= 0
        order.fill(lots, price)
        if order.row is not None:
            market.touched[order.row] = None
    if instrument.product.offset_rule:
        opened = (first.offset == 0) + (second.offset == 0)
        instrument.open_interest += lots * (opened - 1)
    market.trades.append((price, lots, instrument.number))
    market.volume += lots
    return len(market.trades)


def show_anew(market: Market, resting: Order) -> None:
    """A resting order has nothing left to show: it is done, or an iceberg that queues anew."""
    unqueue(resting)
    if resting.remaining == 0:
        del resting.member.orders[resting.order_id]
        return
    resting.shown = min(resting.display_quantity, resting.remaining)
    enqueue(resting)
    market.events.say(
        ORDER_REFRESHED, *named(resting), resting.shown, resting.price, resting.remaining
    )


def unqueue(order: Order) -> None:
    """Out of its book."""
    order.instrument.sides[order.side].remove(order.order_id, order.price)


def privileged(order: Order) -> bool:
    """A closing order at a limit price queues before opening ones there (limit_priority)."""
    instrument = order.instrument
    rule = instrument.product.limit_priority
    if not rule or order.offset == 0 or instrument.product.offset_rule == 0:
        return False
    if order.price not in (instrument.lower_limit, instrument.upper_limit):
        return False
    return rule == 1 or order.offset == 1


def enqueue(order: Order) -> None:
    """Into its book, behind its level, or behind the privileged orders at the level's head."""
    side = order.instrument.sides[order.side]
    if order.offset and privileged(order):
        side.insert(order, privileged)
    else:
        side.append(order)


def meet_own(market: Market, order: Order, resting: Order, group: Group) -> bool:
    """The incoming order meets one of its own group; True if that is the end of it."""
    mode = group.self_trade_mode
    if mode == codes.REDUCE:
        lots = min(order.remaining, resting.remaining)
        reduce(market, resting, lots)
        reduce(market, order, lots)
        return order.remaining == 0
    if mode in (codes.CANCEL_OLDEST, codes.CANCEL_BOTH):
        cancel_resting(market, resting, Cancelled.SELF_TRADE)
    if mode in (codes.CANCEL_NEWEST, codes.CANCEL_BOTH):
        drop(market, order, Cancelled.SELF_TRADE)
        return True
    return False


def reduce(market: Market, order: Order, lots: int) -> None:
    """Take lots off an order, hidden ones first; without any left it is cancelled."""
    price = order.frozen_price
    order.freeze(-lots)
    order.quantity -= lots
    order.remaining -= lots
    order.shown = min(order.shown, order.remaining)
    if order.remaining:
        market.events.say(
            ORDER_REDUCED, *named(order), Cancelled.SELF_TRADE, lots, price, order.remaining
        )
        return
    if order.member.orders.pop(order.order_id, None) is not None:
        unqueue(order)
    market.events.cancelled(order, lots, price, Cancelled.SELF_TRADE)


def cancel_resting(
    market: Market, order: Order, reason: int, request_id: int = 0, operator_reason: int = 0
) -> None:
    """Take a resting order out of its book, or a stop out of those that wait."""
    del order.member.orders[order.order_id]
    if order.shown:
        unqueue(order)
    else:  # only a stop shows nothing
        order.instrument.waiting[order.side].remove(order)
        del order.instrument.stops[order.order_id]
    drop(market, order, reason, request_id, operator_reason)


def drop(
    market: Market, order: Order, reason: int, request_id: int = 0, operator_reason: int = 0
) -> None:
    """Release and cancel what is left of an order that stands in no book."""
    lots = order.remaining
    order.freeze(-lots)
    order.remaining = order.shown = 0
    market.events.cancelled(order, lots, order.frozen_price, reason, request_id, operator_reason)


def leave(market: Market, order: Order, last_fill: int) -> None:
    """The remainder behind a sweep (orders.md, Fields); `last_fill` is 0 where nothing filled."""
    assert order.time_in_force != codes.FOK, "what can be filled is known before the sweep"
    if order.time_in_force == codes.FAK:
        limit = order.kind == codes.LIMIT
        drop(market, order, Cancelled.FAK_REMAINDER if limit else Cancelled.MARKET_REMAINDER)
    elif order.kind == codes.LIMIT:
        rest(market, order)
    elif last_fill == 0:
        drop(market, order, Cancelled.MARKET_NO_FILL)
    else:
        become_limit(order, last_fill)
        rest(market, order)


def become_limit(order: Order, price: int) -> None:
    """What is left of a market kind is a limit order at its last fill's price from now on, or one
    tick short of the best opposite price where that is at or inside it."""
    instrument = order.instrument
    opposite = instrument.sides[1 - order.side]
    if opposite.keys and opposite.keys[-1] >= opposite.sign * price:
        price = opposite.sign * (opposite.keys[-1] + instrument.product.tick)
    order.freeze(-order.remaining)
    order.kind = codes.LIMIT
    order.price = order.frozen_price = price
    order.freeze(order.remaining)


def rest(market: Market, order: Order) -> None:
    """Put the order into its book, as a limit order at its price."""
    order.shown = min(order.display_quantity or order.remaining, order.remaining)
    order.member.orders[order.order_id] = order
    enqueue(order)
    market.events.rested(order)


def show_rows(market: Market) -> None:
    """Position rows that fills have changed, in the order of their first fill."""
    for row in market.touched:
        account = row.account
        market.events.say(
            POSITION_CHANGED, row.instrument.number, row.long_today, row.long_yesterday,
            row.short_today, row.short_yesterday, account.number, account.member.number,
            row.long_frozen, row.long_frozen_today, row.hedge, row.short_frozen,
            row.short_frozen_today,
        )  # fmt: skip
    market.touched.clear()
