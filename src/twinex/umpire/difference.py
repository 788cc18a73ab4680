"""The first difference between two systems, in words: the command, both answers, both states.

Everything here is text or a plain value, for a page (`page`) and for JSON (`as_json`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from twinex.umpire.answers import Pair, Sides, Told, answers_headline, pairs_of, tell
from twinex.umpire.around import Line, Touched, lines_around, touched_by
from twinex.umpire.compare import Parting
from twinex.umpire.messages import Command
from twinex.umpire.names import Names
from twinex.umpire.rows import RowDifference, first_of, row_differences
from twinex.umpire.schema import Fields
from twinex.umpire.state import State
from twinex.umpire.values import clock_text

ROWS_SHOWN = 24


@dataclass(frozen=True)
class Around:
    """Both states at one moment: what they say of the place, a line each."""

    one: tuple[Line, ...]
    other: tuple[Line, ...]


@dataclass(frozen=True)
class Moment:
    """Both images before or after the command; None where a system has none."""

    one: State | None
    other: State | None


@dataclass(frozen=True)
class Difference:
    """The first difference. `sides`: what the two are called. `headline`: it, in one line.

    `sequence` 0: two images that nobody names a command for. `time_ns` 0, `seat` None: no journal
    is there that has the command.
    """

    sides: Sides
    headline: str
    sequence: int
    time_ns: int
    seat: int | None
    heading: str
    command: Told | None
    answers: tuple[Pair, ...]
    place: int
    before: Around | None
    after: Around | None
    rows: tuple[RowDifference, ...]
    rows_more: int
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As values that JSON has; bytes are hex."""
        found: dict[str, Any] = _plain(asdict(self))
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.hex() if isinstance(value, bytes) else value


def difference_of(
    sides: Sides,
    *,
    names: Names,
    parting: Parting | None = None,
    command: Command | None = None,
    before: Moment | None = None,
    after: Moment | None = None,
    notes: Sequence[str] = (),
    headline: str = "",
) -> Difference:
    """Put a difference into words. Without a `parting` the answers agree and states differ.

    `notes`: what else is to be said, for instance how the published stream goes. `headline`: the
    difference in one line, where answers and states do not tell it.
    """
    first = before.one or before.other if before else None
    touched = touched_by(command, parting, first)
    beside = {"instrument": touched.instrument} if touched.instrument else {}
    told = _command(command, names, beside) if command else None
    pairs = pairs_of(parting, names) if parting else ()
    rows, more = _rows(after, names)
    if parting is None:
        said = _states_headline(sides, rows)
    else:
        said = answers_headline(sides, pairs, parting) if pairs else ""
    return Difference(
        sides=sides,
        headline=headline or said,
        sequence=parting.sequence if parting else command.sequence if command else 0,
        time_ns=command.time_ns if command else 0,
        seat=command.seat if command else None,
        heading=_heading(command, told, parting, names),
        command=told,
        answers=pairs,
        place=parting.place if parting else 0,
        before=_around(before, touched, names),
        after=_around(after, touched, names),
        rows=tuple(rows),
        rows_more=more,
        notes=tuple(notes),
    )


def _rows(after: Moment | None, names: Names) -> tuple[list[RowDifference], int]:
    if after is None or after.one is None or after.other is None:
        return [], 0
    return first_of(row_differences(after.one, after.other, names), ROWS_SHOWN)


def _around(moment: Moment | None, touched: Touched, names: Names) -> Around | None:
    if moment is None:
        return None
    sides = [
        tuple(lines_around(state, touched, names)) if state else ()
        for state in (moment.one, moment.other)
    ]
    return Around(*sides)


def _heading(
    command: Command | None, told: Told | None, parting: Parting | None, names: Names
) -> str:
    """`sequence 41,207 at 09:31:02.000417: seat 12 amends order 9216 to 5 @ 4001.0`."""
    if command is not None and told is not None:
        who = f"seat {command.seat}" if command.seat else "the exchange"
        at = clock_text(command.time_ns, names.utc_offset_hours)
        return f"sequence {command.sequence:,} at {at}: {who} {told.words}"
    if parting is None:
        return ""
    keys = [event.key for event in (*parting.one, *parting.other)]
    times = [time_ns for sequence, time_ns, _ in keys if sequence == parting.sequence]
    at = f" at {clock_text(times[0], names.utc_offset_hours)}" if times else ""
    return f"sequence {parting.sequence:,}{at}: no journal names the command"


def _command(command: Command, names: Names, beside: Fields) -> Told:
    if command.message is None:
        template = int.from_bytes(command.body[2:4], "little")
        words = f"sends {len(command.body)} bytes that are no message, template {template}"
        return Told("no message", words, {"body": command.body}, {"body": command.body.hex()})
    return tell(command.name, command.fields, names, beside)


def _states_headline(sides: Sides, rows: Sequence[RowDifference]) -> str:
    """How two states differ, in one line: the first row."""
    if not rows:
        return "the images differ, and not both can be read"
    values = f"{sides[0]} {rows[0].one}, {sides[1]} {rows[0].other}"
    return f"{rows[0].section}, {rows[0].key}: {rows[0].field} is {values}"
