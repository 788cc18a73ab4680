"""INT64 and INT32 extremes in every field of every command: no crash, no overflow, no wrong book.

In plain Python an overflow raises and an index out of range does too; compiled code would go on.
"""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from checkers.wire import encode, events_of
from extremes import live_extremes

from twinex.venue.core.check import check
from twinex.venue.venue import Venue

COUNT = 700


def _plain(seeds: list[int], count: int) -> list[str]:
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), str(here.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(here / "extremes.py"), str(count), *map(str, seeds)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout.split()


def test_every_extreme_in_every_field_compiled_and_plain() -> None:
    seeds = [2, 3, 5]
    compiled = [live_extremes(seed, COUNT, singly=seed % 2 == 0) for seed in seeds]
    assert compiled == _plain(seeds, COUNT)


def test_several_extremes_at_a_time() -> None:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    for seed in range(base, base + 6):
        print(f"seed {seed}")
        live_extremes(seed, 1_000, singly=False)


@pytest.mark.soak
def test_many_extremes() -> None:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    for seed in range(base, base + 60):
        print(f"seed {seed}")
        live_extremes(seed, 3_000, singly=seed % 4 == 0)
    seeds = list(range(base, base + 8))
    print(f"plain, seeds {seeds}")
    assert [live_extremes(s, 1_500, singly=s % 2 == 0) for s in seeds] == _plain(seeds, 1_500)


def test_the_largest_numbers_that_may_be_defined() -> None:
    """The last id of each table, and one more."""
    venue = Venue(clock=lambda: 1)
    venue.send(0, encode("day_open", trading_day=20260105))
    sizes = {"quantity_minimum": 1, "quantity_step": 1, "quantity_maximum_limit": 1}
    rules = {"tick": 1, "multiplier": 1, "kinds_allowed": 1, "times_allowed": 1}
    product = {**sizes, **rules, "quantity_maximum_market": 1}
    limits = {"lower_limit": 900, "upper_limit": 1_000, "previous_settlement": 1}
    for name, field, most, base in (
        ("product_define", "product", 62, product),
        ("instrument_define", "instrument", 1_000_000, {"product_of": 62, **limits}),
        ("member_define", "member", 1_000_000, {"active": 1}),
        ("seat_define", "seat_number", 1_000_000, {"member": 1_000_000}),
        ("account_define", "account", 10_000_000, {"member": 1_000_000, "open_products": 1 << 62}),
    ):
        for number, answer in ((most, "reference_changed"), (most + 1, "command_rejected")):
            (event,) = events_of(venue.send(0, encode(name, **base, **{field: number})))
            assert event.template == answer, (name, number)
    venue.send(0, encode("phase_set", phase=2))
    order = {"instrument": 1_000_000, "account": 10_000_000, "price": 950, "quantity": 1}
    for side in (0, 1):
        message = encode("order_enter", client_id=2**63 - 1 - side, side=side, **order)
        events = list(events_of(venue.send(1_000_000, message)))
        assert events[0].template == "command_rejected"  # inactive: it may only close
    active = {"account": 10_000_000, "member": 1_000_000, "active": 1, "open_products": 1 << 62}
    venue.send(0, encode("account_define", **active))
    for side in (0, 1):
        message = encode("order_enter", client_id=side + 1, side=side, **order)
        events = list(events_of(venue.send(1_000_000, message)))
    assert [event.template for event in events][-1] == "trade"
    check(venue.core)
    assert venue.book(1_000_000).bids == []


@pytest.mark.soak
def test_the_widest_ladder() -> None:
    """2^24 price levels, orders at both ends; then moved to other limits and back."""
    venue = Venue(clock=lambda: 1)
    venue.send(0, encode("day_open", trading_day=20260105))
    sizes = {"quantity_minimum": 1, "quantity_step": 1, "quantity_maximum_limit": 9}
    rules = {"tick": 1, "multiplier": 1, "kinds_allowed": 1, "times_allowed": 1}
    product = {**sizes, **rules, "quantity_maximum_market": 1}
    venue.send(0, encode("product_define", product=1, **product))
    upper = 2**24
    limits = {"lower_limit": 1, "upper_limit": upper, "previous_settlement": 1}
    venue.send(0, encode("instrument_define", instrument=1, product_of=1, **limits))
    venue.send(0, encode("member_define", member=1, active=1))
    venue.send(0, encode("seat_define", seat_number=1, member=1))
    active = {"account": 1, "member": 1, "active": 1, "open_products": 2}
    venue.send(0, encode("account_define", **active))
    venue.send(0, encode("phase_set", phase=2))
    order = {"instrument": 1, "account": 1, "quantity": 1}
    for number, (side, price) in enumerate(((0, 1), (0, 70), (1, upper), (1, upper - 5_000_000))):
        message = encode("order_enter", client_id=number + 1, side=side, price=price, **order)
        venue.send(1, message)
    check(venue.core)
    assert [level.price for level in venue.book(1).asks] == [upper - 5_000_000, upper]
    for lower, top in ((2, upper), (2, upper + 1), (1, upper)):
        venue.send(0, encode("limits_set", instrument=1, lower_limit=lower, upper_limit=top))
        check(venue.core)
    assert [level.price for level in venue.book(1).bids] == [70]
