"""Fills, self-trades and remainders of an order that enters, and auctions (matching.md)."""

from types import SimpleNamespace

from checkers import prices, reasons
from checkers.answer import Answer, owner
from checkers.fills import ROLE, Fills, take_trade
from checkers.market import BUY, MODE, SELL, Instrument, Market, Order, hold
from checkers.wire import CANCEL, KIND, TIME

LEVELS = {KIND.limit: None, KIND.market: None, KIND.best: 1, KIND.five_levels: 5}
LASTING = (TIME.day, TIME.gtd, TIME.gtc)


def enter_book(
    market: Market, answer: Answer, instrument: Instrument, order: Order, fills: Fills
) -> None:
    """Fills of an order in continuous trading, and what becomes of its rest."""
    reachable = reachable_prices(instrument, order)
    fok, before = order.time_in_force == TIME.fok, order.filled
    wanted = order.quantity if fok else order.minimum
    if _can_fill(market, instrument, order, reachable, wanted) < wanted:
        reason = CANCEL.fok_unfilled if fok else CANCEL.minimum_unfilled
        take_cancelled(market, answer, order, reason, 0)
        return
    sweep(market, answer, instrument, order, set(reachable), fills)
    hold(not fok or order.remaining == 0, "fok fills in whole or not at all", order)
    hold(order.filled >= order.minimum, "it fills its minimum or nothing", order)
    nothing = order.kind != KIND.limit and order.filled == before
    if order.done:
        return
    if order.time_in_force in LASTING and not nothing:
        _rest(market, answer, instrument, order)
    else:
        take_cancelled(market, answer, order, _reason_of_rest(order), 0)


def _reason_of_rest(order: Order) -> int:
    if order.kind == KIND.limit:
        return CANCEL.fak_remainder
    lasting = order.time_in_force in LASTING
    return CANCEL.market_no_fill if lasting else CANCEL.market_remainder


def reachable_prices(instrument: Instrument, order: Order) -> list[int]:
    """Opposite prices that an order may trade with on arrival."""
    levels = instrument.prices(1 - order.side)[: LEVELS[order.kind]]
    worst: int | None = order.price
    if order.kind != KIND.limit:
        worst = order.sent or reasons.band_edge(instrument, order.side)
    if worst is None:
        return levels
    if order.side == BUY:
        return [price for price in levels if price <= worst]
    return [price for price in levels if price >= worst]


def _can_fill(
    market: Market, instrument: Instrument, order: Order, reachable: list[int], wanted: int
) -> int:
    """Lots that the order would fill if it swept now; counting stops at `wanted`."""
    found = 0
    for price in reachable:
        queue = list(instrument.book[1 - order.side][price])
        left = {each.id: each.remaining for each in queue}
        shown = {each.id: each.shown for each in queue}
        while queue and found < wanted:
            head = queue.pop(0)
            mode = market.self_trade_mode(order, head)
            if mode == MODE.cancel_oldest:
                continue
            if mode != MODE.allow:
                return found
            found += shown[head.id]
            left[head.id] -= shown[head.id]
            if left[head.id]:
                shown[head.id] = min(head.display, left[head.id])
                queue.insert(instrument.place_in(queue, head, price), head)
    return found


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
        order.kind = KIND.limit
    take_rested(answer, instrument, order, price)


def take_rested(answer: Answer, instrument: Instrument, order: Order, price: int) -> None:
    instrument.rest(order, price)
    answer.take("order_rested", **owner(order), quantity=order.shown, price=price)


def sweep(
    market: Market,
    answer: Answer,
    instrument: Instrument,
    order: Order,
    reachable: set[int],
    fills: Fills,
) -> None:
    """An incoming order meets the best price first, in it the first in the queue."""
    while not order.done:
        best = instrument.best(1 - order.side)
        if best is None or best not in reachable:
            return
        resting = instrument.book[1 - order.side][best][0]
        mode = market.self_trade_mode(order, resting)
        if mode == MODE.allow:
            _take_fill(market, answer, instrument, order, resting, fills)
        else:
            part(market, answer, order, resting, mode)


def _take_fill(
    market: Market,
    answer: Answer,
    instrument: Instrument,
    order: Order,
    resting: Order,
    fills: Fills,
) -> None:
    product, own = instrument.product, order.price
    rule = product.price_rule
    if order.kind != KIND.limit:
        rule = product.market_price_rule
        own = order.sent or (instrument.upper if order.side == BUY else instrument.lower)
    at = prices.trade_price(rule, order.side, own, resting, instrument.last)
    sides = (order, resting) if order.side == BUY else (resting, order)
    roles = {order.id: ROLE.incoming, resting.id: ROLE.resting}
    lots = min(order.remaining, resting.shown)
    take_trade(market, answer, sides, (order, resting), roles, lots, at, fills)
    take_refreshed(answer, instrument, resting)


def take_refreshed(answer: Answer, instrument: Instrument, resting: Order) -> None:
    """An iceberg whose shown lots are used up shows new ones."""
    if resting.display and resting.remaining and resting.visible == 0:
        instrument.refresh(resting)
        fields = {"quantity": resting.shown, "remaining": resting.remaining}
        answer.take("order_refreshed", **owner(resting), price=resting.price, **fields)


def part(market: Market, answer: Answer, order: Order, resting: Order, mode: int) -> None:
    """Two orders of one group meet: what the group's mode does to them."""
    if mode in (MODE.cancel_oldest, MODE.cancel_both):
        take_cancelled(market, answer, resting, CANCEL.self_trade, 0)
    if mode in (MODE.cancel_newest, MODE.cancel_both):
        take_cancelled(market, answer, order, CANCEL.self_trade, 0)
    if mode == MODE.reduce:
        lots = min(order.remaining, resting.remaining)
        for each in (resting, order):
            _take_reduced(market, answer, each, lots)


def _take_reduced(market: Market, answer: Answer, order: Order, lots: int) -> None:
    if lots == order.remaining:
        take_cancelled(market, answer, order, CANCEL.self_trade, 0)
        return
    order.quantity -= lots
    order.remaining -= lots
    order.visible = min(order.visible, order.remaining)
    market.reserve(order, -lots, order.price)
    answer.take(
        "order_reduced",
        **owner(order),
        cancel_reason=CANCEL.self_trade,
        quantity=lots,
        price=order.price,
        remaining=order.remaining,
    )


def take_cancelled(
    market: Market,
    answer: Answer,
    order: Order,
    reason: int,
    request_id: int,
    operator_reason: int = 0,
) -> None:
    """One order leaves, whole remainder, with its event."""
    lots, price = order.remaining, order.price
    hold(lots > 0, "what is cancelled has lots left", order)
    answer.take(
        "order_cancelled",
        **owner(order),
        cancel_reason=reason,
        operator_reason=operator_reason,
        quantity=lots,
        price=price,
        request_id=request_id,
    )
    market.reserve(order, -lots, price)
    if order.resting:
        market.instruments[order.instrument].leave(order)
    if order.waiting:
        market.instruments[order.instrument].stops.remove(order)
    order.waiting, order.done = False, True


def uncross(market: Market, answer: Answer, instrument: Instrument, fills: Fills) -> None:
    """The auction of one instrument: price by rule, both queues head to head, then the result."""
    price, volume, surplus = prices.auction(instrument)
    left, met = volume, dict[int, Order]()
    while left:
        sides = tuple(instrument.book[side][instrument.prices(side)[0]][0] for side in (BUY, SELL))
        lots = min(left, sides[0].remaining, sides[1].remaining)
        roles = {order.id: ROLE.auction for order in sides}
        at = (price, prices.SOURCE.auction)
        take_trade(market, answer, sides, sides, roles, lots, at, fills)
        met |= {order.id: order for order in sides}
        left -= lots
    for order in met.values():
        order.show()
    answer.take(
        "auction_matched",
        instrument=instrument.number,
        auction_price=price,
        auction_volume=volume,
        surplus=surplus,
    )
    hold(not instrument.crossed(), "an auction leaves no crossed book", instrument.number)


def copied(event: SimpleNamespace, command: SimpleNamespace, names: str) -> None:
    """An answer repeats these fields of its command."""
    for name in names.split():
        hold(getattr(event, name) == getattr(command, name), "accepted as sent", name, event)
