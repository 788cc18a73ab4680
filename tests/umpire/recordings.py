"""Recorded days for the umpire: rich ones on disk, their records, and changes to what they say."""

import atexit
import hashlib
import shutil
import struct
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from venue.image.living import fixed_clock, octets_of
from venue.image.rich_day import FIRST, RichDay

from twinex.umpire.layout import ENTRY, FRONT, HEAD_BYTES, SECTIONS, TABLE_BYTES
from twinex.umpire.messages import Event, events_of
from twinex.umpire.recorded import Recorded
from twinex.umpire.system import Start
from twinex.umpire.systems import VenueSystem
from twinex.venue.venue import Venue

COMMANDS = 1_200
SEED = 4


class Recording(NamedTuple):
    """A day on disk, its records, and the answer to each."""

    directory: Path
    records: list[bytes]
    answers: list[bytes]

    @property
    def stream(self) -> bytes:
        return b"".join(self.answers)


@cache
def recording(seed: int = SEED, commands: int = COMMANDS) -> Recording:
    """The day of a seed, made once. Nobody may change its files."""
    print(f"seed {seed}")
    place = Path(tempfile.mkdtemp(prefix="twinex-umpire-"))
    atexit.register(shutil.rmtree, place)
    frames = RichDay(seed).frames(commands)
    directory = place / "20260105"
    with Venue(directory, clock=fixed_clock, first_sequence=FIRST) as venue:
        answers = [venue.submit(octets_of([frame])).tobytes() for frame in frames]
    records = [record for batch in Recorded(directory).batches() for record in batch]
    return Recording(directory, records, answers)


@cache
def image(seed: int = SEED, count: int = COMMANDS) -> bytes:
    """The state behind the first `count` commands of a day, by the venue."""
    system = VenueSystem(Start(FIRST, 0))
    system.apply_all(recording(seed).records[:count])
    return system.image()


def events(octets: bytes) -> list[Event]:
    return list(events_of(octets))


def with_byte(octets: bytes, place: int, flip: int = 1) -> bytes:
    """The same bytes but one."""
    return octets[:place] + bytes([octets[place] ^ flip]) + octets[place + 1 :]


def parts_of(octets: bytes) -> dict[str, bytes]:
    """The rows of an image, by section."""
    place, found = HEAD_BYTES, {}
    for at, section in enumerate(SECTIONS.values()):
        rows = ENTRY.unpack_from(octets, FRONT.size + at * ENTRY.size)[2]
        found[section.name] = octets[place : place + rows * section.row_bytes]
        place += len(found[section.name])
    return found


def sealed(octets: bytes, parts: dict[str, bytes]) -> bytes:
    """An image with these rows, counted and hashed anew under the head of `octets`."""
    length = HEAD_BYTES + sum(map(len, parts.values()))
    table = octets[: FRONT.size - 8] + struct.pack("<q", length)
    for section in SECTIONS.values():
        rows = parts[section.name]
        count, digest = len(rows) // section.row_bytes, hashlib.sha256(rows).digest()
        table += ENTRY.pack(section.number, section.row_bytes, count, digest)
    assert len(table) == TABLE_BYTES
    return table + hashlib.sha256(table).digest() + b"".join(parts.values())
