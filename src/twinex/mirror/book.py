"""One side of a book: a sorted list of prices, and at each price a queue of orders."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any


class Side:
    """Levels of one side. `sign` is 1 of buys and -1 of sells: a level's key is sign × price, so
    that the better price has the greater key and the best level is the last of `keys`.

    `levels[key]` is the queue at that price: orders by order id, in their order.
    """

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, dict[int, Any]] = {}

    def append(self, order: Any) -> None:
        """Queue the order behind all others at its price."""
        key = self.sign * order.price
        level = self.levels.get(key)
        if level is None:
            insort(self.keys, key)
            self.levels[key] = {order.order_id: order}
        else:
            level[order.order_id] = order

    def insert(self, order: Any, ahead: int) -> None:
        """Queue the order behind the first `ahead` orders at its price."""
        self.append(order)
        key = self.sign * order.price
        queue = [each for each in self.levels[key].values() if each is not order]
        queue.insert(ahead, order)
        self.levels[key] = {each.order_id: each for each in queue}

    def remove(self, order_id: int, price: int) -> None:
        """Take out the order that stands at that price; a level without orders goes."""
        key = self.sign * price
        level = self.levels[key]
        del level[order_id]
        if not level:
            del self.levels[key]
            del self.keys[bisect_left(self.keys, key)]

    def best(self) -> Any:
        """The first order of the best level; None where the side is empty."""
        if not self.keys:
            return None
        return next(iter(self.levels[self.keys[-1]].values()))

    def keys_within(self, bound: int | None) -> Iterator[int]:
        """Keys of the levels down to that one, the best first; of all levels for None."""
        for key in reversed(self.keys):
            if bound is not None and key < bound:
                return
            yield key

    def __iter__(self) -> Iterator[Any]:
        """Orders from the best price on, at one price in the order of their queue."""
        for key in reversed(self.keys):
            yield from self.levels[key].values()
