"""Images as files: every byte is under a hash, and a file is there whole or not at all."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from living import fixed_clock, live
from rich_day import FIRST, RichDay

from twinex.venue.image.errors import DamagedImage, ForeignImage
from twinex.venue.image.file import image_name, images_in, read_image, write_image
from twinex.venue.image.image import Image, from_bytes
from twinex.venue.image.layout import HEAD_BYTES, SECTIONS, TABLE_END
from twinex.venue.journal.errors import DirectoryVanished, DiskFull
from twinex.venue.journal.files import NEW_SUFFIX
from twinex.venue.venue import Venue

FRONT_BYTES, ENTRY_BYTES = 32, 48
FOREIGN = 24  # bytes of the head that say whose bytes these are: magic to the unused word


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    return RichDay(6).frames(500)


@pytest.fixture(scope="module")
def image(frames: list[bytes]) -> Image:
    with Venue(clock=fixed_clock, first_sequence=FIRST) as venue:
        live(venue, frames, 0, 500)
        return venue.image()


def _flipped(octets: bytes, place: int, bit: int) -> np.ndarray:
    made = np.frombuffer(octets, np.uint8).copy()
    made[place] ^= 1 << bit
    return made


def test_every_bit_of_the_head_counts(image: Image) -> None:
    octets = image.tobytes()
    for place in range(HEAD_BYTES):
        with pytest.raises((ForeignImage, DamagedImage)) as caught:
            from_bytes(_flipped(octets, place, place % 8))
        if place < FOREIGN:
            assert caught.type is ForeignImage, place
        elif place >= TABLE_END:
            assert caught.type is DamagedImage, place


def test_every_section_has_a_hash(image: Image) -> None:
    """Its first byte, its last, and one in each row."""
    octets, start = image.tobytes(), HEAD_BYTES
    for name, row in SECTIONS.items():
        size = image[name].nbytes
        assert size, f"section {name} has rows"
        for place in (0, size - 1, *range(5 % row.itemsize, size, row.itemsize)):
            with pytest.raises(DamagedImage, match=f"hash of its section '{name}' is wrong"):
                from_bytes(_flipped(octets, start + place, place % 8))
        start += size
    assert start == len(octets)


def test_any_other_length_is_damage(image: Image) -> None:
    octets = np.frombuffer(image.tobytes(), np.uint8)
    for length in (0, 1, TABLE_END, HEAD_BYTES - 1, HEAD_BYTES, len(octets) - 1):
        with pytest.raises(DamagedImage):
            from_bytes(octets[:length])
    with pytest.raises(DamagedImage, match="its head says"):
        from_bytes(np.concatenate([octets, octets[:8]]))


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, b"TWXSTAT2", "it begins with b'TWXSTAT2'"),
        (8, b"\2\0\0\0", "format, schema and its version are"),
        (12, b"\0\0", "format, schema and its version are"),
        (16, b"\x10\0\0\0", "not laid out as this version's"),
        (FRONT_BYTES + ENTRY_BYTES, b"\3\0\0\0", "sections are not those of this version"),
        (FRONT_BYTES + 4, b"\x78\0\0\0", "sections are not those of this version"),
    ],
)
def test_foreign_images_say_what_they_are(
    image: Image, place: int, value: bytes, reason: str
) -> None:
    octets = image.tobytes()
    made = octets[:place] + value + octets[place + len(value) :]
    with pytest.raises(ForeignImage, match=reason):
        from_bytes(np.frombuffer(made, np.uint8))


def test_a_file_reads_back(image: Image, tmp_path: Path) -> None:
    path = write_image(image, tmp_path)
    assert path.name == image_name(image.sequence)
    assert path.read_bytes() == image.tobytes()
    assert read_image(path).hash == image.hash
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_only_names_of_images_are_images(tmp_path: Path) -> None:
    for name in (
        "state-7.img",
        "state-.img",
        "state-00000000000x.img",
        "state-000000000007.new",
    ):
        (tmp_path / name).touch()
    for sequence in (7, 2 * 10**12, 30):
        (tmp_path / image_name(sequence)).touch()
    assert [path.name for path in images_in(tmp_path)] == [
        image_name(sequence) for sequence in (2 * 10**12, 30, 7)
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DamagedImage, match="there is no such file"):
        read_image(tmp_path / image_name(1))


def test_a_directory_that_is_not_there(image: Image, tmp_path: Path) -> None:
    with pytest.raises(DirectoryVanished):
        write_image(image, tmp_path / "gone")


# -- full disks ----------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(directory: Path, but: int) -> Path:
    """A file that leaves `but` bytes of the disk."""
    ballast = directory / "ballast"
    free = os.statvfs(directory).f_bavail * os.statvfs(directory).f_frsize
    ballast.write_bytes(bytes(free - but))
    return ballast


def test_a_day_goes_on_without_the_image_that_finds_no_room(
    small_disk: Path, frames: list[bytes]
) -> None:
    options = {"clock": fixed_clock, "first_sequence": FIRST, "segment_bytes": 131_072}
    directory = small_disk / "day"
    with Venue(directory, **options) as venue:
        live(venue, frames, 0, 300)
        first = venue.write_image()
        whole = first.read_bytes()
        live(venue, frames, 300, 320)
        ballast = _fill(small_disk, but=8_192)
        with pytest.raises(DiskFull, match="no room"):
            venue.write_image()
        assert images_in(directory) == [first]
        assert not list(directory.glob(f"*{NEW_SUFFIX}"))
        live(venue, frames, 320, 340)
        with pytest.raises(DiskFull):
            venue.write_image()
        assert first.read_bytes() == whole
        ballast.unlink()
        later = venue.write_image()
        live(venue, frames, 340, 360)
        due = venue.image().hash
    assert images_in(directory) == [later, first]
    with Venue.reopen(directory, clock=fixed_clock) as venue:
        assert venue.restart is not None
        assert venue.restart.image == later
        assert venue.image().hash == due
