"""The whole core on one thread: framed commands in, journal and event bytes out, every check on.

Prints a table, then one JSON object. Throughput: exchange-core's mix (`mix`) in batches of 4096
through `Venue.submit`, journal in memory; beside it, in mapped files, and a stream in which every
25th command is there to be refused, for as many reasons as plain orders meet (`workload`).
Latency: the mix, one command at a time at its due time, in turn with a handler that only waits
(`pacing`).
Reference, in turn with the venue in the same run: a compiled loop that only copies every frame
into memory as large as the journal and writes as many event bytes into memory as large as the event
stream, so no venue can be faster.
"""

import json
import operator
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from benchmarks import conditions, mix, workload
from benchmarks.pacing import Pace
from benchmarks.workload import Stream
from twinex.venue.events import events_of
from twinex.venue.sequencer import Frames, frames_over
from twinex.venue.venue import Statistics, Venue
from twinex.venue.warm import warm_up
from twinex.venue.wire import codes

COMMANDS = 3_000_000
PACED_COMMANDS = 2_000_000
PACED_BLOCK = 2_000
REFUSED_COMMANDS = 1_000_000
BATCH = 4096
RUNS = 5
OFFERED_PER_S = 1_000_000
SEGMENT_BYTES = 1 << 30
MARKET = mix.Market(held=100_000)


@njit(nogil=True)
def _copy(frames, starts, journal, events):
    """Copy every frame to the journal, four words of head before it, and write its events."""
    place, event, count = 0, 0, len(starts) - 1
    each = len(events) // count
    for number in range(count):
        place += 4
        for word in range(starts[number] >> 3, starts[number + 1] >> 3):
            journal[place] = frames[word]
            place += 1
        for _ in range(each):
            events[event] = number
            event += 1
    return event


def _opened(traffic: Stream, orders: int, directory: Path | None = None) -> Venue:
    """A venue whose market is open, its tables as large as the day needs."""
    size = SEGMENT_BYTES if directory is None else SEGMENT_BYTES >> 2
    venue = Venue(directory, clock=lambda: 1, segment_bytes=size)
    venue.submit(traffic.opening)
    venue.reserve(commands=traffic.commands, orders=orders)
    return venue


def _throughput(
    traffic: Stream, pieces: list[np.ndarray], orders: int, directory: Path | None = None
) -> float:
    """Commands a second over the body."""
    with _opened(traffic, orders, directory) as venue:
        started = time.perf_counter()
        for piece in pieces:
            venue.submit(piece)
        return traffic.body_commands / (time.perf_counter() - started)


def _in_files(traffic: Stream, pieces: list[np.ndarray], orders: int) -> float:
    with tempfile.TemporaryDirectory(prefix="twinex-") as directory:
        return _throughput(traffic, pieces, orders, Path(directory) / "day")


def _reference(traffic: Stream, starts: np.ndarray, event_bytes: int) -> float:
    """Commands a second of the bare copy, over memory touched before."""
    journal = np.ones(len(traffic.body) // 8 + 4 * len(starts), dtype=np.int64)
    events = np.ones(event_bytes // 8, dtype=np.int64)
    words = traffic.body.view(np.int64)
    _copy(words[: starts[1] >> 3], starts[:2], journal, events[:8])
    started = time.perf_counter()
    _copy(words, starts, journal, events)
    return traffic.body_commands / (time.perf_counter() - started)


def _day(traffic: Stream, pieces: list[np.ndarray]) -> tuple[np.ndarray, Statistics, Statistics]:
    """Event bytes of the body; counts of the day before and after it."""
    with Venue(clock=lambda: 1, segment_bytes=SEGMENT_BYTES) as venue:
        venue.submit(traffic.opening)
        before = venue.statistics()
        events = np.concatenate([venue.submit(piece) for piece in pieces])
        return events, before, venue.statistics()


def _refused() -> dict[str, Any]:
    """The stream of many refusals: its speed, and how many reasons of all it meets."""
    traffic = workload.stream(REFUSED_COMMANDS)
    pieces = traffic.pieces(BATCH)
    events, _, counts = _day(traffic, pieces)
    met = set(events_of(events).of("command_rejected")["reject_reason"].tolist())
    known = {code for name, code in vars(codes).items() if name.startswith("REJECT_")} - {0}
    orders = traffic.commands // 4
    rates = [_throughput(traffic, pieces, orders) for _ in range(RUNS)]
    return {
        "refusals_commands_per_s": round(statistics.median(rates)),
        "refusals_share": round(counts.rejects / traffic.body_commands, 4),
        "reject_reasons_met": len(met),
        "reject_reasons": len(known),
    }


def _paced(traffic: Stream, frames: Frames, starts: np.ndarray) -> Pace:
    """One run at the offered rate."""
    pace = Pace(OFFERED_PER_S)
    with _opened(traffic, 4 * MARKET.resting) as venue:
        pace.run(venue, frames, starts, PACED_BLOCK)
    return pace


def _latency() -> dict[str, Any]:
    """Figures of the paced runs: medians over the runs."""
    traffic, _ = mix.stream(PACED_COMMANDS, MARKET)
    frames, starts = frames_over(traffic.body), traffic.starts()
    _paced(traffic, frames, starts[: PACED_BLOCK + 1])
    runs = [_paced(traffic, frames, starts) for _ in range(RUNS)]
    median = statistics.median
    venue_p99, empty_p99 = (median(run.latency_ns(0.99)[at] for run in runs) for at in (0, 1))
    ratios = [operator.truediv(*run.latency_ns(0.99)) for run in runs]
    pages = np.sum([run.venue.pages for run in runs], axis=0)
    return {
        "offered_per_s": OFFERED_PER_S,
        "p50_ns": round(median(run.latency_ns(0.5)[0] for run in runs)),
        "p99_ns": round(venue_p99),
        "empty_p50_ns": round(median(run.latency_ns(0.5)[1] for run in runs)),
        "empty_p99_ns": round(empty_p99),
        "p99_over_empty": round(median(ratios), 3),
        "p99_over_empty_runs": [round(ratio, 3) for ratio in ratios],
        "service_p50_ns": round(median(run.service_ns(0.5) for run in runs)),
        "service_p99_ns": round(median(run.service_ns(0.99) for run in runs)),
        "stalls_in_venue": sum(run.stalls()[0] for run in runs),
        "stalls_in_empty": sum(run.stalls()[1] for run in runs),
        "stalls_where_a_page_began": int(pages[0, 0]),
        "stalls_where_a_huge_page_began": int(pages[0, 1]),
        "commands_where_a_page_began": int(pages[1, 0]),
        "commands_where_a_huge_page_began": int(pages[1, 1]),
        "paced_commands": RUNS * PACED_COMMANDS,
    }


def _speed() -> dict[str, Any]:
    """Figures of the throughput runs."""
    traffic, market = mix.stream(COMMANDS, MARKET)
    pieces, starts, orders = traffic.pieces(BATCH), traffic.starts(), 4 * MARKET.resting
    events, before, after = _day(traffic, pieces)
    event_bytes = len(events)
    del events
    rates, references = [], []
    for _ in range(RUNS):
        rates.append(_throughput(traffic, pieces, orders))
        references.append(_reference(traffic, starts, event_bytes))
    files = [_in_files(traffic, pieces, orders) for _ in range(RUNS)]
    refused = after.rejects - before.rejects
    return {
        "commands_per_s": round(statistics.median(rates)),
        "commands_per_s_best": round(max(rates)),
        "commands_per_s_worst": round(min(rates)),
        "commands_per_s_mapped_files": round(statistics.median(files)),
        "reference": round(statistics.median(references)),
        "reference_is": "commands/s of a compiled copy of the same bytes in and out",
        "share_of_reference": round(statistics.median(map(operator.truediv, rates, references)), 4),
        "commands": traffic.body_commands,
        **market,
        "events_per_command": round((after.events - before.events) / traffic.body_commands, 2),
        "event_bytes_per_command": round(event_bytes / traffic.body_commands),
        "trades": after.trades - before.trades,
        "refused_share": round(refused / traffic.body_commands, 5),
    }


def main() -> None:
    warm_up()
    figures = _speed() | _latency() | _refused() | {"runs": RUNS}
    conditions.report("core", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
