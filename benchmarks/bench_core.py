"""The whole core on one thread: framed commands in, journal and event bytes out, every check on.

Prints a table, then one JSON object. Throughput: the body of `workload.stream` in batches of 4096
through `Venue.submit`, journal in memory. Latency: the same commands one by one, each due at its
time of an even `offered_per_s` (open loop: a late start counts), from due to its last event byte.
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

import numpy as np
from numba import njit

from benchmarks import conditions
from benchmarks.workload import Stream, stream
from twinex.venue import histogram
from twinex.venue.clock import ns_per_tick, ticks
from twinex.venue.events import events_of
from twinex.venue.sequencer import Frames, frames_over, sequence
from twinex.venue.venue import Venue
from twinex.venue.wire import codes

COMMANDS = 1_000_000
PACED_COMMANDS = 300_000
BATCH = 4096
RUNS = 7
OFFERED_PER_S = 1_000_000
SEGMENT_BYTES = 1 << 28


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


@njit(nogil=True)
def _paced(core, journal, frames, starts, ticks_a_command, latencies, services):
    """Every frame at its due time; what was short (0 = nothing). Times into two histograms."""
    none = np.zeros(0, dtype=np.int64)
    begun = ticks() + 1000
    for number in range(len(starts) - 1):
        due = begun + np.int64(number * ticks_a_command)
        started = ticks()
        while started < due:
            started = ticks()
        short, _ = sequence(core, journal, frames, starts[number], starts[number + 1], 1, none)
        if short != 0:
            return short
        ended = ticks()
        histogram.record(latencies, ended - due)
        histogram.record(services, ended - started)
    return 0


def _opened(traffic: Stream, directory: Path | None = None) -> Venue:
    """A venue whose market is open, its tables as large as the day needs."""
    venue = Venue(directory, clock=lambda: 1, segment_bytes=SEGMENT_BYTES)
    venue.submit(traffic.opening)
    venue.reserve(commands=traffic.commands, orders=traffic.commands // 4)
    return venue


def _throughput(traffic: Stream, pieces: list[np.ndarray], directory: Path | None = None) -> float:
    """Commands a second over the body."""
    with _opened(traffic, directory) as venue:
        started = time.perf_counter()
        for piece in pieces:
            venue.submit(piece)
        return traffic.body_commands / (time.perf_counter() - started)


def _reference(traffic: Stream, starts: np.ndarray, event_bytes: int) -> float:
    """Commands a second of the bare copy, over memory touched before."""
    journal = np.ones(len(traffic.body) // 8 + 4 * len(starts), dtype=np.int64)
    events = np.ones(event_bytes // 8, dtype=np.int64)
    words = traffic.body.view(np.int64)
    _copy(words[: starts[1] >> 3], starts[:2], journal, events[:8])
    started = time.perf_counter()
    _copy(words, starts, journal, events)
    return traffic.body_commands / (time.perf_counter() - started)


def _latency(traffic: Stream, frames: Frames, starts: np.ndarray) -> list[list[float]]:
    """[p50, p99] from due time, and [p50, p99] of the service alone, ns."""
    with _opened(traffic) as venue:
        tick = ns_per_tick()
        latencies, services = histogram.empty(), histogram.empty()
        interval = 1e9 / OFFERED_PER_S / tick
        short = _paced(venue.core, venue.journal, frames, starts, interval, latencies, services)
        assert short == 0, f"the paced run stopped: {short}"
        return [
            [histogram.quantile(times, share) * tick for share in (0.5, 0.99)]
            for times in (latencies, services)
        ]


def _expired(events: np.ndarray) -> int:
    """Orders that lived until the day's end."""
    reasons = events_of(events).of("order_cancelled")["cancel_reason"]
    return int((reasons == codes.CANCEL_EXPIRED).sum())


def _reasons_missing(events: np.ndarray) -> list[str]:
    """Reject reasons that the timed stream did not meet."""
    met = set(events_of(events).of("command_rejected")["reject_reason"].tolist())
    known = {name: code for name, code in vars(codes).items() if name.startswith("REJECT_")}
    return [name for name, code in known.items() if code not in met and code != codes.REJECT_NONE]


def main() -> None:
    traffic, paced = stream(COMMANDS), stream(PACED_COMMANDS)
    pieces, begins = traffic.pieces(BATCH), traffic.starts()
    with _opened(traffic) as venue:
        events = np.concatenate([venue.submit(piece) for piece in pieces])
        statistics_of_day = venue.statistics()
    live = _expired(events)
    missing = _reasons_missing(events)
    assert not missing, f"the timed stream never meets {', '.join(missing)}"
    frames, starts = frames_over(paced.body), paced.starts()
    _latency(paced, frames, starts)
    rates, references, latencies, services, files = [], [], [], [], []
    for _ in range(RUNS):
        rates.append(_throughput(traffic, pieces))
        references.append(_reference(traffic, begins, len(events)))
        latency, service = _latency(paced, frames, starts)
        latencies.append(latency)
        services.append(service)
    for _ in range(3):
        with tempfile.TemporaryDirectory(prefix="twinex-") as directory:
            files.append(_throughput(traffic, pieces, Path(directory) / "day"))
    median = statistics.median
    p50, p99 = (median(run[at] for run in latencies) for at in (0, 1))
    figures = {
        "commands_per_s": round(median(rates)),
        "commands_per_s_best": round(max(rates)),
        "commands_per_s_worst": round(min(rates)),
        "commands_per_s_mapped_files": round(median(files)),
        "p50_ns": round(p50),
        "p99_ns": round(p99),
        "offered_per_s": OFFERED_PER_S,
        "service_p50_ns": round(median(run[0] for run in services)),
        "service_p99_ns": round(median(run[1] for run in services)),
        "reference": round(median(references)),
        "reference_is": "commands/s of a compiled copy of the same bytes in and out",
        "share_of_reference": round(median(map(operator.truediv, rates, references)), 4),
        "commands": traffic.body_commands,
        "events": statistics_of_day.events,
        "event_bytes_per_command": round(len(events) / traffic.body_commands),
        "live_orders_at_close": live,
        "rejects": statistics_of_day.rejects,
        "refused_share": round(statistics_of_day.rejects / traffic.body_commands, 4),
        "reject_reasons_met": sum(name.startswith("REJECT_") for name in vars(codes)) - 1,
        "runs": RUNS,
    }
    conditions.report("core", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
