"""What things are worth: option values, walks, and the prices a day's contracts are traded at."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinex.day.opening import prepare
from twinex.day.prices import ONE, Walk, option_delta, option_value, round_to, time_value
from twinex.day.valuation import Valuation, pick
from twinex.venue.reference import load_market
from twinex.venue.wire import codes

DAY = date(2026, 7, 6)
STRIKES = np.arange(40_000_000, 52_000_000, 500_000)
FORWARD = np.full(len(STRIKES), 46_000_000)
DEVIATION = np.full(len(STRIKES), 2_000_000)
CALL = np.ones(len(STRIKES), dtype=np.bool_)


@pytest.fixture(scope="module")
def valuation() -> Valuation:
    opening = prepare(load_market("cffex"), DAY, 1)
    return Valuation(opening.listing, DAY, 1)


def test_calls_fall_and_puts_rise_with_the_strike() -> None:
    assert (np.diff(option_value(FORWARD, STRIKES, DEVIATION, CALL)) <= 0).all()
    assert (np.diff(option_value(FORWARD, STRIKES, DEVIATION, ~CALL)) >= 0).all()


def test_a_call_less_its_put_is_the_forward_less_the_strike() -> None:
    call = option_value(FORWARD, STRIKES, DEVIATION, CALL)
    put = option_value(FORWARD, STRIKES, DEVIATION, ~CALL)
    assert (call - put == FORWARD - STRIKES).all()


@given(st.integers(0, 10**8), st.integers(1, 10**7))
def test_time_value_falls_from_the_money_and_is_never_negative(distance: int, deviation: int):
    near, far = time_value(np.array([distance, distance + 1]), np.array([deviation, deviation]))
    assert 0 <= far <= near <= deviation * 2 // 5


def test_time_value_at_the_money_is_bacheliers() -> None:
    # deviation / sqrt(2 pi)
    assert time_value(np.array([0]), np.array([10**6])).tolist() == [398_941]


def test_deltas() -> None:
    call = option_delta(FORWARD, STRIKES, DEVIATION, CALL)
    put = option_delta(FORWARD, STRIKES, DEVIATION, ~CALL)
    assert (call - put == ONE).all()
    assert (np.diff(call) <= 0).all()
    assert call[STRIKES == 46_000_000].tolist() == [ONE // 2]
    assert ((call >= 0) & (call <= ONE)).all()


def test_round_to_the_nearest_tick() -> None:
    assert round_to(np.array([1001, 999, 2999]), np.array([2000] * 3)).tolist() == [2000, 0, 2000]


def test_a_walk_is_its_seed_and_does_not_run_away() -> None:
    start, points = np.array([46_000_000, 1_080_000]), np.array([110, 16])
    walks = [Walk(start, points, seed) for seed in (5, 5, 6)]
    for walk in walks:
        for _ in range(1_440):
            walk.advance(10)
    assert walks[0].price.tolist() == walks[1].price.tolist() != walks[2].price.tolist()
    for seed in range(20):
        walk = Walk(start, points, seed)
        for _ in range(1_440):
            walk.advance(10)
        moved = np.abs(walk.price - start)
        assert (moved < start * points * 5 // 10_000).all(), f"seed {seed}: {walk.price}"


def test_walks_rise_as_often_as_they_fall() -> None:
    start, points = np.array([46_000_000]), np.array([110])
    rises = 0
    for seed in range(100):
        walk = Walk(start, points, seed)
        for _ in range(144):
            walk.advance(100)
        rises += int(walk.price[0] > start[0])
    assert 25 <= rises <= 75, f"{rises} of 100 walks rose"


def test_fair_prices_stand_on_ticks_inside_the_limits(valuation: Valuation) -> None:
    listing = valuation.listing
    for _ in range(300):
        valuation.advance(60)
        assert (valuation.fair % listing.tick == 0).all()
        assert (listing.lower <= valuation.fair).all()
        assert (valuation.fair <= listing.upper).all()


def test_fair_options_keep_put_call_parity(valuation: Valuation) -> None:
    """Rounding may move each of the two by half a tick; limits may bind, so the middle is taken."""
    listing, fair = valuation.listing, valuation.fair
    inside = (listing.lower < fair) & (fair < listing.upper)
    pairs = {}
    for slot in np.flatnonzero(valuation.is_option & inside).tolist():
        key = listing.product_names[slot], int(listing.month[slot]), int(listing.strike[slot])
        pairs.setdefault(key[:2], {}).setdefault(key[2], {})[bool(listing.call[slot])] = slot
    for series in pairs.values():
        forwards = [
            strike + int(fair[both[True]] - fair[both[False]])
            for strike, both in series.items()
            if len(both) == 2
        ]
        tick = int(listing.tick[next(iter(next(iter(series.values())).values()))])
        assert len(forwards) > 5
        assert max(forwards) - min(forwards) <= 2 * tick


def test_near_months_and_strikes_are_the_busy_ones(valuation: Valuation) -> None:
    listing, weight = valuation.listing, valuation.weight
    assert (weight > 0).all()
    for product in set(listing.product_names):
        slots = [slot for slot, name in enumerate(listing.product_names) if name == product]
        busiest = max(slots, key=lambda slot: weight[slot])
        assert listing.month[busiest] == listing.month[slots].min()


def test_pick_takes_open_contracts_by_weight() -> None:
    random = np.random.default_rng(1)
    weight = np.array([1, 10, 100, 1000])
    found = pick(random, weight, np.array([True, True, True, False]), 10_000)
    counts = np.bincount(found, minlength=4).tolist()
    assert counts[0] < counts[1] < counts[2]
    assert counts[3] == 0
    assert len(pick(random, weight, np.zeros(4, dtype=np.bool_), 10)) == 0
    assert len(pick(random, weight, np.ones(4, dtype=np.bool_), 0)) == 0


def test_one_future_is_one_future(valuation: Valuation) -> None:
    futures = valuation.listing.product_class == codes.CLASS_FUTURE
    assert (valuation.delta()[futures] == ONE).all()
