"""Full disks, vanished directories, and what a synchronisation really does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from journal_builder import SEGMENT, append, bodies, chain_of, records

from twinex.venue.journal.day import Day
from twinex.venue.journal.errors import DirectoryVanished, DiskFull
from twinex.venue.journal.recovery import verify


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 512 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def write_until_full(day: Day, made: list[bytes]) -> int:
    """Append `made`; how many found room."""
    chain = 0
    for place, one in enumerate(made):
        try:
            append(day.journal, one, place + 1, chain)
        except DiskFull:
            return place
        chain = chain_of(one)
    raise AssertionError("the disk never was full")


def test_a_full_disk_is_found_before_a_record_is_taken(small_disk) -> None:
    made = records(bodies(8000))
    with Day.create(small_disk / "day", trading_day=1, segment_bytes=SEGMENT) as day:
        taken = write_until_full(day, made)
        assert taken > 1000
        position, number = day.journal.position, day.journal.head.number
        assert day.journal.sync() == sum(map(len, made[:taken]))
        with pytest.raises(DiskFull, match="nothing that was acknowledged is lost"):
            day.journal.roll(taken + 1, 0)
        assert (day.journal.position, day.journal.head.number) == (position, number)
        report = verify(small_disk / "day")
        assert report.is_whole
        assert report.place.records == taken


def test_room_made_on_a_full_disk_lets_the_journal_go_on(small_disk) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(SEGMENT + 4096))
    made = records(bodies(8000))
    with Day.create(small_disk / "day", trading_day=1, segment_bytes=SEGMENT) as day:
        taken = write_until_full(day, made)
        ballast.unlink()
        append(day.journal, made[taken], taken + 1, chain_of(made[taken - 1]))
    report = verify(small_disk / "day")
    assert report.is_whole
    assert report.place.records == taken + 1


def test_a_day_that_does_not_fit_is_not_begun(small_disk) -> None:
    with pytest.raises(DiskFull):
        Day.create(small_disk / "day", trading_day=1, segment_bytes=1 << 20)
    assert not list((small_disk / "day").glob("*.seg*"))


def test_a_file_size_limit_counts_as_a_full_disk(tmp_path) -> None:
    """RLIMIT_FSIZE, in a process of its own: limits cannot be raised again."""
    program = """
import resource, sys
from twinex.venue.journal.day import Day
from twinex.venue.journal.errors import DiskFull
resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))
try:
    Day.create(sys.argv[1], trading_day=1, segment_bytes=65536)
except DiskFull as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "day")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no room for 65536 bytes" in run.stdout, run.stdout + run.stderr


@pytest.mark.parametrize("how", ["removed", "renamed", "file replaced", "file truncated"])
def test_a_vanished_directory_is_found_by_the_next_synchronisation(tmp_path, how) -> None:
    made = records(bodies(3))
    directory = tmp_path / "day"
    day = Day.create(directory, trading_day=1, segment_bytes=SEGMENT)
    append(day.journal, made[0], 1)
    day.journal.sync()
    segment = directory / "journal-000000.seg"
    append(day.journal, made[1], 2, chain_of(made[0]))
    if how == "removed":
        shutil.rmtree(directory)
    elif how == "renamed":
        directory.rename(tmp_path / "moved")
    elif how == "file replaced":
        content = segment.read_bytes()
        segment.unlink()
        segment.write_bytes(content)
    else:
        os.truncate(segment, SEGMENT - 4096)
    with pytest.raises(DirectoryVanished, match="gone or was replaced"):
        day.journal.sync()
    with pytest.raises(AssertionError, match="failed before"):
        day.journal.sync()
    day.close()  # what failed is not tried again; the lock is given back


def test_a_vanished_directory_is_found_by_the_next_segment(tmp_path) -> None:
    day = Day.create(tmp_path / "day", trading_day=1, segment_bytes=SEGMENT, durable=False)
    append(day.journal, records(bodies(1))[0], 1)
    shutil.rmtree(tmp_path / "day")
    with pytest.raises(DirectoryVanished):
        day.journal.roll(2, 0)
    day.close()


def dirty_bytes(path: Path) -> int:
    """Bytes of this process's mappings of `path` that the kernel has not written to disk yet."""
    found, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        fields = line.split()
        if "-" in fields[0] and ":" not in fields[0]:
            inside = line.endswith(str(path))
        elif inside and fields[0] in ("Shared_Dirty:", "Private_Dirty:"):
            found += 1024 * int(fields[1])
    return found


def test_no_page_is_dirty_after_a_synchronisation(tmp_path) -> None:
    """The kernel's own books: what was stored through the mapping is dirty before, clean after."""
    with Day.create(tmp_path, trading_day=1, segment_bytes=1 << 20) as day:
        path = tmp_path / "journal-000000.seg"
        chain = 0
        for sequence, one in enumerate(records(bodies(4000)), 1):
            append(day.journal, one, sequence, chain)
            chain = chain_of(one)
            if sequence % 500 == 0:
                before = dirty_bytes(path)
                if before == 0:
                    pytest.skip("this file system keeps no account of dirty pages")
                assert day.journal.sync() == day.journal.stream_offset
                assert dirty_bytes(path) == 0
