"""Phase timelines of a market file: `["09:25 auction_ordering", "09:29 auction_match", …]`."""

from datetime import time

from twinex.venue.reference.dated import Dated
from twinex.venue.reference.market import PhaseAt, Session
from twinex.venue.reference.table import Node, Table, read_dated
from twinex.venue.wire.schema import ENUMS

PHASES = ENUMS["Phase"]
NIGHT_BEGINS = time(18)  # a night timeline begins after this and may run on past midnight


def read_sessions(node: Node) -> Dated[Session]:
    """Dated sessions: `[{ from = …, night = […], day = […], day_without_night = […] }]`."""
    return read_dated(node, _read_session)


def _read_session(table: Table) -> Session:
    table.only("from", "night", "day", "day_without_night")
    night = table.find("night")
    day = table.need("day", "the phases of the day session")
    alone = table.find("day_without_night")
    return Session(
        night=_timeline(night, is_night=True) if night else (),
        day=_timeline(day, is_night=False),
        day_without_night=_timeline(alone or day, is_night=False),
    )


def _timeline(node: Node, *, is_night: bool) -> tuple[PhaseAt, ...]:
    timeline: list[PhaseAt] = []
    for element in node.elements():
        entry = _phase_at(element)
        if timeline and _minutes(entry.at, is_night) < _minutes(timeline[-1].at, is_night):
            raise element.expected(f"a time not before {timeline[-1].at:%H:%M}")
        timeline.append(entry)
    closes = bool(timeline) and timeline[-1].phase == PHASES["closed"]
    if closes == is_night and timeline:
        what = "a night that ends in no_trading" if is_night else "a day that ends in closed"
        raise node.mistake(f"expected {what}")
    if not timeline and not is_night:
        raise node.mistake("expected at least one phase, found an empty list")
    return tuple(timeline)


def _phase_at(node: Node) -> PhaseAt:
    clock, _, phase = node.text().partition(" ")
    if phase.strip() not in PHASES:
        raise node.expected(f'"HH:MM phase" with one of {", ".join(PHASES)}')
    return PhaseAt(node.clock_of(clock), PHASES[phase.strip()])


def _minutes(at: time, is_night: bool) -> int:
    """Minutes since midnight; after midnight of a night session they run on past 24:00."""
    minutes = at.hour * 60 + at.minute
    return minutes + 24 * 60 if is_night and at < NIGHT_BEGINS else minutes
