"""The mirror's journal file: what is torn is cut, what is corrupt is named, nothing is lost."""

import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinex.mirror.journal import (
    FILE_NAME,
    DiskFull,
    Head,
    Journal,
    JournalBusy,
    JournalCorrupt,
    JournalError,
    JournalReader,
    JournalVanished,
    NotNext,
    create_journal,
)
from twinex.mirror.sequencer import Sequencer

SEED = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
HEAD = Head(5001, 77, 10**18)
HEAD_BYTES = 40


def some_records(count: int, head: Head = HEAD) -> list[bytes]:
    draw = random.Random(count)
    sequencer = Sequencer(*head)
    return [sequencer.record(3, draw.randbytes(draw.randrange(8, 80)), 0) for _ in range(count)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    create_journal(str(tmp_path), HEAD)
    opened = Journal(str(tmp_path))
    assert read_all(opened) == []
    yield opened
    opened.close()


def read_all(source: Journal | JournalReader) -> list[bytes]:
    batches = source.read() if isinstance(source, Journal) else source
    return [record for batch in batches for record in batch]


def reopen(directory: Path) -> tuple[list[bytes], Journal]:
    """The records that a restart finds, and the journal, closed again."""
    journal = Journal(str(directory))
    try:
        return read_all(journal), journal
    finally:
        journal.close()


def put(directory: Path, content: bytes) -> Path:
    path = directory / FILE_NAME
    path.write_bytes(content)
    return path


def file_of(directory: Path, records: list[bytes]) -> bytes:
    """The bytes of a journal file that holds these records."""
    create_journal(str(directory), HEAD)
    return (directory / FILE_NAME).read_bytes() + b"".join(records)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    records = some_records(100)
    create_journal(str(tmp_path), HEAD)
    journal = Journal(str(tmp_path))
    assert read_all(journal) == []
    for batch in (records[:1], records[1:60], [], records[60:]):
        journal.write(batch)
    journal.sync()
    assert read_all(JournalReader(journal.path)) == records
    journal.close()
    assert (tmp_path / FILE_NAME).stat().st_size == HEAD_BYTES + sum(map(len, records))
    found, journal = reopen(tmp_path)
    assert found == records
    assert (journal.head, journal.sequence, journal.cut_path) == (HEAD, 5100, "")


def test_only_what_goes_on_is_written(journal: Journal) -> None:
    records = some_records(4)
    journal.write(records[:1])
    before = Path(journal.path).read_bytes()
    other = Sequencer(5002, 12345).record(3, bytes(8), 0)
    flipped = records[1][:-1] + bytes([records[1][-1] ^ 1])
    later = Sequencer(5003, journal.chain).record(3, bytes(8), 0)
    for batch in ([records[2]], records[:1], [other], [flipped], [records[1][:-8]], [later]):
        with pytest.raises(NotNext, match="no record 5002: it"):
            journal.write(batch)
    with pytest.raises(NotNext, match="no record 5003"):
        journal.write([records[1], records[3]])
    assert Path(journal.path).read_bytes() == before
    journal.write(records[1:])


def test_a_file_cut_at_any_byte_of_its_last_record_loses_that_one_alone(tmp_path: Path) -> None:
    records = some_records(5)
    whole = file_of(tmp_path, records)
    before_last = len(whole) - len(records[-1])
    for end in range(before_last, len(whole)):
        path = put(tmp_path, whole[:end])
        found, journal = reopen(tmp_path)
        assert found == records[:-1]
        assert path.read_bytes() == whole[:before_last]
        if end > before_last:
            kept = tmp_path / "journal-cut-5005.bin"
            assert journal.cut_path == str(kept)
            assert kept.read_bytes() == whole[before_last:end]
            kept.unlink()
        assert os.listdir(tmp_path) == [FILE_NAME]


def test_a_flipped_bit_is_cut_at_the_end_and_named_before_it(tmp_path: Path) -> None:
    """Every byte of the file once, one bit of it: never a record that was not written."""
    print(f"seed {SEED}")
    draw = random.Random(SEED)
    records = some_records(6)
    whole = file_of(tmp_path, records)
    begins = [HEAD_BYTES + sum(map(len, records[:count])) for count in range(6)]
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1 << draw.randrange(8)
        path = put(tmp_path, bytes(content))
        hit = sum(begin <= place for begin in begins)  # the record, from 1; 0: the head
        if hit == 6:
            found, journal = reopen(tmp_path)
            assert found == records[:-1]
            assert Path(journal.cut_path).read_bytes() == content[begins[5] :]
            continue
        with pytest.raises(JournalCorrupt) as refusal:
            reopen(tmp_path)
        where = (
            f"offset {begins[hit - 1]}: record {5000 + hit}: " if hit else "offset 0: this is no"
        )
        assert f"{path}: {where}" in str(refusal.value)
        assert path.read_bytes() == content, "nothing was cut"


def test_pages_of_a_batch_that_were_not_written_are_torn(tmp_path: Path) -> None:
    """Zeros at the end, or inside the last record, where a page did not reach the disk."""
    records = some_records(3)
    whole = file_of(tmp_path, records)
    kept = len(whole) - len(records[2])
    for content in (whole + bytes(9_000_000), whole[:-16] + bytes(16), whole + whole[-48:]):
        put(tmp_path, content)
        found, journal = reopen(tmp_path)
        end = kept if len(content) == len(whole) else len(whole)
        assert found == records[: 2 if end == kept else 3]
        assert Path(journal.cut_path).read_bytes() == content[end:]


def test_a_reader_changes_nothing(tmp_path: Path) -> None:
    whole = file_of(tmp_path, some_records(3))
    path = put(tmp_path, whole[:-5])
    reader = JournalReader(str(path))
    assert read_all(reader) == some_records(3)[:2]
    assert (reader.sequence, len(reader.torn)) == (5002, len(some_records(3)[2]) - 5)
    assert path.read_bytes() == whole[:-5]


def test_records_larger_than_a_block_are_read(tmp_path: Path) -> None:
    sequencer = Sequencer(*HEAD)
    records = [sequencer.record(0, bytes([size]) * size * 1_000_000, 0) for size in (1, 9, 5)]
    put(tmp_path, file_of(tmp_path, records))
    assert reopen(tmp_path)[0] == records
    content = bytearray((tmp_path / FILE_NAME).read_bytes())
    content[100] ^= 1
    put(tmp_path, bytes(content))
    with pytest.raises(JournalCorrupt, match=r"record 5001: its crc is wrong, and a whole record"):
        reopen(tmp_path)


def test_a_missing_record_is_named(tmp_path: Path) -> None:
    """What follows is whole, and so no torn tail, though it is the last record of the file."""
    first = some_records(1)
    put(tmp_path, file_of(tmp_path, first))
    chain = int.from_bytes(first[0][32:40], "little")
    later = Sequencer(5003, chain).record(3, bytes(8), 0)
    put(tmp_path, (tmp_path / FILE_NAME).read_bytes() + later)
    with pytest.raises(JournalCorrupt, match="record 5002: its sequence is 5003"):
        reopen(tmp_path)


def test_a_second_writer_is_refused(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(JournalBusy, match="another process writes it"):
        Journal(str(tmp_path))


def test_a_journal_is_made_once(tmp_path: Path) -> None:
    create_journal(str(tmp_path / "day"), HEAD)
    with pytest.raises(JournalError, match="a journal is here already"):
        create_journal(str(tmp_path / "day"), HEAD)
    with pytest.raises(JournalVanished, match=r"mirror\.journal: it is not there"):
        Journal(str(tmp_path))


@pytest.mark.parametrize("change", ["unlink", "rename", "replace", "rmdir"])
def test_a_file_that_vanished_is_noticed(journal: Journal, tmp_path: Path, change: str) -> None:
    journal.write(some_records(1))
    path = Path(journal.path)
    if change == "rename":
        tmp_path.rename(tmp_path.with_name("elsewhere"))
    elif change == "replace":
        (tmp_path / "other").write_bytes(path.read_bytes())
        (tmp_path / "other").rename(path)
    else:
        path.unlink()
        if change == "rmdir":
            tmp_path.rmdir()
    with pytest.raises(JournalVanished, match=r"mirror\.journal"):
        journal.sync()


def _with_room(room: int, journal: Journal, records: list[bytes]) -> None:
    """Write the records while files may have no more than that many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        journal.write(records)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_leaves_whole_records(journal: Journal, tmp_path: Path) -> None:
    records = some_records(20)
    journal.write(records[:5])
    size = Path(journal.path).stat().st_size
    for room in (size, size + 1, size + 40, size + sum(map(len, records[5:10]))):
        with pytest.raises(DiskFull, match="make room"):
            _with_room(room, journal, records[5:])
        assert Path(journal.path).stat().st_size == size
    journal.write(records[5:])  # there is room again
    journal.sync()
    assert read_all(JournalReader(journal.path)) == records


def test_what_cannot_be_cut_back_is_not_written_again(journal: Journal) -> None:
    """/dev/full in the file's place: it has no room, and cannot be cut either."""
    held, journal._descriptor = journal._descriptor, os.open("/dev/full", os.O_RDWR)
    try:
        with pytest.raises(DiskFull, match="No space left on device"):
            journal.write(some_records(1))
        with pytest.raises(AssertionError, match="read to its end before"):
            journal.write(some_records(1))
    finally:
        os.close(journal._descriptor)
        journal._descriptor = held


WRITER = """
import sys
from twinex.mirror.journal import Head, Journal, create_journal
from twinex.mirror.sequencer import Sequencer
create_journal(sys.argv[1], Head(5001, 77, 10**18))
journal = Journal(sys.argv[1])
assert not any(journal.read())
sequencer = Sequencer(5001, 77, 10**18)
while True:
    journal.write([sequencer.record(3, bytes(60), 0) for _ in range(7)])
    journal.sync()
    print(journal.sequence, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    draw = random.Random(SEED)
    for turn in range(5):
        directory = tmp_path / str(turn)
        command = [sys.executable, "-c", WRITER, str(directory)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            for _ in range(draw.randrange(1, 60)):
                acknowledged = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *map(int, child.stdout.read().split()[:-1])])
        found, journal = reopen(directory)
        assert 5000 + len(found) >= acknowledged
        sequencer = Sequencer(*HEAD)
        assert found == [sequencer.record(3, bytes(60), 0) for _ in found]
        assert journal.sequence == 5000 + len(found)
