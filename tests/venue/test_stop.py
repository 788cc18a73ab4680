"""After an error nothing uncommitted is released: the venue stops, and the day is opened again."""

import errno
import os
import random
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from straight import SEGMENT, Straight, fixed_clock, go_on, hold_reopened, released, straight_day

import twinex.venue.venue as venue_module
from twinex.venue.core import room
from twinex.venue.journal import segments
from twinex.venue.journal.errors import DiskFailed, DiskFull
from twinex.venue.journal.files import Mapping
from twinex.venue.journal.recovery import verify
from twinex.venue.venue import Venue, VenueError, VenueStopped


@pytest.fixture(scope="module")
def day() -> Straight:
    return straight_day(51, 900)


class Interrupted(BaseException):
    """Stands for Ctrl-C and the like."""


def _failing(function: Callable, turn: int, error: BaseException) -> Callable:
    """`function`, but its call number `turn` raises."""
    calls = iter(range(1, 10**9))

    def called(*arguments: object, **more: object) -> object:
        if next(calls) == turn:
            raise error
        return function(*arguments, **more)

    return called


def _full(monkeypatch: pytest.MonkeyPatch, turn: int) -> type[BaseException]:
    error = DiskFull("/day", SEGMENT)
    monkeypatch.setattr(segments, "preallocate", _failing(segments.preallocate, turn, error))
    return DiskFull


def _failing_sync(monkeypatch: pytest.MonkeyPatch, turn: int) -> type[BaseException]:
    error = DiskFailed("/day", OSError(errno.EIO, "input/output error"))
    monkeypatch.setattr(Mapping, "sync", _failing(Mapping.sync, turn, error))
    return DiskFailed


def _no_memory(monkeypatch: pytest.MonkeyPatch, turn: int) -> type[BaseException]:
    monkeypatch.setattr(room, "grow", _failing(room.grow, turn, MemoryError("no memory")))
    return MemoryError


def _interrupted(monkeypatch: pytest.MonkeyPatch, turn: int) -> type[BaseException]:
    broken = _failing(venue_module.sequence, turn, Interrupted())
    monkeypatch.setattr(venue_module, "sequence", broken)
    return Interrupted


FAILURES = {
    "disk full": _full,
    "sync fails": _failing_sync,
    "no memory": _no_memory,
    "interrupted": _interrupted,
}


@pytest.mark.parametrize("turn", [2, 3, 4, 7, 12])
@pytest.mark.parametrize("batch", [3, 60, 10_000])
@pytest.mark.parametrize("failure", FAILURES)
def test_an_error_in_submit_stops_the_venue(
    day: Straight, tmp_path: Path, monkeypatch, failure: str, batch: int, turn: int
) -> None:
    monkeypatch.setattr(room, "_START_ORDERS", 4)
    monkeypatch.setattr(room, "_START_IDS", 8)
    monkeypatch.setattr(room, "_START_SLOTS", 4)
    directory = tmp_path / "day"
    options = {"durability": "disk", "segment_bytes": SEGMENT, "clock": fixed_clock}
    stopped = False
    with Venue(directory, **options) as venue:
        venue.submit(day.batch(0, 1))
        acknowledged = 1
        with monkeypatch.context() as broken:
            expected = FAILURES[failure](broken, turn)
            try:
                while acknowledged < len(day):
                    stop = min(acknowledged + batch, len(day))
                    venue.submit(day.batch(acknowledged, stop))
                    acknowledged = stop
            except expected:
                stopped = True
                _hold_stopped(venue, day, directory, acknowledged)
    assert stopped or turn > 4, "the error never came"
    assert verify(directory).error is None
    with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
        hold_reopened(venue, day, directory, acknowledged)


def _hold_stopped(venue: Venue, day: Straight, directory: Path, acknowledged: int) -> None:
    """It refuses everything, and lets nothing through that was not acknowledged."""
    for frames in (day.batch(acknowledged, acknowledged + 1), day.batch(0, 0)):
        with pytest.raises(VenueStopped, match="stopped by"):
            venue.submit(frames)
    with pytest.raises(VenueStopped):
        venue.send(0, b"")
    assert venue._day is not None
    assert venue._day.gate.committed_sequence() == acknowledged
    assert released(directory) == day.until(acknowledged)


def test_a_broken_invariant_stops_the_venue(day: Straight, tmp_path: Path) -> None:
    directory = tmp_path / "day"
    with Venue(directory, clock=fixed_clock, segment_bytes=SEGMENT) as venue:
        go_on(venue, day, stop=400)
        live = np.flatnonzero(venue.core.orders["flags"])
        assert len(live)
        venue.core.levels["volume"] = 0  # as a bug would leave it
        with pytest.raises(AssertionError):
            go_on(venue, day, batch=500)
        assert released(directory) == day.until(400)
        with pytest.raises(VenueStopped, match="AssertionError"):
            venue.submit(day.batch(400, 401))
    with Venue.reopen(directory, clock=fixed_clock) as venue:
        hold_reopened(venue, day, directory, 400)


def test_an_error_late_in_a_large_batch(tmp_path: Path, monkeypatch) -> None:
    """Far more than one record's bytes lie behind the last commit when the venue is closed."""
    monkeypatch.setattr(room, "_START_IDS", 8)
    day, directory, grow = straight_day(52, 2_500), tmp_path / "day", room.grow

    def failing(core: object, short: int) -> object:
        if core.now[0]["commands"] > 1_000:
            raise MemoryError("no memory")
        return grow(core, short)

    options = {"durability": "disk", "segment_bytes": 1 << 20, "clock": fixed_clock}
    with Venue(directory, **options) as venue:
        go_on(venue, day, stop=40)
        with monkeypatch.context() as broken:
            broken.setattr(room, "grow", failing)
            with pytest.raises(MemoryError):
                venue.submit(day.batch(40, len(day)))
        assert venue.sequence > 1_000
        _hold_stopped(venue, day, directory, 40)
    assert verify(directory).error is None
    with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
        hold_reopened(venue, day, directory, 40)


def test_a_closed_venue_accepts_nothing(day: Straight, tmp_path: Path) -> None:
    for directory in (None, tmp_path / "day", tmp_path / "never opened"):
        venue = Venue(directory, clock=fixed_clock)
        if directory is None or directory.name == "day":
            go_on(venue, day, stop=50)
        venue.close()
        venue.close()
        with pytest.raises(VenueStopped, match="closed"):
            venue.submit(day.batch(50, 51))
        with pytest.raises(VenueStopped, match="closed"):
            assert venue.day
    assert not (tmp_path / "never opened").exists()


def test_a_fork_must_not_write(day: Straight, tmp_path: Path) -> None:
    directory = tmp_path / "day"
    with Venue(directory, clock=fixed_clock, segment_bytes=1 << 20) as venue:
        go_on(venue, day, stop=300)
        assert _in_a_fork(lambda: _refused(venue, day)) == 0
        go_on(venue, day, stop=301)
        assert released(directory) == day.until(301)

        def leave_later() -> None:
            assert go.read(1) == b"g"
            venue.close()

        out, write = os.pipe()
        with os.fdopen(out, "rb") as go:
            child = _fork(leave_later)
            go_on(venue, day, batch=9)  # the fork's copy stands at command 301
            os.write(write, b"g")
            os.close(write)
            assert os.waitpid(child, 0)[1] == 0
    assert verify(directory).is_whole
    with Venue.reopen(directory, clock=fixed_clock) as venue:
        hold_reopened(venue, day, directory, len(day))


def _fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def _in_a_fork(work: Callable[[], None]) -> int:
    return os.waitpid(_fork(work), 0)[1]


def _refused(venue: Venue, day: Straight) -> None:
    with pytest.raises(VenueError, match="a fork must not"):
        venue.submit(day.batch(300, 301))
    venue.close()


def test_a_new_days_directories_are_on_disk_too(day: Straight, tmp_path: Path, monkeypatch) -> None:
    """Else a power cut takes the day with all that was acknowledged in it."""
    synced, fsync = set(), os.fsync

    def noted(fd: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{fd}"))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    directory = tmp_path / "new" / "days" / "day"
    with Venue(directory, durability="disk", clock=fixed_clock) as venue:
        go_on(venue, day, stop=2)
        expected = {directory, *list(directory.parents)[:3]}
        assert {str(each) for each in expected} <= synced


# -- disks that are really full ----------------------------------------------------------------


def _write_until_full(day: Straight, directory: Path, batch: int) -> int:
    """The last acknowledged command before DiskFull; -1 if the day ended."""
    acknowledged = 0
    options = {"durability": "disk", "segment_bytes": SEGMENT, "clock": fixed_clock}
    with Venue(directory, **options) as venue:
        try:
            while acknowledged < len(day):
                stop = min(acknowledged + batch, len(day))
                venue.submit(day.batch(acknowledged, stop))
                acknowledged = stop
        except DiskFull:
            with pytest.raises(VenueStopped, match="DiskFull"):
                venue.submit(day.batch(acknowledged, len(day)))
            return acknowledged
    return -1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 KB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount program")
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("batch", [1, 40, 10_000])
def test_a_full_disk(day: Straight, small_disk: Path, batch: int) -> None:
    directory = small_disk / "day"
    acknowledged = _write_until_full(day, directory, batch)
    assert 0 <= acknowledged < len(day), "the disk was never full"
    assert verify(directory).error is None
    try:
        with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
            assert venue.sequence >= acknowledged
    except DiskFull:
        pass  # the unacknowledged commands may need a segment that has no room
    grow = ["mount", "-o", "remount,size=8m", str(small_disk)]
    subprocess.run(grow, check=True, capture_output=True)
    with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
        hold_reopened(venue, day, directory, acknowledged)


@pytest.mark.parametrize("batch", [1, 40, 10_000])
def test_a_file_size_limit(day: Straight, tmp_path: Path, batch: int) -> None:
    """Segments of the usual size fit, larger ones (for an auction's events) do not."""
    directory = tmp_path / "day"
    out, write = os.pipe()

    def limited() -> None:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (SEGMENT, hard))
        os.write(write, b"%d" % _write_until_full(day, directory, batch))

    assert _in_a_fork(limited) == 0
    os.close(write)
    with os.fdopen(out, "rb") as report:
        acknowledged = int(report.read())
    assert 0 <= acknowledged < len(day), "no segment was too large"
    assert verify(directory).error is None
    with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
        hold_reopened(venue, day, directory, acknowledged)


@pytest.mark.soak
def test_many_errors(tmp_path: Path, monkeypatch) -> None:
    for seed in range(200):
        print(f"seed {seed}")
        source = random.Random(seed)
        day = straight_day(seed, 500)
        failure = source.choice(list(FAILURES))
        batch, turn = source.choice((1, 7, 90, 1_000)), source.randint(2, 40)
        place = tmp_path / str(seed)
        test_an_error_in_submit_stops_the_venue(day, place, monkeypatch, failure, batch, turn)


def test_a_broken_assertion_leaves_the_tables(day: Straight, tmp_path: Path, monkeypatch) -> None:
    directory = tmp_path / "day"
    venue = Venue(directory, clock=fixed_clock)
    go_on(venue, day, stop=100)
    broken = _failing(venue_module.sequence, 1, AssertionError("a queue is broken"))
    monkeypatch.setattr(venue_module, "sequence", broken)
    with pytest.raises(AssertionError):
        venue.submit(day.batch(100, 101))
    monkeypatch.undo()
    with pytest.raises(VenueStopped, match=r"a queue is broken.*core-100\.npz"):
        venue.submit(day.batch(100, 101))
    with np.load(directory / "core-100.npz") as tables:
        assert set(tables.files) == {name for name in venue.core._fields if "event" not in name}
        assert all(np.array_equal(tables[name], getattr(venue.core, name)) for name in tables.files)
    venue.close()
    with Venue.reopen(directory, clock=fixed_clock) as again:
        hold_reopened(again, day, directory, 100)
