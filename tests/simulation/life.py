"""Living through the days of a run: batches, images, restarts, invariants, nights.

run = Run(left=VenueSystem, right=MirrorSystem)
failure = run.live(plans(seed, 2_000_000))       # None: no difference
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from checkers.days import TRADING_DAY, Command

from simulation import night
from simulation.invariants import Invariants, Violated
from simulation.pair import Difference, Maker, Pair
from simulation.records import Batch, Journal, commands_of
from simulation.streams import FIRST, Plan, cut

IMAGES_ONE_IN = 40  # batches
RESTARTS_ONE_IN = 80
IMAGE_COMMANDS = 50_000  # an image holds all commands of its day: the more, the seldomer one
WATCHED_ONE_IN = 2  # fast days under the invariants; slow ones always are


@dataclass
class Failure:
    """A difference, and the day that led to it: every command up to the failing batch's end.

    `restarts`: after how many commands which side started anew.
    """

    difference: Difference
    plan: Plan
    first_sequence: int
    commands: list[Command]
    restarts: dict[int, str]


@dataclass
class Run:
    """What a run has lived through so far; `watched` events were under the invariants."""

    left: Maker = field(repr=False)
    right: Maker = field(repr=False)
    on_day: Callable[["Run"], None] | None = field(default=None, repr=False)
    commands: int = 0
    event_bytes: int = 0
    days: int = 0
    images: int = 0
    restarts: int = 0
    watched: int = 0
    # Image of the ended day before, and how many days in a row there were.
    _night: tuple[bytes, int] = field(default=(b"", 0), repr=False)

    def live(self, plans: Iterable[Plan]) -> Failure | None:
        """The failure that ended the run, if one did."""
        for plan in plans:
            day = self._opened(plan)
            try:
                image = day.live(self)
            finally:
                day.pair.close()
            if day.pair.differ is not None:
                return day.failure(day.pair.differ)
            self._night = (image, day.nights)
            self.days += 1
            if self.on_day is not None:
                self.on_day(self)
        return None

    def _opened(self, plan: Plan) -> "_Day":
        image, nights = self._night
        if plan.goes_on and image:
            first, chain, opening = night.opening(image, TRADING_DAY + nights + 1)
            return _Day(plan, Journal(first, chain), self._pair(first), opening, nights + 1)
        first = random.Random(plan.seed).choice((1, FIRST, FIRST))
        return _Day(plan, Journal(first), self._pair(first), None, 0)

    def _pair(self, first_sequence: int) -> Pair:
        return Pair(self.left(first_sequence), self.right(first_sequence))


class _Day:
    """One day of both systems."""

    def __init__(
        self, plan: Plan, journal: Journal, pair: Pair, opening: list[Command] | None, nights: int
    ) -> None:
        self.plan, self.journal, self.pair = plan, journal, pair
        self.opening, self.nights = opening, nights
        self._source = random.Random(plan.seed)
        is_watched = not plan.fast or self._source.randrange(WATCHED_ONE_IN) == 0
        self._watch = Invariants() if is_watched else None
        self._lived: list[Batch] = []
        self._restarts: dict[int, str] = {}

    def live(self, run: Run) -> bytes:
        """Until its end, or a difference: the image then."""
        first = self.journal.first_sequence
        for frames in self.plan.frames(first, self.opening, self.nights):
            block = self.journal.write(frames)
            self._lived.append(block)
            for start, stop in cut(self._source, len(block)):
                self._batch(run, block.part(start, stop))
                if self.pair.differ is not None:
                    return b""
        run.images += 1
        return self.pair.compare_images()

    def _batch(self, run: Run, batch: Batch) -> None:
        """A batch, and what is done behind it: now and then an image or a restart."""
        events = self.pair.apply(batch)
        run.commands += len(batch)
        run.event_bytes += len(events)
        rarer = 1 + (self.pair.sequence - self.journal.first_sequence) // IMAGE_COMMANDS
        look = self._source.randrange(rarer * IMAGES_ONE_IN)
        turn = self._source.randrange(rarer * RESTARTS_ONE_IN)
        side = self._source.choice(("left", "right"))
        if self.pair.differ is None and self._watch is not None:
            try:
                run.watched += self._watch.see(batch, events)
            except Violated as error:
                self.pair.differ = Difference("invariant", error.sequence, str(error))
        if self.pair.differ is None and turn == 0:
            self._restarts[self.pair.sequence - self.journal.first_sequence + 1] = side
            self.pair.restart(side)
            run.restarts += 1
        elif self.pair.differ is None and look == 0:
            self.pair.compare_images()
            run.images += 1

    def failure(self, difference: Difference) -> Failure:
        first = self.journal.first_sequence
        commands = [command for block in self._lived for command in commands_of(block)]
        commands = commands[: self.pair.sequence - first + 1]
        return Failure(difference, self.plan, first, commands, self._restarts)
