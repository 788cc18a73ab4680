"""The days of a run, from one seed: slow ones of great variety, fast ones of great length.

    for day in days(seed, commands=2_000_000): ...

Every few days the next one is opened from the image of the one before (`Plan.goes_on`).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from checkers.days import TRADING_DAY, Command, RandomDay

from simulation.fast import FastDay
from simulation.records import frames_of

SLOW_COMMANDS = 3_000
SLOW_SHARE = 0.02  # of the commands of a run
NIGHTS_ONE_IN = 3  # fast days that go on from the one before
FIRST = 5_000  # of most first days: there were days before, orders may come over
_BATCHES = (1, 7, 64, 500, 4_000)  # commands; drawn anew for each batch


@dataclass(frozen=True)
class Plan:
    """One day of a run: `seed` says all about it but what a night brings."""

    seed: int
    commands: int
    fast: bool = True
    goes_on: bool = False

    def frames(
        self, first_sequence: int, opening: list[Command] | None = None, nights: int = 0
    ) -> Iterator[np.ndarray]:
        """Frames (uint8) in blocks. `opening`: what the day before leaves to this one."""
        if not self.fast:
            yield from self._slow(first_sequence)
            return
        trading_day = TRADING_DAY + nights
        day = FastDay(self.seed, self.commands, first_sequence, opening, trading_day)
        yield frames_of(day.opening)
        yield from day.body()
        yield frames_of(day.closing)

    def _slow(self, first_sequence: int) -> Iterator[np.ndarray]:
        source = random.Random(self.seed)
        combined = source.choice((0.0, 0.0, 0.2))
        day = RandomDay(source, first_sequence=first_sequence, combined=combined)
        setup, commands = day.write(self.commands)
        yield frames_of([*setup, *commands])


def plans(seed: int, commands: int, longest: int = 100_000) -> Iterator[Plan]:
    """The days of a run of about so many commands, bodies counted; `longest`: of a fast one."""
    source = random.Random(seed)
    slow = int(commands * SLOW_SHARE)
    while slow > 0 or commands > 0:
        if slow > 0:
            size = min(SLOW_COMMANDS, slow)
            slow, commands = slow - size, commands - size
            yield Plan(source.getrandbits(32), size, fast=False)
        goes_on = False
        for _ in range(source.randint(1, NIGHTS_ONE_IN)):
            size = min(commands, max(1, int(longest * source.choice((0.02, 0.2, 1.0, 1.0)))))
            if size > 0:
                yield Plan(source.getrandbits(32), size, goes_on=goes_on)
            commands, goes_on = commands - size, True


def cut(source: random.Random, count: int) -> Iterator[tuple[int, int]]:
    """Bounds of the batches of `count` records, one after another."""
    start = 0
    while start < count:
        stop = min(count, start + source.choice(_BATCHES))
        yield start, stop
        start = stop
