"""Living through frames in pieces, and what readers get of it."""

from pathlib import Path

import numpy as np

from twinex.venue.journal.reader import EventReader
from twinex.venue.venue import Venue


def fixed_clock() -> int:
    """Times then rise by 1 ns, however the day is cut into batches."""
    return 1_700_000_000_000_000_000


def octets_of(frames: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(frames), dtype=np.uint8)


def copied(rows: np.ndarray) -> np.ndarray:
    """Rows of an image to be changed: NumPy's own copies leave anything in bytes without a name."""
    made = np.zeros(len(rows), rows.dtype)
    for name in rows.dtype.names or ():
        made[name] = rows[name]
    return made


def live(venue: Venue, frames: list[bytes], start: int, stop: int, batch: int = 40) -> None:
    """Submit frames `start` to `stop`."""
    for at in range(start, stop, batch):
        venue.submit(octets_of(frames[at : min(stop, at + batch)]))


def released(directory: Path) -> bytes:
    """Event bytes that a reader in any process gets now."""
    reader, parts = EventReader(directory), []
    while block := reader.poll():
        parts.append(block.content())
    return b"".join(parts)
