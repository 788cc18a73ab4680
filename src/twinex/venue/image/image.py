"""A state image in memory: its sections as arrays, its hash, and itself as bytes and back."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from twinex.venue.image.errors import DamagedImage, ForeignImage
from twinex.venue.image.layout import (
    HEAD_BYTES,
    SECTIONS,
    TABLE_END,
    Head,
    HeadError,
    pack_table,
    unpack_table,
)
from twinex.venue.journal.recovery import Mark


class Image:
    """The sections of `spec/state.md` by name, as structured arrays (`layout.SECTIONS`).

    Not to be changed: the hash is computed once.
    """

    def __init__(self, sections: Mapping[str, np.ndarray], path: Path | None = None) -> None:
        """`path`: the file it was read from."""
        assert list(sections) == list(SECTIONS), "the spec's sections, in its order"
        self.sections, self.path = dict(sections), path

    def __getitem__(self, name: str) -> np.ndarray:
        return self.sections[name]

    @property
    def day(self) -> Any:
        """The one row of section `day`."""
        return self.sections["day"][0]

    @property
    def sequence(self) -> int:
        """Of the last command whose effects are in it."""
        return int(self.day["sequence"])

    @property
    def trading_day(self) -> int:
        """yyyymmdd; 0 before day_open."""
        return int(self.day["trading_day"])

    @property
    def mark(self) -> Mark:
        """Where in the journal it stands."""
        day = self.day
        chain = int(day["chain"].astype(np.int64))
        return Mark(*(chain if name == "chain" else int(day[name]) for name in Mark._fields))

    @property
    def length(self) -> int:
        """Bytes of the file."""
        return HEAD_BYTES + sum(rows.nbytes for rows in self.sections.values())

    @cached_property
    def table(self) -> bytes:
        """Bytes 0..751 of the file: every section with its hash."""
        rows = [len(section) for section in self.sections.values()]
        return pack_table(rows, [_sha256(section) for section in self.sections.values()])

    @property
    def hash(self) -> bytes:
        """The state hash: SHA-256 of the table."""
        return hashlib.sha256(self.table).digest()

    def parts(self) -> list[memoryview | bytes]:
        """The file's bytes, one part behind the other."""
        return [self.table, self.hash, *(_octets(each) for each in self.sections.values())]

    def tobytes(self) -> bytes:
        """The file's bytes in one."""
        return b"".join(self.parts())


def from_bytes(octets: np.ndarray, path: Path | None = None) -> Image:
    """The image in `octets` (uint8); its sections are views. Every hash is checked.

    Raises ForeignImage or DamagedImage.
    """
    if len(octets) < HEAD_BYTES:
        raise DamagedImage(path, f"{len(octets)} bytes are fewer than an image's head")
    table = octets[:TABLE_END].tobytes()
    try:
        head = unpack_table(table)
    except HeadError as reason:
        raise ForeignImage(path, str(reason)) from None
    if hashlib.sha256(table).digest() != octets[TABLE_END:HEAD_BYTES].tobytes():
        raise DamagedImage(path, "the hash of its head is wrong")
    if head.length != len(octets):
        raise DamagedImage(path, f"it has {len(octets)} bytes, its head says {head.length}")
    if min(head.rows) < 0:
        raise DamagedImage(path, "a section has fewer than no rows")
    sections = _cut(octets, head)
    for (name, rows), due in zip(sections.items(), head.hashes, strict=True):
        if _sha256(rows) != due:
            raise DamagedImage(path, f"the hash of its section {name!r} is wrong")
    image = Image(sections, path)
    image.__dict__["table"] = table
    if len(image["day"]) != 1:
        raise DamagedImage(path, f"its section 'day' has {len(image['day'])} rows, not 1")
    return image


def _cut(octets: np.ndarray, head: Head) -> dict[str, np.ndarray]:
    """The sections of a head whose length fits the bytes."""
    sections, place = {}, HEAD_BYTES
    for (name, row), count in zip(SECTIONS.items(), head.rows, strict=True):
        end = place + count * row.itemsize
        sections[name] = octets[place:end].view(row)
        place = end
    return sections


def _octets(rows: np.ndarray) -> memoryview:
    return np.ascontiguousarray(rows).view(np.uint8).data


def _sha256(rows: np.ndarray) -> bytes:
    return hashlib.sha256(_octets(rows)).digest()
