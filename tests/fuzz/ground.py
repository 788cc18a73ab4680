"""The market that fuzzed bytes are thrown at: a random day, alive until the bytes end it."""

import random
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from checkers.days import RandomDay
from checkers.wire import encode, frame

from twinex.venue.core import room
from twinex.venue.core.check import check
from twinex.venue.events import events_of
from twinex.venue.venue import BadFrame, Venue
from twinex.venue.wire import codes

TABLE_BYTES_MAX = 1 << 26  # a day that was made larger than this, by the exchange, is left
ENDED = 2
OPEN_AGAIN = [encode("halt_set"), encode("phase_set", phase=codes.PHASE_CONTINUOUS)]


def fixed_clock() -> int:
    return 1_700_000_000_000_000_000


def good_frames(seed: int, count: int) -> tuple[list[bytes], list[bytes]]:
    """Frames of a random day: its reference data, and `count` commands on it."""
    setup, commands = RandomDay(random.Random(seed)).write(count, end=False)
    return [frame(*each) for each in setup], [frame(*each) for each in commands]


class Unanswered(AssertionError):  # noqa: N818
    """A command without an event, or an event of no command."""


class Ground:
    """One day. `throw` bytes at it; every command is answered, every bad frame counted.

    `answers` counts reject reasons (0: events of commands that were done), `bad` bad frames.
    """

    def __init__(self, seed: int, warm: int = 200) -> None:
        self.seed = seed
        setup, commands = good_frames(seed, warm)
        self.venue = Venue(clock=fixed_clock, keep=False)
        self.thrown: list[bytes] = []
        self.answers: Counter[int] = Counter()
        self.bad = 0
        for each in (setup, commands[:warm]):
            self.throw(np.frombuffer(b"".join(each), dtype=np.uint8))

    def throw(self, octets: np.ndarray) -> bool:
        """One submission (uint8); False if a bad frame ended it. Raises Unanswered."""
        self.thrown.append(octets.tobytes())
        before, is_good = self.venue.sequence, True
        try:
            events = self.venue.submit(octets)
        except BadFrame as error:
            events, is_good = error.events, False
            self.bad += 1
        self._count(events, before + 1, self.venue.sequence)
        return is_good

    def open_again(self) -> None:
        """What was halted or brought into another phase trades again, if it can."""
        again = b"".join(frame(0, message) for message in OPEN_AGAIN)
        self.throw(np.frombuffer(again, dtype=np.uint8))

    def _count(self, events: np.ndarray, first: int, last: int) -> None:
        """Commands `first`..`last` have each an event with index 0, and nothing else has one."""
        stream = events_of(events)
        rows = stream.all()
        answered = rows["sequence"][rows["index"] == 0]
        if not np.array_equal(answered, np.arange(first, last + 1)):
            raise Unanswered(f"commands {first}..{last}, events of {answered.tolist()[:20]}")
        reasons = stream.of("command_rejected")["reject_reason"]
        self.answers.update(reasons.tolist())
        self.answers[0] += last + 1 - first - len(reasons)

    @property
    def is_over(self) -> bool:
        """Has a command ended the day, or made its tables as large as a real market's?"""
        core = self.venue.core
        size = sum(table.nbytes for table in core[:-2])
        return bool(core.now[0]["day"] == ENDED) or size > TABLE_BYTES_MAX

    def hold(self) -> None:
        """The tables agree with each other, and none is larger than what was accepted needs."""
        core, now = self.venue.core, self.venue.core.now[0]
        check(core)
        ahead = room._ROWS_A_COMMAND + 1  # there is room for a whole mass quote before it comes
        for name, start, used in (
            ("ids", room._START_IDS, 4 * int(now["id_count"] + 1)),
            ("slots", room._START_SLOTS, int(now["commands"])),
            ("orders", room._START_ORDERS, int(now["orders_accepted"]) + ahead),
            ("positions", room._START_POSITIONS, int(now["position_count"]) + ahead),
        ):
            rows = len(getattr(core, name))
            assert rows <= max(start, 2 * used), f"{name}: {rows} rows for {used}"

    def keep(self, directory: Path) -> Path:
        """What was thrown, in a file: `python -m fuzz.ground FILE` throws it again."""
        path = directory / f"fuzz-{self.seed}.npz"
        lengths = np.array([len(each) for each in self.thrown])
        octets = np.frombuffer(b"".join(self.thrown), dtype=np.uint8)
        np.savez(path, seed=self.seed, lengths=lengths, octets=octets)
        return path


def throw_again(path: Path) -> None:
    """Throw at a fresh day what `Ground.keep` kept."""
    kept = np.load(path)
    ground = Ground(int(kept["seed"]), warm=0)
    for octets in np.split(kept["octets"], np.cumsum(kept["lengths"]))[1:]:
        ground.throw(octets)
    ground.hold()


if __name__ == "__main__":
    throw_again(Path(sys.argv[1]))
