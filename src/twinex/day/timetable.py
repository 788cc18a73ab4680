"""When something happens in a simulated day: the exchange's phases, and the traders' steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode

SECOND_NS = 1_000_000_000
INDICATION_SECONDS = 10

AUCTIONS = (
    codes.PHASE_AUCTION_ORDERING,
    codes.PHASE_AUCTION_BALANCE,
    codes.PHASE_AUCTION_NO_CANCEL,
)
TRADING = (codes.PHASE_CONTINUOUS, *AUCTIONS)
_BUSY_SECONDS = 1800  # after an opening and before a close
_AUCTION_WEIGHT = 40
_QUIET_WEIGHT = 100
_BUSY_WEIGHT = 170

Schedule = list[tuple[int, int, int]]  # time_ns, product, phase


@dataclass(frozen=True)
class Step:
    """One moment. `changes` are phases that begin; `weight` is the traders' share of the day.

    `auctions`: products whose indicative price is due. `last`: the last step before a change.
    """

    time_ns: int
    seconds: int
    weight: int
    changes: tuple[tuple[int, int], ...] = ()
    auctions: tuple[int, ...] = ()
    last: bool = False

    def commands(self) -> list[bytes]:
        """What the exchange itself sends."""
        return [
            encode("phase_set", product=product, phase=phase) for product, phase in self.changes
        ] + [encode("timer", product=product) for product in self.auctions]


def steps(schedule: Schedule, seconds: int) -> Iterator[Step]:
    """The day from its first phase to its last; where one trades, steps of at most `seconds`."""
    phases: dict[int, int] = {}
    moments = [(at, list(rows)) for at, rows in groupby(schedule, key=lambda row: row[0])]
    ends = [at for at, _ in moments[1:]] + [moments[-1][0]]
    session_start = moments[0][0]
    for (at, rows), end in zip(moments, ends, strict=True):
        idle = not any(phase in TRADING for phase in phases.values())
        phases.update({product: phase for _, product, phase in rows})
        if idle:
            session_start = at
        yield Step(at, 0, 0, tuple((product, phase) for _, product, phase in rows))
        if any(phase in TRADING for phase in phases.values()):
            yield from _between(at, end, seconds, session_start, phases)


def _between(
    start: int, end: int, seconds: int, session_start: int, phases: dict[int, int]
) -> Iterator[Step]:
    continuous = sum(phase == codes.PHASE_CONTINUOUS for phase in phases.values())
    auctions = tuple(sorted(p for p, phase in phases.items() if phase in AUCTIONS))
    at = start
    indicated = start
    while at + SECOND_NS < end:
        length = min(seconds, (end - at) // SECOND_NS - 1) or 1
        at += length * SECOND_NS
        busy = min(at - session_start, end - at) < _BUSY_SECONDS * SECOND_NS
        share = _BUSY_WEIGHT if busy else _QUIET_WEIGHT
        weight = share * continuous + _AUCTION_WEIGHT * len(auctions)
        due = auctions and at - indicated >= INDICATION_SECONDS * SECOND_NS
        if due:
            indicated = at
        yield Step(
            at,
            length,
            weight * length,
            auctions=auctions if due else (),
            last=at + SECOND_NS >= end,
        )


def trading_seconds(schedule: Schedule) -> int:
    """Seconds in which any product trades."""
    return sum(step.seconds for step in steps(schedule, 60))
