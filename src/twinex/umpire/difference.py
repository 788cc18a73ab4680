"""The first difference between two systems, in words: the command, both answers, both states.

Everything here is text or a plain value, for a page (`page`) and for JSON (`as_json`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from twinex.umpire.around import Line, lines_around, touched_by
from twinex.umpire.compare import Parting
from twinex.umpire.messages import INDEX_BYTES, KEY_BYTES, Command, Event
from twinex.umpire.names import Names
from twinex.umpire.rows import RowDifference, first_of, row_differences
from twinex.umpire.schema import Fields
from twinex.umpire.sentences import sentence
from twinex.umpire.state import State
from twinex.umpire.values import clock_text, value_text

ROWS_SHOWN = 24
_UNNAMED = "bytes"
_ALIGNED_MOST = 400  # events: finding what is the same takes the square of their number


@dataclass(frozen=True)
class Told:
    """A command, or an event: its name, in words, and its fields as values and in words."""

    name: str
    words: str
    fields: Fields
    texts: dict[str, str]


@dataclass(frozen=True)
class Unlike:
    """A field of an event that two systems tell otherwise."""

    field: str
    one: str
    other: str


@dataclass(frozen=True)
class Pair:
    """What either system answers in one place; None where it has no event there."""

    place: int
    one: Told | None
    other: Told | None
    same: bool
    unlike: tuple[Unlike, ...] = ()


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

    `sequence` 0 and no command: two images that nobody names a command for.
    """

    sides: tuple[str, str]
    headline: str
    sequence: int
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
    sides: tuple[str, str],
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
    pairs = _pairs(parting, names) if parting else ()
    rows, more = _rows(after, names)
    return Difference(
        sides=sides,
        headline=headline or _headline(sides, pairs, parting, rows),
        sequence=parting.sequence if parting else command.sequence if command else 0,
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


def _around(moment: Moment | None, touched: Any, names: Names) -> Around | None:
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
    return _told(command.name, command.fields, names, beside)


def _told(name: str, fields: Fields, names: Names, beside: Fields) -> Told:
    """Message in words; `beside` gives the instrument where it names none itself."""
    known = {**fields, **{name: value for name, value in beside.items() if not fields.get(name)}}
    texts = {field: value_text(field, value, known, names) for field, value in fields.items()}
    return Told(name, sentence(name, known, names), fields, texts)


def _pairs(parting: Parting, names: Names) -> tuple[Pair, ...]:
    """The answers event by event; behind the first difference, what is the same stands together."""
    first = parting.place
    agreed = [(event, event, True) for event in parting.one[:first]]
    rest = _aligned(parting.one[first:], parting.other[first:])
    pairs = []
    for place, (mine, theirs, same) in enumerate([*agreed, *rest]):
        unlike: Sequence[Unlike] = ()
        if mine is not None and theirs is not None and not same:
            unlike = _unlike(mine, theirs, names, shifted=place > first)
        told = [_event(event, names) for event in (mine, theirs)]
        pairs.append(Pair(place, told[0], told[1], same, tuple(unlike)))
    return tuple(pairs)


def _aligned(
    one: Sequence[Event], other: Sequence[Event]
) -> Iterator[tuple[Event | None, Event | None, bool]]:
    """Two answers, of which the first events differ, side by side, and which of them are the same.

    An event that only one has stands alone; what follows it is the same though its index is not.
    """
    bare = [[_without_index(event) for event in events] for events in (one, other)]
    together = bool(one and other and bare[0][0] == bare[1][0])  # nothing but the index differs
    if together or max(len(one), len(other)) > _ALIGNED_MOST:
        for mine, theirs in zip_longest(one, other):
            same = mine is not None and theirs is not None and mine.body == theirs.body
            yield mine, theirs, same
        return
    for step, *ends in SequenceMatcher(a=bare[0], b=bare[1], autojunk=False).get_opcodes():
        for mine, theirs in zip_longest(one[ends[0] : ends[1]], other[ends[2] : ends[3]]):
            yield mine, theirs, step == "equal"


def _without_index(event: Event) -> bytes:
    start = KEY_BYTES - INDEX_BYTES
    return event.body[:start] + event.body[KEY_BYTES:]


def _event(event: Event | None, names: Names) -> Told | None:
    if event is None:
        return None
    if event.fault:
        return Told("no event", event.fault, {"body": event.body}, {"body": event.body.hex()})
    return _told(event.name, event.fields, names, {})


def _unlike(mine: Event, theirs: Event, names: Names, *, shifted: bool) -> list[Unlike]:
    """The fields that differ of two events of one kind; of others there is no such thing.

    `shifted`: an earlier event moved them, so that their index says nothing.
    """
    if mine.fault or theirs.fault or mine.name != theirs.name:
        return []
    fields, others = mine.fields, theirs.fields
    found = [
        Unlike(name, _text(name, fields, names), _text(name, others, names))
        for name, value in fields.items()
        if others[name] != value and not (shifted and name == "index")
    ]
    return found or [Unlike(_UNNAMED, *_unnamed(mine.body, theirs.body))]


def _text(name: str, fields: Fields, names: Names) -> str:
    return value_text(name, fields[name], fields, names)


def _unnamed(mine: bytes, theirs: bytes) -> tuple[str, str]:
    """The first byte without a name that differs, with its place."""
    place = next(at for at, pair in enumerate(zip(mine, theirs, strict=True)) if len(set(pair)) > 1)
    return f"{mine[place]:02x} at byte {place}", f"{theirs[place]:02x} at byte {place}"


def _headline(
    sides: tuple[str, str],
    pairs: tuple[Pair, ...],
    parting: Parting | None,
    rows: Sequence[RowDifference],
) -> str:
    """The difference in one line."""
    if parting is None:
        if not rows:
            return "the images differ, and not both can be read"
        row = rows[0]
        values = f"{sides[0]} {row.one}, {sides[1]} {row.other}"
        return f"{row.section}, {row.key}: {row.field} is {values}"
    pair = pairs[parting.place]
    reordered = _reordered(sides, pairs, parting)
    if reordered:
        return reordered
    if pair.one is None or pair.other is None:
        return _missing(sides, pair, parting)
    at = f"event {pair.place}"
    if pair.unlike:
        said = [
            f"{one.field} is {sides[0]} {one.one}, {sides[1]} {one.other}" for one in pair.unlike
        ]
        return f"{at}, {pair.one.name}: {'; '.join(said)}"
    said = [_kind(told) for told in (pair.one, pair.other)]
    return f"{at} is {sides[0]} {said[0]}, {sides[1]} {said[1]}"


def _kind(told: Told) -> str:
    return f"{told.name} ({told.words})" if told.name == "no event" else told.name


def _missing(sides: tuple[str, str], pair: Pair, parting: Parting) -> str:
    """One system has no event where the other has one."""
    lacks = 0 if pair.one is None else 1
    there = pair.other if pair.one is None else pair.one
    assert there is not None, "one of a pair is there"
    if len((parting.one, parting.other)[lacks]) > parting.place:
        return f"{sides[lacks]} leaves out event {parting.place}, {there.name}"
    what = "no answer" if parting.place == 0 else f"no event {parting.place}"
    end = "its stream ends there" if parting.ends[lacks] else "it goes on with the next command"
    return f"{sides[lacks]} has {what}, {end}; {sides[1 - lacks]} has {there.name}"


def _reordered(sides: tuple[str, str], pairs: tuple[Pair, ...], parting: Parting) -> str:
    """Said where both answers have the same events but in another order."""
    bare = [sorted(_without_index(event) for event in one) for one in (parting.one, parting.other)]
    if bare[0] != bare[1] or len(bare[0]) < 2:
        return ""
    late = pairs[parting.place :]
    one = next(pair.one.words for pair in late if pair.one)
    other = next(pair.other.words for pair in late if pair.other)
    return (
        f"the same events in another order: event {parting.place} is {sides[0]} “{one}”, "
        f"{sides[1]} “{other}”"
    )
