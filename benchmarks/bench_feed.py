"""The feed over real sockets: a day's events in, every book rebuilt by receivers of their own.

A day of exchange-core's mix (`mix`) is lived first; then its committed events are published at an
offered rate, all streams made, L3 sent in MoldUDP64 packets to a multicast group of this machine.
`--changes N` (3,000,000) book changes at most in each part. Parts:
* one: one receiver rebuilds, as fast as `--rate` (1,200,000 changes/s) offers; beside it in the
  same run a receiver that reads the same packets and looks at nothing;
* ten: ten receivers at a tenth of that rate;
* late: plain Python's `Feed` joins while a tenth of that rate is published; the median of three.
A part that lost packets repairs them over TCP, and says how often. Prints a table, then one JSON
object.
"""

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import conditions, mix
from benchmarks.feed_receivers import Heard, Where, join_late, only_read, rebuild
from benchmarks.workload import pieces_of
from twinex.venue.feed.channel import Channel
from twinex.venue.feed.definitions import JournalDefinitions
from twinex.venue.feed.mold import packets
from twinex.venue.feed.publisher import Publisher
from twinex.venue.feed.rebuild import Rebuilt
from twinex.venue.feed.streams import L3, Streams
from twinex.venue.journal.reader import Block, EventReader
from twinex.venue.venue import Venue
from twinex.venue.wire.schema import EVENT, union_view

GROUP = "239.255.77.2"
MARKET = mix.Market(instruments=20, resting=20_000)
RATE, CHANGES = 1_200_000, 3_000_000
CHANGES_A_COMMAND = 1.5  # roughly: a moved order leaves and is added
RECEIVERS = 10
JOINS = 3
_CONTEXT = multiprocessing.get_context("spawn")


class Paced:
    """Events as the gate would let them through: so many a second, whole commands at a time."""

    def __init__(self, day: Path, per_s: float, count: int) -> None:
        self._reader, self._per_s, self._left = EventReader(day), per_s, count
        self._block: Block | None = None
        self._ends = np.zeros(0, np.int64)  # where commands of the block end, as event counts
        self._done = self._given = 0
        self._began = time.perf_counter()

    def start(self) -> float:
        """From now on events are due."""
        self._began = time.perf_counter()
        return self._began

    @property
    def is_over(self) -> bool:
        return self._left <= 0

    def poll(self) -> Block | None:
        due = int((time.perf_counter() - self._began) * self._per_s) - self._given
        if due <= 0 or self.is_over:
            return None
        if self._block is None:
            self._next_block()
        if self._block is None:
            return None
        block, start = self._block, self._done
        later = int(np.searchsorted(self._ends, start + due))
        stop = int(self._ends[min(later, len(self._ends) - 1)])
        self._done, self._given, self._left = (
            stop,
            self._given + stop - start,
            self._left - stop + start,
        )
        if stop == len(block.places):
            self._block = None
        return block._replace(places=block.places[start:stop])

    def _next_block(self) -> None:
        self._block, self._done = self._reader.poll(), 0
        if self._block is None:
            self._left = 0
            return
        indices = union_view(self._block.octets, EVENT)["index"][self._block.places >> 3]
        begins = np.flatnonzero(indices == 0)
        self._ends = np.append(begins[begins > 0], len(self._block.places))


def _live_a_day(directory: Path, changes: int) -> None:
    commands = int(changes / CHANGES_A_COMMAND)
    traffic, _ = mix.stream(commands, MARKET)
    with Venue(directory, clock=lambda: 1) as venue:
        venue.submit(traffic.opening)
        for piece in pieces_of(traffic.body, 4096):
            venue.submit(piece)


def _transform_all(day: Path) -> tuple[int, int, float]:
    """Events, book changes, and seconds to make all messages of all three streams of them."""
    for _ in range(2):  # the first compiles
        streams, reader, events = Streams(JournalDefinitions.of(day)), EventReader(day), 0
        began = time.perf_counter()
        while block := reader.poll():
            streams.add(block)
            events += len(block.places)
        streams.settle()
        seconds = time.perf_counter() - began
    return events, _changes_in(streams), seconds


def _changes_in(streams: Streams) -> int:
    rebuilt, log = Rebuilt(), streams.logs[L3]
    rebuilt.load([], 1)
    for _, packet in packets(log, b" " * 10, 1, log.next_sequence, 60_000):
        row = np.frombuffer(packet, np.uint8).reshape(1, -1)
        rebuilt.apply(row, np.array([row.size]), 1)
    return rebuilt.changes


class Part:
    """One publisher in this process, at so many events a second, and receivers in theirs."""

    def __init__(self, day: Path, events_per_s: float, events: int) -> None:
        self._day, self._events_per_s, self._events = day, events_per_s, events
        self.port = 30_000 + int(time.time()) % 20_000
        self.told: Any = _CONTEXT.Queue()
        self._ready = _CONTEXT.Semaphore(0)

    def run(
        self, receivers: list[tuple[Callable[..., None], tuple[Any, ...]]], hook: Any
    ) -> list[Any]:
        """Publish all; what each receiver told. `hook(publisher)` is called at every step."""
        source = Paced(self._day, self._events_per_s, self._events)
        streams = Streams(JournalDefinitions.of(self._day))
        channels = {"L3": Channel([(GROUP, self.port)])}
        with Publisher(source, streams, channels) as publisher:  # type: ignore[arg-type]
            where = Where((GROUP, self.port), publisher.recovery.address)
            running = [
                _CONTEXT.Process(target=target, args=(where, self._ready, *rest, self.told))
                for target, rest in receivers
            ]
            for process in running:
                process.start()
            for _ in running:
                self._ready.acquire()
            self._publish(publisher, source, hook)
            return self._collect(publisher, running)

    def _publish(self, publisher: Publisher, source: Paced, hook: Any) -> None:
        self.began = source.start()
        while not source.is_over:
            publisher.step(0.0)
            hook()
        publisher.step(0.0)
        self.seconds, self.ended = time.perf_counter() - self.began, time.time()

    def _collect(self, publisher: Publisher, running: list[Any]) -> list[Any]:
        """The end of the session again and again, until every receiver has told what it saw."""
        found: list[Any] = []
        end = time.monotonic() + 60
        while len(found) < len(running):
            assert time.monotonic() < end, "a receiver does not end"
            publisher.end()
            publisher.step(0.05)
            while not self.told.empty():
                found.append(self.told.get())
        for process in running:
            process.join()
        return found


def _nothing() -> None:
    pass


def _rates(part: Part, heard: list[Heard]) -> dict[str, Any]:
    slowest = max(one.ended_s for one in heard)
    seconds = part.seconds + max(0.0, slowest - part.ended)
    return {
        "changes_per_s": round(min(one.changes for one in heard) / seconds),
        "offered_for_s": round(part.seconds, 2),
        "behind_at_the_end_s": round(max(0.0, slowest - part.ended), 3),
        "repairs": [one.repairs for one in heard],
    }


def _late(day: Path, events_per_s: float, events: int) -> list[float]:
    """Seconds of each join; the market has run for a while when it begins."""
    found = []
    for _ in range(JOINS):
        part, late = Part(day, events_per_s, events), _CONTEXT.Event()

        def hook(part: Part = part, late: Any = late) -> None:
            if not late.is_set() and time.perf_counter() - part.began > 1.0:
                late.set()

        found += part.run([(join_late, (late,))], hook)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=CHANGES)
    parser.add_argument("--rate", type=int, default=RATE)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="twinex-") as directory:
        day = Path(directory) / "day"
        _live_a_day(day, given.changes)
        events, changes, seconds = _transform_all(day)
        per_s = given.rate * events / changes
        one = Part(day, per_s, events)
        rebuilt = one.run([(rebuild, ())], _nothing)
        read = Part(day, per_s, events)
        only = read.run([(only_read, ())], _nothing)
        ten = Part(day, per_s / 10, min(events, int(3 * per_s / 10)))
        all_ten = ten.run([(rebuild, ())] * RECEIVERS, _nothing)
        joins = _late(day, per_s / 10, min(events, int(4 * per_s / 10)))
    figures = {
        "changes": changes,
        "events": events,
        "three_streams_made_changes_per_s": round(changes / seconds),
        "changes_per_s": _rates(one, rebuilt)["changes_per_s"],
        "one": _rates(one, rebuilt),
        "reference_only_read_packets_per_s": round(only[0].packets / only[0].busy_s),
        "reference_messages_lost": rebuilt[0].messages - only[0].messages,
        "ten": _rates(ten, all_ten),
        "late_join_s": round(statistics.median(joins), 3),
        "late_joins_s": [round(each, 3) for each in joins],
    }
    conditions.report("feed", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
