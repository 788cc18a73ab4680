"""The mirror's journal: one append-only file a day, a small head and the records behind it.

The records are those of spec/journal.md, byte for byte; the file is the mirror's own:

| offset | type | field |
|---|---|---|
| 0 | char[8] | magic: `TWXMIRR1` |
| 8 | uint32 | CRC-32 of bytes 16..39 |
| 12 | uint32 | 0 |
| 16 | int64 | sequence of the first record |
| 24 | uint64 | chain before it |
| 32 | int64 | time_ns before it |
| 40 | | records, one after another to the end of the file |
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple, NoReturn
from zlib import crc32

from twinex.mirror.records import RecordCutter, find_later_record

FILE_NAME = "mirror.journal"
_MAGIC = b"TWXMIRR1"
_HEAD = struct.Struct("<8sIIqQq")
_BLOCK = 1 << 22
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class JournalError(Exception):
    """The journal cannot be used; the message says where, why, and what to do."""


class JournalCorrupt(JournalError):  # noqa: N818
    """A record, or the head, that fails its checks and is no torn tail. Nothing was cut."""


class DiskFull(JournalError):  # noqa: N818
    """No room for the records: the file ends with its last whole record, none of them is in it."""


class JournalVanished(JournalError):  # noqa: N818
    """The file, or its directory, is not there any more where the journal was opened."""


class NotNext(JournalError):  # noqa: N818
    """Records that do not go on from the last one; nothing was written."""


class JournalBusy(JournalError):  # noqa: N818
    """Another process writes this journal."""


class Head(NamedTuple):
    """Where a file begins: its first sequence, and chain and time of the record before that."""

    first_sequence: int
    chain: int
    time_ns: int


def sync_directory(directory: str) -> None:
    """A name given to a file is on disk only when its directory is."""
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_file(path: str, content: bytes) -> None:
    """Write a whole file: it has its name only when all of it is on disk."""
    unfinished = path + ".unfinished"
    try:
        with open(unfinished, "wb") as fresh:
            fresh.write(content)
            fresh.flush()
            os.fsync(fresh.fileno())
        os.rename(unfinished, path)
        sync_directory(os.path.dirname(path) or ".")
    except OSError as wrong:
        _name_error(path, wrong)


def create_journal(directory: str, head: Head) -> None:
    """Make the day's empty journal in `directory`, which is made if need be."""
    os.makedirs(directory, exist_ok=True)
    numbers = struct.pack("<qQq", *head)
    path = os.path.join(directory, FILE_NAME)
    if os.path.exists(path):
        raise JournalError(f"{path}: a journal is here already; restart from it")
    write_file(path, _HEAD.pack(_MAGIC, crc32(numbers), 0, *head))


def read_head(path: str) -> Head:
    """The head of a journal file. Raises JournalCorrupt, JournalVanished."""
    try:
        with open(path, "rb") as file:
            content = file.read(_HEAD.size)
    except OSError as wrong:
        _name_error(path, wrong)
    if len(content) == _HEAD.size:
        magic, crc, zero, *numbers = _HEAD.unpack(content)
        if magic == _MAGIC and zero == 0 and crc == crc32(content[16:]):
            return Head(*numbers)
    raise JournalCorrupt(
        f"{path}: offset 0: this is no head of a mirror's journal; put the file aside and "
        "take the records from another system's journal of the day"
    )


class JournalReader:
    """Reads a journal file from its beginning and changes nothing.

    Iterating gives lists of whole, checked records, a block of the file at a time. Afterwards
    `sequence` and `chain` are those of the last of them, `end` is the offset behind it and `torn`
    what follows, b"" in a file that ends well.
    Raises JournalCorrupt for a bad head or a bad record inside, JournalVanished without a file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.head = read_head(path)
        self._begin()

    def _begin(self) -> RecordCutter:
        self.sequence, self.chain = self.head.first_sequence - 1, self.head.chain
        self.end, self.torn = _HEAD.size, b""
        return RecordCutter(self.sequence, self.chain, self.end)

    def __iter__(self) -> Iterator[list[bytes]]:
        cutter = self._begin()
        with open(self.path, "rb") as file:
            file.seek(self.end)
            block = file.read(_BLOCK)
            while block and not cutter.fault:
                yield cutter.cut(block)
                block = file.read(_BLOCK)
            self.torn = cutter.rest + block + file.read()
        self.sequence, self.chain, self.end = cutter.sequence, cutter.chain, cutter.offset
        later = find_later_record(self.torn, self.sequence + 1)
        if later >= 0:
            fault = cutter.fault or "it is longer than the file"
            raise JournalCorrupt(
                f"{self.path}: offset {self.end}: record {self.sequence + 1}: {fault}, and a whole "
                f"record follows at offset {self.end + later}; nothing was cut. "
                "Put the file aside and take the records from another system's journal of the day"
            )


class Journal:
    """The one writer of a journal file: reads what is there first, then appends.

    A torn tail is cut when `read` comes to the end, and kept in `journal-cut-SEQUENCE.bin` beside
    the file; `cut_path` then names that file. `sequence` and `chain` are those of the last record.
    """

    def __init__(self, directory: str) -> None:
        self.path = os.path.join(directory, FILE_NAME)
        self.cut_path = ""
        self.head = read_head(self.path)
        self.sequence, self.chain = self.head.first_sequence - 1, self.head.chain
        self._size = -1
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise JournalBusy(f"{self.path}: another process writes it; stop that one") from None

    def read(self) -> Iterator[list[bytes]]:
        """All records of the file, checked, in lists; then a torn tail is cut."""
        reader = JournalReader(self.path)
        yield from reader
        self.sequence, self.chain, self._size = reader.sequence, reader.chain, reader.end
        if reader.torn:
            name = f"journal-cut-{self.sequence + 1}.bin"
            self.cut_path = os.path.join(os.path.dirname(self.path), name)
            write_file(self.cut_path, reader.torn)
            os.ftruncate(self._descriptor, self._size)
            os.fsync(self._descriptor)

    def write(self, records: Sequence[bytes]) -> None:
        """Append whole records that go on from the last one.

        Raises NotNext for records that do not, DiskFull: the file then ends where it did before.
        """
        assert self._size >= 0, "a journal is read to its end before it is written"
        content = b"".join(records)
        cutter = RecordCutter(self.sequence, self.chain)
        if len(cutter.cut(content)) != len(records) or cutter.rest:
            fault = cutter.fault or "it is cut short"
            raise NotNext(f"{self.path}: no record {cutter.sequence + 1}: {fault}")
        try:
            self._append(content)
        except OSError as wrong:
            self._cut_back()
            _name_error(self.path, wrong)
        self._size += len(content)
        self.sequence, self.chain = cutter.sequence, cutter.chain

    def _append(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def _cut_back(self) -> None:
        """Take off what a failed write has left; else only a restart may write again."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._size = -1

    def sync(self) -> None:
        """All that was written is on disk, under this name, when this returns.

        Raises JournalVanished, DiskFull or JournalError: what was written last is on disk or not.
        """
        try:
            os.fdatasync(self._descriptor)
            here, opened = os.stat(self.path), os.fstat(self._descriptor)
        except OSError as wrong:
            _name_error(self.path, wrong)
        if (here.st_ino, here.st_dev) != (opened.st_ino, opened.st_dev):
            raise JournalVanished(f"{self.path}: another file has this name now; start again there")

    def close(self) -> None:
        """Give the file free for another writer."""
        os.close(self._descriptor)


def _name_error(path: str, wrong: OSError) -> NoReturn:
    """The same error by its name in this house."""
    if wrong.errno in _FULL:
        raise DiskFull(f"{path}: {wrong.strerror}; make room and start again") from wrong
    if wrong.errno in (errno.ENOENT, errno.ENOTDIR):
        raise JournalVanished(f"{path}: it is not there (any more); put it back") from wrong
    raise JournalError(f"{path}: {wrong.strerror}") from wrong
