"""A state image read by `spec/state.md`: its head, and rows as fields.

Rows are decoded where they are asked for, so that a large image costs little where two agree.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from twinex.umpire.layout import (
    ENTRY,
    FORMAT_VERSION,
    FRONT,
    HASH_BYTES,
    HEAD_BYTES,
    MAGIC,
    SECTIONS,
    TABLE_BYTES,
    Section,
)
from twinex.umpire.schema import SCHEMA, Fields


class NotAnImage(ValueError):  # noqa: N818
    """Bytes that cannot be read as a state image; the text says why."""


@dataclass(frozen=True)
class Rows:
    """The rows of one section, as bytes. `first` is the key of row 0 where the place is the key."""

    section: Section
    octets: bytes
    first: int = 0

    def __len__(self) -> int:
        return len(self.octets) // self.section.row_bytes

    def at(self, place: int) -> Fields:
        """Row `place`; rows that are known by their place have it as a field too."""
        values = self.section.row.unpack_from(self.octets, place * self.section.row_bytes)
        fields: Fields = dict(zip(self.section.fields, values, strict=True))
        if self.section.name in _BY_PLACE:
            fields = {self.section.key[0]: self.first + place, **fields}
        return fields

    def raw(self, place: int) -> bytes:
        """The bytes of row `place`."""
        size = self.section.row_bytes
        return self.octets[place * size : (place + 1) * size]

    def __iter__(self) -> Iterator[Fields]:
        return map(self.at, range(len(self)))


@dataclass(frozen=True)
class State:
    """A state image. `hash` and `hashes` are what it says; `faults` names those that are wrong."""

    sections: dict[str, Rows]
    hash: bytes
    hashes: dict[str, bytes]
    faults: dict[str, bytes] = field(
        default_factory=dict
    )  # by section, "" of the head: what is due

    def __getitem__(self, name: str) -> Rows:
        return self.sections[name]

    @property
    def day(self) -> Fields:
        """The one row of section `day`."""
        return self.sections["day"].at(0)


_BY_PLACE = {"trades", "commands"}


def read_state(octets: bytes) -> State:
    """The image in `octets`. Wrong hashes are noted in `faults`. Raises NotAnImage."""
    rows, hashes = _head(octets)
    parts, place = {}, HEAD_BYTES
    for section, count in zip(SECTIONS.values(), rows, strict=True):
        end = place + count * section.row_bytes
        parts[section.name] = octets[place:end]
        place = end
    if len(parts["day"]) != SECTIONS["day"].row_bytes:
        raise NotAnImage(f"its section day has {rows[0]} rows, not 1")
    first = Rows(SECTIONS["day"], parts["day"]).at(0)["first_sequence"]
    firsts = {"trades": 1, "commands": first}
    found = {n: Rows(SECTIONS[n], part, firsts.get(n, 0)) for n, part in parts.items()}
    said = dict(zip(SECTIONS, hashes, strict=True))
    due = {name: hashlib.sha256(part).digest() for name, part in parts.items()}
    faults = {name: due[name] for name in SECTIONS if due[name] != said[name]}
    state_hash, own = octets[TABLE_BYTES:HEAD_BYTES], hashlib.sha256(octets[:TABLE_BYTES]).digest()
    if own != state_hash:
        faults[""] = own
    return State(found, state_hash, said, faults)


def _head(octets: bytes) -> tuple[list[int], list[bytes]]:
    """Rows and hash of each section. Raises NotAnImage where the head is another's."""
    if len(octets) < HEAD_BYTES:
        raise NotAnImage(f"{len(octets)} bytes are fewer than an image's head, {HEAD_BYTES}")
    magic, form, schema, version, sections, zero, length = FRONT.unpack_from(octets)
    due = (MAGIC, FORMAT_VERSION, SCHEMA.id, SCHEMA.version, len(SECTIONS), 0)
    found = (magic, form, schema, version, sections, zero)
    names = ("magic", "format version", "schema id", "schema version", "sections", "unused word")
    for name, said, wanted in zip(names, found, due, strict=True):
        if said != wanted:
            raise NotAnImage(f"its {name} is {said!r}, not {wanted!r}")
    entries = [
        ENTRY.unpack_from(octets, FRONT.size + at * ENTRY.size) for at in range(len(SECTIONS))
    ]
    for section, (number, size, rows, _) in zip(SECTIONS.values(), entries, strict=True):
        if (number, size) != (section.number, section.row_bytes) or rows < 0:
            raise NotAnImage(f"section {section.name} stands in it as {number}, {rows} of {size}")
    needed = HEAD_BYTES + sum(size * rows for _, size, rows, _ in entries)
    if not length == needed == len(octets):
        said = f"its head says {length}, its sections need {needed}"
        raise NotAnImage(f"it has {len(octets)} bytes; {said}")
    return [rows for _, _, rows, _ in entries], [digest for *_, digest in entries]


assert HEAD_BYTES - TABLE_BYTES == HASH_BYTES
