"""The same settings give the same day, byte for byte; another seed gives another."""

import zlib
from pathlib import Path

from twinex.venue.journal.reader import EventReader, JournalReader

from .small_day import make_day, small_day

NOT_OF_THE_DAY = ("directory", "files", "run", "service_time_ns")


def journal_of(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(directory.glob("journal-*.seg"))]


def events_of(directory: Path) -> bytes:
    reader, parts = EventReader(directory), []
    while block := reader.poll():
        parts.append(block.octets[block.start : block.end].tobytes())
    return b"".join(parts)


def day_end(directory: Path) -> dict[str, int]:
    *_, last = JournalReader(directory)
    assert last.message.name == "day_end"
    return last.message.fields


def of_the_day(summary: dict) -> dict:
    return {key: value for key, value in summary.items() if key not in NOT_OF_THE_DAY}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    again = make_day(tmp_path / "again", seed=1)
    assert journal_of(again.directory) == journal_of(small_day().directory)
    assert events_of(again.directory) == events_of(small_day().directory)
    assert of_the_day(again.summary) == of_the_day(small_day().summary)


def test_another_seed_gives_another_day(tmp_path: Path) -> None:
    other = make_day(tmp_path / "other", seed=2)
    ours, theirs = day_end(small_day().directory), day_end(other.directory)
    assert ours["mark_leader"] != theirs["mark_leader"]
    assert ours["events_crc"] != theirs["events_crc"]


def test_a_day_that_is_not_kept_is_the_same_day(tmp_path: Path) -> None:
    unkept = make_day(None, seed=1)
    assert of_the_day(unkept.summary) == of_the_day(small_day().summary)
    assert list(tmp_path.iterdir()) == []


def test_the_disk_changes_nothing(tmp_path: Path) -> None:
    durable = make_day(tmp_path / "durable", seed=1, commands=6000, durability="disk")
    quick = make_day(tmp_path / "quick", seed=1, commands=6000)
    assert journal_of(durable.directory) == journal_of(quick.directory)


def test_the_day_ends_with_its_counts_and_marks() -> None:
    directory = small_day().directory
    end = day_end(directory)
    *before, last = JournalReader(directory)
    events = events_of(directory)
    ended = [e for e in EventReader(directory, last.sequence)]
    own = sum(len(e.body) for e in ended)
    assert [e.message.name for e in ended] == ["day_ended"]
    assert end["commands"] == len(before)
    assert end["events"] == sum(1 for _ in EventReader(directory)) - 1
    assert end["events_crc"] == zlib.crc32(events[: len(events) - own])
    assert (end["trading_day"], end["alone"]) == (20260706, 1)
