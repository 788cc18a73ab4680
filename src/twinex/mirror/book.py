"""One side of a book: a sorted list of prices, and at each price a queue of orders."""

from __future__ import annotations

import sys
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

# Orders by order id, in their order. CPython's dict looks for its first entry from the place where
# its first ever stood: quadratic where a long queue fills. PyPy's begins where it last found it.
Queue: Any = OrderedDict if sys.implementation.name == "cpython" else dict


class Side:
    """Levels of one side. `sign` is 1 of buys and -1 of sells: a level's key is sign × price, so
    that the better price has the greater key and the best level is the last of `keys`.

    `levels[key]` is the queue at that price. Before it comes, at a limit price, the queue of those
    with privilege there, `ahead[key]`; a level of `keys` has orders in one of them at least.
    """

    __slots__ = ("ahead", "keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, dict[int, Any]] = {}
        self.ahead: dict[int, dict[int, Any]] = {}

    def append(self, order: Any) -> None:
        """Queue the order behind all others at its price."""
        key = self.sign * order.price
        level = self.levels.get(key)
        if level is None:
            insort(self.keys, key)
            self.levels[key] = level = Queue()
        level[order.order_id] = order

    def insert(self, order: Any, privileged: Callable[[Any], bool]) -> None:
        """Queue the order behind the privileged ones at the head of its level. Those who came
        there otherwise go over to them, each once: once privileged at a price, always so."""
        self.append(order)
        key = self.sign * order.price
        level, ahead = self.levels[key], self.ahead.setdefault(key, Queue())
        del level[order.order_id]
        while level:
            first = next(iter(level.values()))
            if not privileged(first):
                break
            ahead[first.order_id] = level.pop(first.order_id)
        ahead[order.order_id] = order

    def remove(self, order_id: int, price: int) -> None:
        """Take out the order that stands at that price; a level without orders goes."""
        key = self.sign * price
        level = self.levels[key]
        if key in self.ahead:
            ahead = self.ahead[key]
            del (ahead if order_id in ahead else level)[order_id]
            if not ahead:
                del self.ahead[key]
        else:
            del level[order_id]
        if not level and key not in self.ahead:
            del self.levels[key]
            del self.keys[bisect_left(self.keys, key)]

    def best(self) -> Any:
        """The first order of the best level; None where the side is empty."""
        if not self.keys:
            return None
        key = self.keys[-1]
        queue = self.ahead[key] if key in self.ahead else self.levels[key]
        return queue[next(iter(queue))]

    def queue(self, key: int) -> Iterable[Any]:
        """Orders of a level, in their order: as the dict below an OrderedDict has it, which is
        the same and several times faster to walk."""
        level = dict.values(self.levels[key])
        return chain(dict.values(self.ahead[key]), level) if key in self.ahead else level

    def keys_within(self, bound: int | None) -> Iterator[int]:
        """Keys of the levels down to that one, the best first; of all levels for None."""
        for key in reversed(self.keys):
            if bound is not None and key < bound:
                return
            yield key

    def __iter__(self) -> Iterator[Any]:
        """Orders from the best price on, at one price in the order of their queue."""
        for key in reversed(self.keys):
            yield from self.queue(key)
