"""Combinations of a random day: which there are, and orders of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checkers import day_orders
from checkers.wire import encode

if TYPE_CHECKING:
    from checkers.days import Command, RandomDay

ALIKE = ("tick", "multiplier", "offset_rule", "funds_checked")  # what legs have in common
_FIRST = 1_001  # their numbers lie apart, so that others stay undefined


def make_alike(day: RandomDay) -> None:
    """Some products as the first, so that combinations reach over two."""
    first = next(iter(day.products.values()))
    for product in day.products.values():
        if day.random.random() < 0.6:
            for name in ALIKE:
                setattr(product, name, getattr(first, name))


def some(day: RandomDay) -> dict[int, tuple[int, int]]:
    """Number -> legs; few days have none. Legs are shared, and some turn another around."""
    count = day.random.choice((1, 2, 2, 3, 5) if day.combined else (0, 1, 2, 2, 3, 5))
    pairs = [
        (one, two)
        for one in day.instruments
        for two in day.instruments
        if one != two and are_alike(day, one, two)
    ]
    chosen = day.random.choices(pairs, k=count)
    if count == 5:
        chosen[1] = chosen[0][::-1]
    return {_FIRST + place: legs for place, legs in enumerate(chosen)}


def are_alike(day: RandomDay, one: int, two: int) -> bool:
    owners = [day.products[day.instruments[each]] for each in (one, two)]
    return all(getattr(owners[0], name) == getattr(owners[1], name) for name in ALIKE)


def definition(day: RandomDay, number: int) -> bytes:
    one, two = day.combinations[number]
    return encode("combination_define", instrument=number, leg_1=one, leg_2=two)


def _define(day: RandomDay) -> Command:
    """A new one, or one that is refused."""
    pick, draw = day.random.choice, day.random.random
    one, two = pick(list(day.instruments)), pick(list(day.instruments))
    number = pick((_FIRST + len(day.combinations), *day.combinations, one, 0, -1, 10**6 + 1))
    if draw() < 0.3:
        odd = pick((0, -1, 2**31 - 1, *day.combinations))
        one, two = pick(((odd, two), (one, odd), (odd, odd)))
    elif number == _FIRST + len(day.combinations) and one != two and are_alike(day, one, two):
        day.combinations[number] = (one, two)
    return 0, encode("combination_define", instrument=number, leg_1=one, leg_2=two)


def enter(day: RandomDay) -> Command:
    """Mostly sensible, its price about what the legs make of it."""
    if not day.combinations:
        return day_orders.enter(day)
    pick, draw = day.random.choice, day.random.random
    seat, member = day.sender()
    number = pick(list(day.combinations))
    fields = day_orders.terms(day, member, day.combinations[number][0])
    fields |= {"kind": 0, "minimum_quantity": 0, "good_till_day": 0, "instrument": number}
    fields |= {"display_quantity": 0, "post_only": 0}
    if fields["time_in_force"] != 1:
        fields["time_in_force"] = 0
    fields["price"] = _price(day, number, fields["side"])
    if draw() < 0.06:
        field = pick(("kind", "minimum_quantity", "good_till_day", "time_in_force", "post_only"))
        fields[pick((field, "display_quantity"))] = pick((1, 1, 2, 3))
    day.entered[member].append((day.sequence + 1, fields["client_id"], number))
    return seat, encode("order_enter", **fields)


def _price(day: RandomDay, number: int, side: int) -> int:
    tick, draw = day.tick_of(number), day.random.random()
    if draw < 0.03:
        far = 2 * day.ticks * tick
        return day.random.choice((tick // 2 + 1, far, -far, 10**12, -(2**63), 2**63 - 1))
    if draw < 0.1:
        (lower, upper), (other_lower, other_upper) = (
            day.limits.get(leg, (0, 0)) for leg in day.combinations[number]
        )
        return day.random.choice((lower - other_upper, upper - other_lower))
    away = day.random.randint(-4, 4) if draw < 0.7 else day.random.randint(-1, day.ticks)
    return (-away if side == 0 else away) * tick


SHARES: tuple[tuple[float, Callable[[RandomDay], Command]], ...] = (
    (0.07, enter),
    (0.004, _define),
)
