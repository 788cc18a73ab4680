"""A plain price-time matcher in dicts: the witness for what is rebuilt from tapes.

It knows limit orders, cancels, amends to a smaller total, fill-and-kill and the call auction of
Shanghai (rulebook 3, variant C). It shares nothing with the cores.
"""

from bisect import bisect_left, insort

BUY, SELL = 0, 1


class Resting:
    __slots__ = ("filled", "order", "price", "remaining", "side")

    def __init__(self, order: int, side: int, price: int, quantity: int) -> None:
        self.order, self.side, self.price, self.remaining = order, side, price, quantity
        self.filled = 0


class Side:
    """One side: keys sorted best first (price times sign), each with its queue."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.queues: dict[int, dict[int, Resting]] = {}
        self.sizes: dict[int, int] = {}

    def add(self, resting: Resting) -> None:
        key = resting.price * self.sign
        if key not in self.queues:
            insort(self.keys, key)
            self.queues[key], self.sizes[key] = {}, 0
        self.queues[key][resting.order] = resting
        self.sizes[key] += resting.remaining

    def take(self, resting: Resting, quantity: int) -> None:
        key = resting.price * self.sign
        assert 0 < quantity <= resting.remaining
        resting.remaining -= quantity
        self.sizes[key] -= quantity
        if resting.remaining == 0:
            del self.queues[key][resting.order]
        if not self.queues[key]:
            assert self.sizes[key] == 0
            del self.queues[key], self.sizes[key], self.keys[bisect_left(self.keys, key)]


class Matcher:
    def __init__(self) -> None:
        self.sides = (Side(-1), Side(1))
        self.orders: dict[int, Resting] = {}
        self.trades: list[tuple[int, int, int, int]] = []
        self.halted = False

    def enter(self, order: int, side: int, price: int, quantity: int, fak: bool = False) -> None:
        assert not self.halted
        assert order not in self.orders
        incoming = Resting(order, side, price, quantity)
        against = self.sides[1 - side]
        limit = price * against.sign
        while incoming.remaining and against.keys and against.keys[0] <= limit:
            resting = next(iter(against.queues[against.keys[0]].values()))
            self._trade(incoming, resting, resting.price)
        if incoming.remaining and not fak:
            self.collect(incoming)

    def collect(self, incoming: Resting) -> None:
        self.orders[incoming.order] = incoming
        self.sides[incoming.side].add(incoming)

    def _trade(self, incoming: Resting, resting: Resting, price: int) -> None:
        quantity = min(incoming.remaining, resting.remaining)
        buyer, seller = (incoming, resting) if incoming.side == BUY else (resting, incoming)
        self.trades.append((buyer.order, seller.order, price, quantity))
        incoming.remaining -= quantity
        self.fill(resting, quantity)

    def fill(self, resting: Resting, quantity: int) -> None:
        resting.filled += quantity
        self._reduce(resting, quantity)

    def _reduce(self, resting: Resting, quantity: int) -> None:
        self.sides[resting.side].take(resting, quantity)
        if resting.remaining == 0:
            del self.orders[resting.order]

    def cancel(self, order: int) -> None:
        resting = self.orders[order]
        self._reduce(resting, resting.remaining)

    def amend(self, order: int, price: int, new_quantity: int) -> None:
        resting = self.orders[order]
        assert price == resting.price
        smaller = resting.filled + resting.remaining - new_quantity
        assert smaller > 0
        assert new_quantity > resting.filled
        self._reduce(resting, smaller)

    def halt(self, halted: bool) -> None:
        self.halted = halted

    def levels(self, depth: int) -> list[list[int]]:
        """Rows of ask price, ask size, bid price, bid size; zeros where there is no level."""
        asks, bids = self.sides[SELL], self.sides[BUY]
        book = [[0, 0, 0, 0] for _ in range(depth)]
        for row, key in zip(book, asks.keys, strict=False):
            row[0], row[1] = key, asks.sizes[key]
        for row, key in zip(book, bids.keys, strict=False):
            row[2], row[3] = -key, bids.sizes[key]
        return book

    def auction_price(self, tick: int) -> int | None:
        """Variant C; None where nothing crosses. Written from the rule, price by price."""
        bids = {-key: size for key, size in self.sides[BUY].sizes.items()}
        asks = dict(self.sides[SELL].sizes)
        if not bids or not asks or max(bids) < min(asks):
            return None
        table = []
        for price in sorted(bids.keys() | asks.keys()):
            demand = sum(size for at, size in bids.items() if at >= price)
            supply = sum(size for at, size in asks.items() if at <= price)
            volume = min(demand, supply)
            better = max(demand - bids.get(price, 0), supply - asks.get(price, 0))
            table.append((price, volume, abs(demand - supply), better))
        most = max(volume for _, volume, _, _ in table)
        table = [row for row in table if row[1] == most and row[3] <= most]
        least = min(left for _, _, left, _ in table)
        prices = [price for price, _, left, _ in table if left == least]
        return (prices[0] + prices[-1]) // 2 // tick * tick

    def uncross(self, tick: int) -> int | None:
        """Match the auction, both queues in price-time order, head to head."""
        price = self.auction_price(tick)
        bids, asks = self.sides
        while price is not None and bids.keys and asks.keys:
            if -bids.keys[0] < price or asks.keys[0] > price:
                break
            buyer = next(iter(bids.queues[bids.keys[0]].values()))
            seller = next(iter(asks.queues[asks.keys[0]].values()))
            quantity = min(buyer.remaining, seller.remaining)
            self.trades.append((buyer.order, seller.order, price, quantity))
            self.fill(buyer, quantity)
            self.fill(seller, quantity)
        return price
