"""Commands with the extremes of every type in every field: lived under watch, compiled or plain.

Run as a program it lives the days of the seeds it is given and prints a hash of the events of each.
"""

import hashlib
import itertools
import random
import sys
from collections.abc import Iterator

from checkers import Watch
from checkers.days import Command, RandomDay
from checkers.wire import LAYOUTS, MEMBER_LAST, encode

from twinex.venue.core.check import check
from twinex.venue.venue import Venue

# By type; ids inside their bounds stay small, or the tables they index would be huge.
VALUES = {
    "q": (-(2**63), -(2**63) + 1, -(2**32), -1, 0, 1, 1024, 2**53, 2**62, 2**63 - 1, 10**11),
    "i": (-(2**31), -(2**31) + 1, -1, 0, 1, 2, 62, 63, 64, 65, 2**31 - 1),
    "I": (0, 1, 2**31, 2**32 - 1),
    "H": (0, 1, 2**15, 2**16 - 1),
    "B": (0, 1, 2, 3, 4, 8, 9, 16, 127, 128, 255),
}
# What ends or dulls the day: sent as an extreme only at its end.
FIRST_SEQUENCE = 3_000  # there were days before: orders may be carried
_ENDING = ("day_open", "day_end")


def _fields(template: str) -> list[tuple[str, tuple[int, ...]]]:
    """The numeric fields of a message, and of its group's entries, with the values to try."""
    layout = next(layout for layout in LAYOUTS.values() if layout.name == template)
    places = dict(layout.places) | (layout.group.places if layout.group else {})
    return [(field, VALUES[form[-1]]) for field, (form, _) in places.items() if form[-1] in VALUES]


def _templates() -> list[tuple[int, str]]:
    return [
        (number, layout.name)
        for number, layout in LAYOUTS.items()
        if number < 100 and layout.name not in _ENDING
    ]


class ExtremeDay:
    """A random day, with extremes strewn in."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.day = RandomDay(self.random, products=4, first_sequence=FIRST_SEQUENCE)
        self.client_id = 2**62

    def write(self, count: int, *, singly: bool) -> Iterator[Command]:
        """`singly`: every value in every field, once; else `count` times several at a time."""
        setup, ordinary = self.day.write(count)
        yield from setup
        sent = self._singly() if singly else (self._several() for _ in range(count))
        for normal, extreme in itertools.zip_longest(ordinary[:-1], sent):
            if normal is not None:
                yield normal
            if extreme is not None:
                yield extreme
        for template in reversed(_ENDING):
            for field, values in _fields(template):
                yield from ((0, encode(template, **{field: value})) for value in values)

    def _singly(self) -> Iterator[Command]:
        for number, template in _templates():
            for field, values in _fields(template):
                for value in values:
                    yield self._command(number, template, {field: value})

    def _several(self) -> Command:
        number, template = self.random.choice(_templates())
        changed = {
            field: self.random.choice(values)
            for field, values in _fields(template)
            if self.random.random() < 0.25
        }
        return self._command(number, template, changed)

    def _command(self, number: int, template: str, changed: dict[str, int]) -> Command:
        """A sensible command of this template with these fields changed."""
        seat, base = (0, self._base(template)) if number > MEMBER_LAST else self._order(template)
        if template == "phase_set" and changed.get("phase") in (6, 7):
            changed = {}
        fields = base | changed
        if template == "mass_quote":
            client_id = fields.pop("client_id")
            return seat, encode(template, [fields, fields], client_id=client_id)
        return seat, encode(template, **fields)

    def _order(self, template: str) -> tuple[int, dict[str, int]]:
        self.client_id += 1
        base = {"client_id": self.client_id}
        combined = self.random.random() < 0.1 and bool(self.day.combinations)
        named = self.day.combinations if combined else self.day.instruments
        instrument = self.random.choice(list(named))
        tick = self.day.tick_of(instrument)
        named = {"instrument": instrument, "account": 1}
        if template in ("order_enter", "stop_enter"):
            side, price = self.random.choice((0, 1)), 0 if combined else 1_000 * tick
            base |= {**named, "quantity": 2, "price": price, "side": side}
            if template == "stop_enter":
                base["stop_price"] = (1_003 if side == 0 else 997) * tick
        elif template in ("quote_enter", "mass_quote"):
            base |= {**named, "bid_quantity": 2, "ask_quantity": 2, "hedge": 3}
            base |= {"bid_price": 998 * tick, "ask_price": 1_002 * tick}
        elif template == "quote_request":
            base |= named
        elif template in ("order_cancel", "order_amend"):
            sequence, _, _ = self.random.choice(self.day.entered[1] or [(1, 1, 1)])
            base["order_id"] = sequence * 1024
        return 1, base

    def _base(self, template: str) -> dict[str, int]:
        if template == "product_define":
            return vars(self.day.products[1]) | {"product": self.random.randint(5, 62)}
        if template in ("instrument_define", "limits_set"):
            number = self.random.choice(list(self.day.instruments))
            tick = self.day.products[self.day.instruments[number]].tick
            base = {"lower_limit": 980 * tick, "upper_limit": 1_020 * tick, "instrument": number}
            if template == "limits_set":
                return base
            number, owner = self.random.randint(20, 65), self.day.instruments[number]
            settled = {"previous_settlement": 1_000 * tick, "open_interest": 5}
            return base | settled | {"instrument": number, "product_of": owner}
        if template == "combination_define":
            legs = self.random.sample(list(self.day.instruments), 2)
            number = self.random.randint(2_000, 2_100)
            return {"instrument": number, "leg_1": legs[0], "leg_2": legs[1]}
        if template in ("forced_close", "order_carry", "trade_correct"):
            return self._priced(template)
        return {
            "member_define": {"member": 1, "active": 1, "credit": 10**12},
            "seat_define": {"seat_number": 1, "member": 1},
            "account_define": {
                "account": 1,
                "member": 1,
                "active": 1,
                "open_products": -1,
                "close_products": -1,
            },
            "right_set": {"account": 1, "product": 1, "right": 2},
            "credit_set": {"member": 1, "credit": 10**12},
            "position_set": {"account": 1, "instrument": 1, "long_yesterday": 3},
            "phase_set": {"phase": 2},
            "halt_set": {},
            "timer": {},
            "rule_set": {"product": 1, "rule": self.random.randint(1, 20), "value": 1},
            "group_define": {"group": 1, "self_trade_mode": 1},
            "rate_set": {"member": 1},
            "block_set": {"member": 1, "operator_reason": 6},
            "operator_cancel": {"member": 1, "mass_side": 2, "operator_reason": 6},
            "trade_bust": {"trade_id": self.random.randint(1, 60), "operator_reason": 6},
        }[template]

    def _priced(self, template: str) -> dict[str, int]:
        """The exchange's commands that name a price of some instrument."""
        instrument = self.random.choice(list(self.day.instruments))
        price = 1_000 * self.day.products[self.day.instruments[instrument]].tick
        if template == "trade_correct":
            trade_id = self.random.randint(1, 60)
            return {"trade_id": trade_id, "price": price, "operator_reason": 6}
        base = {"instrument": instrument, "account": 1, "price": price, "quantity": 2}
        if template == "forced_close":
            return base | {"side": 1, "offset": 1, "operator_reason": 6}
        carried = {"carried_remaining": 1, "carried_seat": 1, "time_in_force": 4, "client_id": 9}
        return base | carried | {"carried_order_id": self.random.randint(1, 2_000) * 1_024}


def live_extremes(seed: int, count: int, *, singly: bool) -> str:
    """Hash of the events of such a day; raises what the watch or the core finds wrong."""
    venue = Venue(clock=lambda: 1, first_sequence=FIRST_SEQUENCE)
    watch, digest = Watch(), hashlib.sha256()
    for place, (seat, message) in enumerate(ExtremeDay(seed).write(count, singly=singly)):
        events = venue.send(seat, message)
        digest.update(events)
        watch.see(seat, message, events)
        if place % 200 == 0:
            check(venue.core)
    check(venue.core)
    return digest.hexdigest()


if __name__ == "__main__":
    for number in sys.argv[2:]:
        print(live_extremes(int(number), int(sys.argv[1]), singly=int(number) % 2 == 0))
