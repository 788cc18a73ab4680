"""Waiting stops: which trade prices set them off, and what they then do (orders.md)."""

from checkers import reasons
from checkers.answer import Answer, owner
from checkers.market import BUY, Instrument, Market, Order
from checkers.matching import Fills, enter_book, take_cancelled
from checkers.wire import CANCEL, PHASE


def judge(market: Market, answer: Answer, instrument: Instrument, traded: list[int]) -> bool:
    """One instrument through all its rounds, where stops are judged; was one set off?"""
    if market.phase(instrument) != PHASE.continuous or instrument.halted:
        return False
    found = False
    while traded:
        waiting = sorted(instrument.stops, key=lambda order: order.id)
        due = [stop for stop in waiting if _is_met(stop, traded)]
        traded, found = [], found or bool(due)
        for stop in due:
            traded += _set_off(market, answer, instrument, stop)
    return found


def _is_met(stop: Order, traded: list[int]) -> bool:
    """Tests each price in turn; a trailing stop that a price does not meet follows it."""
    for price in traded:
        if reasons.stop_met(stop.side, stop.stop_price, price):
            return True
        if stop.trail and stop.side == BUY:
            stop.stop_price = min(stop.stop_price, price + stop.trail)
        elif stop.trail:
            stop.stop_price = max(stop.stop_price, price - stop.trail)
    return False


def _set_off(market: Market, answer: Answer, instrument: Instrument, stop: Order) -> list[int]:
    """The stop enters; the prices of its trades."""
    answer.take(
        "stop_triggered",
        **owner(stop),
        quantity=stop.remaining,
        price=stop.sent,
        stop_price=stop.stop_price,
    )
    if stop.sent and reasons.beyond_band(instrument, stop.side, stop.sent):
        take_cancelled(market, answer, stop, CANCEL.outside_band, 0)
        return []
    instrument.stops.remove(stop)
    stop.waiting = False
    fills = Fills(market)
    enter_book(market, answer, instrument, stop, fills)
    fills.take_positions(answer)
    return fills.prices.get(instrument.number, [])
