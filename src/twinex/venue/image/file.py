"""Images as files of a day's directory: there whole or not at all (`spec/state.md`, Images)."""

import os
from pathlib import Path

import numpy as np

from twinex.venue.image.errors import DamagedImage
from twinex.venue.image.image import Image, from_bytes
from twinex.venue.journal.errors import named
from twinex.venue.journal.files import NEW_SUFFIX, read_only

_PREFIX, _SUFFIX = "state-", ".img"


def image_name(sequence: int) -> str:
    """`state-000000012345.img`: names sort as their sequences do."""
    return f"{_PREFIX}{sequence:012d}{_SUFFIX}"


def images_in(directory: Path | str) -> list[Path]:
    """Image files of a day, the latest first; other files are passed over."""
    found = []
    for path in Path(directory).glob(f"{_PREFIX}*{_SUFFIX}"):
        digits = path.name[len(_PREFIX) : -len(_SUFFIX)]
        if digits.isdigit() and path.name == image_name(int(digits)):
            found.append((int(digits), path))
    return [path for _, path in sorted(found, reverse=True)]


def write_image(image: Image, directory: Path | str) -> Path:
    """Write `image` into a day's directory; it is whole and on disk when this returns.

    Raises DiskFull, DirectoryVanished, DiskFailed: then no file has the image's name that had not.
    """
    path = Path(directory) / image_name(image.sequence)
    making = path.with_name(path.name + NEW_SUFFIX)
    try:
        with open(making, "wb", buffering=0) as file:
            for part in image.parts():
                _write(file.fileno(), part)
            os.fsync(file.fileno())
        os.rename(making, path)
        _sync_directory(path.parent)
    except OSError as cause:
        making.unlink(missing_ok=True)
        raise named(cause, path, image.length) from cause
    return path


def _write(fd: int, part: memoryview | bytes) -> None:
    """All of `part`: the system takes at most two gigabytes at a time."""
    left = memoryview(part)
    while len(left):
        left = left[os.write(fd, left[: 1 << 30]) :]


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_image(path: Path | str) -> Image:
    """The image in a file; every hash is checked.

    Raises ForeignImage, DamagedImage, and the journal's errors where the file cannot be read.
    """
    path = Path(path)
    octets = read_only(path)
    if octets is None:
        raise DamagedImage(path, "there is no such file")
    return from_bytes(np.asarray(octets), path)
