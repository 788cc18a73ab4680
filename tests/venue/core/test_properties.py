"""Random days under the eyes of the checkers, and of the core's own self-check.

Every command of a day is judged with its events by `checkers`, written from the spec alone; every
few commands the core's tables are walked and compared with what the checkers know.
"""

import os
import random

import pytest
from checkers import Watch
from checkers.days import Command, RandomDay
from checkers.market import Market, Row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinex.venue.core import room
from twinex.venue.core.check import check
from twinex.venue.venue import Venue

CHECK_EVERY = 25


def live_through(day: RandomDay, count: int) -> Venue:
    """A day under watch; raises Violation or BrokenInvariant at the first wrong command."""
    setup, commands = day.write(count)
    venue, watch = Venue(clock=lambda: 1_000, first_sequence=day.first_sequence), Watch()
    for place, (seat, message) in enumerate([*setup, *commands]):
        watch.see(seat, message, venue.send(seat, message))
        if place % CHECK_EVERY == 0 or place == len(setup) + count - 1:
            check(venue.core)
            compare(venue, watch)
    watch.check_totals()
    return venue


def compare(venue: Venue, watch: Watch) -> None:
    """The core's tables against what a reader of its events knows."""
    core, market = venue.core, watch.market
    for number, used in market.used.items():
        assert core.members[number]["used"] == used, f"credit used by member {number}"
    for row in range(1, int(core.now[0]["position_count"]) + 1):
        position = core.positions[row]
        key = tuple(int(position[name]) for name in ("account", "instrument", "hedge"))
        known = market.rows.get(key, Row()) if key[0] > 0 else _of_group(market, *key)
        for name in ("today", "yesterday", "frozen", "frozen_today", "opening"):
            assert position[name].tolist() == getattr(known, name), (name, key)
    for number, instrument in market.instruments.items():
        assert core.instruments[number]["open_interest"] == instrument.open_interest
        assert core.instruments[number]["last_price"] == instrument.last
        depth = venue.book(number, 100)
        for side, levels in ((0, depth.bids), (1, depth.asks)):
            queues = [(price, instrument.book[side][price]) for price in instrument.prices(side)]
            due = [(price, instrument.shown(side, price), len(queue)) for price, queue in queues]
            assert [tuple(level) for level in levels] == due, (number, side)


def _of_group(market: Market, number: int, instrument: int, hedge: int) -> Row:
    """A group's row (its number negative): what its accounts hold, of any day, and open."""
    total = Row()
    for account, each in market.accounts.items():
        row = market.rows.get((account, instrument, hedge), Row())
        for side in (0, 1) if each.group == -number else ():
            total.today[side] += row.today[side] + row.yesterday[side]
            total.opening[side] += row.opening[side]
    return total


def _sees(seed: int, count: int) -> tuple[int, int, int]:
    print(f"seed {seed}, {count} commands")  # shown where the test fails
    first = 1 if seed % 2 else 2_000  # every second day has days before it
    venue = live_through(RandomDay(random.Random(seed), first_sequence=first), count)
    statistics = venue.statistics()
    return statistics.orders, statistics.trades, statistics.rejects


def _tiny_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that grow all the time, and hashes full of collisions."""
    smallest = {"ORDERS": 2, "POSITIONS": 2, "IDS": 8, "SLOTS": 1, "LEVELS": 2, "WORDS": 1}
    for name, rows in {**smallest, "ROWS": 1}.items():
        monkeypatch.setattr(room, f"_START_{name}", rows)


def test_days_in_tables_that_grow_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _tiny_tables(monkeypatch)
    for seed in range(100, 104):
        _sees(seed, 900)


def test_a_deep_book() -> None:
    day = RandomDay(random.Random(9), products=1, members=5, ticks=60)
    venue = live_through(day, 4_500)
    assert venue.statistics().trades > 200


def test_random_days_keep_every_rule() -> None:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    orders = trades = rejects = 0
    for seed in [*range(12), *range(base, base + 8)]:
        found = _sees(seed, 1_200)
        orders, trades, rejects = orders + found[0], trades + found[1], rejects + found[2]
    assert orders > 3_000, "the days trade"
    assert trades > 1_000
    assert rejects > 4_000


def test_days_of_combinations() -> None:
    """Orders of combinations on entry and behind other commands, against legs and each other."""
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    trades = 0
    for seed in [*range(4), *range(base, base + 4)]:
        print(f"seed {seed}")
        shape = {"products": 1 + seed % 3, "members": 4, "ticks": 8, "combined": 0.25}
        day = RandomDay(random.Random(seed), first_sequence=1 + seed % 2 * 1_999, **shape)
        trades += live_through(day, 1_000).statistics().trades
    assert trades > 600


def test_a_busy_day_of_many_products() -> None:
    day = RandomDay(random.Random(7), products=8, members=6, ticks=90)
    venue = live_through(day, 4_000)
    assert venue.statistics().trades > 300


@settings(
    max_examples=120,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.randoms(use_true_random=False), st.integers(20, 150))
def test_days_that_hypothesis_writes(source: random.Random, count: int) -> None:
    live_through(RandomDay(source, products=2, members=2, ticks=6), count)


@pytest.mark.soak
def test_many_random_days() -> None:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    for seed in range(base, base + 400):
        _sees(seed, 3_000)


def test_the_same_seed_writes_the_same_day() -> None:
    def written(seed: int) -> list[Command]:
        setup, commands = RandomDay(random.Random(seed)).write(200)
        return [*setup, *commands]

    assert written(3) == written(3)
    assert written(3) != written(4)
