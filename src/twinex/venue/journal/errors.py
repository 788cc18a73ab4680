"""What can be wrong with a journal on disk. Every error says what to do."""

import errno
from pathlib import Path


class JournalError(Exception):
    """Any trouble with a day's files."""


class DiskFull(JournalError):  # noqa: N818
    """No room for the next segment. Nothing in it was acknowledged."""

    def __init__(self, path: Path | str, size: int) -> None:
        super().__init__(
            f"no room for {size} bytes at {path}: free space on that disk (or raise the quota), "
            "then start again; nothing that was acknowledged is lost"
        )
        self.path, self.size = Path(path), size


class DirectoryVanished(JournalError):  # noqa: N818
    """The day's directory, or a file that is being written, is gone or was replaced."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            f"{path} is gone or was replaced while it was being written: stop, find out who "
            "moved it, and restart on a copy of the day"
        )
        self.path = Path(path)


class DiskFailed(JournalError):  # noqa: N818
    """The operating system refused a file operation for another reason (I/O error, rights)."""

    def __init__(self, path: Path | str, cause: OSError) -> None:
        super().__init__(f"{path}: {cause.strerror or cause}: check the disk and the file's rights")
        self.path = Path(path)


class DayBusy(JournalError):  # noqa: N818
    """Another process writes this day."""

    def __init__(self, directory: Path | str) -> None:
        super().__init__(f"{directory} is being written by another process: stop that one first")
        self.directory = Path(directory)


class DayExists(JournalError):  # noqa: N818
    """A new day was asked for where one lies already."""

    def __init__(self, directory: Path | str) -> None:
        super().__init__(
            f"{directory} holds a day already: open it instead, or choose another directory"
        )


class NotAJournal(JournalError):  # noqa: N818
    """The directory holds no day, or its first file is no segment."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path} is not a journal: {reason}")
        self.path, self.reason = Path(path), reason


class CorruptJournal(JournalError):  # noqa: N818
    """Bytes that were whole once are not any more; nothing was cut or changed.

    `offset` is in bytes from the head of `file`, `sequence` the first that cannot be read.
    """

    def __init__(self, file: Path | str, offset: int, sequence: int, reason: str) -> None:
        super().__init__(
            f"{file} is corrupt at byte {offset}, sequence {sequence}: {reason}; nothing was "
            "changed; take this day from a copy"
        )
        self.file, self.offset, self.sequence, self.reason = Path(file), offset, sequence, reason


class GateBroken(JournalError):  # noqa: N818
    """The gate file is missing, foreign, or was left half written."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = Path(path), reason


class MarkMismatch(JournalError):  # noqa: N818
    """A mark that a state image stands at is not in this day's streams. Nothing was changed."""

    def __init__(self, directory: Path | str, reason: str) -> None:
        super().__init__(f"{directory}: {reason}")
        self.directory, self.reason = Path(directory), reason


class SequenceMissing(JournalError):  # noqa: N818
    """A reader asked for a sequence that lies before the day's first."""

    def __init__(self, wanted: int, first: int) -> None:
        super().__init__(
            f"sequence {wanted} lies before this day's first, {first}: read an earlier day"
        )
        self.wanted, self.first = wanted, first


def named(cause: OSError, path: Path | str, size: int = 0) -> JournalError:
    """The error of this module for an OSError at `path` (`size`: bytes that were asked for)."""
    if cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(path, size)
    if cause.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE):
        return DirectoryVanished(path)
    return DiskFailed(path, cause)
