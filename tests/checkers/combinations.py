"""Orders of combinations, and what is behind every command: combinations, then stops."""

from checkers import prices, stops
from checkers.answer import Answer
from checkers.market import BUY, MODE, SELL, Instrument, Market, Order, hold
from checkers.matching import (
    ROLE,
    Fills,
    leave_if_filled,
    part,
    take_cancelled,
    take_deal,
    take_filled,
    take_refreshed,
    take_rested,
)
from checkers.wire import CANCEL, PHASE, TIME

STEPS_MAX = 256


def enter_book(
    market: Market, answer: Answer, combination: Instrument, order: Order, fills: Fills
) -> None:
    """The best price again and again, the combination's own or of its legs; then the rest."""
    while not order.done:
        near = _implied(market, combination, order)
        own = combination.best(1 - order.side)
        is_best = own is not None and (near is None or _as_good(order, own, near))
        if is_best and _reaches(order, own):
            _meet_own(market, answer, combination, order, fills)
        elif near is not None and _reaches(order, near):
            _step(market, answer, combination, order, near, fills)
        else:
            break
    if order.done:
        return
    if order.time_in_force == TIME.day:
        take_rested(answer, combination, order, order.price)
    else:
        take_cancelled(market, answer, order, CANCEL.fak_remainder, 0)


def behind(market: Market, answer: Answer) -> None:
    """What follows a command that is complete, and each round of the stops that it sets off."""
    stopped, steps = True, 0
    while stopped:
        steps = _come_within_reach(market, answer, steps)
        traded, market.traded, stopped = market.traded, {}, False
        for number in sorted(traded):
            stopped |= stops.judge(market, answer, market.instruments[number], traded[number])


def _come_within_reach(market: Market, answer: Answer, steps: int) -> int:
    """Resting orders of combinations trade with legs, over and over, up to so many steps in all
    of a command, `steps` of which were made; how many were made now."""
    fills, before = Fills(market), -1
    while before < steps < STEPS_MAX:
        before = steps
        for combination in market.combinations():
            for side in (BUY, SELL) if _trades(market, combination) else ():
                while steps < STEPS_MAX and _match_best(market, answer, combination, side, fills):
                    steps += 1
    fills.end(answer)
    return steps


def _trades(market: Market, combination: Instrument) -> bool:
    halted = any(each.halted for each in (combination, *combination.legs))
    return not halted and all(market.phase(leg) == PHASE.continuous for leg in combination.legs)


def _match_best(
    market: Market, answer: Answer, combination: Instrument, side: int, fills: Fills
) -> bool:
    best = combination.best(side)
    if best is None:
        return False
    order = combination.book[side][best][0]
    near = _implied(market, combination, order)
    if near is None or not _reaches(order, near):
        return False
    _step(market, answer, combination, order, near, fills)
    return True


def _reaches(order: Order, price: int) -> bool:
    return order.price >= price if order.side == BUY else order.price <= price


def _as_good(order: Order, own: int, near: int) -> bool:
    return own <= near if order.side == BUY else own >= near


def _heads(combination: Instrument, order: Order) -> list[Order]:
    """The first order of the best level that it meets in each leg; fewer where one is empty."""
    found = []
    for leg, side in zip(combination.legs, (1 - order.side, order.side), strict=True):
        best = leg.best(side)
        if best is not None:
            found.append(leg.book[side][best][0])
    return found


def _implied(market: Market, combination: Instrument, order: Order) -> int | None:
    heads = _heads(combination, order)
    if len(heads) < 2:
        return None
    if any(market.self_trade_mode(head, order) != MODE.allow for head in heads):
        return None
    return heads[0].price - heads[1].price


def _step(
    market: Market, answer: Answer, combination: Instrument, order: Order, price: int, fills: Fills
) -> None:
    """All legs or none: the order and the first of each best level."""
    heads = _heads(combination, order)
    lots = min(order.remaining, *(head.shown for head in heads))
    source = prices.SOURCE.combination
    take_filled(answer, order, lots, (price, source), ROLE.incoming, fills)
    for leg, head in zip(combination.legs, heads, strict=True):
        at = (head.price, prices.SOURCE.buy if head.side == BUY else prices.SOURCE.sell)
        take_filled(answer, head, lots, at, ROLE.resting, fills)
        take_deal(market, answer, leg, (order, head), 1 - head.side, lots, at)
        fills.price(leg, head.price)
        leave_if_filled(market, (head,))
        take_refreshed(answer, leg, head)
    combination.last = price
    leave_if_filled(market, (order,))


def _meet_own(
    market: Market, answer: Answer, combination: Instrument, order: Order, fills: Fills
) -> None:
    resting = next(iter(combination.book[1 - order.side][combination.best(1 - order.side)]))
    mode = market.self_trade_mode(order, resting)
    if mode != MODE.allow:
        part(market, answer, order, resting, mode)
        return
    rule = combination.product.price_rule
    at = prices.trade_price(rule, order.side, order.price, resting, combination.last)
    lots = min(order.remaining, resting.remaining)
    take_filled(answer, order, lots, at, ROLE.incoming, fills)
    take_filled(answer, resting, lots, at, ROLE.resting, fills)
    pair = (order, resting)
    for leg, price in zip(combination.legs, _leg_prices(combination, at[0]), strict=True):
        side, given = market.side_in(order, leg), (price, prices.SOURCE.combination)
        take_deal(market, answer, leg, pair, side, lots, given)
    combination.last = at[0]
    leave_if_filled(market, pair)


def _leg_prices(combination: Instrument, price: int) -> tuple[int, int]:
    """What the legs trade at where two orders of a combination meet."""
    one, two = combination.legs
    lowest = max(two.lower, one.lower - price)
    highest = min(two.upper, one.upper - price)
    hold(lowest <= highest, "a combination trades inside its limits", combination.number, price)
    second = min(max(two.last, lowest), highest)
    return price + second, second
