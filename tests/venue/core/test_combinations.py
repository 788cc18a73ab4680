"""Combinations where random days seldom come: many steps, wide limits, both legs' rules."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from checkers import Watch
from checkers.wire import ENUMS, HEAD, REASON, SCHEMA_ID, encode, events_of

from twinex.venue.core.check import check
from twinex.venue.venue import Venue

BUY, SELL = 0, 1
SPREAD = 10  # instrument 1 less instrument 2
STEPS_MAX = 256
RULE = ENUMS["Rule"]


class Floor:
    """A market of two products with a contract each, their combination, and one member."""

    def __init__(self, **second: int) -> None:
        self.venue, self.watch, self.last_id = Venue(clock=lambda: 1), Watch(), 0
        rules = {"kinds_allowed": 15, "times_allowed": 31, "tick": 1, "multiplier": 1}
        rules |= {"quantity_minimum": 1, "quantity_maximum_limit": 1_000, "offset_rule": 1}
        rules |= {"quantity_maximum_market": 1_000, "quantity_step": 1, "funds_checked": 1}
        self.say("day_open", trading_day=20260105, first_sequence=1)
        limits = {"lower_limit": 900, "upper_limit": 1_100, "previous_settlement": 1_000}
        for number, more in ((1, {}), (2, second)):
            self.say("product_define", product=number, **{**rules, **more})
            self.say("instrument_define", instrument=number, product_of=number, **limits)
        self.say("member_define", member=7, active=1, credit=10**12)
        self.say("seat_define", seat_number=3, member=7)
        for account in (1, 2):
            rights = {"open_products": 6, "close_products": 6, "active": 1}
            self.say("account_define", account=account, member=7, **rights)
        self.say("combination_define", instrument=SPREAD, leg_1=1, leg_2=2)
        self.say("phase_set", phase=2)

    def send(self, seat: int, message: bytes) -> list[SimpleNamespace]:
        events = self.venue.send(seat, message)
        self.watch.see(seat, message, events)
        return list(events_of(events))

    def say(self, name: str, **fields: int) -> list[SimpleNamespace]:
        """The exchange's word; it is done."""
        events = self.send(0, encode(name, **fields))
        assert events[0].template != "command_rejected", events[0]
        return events

    def enter(self, instrument: int, side: int, quantity: int, price: int, **more: int) -> list:
        self.last_id += 1
        terms = {"instrument": instrument, "side": side, "quantity": quantity, "price": price}
        terms |= {"client_id": self.last_id, "account": 1} | more
        return self.send(3, encode("order_enter", **terms))


def _steps(events: list[SimpleNamespace]) -> int:
    return sum(event.template == "order_filled" and event.instrument == SPREAD for event in events)


@pytest.fixture
def crowded() -> Floor:
    """A combination of 600 lots within reach of 600 orders of one lot, all at once."""
    floor = Floor()
    floor.enter(SPREAD, BUY, 600, 0)
    floor.enter(2, BUY, 600, 1_000)
    floor.say("halt_set", instrument=SPREAD, halted=1)
    for _ in range(600):
        floor.enter(1, SELL, 1, 1_000)
    return floor


def _whatever(floor: Floor) -> Iterator[list[SimpleNamespace]]:
    """Commands that do nothing themselves."""
    yield floor.enter(1, BUY, 1, 5_000)
    yield floor.send(3, HEAD.pack(24, 99, SCHEMA_ID, 0) + bytes(24))
    again = encode("order_enter", client_id=1, instrument=SPREAD, account=1, quantity=600)
    yield floor.send(3, again)
    yield floor.say("timer")


def test_what_is_left_goes_on_behind_the_next_command(crowded: Floor) -> None:
    assert _steps(crowded.say("halt_set", instrument=SPREAD, halted=0)) == STEPS_MAX
    steps = [_steps(events) for events in _whatever(crowded)]
    assert steps == [STEPS_MAX, 600 - 2 * STEPS_MAX, 0, 0]
    check(crowded.venue.core)
    crowded.watch.check_totals()


def test_the_steps_of_all_rounds_are_counted_together() -> None:
    """Some come within reach at once, the others by a stop."""
    floor = Floor()
    floor.say("rule_set", product=2, rule=RULE.stops_allowed, value=1)
    floor.enter(SPREAD, BUY, 600, 1)
    for side in (BUY, SELL):
        floor.enter(2, side, 1, 999)
    floor.enter(2, BUY, 100, 1_000)
    floor.say("halt_set", instrument=SPREAD, halted=1)
    for _ in range(600):
        floor.enter(1, SELL, 1, 1_001)
    stop = {"instrument": 2, "account": 1, "price": 1_000, "stop_price": 1_000, "quantity": 500}
    floor.send(3, encode("stop_enter", client_id=5_000, **stop))
    events = floor.say("halt_set", instrument=SPREAD, halted=0)
    place = [event.template for event in events].index("stop_triggered")
    assert (_steps(events[:place]), _steps(events[place:])) == (100, STEPS_MAX - 100)


def test_limits_that_would_be_too_wide() -> None:
    """Of a leg, and of a combination that is to be defined: 2^24 ticks and no more."""
    floor = Floor()
    widest = {"instrument": 1, "lower_limit": 1}
    room = (1 << 24) - 200  # leg 2 takes up 200
    floor.say("limits_set", upper_limit=room, **widest)
    refused = floor.send(0, encode("limits_set", upper_limit=room + 1, **widest))
    assert refused[0].reject_reason == REASON.LIMITS_INVALID
    settled = {"previous_settlement": 1_000, "lower_limit": 1, "upper_limit": room + 1}
    floor.say("instrument_define", instrument=3, product_of=1, **settled)
    defined = {"leg_1": 2, "leg_2": 3, "instrument": 11}
    refused = floor.send(0, encode("combination_define", **defined))
    assert refused[0].reject_reason == REASON.REFERENCE_INVALID
    floor.say("limits_set", instrument=3, lower_limit=1, upper_limit=room)
    floor.say("combination_define", **defined)


@pytest.mark.parametrize(
    ("rule", "value", "reason"),
    [
        ("quantity_minimum", 3, REASON.QUANTITY_BELOW_MINIMUM),
        ("quantity_maximum_limit", 1, REASON.QUANTITY_ABOVE_MAXIMUM),
        ("position_limit", 1, REASON.POSITION_LIMIT),
        ("opening_cap", 1, REASON.OPENING_CAP),
    ],
)
def test_a_rule_of_either_product_refuses(rule: str, value: int, reason: int) -> None:
    for product in (1, 2):
        floor = Floor()
        floor.say("rule_set", product=product, rule=getattr(RULE, rule), value=value)
        assert floor.enter(SPREAD, SELL, 2, 0)[0].reject_reason == reason


def test_credit_counts_both_legs() -> None:
    floor = Floor()
    value = 2 * 1_100 + 2 * 900  # the bought leg at its upper, the sold one at its lower limit
    floor.say("credit_set", member=7, credit=value - 1)
    refused = floor.enter(SPREAD, BUY, 2, 0)[0]
    assert refused.reject_reason == REASON.FUNDS_INSUFFICIENT
    floor.say("credit_set", member=7, credit=value)
    assert floor.enter(SPREAD, BUY, 2, 0)[0].template == "order_accepted"
    assert floor.venue.core.members[7]["used"] == value
    floor.say("limits_set", instrument=1, lower_limit=950, upper_limit=1_090)
    floor.send(3, encode("order_cancel", client_id=99, target_client_id=floor.last_id))
    assert floor.venue.core.members[7]["used"] == 0, "released as it was frozen"
