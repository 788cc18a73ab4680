"""What a command costs as the market grows: resting orders, instruments, accounts.

Prints a table, then one JSON object. Every market lives exchange-core's mix (`mix`) in batches of
4096, uniform (all orders alike) and hot (nine of ten commands on one order in a hundred), five
pieces of each, in turn with pieces of the smallest usual market, 1,000 orders, in the same run:
ratios are to the piece beside them. Reference, in turn too: a compiled loop that goes through a
table of as many 64-byte rows at random, each row naming the next, which is one wait for memory.
"""

import gc
import json
import statistics
import time
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from benchmarks import conditions
from benchmarks.mix import Market, Writer
from benchmarks.workload import pieces_of
from twinex.venue.venue import Venue
from twinex.venue.warm import warm_up

PIECE = 200_000
SMALL_PIECE = 50_000  # where a writer looks at the book after every few commands
RUNS = 5
BATCH = 4096
SEGMENT_BYTES = 1 << 28
BASE = Market()
MARKETS = {
    "orders_10": Market(resting=10),
    "orders_100_000": Market(resting=100_000),
    "orders_10_000_000": Market(resting=10_000_000),
    "instruments_100": Market(instruments=100),
    "instruments_10_000_orders_100_000": Market(instruments=10_000, resting=100_000),
    "accounts_10": Market(accounts=10),
    "accounts_100_000_orders_100_000": Market(accounts=100_000, resting=100_000),
}
COLUMNS = {
    "uniform_ns": "uniform\nns",
    "uniform_ratio": "ratio",
    "hot_ns": "hot\nns",
    "hot_ratio": "ratio",
    "base_ns": "base\nns",
    "reference_ns": "reference\nns",
    "table_bytes_an_order": "bytes an\norder",
    "refused": "refused",
}


class Day(NamedTuple):
    """A market's frames: what fills it, and pieces of traffic, each as batches."""

    filling: list[np.ndarray]
    uniform: list[list[np.ndarray]]
    hot: list[list[np.ndarray]]
    commands: int
    refused: int


def _write(market: Market) -> Day:
    writer = Writer(market)
    piece = PIECE if market.resting >= 1_000 else SMALL_PIECE
    filling = [
        writer.opening,
        writer.filling(),
        writer.traffic(piece),
        writer.traffic(piece, hot=True),
    ]
    before, refused = writer.commands, writer.refused
    uniform, hot = [], []
    for _ in range(RUNS):
        uniform.append(pieces_of(writer.traffic(piece), BATCH))
        hot.append(pieces_of(writer.traffic(piece, hot=True), BATCH))
    day = Day(filling, uniform, hot, writer.commands, writer.refused - refused)
    assert writer.commands - before == 2 * RUNS * piece
    writer.close()
    return day


def _filled(day: Day, market: Market) -> Venue:
    """A venue in which the market's orders rest."""
    venue = Venue(clock=lambda: 1, segment_bytes=SEGMENT_BYTES, keep=False)
    venue.reserve(commands=day.commands, orders=market.resting + market.resting // 4 + 4096)
    for frames in day.filling:
        for batch in pieces_of(frames, 1 << 16):
            venue.submit(batch)
    venue.reserve(commands=day.commands, orders=market.resting)
    return venue


def _ns(venue: Venue, batches: list[np.ndarray]) -> float:
    """Nanoseconds a command of these batches."""
    before, started = venue.sequence, time.perf_counter_ns()
    for batch in batches:
        venue.submit(batch)
    return (time.perf_counter_ns() - started) / (venue.sequence - before)


@njit(nogil=True)
def _chase(rows, count):
    place = 0
    for _ in range(count):
        place = rows[place, 0]
        rows[place, 1] += 1
    return place


def _rows(count: int) -> np.ndarray:
    """A table of so many 64-byte rows, each naming the next of one random ring."""
    order = np.random.default_rng(1).permutation(count)
    rows = np.zeros((count, 8), dtype=np.int64)
    rows[order, 0] = np.roll(order, -1)
    return rows


def _chased(rows: np.ndarray) -> float:
    started = time.perf_counter_ns()
    _chase(rows, PIECE)
    return (time.perf_counter_ns() - started) / PIECE


def _grown(market: Market, day: Day, base: Day) -> dict[str, Any]:
    """A market against the base, piece by piece."""
    rows = _rows(market.resting)
    _chase(rows, 1)
    with _filled(day, market) as venue, _filled(base, BASE) as small:
        runs = []
        for number in range(RUNS):
            own = _ns(venue, day.uniform[number]), _ns(venue, day.hot[number])
            runs.append((_ns(small, base.uniform[number]), *own, _chased(rows)))
        size = sum(table.nbytes for table in venue.core[:-2])
        live = venue.statistics().live_orders
    median = statistics.median
    return {
        "uniform_ns": round(median(run[1] for run in runs)),
        "hot_ns": round(median(run[2] for run in runs)),
        "base_ns": round(median(run[0] for run in runs)),
        "uniform_ratio": round(median(run[1] / run[0] for run in runs), 2),
        "hot_ratio": round(median(run[2] / run[0] for run in runs), 2),
        "reference_ns": round(median(run[3] for run in runs), 1),
        "table_bytes": size,
        "table_bytes_an_order": round(size / live) if live else 0,
        "refused": day.refused,
    }


def main() -> None:
    warm_up()
    base = _write(BASE)
    figures: dict[str, Any] = {"base": "1,000 orders, 1 instrument, 1,000 accounts, uniform"}
    for name, market in MARKETS.items():
        figures[name] = _grown(market, _write(market), base)
        gc.collect()
    figures["reference_is"] = "a dependent walk through as many 64-byte rows at random, ns a row"
    figures["runs"] = RUNS
    conditions.report_rows("growth", {name: figures[name] for name in MARKETS}, COLUMNS)
    for key in ("base", "reference_is", "runs"):
        print(f"{key}: {figures[key]}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
