"""Packets rebuilt by compiled code, held against the core's queues."""

import random

import numpy as np
import pytest

from feed.living import (
    Living,
    core_queues,
    fixed_clock,
    framed_from,
    frames_of,
    snapshot_of,
    submit,
)
from twinex.venue.feed.mold import HEAD, packets, session_name
from twinex.venue.feed.rebuild import Rebuilt
from twinex.venue.feed.streams import L3
from twinex.venue.venue import Venue

_SESSION = session_name("L3", 20260105)


def _rows(parts: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    made = np.zeros((len(parts), 2048), np.uint8)
    for row, part in zip(made, parts, strict=True):
        row[: len(part)] = np.frombuffer(part, np.uint8)
    return made, np.array([len(part) for part in parts])


def _hold(rebuilt: Rebuilt, venue: Venue) -> None:
    queues = core_queues(venue)
    for key, queue in queues.items():
        assert rebuilt.queue(*key) == queue
    assert int(rebuilt.books.now[0]["orders"]) == sum(map(len, queues.values()))


@pytest.mark.parametrize("seed", range(6))
def test_every_queue_is_the_cores(seed: int) -> None:
    source, rebuilt, frames = random.Random(seed), Rebuilt(), frames_of(seed, 500)
    rebuilt.load([], 1)
    with Venue(clock=fixed_clock) as venue:
        living = Living(venue)
        for start in range(0, len(frames), 25):
            submit(venue, frames[start : start + 25])
            living.follow()
            log = living.streams.logs[L3]
            first = max(1, rebuilt.next_sequence - source.randint(0, 30))  # some come twice
            parts = [part for _, part in packets(log, _SESSION, first, log.next_sequence)]
            made, lengths = _rows(parts)
            assert rebuilt.apply(made, lengths, len(parts)) == len(parts)
            assert rebuilt.next_sequence == log.next_sequence
            _hold(rebuilt, venue)


def test_a_gap_stops_it_and_a_snapshot_lets_it_go_on() -> None:
    frames, rebuilt = frames_of(8, 600), Rebuilt()
    rebuilt.load([], 1)
    with Venue(clock=fixed_clock) as venue:
        living = Living(venue)
        submit(venue, frames[:400])
        living.follow()
        log = living.streams.logs[L3]
        parts = [part for _, part in packets(log, _SESSION, 1, log.next_sequence)]
        made, lengths = _rows(parts[:2] + parts[3:])
        assert rebuilt.apply(made, lengths, len(parts) - 1) == 2
        rebuilt.load(list(framed_from(snapshot_of(living.streams, L3))), log.next_sequence)
        _hold(rebuilt, venue)
        submit(venue, frames[400:])
        living.follow()
        rest = [p for _, p in packets(log, _SESSION, rebuilt.next_sequence, log.next_sequence)]
        assert rebuilt.apply(*_rows(rest), len(rest)) == len(rest)
        _hold(rebuilt, venue)


def test_bytes_that_are_no_feed_are_refused() -> None:
    rebuilt = Rebuilt()
    rebuilt.load([], 1)
    short, heartbeat = b"L3", HEAD.pack(_SESSION, 1, 0)
    assert rebuilt.apply(*_rows([short, heartbeat]), 2) == 2
    for broken in (b"", b"\x00", b"\xff\xff", b"\x00\x30" + bytes(47)):
        with pytest.raises(ValueError, match="message 1 is none of the feed"):
            rebuilt.apply(*_rows([HEAD.pack(_SESSION, 1, 1) + broken]), 1)
