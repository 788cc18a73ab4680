"""Stops that wait, so kept that a trade price finds those that it meets."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Any

Entries = list[tuple[int, int, Any]]  # what they are sorted by, order id, stop


class Trail:
    """Trailing stops that have seen the same best price since they wait, so that they move as one:
    each is its trail behind that price. Entries have −trail; the last is met first."""

    __slots__ = ("entries", "price")

    def __init__(self, price: int) -> None:
        self.price = price
        self.entries: Entries = []


class Waiting:
    """The stops of one side of an instrument. `sign` is −1 of buys and 1 of sells: a price meets a
    stop whose sign × stop price is at or above sign × price.

    `fixed` are those without a trail, by sign × stop price, the last of which is met first; the
    others stand in `trails`, by the best price that they have seen.
    """

    __slots__ = ("fixed", "sign", "trails")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.fixed: Entries = []
        self.trails: dict[int, Trail] = {}

    def add(self, stop: Any) -> None:
        """Let the stop wait."""
        if stop.trail == 0:
            insort(self.fixed, (self.sign * stop.stop_price, stop.order_id, stop))
            return
        seen = stop.stop_price + self.sign * stop.trail
        stop.behind = self.trails.setdefault(seen, Trail(seen))
        insort(stop.behind.entries, (-stop.trail, stop.order_id, stop))

    def remove(self, stop: Any) -> None:
        """Take out a stop that waits."""
        if stop.trail == 0:
            del self.fixed[bisect_left(self.fixed, (self.sign * stop.stop_price, stop.order_id))]
            return
        entries = stop.behind.entries
        del entries[bisect_left(entries, (-stop.trail, stop.order_id))]
        if not entries:
            del self.trails[stop.behind.price]

    def take(self, price: int) -> list[Any]:
        """Take out the stops that the price meets. Trailing ones are first tested against it, then
        follow it."""
        key = self.sign * price
        due = cut(self.fixed, key)
        followers = []
        for trail in list(self.trails.values()):
            met = cut(trail.entries, key - self.sign * trail.price)
            for stop in met:
                stop.standing_price = stop.stop_price
                stop.behind = None
            due += met
            if not trail.entries:
                del self.trails[trail.price]
            elif self.sign * trail.price <= key:
                followers.append(self.trails.pop(trail.price))
        if followers:
            self.trails[price] = join(followers, price)
        return due


def cut(entries: Entries, key: int) -> list[Any]:
    """Take out the stops whose entries are at or above that key."""
    place = bisect_left(entries, (key,))
    met = [stop for _, _, stop in entries[place:]]
    del entries[place:]
    return met


def join(trails: list[Trail], price: int) -> Trail:
    """Trails that come to the same price are one from there on. Each joins the longest, so that a
    stop changes its trail seldom, however often the price moves."""
    longest = max(trails, key=lambda trail: len(trail.entries))
    longest.price = price
    for trail in trails:
        if trail is not longest:
            for entry in trail.entries:
                entry[2].behind = longest
                insort(longest.entries, entry)
    return longest
