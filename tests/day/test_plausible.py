"""Is it a market? Prices that wander but do not drift, few refusals of many kinds, all trading."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from day.small_day import make_day, small_day
from twinex.day.prices import Walk
from twinex.venue.journal.reader import EventReader
from twinex.venue.wire import codes

SECONDS = 14_400


@pytest.mark.parametrize(
    ("start", "basis_points"), [(46_000_000, 110), (1_023_400, 4), (32_000_000, 100)]
)
def test_walks_do_not_drift(start: int, basis_points: int) -> None:
    """Ends of many days: centred within three standard errors, spread about as asked for."""
    ends = []
    for seed in range(8):
        walk = Walk(np.full(8, start), np.full(8, basis_points), seed)
        for _ in range(SECONDS // 4):
            walk.advance(4)
        ends.append(walk.price - start)
    daily = start * basis_points // 10_000
    # The eight prices of a seed share most of their moves: 8 seeds are about 8 independent days.
    assert abs(int(np.mean(ends))) < 3 * daily * 10 // 28, f"seeds 0..7 end at {np.mean(ends)}"
    assert daily // 3 < int(np.std(ends)) < 2 * daily


def test_prices_move_and_keep_clear_of_the_limits() -> None:
    day = small_day()
    listing = day.run.opening.listing
    for one in day.summary["contracts"]:
        if one["class"] != "future":
            continue
        slot = listing.symbols.index(one["symbol"])
        lower, upper = (Decimal(int(x[slot])) / 10_000 for x in (listing.lower, listing.upper))
        assert lower < Decimal(one["low"]) < Decimal(one["high"]) < upper, one["symbol"]


def test_refusals_are_few_and_of_many_kinds() -> None:
    summary = small_day().summary
    refused = sum(summary["rejects"].values())
    assert 0 < refused * 25 < summary["commands"]
    assert len(summary["rejects"]) >= 18
    assert summary["rejects"].get("POSITION_LIMIT", 0) * 1000 < summary["commands"]


def test_everyone_trades_but_who_may_not() -> None:
    people = {one["role"]: one for one in small_day().summary["people"]}
    assert people["barred"]["lots"] == 0
    for role in ("makers", "takers", "hedgers", "holders"):
        assert people[role]["lots"] > 0, role
    assert sum(one["lots"] for one in people.values()) == 2 * small_day().summary["lots"]


def test_near_months_trade_most() -> None:
    lots = {one["symbol"]: one["lots"] for one in small_day().summary["contracts"]}
    assert lots["IF2607"] > lots["IF2608"] > lots["IF2609"] > lots["IF2612"] > 0


@pytest.mark.parametrize("market", ["shfe", "sse", "open"])
def test_each_market_s_traders_know_its_orders(market: str) -> None:
    summary = make_day(None, market=market, commands=6_000).summary
    for reason in ("KIND_UNSUPPORTED", "TIME_IN_FORCE_UNSUPPORTED", "QUANTITY_OFF_STEP"):
        assert summary["rejects"].get(reason, 0) * 200 < summary["commands"], reason
    assert summary["rejects"].get("POSITION_LIMIT", 0) * 200 < summary["commands"]
    assert summary["lots"] > 0


def test_shanghai_closes_what_it_opened_today(tmp_path: Path) -> None:
    make_day(tmp_path / "day", market="shfe", commands=20_000)
    fields = [one.message.fields for one in EventReader(tmp_path / "day")]
    offsets = [one["offset"] for one in fields if "time_in_force" in one]
    assert offsets.count(codes.OFFSET_CLOSE_TODAY) > 100
