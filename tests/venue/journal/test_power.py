"""What a power cut leaves: pages of what was not synchronised, in any order."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from twinex.venue.journal import segments
from twinex.venue.journal.errors import CorruptJournal
from twinex.venue.opening import OpenMarket, open_market
from twinex.venue.venue import Venue
from twinex.venue.wire.messages import encode, frame_array

PAGE = 4096
COUNT = 400


def _open(directory: Path, **options: object) -> OpenMarket:
    return open_market("cffex", directory=directory, **options)


def _orders(day: OpenMarket, first_id: int, count: int = COUNT) -> np.ndarray:
    orders = frame_array("order_enter", count, seat=1)
    orders["account"], orders["quantity"], orders["price"] = 1, 1, 45_000_000
    orders["client_id"] = np.arange(first_id, first_id + count)
    orders["instrument"] = day.number("IF2607")
    return orders.view(np.uint8)


def _uncommitted(directory: Path) -> tuple[int, int, int]:
    """A day with a batch that is in the file, but not behind the gate: committed, begin, end."""
    day = _open(directory, durability="disk")
    gate, committed = (directory / "gate").read_bytes(), day.venue.sequence
    begin = day.venue.day.journal.position
    day.venue.submit(_orders(day, 1))
    end = day.venue.day.journal.position
    day.venue.close()
    (directory / "gate").write_bytes(gate)
    return committed, begin, end


def _wipe(directory: Path, page: int) -> None:
    with open(directory / "journal-000000.seg", "r+b") as file:
        file.seek(page * PAGE)
        file.write(bytes(PAGE))


def test_a_missing_page_of_an_uncommitted_batch_is_cut(tmp_path: Path) -> None:
    """Any one of its pages; nothing that was answered is lost, and the day goes on."""
    pages = None
    page = 0
    while pages is None or page < pages:
        directory = tmp_path / str(page)
        committed, begin, end = _uncommitted(directory)
        first = begin // PAGE + 1
        pages = end // PAGE - first
        assert pages > 5
        _wipe(directory, first + page)
        with Venue.reopen(directory, durability="disk") as venue:
            assert committed <= venue.sequence < committed + COUNT
            events = venue.send(1, encode("order_cancel", client_id=10**6, target_client_id=1))
            assert len(events) > 0
        page += 1


def test_a_missing_page_of_a_committed_batch_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "day"
    with _open(directory, durability="disk") as day:
        begin = day.venue.day.journal.position
        day.venue.submit(_orders(day, 1))
    _wipe(directory, begin // PAGE + 2)
    with pytest.raises(CorruptJournal):
        Venue.reopen(directory)


def test_a_record_inside_a_message_is_no_record(tmp_path: Path) -> None:
    """Killed while a body was copied that holds what looks like a later record."""
    directory = tmp_path / "day"
    with _open(directory, durability="disk") as day:
        committed, place = day.venue.sequence, day.venue.day.journal.position
    body = bytes(40) + b"x" * 24
    head = struct.pack("<qqii", 1 << 60, 1 << 60, 1, 1)
    crc = zlib.crc32(head, zlib.crc32(body))
    forged = struct.pack("<II", 40 + len(body), crc) + head + bytes(8) + body
    with open(directory / "journal-000000.seg", "r+b") as file:
        file.seek(place + 40)
        file.write(struct.pack("<HHHH", len(forged), 1, 0, 0) + forged)
    with Venue.reopen(directory) as venue:
        assert venue.sequence == committed


def test_a_day_in_memory_is_made_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reopened with `disk`, every earlier segment is synchronised before anything is answered."""
    directory = tmp_path / "day"
    with _open(directory, segment_bytes=1 << 16) as day:
        day.venue.submit(_orders(day, 1, 4_000))
        names = {path.name for path in directory.glob("journal-*.seg")}
    assert len(names) > 3
    synced: list[str] = []
    real = segments.os.fsync

    def watched(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr("os.fsync", watched)
    Venue.reopen(directory, durability="disk").close()
    assert names - {max(names)} <= set(synced)
