"""A random day lived straight through in memory: what other ways to live it are held against."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from checkers.days import RandomDay
from checkers.wire import frame

from twinex.venue.core.check import check
from twinex.venue.journal.reader import EventReader
from twinex.venue.venue import Venue

SEGMENT = 16_384  # the smallest there is: segments end every few dozen commands


def fixed_clock() -> int:
    """Times then rise by 1 ns, however the day is cut into batches."""
    return 1_700_000_000_000_000_000


@dataclass(frozen=True)
class Straight:
    """Commands 1..n as frames, and their event bytes: those of the first k end at `ends[k]`."""

    frames: list[bytes]
    events: bytes
    ends: list[int]

    def __len__(self) -> int:
        return len(self.frames)

    def batch(self, start: int, stop: int) -> np.ndarray:
        """The frames of commands start+1 .. stop."""
        return np.frombuffer(b"".join(self.frames[start:stop]), dtype=np.uint8)

    def until(self, sequence: int) -> bytes:
        """Event bytes of the commands up to `sequence`."""
        return self.events[: self.ends[sequence]]


def straight_day(seed: int, count: int, **options: int) -> Straight:
    """The day of `seed`: setup, `count` commands, day_end."""
    setup, commands = RandomDay(random.Random(seed), **options).write(count)
    frames = [frame(seat, message) for seat, message in [*setup, *commands]]
    parts, ends = [], [0]
    with Venue(clock=fixed_clock) as venue:
        for each in frames:
            parts.append(venue.submit(np.frombuffer(each, dtype=np.uint8)).tobytes())
            ends.append(ends[-1] + len(parts[-1]))
    return Straight(frames, b"".join(parts), ends)


def released(directory: Path) -> bytes:
    """Event bytes that a reader in any process gets now."""
    reader, parts = EventReader(directory), []
    while block := reader.poll():
        parts.append(block.content())
    return b"".join(parts)


def go_on(venue: Venue, day: Straight, *, batch: int = 50, stop: int | None = None) -> None:
    """The rest of the day, up to command `stop`."""
    stop = len(day) if stop is None else stop
    for start in range(venue.sequence, stop, batch):
        venue.submit(day.batch(start, min(start + batch, stop)))


def hold_reopened(venue: Venue, day: Straight, directory: Path, acknowledged: int) -> None:
    """A reopened day has all that was acknowledged, is right, and goes on to the same end."""
    reached = venue.sequence
    assert reached >= acknowledged, "an acknowledged command is lost"
    assert released(directory) == day.until(reached)
    check(venue.core)
    go_on(venue, day)
    assert released(directory) == day.events
