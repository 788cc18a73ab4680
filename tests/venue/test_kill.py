"""kill -9 at any moment: nothing acknowledged is lost, the journal verifies, the day goes on.

A child forked from this warmed process writes a day with durability `disk` and notes each command
in shared memory once it is acknowledged; the parent kills it and opens the day again. Waiting for a
moment is counting, not sleeping: the moment is a count of acknowledged commands, then a spin.
"""

import mmap
import os
import random
import shutil
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from straight import SEGMENT, Straight, fixed_clock, go_on, hold_reopened, released, straight_day

from twinex.venue.journal.recovery import verify
from twinex.venue.journal.segments import SegmentWriter
from twinex.venue.venue import Venue

ACKNOWLEDGED, ROLLS, ROLLING, STARTED, DONE = range(5)  # words of the shared memory
Work = Callable[[np.ndarray], None]


@pytest.fixture(scope="module")
def day() -> Straight:
    """A warm process and a day to write: reopened once, so that nothing compiles in a child."""
    return straight_day(41, 900)


@pytest.fixture(scope="module", autouse=True)
def _warm(day: Straight, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("warm") / "day"
    with Venue(directory, durability="disk", segment_bytes=SEGMENT, clock=fixed_clock) as venue:
        go_on(venue, day, stop=200)
    with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
        hold_reopened(venue, day, directory, 200)
    assert verify(directory).is_whole


def _killed(work: Work, moment: Callable[[np.ndarray], bool], spin: int) -> np.ndarray:
    """Run `work` in a child; kill it `spin` rounds after `moment` comes; the shared words."""
    words = np.frombuffer(mmap.mmap(-1, mmap.PAGESIZE), dtype=np.int64)
    child = os.fork()
    if child == 0:
        _child(work, words)
    while not moment(words) and not words[DONE]:
        os.sched_yield()
    for _ in range(spin):
        words[STARTED].item()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert words[DONE] != 2, "the child failed: see its traceback"
    return words


def _child(work: Work, words: np.ndarray) -> None:
    try:
        work(words)
        words[DONE] = 1
    except BaseException:
        traceback.print_exc()
        words[DONE] = 2
    finally:
        os._exit(0)


def _writer(day: Straight, directory: Path, batches: list[int]) -> Work:
    """Writes the day in batches of these sizes, in turn, noting what is acknowledged."""

    def work(words: np.ndarray) -> None:
        _mark_rolls(words)
        options = {"durability": "disk", "segment_bytes": SEGMENT, "clock": fixed_clock}
        with Venue(directory, **options) as venue:
            turn = 0
            while venue.sequence < len(day):
                stop = venue.sequence + batches[turn % len(batches)]
                events = venue.submit(day.batch(venue.sequence, stop))
                assert len(events)
                words[ACKNOWLEDGED] = venue.sequence
                turn += 1

    return work


def _mark_rolls(words: np.ndarray) -> None:
    """Count rolls of segments, and say while one is going on."""
    roll = SegmentWriter.roll

    def marked(self: SegmentWriter, *arguments: int, **more: int) -> None:
        words[ROLLING] = 1
        words[ROLLS] += 1
        roll(self, *arguments, **more)
        words[ROLLING] = 0

    SegmentWriter.roll = marked  # type: ignore[method-assign]


def _hold(directory: Path, day: Straight, acknowledged: int) -> None:
    """What must be true of a day whose writer was killed."""
    if not (directory / "journal-000000.seg").exists():
        assert acknowledged == 0
        return
    report = verify(directory)
    assert report.error is None, report.error
    assert report.place.next_sequence > acknowledged
    if (directory / "gate").exists():
        before = released(directory)
        assert before == day.events[: len(before)]
        assert len(before) >= day.ends[acknowledged]
    with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
        hold_reopened(venue, day, directory, acknowledged)
    assert verify(directory).is_whole


def _kill_while_writing(seed: int, day: Straight, directory: Path) -> None:
    print(f"seed {seed}")
    source = random.Random(seed)
    batches = [source.choice((1, 2, 5, 20, 80)) for _ in range(7)]
    target = source.randrange(len(day))
    spin = source.choice((0, 0, 100, 2_000, 20_000))
    moment = lambda words: words[ACKNOWLEDGED] >= target  # noqa: E731
    words = _killed(_writer(day, directory, batches), moment, spin)
    _hold(directory, day, int(words[ACKNOWLEDGED]))


def _kill_in_a_roll(seed: int, day: Straight, directory: Path) -> None:
    print(f"seed {seed}")
    source = random.Random(seed)
    count, spin = source.randint(1, 30), source.choice((0, 0, 50, 500, 3_000))
    moment = lambda words: words[ROLLS] >= count and words[ROLLING] == 1  # noqa: E731
    words = _killed(_writer(day, directory, [source.choice((1, 30))]), moment, spin)
    _hold(directory, day, int(words[ACKNOWLEDGED]))


def _kill_while_reopening(seed: int, day: Straight, written: Path, directory: Path) -> None:
    """Three times in a row, each time a little later."""
    print(f"seed {seed}")
    source = random.Random(seed)
    shutil.copytree(written, directory)
    acknowledged = verify(directory).place.next_sequence - 1
    before = released(directory)

    def work(words: np.ndarray) -> None:
        words[STARTED] = 1
        _mark_rolls(words)
        with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
            words[ACKNOWLEDGED] = venue.sequence

    for _ in range(3):
        rolls, spin = source.randint(0, 25), source.randint(0, 60_000)
        moment = lambda words, due=rolls: words[STARTED] and words[ROLLS] >= due  # noqa: E731
        _killed(work, moment, spin)
        assert released(directory) == before, "readers see no change"
    _hold(directory, day, acknowledged)


@pytest.fixture(scope="module")
def written(day: Straight, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Most of the day, with a torn tail."""
    directory = tmp_path_factory.mktemp("written") / "day"
    with Venue(directory, durability="disk", segment_bytes=SEGMENT, clock=fixed_clock) as venue:
        go_on(venue, day, stop=800)
        segment, position = venue.day.journal.head.number, venue.day.journal.position
    with open(directory / f"journal-{segment:06d}.seg", "r+b") as file:
        file.seek(position)
        file.write(b"\x50\0\0\0torn off here")
    return directory


def _seeds(count: int) -> list[int]:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    return list(range(base, base + count))


def test_killed_while_writing(day: Straight, tmp_path: Path) -> None:
    for seed in _seeds(12):
        _kill_while_writing(seed, day, tmp_path / str(seed))


def test_killed_in_a_roll(day: Straight, tmp_path: Path) -> None:
    for seed in _seeds(6):
        _kill_in_a_roll(seed, day, tmp_path / str(seed))


def test_killed_while_reopening(day: Straight, written: Path, tmp_path: Path) -> None:
    for seed in _seeds(2):
        _kill_while_reopening(seed, day, written, tmp_path / str(seed))


@pytest.mark.soak
def test_killed_five_hundred_times(day: Straight, written: Path, tmp_path: Path) -> None:
    for seed in _seeds(500):
        directory = tmp_path / str(seed)
        if seed % 5 < 3:
            _kill_while_writing(seed, day, directory)
        elif seed % 5 == 3:
            _kill_in_a_roll(seed, day, directory)
        else:
            _kill_while_reopening(seed, day, written, directory)
        shutil.rmtree(directory, ignore_errors=True)
