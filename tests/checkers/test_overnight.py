"""Days in a row: what outlives one stands in the next as it stood, and trades on."""

import os
import random

import pytest

from checkers import Watch
from checkers.days import RandomDay
from checkers.market import Order
from checkers.overnight import opening, standing
from checkers.wire import encode, events_of

venue = pytest.importorskip("twinex.venue.venue")

DAYS = (20260105, 20260106, 20260107)


def _live_in_a_row(seed: int, count: int) -> int:
    """Three days under watch; how many orders came over night."""
    print(f"seed {seed}")
    source, first, carried = random.Random(seed), 1, 0
    before, rules = None, RandomDay(source)
    for trading_day in DAYS:
        day, watch = RandomDay(source, first_sequence=first), Watch()
        day.products, day.more_rules, day.groups = rules.products, rules.more_rules, rules.groups
        day.combinations = dict(rules.combinations)
        setup, commands = day.write(count)
        system = venue.Venue(clock=lambda: 1_000, first_sequence=first)
        if before is not None:
            setup = opening(before.market, first, trading_day)
        for seat, message in setup:
            watch.see(seat, message, system.send(seat, message))
        if before is not None:
            carried += _hold_as_it_stood(before, watch)
        phase = encode("phase_set", phase=source.choice((2, 3)))
        for seat, message in [(0, phase), *commands]:
            watch.see(seat, message, system.send(seat, message))
        watch.check_totals()
        first, before = system.sequence + 1, watch
    return carried


def _hold_as_it_stood(before: Watch, watch: Watch) -> int:
    """Whoever was accepted stands with its lots, price and place; the number of them."""
    known = watch.market.orders
    due = [order for order in standing(before.market) if order.id in known]
    found = list(standing(watch.market))
    assert [_figures(each) for each in found] == [_figures(each) for each in due]
    return len(due)


def _figures(order: Order) -> tuple[int, ...]:
    stop = (order.sent, order.stop_price, order.trail) if order.waiting else (order.price, 0, 0)
    return order.id, order.side, order.quantity, order.remaining, order.display, *stop


def test_days_in_a_row() -> None:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    carried = sum(_live_in_a_row(seed, 500) for seed in (*range(8), *range(base, base + 4)))
    assert carried > 40, "orders come over night"


def test_a_refused_order_is_named_to_its_owner_and_gone() -> None:
    """Its product forbids what it allowed the day before."""
    watch, system = Watch(), venue.Venue(clock=lambda: 1, first_sequence=2_000)
    day = RandomDay(random.Random(4), products=1, first_sequence=2_000)
    rules = vars(day.products[1]) | {"times_allowed": 1}
    limits = {"lower_limit": 900 * rules["tick"], "upper_limit": 1_100 * rules["tick"]}
    rights = {"open_products": 2, "close_products": 2, "active": 1}
    order = {"price": 1_000 * rules["tick"], "quantity": 4, "time_in_force": 4, "client_id": 9}
    carry = {"carried_order_id": 5 * 1024, "carried_remaining": 4, "carried_seat": 3}
    settled = {"previous_settlement": 1_000 * rules["tick"]}
    for message in (
        encode("day_open", trading_day=DAYS[1], first_sequence=2_000),
        encode("product_define", **rules),
        encode("instrument_define", instrument=1, product_of=1, **limits, **settled),
        encode("member_define", member=7, active=1, credit=10**12),
        encode("seat_define", seat_number=3, member=7),
        encode("account_define", account=1, member=7, **rights),
        encode("order_carry", instrument=1, account=1, **order, **carry),
    ):
        events = system.send(0, message)
        watch.see(0, message, events)
    (answer,) = events_of(events)
    assert answer.template == "command_rejected"
    assert (answer.order_id, answer.client_id, answer.seat, answer.member) == (5 * 1024, 9, 3, 7)
    for number, name in enumerate(("order_cancel", "order_amend")):
        message = encode(name, client_id=1 + number, order_id=5 * 1024)
        watch.see(3, message, system.send(3, message))
