"""Torn tails are cut, rot is refused, and never are other records returned than were written."""

import shutil
import struct
from pathlib import Path

import pytest
from journal_builder import (
    HEAD,
    SEGMENT,
    bodies,
    chain_of,
    odd_body,
    order_body,
    record,
    records,
    write_gate,
    write_journal,
)

from twinex.venue.journal.day import Day
from twinex.venue.journal.errors import (
    CorruptJournal,
    DayBusy,
    GateBroken,
    JournalError,
    NotAJournal,
)
from twinex.venue.journal.files import DayLock
from twinex.venue.journal.reader import JournalReader
from twinex.venue.journal.recovery import open_day, verify

SMALL = 4 * HEAD  # the smallest segment
FIRST = "journal-000000.seg"


def stored(directory: Path) -> list[bytes]:
    """Bodies of all whole records, read past the gate."""
    return [one.body for one in JournalReader(directory, committed_only=False)]


def change(path: Path, offset: int, mask: int) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        before = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([before ^ mask]))


def put(path: Path, offset: int, content: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


def copies(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(source, target))


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def reopen(directory: Path):
    """Open and let go again: what was found and the cut file's bytes."""
    opened = open_day(directory)
    opened.lock.release()
    return opened.place, opened.cut_file.read_bytes() if opened.cut_file else None


@pytest.mark.parametrize("last", [order_body(6), odd_body(13)], ids=["order", "padded"])
def test_a_tail_torn_at_every_byte(tmp_path, last) -> None:
    """The write of the last record stopped after n bytes: for each n it is cut and kept."""
    messages = [*bodies(5), last]
    made = records(messages)
    write_journal(tmp_path / "whole", made, size=SMALL)
    start = HEAD + sum(map(len, made[:-1]))
    whole_at = len(made[-1].rstrip(b"\0"))  # a tail of zeros is there before it is written
    for written in range(len(made[-1])):
        day = copies(tmp_path / "whole", tmp_path / "day")
        put(day / FIRST, start, made[-1][:written].ljust(len(made[-1]), b"\0"))
        place, cut = reopen(day)
        if written >= whole_at:
            assert (place.next_sequence, cut) == (7, None)
            assert stored(day) == messages
            continue
        assert (place.next_sequence, place.position) == (6, start)
        torn = made[-1][:written].rstrip(b"\0")
        assert (cut or b"") == torn
        if torn:
            assert (day / "journal-cut-6.bin").read_bytes() == torn
        assert stored(day) == messages[:-1]
        assert verify(day).is_whole
        assert (day / FIRST).read_bytes()[start:] == bytes(SMALL - start)


def test_a_bit_flipped_at_every_byte(tmp_path) -> None:
    """Every byte of head, records, and of the zeros behind them, one flipped bit each.

    In the head: not a journal. In a record that others follow: corrupt. In the last record and in
    the zeros behind: a clean cut.
    """
    messages = [*bodies(4), odd_body(13), order_body(6)]
    made = records(messages)
    write_journal(tmp_path / "whole", made, size=SMALL)
    starts = [HEAD + sum(map(len, made[:n])) for n in range(len(made) + 1)]
    zeros = [*range(starts[-1], starts[-1] + 200), *range(starts[-1] + 200, SMALL, 97), SMALL - 1]
    for offset in [*range(starts[-1]), *zeros]:
        day = copies(tmp_path / "whole", tmp_path / "day")
        change(day / FIRST, offset, 1 << (offset % 8))
        before = contents(day)
        if offset < HEAD:
            with pytest.raises(NotAJournal):
                open_day(day)
            assert contents(day) == before
        elif offset < starts[-2]:
            at = max(n for n in range(len(made)) if starts[n] <= offset)
            with pytest.raises(CorruptJournal) as caught:
                open_day(day)
            assert (caught.value.offset, caught.value.sequence) == (starts[at], at + 1)
            assert caught.value.file == day / FIRST
            assert contents(day) == before
            assert stored(day) == messages[:at]
        else:
            count = 5 if offset < starts[-1] else 6
            place, cut = reopen(day)
            assert place.next_sequence == count + 1
            assert cut is not None
            assert stored(day) == messages[:count]
            assert verify(day).is_whole


def test_a_bit_flipped_below_the_gate_is_never_cut(tmp_path) -> None:
    made = records(bodies(6))
    write_journal(tmp_path / "whole", made, size=SMALL)
    write_gate(tmp_path / "whole", 6, sum(map(len, made)))
    last = HEAD + sum(map(len, made[:-1]))
    for offset in range(last, last + len(made[-1])):
        day = copies(tmp_path / "whole", tmp_path / "day")
        change(day / FIRST, offset, 0x10)
        before = contents(day)
        with pytest.raises(CorruptJournal, match="sequence 6 was committed"):
            open_day(day)
        with pytest.raises(CorruptJournal) as caught:
            list(JournalReader(day))
        assert caught.value.sequence == 6
        assert contents(day) == before


def test_flips_over_several_segments(tmp_path) -> None:
    """Every 13th byte of the middle segment, its head and its unused end: refused, unchanged."""
    messages = bodies(500)
    write_journal(tmp_path / "whole", records(messages), size=SMALL)
    middle = tmp_path / "whole" / "journal-000001.seg"
    assert (tmp_path / "whole" / "journal-000002.seg").exists()
    for offset in range(0, middle.stat().st_size, 13):
        day = copies(tmp_path / "whole", tmp_path / "day")
        change(day / middle.name, offset, 0x80)
        with pytest.raises(CorruptJournal) as caught:
            open_day(day)
        assert caught.value.file.name in (middle.name, "journal-000002.seg")
        found = stored_or_error(day)
        assert found == messages[: len(found)]


def stored_or_error(day: Path) -> list[bytes]:
    found = []
    try:
        for one in JournalReader(day, committed_only=False):
            found.append(one.body)
    except JournalError:
        pass
    return found


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_missing_segment(tmp_path, number) -> None:
    write_journal(tmp_path, records(bodies(500)), size=SMALL)
    count = len(list(tmp_path.glob("*.seg")))
    assert count > 3
    missing = tmp_path / f"journal-{number:06d}.seg"
    missing.unlink()
    with pytest.raises(CorruptJournal, match="missing") as caught:
        open_day(tmp_path)
    assert caught.value.file == missing


def test_missing_last_segments_are_noticed_by_the_gate(tmp_path) -> None:
    made = records(bodies(500))
    write_journal(tmp_path, made, size=SMALL)
    write_gate(tmp_path, 500, sum(map(len, made)))
    sorted(tmp_path.glob("*.seg"))[-1].unlink()
    with pytest.raises(CorruptJournal, match="sequence 500 was committed"):
        open_day(tmp_path)
    with pytest.raises(CorruptJournal, match="missing"):
        list(JournalReader(tmp_path))


@pytest.mark.parametrize("content", [b"", b"x", b"#!/bin/sh\n" * 4096, bytes(SMALL)])
def test_a_first_segment_that_is_none(tmp_path, content) -> None:
    (tmp_path / FIRST).write_bytes(content)
    for look in (open_day, verify, JournalReader):
        with pytest.raises((NotAJournal, GateBroken)):
            look(tmp_path)
    with pytest.raises(NotAJournal):
        JournalReader(tmp_path, committed_only=False)


def test_empty_and_absent_directories(tmp_path) -> None:
    for directory in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NotAJournal):
            open_day(directory)
        with pytest.raises(NotAJournal):
            verify(directory)


def test_foreign_files_are_passed(tmp_path) -> None:
    write_journal(tmp_path, records(bodies(6)), size=SMALL)
    (tmp_path / "journal-7.seg").write_bytes(b"notes")
    (tmp_path / "journal-abcdef.seg").write_bytes(b"notes")
    (tmp_path / "README").write_bytes(b"notes")
    assert reopen(tmp_path)[0].next_sequence == 7


def last_segment(directory: Path) -> Path:
    return max(directory.glob("journal-*.seg"))


def test_a_last_segment_without_records_is_cut_whatever_it_holds(tmp_path) -> None:
    """A power failure while a segment was made (not durable): it holds nothing whole."""
    messages = bodies(200)
    write_journal(tmp_path / "whole", records(messages), size=SMALL)
    following = f"journal-{len(list((tmp_path / 'whole').iterdir())):06d}.seg"
    for content in (b"", bytes(SMALL), b"rubbish" * 2000):
        day = copies(tmp_path / "whole", tmp_path / "day")
        (day / following).write_bytes(content)
        place, cut = reopen(day)
        assert place.next_sequence == 201
        assert cut == (content.rstrip(b"\0") or None)
        assert not (day / following).exists()
        assert stored(day) == messages


def test_a_file_truncated_at_every_length(tmp_path) -> None:
    messages = bodies(200)
    made = records(messages)
    write_journal(tmp_path / "whole", made, size=SMALL)
    name = last_segment(tmp_path / "whole").name
    for length in [*range(0, HEAD, 500), *range(HEAD, SMALL, 211), SMALL - 1]:
        day = copies(tmp_path / "whole", tmp_path / "day")
        with open(day / name, "r+b") as file:
            file.truncate(length)
        place, _ = reopen(day)
        assert stored(day) == messages[: place.next_sequence - 1]
        assert verify(day).is_whole
        if length > HEAD:
            assert (day / name).stat().st_size == SMALL
        else:
            assert not (day / name).exists() or (day / name).stat().st_size == SMALL


def test_a_truncated_middle_segment_is_refused(tmp_path) -> None:
    write_journal(tmp_path / "whole", records(bodies(500)), size=SMALL)
    for length in (0, 100, HEAD, HEAD + 8, SMALL // 2 + 3, SMALL - 8):
        day = copies(tmp_path / "whole", tmp_path / "day")
        with open(day / "journal-000001.seg", "r+b") as file:
            file.truncate(length)
        with pytest.raises(CorruptJournal):
            open_day(day)


def test_a_longer_file_is_refused(tmp_path) -> None:
    write_journal(tmp_path, records(bodies(6)), size=SMALL)
    with open(tmp_path / FIRST, "ab") as file:
        file.write(bytes(HEAD))
    with pytest.raises(CorruptJournal, match="longer"):
        open_day(tmp_path)


@pytest.mark.parametrize(
    ("sequence", "time_ns", "term", "reason"),
    [(7, 1, 1, "time"), (7, 1_000_030, 1, "time"), (7, 2_000_000, 1, "term")],
)
def test_a_wrong_but_whole_record_is_refused(tmp_path, sequence, time_ns, term, reason) -> None:
    """Time and term never go back; a record that breaks this was written so, not torn."""
    made = records(bodies(6), term=2)
    made.append(record(sequence, time_ns, term, 0, chain_of(made[-1]), order_body(7)))
    write_journal(tmp_path, made, size=SMALL)
    with pytest.raises(CorruptJournal, match=reason):
        open_day(tmp_path)


def test_another_history_is_refused(tmp_path) -> None:
    """Records of another journal with the right sequences behind ours: the chain tells."""
    ours, others = records(bodies(6)), records([order_body(n) for n in range(50, 60)])
    write_journal(tmp_path, [*ours[:4], *others[4:]], size=SMALL)
    with pytest.raises(CorruptJournal, match="rolling hash") as caught:
        open_day(tmp_path)
    assert caught.value.sequence == 5


def test_cutting_twice_keeps_both(tmp_path) -> None:
    write_journal(tmp_path, records(bodies(6)), size=SMALL)
    end = HEAD + sum(map(len, records(bodies(6))))
    for expected, torn in (("journal-cut-7.bin", b"one"), ("journal-cut-7-2.bin", b"two")):
        put(tmp_path / FIRST, end, torn)
        assert reopen(tmp_path)[1] == torn
        assert (tmp_path / expected).read_bytes() == torn


def test_verify_changes_nothing(tmp_path) -> None:
    made = records(bodies(6))
    write_journal(tmp_path, made, size=SMALL)
    put(tmp_path / FIRST, HEAD + sum(map(len, made)), b"torn")
    before = contents(tmp_path)
    report = verify(tmp_path)
    assert report.torn
    assert report.error is None
    assert report.place.records == 6
    change(tmp_path / FIRST, HEAD + 9, 1)
    broken = contents(tmp_path)
    assert verify(tmp_path).error is not None
    assert before != broken == contents(tmp_path)


def test_writing_goes_on_behind_a_cut(tmp_path) -> None:
    made = records(bodies(300))
    write_journal(tmp_path, made[:250], size=SEGMENT)
    tail = HEAD + sum(map(len, made[:250]))
    put(tmp_path / FIRST, tail, made[250][:20])
    with Day.open(tmp_path) as day:
        assert day.place.next_sequence == 251
        for one in made[250:]:
            start = day.journal.position
            day.journal.octets[start : start + len(one)] = memoryview(one)
            day.journal.position += len(one)
        day.gate.publish(300, day.journal.stream_offset, 0)
    assert stored(tmp_path) == bodies(300)
    assert len(list(JournalReader(tmp_path))) == 300


def test_opening_while_another_writes(tmp_path) -> None:
    write_journal(tmp_path, records(bodies(6)), size=SMALL)
    with DayLock(tmp_path), pytest.raises(DayBusy):
        open_day(tmp_path)
    assert verify(tmp_path).is_whole


@pytest.mark.parametrize("content", [b"", b"gate", bytes(HEAD)])
def test_a_foreign_gate_file(tmp_path, content) -> None:
    write_journal(tmp_path, records(bodies(6)), size=SMALL)
    (tmp_path / "gate").write_bytes(content)
    for look in (open_day, verify, JournalReader):
        with pytest.raises(GateBroken):
            look(tmp_path)


def test_a_message_that_looks_like_a_record_is_part_of_its_record(tmp_path) -> None:
    """Behind a torn record the search must find whole records only, at any 8-byte place."""
    made = records(bodies(3))
    write_journal(tmp_path, made, size=SMALL)
    end = HEAD + sum(map(len, made))
    stale = struct.pack("<II", 96, 12345) + struct.pack("<qq", 5, 9) + bytes(72)
    put(tmp_path / FIRST, end, b"\x01" * 8 + stale)
    assert reopen(tmp_path)[0].next_sequence == 4
