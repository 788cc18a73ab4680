"""The same commands make the same bytes: however they are cut, stored, stopped or compiled."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from straight import SEGMENT, Straight, fixed_clock, go_on, hold_reopened, released, straight_day

from twinex.venue.core import room
from twinex.venue.core.check import check
from twinex.venue.journal.reader import JournalReader
from twinex.venue.venue import Venue

SEEDS = (21, 22, 23)


@pytest.fixture(scope="module", params=SEEDS)
def day(request: pytest.FixtureRequest) -> Straight:
    return straight_day(request.param, 1_500)


def _lived(day: Straight, batch: int, **options: int) -> tuple[bytes, int]:
    """(event bytes, chain) of the day in batches."""
    with Venue(clock=fixed_clock, **options) as venue:
        starts = range(0, len(day), batch)
        parts = [venue.submit(day.batch(s, s + batch)).tobytes() for s in starts]
        return b"".join(parts), venue.chain


@pytest.mark.parametrize("batch", [7, 64, 100_000])
def test_batches(day: Straight, batch: int) -> None:
    assert _lived(day, batch) == _lived(day, 1)
    assert _lived(day, batch)[0] == day.events


@pytest.mark.parametrize("batch", [1, 7, 100_000])
def test_the_smallest_segments(day: Straight, batch: int) -> None:
    assert _lived(day, batch, segment_bytes=SEGMENT) == _lived(day, 1)


def _tiny_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    smallest = {"ORDERS": 2, "POSITIONS": 2, "IDS": 8, "SLOTS": 1, "LEVELS": 2, "WORDS": 1}
    for name, rows in {**smallest, "ROWS": 1}.items():
        monkeypatch.setattr(room, f"_START_{name}", rows)


@pytest.mark.parametrize("batch", [1, 7, 100_000])
def test_tables_that_grow_from_nothing(
    day: Straight, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tiny_tables(monkeypatch)
    assert len(room.empty_core().orders) == 2
    assert _lived(day, batch, segment_bytes=SEGMENT)[0] == day.events


def _records(directory: Path) -> Iterator[tuple[int, int, bytes]]:
    """(seat, time, message with its padding) of each record, whatever the message is."""
    reader = JournalReader(directory)
    while block := reader.poll():
        for place in block.places.tolist():
            length, seat, time_ns = (
                int.from_bytes(block.octets[place + offset : place + offset + size], "little")
                for offset, size in ((0, 4), (28, 4), (16, 8))
            )
            message = block.octets[place + 40 : place + length].tobytes()
            yield seat - (seat >> 31 << 32), time_ns, message


def test_a_days_records_replayed(day: Straight, tmp_path: Path) -> None:
    """The journal's own frames, fed to a fresh venue at their own times."""
    with Venue(tmp_path / "day", clock=fixed_clock, segment_bytes=SEGMENT) as venue:
        go_on(venue, day, batch=33)
        chain = venue.chain
    with Venue(clock=fixed_clock, segment_bytes=SEGMENT) as again:
        for seat, time_ns, message in _records(tmp_path / "day"):
            again.watch.clock = lambda time_ns=time_ns: time_ns
            again.send(seat, message)
        assert again.chain == chain
    with Venue.reopen(tmp_path / "day", clock=fixed_clock) as venue:
        assert released(tmp_path / "day") == day.events
        check(venue.core)


def test_stops_in_the_middle(day: Straight, tmp_path: Path, monkeypatch) -> None:
    """Closed and opened again at many places, at last with tables that grow."""
    directory = tmp_path / "day"
    with Venue(directory, clock=fixed_clock, segment_bytes=SEGMENT) as venue:
        go_on(venue, day, stop=1)
    for place, stop in enumerate(range(1, len(day), 97)):
        if place == 8:
            _tiny_tables(monkeypatch)
        with Venue.reopen(directory, clock=fixed_clock) as venue:
            go_on(venue, day, batch=40, stop=stop)
            assert released(directory) == day.until(stop)
    with Venue.reopen(directory, clock=fixed_clock) as venue:
        hold_reopened(venue, day, directory, stop)


def test_a_later_first_sequence(tmp_path: Path) -> None:
    """Days go on from one another; only sequences and order ids differ."""
    with Venue(tmp_path / "day", clock=fixed_clock, first_sequence=10**9, chain=77) as venue:
        day = straight_day(9, 300, first_sequence=10**9)
        parts = [venue.submit(day.batch(s, s + 1)).tobytes() for s in range(len(day))]
        check(venue.core)
        assert venue.statistics().trades > 10
    with Venue.reopen(tmp_path / "day", clock=fixed_clock) as venue:
        assert released(tmp_path / "day") == b"".join(parts)
        assert venue.sequence == 10**9 + len(day) - 1


_PLAIN = """
import hashlib, sys
sys.path[:0] = sys.argv[1:3]
import straight
from twinex.venue.compiler import PLAIN
assert PLAIN
for seed in map(int, sys.argv[4:]):
    day = straight.straight_day(seed, int(sys.argv[3]))
    print(hashlib.sha256(day.events).hexdigest())
"""


def _plain(count: int, seeds: list[int]) -> list[str]:
    """Hashes of the event bytes of these days, from Python that compiles nothing."""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", _PLAIN, str(here), str(here.parent), str(count), *map(str, seeds)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout.split()


def _compiled(count: int, seeds: list[int]) -> list[str]:
    return [hashlib.sha256(straight_day(seed, count).events).hexdigest() for seed in seeds]


def test_compiled_and_plain() -> None:
    seeds = [31, 32, 33, 34]
    assert _compiled(1_500, seeds) == _plain(1_500, seeds)


@pytest.mark.soak
def test_compiled_and_plain_for_long() -> None:
    seeds = [int(seed) for seed in np.random.default_rng().integers(10**6, size=20)]
    print(f"seeds {seeds}")
    assert _compiled(3_000, seeds) == _plain(3_000, seeds)
