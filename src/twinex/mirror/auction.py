"""Call auctions (集合竞价, spec/auctions.md): one price for an instrument, and the fills at it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from twinex.mirror import codes
from twinex.mirror.events import AUCTION_MATCHED
from twinex.mirror.market import Instrument, Market, Order
from twinex.mirror.matching import book_trade, unqueue

NO_SIDE = 2  # of a trade in an auction
Result = tuple[int, int, int]  # price, volume, surplus; price 0: nothing crosses


def crossed(instrument: Instrument) -> bool:
    """The best bid is at or above the best ask."""
    bids, asks = instrument.sides
    return bool(bids.keys and asks.keys and bids.keys[-1] >= -asks.keys[-1])


class Demand:
    """D(p) and S(p) of an instrument: the lots that would buy, and sell, at price p."""

    __slots__ = ("asks", "bids", "demand", "supply")

    def __init__(self, instrument: Instrument) -> None:
        bids, asks = instrument.sides
        self.bids, self.asks = bids.keys, [-key for key in reversed(asks.keys)]  # both ascending
        lots = [sum(o.remaining for o in bids.queue(key)) for key in bids.keys]
        self.demand = [0, *accumulate(reversed(lots))][::-1]  # [i] = bids from the i-th price up
        lots = [sum(o.remaining for o in asks.queue(-price)) for price in self.asks]
        self.supply = [0, *accumulate(lots)]  # [i] = asks below the i-th price

    def at(self, price: int) -> tuple[int, int]:
        """D and S at that price, orders at it included."""
        above = self.demand[bisect_left(self.bids, price)]
        return above, self.supply[bisect_left(self.asks, price + 1)]

    def better(self, price: int) -> tuple[int, int]:
        """Lots that buy above that price, and lots that sell below it."""
        return self.demand[bisect_left(self.bids, price + 1)], self.supply[
            bisect_left(self.asks, price)
        ]

    def volume(self, price: int) -> int:
        return min(self.at(price))

    def imbalance(self, price: int) -> int:
        bought, sold = self.at(price)
        return abs(bought - sold)


def compute(instrument: Instrument) -> Result:
    """What a match would give now, by the product's auction rule."""
    if not crossed(instrument):
        return 0, 0, 0
    demand = Demand(instrument)
    rule = (nearest_settlement, pairing, better_priced_fill)[instrument.product.auction_rule]
    price = rule(instrument, demand)
    bought, sold = demand.at(price)
    return price, min(bought, sold), bought - sold


def nearest_settlement(instrument: Instrument, demand: Demand) -> int:
    """Rule A. Between two neighbouring entered prices D and S do not change, so that of each such
    run of ticks only its ends and what lies nearest to the settlement need to be looked at."""
    tick = instrument.product.tick
    lower, upper = instrument.lower_limit, instrument.upper_limit
    settlement = instrument.previous_settlement
    middle = settlement // tick * tick
    candidates = {lower, upper, middle, middle + tick}
    for price in (*demand.bids, *demand.asks):
        candidates.update((price - tick, price, price + tick))
    return min(
        (price for price in candidates if lower <= price <= upper),
        key=lambda price: (
            -demand.volume(price), demand.imbalance(price), abs(price - settlement), -price
        ),
    )  # fmt: skip


def pairing(instrument: Instrument, demand: Demand) -> int:
    """Rule B: pair the highest bid with the lowest ask until the next pair does not cross."""
    buys, sells = (iter(side) for side in instrument.sides)
    buy, sell = next(buys, None), next(sells, None)
    buy_left, sell_left = lots_of(buy), lots_of(sell)
    price = 0
    while buy is not None and sell is not None and buy.price >= sell.price:
        lots = min(buy_left, sell_left)
        buy_left -= lots
        sell_left -= lots
        if buy_left == sell_left == 0:
            tick = instrument.product.tick
            price = (buy.price + sell.price) // 2 // tick * tick
        else:
            price = buy.price if buy_left else sell.price
        if buy_left == 0:
            buy = next(buys, None)
            buy_left = lots_of(buy)
        if sell_left == 0:
            sell = next(sells, None)
            sell_left = lots_of(sell)
    return price


def lots_of(order: Order | None) -> int:
    return order.remaining if order is not None else 0


def better_priced_fill(instrument: Instrument, demand: Demand) -> int:
    """Rule C: of the entered prices with the largest volume, at which all orders priced better
    fill in whole, those with the least left unfilled, and of these the middle."""
    prices = sorted({*demand.bids, *demand.asks})
    largest = max(demand.volume(price) for price in prices)
    counting = [
        price for price in prices
        if demand.volume(price) == largest and max(demand.better(price)) <= largest
    ]  # fmt: skip
    assert counting, "where the largest volume is reached, some price fills all better ones"
    least = min(demand.imbalance(price) for price in counting)
    left = [price for price in counting if demand.imbalance(price) == least]
    tick = instrument.product.tick
    return (left[0] + left[-1]) // 2 // tick * tick


def uncross(market: Market, instrument: Instrument) -> None:
    """Fill at the auction price: both queues head to head, until the volume is used up."""
    price, volume, surplus = compute(instrument)
    left = volume
    while left:
        buy, sell = instrument.sides[0].best(), instrument.sides[1].best()
        lots = min(buy.remaining, sell.remaining, left)
        left -= lots
        pair(market, instrument, buy, sell, lots, price)
    if volume:
        instrument.last_price = price
    market.events.say(AUCTION_MATCHED, instrument.number, price, volume, surplus)


def pair(
    market: Market, instrument: Instrument, buy: Order, sell: Order, lots: int, price: int
) -> None:
    """One fill of an auction. What is left of an iceberg keeps its place, and shows anew."""
    trade_id = book_trade(market, instrument, buy, sell, lots, price)
    events = market.events
    events.filled(buy, lots, price, codes.BY_AUCTION, codes.AUCTION, trade_id)
    events.filled(sell, lots, price, codes.BY_AUCTION, codes.AUCTION, trade_id)
    events.trade(instrument, buy, sell, NO_SIDE, codes.BY_AUCTION, lots, price, trade_id)
    for order in (buy, sell):
        order.shown = min(order.display_quantity or order.remaining, order.remaining)
        if order.remaining == 0:
            unqueue(order)
            del order.member.orders[order.order_id]


def match(market: Market, instruments: Iterable[Instrument]) -> None:
    """Uncross each instrument that has any order and is not halted, in ascending number."""
    for instrument in instruments:
        if has_orders(instrument) and not instrument.halted:
            uncross(market, instrument)


def has_orders(instrument: Instrument) -> bool:
    return bool(instrument.sides[0].keys or instrument.sides[1].keys)


def contracts(market: Market, product: int | None = None) -> list[Instrument]:
    """Instruments of a product (or all), in ascending number."""
    return [
        market.instruments[number] for number in sorted(market.instruments)
        if product is None or market.instruments[number].product.number == product
    ]  # fmt: skip
