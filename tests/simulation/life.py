"""Living through the days of a run: batches, images, restarts, invariants, nights.

run = Run(seed, left=VenueSystem, right=MirrorSystem)
failure = run.live(plans(seed, 2_000_000))       # None: no difference
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from checkers.days import TRADING_DAY

from simulation import night
from simulation.invariants import Invariants, Violated
from simulation.pair import Difference, Maker, Pair
from simulation.records import Batch, Journal, commands_of
from simulation.streams import FIRST, Plan, cut

IMAGES_ONE_IN = 100  # batches
RESTARTS_ONE_IN = 250
WATCHED_ONE_IN = 4  # fast days under the invariants; slow ones always are


@dataclass
class Failure:
    """A difference, and the day that led to it: every record up to the failing batch's end."""

    difference: Difference
    plan: Plan
    first_sequence: int
    commands: list[tuple[int, bytes]]
    restarts: dict[int, str]  # after how many commands, which side


@dataclass
class Run:
    """What a run has lived through so far."""

    seed: int
    left: Maker
    right: Maker
    commands: int = 0
    events: int = 0
    event_bytes: int = 0
    days: int = 0
    images: int = 0
    restarts: int = 0
    watched: int = 0  # events under the invariants
    on_day: Callable[["Run"], None] | None = None
    # Image of the ended day before, and how many days in a row there were.
    _night: tuple[bytes, int] = field(default=(b"", 0), repr=False)

    def live(self, days: Iterable[Plan]) -> Failure | None:
        """The failure that ended the run, if one did."""
        for plan in days:
            failure = self._day(plan)
            if failure is not None:
                return failure
            self.days += 1
            if self.on_day is not None:
                self.on_day(self)
        return None

    def _day(self, plan: Plan) -> Failure | None:
        first_sequence, chain, opening, nights = self._opening(plan)
        journal = Journal(first_sequence, chain)
        pair = Pair(self.left(first_sequence), self.right(first_sequence))
        source = random.Random(plan.seed)
        watch = Invariants() if not plan.fast or source.randrange(WATCHED_ONE_IN) == 0 else None
        lived: list[Batch] = []
        restarts: dict[int, str] = {}
        for batch in _batches(plan, journal, first_sequence, opening, nights, source):
            lived.append(batch)
            events = pair.apply(batch)
            self._look(pair, batch, events, watch, source, restarts, first_sequence)
            if pair.differ is not None:
                commands = [command for each in lived for command in commands_of(each)]
                return Failure(pair.differ, plan, first_sequence, commands, restarts)
        self._night = (self._last_image(pair), nights)
        if pair.differ is not None:
            commands = [command for each in lived for command in commands_of(each)]
            return Failure(pair.differ, plan, first_sequence, commands, restarts)
        return None

    def _opening(self, plan: Plan):
        """(first sequence, chain, opening commands, days in a row before this one)."""
        image, nights = self._night
        if not plan.goes_on or not image:
            first = random.Random(plan.seed).choice((1, FIRST, FIRST))
            return first, 0, None, 0
        return *night.opening(image, TRADING_DAY + nights + 1), nights + 1

    def _last_image(self, pair: Pair) -> bytes:
        self.images += 1
        return pair.compare_images()

    def _look(
        self,
        pair: Pair,
        batch: Batch,
        events: np.ndarray,
        watch: Invariants | None,
        source: random.Random,
        restarts: dict[int, str],
        first_sequence: int,
    ) -> None:
        """What is done behind a batch: counts, invariants, now and then an image or a restart."""
        self.commands += len(batch)
        self.event_bytes += len(events)
        look, turn = source.randrange(IMAGES_ONE_IN), source.randrange(RESTARTS_ONE_IN)
        side = source.choice(("left", "right"))
        if pair.differ is None and watch is not None:
            try:
                self.watched += watch.see(batch, events)
            except Violated as error:
                pair.differ = Difference("invariant", error.sequence, str(error))
        if pair.differ is None and turn == 0:
            restarts[pair.sequence - first_sequence + 1] = side
            pair.restart(side)
            self.restarts += 1
        elif pair.differ is None and look == 0:
            pair.compare_images()
            self.images += 1


def _batches(
    plan: Plan, journal: Journal, first_sequence: int, opening, nights: int, source: random.Random
) -> Iterator[Batch]:
    for frames in plan.frames(first_sequence, opening, nights):
        block = journal.write(frames)
        for start, stop in cut(source, len(block)):
            yield block.part(start, stop)
