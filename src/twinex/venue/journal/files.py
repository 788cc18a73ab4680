"""What the journal asks of the operating system: lock, preallocate, map, synchronise."""

import ctypes
import fcntl
import mmap
import os
from pathlib import Path
from types import TracebackType

import numpy as np

from twinex.venue.journal.errors import DayBusy, DirectoryVanished, NotAJournal, named

PAGE_BYTES = mmap.PAGESIZE
NEW_SUFFIX = ".new"  # a file that is being made; it gets its name when it is whole
_MS_SYNC = 4
_libc = ctypes.CDLL(None, use_errno=True)
_libc.msync.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class DayLock:
    """The right to write a day: an exclusive `flock` on its directory. Raises DayBusy.

    The kernel gives it back when the process ends, however it ends. A forked child shares it.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        try:
            self._fd = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotAJournal(self.directory, "there is no such directory") from None
        except OSError as cause:
            raise named(cause, self.directory) from cause
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise DayBusy(self.directory) from None

    def sync_directory(self) -> None:
        """Names of files made, renamed or removed are on disk when this returns."""
        try:
            os.fsync(self._fd)
        except OSError as cause:
            raise named(cause, self.directory) from cause

    def release(self) -> None:
        """Let another process write. Doing it twice does no harm."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> "DayLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def make_directory(path: Path, durable: bool) -> None:
    """Make `path` with its parents; `durable`: their names are on disk when this returns.

    Raises DiskFull, DirectoryVanished, DiskFailed.
    """
    try:
        missing = [each for each in (path, *path.parents) if not each.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for each in missing if durable else ():
            fd = os.open(each.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
    except OSError as cause:
        raise named(cause, path) from cause


def preallocate(path: Path, size: int) -> None:
    """Make `path`, `size` zero bytes with their disk blocks. Raises DiskFull, DirectoryVanished.

    A mapped page without its block would kill the process (SIGBUS) when the disk is full; here it
    is an error that can be answered.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    except OSError as cause:
        raise named(cause, path, size) from cause
    try:
        os.posix_fallocate(fd, 0, size)
    except OSError as cause:
        path.unlink(missing_ok=True)
        raise named(cause, path, size) from cause
    finally:
        os.close(fd)


class Mapping:
    """A file mapped for writing, whole: `octets` is its memory (uint8).

    The memory goes when the last array over it goes; there is nothing to close.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as cause:
            raise named(cause, path) from cause
        try:
            status = os.fstat(fd)
            self.identity = (status.st_dev, status.st_ino, status.st_size)
            memory = mmap.mmap(fd, status.st_size)
        except OSError as cause:
            raise named(cause, path) from cause
        finally:
            os.close(fd)
        self.octets = np.frombuffer(memory, dtype=np.uint8)
        self._synced = 0

    def sync(self, end: int) -> None:
        """The bytes before `end` are on disk when this returns. Other threads run meanwhile.

        Linux answers msync(MS_SYNC) with vfs_fsync_range(datasync=1) over the range: the pages,
        and the metadata needed to find them again, that is fdatasync of the range. (Python's own
        `mmap.flush` does the same, but keeps the interpreter lock while the disk works.)
        """
        start = self._synced - self._synced % PAGE_BYTES
        if end > self._synced and _libc.msync(
            self.octets.ctypes.data + start, end - start, _MS_SYNC
        ):
            code = ctypes.get_errno()
            cause = OSError(code, os.strerror(code))
            raise named(cause, self.path, end - start) from cause
        self._synced = max(self._synced, end)

    def check_in_place(self) -> None:
        """Raises DirectoryVanished when the file's name no longer leads to this memory."""
        try:
            status = os.stat(self.path)
        except OSError as cause:
            raise named(cause, self.path) from cause
        if (status.st_dev, status.st_ino, status.st_size) != self.identity:
            raise DirectoryVanished(self.path)


def read_only(path: Path) -> np.ndarray | None:
    """The file's bytes as a mapped array, None if there is no such file.

    The mapping is private, so the array counts as writable (compiled functions then take it like
    any other) but a store would never reach the file. What a writer appends shows up in it.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise named(cause, path) from cause
    try:
        size = os.fstat(fd).st_size
        if size == 0:
            return np.empty(0, dtype=np.uint8)
        return np.frombuffer(mmap.mmap(fd, size, access=mmap.ACCESS_COPY), dtype=np.uint8)
    except OSError as cause:
        raise named(cause, path) from cause
    finally:
        os.close(fd)


def write_whole(path: Path, content: bytes) -> None:
    """Make a small file that is there whole or not at all, synchronised. Raises JournalError."""
    making = path.with_name(path.name + NEW_SUFFIX)
    try:
        with open(making, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(making, path)
    except OSError as cause:
        making.unlink(missing_ok=True)
        raise named(cause, path, len(content)) from cause


def words_of(octets: np.ndarray) -> np.ndarray:
    """The int64 view of `octets`, without an odd rest at the end."""
    return octets[: len(octets) & ~7].view(np.int64)
