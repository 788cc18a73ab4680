"""Trade prices and auction prices by matching.md and auctions.md, by trying everything."""

from types import SimpleNamespace

from checkers.market import BUY, SELL, Instrument, Order
from checkers.wire import ENUMS

SOURCE = ENUMS["PriceSource"]


def trade_price(rule: int, side: int, own: int, resting: Order, last: int) -> tuple[int, int]:
    """(price, source) of a fill in continuous trading; `side` and `own` price of the incoming."""
    if rule == 0:
        return resting.price, SOURCE.buy if resting.side == BUY else SOURCE.sell
    buy, sell = (own, resting.price) if side == BUY else (resting.price, own)
    if last <= sell:
        return sell, SOURCE.sell
    if last >= buy:
        return buy, SOURCE.buy
    return last, SOURCE.last


def demand(instrument: Instrument, price: int) -> int:
    """D(p): lots bid at p or higher."""
    return sum(instrument.volume(BUY, each) for each in instrument.book[BUY] if each >= price)


def supply(instrument: Instrument, price: int) -> int:
    """S(p): lots offered at p or lower."""
    return sum(instrument.volume(SELL, each) for each in instrument.book[SELL] if each <= price)


def auction(instrument: Instrument) -> tuple[int, int, int]:
    """(price, volume, surplus) of an auction held now; zeros where nothing crosses."""
    if not instrument.crossed():
        return 0, 0, 0
    rule = (_nearest_settlement, _pairing, _better_priced_fill)[instrument.product.auction_rule]
    price = rule(instrument, instrument.product)
    bought, sold = demand(instrument, price), supply(instrument, price)
    return price, min(bought, sold), bought - sold


def _nearest_settlement(instrument: Instrument, product: SimpleNamespace) -> int:
    def merit(price: int) -> tuple[int, int, int, int]:
        bought, sold = demand(instrument, price), supply(instrument, price)
        distance = abs(price - instrument.settlement)
        return min(bought, sold), -abs(bought - sold), -distance, price

    return max(range(instrument.lower, instrument.upper + 1, product.tick), key=merit)


def _pairing(instrument: Instrument, product: SimpleNamespace) -> int:
    sides = [
        [
            [order.price, order.remaining]
            for price in instrument.prices(side)
            for order in instrument.book[side][price]
        ]
        for side in (BUY, SELL)
    ]
    buys, sells = sides
    price = 0
    while buys and sells and buys[0][0] >= sells[0][0]:
        (bid, bought), (ask, sold) = buys[0], sells[0]
        paired = min(bought, sold)
        buys[0][1] -= paired
        sells[0][1] -= paired
        if bought == sold:
            price = (bid + ask) // 2 // product.tick * product.tick
        else:
            price = bid if bought > sold else ask
        for queue in (buys, sells):
            if queue[0][1] == 0:
                queue.pop(0)
    return price


def _better_priced_fill(instrument: Instrument, product: SimpleNamespace) -> int:
    candidates = []
    for price in sorted({*instrument.book[BUY], *instrument.book[SELL]}):
        bought, sold = demand(instrument, price), supply(instrument, price)
        volume = min(bought, sold)
        above = bought - instrument.volume(BUY, price)
        below = sold - instrument.volume(SELL, price)
        if volume and above <= volume and below <= volume:
            candidates.append((volume, abs(bought - sold), price))
    most = max(volume for volume, _, _ in candidates)
    least = min(left for volume, left, _ in candidates if volume == most)
    found = [price for volume, left, price in candidates if (volume, left) == (most, least)]
    return (min(found) + max(found)) // 2 // product.tick * product.tick
